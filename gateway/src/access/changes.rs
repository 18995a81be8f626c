//! What differs between two states of toegang, for an operator to look at before it is in force.

use std::{collections::HashMap, fmt, hash::Hash};

use serde::Serialize;

use super::{Afnemer, Mandaat, SchoolToegang, Toegang};
use crate::domain::Oin;

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What happens to it.
    pub soort: ChangeKind,
    /// What it is.
    pub wat: Subject,
    /// The OIN of the school or afnemer.
    pub oin: Oin,
    /// Its name.
    pub naam: String,
    /// The school of a mandate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub school_oin: Option<Oin>,
    /// What changes in it, old and new.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub velden: Vec<String>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeKind {
    /// It is new.
    Toegevoegd,
    /// It goes.
    Verwijderd,
    /// It stays, with other content.
    Gewijzigd,
}

/// To what it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Subject {
    /// A school.
    School,
    /// A supplier.
    Afnemer,
    /// A school's mandate to a supplier.
    Mandaat,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.soort {
            ChangeKind::Toegevoegd => '+',
            ChangeKind::Verwijderd => '-',
            ChangeKind::Gewijzigd => '~',
        };
        let (oin, naam) = (self.oin, &self.naam);
        match (self.wat, self.school_oin) {
            (Subject::School, _) => write!(f, "{sign} school {oin} {naam}")?,
            (Subject::Mandaat, Some(school)) => {
                write!(f, "{sign} mandate of school {school} for {oin} {naam}")?;
            }
            (Subject::Afnemer | Subject::Mandaat, _) => write!(f, "{sign} afnemer {oin} {naam}")?,
        }
        if self.velden.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.velden.join("; "))
    }
}

/// Everything that differs: schools, then afnemers with their mandates, each by OIN.
#[must_use]
pub fn changes(old: &Toegang, new: &Toegang) -> Vec<Change> {
    let mut found = Vec::new();
    for (oin, old, new) in pairs(&old.scholen, &new.scholen) {
        let naam = new.or(old).map_or("", |school| school.naam.as_str());
        let velden = fields(old, new, school_fields);
        found.extend(change(Subject::School, oin, naam, old, new, velden));
    }
    for (oin, old, new) in pairs(&old.afnemers, &new.afnemers) {
        let (old, new) = (old.map(AsRef::as_ref), new.map(AsRef::as_ref));
        let naam = new.or(old).map_or("", |afnemer: &Afnemer| &*afnemer.naam);
        let velden = fields(old, new, afnemer_fields);
        found.extend(change(Subject::Afnemer, oin, naam, old, new, velden));
        found.extend(mandate_changes(oin, naam, old, new));
    }
    found
}

fn mandate_changes(
    oin: Oin,
    naam: &str,
    old: Option<&Afnemer>,
    new: Option<&Afnemer>,
) -> Vec<Change> {
    fn by_school(afnemer: Option<&Afnemer>) -> HashMap<Oin, &Mandaat> {
        let mandaten = afnemer.into_iter().flat_map(|a| &a.mandaten);
        mandaten.map(|m| (m.school_oin, m)).collect()
    }
    let mut found = Vec::new();
    for (school_oin, old, new) in pairs(&by_school(old), &by_school(new)) {
        let (old, new) = (old.copied(), new.copied());
        let velden = fields(old, new, mandate_fields);
        let change = change(Subject::Mandaat, oin, naam, old, new, velden);
        found.extend(change.map(|change| Change {
            school_oin: Some(school_oin),
            ..change
        }));
    }
    found
}

/// The values of both maps by key, in the order of the keys.
fn pairs<'a, K: Copy + Ord + Hash, V>(
    old: &'a HashMap<K, V>,
    new: &'a HashMap<K, V>,
) -> Vec<(K, Option<&'a V>, Option<&'a V>)> {
    let mut keys: Vec<K> = old.keys().chain(new.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| (key, old.get(&key), new.get(&key)))
        .collect()
}

fn change<T>(
    wat: Subject,
    oin: Oin,
    naam: &str,
    old: Option<T>,
    new: Option<T>,
    velden: Vec<String>,
) -> Option<Change> {
    let soort = match (old.is_some(), new.is_some()) {
        (false, _) => ChangeKind::Toegevoegd,
        (true, false) => ChangeKind::Verwijderd,
        (true, true) if velden.is_empty() => return None,
        (true, true) => ChangeKind::Gewijzigd,
    };
    Some(Change {
        soort,
        wat,
        oin,
        naam: naam.to_owned(),
        school_oin: None,
        velden,
    })
}

