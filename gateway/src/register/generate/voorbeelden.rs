//! Questions about the fixtures, with the answers that the contract gives (domain rules 5 and 7).

use serde::Serialize;

use super::{EERSTE_ID, FIXTURES, Plan, fixtures};
use crate::domain::{Code, Datum, LeerbedrijfId};

/// A verification and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Voorbeeld {
    /// What it shows, as a word.
    pub soort: &'static str,
    /// About whom.
    pub leerbedrijf_id: LeerbedrijfId,
    /// Its name, unless it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naam: Option<&'static str>,
    /// Postcode of the vestigingsadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<&'static str>,
    /// Huisnummer of the vestigingsadres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huisnummer: Option<u32>,
    /// For which code.
    pub code: Code,
    /// On which day.
    pub peildatum: Datum,
    /// Signaalcode of the answer.
    pub signaalcode: u16,
    /// `ERKEND` or `NIET_ERKEND`.
    pub erkenning_status: &'static str,
    /// Why not, in the words of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<&'static str>,
    /// On what it rests, in the words of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grondslag: Option<&'static str>,
}

/// What the answer says: the basis of a yes, or the reason of a no.
#[derive(Debug, Clone, Copy)]
enum Antwoord {
    Erkend(&'static str),
    Niet(&'static str),
}
use Antwoord::{Erkend, Niet};

/// What it shows, number of the fixture, code, days after the peildatum, signaalcode, answer.
type Vraag = (&'static str, u32, &'static str, i32, u16, Antwoord);

/// An id that the generator never gives out.
const ONBEKEND_ID: u32 = 999_999_999;

#[rustfmt::skip]
const VRAGEN: &[Vraag] = &[
    ("erkend", 1, "25180", 0, 0, Erkend("ERKENNING")),
    ("keuzedeel", 1, "K0072", 0, 0, Erkend("KEUZEDEEL")),
    ("nooit-verleend", 1, "25400", 0, 0, Niet("NOOIT_VERLEEND")),
    ("ingetrokken", 2, "25118", 0, 0, Niet("INGETROKKEN")),
    ("destijds-erkend", 2, "25118", -400, 0, Erkend("ERKENNING")),
    ("opnieuw-verleend", 2, "25128", 0, 0, Erkend("ERKENNING")),
    ("equivalent", 3, "25656", 0, 0, Erkend("EQUIVALENT")),
    ("van-rechtswege-vervallen", 4, "25400", 0, 0, Niet("VAN_RECHTSWEGE_VERVALLEN")),
    ("niet-verlengd", 5, "25242", 0, 0, Niet("NIET_VERLENGD")),
    ("verlopen", 6, "25486", 0, 0, Niet("VERLOPEN")),
    ("nog-niet-ingegaan", 7, "25332", 0, 0, Niet("NOG_NIET_INGEGAAN")),
    ("gedeeltelijk", 8, "25174", 0, 0, Erkend("ERKENNING")),
    ("opgevolgd", 9, "25208", 0, 102, Erkend("ERKENNING")),
    ("historisch", 11, "25656", 0, 102, Niet("VAN_RECHTSWEGE_VERVALLEN")),
    ("eigen-keuzedeel", 12, "K0072", 0, 0, Erkend("ERKENNING")),
    ("buitenland", 13, "25174", 0, 0, Erkend("ERKENNING")),
    ("destijds-equivalent", 16, "25604", -1_000, 0, Erkend("EQUIVALENT")),
    ("equivalentie-voorbij", 16, "25604", 0, 0, Niet("NOOIT_VERLEEND")),
    ("einde-aangekondigd", 17, "25455", 0, 0, Erkend("ERKENNING")),
    ("na-aangekondigd-einde", 17, "25455", 61, 0, Niet("INGETROKKEN")),
    ("laatste-dag", 18, "25471", 0, 0, Erkend("ERKENNING")),
    ("dag-na-laatste-dag", 18, "25471", 1, 0, Niet("VERLOPEN")),
];

/// At least one of every erkenningStatus, grondslag and reden, and a merged leerbedrijf. The first
/// is the plainest. With fewer than [`FIXTURES`] leerbedrijven, those about absent ones are left
/// out. They hold under the default `keuzedeelRegel`.
#[must_use]
pub fn voorbeelden(plan: &Plan) -> Vec<Voorbeeld> {
    let there = plan.leerbedrijven.min(FIXTURES);
    let mut all: Vec<_> = VRAGEN
        .iter()
        // The successor stands behind the one it succeeds, so both must be there.
        .filter(|vraag| vraag.1 < there || (vraag.1 == there && vraag.4 != 102))
        .filter_map(|vraag| voorbeeld(plan, vraag))
        .collect();
    all.extend(onbekend(plan, there));
    all
}

fn voorbeeld(
    plan: &Plan,
    &(soort, nummer, code, na, signaalcode, antwoord): &Vraag,
) -> Option<Voorbeeld> {
    let fixture = fixtures::ALLE.get(nummer as usize - 1)?;
    let (erkenning_status, grondslag, reden) = match antwoord {
        Erkend(grondslag) => ("ERKEND", Some(grondslag), None),
        Niet(reden) => ("NIET_ERKEND", None, Some(reden)),
    };
    Some(Voorbeeld {
        soort,
        leerbedrijf_id: fixtures::id(nummer - 1)?,
        naam: Some(fixture.naam),
        postcode: Some(fixture.postcode),
        huisnummer: Some(fixture.huisnummer),
        code: Code::parse(code).ok()?,
        peildatum: plan.peildatum.plus_days(na),
        signaalcode,
        erkenning_status,
        reden,
        grondslag,
    })
}

/// An unknown leerbedrijf, and an unknown code at a known one.
fn onbekend(plan: &Plan, there: u32) -> impl Iterator<Item = Voorbeeld> {
    let kok = Code::parse("25180").ok();
    let free = ["99999", "99998", "99997"]
        .iter()
        .filter_map(|text| Code::parse(text).ok())
        .find(|code| plan.opleidingen.iter().all(|o| o.code != *code));
    let niet = |soort, id, code: Option<Code>, signaalcode, reden| {
        Some(Voorbeeld {
            soort,
            leerbedrijf_id: LeerbedrijfId::from_u32(id)?,
            naam: None,
            postcode: None,
            huisnummer: None,
            code: code?,
            peildatum: plan.peildatum,
            signaalcode,
            erkenning_status: "NIET_ERKEND",
            reden: Some(reden),
            grondslag: None,
        })
    };
    let first = &fixtures::ALLE[0];
    let bedrijf = niet(
        "leerbedrijf-onbekend",
        ONBEKEND_ID,
        kok,
        100,
        "LEERBEDRIJF_ONBEKEND",
    );
    let code = niet("code-onbekend", EERSTE_ID, free, 110, "CODE_ONBEKEND")
        .filter(|_| there > 0)
        .map(|voorbeeld| Voorbeeld {
            naam: Some(first.naam),
            postcode: Some(first.postcode),
            huisnummer: Some(first.huisnummer),
            ..voorbeeld
        });
    bedrijf.into_iter().chain(code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{
        domain::{Eindreden, Kern, LeerbedrijfStatus},
        register::{Object, generate::generate},
    };

    #[derive(Default)]
    struct Register {
        kernen: HashMap<LeerbedrijfId, Kern>,
        codes: Vec<Code>,
        equivalenten: Vec<crate::domain::Equivalent>,
    }

    impl Register {
        fn of(plan: &Plan) -> Self {
            let mut register = Self::default();
            for object in generate(plan) {
                match object {
                    Object::Leerbedrijf(l, _) => {
                        register.kernen.insert(l.kern.leerbedrijf_id, l.kern);
                    }
                    Object::Opleiding(o) => register.codes.push(o.code),
                    Object::Equivalent(e) => register.equivalenten.push(e),
                    Object::School(_) | Object::Bpvo(_) => {}
                }
            }
            register
        }

        /// Domain rules 5 and 7 for data as plain as the fixtures': no chains, one past period.
        fn answer(&self, vraag: &Voorbeeld) -> (u16, &'static str) {
            let Some(kern) = self.kernen.get(&vraag.leerbedrijf_id) else {
                return (100, "LEERBEDRIJF_ONBEKEND");
            };
            let signaal = match kern.status {
                LeerbedrijfStatus::Actief => 0,
                LeerbedrijfStatus::Historisch => 102,
            };
            let kern = match kern.opvolging {
                Some(o) if vraag.peildatum >= o.opgevolgd_per => &self.kernen[&o.opvolger],
                _ => kern,
            };
            let dag = vraag.peildatum;
            let runs = |code: Code| {
                kern.erkenningen
                    .iter()
                    .any(|e| e.code == code && e.holds_on(dag))
            };
            let equivalent = |e: &&crate::domain::Equivalent| {
                e.code == vraag.code && e.holds_on(dag) && runs(e.equivalent_met)
            };
            let carried = || kern.erkenningen.iter().any(|e| e.holds_on(dag));
            let own = kern.erkenningen.iter().find(|e| e.code == vraag.code);
            match own {
                _ if runs(vraag.code) => (signaal, "ERKENNING"),
                _ if self.equivalenten.iter().any(|e| equivalent(&e)) => (signaal, "EQUIVALENT"),
                _ if vraag.code.is_keuzedeel() && carried() => (signaal, "KEUZEDEEL"),
                Some(e) if e.startdatum > dag => (signaal, "NOG_NIET_INGEGAAN"),
                Some(e) => (signaal, e.reden.map_or("VERLOPEN", Eindreden::as_str)),
                None if self.codes.contains(&vraag.code) => (signaal, "NOOIT_VERLEEND"),
                None => (110, "CODE_ONBEKEND"),
            }
        }
    }

    fn plan(leerbedrijven: u32, seed: u64, peildatum: &str) -> Plan {
        Plan::new(leerbedrijven, seed, Datum::parse(peildatum).unwrap())
    }

    #[test]
    fn the_register_gives_every_answer_that_is_promised() {
        for (n, seed, dag) in [
            (20, 1, "2026-11-22"),
            (0, 1, "2026-11-22"),
            (9, 1, "2026-11-22"),
            (10, 1, "2026-11-22"),
            (25, 77, "2026-01-01"),
            (25, 3, "2031-08-01"),
            (25, 3, "2024-02-29"),
        ] {
            for ronde in [0, 5] {
                let plan = Plan {
                    ronde,
                    ..plan(n, seed, dag)
                };
                let register = Register::of(&plan);
                for vraag in voorbeelden(&plan) {
                    let promised = vraag.reden.or(vraag.grondslag).unwrap();
                    let found = register.answer(&vraag);
                    assert_eq!(found, (vraag.signaalcode, promised), "{vraag:?} of {n}");
                }
            }
        }
    }

    #[test]
    fn every_status_basis_and_reason_is_shown() {
        let all = voorbeelden(&plan(20, 1, "2026-11-22"));
        assert_eq!(all[0].soort, "erkend");
        let shown = |what: &str| {
            all.iter().any(|v| {
                v.erkenning_status == what || v.reden == Some(what) || v.grondslag == Some(what)
            })
        };
        for what in [
            "ERKEND",
            "NIET_ERKEND",
            "ERKENNING",
            "EQUIVALENT",
            "KEUZEDEEL",
            "NOOIT_VERLEEND",
            "NOG_NIET_INGEGAAN",
            "VERLOPEN",
            "INGETROKKEN",
            "VAN_RECHTSWEGE_VERVALLEN",
            "NIET_VERLENGD",
            "LEERBEDRIJF_ONBEKEND",
            "CODE_ONBEKEND",
        ] {
            assert!(shown(what), "{what}");
        }
        assert!(
            all.iter()
                .any(|v| v.signaalcode == 102 && v.soort == "opgevolgd")
        );
    }

    #[test]
    fn as_json_it_has_the_names_of_the_contract() {
        let first = &voorbeelden(&plan(20, 1, "2026-11-22"))[0];
        assert_eq!(
            serde_json::to_string(first).unwrap(),
            r#"{"soort":"erkend","leerbedrijfId":"100000001","naam":"Restaurant 't Veerhuis","postcode":"4001AB","huisnummer":12,"code":"25180","peildatum":"2026-11-22","signaalcode":0,"erkenningStatus":"ERKEND","grondslag":"ERKENNING"}"#
        );
    }
}
