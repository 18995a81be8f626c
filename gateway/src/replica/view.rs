//! Published states of the register: what every operation reads from.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{
    Looptijd,
    hash::StateHash,
    search::{self, Forgotten, Found, Hit, Query, SearchIndex, Waar},
    state::{Aantallen, BpvoSleutel, State, count_trainers, decode, decode_kern},
};
use crate::{
    domain::{
        Adres, Bpvo, Code, Coordinaten, Equivalent, FoldedNaam, Kern, Leerbedrijf, LeerbedrijfId,
        Oin, Opleiding, Personen, RegisterVersie, School, Tijdstip,
    },
    geo::Gazetteer,
};

/// Which state of the log a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Its version; 0.0 before anything was read.
    pub versie: RegisterVersie,
    /// Hash of its last commit, by which another history is found out.
    pub hash: [u8; 32],
    /// When its last commit was published.
    pub tijdstip: Tijdstip,
}

impl Stand {
    /// Before the first commit of a tijdlijn.
    #[must_use]
    pub const fn before_first(tijdlijn: u32) -> Self {
        Self {
            versie: RegisterVersie {
                tijdlijn,
                nummer: 0,
            },
            hash: [0; 32],
            tijdstip: Tijdstip::EPOCH,
        }
    }
}

/// One immutable state of the register, cheap to hold.
#[derive(Debug, Clone)]
pub struct View {
    state: State,
    stand: Stand,
    loaded: bool,
    search: SearchIndex,
}

/// The index follows from the state.
impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state && self.stand == other.stand && self.loaded == other.loaded
    }
}

