//! What is to be made.

use std::collections::HashSet;

use crate::error::CertsError;
use crate::issue::Sleuteltype;
use crate::oin::Oin;

/// The certificates that [`generate`](crate::generate()) makes beside the CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The gateway's own OIN, in the subject of the server certificate.
    pub gateway_oin: Oin,
    /// Host names and addresses that the server certificate is for.
    pub server_namen: Vec<String>,
    /// The parties that the gateway is to let in.
    pub afnemers: Vec<Afnemer>,
    /// The certificates that it is to refuse.
    pub geweigerd: Vec<Weigering>,
}

/// A party with a client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afnemer {
    /// CN and O of the subject; the files are named after it.
    pub naam: String,
    /// The OIN in `Subject.serialNumber`.
    pub oin: Oin,
    /// The kind of key.
    pub sleuteltype: Sleuteltype,
}

/// A client certificate that a gateway must refuse, by what is wrong with it.
///
/// The first three should carry the OIN of an afnemer that is let in, so that
/// nothing but the certificate can be the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weigering {
    /// Stands on the CRL.
    Ingetrokken(Oin),
    /// Was valid until yesterday.
    Verlopen(Oin),
    /// Comes from a CA that is not trusted.
    AndereCa(Oin),
    /// Is valid, with an OIN that the gateway was never told of.
    OnbekendeOin(Oin),
    /// Is valid, without `Subject.serialNumber`.
    ZonderOin,
    /// Is valid, with this text, not an OIN, in `Subject.serialNumber`.
    OngeldigeOin(String),
}

/// The plan of the demo. The afnemers stand in this order: a SIS with an RSA
/// key, one with an ECDSA key, one with RSA that does without full
/// WS-Addressing, and a BPV package with ECDSA. All names are invented.
pub fn default_plan() -> Plan {
    let afnemer = |naam: &str, number, sleuteltype| Afnemer {
        naam: naam.to_owned(),
        oin: Oin::test(number),
        sleuteltype,
    };
    let first_oin = Oin::test(2001);
    Plan {
        gateway_oin: Oin::test(1000),
        server_namen: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into(),
        afnemers: vec![
            afnemer("Onderwijs Online Test", 2001, Sleuteltype::Rsa),
            afnemer("Leerlingpoort Test", 2002, Sleuteltype::Ecdsa),
            afnemer("PHP Koppeling Test", 2003, Sleuteltype::Rsa),
            afnemer("Stageplanner Test", 2004, Sleuteltype::Ecdsa),
        ],
        geweigerd: vec![
            Weigering::Ingetrokken(first_oin.clone()),
            Weigering::Verlopen(first_oin.clone()),
            Weigering::AndereCa(first_oin),
            Weigering::OnbekendeOin(Oin::test(9999)),
            Weigering::ZonderOin,
            Weigering::OngeldigeOin("12345".to_owned()),
        ],
    }
}

impl Plan {
    /// Refuses a plan in which two certificates would have the same files.
    pub(crate) fn check_file_names(&self) -> Result<(), CertsError> {
        let mut seen = HashSet::new();
        let stems = self
            .afnemers
            .iter()
            .map(|a| (a.naam.as_str(), a.file_stem()))
            .chain(self.geweigerd.iter().map(|w| (w.naam(), w.file_stem())));
        for (naam, stem) in stems {
            if stem.ends_with('-') || !seen.insert(stem) {
                return Err(CertsError::UnusableName { naam: naam.into() });
            }
        }
        Ok(())
    }
}

impl Afnemer {
    pub(crate) fn file_stem(&self) -> String {
        format!("afnemer-{}", slug(&self.naam))
    }
}

impl Weigering {
    /// The name in the manifest and in the file names.
    pub fn naam(&self) -> &'static str {
        match self {
            Self::Ingetrokken(_) => "ingetrokken",
            Self::Verlopen(_) => "verlopen",
            Self::AndereCa(_) => "andere-ca",
            Self::OnbekendeOin(_) => "onbekende-oin",
            Self::ZonderOin => "zonder-oin",
            Self::OngeldigeOin(_) => "ongeldige-oin",
        }
    }

    /// What stands in `Subject.serialNumber`.
    pub(crate) fn subject_serial_number(&self) -> Option<&str> {
        match self {
            Self::Ingetrokken(oin)
            | Self::Verlopen(oin)
            | Self::AndereCa(oin)
            | Self::OnbekendeOin(oin) => Some(oin.as_str()),
            Self::ZonderOin => None,
            Self::OngeldigeOin(text) => Some(text),
        }
    }

    pub(crate) fn file_stem(&self) -> String {
        format!("geweigerd-{}", self.naam())
    }
}

/// Lower-case letters and digits, words joined by single hyphens; the rest of
/// the text, letters outside ASCII included, only separates words.
fn slug(text: &str) -> String {
    text.to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_fit_for_a_file_name() {
        let check = |text, expect| assert_eq!(slug(text), expect);
        check("Onderwijs Online Test", "onderwijs-online-test");
        check("  A/B.. & C ", "a-b-c");
        check("../../etc", "etc");
        check("Één", "n");
        check("—", "");
    }

    #[test]
    fn names_that_share_a_file_or_give_none_are_refused() {
        let with_name = |naam: &str| {
            let mut plan = default_plan();
            plan.afnemers[0].naam = naam.to_owned();
            plan.check_file_names()
        };
        assert!(with_name("Nog een SIS").is_ok());
        assert!(with_name("Leerlingpoort: test").is_err());
        assert!(with_name("—").is_err());
    }

    #[test]
    fn one_kind_of_refusal_stands_in_a_plan_once() {
        let mut plan = default_plan();
        plan.geweigerd.push(Weigering::ZonderOin);
        assert!(plan.check_file_names().is_err());
    }
}
