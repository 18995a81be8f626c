//! A practice agreement as the school and the register each know it (domain §2 and §5).
//!
//! What the school says goes before what the register says, and neither removes what the other
//! said. Where they differ both are kept, so that a difference can be shown and the register's
//! side is still there when the school takes its own back.

use serde::{Deserialize, Serialize};

use super::{Code, Datum, Herkomst, LeerbedrijfId, Oin, redacted_debug};

/// A practice agreement, without any data of the student (privacy class 3; domain rule 13).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Bpvo {
    /// Whose it is.
    pub school_oin: Oin,
    /// The school's own opaque key, 1 to 41 characters, unique within the school.
    pub bpvo_kenmerk: String,
    /// Where the student is.
    pub leerbedrijf_id: LeerbedrijfId,
    /// For which kwalificatie.
    pub code: Code,
    /// First day.
    pub begindatum: Datum,
    /// Last day as planned, inclusive.
    pub einddatum_gepland: Datum,
    /// Last day as it was, once known.
    pub einddatum_werkelijk: Option<Datum>,
    /// Keuzedelen within it.
    pub keuzedelen: Vec<Keuzedeel>,
    /// Who told us.
    pub herkomst: Herkomst,
    /// What the register says of it, where that differs from what the school says: only with
    /// [`Herkomst::Beide`].
    pub volgens_register: Option<Box<BpvoInhoud>>,
}

/// What is said of a bpvo, besides whose it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BpvoInhoud {
    /// Where the student is.
    pub leerbedrijf_id: LeerbedrijfId,
    /// For which kwalificatie.
    pub code: Code,
    /// First day.
    pub begindatum: Datum,
    /// Last day as planned, inclusive.
    pub einddatum_gepland: Datum,
    /// Last day as it was, once known.
    pub einddatum_werkelijk: Option<Datum>,
    /// Keuzedelen within it.
    pub keuzedelen: Vec<Keuzedeel>,
}

/// A keuzedeel within a bpvo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Keuzedeel {
    /// `K[0-9]{4}`.
    pub code: Code,
    /// First day.
    pub begindatum: Datum,
    /// Last day as planned, inclusive.
    pub einddatum_gepland: Datum,
}

redacted_debug!(Bpvo, BpvoInhoud);

impl Bpvo {
    /// The bpvo of which these two say this; none when nobody says anything.
    #[must_use]
    pub fn of(
        school_oin: Oin,
        bpvo_kenmerk: String,
        van_school: Option<BpvoInhoud>,
        van_register: Option<BpvoInhoud>,
    ) -> Option<Self> {
        let (inhoud, herkomst, other) = match (van_school, van_register) {
            (None, None) => return None,
            (Some(inhoud), None) => (inhoud, Herkomst::School, None),
            (None, Some(inhoud)) => (inhoud, Herkomst::Register, None),
            (Some(inhoud), Some(other)) => {
                let differs = !inhoud.verschillen(&other).is_empty();
                (inhoud, Herkomst::Beide, differs.then(|| Box::new(other)))
            }
        };
        Some(Self {
            school_oin,
            bpvo_kenmerk,
            leerbedrijf_id: inhoud.leerbedrijf_id,
            code: inhoud.code,
            begindatum: inhoud.begindatum,
            einddatum_gepland: inhoud.einddatum_gepland,
            einddatum_werkelijk: inhoud.einddatum_werkelijk,
            keuzedelen: inhoud.keuzedelen,
            herkomst,
            volgens_register: other,
        })
    }

    /// What is answered of it: what the school says, where it says something.
    #[must_use]
    pub fn inhoud(&self) -> BpvoInhoud {
        BpvoInhoud {
            leerbedrijf_id: self.leerbedrijf_id,
            code: self.code,
            begindatum: self.begindatum,
            einddatum_gepland: self.einddatum_gepland,
            einddatum_werkelijk: self.einddatum_werkelijk,
            keuzedelen: self.keuzedelen.clone(),
        }
    }