/// The fields that differ, of something that stays.
fn fields<T: ?Sized, const N: usize>(
    old: Option<&T>,
    new: Option<&T>,
    of: fn(&T) -> [(&'static str, String); N],
) -> Vec<String> {
    let (Some(old), Some(new)) = (old, new) else {
        return Vec::new();
    };
    let both = of(old).into_iter().zip(of(new));
    both.filter(|((_, old), (_, new))| old != new)
        .map(|((name, old), (_, new))| format!("{name} {old} → {new}"))
        .collect()
}

fn school_fields(school: &SchoolToegang) -> [(&'static str, String); 2] {
    [
        ("naam", format!("{:?}", school.naam)),
        ("brin", school.brin.to_string()),
    ]
}

fn afnemer_fields(afnemer: &Afnemer) -> [(&'static str, String); 8] {
    let number = |(key, value): (_, Option<std::num::NonZeroU32>)| {
        let value = value.map_or_else(|| "standaard".to_owned(), |value| value.to_string());
        (key, value)
    };
    let [per_seconde, burst, gelijktijdig, regels] = afnemer.quota.values().map(number);
    let mut blocked: Vec<_> = afnemer
        .geblokkeerde_certificaten
        .iter()
        .map(ToString::to_string)
        .collect();
    blocked.sort_unstable();
    [
        ("naam", format!("{:?}", afnemer.naam)),
        ("rol", format!("{:?}", afnemer.rol).to_uppercase()),
        (
            "addressering",
            format!("{:?}", afnemer.addressering).to_uppercase(),
        ),
        (
            "geblokkeerdeCertificaten",
            format!("[{}]", blocked.join(", ")),
        ),
        per_seconde,
        burst,
        gelijktijdig,
        regels,
    ]
}

fn mandate_fields(mandaat: &Mandaat) -> [(&'static str, String); 3] {
    let day = |day: Option<crate::domain::Datum>| day.map_or("none".into(), |d| d.to_string());
    let mut operaties: Vec<_> = mandaat.operaties.iter().map(|o| o.as_str()).collect();
    operaties.sort_unstable();
    let operaties = match operaties.as_slice() {
        [] => "all".to_owned(),
        some => some.join(", "),
    };
    [
        ("operaties", operaties),
        ("vanaf", day(mandaat.vanaf)),
        ("tot", day(mandaat.tot)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::EXAMPLE;

    fn check(edits: &[(&str, &str)], expect: &[&str]) {
        let old = Toegang::parse(EXAMPLE).unwrap();
        let text = edits.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let new = Toegang::parse(&text).unwrap();
        let found: Vec<_> = changes(&old, &new)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn each_kind_of_change_is_told_in_one_line() {
        check(&[], &[]);
        check(&[("# ", "#  ")], &[]);
        check(
            &[("Vakschool De Proef", "De Proef")],
            &["~ school 00000099000000001002 De Proef: naam \"Vakschool De Proef\" → \"De Proef\""],
        );
        check(
            &[
                ("\"OPTIONEEL\"", "\"VERPLICHT\""),
                ("[\"4A:11:C0:FF:EE\"]", "[]"),
            ],
            &[
                "~ afnemer 00000099000000002001 Onderwijs Online Test: geblokkeerdeCertificaten [4A11C0FFEE] → []",
                "~ afnemer 00000099000000002003 PHP Koppeling Test: addressering OPTIONEEL → VERPLICHT",
            ],
        );
        check(
            &[("burst = 2000", "gelijktijdig = 8"), ("300000", "600000")],
            &[
                "~ afnemer 00000099000000002001 Onderwijs Online Test: burst 2000 → standaard; \
                 gelijktijdig standaard → 8; bulkregelsPerMinuut 300000 → 600000",
            ],
        );
        check(
            &[("00000099000000002003", "00000099000000002004")],
            &[
                "- afnemer 00000099000000002003 PHP Koppeling Test",
                "- mandate of school 00000099000000001001 for 00000099000000002003 PHP Koppeling Test",
                "+ afnemer 00000099000000002004 PHP Koppeling Test",
                "+ mandate of school 00000099000000001001 for 00000099000000002004 PHP Koppeling Test",
            ],
        );
        check(
            &[
                (
                    "operaties = [\"natrekkenErkenning\", \"natrekkenErkenningen\"]\n",
                    "",
                ),
                ("2027-07-31", "2027-08-31"),
            ],
            &[
                "~ mandate of school 00000099000000001002 for 00000099000000002001 Onderwijs Online Test: \
                 operaties natrekkenErkenning, natrekkenErkenningen → all; tot 2027-07-31 → 2027-08-31",
            ],
        );
    }

    #[test]
    fn a_school_that_goes_takes_its_mandates_along() {
        let old = Toegang::parse(EXAMPLE).unwrap();
        let mut new = old.clone();
        let gone = Oin::parse("00000099000000001002").unwrap();
        new.scholen.remove(&gone);
        let afnemer = Oin::parse("00000099000000002001").unwrap();
        let mut changed = (**old.afnemer(afnemer).unwrap()).clone();
        changed.mandaten.retain(|m| m.school_oin != gone);
        new.afnemers.insert(afnemer, changed.into());
        let found: Vec<_> = changes(&old, &new)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "- school 00000099000000001002 Vakschool De Proef",
                "- mandate of school 00000099000000001002 for 00000099000000002001 Onderwijs Online Test",
            ]
        );
    }
}
