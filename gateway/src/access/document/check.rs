//! From the words of a document to values that hold.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    ops::Range,
    sync::Arc,
};

use toml::Spanned;

use super::{DocumentError, Problem, RawAfnemer, RawDocument, RawMandaat, RawSchool, line_of};
use crate::{
    access::{Addressering, Afnemer, CertificaatSerienummer, Mandaat, SchoolToegang, Toegang},
    domain::{Brin, Datum, InvalidIdentifier, Oin, Operatie, Rol},
};

/// Long enough for any name, short enough for a log line.
const MAX_NAAM: usize = 200;

/// Checks everything and gives all problems at once.
pub(super) fn check(text: &str, document: RawDocument) -> Result<Toegang, DocumentError> {
    let mut check = Check {
        text,
        problems: Vec::new(),
        school_oins: HashSet::new(),
    };
    let scholen = check.scholen(document.scholen);
    let afnemers = check.afnemers(document.afnemers);
    if afnemers.is_empty() && check.problems.is_empty() {
        check.problem(
            &(0..0),
            "afnemers",
            "there is none, so that everybody would be shut out; name at least one".to_owned(),
        );
    }
    if check.problems.is_empty() {
        return Ok(Toegang {
            versie: 0,
            afnemers,
            scholen,
        });
    }
    check.problems.sort_by_key(|problem| problem.line);
    Err(DocumentError {
        problems: check.problems,
    })
}

pub(super) struct Check<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    /// Also of schools with a mistake elsewhere, so that each mistake is told once.
    school_oins: HashSet<Oin>,
}