    /// Last day, inclusive: as it was where that is known, else as planned.
    #[must_use]
    pub fn einddatum(&self) -> Datum {
        self.einddatum_werkelijk.unwrap_or(self.einddatum_gepland)
    }

    /// Last day by who says the latest, school or register: behind it the bpvo is over for both.
    #[must_use]
    pub fn laatste_dag(&self) -> Datum {
        let other = self.volgens_register.as_ref();
        let other = other.map(|inhoud| inhoud.einddatum());
        other.map_or(self.einddatum(), |dag| dag.max(self.einddatum()))
    }

    /// What the school says.
    #[must_use]
    pub fn van_school(&self) -> Option<BpvoInhoud> {
        (self.herkomst != Herkomst::Register).then(|| self.inhoud())
    }

    /// What the register says.
    #[must_use]
    pub fn van_register(&self) -> Option<BpvoInhoud> {
        match (&self.volgens_register, self.herkomst) {
            (_, Herkomst::School) => None,
            (Some(other), _) => Some((**other).clone()),
            (None, _) => Some(self.inhoud()),
        }
    }

    /// The bpvo as the register alone knows it; none of one that only the school told of.
    #[must_use]
    pub fn register_alone(&self) -> Option<Self> {
        let kenmerk = self.bpvo_kenmerk.clone();
        Self::of(self.school_oin, kenmerk, None, self.van_register())
    }

    /// In which fields the register differs from the school, by their names in the contract.
    #[must_use]
    pub fn verschillen(&self) -> Vec<&'static str> {
        match &self.volgens_register {
            Some(other) => self.inhoud().verschillen(other),
            None => Vec::new(),
        }
    }
}

impl BpvoInhoud {
    /// Last day, inclusive: as it was where that is known, else as planned.
    #[must_use]
    pub fn einddatum(&self) -> Datum {
        self.einddatum_werkelijk.unwrap_or(self.einddatum_gepland)
    }

    /// In which fields two differ, by their names in the contract. The order of keuzedelen says
    /// nothing.
    #[must_use]
    pub fn verschillen(&self, other: &Self) -> Vec<&'static str> {
        let sorted = |inhoud: &Self| {
            let mut all = inhoud.keuzedelen.clone();
            all.sort_unstable();
            all
        };
        [
            ("leerbedrijfId", self.leerbedrijf_id != other.leerbedrijf_id),
            ("code", self.code != other.code),
            ("begindatum", self.begindatum != other.begindatum),
            (
                "einddatumGepland",
                self.einddatum_gepland != other.einddatum_gepland,
            ),
            (
                "einddatumWerkelijk",
                self.einddatum_werkelijk != other.einddatum_werkelijk,
            ),
            ("keuzedelen", sorted(self) != sorted(other)),
        ]
        .into_iter()
        .filter_map(|(veld, differs)| differs.then_some(veld))
        .collect()
    }
}

/// As a blob has it. That two differ is a herkomst of its own there, so that a blob without a
/// difference reads as it always did.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    school_oin: Oin,
    bpvo_kenmerk: String,
    leerbedrijf_id: LeerbedrijfId,
    code: Code,
    begindatum: Datum,
    einddatum_gepland: Datum,
    einddatum_werkelijk: Option<Datum>,
    keuzedelen: Vec<Keuzedeel>,
    herkomst: StoredHerkomst,
}

/// The numbers of the first three are those of [`Herkomst`].
#[derive(Clone, Serialize, Deserialize)]
enum StoredHerkomst {
    School,
    Register,
    Beide,
    BeideAnders(Box<BpvoInhoud>),
}

