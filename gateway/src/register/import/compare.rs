//! Comparing a party of lines with what the register has, and gathering what changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    ImportError, Tallies, Tally, bpvo,
    change::Change,
    guard::Guard,
    leerbedrijf::{self, Merged},
    perioden::Moment,
};
use crate::{
    domain::{
        Bpvo, Code, Datum, Equivalent, Kern, Leerbedrijf, LeerbedrijfStatus, MutatieSoort,
        Opleiding, Personen, School,
    },
    log::{Inhoud, Line, LogStore, Sleutel, Soort, StoreError},
    register::{
        Object,
        levering::{Content, Line as LeveringLine, ObjectKey, ObjectSoort, SetAside, Voorloop},
    },
};

/// Most lines of soort `equivalent`, which are held in memory until the end: some 500 codes know
/// a handful of predecessors each.
pub(super) const MAX_EQUIVALENTEN: usize = 100_000;

/// Half of the pseudonym of a bpvo, enough to tell a million apart.
pub(super) type Half = [u8; 16];

/// An import under way.
pub(super) struct Run<'a> {
    pub(super) store: &'a dyn LogStore,
    pub(super) voorloop: &'a Voorloop,
    pub(super) moment: Moment,
    /// A bpvo that was over before this day is not taken up.
    bpvo_grens: Datum,
    /// The number of the last commit when the comparing began.
    pub(super) since: u64,
    /// Kinds of which the register has something: of the others nothing need be looked up.
    filled: BTreeSet<u8>,
    /// The lines to stage.
    pub(super) lines: Vec<Line>,
    pub(super) guard: Guard,
    pub(super) objecten: Tallies,
    pub(super) mutaties: BTreeMap<MutatieSoort, u64>,
    /// Kinds of which a line was set aside without a key that can be read: nothing of these is
    /// ended by its absence, since it might be that line's.
    pub(super) blind: BTreeSet<ObjectSoort>,
    /// The kinds among `blind` of which something was absent indeed.
    pub(super) not_ended: Vec<ObjectSoort>,
    pub(super) said_equivalenten: BTreeMap<Code, Vec<Equivalent>>,
    said_count: usize,
    pub(super) gone_equivalenten: BTreeSet<(Code, Code, Datum)>,
    /// Bpvo's that this import changes, true when set and false when removed.
    pub(super) touched_bpvos: HashMap<Half, bool>,
    /// Bpvo's that the levering names, also on lines that were set aside.
    pub(super) said_bpvos: HashSet<Half>,
    /// Bpvo's that were not taken up.
    pub(super) bpvos_over: u64,
    /// Leerbedrijven on lines that were set aside.
    pub(super) kept_leerbedrijven: Vec<Sleutel>,
}

impl<'a> Run<'a> {
    pub(super) async fn begin(
        store: &'a dyn LogStore,
        voorloop: &'a Voorloop,
        moment: Moment,
        bpvo_grens: Datum,
    ) -> Result<Self, StoreError> {
        let since = store.head().await?.nummer;
        let mut filled = BTreeSet::new();
        for soort in [
            Soort::Leerbedrijf,
            Soort::Personen,
            Soort::Opleiding,
            Soort::School,
            // A school may register the first bpvo while this import runs: `overtaken` sees it.
            Soort::Bpvo,
        ] {
            if !store.scan(soort, None, 1).await?.is_empty() {
                filled.insert(soort as u8);
            }
        }
        Ok(Self {
            store,
            voorloop,
            moment,
            bpvo_grens,
            since,
            filled,
            lines: Vec::new(),
            guard: Guard::default(),
            objecten: Tallies::default(),
            mutaties: BTreeMap::new(),
            blind: BTreeSet::new(),
            not_ended: Vec::new(),
            said_equivalenten: BTreeMap::new(),
            said_count: 0,
            gone_equivalenten: BTreeSet::new(),
            touched_bpvos: HashMap::new(),
            said_bpvos: HashSet::new(),
            bpvos_over: 0,
            kept_leerbedrijven: Vec::new(),
        })
    }

