//! Published states of the register: what every operation reads from.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{
    Bezetting,
    hash::StateHash,
    search::{self, Forgotten, Found, Hit, Query, SearchIndex, Waar},
    state::{Aantallen, BpvoSleutel, State, decode, decode_kern, decode_voorkant},
};
use crate::{
    domain::{
        Adres, Bpvo, Code, Coordinaten, Datum, Equivalent, FoldedNaam, Gegevens, Kern, Leerbedrijf,
        LeerbedrijfId, Leerplaats, Oin, Opleiding, Personen, RegisterVersie, School, Tijdstip,
    },
    geo::Gazetteer,
    log::TijdlijnBegin,
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
    /// Where the tijdlijnen began up to this one.
    tijdlijnen: Arc<[TijdlijnBegin]>,
    loaded: bool,
    search: SearchIndex,
}

/// What of the register's history a version is, as seen from a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// In it.
    Here,
    /// After it.
    Later,
    /// In a part of the history that was lost when this tijdlijn began.
    Lost(u32),
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
            tijdlijnen: Arc::default(),
            loaded: false,
            search: SearchIndex::default(),
        }
    }

    /// A state that was loaded whole.
    pub(super) fn loaded(
        state: State,
        stand: Stand,
        tijdlijnen: Arc<[TijdlijnBegin]>,
        search: SearchIndex,
    ) -> Self {
        Self {
            state,
            stand,
            tijdlijnen,
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

    /// Where the tijdlijnen began, ascending.
    pub(super) fn tijdlijnen(&self) -> &Arc<[TijdlijnBegin]> {
        &self.tijdlijnen
    }

    fn reach(&self, asked: RegisterVersie) -> Reach {
        let have = self.versie();
        let later = self
            .tijdlijnen
            .iter()
            .filter(|begin| begin.tijdlijn > asked.tijdlijn && begin.tijdlijn <= have.tijdlijn);
        // A tijdlijn holds those before it up to where it began.
        let lost = later.clone().find(|begin| begin.na_nummer < asked.nummer);
        let is_of_history = asked.tijdlijn == have.tijdlijn || later.count() > 0;
        match lost {
            Some(begin) => Reach::Lost(begin.tijdlijn),
            None if is_of_history && have.nummer >= asked.nummer => Reach::Here,
            None => Reach::Later,
        }
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

    /// Keys of bpvo's that were over before this day, whoever is asked; at most `limit`.
    #[must_use]
    pub fn bpvos_over_before(&self, dag: Datum, limit: usize) -> Vec<BpvoSleutel> {
        let is_over = |sleutel: &BpvoSleutel| {
            let bpvo = self.bpvo(sleutel);
            bpvo.is_some_and(|bpvo| bpvo.laatste_dag() < dag)
        };
        let maybe = self.state.bezettingen.ended_before(dag);
        maybe.filter(is_over).take(limit).collect()
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

    /// Those that this leerbedrijf took over, by themselves as they are now (domain rule 7).
    pub fn voorgangers(&self, opvolger: LeerbedrijfId) -> impl Iterator<Item = Kern> + '_ {
        let ids = self.state.index.by_opvolger(opvolger).into_iter();
        ids.filter_map(|id| self.kern(id)).filter(move |kern| {
            let opvolging = kern.opvolging;
            opvolging.is_some_and(|opvolging| opvolging.opvolger == opvolger)
        })
    }

    /// All bpvo's at a leerbedrijf, of every school (privacy class 3).
    pub fn bpvos_at(&self, id: LeerbedrijfId) -> impl Iterator<Item = Bpvo> + '_ {
        let all = self.state.bezettingen.at(id).into_iter();
        all.flat_map(Bezetting::looptijden)
            .filter_map(|looptijd| self.bpvo(looptijd.sleutel()))
    }

    /// Whether the school has a bpvo at this leerbedrijf, running or not.
    #[must_use]
    pub fn has_bpvo_at(&self, school_oin: Oin, id: LeerbedrijfId) -> bool {
        let at = self.state.bezettingen.at(id);
        at.is_some_and(|at| at.looptijden().iter().any(|l| l.school_oin == school_oin))
    }

    /// The bpvo's of a school behind this key, or all of them, by their keys (privacy class 3).
    pub fn bpvos_of(
        &self,
        school_oin: Oin,
        behind: Option<BpvoSleutel>,
    ) -> impl Iterator<Item = (BpvoSleutel, Bpvo)> + '_ {
        self.bpvo_sleutels_of(school_oin, behind)
            .filter_map(|sleutel| Some((sleutel, self.bpvo(&sleutel)?)))
    }

    /// Their keys alone, ascending.
    pub fn bpvo_sleutels_of(
        &self,
        school_oin: Oin,
        behind: Option<BpvoSleutel>,
    ) -> impl Iterator<Item = BpvoSleutel> + '_ {
        self.state
            .bezettingen
            .of_school(school_oin, behind)
            .copied()
    }

    /// A leerbedrijf up to its leerplaatsen.
    #[must_use]
    pub fn voorkant(&self, id: LeerbedrijfId) -> Option<Voorkant> {
        let blob = self.state.leerbedrijven.get(&id)?;
        let ((kern, gegevens), rest) = decode_voorkant(blob)?;
        let leerplaatsen = Leerplaatsen {
            from: blob.len() - rest.len(),
            blob: Arc::clone(blob),
        };
        Some(Voorkant {
            kern,
            gegevens,
            leerplaatsen,
        })
    }

    /// How many students and trainers a leerbedrijf has; none where there is nobody.
    #[must_use]
    pub fn bezetting(&self, id: LeerbedrijfId) -> Option<&Bezetting> {
        self.state.bezettingen.at(id)
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

    /// By which it is known again that nothing of a hit has changed since; none when it had changed
    /// before this view already.
    #[must_use]
    pub fn stempel(&self, hit: &Hit) -> Option<Stempel> {
        let (bezet, changed) = self.state.bezettingen.stand(hit.leerbedrijf_id);
        Some(Stempel {
            grond: Arc::clone(self.search.grond()),
            since: hit.since?,
            bezet: Arc::clone(bezet),
            changed,
        })
    }

    /// Whether a hit is as it was when it got this.
    #[must_use]
    pub fn is_as_stamped(&self, hit: &Hit, stempel: &Stempel) -> bool {
        let (bezet, changed) = self.state.bezettingen.stand(hit.leerbedrijf_id);
        hit.since == Some(stempel.since)
            && changed == stempel.changed
            && Arc::ptr_eq(self.search.grond(), &stempel.grond)
            && Arc::ptr_eq(bezet, &stempel.bezet)
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

/// What tells one state of a leerbedrijf from another. As long as it is the same, so is all that the
/// register tells of it: itself, where it is, its opleidingen, how many students and trainers it has.
#[derive(Debug, Clone)]
pub struct Stempel {
    grond: Arc<()>,
    /// The commit that it came in with.
    since: u64,
    bezet: Arc<()>,
    /// The last change of its students or trainers.
    changed: u64,
}

/// A leerbedrijf of which the leerplaatsen are not read yet: they are most of many a leerbedrijf.
#[derive(Debug, Clone)]
pub struct Voorkant {
    /// What a verification needs.
    pub kern: Kern,
    /// Addresses and contact data.
    pub gegevens: Gegevens,
    /// What comes behind it.
    pub leerplaatsen: Leerplaatsen,
}

/// The leerplaatsen of a leerbedrijf as they stand in its blob.
#[derive(Debug, Clone)]
pub struct Leerplaatsen {
    blob: Arc<[u8]>,
    from: usize,
}

impl Leerplaatsen {
    /// Reads them.
    #[must_use]
    pub fn read(&self) -> Option<Vec<Leerplaats>> {
        decode(&self.blob[self.from..]).ok()
    }
}

/// The published views of this node.
#[derive(Debug)]
pub struct Replica {
    current: ArcSwap<View>,
    /// Says that there is a newer view, and which; sent after the view is in place.
    versie: watch::Sender<RegisterVersie>,
    /// How many wait for a view that is not there yet.
    waiting: watch::Sender<usize>,
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
        Self {
            versie: watch::Sender::new(view.versie()),
            waiting: watch::Sender::new(0),
            current: ArcSwap::from_pointee(view),
        }
    }

    /// The newest view.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.current.load_full()
    }

    /// The newest view once it holds this version: one of its own tijdlijn, or one of an earlier
    /// tijdlijn that it went on from.
    ///
    /// # Errors
    /// [`NotHere`], when `max_wait` has passed, or at once for a version that was lost: it never
    /// comes back.
    pub async fn at_least(
        &self,
        versie: RegisterVersie,
        max_wait: Duration,
    ) -> Result<Arc<View>, NotHere> {
        if self.view().reach(versie) == Reach::Later {
            let _waiting = Waiting::new(&self.waiting);
            let mut seen = self.versie.subscribe();
            let decided = seen.wait_for(|_| self.view().reach(versie) != Reach::Later);
            // What matters is only what is there afterwards.
            let _ = tokio::time::timeout(max_wait, decided).await;
        }
        let view = self.view();
        let aanwezig = view.versie();
        match view.reach(versie) {
            Reach::Here => Ok(view),
            Reach::Later => Err(NotHere {
                aanwezig,
                vervallen_sinds: None,
            }),
            Reach::Lost(since) => Err(NotHere {
                aanwezig,
                vervallen_sinds: Some(since),
            }),
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

    /// Waits until somebody waits for a view that is not there yet.
    pub(super) async fn awaited(&self) {
        let mut waiting = self.waiting.subscribe();
        // An error would mean that this replica is gone.
        let _ = waiting.wait_for(|waiting| *waiting > 0).await;
    }

    /// Puts a view in place. Only the follower may (design invariant 1).
    pub(super) fn publish(&self, view: View) -> Arc<View> {
        let versie = view.versie();
        let before = self.current.swap(Arc::new(view));
        self.versie.send_replace(versie);
        before
    }
}

/// Counts one who waits for as long as it is kept.
struct Waiting<'r>(&'r watch::Sender<usize>);

impl<'r> Waiting<'r> {
    fn new(waiting: &'r watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl Default for Replica {
    fn default() -> Self {
        Self::new()
    }
}

/// A version that this node cannot answer from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotHere {
    /// What it has.
    pub aanwezig: RegisterVersie,
    /// The tijdlijn that began without the asked version: it is no part of the history any more.
    /// None when it may still come.
    pub vervallen_sinds: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_counted_for_as_long_as_they_do() {
        let replica = Replica::new();
        let versie = RegisterVersie {
            tijdlijn: 1,
            nummer: 1,
        };
        let mut waiting = Box::pin(replica.at_least(versie, Duration::from_secs(60)));
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("nothing was published"),
            () = replica.awaited() => {}
        }
        assert_eq!(*replica.waiting.borrow(), 1);
        drop(waiting);
        assert_eq!(*replica.waiting.borrow(), 0);
    }

    #[test]
    fn an_older_tijdlijn_is_reached_up_to_where_the_next_began() {
        // 2 went on after 10; 3 was restored from a backup made at 5.
        let tijdlijnen = [(1, 0), (2, 10), (3, 5)].map(|(tijdlijn, na_nummer)| TijdlijnBegin {
            tijdlijn,
            na_nummer,
        });
        let versie = |tijdlijn, nummer| RegisterVersie { tijdlijn, nummer };
        let check = |have: (u32, u64), asked: (u32, u64), expect: Reach| {
            let stand = Stand {
                versie: versie(have.0, have.1),
                ..Stand::before_first(0)
            };
            let view = View {
                stand,
                tijdlijnen: Arc::new(tijdlijnen),
                ..View::empty()
            };
            assert_eq!(
                view.reach(versie(asked.0, asked.1)),
                expect,
                "{have:?} {asked:?}"
            );
        };
        check((1, 7), (1, 7), Reach::Here);
        check((1, 7), (1, 8), Reach::Later);
        check((1, 7), (2, 3), Reach::Later);
        check((2, 12), (1, 10), Reach::Here);
        check((2, 12), (1, 11), Reach::Lost(2));
        check((2, 9), (1, 10), Reach::Later);
        check((3, 20), (1, 5), Reach::Here);
        check((3, 20), (1, 6), Reach::Lost(3));
        check((3, 20), (1, 11), Reach::Lost(2));
        check((3, 20), (2, 12), Reach::Lost(3));
        check((3, 20), (4, 1), Reach::Later);
        check((3, 20), (0, 1), Reach::Lost(1));
    }
}
