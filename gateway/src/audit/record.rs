//! What is recorded of one answer: which processing, for whom, and about whom. It holds no name, mail
//! address, phone number or bpvoKenmerk.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::{Pseudonym, PseudonymSleutel, Spoor};
use crate::domain::{LeerbedrijfId, Oin, Tijdstip, redacted_debug};

/// Somebody whom an answer tells of, before the record makes a pseudonym of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Betrokkene {
    /// A contact or trainer (privacy class 2).
    Persoon {
        /// The register's own key of a person.
        persoon_id: String,
        /// Where the person works.
        leerbedrijf_id: LeerbedrijfId,
    },
    /// A student, by the bpvo (privacy class 3).
    Bpvo {
        /// Whose bpvo it is.
        school_oin: Oin,
        /// The school's own key.
        bpvo_kenmerk: String,
        /// Where the student is.
        leerbedrijf_id: LeerbedrijfId,
    },
}

redacted_debug!(Betrokkene);

/// What kind of person a pseudonym stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BetrokkeneSoort {
    /// A contact or trainer of a leerbedrijf.
    Persoon,
    /// A student, by the bpvo.
    Bpvo,
}

impl BetrokkeneSoort {
    /// As `dpl.core.data_subject_id_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Persoon => "PERSOON",
            Self::Bpvo => "BPVO",
        }
    }
}

/// Somebody as the record names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vastgelegd {
    /// What kind of person.
    pub soort: BetrokkeneSoort,
    /// Who.
    pub pseudonym: Pseudonym,
    /// At which leerbedrijf.
    pub leerbedrijf_id: LeerbedrijfId,
}

impl Vastgelegd {
    pub(super) fn new(betrokkene: &Betrokkene, sleutel: &PseudonymSleutel) -> Self {
        let (soort, leerbedrijf_id) = match betrokkene {
            Betrokkene::Persoon { leerbedrijf_id, .. } => {
                (BetrokkeneSoort::Persoon, *leerbedrijf_id)
            }
            Betrokkene::Bpvo { leerbedrijf_id, .. } => (BetrokkeneSoort::Bpvo, *leerbedrijf_id),
        };
        Self {
            soort,
            pseudonym: sleutel.of(betrokkene),
            leerbedrijf_id,
        }
    }
}

/// How a processing ended, as far as is known when it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Not known: what is sent to a subscriber may not arrive, and the attempt says so.
    Onbekend,
    /// The answer is ready to leave.
    Gelukt,
}

impl Status {
    /// As the standard names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Onbekend => "UNSET",
            Self::Gelukt => "OK",
        }
    }
}

/// One answer to one party, on behalf of one school, about all who stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verwerking {
    /// To which trace it belongs.
    pub spoor: Spoor,
    /// The operation, such as `opvragenDetailgegevens`.
    pub naam: String,
    /// When the question came.
    pub begin: Tijdstip,
    /// When the answer was ready.
    pub eind: Tijdstip,
    /// How it ended.
    pub status: Status,
    /// URI of the activity in the controller's register of processing activities.
    pub activiteit: String,
    /// To whom it was given.
    pub afnemer_oin: Oin,
    /// On behalf of which school.
    pub school_oin: Oin,
    /// Each person once, ascending.
    pub betrokkenen: Vec<Vastgelegd>,
}

/// One record of Logboek Dataverwerkingen: one processing of the data of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits, of this record alone.
    pub span_id: String,
    /// 16 hexadecimal digits.
    pub parent_span_id: Option<String>,
    /// The operation.
    pub name: String,
    /// When the question came.
    pub start_time: Tijdstip,
    /// When the answer was ready.
    pub end_time: Tijdstip,
    /// `OK` or `UNSET`.
    pub status: &'static str,
    /// The system that did it.
    pub resource: &'static str,
    /// Names and values; ours, which the standard does not know, begin with `stagepoort.`.
    pub attributes: Vec<(&'static str, String)>,
}

/// Attributes of a [`Record`] (standards §5).
mod attributes {
    pub(super) const ACTIVITEIT: &str = "dpl.core.processing_activity_id";
    pub(super) const BETROKKENE: &str = "dpl.core.data_subject_id";
    pub(super) const BETROKKENE_SOORT: &str = "dpl.core.data_subject_id_type";
    pub(super) const ANDERE_PARTIJ: &str = "dpl.core.foreign_operation.processor";
    pub(super) const ANDERE_SPAN: &str = "dpl.core.foreign_operation.span_id";
    pub(super) const SCHOOL: &str = "stagepoort.school_oin";
    pub(super) const LEERBEDRIJF: &str = "stagepoort.leerbedrijf_id";
}