    /// Whether the register had something of this kind when the comparing began.
    pub(super) fn has(&self, soort: Soort) -> bool {
        self.filled.contains(&(soort as u8))
    }

    /// The lines gathered so far, to be staged.
    pub(super) fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    /// Compares a party of lines.
    pub(super) async fn party(&mut self, lines: Vec<LeveringLine>) -> Result<(), ImportError> {
        let mut party = Party::default();
        for line in lines {
            match line.content {
                Content::Object(object) => self.sort(object, &mut party)?,
                Content::Gone(key) => party.gone.push(key),
                Content::SetAside(aside) => self.note_set_aside(&aside),
            }
        }
        self.opleidingen(party.opleidingen).await?;
        self.scholen(party.scholen).await?;
        self.leerbedrijven(party.leerbedrijven).await?;
        self.bpvos(party.bpvos).await?;
        for key in party.gone {
            self.gone(key).await?;
        }
        Ok(())
    }

    fn sort(&mut self, object: Object, party: &mut Party) -> Result<(), ImportError> {
        match object {
            Object::Opleiding(o) => party.opleidingen.push(o),
            Object::School(s) => party.scholen.push(s),
            Object::Leerbedrijf(l, p) => party.leerbedrijven.push((*l, p)),
            Object::Bpvo(b) => party.bpvos.push(b),
            Object::Equivalent(e) => {
                self.said_count += 1;
                if self.said_count > MAX_EQUIVALENTEN {
                    return Err(ImportError::TooManyEquivalents {
                        most: MAX_EQUIVALENTEN,
                    });
                }
                self.said_equivalenten.entry(e.code).or_default().push(e);
            }
        }
        Ok(())
    }

    /// What stands on a bad line stays as it is, and so does all of its kind when it cannot be
    /// told which one it is.
    fn note_set_aside(&mut self, aside: &SetAside) {
        match (&aside.key, aside.soort) {
            (Some(ObjectKey::Leerbedrijf(id)), _) => {
                self.kept_leerbedrijven.push(Sleutel::leerbedrijf(*id));
            }
            (
                Some(ObjectKey::Bpvo {
                    school_oin,
                    bpvo_kenmerk,
                }),
                _,
            ) => {
                let natural = Sleutel::natural_bpvo(*school_oin, bpvo_kenmerk);
                self.said_bpvos
                    .insert(half(&self.store.pseudonym(&natural)));
            }
            (Some(_), _) => {}
            (None, Some(soort)) => {
                self.blind.insert(soort);
            }
            (None, None) => self.blind.extend(ObjectSoort::ALL),
        }
    }

    async fn opleidingen(&mut self, list: Vec<Opleiding>) -> Result<(), ImportError> {
        let keyed: Vec<_> = list
            .into_iter()
            .map(|o| (Sleutel::code(o.code), o))
            .collect();
        let tally = self.simple(Soort::Opleiding, keyed).await?;
        self.objecten.opleiding.add(tally);
        Ok(())
    }

    async fn scholen(&mut self, list: Vec<School>) -> Result<(), ImportError> {
        let keyed: Vec<_> = list
            .into_iter()
            .map(|s| (Sleutel::school(s.oin), s))
            .collect();
        let tally = self.simple(Soort::School, keyed).await?;
        self.objecten.school.add(tally);
        Ok(())
    }

    /// Objects that are what the levering says, whatever was there.
    async fn simple<T: Serialize>(
        &mut self,
        soort: Soort,
        list: Vec<(Sleutel, T)>,
    ) -> Result<Tally, ImportError> {
        let current = self.current(soort, list.iter().map(|(key, _)| key)).await?;
        let mut tally = Tally::default();
        for (sleutel, value) in list {
            let blob = postcard::to_stdvec(&value)?;
            match current.get(&sleutel) {
                Some(old) if *old == blob => {
                    tally.ongewijzigd += 1;
                    continue;
                }
                Some(_) => tally.gewijzigd += 1,
                None => tally.toegevoegd += 1,
            }
            self.set(soort, sleutel, blob);
        }
        Ok(tally)
    }

