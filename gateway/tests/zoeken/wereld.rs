//! The facts of a register as plain lists, and the lines of the log that say them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use serde::Serialize;
use stagepoort::{
    domain::{
        Bpvo, Code, Coordinaten, Equivalent, Leerbedrijf, LeerbedrijfId, Opleiding, Personen,
    },
    log::{Inhoud, Line, LogStore, Sleutel, Soort},
    register::Object,
};

/// Everything that a search may depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wereld {
    pub(crate) leerbedrijven: BTreeMap<LeerbedrijfId, Leerbedrijf>,
    pub(crate) personen: BTreeMap<LeerbedrijfId, Personen>,
    pub(crate) opleidingen: BTreeMap<Code, Opleiding>,
    pub(crate) equivalenten: BTreeMap<Code, Vec<Equivalent>>,
    /// By school and kenmerk.
    pub(crate) bpvos: BTreeMap<String, Bpvo>,
    /// Rows of an imported table, by four digits or six characters.
    pub(crate) postcodes: BTreeMap<String, Coordinaten>,
}

impl Wereld {
    /// What a generated register consists of.
    pub(crate) fn from_objects(objects: impl Iterator<Item = Object>) -> Self {
        let mut wereld = Self::default();
        for object in objects {
            match object {
                Object::Leerbedrijf(leerbedrijf, personen) => {
                    let id = leerbedrijf.kern.leerbedrijf_id;
                    wereld.leerbedrijven.insert(id, *leerbedrijf);
                    wereld.personen.insert(id, personen);
                }
                Object::Opleiding(opleiding) => {
                    wereld.opleidingen.insert(opleiding.code, opleiding);
                }
                Object::Equivalent(equivalent) => wereld
                    .equivalenten
                    .entry(equivalent.code)
                    .or_default()
                    .push(equivalent),
                Object::Bpvo(bpvo) => {
                    let key = Sleutel::natural_bpvo(bpvo.school_oin, &bpvo.bpvo_kenmerk);
                    wereld.bpvos.insert(key, bpvo);
                }
                Object::School(_) => {}
            }
        }
        wereld
    }

    /// What the log must be told to come from `before` to this.
    pub(crate) fn lines_since(&self, before: &Self, store: &dyn LogStore) -> Vec<Line> {
        let mut lines = Vec::new();
        let of_id = |id: &LeerbedrijfId| Sleutel::leerbedrijf(*id);
        let of_code = |code: &Code| Sleutel::code(*code);
        differ(
            (Soort::Opleiding, &of_code),
            (&before.opleidingen, &self.opleidingen),
            &mut lines,
        );
        differ(
            (Soort::Equivalenten, &of_code),
            (&before.equivalenten, &self.equivalenten),
            &mut lines,
        );
        differ(
            (Soort::Leerbedrijf, &of_id),
            (&before.leerbedrijven, &self.leerbedrijven),
            &mut lines,
        );
        differ(
            (Soort::Personen, &of_id),
            (&before.personen, &self.personen),
            &mut lines,
        );
        differ(
            (Soort::Bpvo, &|key: &String| store.pseudonym(key)),
            (&before.bpvos, &self.bpvos),
            &mut lines,
        );
        self.postcode_lines(before, &mut lines);
        lines
    }

    /// The place where rows of an imported table become lines, once the log has a kind for them.
    fn postcode_lines(&self, before: &Self, _lines: &mut Vec<Line>) {
        assert!(
            self.postcodes.is_empty() && before.postcodes.is_empty(),
            "the log has no kind of line for an imported table"
        );
    }
}

type Kind<'a, K> = (Soort, &'a dyn Fn(&K) -> Sleutel);

fn differ<K: Ord + Clone + Debug, V: PartialEq + Serialize>(
    (soort, sleutel): Kind<'_, K>,
    (before, after): (&BTreeMap<K, V>, &BTreeMap<K, V>),
    lines: &mut Vec<Line>,
) {
    let keys: BTreeSet<K> = before.keys().chain(after.keys()).cloned().collect();
    for key in keys {
        let (old, new) = (before.get(&key), after.get(&key));
        if old == new {
            continue;
        }
        let inhoud = new.map_or(Inhoud::Verwijderd, |value| {
            Inhoud::Gezet(postcard::to_stdvec(value).unwrap())
        });
        lines.push(Line {
            soort,
            sleutel: sleutel(&key),
            inhoud,
        });
    }
}