impl Check<'_> {
    pub(super) fn problem(&mut self, span: &Range<usize>, place: &str, text: String) {
        self.problems.push(Problem {
            line: line_of(self.text, span.start),
            place: place.to_owned(),
            text,
        });
    }

    fn scholen(&mut self, raw: Vec<RawSchool>) -> HashMap<Oin, SchoolToegang> {
        let mut scholen = HashMap::new();
        for (n, school) in raw.into_iter().enumerate() {
            let at = |key: &str| format!("scholen[{}].{key}", n + 1);
            let oin = self.identifier(&school.oin, &at("oin"), Oin::parse);
            self.school_oins.extend(oin);
            let brin = self.identifier(&school.brin, &at("brin"), Brin::parse);
            let naam = self.naam(&school.naam, &at("naam"));
            let (Some(oin), Some(brin), Some(naam)) = (oin, brin, naam) else {
                continue;
            };
            match scholen.entry(oin) {
                Entry::Occupied(_) => self.twice(&school.oin, &at("oin")),
                Entry::Vacant(place) => {
                    place.insert(SchoolToegang { oin, brin, naam });
                }
            }
        }
        scholen
    }

    fn afnemers(&mut self, raw: Vec<RawAfnemer>) -> HashMap<Oin, Arc<Afnemer>> {
        let mut afnemers = HashMap::new();
        let mut namen = HashSet::new();
        for (n, raw) in raw.into_iter().enumerate() {
            let at = format!("afnemers[{}]", n + 1);
            // Names stand for afnemers in metrics and log lines.
            if !namen.insert(raw.naam.get_ref().trim().to_owned()) {
                self.twice(&raw.naam, &format!("{at}.naam"));
            }
            let oin = raw.oin.clone();
            let Some(afnemer) = self.afnemer(raw, &at) else {
                continue;
            };
            match afnemers.entry(afnemer.oin) {
                Entry::Occupied(_) => self.twice(&oin, &format!("{at}.oin")),
                Entry::Vacant(place) => {
                    place.insert(Arc::new(afnemer));
                }
            }
        }
        afnemers
    }

    fn afnemer(&mut self, raw: RawAfnemer, at: &str) -> Option<Afnemer> {
        let oin = self.identifier(&raw.oin, &format!("{at}.oin"), Oin::parse);
        let naam = self.naam(&raw.naam, &format!("{at}.naam"));
        let rol = self.one_of(
            &raw.rol,
            &format!("{at}.rol"),
            &[
                ("SIS", Rol::Sis),
                ("BPV", Rol::Bpv),
                ("BEHEER", Rol::Beheer),
            ],
        );
        let addressering = match &raw.addressering {
            None => Some(Addressering::default()),
            Some(text) => self.one_of(
                text,
                &format!("{at}.addressering"),
                &[
                    ("VERPLICHT", Addressering::Verplicht),
                    ("OPTIONEEL", Addressering::Optioneel),
                ],
            ),
        };
        let geblokkeerd = self.serials(&raw.geblokkeerde_certificaten, at);
        let quota = self.quota(raw.quota.as_ref(), at);
        let mandaten = self.mandaten(&raw.mandaten, at);
        Some(Afnemer {
            oin: oin?,
            naam: naam?.into(),
            rol: rol?,
            addressering: addressering?,
            geblokkeerde_certificaten: geblokkeerd,
            quota,
            mandaten,
        })
    }

    fn serials(&mut self, raw: &[Spanned<String>], at: &str) -> Vec<CertificaatSerienummer> {
        let at = format!("{at}.geblokkeerdeCertificaten");
        let mut serials = Vec::new();
        for text in raw {
            match CertificaatSerienummer::parse(text.get_ref()) {
                None => {
                    let text_is = quoted(text);
                    self.problem(
                        &text.span(),
                        &at,
                        format!("{text_is} is no serial number; write it in hexadecimal, such as \"4A:11:C0\""),
                    );
                }
                Some(serial) if serials.contains(&serial) => self.twice(text, &at),
                Some(serial) => serials.push(serial),
            }
        }
        serials
    }

    fn mandaten(&mut self, raw: &[RawMandaat], at: &str) -> Vec<Mandaat> {
        let mut of_schools = HashSet::new();
        let mut mandaten = Vec::new();
        for (n, raw) in raw.iter().enumerate() {
            let at = format!("{at}.mandaten[{}]", n + 1);
            let school_at = format!("{at}.schoolOin");
            let Some(mandaat) = self.mandaat(raw, &at) else {
                continue;
            };
            if !self.school_oins.contains(&mandaat.school_oin) {
                let oin = mandaat.school_oin;
                self.problem(
                    &raw.school_oin.span(),
                    &school_at,
                    format!("no school under [[scholen]] has OIN {oin}; add it there, or correct the number"),
                );
            }
            if of_schools.insert(mandaat.school_oin) {
                mandaten.push(mandaat);
            } else {
                self.twice(&raw.school_oin, &school_at);
            }
        }
        mandaten
    }

    fn mandaat(&mut self, raw: &RawMandaat, at: &str) -> Option<Mandaat> {
        let school_oin = self.identifier(&raw.school_oin, &format!("{at}.schoolOin"), Oin::parse);
        let operaties = match &raw.operaties {
            None => Vec::new(),
            Some(list) => self.operaties(list, &format!("{at}.operaties")),
        };
        let vanaf = self.datum(raw.vanaf.as_ref(), &format!("{at}.vanaf"));
        let tot = self.datum(raw.tot.as_ref(), &format!("{at}.tot"));
        if let (Some(first), Some(last), Some(raw)) = (vanaf, tot, &raw.tot)
            && last < first
        {
            self.problem(
                &raw.span(),
                &format!("{at}.tot"),
                format!("{last} is before vanaf, {first}; tot is the last day, itself included"),
            );
        }
        Some(Mandaat {
            school_oin: school_oin?,
            operaties,
            vanaf,
            tot,
        })
    }

    fn operaties(&mut self, list: &Spanned<Vec<Spanned<String>>>, at: &str) -> Vec<Operatie> {
        if list.get_ref().is_empty() {
            self.problem(
                &list.span(),
                at,
                "it is empty; leave the key out to allow all operations".to_owned(),
            );
        }
        let known: Vec<_> = Operatie::ALL.iter().map(|&o| (o.as_str(), o)).collect();
        let mut operaties = Vec::new();
        for text in list.get_ref() {
            match self.one_of(text, at, &known) {
                Some(operatie) if operaties.contains(&operatie) => self.twice(text, at),
                Some(operatie) => operaties.push(operatie),
                None => {}
            }
        }
        operaties
    }

    fn identifier<T>(
        &mut self,
        text: &Spanned<String>,
        at: &str,
        parse: fn(&str) -> Result<T, InvalidIdentifier>,
    ) -> Option<T> {
        match parse(text.get_ref()) {
            Ok(value) => Some(value),
            Err(InvalidIdentifier { vorm, .. }) => {
                let text_is = quoted(text);
                self.problem(
                    &text.span(),
                    at,
                    format!("{text_is} is not of the form {vorm}"),
                );
                None
            }
        }
    }

    fn naam(&mut self, text: &Spanned<String>, at: &str) -> Option<String> {
        let naam = text.get_ref().trim();
        let characters = naam.chars().count();
        if (1..=MAX_NAAM).contains(&characters) && !naam.contains(char::is_control) {
            return Some(naam.to_owned());
        }
        self.problem(
            &text.span(),
            at,
            format!("a name has 1 to {MAX_NAAM} printable characters"),
        );
        None
    }

    fn datum(&mut self, value: Option<&Spanned<toml::Value>>, at: &str) -> Option<Datum> {
        let value = value?;
        let text = match value.get_ref() {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // A day with a zone behind it is well-formed elsewhere; here it would only raise doubt.
        let day = Datum::parse(&text).ok().filter(|_| text.len() == 10);
        if day.is_none() {
            self.problem(
                &value.span(),
                at,
                format!("{text} is no date; write an existing day as 2026-08-01"),
            );
        }
        day
    }

    fn one_of<T: Copy>(
        &mut self,
        text: &Spanned<String>,
        at: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let found = known.iter().find(|(name, _)| name == text.get_ref());
        if found.is_none() {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            let text_is = quoted(text);
            self.problem(
                &text.span(),
                at,
                format!(
                    "{text_is} is not known; it should be one of {}",
                    names.join(", ")
                ),
            );
        }
        found.map(|(_, value)| *value)
    }

    fn twice(&mut self, text: &Spanned<String>, at: &str) {
        let text_is = quoted(text);
        self.problem(
            &text.span(),
            at,
            format!("{text_is} is there already; it may be named once"),
        );
    }
}

/// The text as it was written, cut when it is long.
fn quoted(text: &Spanned<String>) -> String {
    const MAX: usize = 60;
    let text = text.get_ref();
    match text.char_indices().nth(MAX) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}