impl Verwerking {
    /// One record for each person.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let numbered = self.betrokkenen.iter().enumerate();
        numbered.map(|(nummer, betrokkene)| self.record(nummer, betrokkene))
    }

    fn record(&self, nummer: usize, betrokkene: &Vastgelegd) -> Record {
        let parent = self.spoor.parent_span_id.map(hex::encode);
        let mut attributes = vec![
            (attributes::ACTIVITEIT, self.activiteit.clone()),
            (attributes::BETROKKENE, betrokkene.pseudonym.to_string()),
            (
                attributes::BETROKKENE_SOORT,
                betrokkene.soort.as_str().to_owned(),
            ),
            (
                attributes::ANDERE_PARTIJ,
                format!("urn:nld:oin:{}", self.afnemer_oin),
            ),
            (attributes::SCHOOL, self.school_oin.to_string()),
            (
                attributes::LEERBEDRIJF,
                betrokkene.leerbedrijf_id.to_string(),
            ),
        ];
        if let Some(parent) = &parent {
            attributes.push((attributes::ANDERE_SPAN, parent.clone()));
        }
        Record {
            trace_id: hex::encode(self.spoor.trace_id),
            span_id: hex::encode(self.span_id_of(nummer)),
            parent_span_id: parent,
            name: self.naam.clone(),
            start_time: self.begin,
            end_time: self.eind,
            status: self.status.as_str(),
            resource: "stagepoort",
            attributes,
        }
    }

    /// The first record has the span of the answer. Those of the others follow from it, so that a
    /// record that is exported twice has the same id twice.
    fn span_id_of(&self, nummer: usize) -> [u8; 8] {
        if nummer == 0 {
            return self.spoor.span_id;
        }
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.spoor.span_id);
        context.update(&(nummer as u64).to_be_bytes());
        let mut span_id = [0; 8];
        span_id.copy_from_slice(&context.finish().as_ref()[..8]);
        span_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_record_for_each_person_with_the_names_of_the_standard() {
        let sleutel = PseudonymSleutel::new([3; 32]);
        let leerbedrijf_id = LeerbedrijfId::parse("100000001").unwrap();
        let persoon = |id: &str| Betrokkene::Persoon {
            persoon_id: id.to_owned(),
            leerbedrijf_id,
        };
        let school_oin = Oin::parse("00000099000090AA0000").unwrap();
        let verwerking = Verwerking {
            spoor: Spoor::new(
                Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                [5; 32],
            ),
            naam: "opvragenDetailgegevens".to_owned(),
            begin: Tijdstip::from_millis(1_000).unwrap(),
            eind: Tijdstip::from_millis(1_003).unwrap(),
            status: Status::Gelukt,
            activiteit: "urn:x:opvragenDetailgegevens".to_owned(),
            afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
            school_oin,
            betrokkenen: ["P1", "P2"]
                .map(|id| Vastgelegd::new(&persoon(id), &sleutel))
                .to_vec(),
        };
        let records: Vec<Record> = verwerking.records().collect();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].span_id, hex::encode([5; 8]));
        assert_ne!(records[1].span_id, records[0].span_id);
        let expect = [
            (
                "dpl.core.processing_activity_id",
                "urn:x:opvragenDetailgegevens",
            ),
            (
                "dpl.core.data_subject_id",
                &sleutel.of_persoon("P2").to_string(),
            ),
            ("dpl.core.data_subject_id_type", "PERSOON"),
            (
                "dpl.core.foreign_operation.processor",
                "urn:nld:oin:00000099000000002001",
            ),
            ("stagepoort.school_oin", "00000099000090AA0000"),
            ("stagepoort.leerbedrijf_id", "100000001"),
            ("dpl.core.foreign_operation.span_id", "00f067aa0ba902b7"),
        ];
        let expect = expect.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(records[1].attributes, expect);
        assert_eq!(
            (records[1].status, records[1].name.as_str()),
            ("OK", "opvragenDetailgegevens")
        );
        assert!(!format!("{:?}", persoon("P1")).contains("P1"));
    }
}