impl From<Stored> for Bpvo {
    fn from(stored: Stored) -> Self {
        let (herkomst, volgens_register) = match stored.herkomst {
            StoredHerkomst::School => (Herkomst::School, None),
            StoredHerkomst::Register => (Herkomst::Register, None),
            StoredHerkomst::Beide => (Herkomst::Beide, None),
            StoredHerkomst::BeideAnders(other) => (Herkomst::Beide, Some(other)),
        };
        Self {
            school_oin: stored.school_oin,
            bpvo_kenmerk: stored.bpvo_kenmerk,
            leerbedrijf_id: stored.leerbedrijf_id,
            code: stored.code,
            begindatum: stored.begindatum,
            einddatum_gepland: stored.einddatum_gepland,
            einddatum_werkelijk: stored.einddatum_werkelijk,
            keuzedelen: stored.keuzedelen,
            herkomst,
            volgens_register,
        }
    }
}

impl From<Bpvo> for Stored {
    fn from(bpvo: Bpvo) -> Self {
        let herkomst = match (bpvo.herkomst, bpvo.volgens_register) {
            (Herkomst::School, _) => StoredHerkomst::School,
            (Herkomst::Register, _) => StoredHerkomst::Register,
            (Herkomst::Beide, None) => StoredHerkomst::Beide,
            (Herkomst::Beide, Some(other)) => StoredHerkomst::BeideAnders(other),
        };
        Self {
            school_oin: bpvo.school_oin,
            bpvo_kenmerk: bpvo.bpvo_kenmerk,
            leerbedrijf_id: bpvo.leerbedrijf_id,
            code: bpvo.code,
            begindatum: bpvo.begindatum,
            einddatum_gepland: bpvo.einddatum_gepland,
            einddatum_werkelijk: bpvo.einddatum_werkelijk,
            keuzedelen: bpvo.keuzedelen,
            herkomst,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inhoud(code: &str, eind: &str) -> BpvoInhoud {
        BpvoInhoud {
            leerbedrijf_id: LeerbedrijfId::parse("100000001").unwrap(),
            code: Code::parse(code).unwrap(),
            begindatum: Datum::parse("2026-09-01").unwrap(),
            einddatum_gepland: Datum::parse(eind).unwrap(),
            einddatum_werkelijk: None,
            keuzedelen: Vec::new(),
        }
    }

    fn oin() -> Oin {
        Oin::parse("0000009900000000A001").unwrap()
    }

    #[test]
    fn what_each_said_comes_back_also_from_its_blob() {
        let (a, b) = (inhoud("25180", "2027-01-31"), inhoud("25182", "2027-07-01"));
        for (school, register, herkomst, verschillen) in [
            (Some(&a), None, Herkomst::School, vec![]),
            (None, Some(&a), Herkomst::Register, vec![]),
            (Some(&a), Some(&a), Herkomst::Beide, vec![]),
            (
                Some(&a),
                Some(&b),
                Herkomst::Beide,
                vec!["code", "einddatumGepland"],
            ),
        ] {
            let of = Bpvo::of(oin(), "K1".to_owned(), school.cloned(), register.cloned());
            let blob = postcard::to_stdvec(&of.unwrap()).unwrap();
            let bpvo: Bpvo = postcard::from_bytes(&blob).unwrap();
            assert_eq!(bpvo.herkomst, herkomst);
            assert_eq!(bpvo.van_school().as_ref(), school);
            assert_eq!(bpvo.van_register().as_ref(), register);
            assert_eq!(bpvo.verschillen(), verschillen);
            let last = [school, register].into_iter().flatten();
            let last = last.map(BpvoInhoud::einddatum).max();
            assert_eq!(Some(bpvo.laatste_dag()), last);
            let alone = bpvo.register_alone();
            assert_eq!(alone.as_ref().map(Bpvo::inhoud).as_ref(), register);
            assert!(alone.is_none_or(|alone| alone.herkomst == Herkomst::Register));
        }
        assert_eq!(Bpvo::of(oin(), "K1".to_owned(), None, None), None);
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let bpvo = Bpvo::of(
            oin(),
            "K1".to_owned(),
            Some(inhoud("25180", "2027-01-31")),
            None,
        );
        assert_eq!(format!("{:?}", bpvo.unwrap()), "Bpvo { .. }");
    }
}