    async fn leerbedrijven(
        &mut self,
        list: Vec<(Leerbedrijf, Personen)>,
    ) -> Result<(), ImportError> {
        let keys: Vec<Sleutel> = list
            .iter()
            .map(|(l, _)| Sleutel::leerbedrijf(l.kern.leerbedrijf_id))
            .collect();
        let olds = self.current(Soort::Leerbedrijf, &keys).await?;
        let old_people = self.current(Soort::Personen, &keys).await?;
        for (sleutel, (leerbedrijf, personen)) in keys.into_iter().zip(list) {
            let people = old_people.get(&sleutel);
            self.personen(&sleutel, people, personen)?;
            self.leerbedrijf(&olds, sleutel, leerbedrijf)?;
        }
        Ok(())
    }

    fn leerbedrijf(
        &mut self,
        olds: &HashMap<Sleutel, Vec<u8>>,
        sleutel: Sleutel,
        new: Leerbedrijf,
    ) -> Result<(), ImportError> {
        let Some(before) = olds.get(&sleutel) else {
            self.objecten.leerbedrijf.toegevoegd += 1;
            let merged = leerbedrijf::merge(None, new, self.moment);
            self.announce(&merged.leerbedrijf.kern, merged.changes)?;
            let blob = postcard::to_stdvec(&merged.leerbedrijf)?;
            self.set(Soort::Leerbedrijf, sleutel, blob);
            return Ok(());
        };
        if *before == postcard::to_stdvec(&new)? {
            self.guard
                .count_running(&new.kern.erkenningen, self.moment.dag);
            self.objecten.leerbedrijf.ongewijzigd += 1;
            return Ok(());
        }
        let old: Leerbedrijf = decode(before)?;
        self.guard
            .count_running(&old.kern.erkenningen, self.moment.dag);
        let merged = leerbedrijf::merge(Some(&old), new, self.moment);
        self.replace_leerbedrijf(sleutel, before, &old, merged)
    }

    /// Stages a leerbedrijf, unless it is the same after all.
    pub(super) fn replace_leerbedrijf(
        &mut self,
        sleutel: Sleutel,
        before: &[u8],
        old: &Leerbedrijf,
        merged: Merged,
    ) -> Result<(), ImportError> {
        let tally = &mut self.objecten.leerbedrijf;
        let blob = postcard::to_stdvec(&merged.leerbedrijf)?;
        if blob == before {
            tally.ongewijzigd += 1;
            return Ok(());
        }
        let historical = LeerbedrijfStatus::Historisch;
        if old.kern.status != historical && merged.leerbedrijf.kern.status == historical {
            tally.beeindigd += 1;
        } else {
            tally.gewijzigd += 1;
        }
        self.guard.count_ending(&merged.changes);
        self.announce(&merged.leerbedrijf.kern, merged.changes)?;
        self.set(Soort::Leerbedrijf, sleutel, blob);
        Ok(())
    }

    /// People are a line of their own: history holds erkenningen and never people.
    fn personen(
        &mut self,
        sleutel: &Sleutel,
        before: Option<&Vec<u8>>,
        mut new: Personen,
    ) -> Result<(), ImportError> {
        let nobody = new == Personen::default();
        if let Some(before) = before {
            if nobody {
                self.objecten.personen.beeindigd += 1;
                self.remove(Soort::Personen, sleutel.clone());
                return Ok(());
            }
            leerbedrijf::keep_moments(&decode(before)?, &mut new, self.moment.tijdstip);
        }
        let tally = &mut self.objecten.personen;
        let blob = postcard::to_stdvec(&new)?;
        match before {
            None if nobody => return Ok(()),
            None => tally.toegevoegd += 1,
            Some(before) if *before == blob => {
                tally.ongewijzigd += 1;
                return Ok(());
            }
            Some(_) => tally.gewijzigd += 1,
        }
        self.set(Soort::Personen, sleutel.clone(), blob);
        Ok(())
    }