impl View {
    /// The state before anything was loaded.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            state: State::default(),
            stand: Stand::before_first(0),
            loaded: false,
            search: SearchIndex::default(),
        }
    }

    /// A state that was loaded whole.
    pub(super) fn loaded(state: State, stand: Stand, search: SearchIndex) -> Self {
        Self {
            state,
            stand,
            loaded: true,
            search,
        }
    }

    /// False until a snapshot was loaded or the follower has reached the head once, and for a
    /// register without a single leerbedrijf: that is a wrong path or a missing import, and
    /// "onbekend" would be a confident wrong answer.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded && !self.state.leerbedrijven.is_empty()
    }

    /// Which state this is.
    #[must_use]
    pub fn versie(&self) -> RegisterVersie {
        self.stand.versie
    }

    /// When it was registered.
    #[must_use]
    pub fn tijdstip(&self) -> Tijdstip {
        self.stand.tijdstip
    }

    /// Hash of the last commit in it.
    #[must_use]
    pub fn head_hash(&self) -> [u8; 32] {
        self.stand.hash
    }

    /// Version, hash and moment together.
    #[must_use]
    pub fn stand(&self) -> Stand {
        self.stand
    }

    /// By which this state is compared with that of another node.
    #[must_use]
    pub fn state_hash(&self) -> StateHash {
        self.state.hash()
    }

    /// How much there is of everything, for metrics.
    #[must_use]
    pub fn aantallen(&self) -> Aantallen {
        self.state.aantallen()
    }

    /// Identity and erkenningen; reads only the beginning of the blob.
    #[must_use]
    pub fn kern(&self, id: LeerbedrijfId) -> Option<Kern> {
        self.state
            .leerbedrijven
            .get(&id)
            .and_then(|blob| decode_kern(blob))
    }

    /// All of a leerbedrijf but its people.
    #[must_use]
    pub fn leerbedrijf(&self, id: LeerbedrijfId) -> Option<Leerbedrijf> {
        self.state
            .leerbedrijven
            .get(&id)
            .and_then(|blob| decode(blob).ok())
    }

    /// The people of a leerbedrijf (privacy class 2; design invariant 11).
    #[must_use]
    pub fn personen(&self, id: LeerbedrijfId) -> Option<Personen> {
        self.state
            .personen
            .get(&id)
            .and_then(|blob| decode(blob).ok())
    }

    /// Ids of all leerbedrijven, ascending.
    pub fn leerbedrijf_ids(&self) -> impl Iterator<Item = LeerbedrijfId> + '_ {
        self.state.leerbedrijven.keys().copied()
    }

    /// The kwalificatie or keuzedeel with this code.
    #[must_use]
    pub fn opleiding(&self, code: Code) -> Option<&Opleiding> {
        self.state.opleidingen.get(&code)
    }

    /// Every code of a kwalificatie or keuzedeel, ascending.
    pub fn codes(&self) -> impl Iterator<Item = Code> + '_ {
        self.state.opleidingen.keys().copied()
    }

    /// Codes whose erkenning counts for this code too.
    #[must_use]
    pub fn equivalenten(&self, code: Code) -> &[Equivalent] {
        self.state
            .equivalenten
            .get(&code)
            .map_or(&[], |found| &found[..])
    }

    /// Every equivalence, by the code that is asked for.
    pub fn all_equivalenten(&self) -> impl Iterator<Item = &Equivalent> {
        self.state.equivalenten.values().flat_map(|all| all.iter())
    }

    /// Every school, by its OIN.
    pub fn scholen(&self) -> impl Iterator<Item = &School> {
        self.state.scholen.values()
    }

    /// Every bpvo, of every school (privacy class 3).
    pub fn bpvos(&self) -> impl Iterator<Item = Bpvo> + '_ {
        let blobs = self.state.bpvos.values();
        blobs.filter_map(|blob| decode(blob).ok())
    }

    /// Where postcodes, places and addresses are.
    #[must_use]
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.state.gazetteer
    }

    /// The school with this OIN.
    #[must_use]
    pub fn school(&self, oin: Oin) -> Option<&School> {
        self.state.scholen.get(&oin)
    }

    /// The bpvo with this key, which `LogStore::pseudonym` gives (privacy class 3).
    #[must_use]
    pub fn bpvo(&self, sleutel: &BpvoSleutel) -> Option<Bpvo> {
        self.state
            .bpvos
            .get(sleutel)
            .and_then(|blob| decode(blob).ok())
    }

    /// All bpvo's at a leerbedrijf, of every school (privacy class 3).
    pub fn bpvos_at(&self, id: LeerbedrijfId) -> impl Iterator<Item = Bpvo> + '_ {
        let all = self.looptijden(id).iter();
        all.filter_map(|looptijd| self.bpvo(looptijd.sleutel()))
    }

    /// When each bpvo at a leerbedrijf runs, of every school (privacy class 3).
    #[must_use]
    pub fn looptijden(&self, id: LeerbedrijfId) -> &[Looptijd] {
        self.state.bpvos_at.at(id)
    }

    /// How many praktijkopleiders a leerbedrijf has for each code, ascending.
    #[must_use]
    pub fn trainers(&self, id: LeerbedrijfId) -> Vec<(Code, u32)> {
        let blob = self.state.personen.get(&id);
        blob.map_or_else(Vec::new, |blob| count_trainers(blob))
    }

    /// Leerbedrijven with an address on this postcode, of business or for letters, ascending.
    #[must_use]
    pub fn by_postcode(&self, land: &str, postcode: &str) -> Vec<LeerbedrijfId> {
        self.state.index.by_postcode(land, postcode)
    }

    /// Leerbedrijven whose name folds to this one, ascending.
    #[must_use]
    pub fn by_naam(&self, naam: &FoldedNaam) -> Vec<LeerbedrijfId> {
        self.search.named(naam)
    }

    /// Where an address is, if that is known (domain rule 9).
    #[must_use]
    pub fn ligging(&self, adres: &Adres) -> Option<Coordinaten> {
        self.state.gazetteer.ligging(adres)
    }

    /// Searches erkenningen or leerplaatsen: the present state, or, behind a hit of an earlier
    /// page, the one as at the commit of that page.
    ///
    /// # Errors
    /// [`Forgotten`], when that earlier state is no longer kept here.
    pub fn search(
        &self,
        query: &Query,
        behind: Option<(u64, Hit)>,
        wanted: usize,
    ) -> Result<Found, Forgotten> {
        let (at, after) = match behind {
            None => (self.search.nummer(), None),
            Some((nummer, hit)) => (nummer, Some(hit)),
        };
        let niveau_of = |code| self.opleiding(code).and_then(|opleiding| opleiding.niveau);
        self.search.search(query, at, after, wanted, niveau_of)
    }

    /// Leerbedrijven that share words with this name and are there (but for a distance), historical
    /// ones too: at most so many, the most promising first. Words count as in a search: themselves,
    /// their beginning, or one typo away (domain rule 8); not every one need be found.
    #[must_use]
    pub fn candidates(&self, naam: &FoldedNaam, waar: &Waar, most: usize) -> Vec<LeerbedrijfId> {
        self.search.candidates(naam, waar, most)
    }

    /// Codes of the opleidingen whose name has every word of this one, ascending: a word itself,
    /// its beginning, or one typo away (domain rule 8).
    #[must_use]
    pub fn codes_by_naam(&self, naam: &FoldedNaam) -> Vec<Code> {
        self.search.codes_by_naam(naam)
    }

    /// How much there is of the search index, for metrics.
    #[must_use]
    pub fn search_size(&self) -> search::Size {
        self.search.size()
    }

    pub(super) fn search_index(&self) -> &SearchIndex {
        &self.search
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }
}