    async fn bpvos(&mut self, list: Vec<Bpvo>) -> Result<(), ImportError> {
        let keys: Vec<Sleutel> = list.iter().map(|b| self.bpvo_key(b)).collect();
        let olds = self.current(Soort::Bpvo, &keys).await?;
        for (sleutel, new) in keys.into_iter().zip(list) {
            self.said_bpvos.insert(half(&sleutel));
            let before = olds.get(&sleutel);
            if before.is_none() && new.laatste_dag() < self.bpvo_grens {
                self.bpvos_over += 1;
                continue;
            }
            let old = before.map(|blob| decode::<Bpvo>(blob)).transpose()?;
            let blob = postcard::to_stdvec(&bpvo::arrive(old, new))?;
            let tally = &mut self.objecten.bpvo;
            match before {
                Some(before) if *before == blob => {
                    tally.ongewijzigd += 1;
                    continue;
                }
                Some(_) => tally.gewijzigd += 1,
                None => tally.toegevoegd += 1,
            }
            self.set_bpvo(sleutel, blob);
        }
        Ok(())
    }

    pub(super) fn bpvo_key(&self, bpvo: &Bpvo) -> Sleutel {
        let natural = Sleutel::natural_bpvo(bpvo.school_oin, &bpvo.bpvo_kenmerk);
        self.store.pseudonym(&natural)
    }

    fn set_bpvo(&mut self, sleutel: Sleutel, blob: Vec<u8>) {
        self.touched_bpvos.insert(half(&sleutel), true);
        self.set(Soort::Bpvo, sleutel, blob);
    }

    /// The register no longer has this bpvo; what a school registered itself stays.
    pub(super) fn drop_bpvo(&mut self, sleutel: Sleutel, old: Bpvo) -> Result<(), ImportError> {
        let before = old.herkomst;
        match bpvo::leave(old) {
            Some(left) if left.herkomst == before => return Ok(()),
            Some(left) => {
                self.objecten.bpvo.gewijzigd += 1;
                let blob = postcard::to_stdvec(&left)?;
                self.touched_bpvos.insert(half(&sleutel), false);
                self.set(Soort::Bpvo, sleutel, blob);
            }
            None => {
                self.objecten.bpvo.beeindigd += 1;
                self.touched_bpvos.insert(half(&sleutel), false);
                self.remove(Soort::Bpvo, sleutel);
            }
        }
        Ok(())
    }

    /// A line that says that something is gone. What is not there already is gone.
    async fn gone(&mut self, key: ObjectKey) -> Result<(), ImportError> {
        match key {
            ObjectKey::Leerbedrijf(id) => {
                let sleutel = Sleutel::leerbedrijf(id);
                let people = self.current(Soort::Personen, [&sleutel]).await?;
                if people.contains_key(&sleutel) {
                    self.objecten.personen.beeindigd += 1;
                    self.remove(Soort::Personen, sleutel.clone());
                }
                let olds = self.current(Soort::Leerbedrijf, [&sleutel]).await?;
                if let Some(before) = olds.get(&sleutel) {
                    self.end_leerbedrijf(sleutel, before)?;
                }
            }
            ObjectKey::Opleiding(code) => {
                let gone = self
                    .remove_simple(Soort::Opleiding, Sleutel::code(code))
                    .await?;
                self.objecten.opleiding.beeindigd += gone;
            }
            ObjectKey::School(oin) => {
                let gone = self
                    .remove_simple(Soort::School, Sleutel::school(oin))
                    .await?;
                self.objecten.school.beeindigd += gone;
            }
            ObjectKey::Equivalent {
                code,
                equivalent_met,
                vanaf,
            } => {
                self.gone_equivalenten.insert((code, equivalent_met, vanaf));
            }
            ObjectKey::Bpvo {
                school_oin,
                bpvo_kenmerk,
            } => {
                let natural = Sleutel::natural_bpvo(school_oin, &bpvo_kenmerk);
                let sleutel = self.store.pseudonym(&natural);
                let olds = self.current(Soort::Bpvo, [&sleutel]).await?;
                if let Some(before) = olds.get(&sleutel) {
                    self.drop_bpvo(sleutel, decode(before)?)?;
                }
            }
        }
        Ok(())
    }

    /// Ends a leerbedrijf that the register no longer has.
    pub(super) fn end_leerbedrijf(
        &mut self,
        sleutel: Sleutel,
        before: &[u8],
    ) -> Result<(), ImportError> {
        let old: Leerbedrijf = decode(before)?;
        self.guard
            .count_running(&old.kern.erkenningen, self.moment.dag);
        let merged = leerbedrijf::end(&old, self.moment);
        self.replace_leerbedrijf(sleutel, before, &old, merged)
    }

    async fn remove_simple(&mut self, soort: Soort, sleutel: Sleutel) -> Result<u64, ImportError> {
        if self.current(soort, [&sleutel]).await?.is_empty() {
            return Ok(0);
        }
        self.remove(soort, sleutel);
        Ok(1)
    }

    /// Stages the mutations of a leerbedrijf. The first import of an empty register has none.
    fn announce(&mut self, kern: &Kern, changes: Vec<Change>) -> Result<(), ImportError> {
        if !self.has(Soort::Leerbedrijf) {
            return Ok(());
        }
        for change in changes {
            let mutatie = change.mutatie(&self.voorloop.levering_id, kern, self.moment.tijdstip);
            *self.mutaties.entry(mutatie.mutatie_soort).or_default() += 1;
            let blob = postcard::to_stdvec(&mutatie)?;
            self.set(Soort::Mutatie, Sleutel::mutatie(mutatie.mutatie_id), blob);
        }
        Ok(())
    }

    pub(super) async fn current<'k>(
        &self,
        soort: Soort,
        keys: impl IntoIterator<Item = &'k Sleutel>,
    ) -> Result<HashMap<Sleutel, Vec<u8>>, StoreError> {
        if !self.has(soort) {
            return Ok(HashMap::new());
        }
        let keys: Vec<Sleutel> = keys.into_iter().cloned().collect();
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self
            .store
            .current(soort, &keys)
            .await?
            .into_iter()
            .collect())
    }

    pub(super) fn set(&mut self, soort: Soort, sleutel: Sleutel, blob: Vec<u8>) {
        self.lines.push(Line {
            soort,
            sleutel,
            inhoud: Inhoud::Gezet(blob),
        });
    }

    pub(super) fn remove(&mut self, soort: Soort, sleutel: Sleutel) {
        self.lines.push(Line {
            soort,
            sleutel,
            inhoud: Inhoud::Verwijderd,
        });
    }
}

/// The objects of a party, by kind.
#[derive(Default)]
struct Party {
    opleidingen: Vec<Opleiding>,
    scholen: Vec<School>,
    leerbedrijven: Vec<(Leerbedrijf, Personen)>,
    bpvos: Vec<Bpvo>,
    gone: Vec<ObjectKey>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.toegevoegd += other.toegevoegd;
        self.gewijzigd += other.gewijzigd;
        self.beeindigd += other.beeindigd;
        self.ongewijzigd += other.ongewijzigd;
    }
}

pub(super) fn half(pseudonym: &Sleutel) -> Half {
    let mut half = [0; 16];
    for (to, from) in half.iter_mut().zip(pseudonym.0.iter()) {
        *to = *from;
    }
    half
}

pub(super) fn decode<T: DeserializeOwned>(blob: &[u8]) -> Result<T, ImportError> {
    Ok(postcard::from_bytes(blob)?)
}