/// The published views of this node.
#[derive(Debug)]
pub struct Replica {
    current: ArcSwap<View>,
    /// Says that there is a newer view, and which; sent after the view is in place.
    versie: watch::Sender<RegisterVersie>,
}

impl Replica {
    /// Begins with [`View::empty`].
    #[must_use]
    pub fn new() -> Self {
        Self::with(View::empty())
    }

    /// Begins with this view, such as that of a snapshot.
    #[must_use]
    pub fn with(view: View) -> Self {
        let (versie, _) = watch::channel(view.versie());
        Self {
            current: ArcSwap::from_pointee(view),
            versie,
        }
    }

    /// The newest view.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.current.load_full()
    }

    /// The newest view once it is of this tijdlijn and has at least this number.
    ///
    /// # Errors
    /// What this node has, when `max_wait` has passed, or at once when this node is in a later
    /// tijdlijn: an earlier one never comes back.
    pub async fn at_least(
        &self,
        versie: RegisterVersie,
        max_wait: Duration,
    ) -> Result<Arc<View>, RegisterVersie> {
        let mut seen = self.versie.subscribe();
        let decided = seen.wait_for(|have| have.tijdlijn > versie.tijdlijn || has(*have, versie));
        // What matters is only what is there afterwards.
        let _ = tokio::time::timeout(max_wait, decided).await;
        let view = self.view();
        if has(view.versie(), versie) {
            Ok(view)
        } else {
            Err(view.versie())
        }
    }

    /// Waits until there is a register to answer from.
    pub async fn loaded(&self) {
        let mut seen = self.versie.subscribe();
        // An error would mean that this replica is gone.
        let _ = seen.wait_for(|_| self.view().is_loaded()).await;
    }

    /// Follows the versions as they are published.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<RegisterVersie> {
        self.versie.subscribe()
    }

    /// Puts a view in place. Only the follower may (design invariant 1).
    pub(super) fn publish(&self, view: View) -> Arc<View> {
        let versie = view.versie();
        let before = self.current.swap(Arc::new(view));
        self.versie.send_replace(versie);
        before
    }
}

impl Default for Replica {
    fn default() -> Self {
        Self::new()
    }
}

fn has(have: RegisterVersie, asked: RegisterVersie) -> bool {
    have.tijdlijn == asked.tijdlijn && have.nummer >= asked.nummer
}
