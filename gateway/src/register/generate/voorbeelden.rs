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

const VRAGEN: &[Vraag] = &[
    ("erkend", 1, "25180", 0, 0, Erkend("ERKENNING")),
    ("keuzedeel", 1, "K0072", 0, 0, Erkend("KEUZEDEEL")),
    ("nooit-verleend", 1, "25400", 0, 0, Niet("NOOIT_VERLEEND")),
    ("ingetrokken", 2, "25118", 0, 0, Niet("INGETROKKEN")),
    ("destijds-erkend", 2, "25118", -400, 0, Erkend("ERKENNING")),
    ("opnieuw-verleend", 2, "25128", 0, 0, Erkend("ERKENNING")),
    ("equivalent", 3, "25656", 0, 0, Erkend("EQUIVALENT")),
    (
        "van-rechtswege-vervallen",
        4,
        "25400",
        0,
        0,
        Niet("VAN_RECHTSWEGE_VERVALLEN"),
    ),
    ("niet-verlengd", 5, "25242", 0, 0, Niet("NIET_VERLENGD")),
    ("verlopen", 6, "25486", 0, 0, Niet("VERLOPEN")),
    (
        "nog-niet-ingegaan",
        7,
        "25332",
        0,
        0,
        Niet("NOG_NIET_INGEGAAN"),
    ),
    ("gedeeltelijk", 8, "25174", 0, 0, Erkend("ERKENNING")),
    ("opgevolgd", 9, "25208", 0, 102, Erkend("ERKENNING")),
    (
        "historisch",
        11,
        "25656",
        0,
        102,
        Niet("VAN_RECHTSWEGE_VERVALLEN"),
    ),
    ("eigen-keuzedeel", 12, "K0072", 0, 0, Erkend("ERKENNING")),
    ("buitenland", 13, "25174", 0, 0, Erkend("ERKENNING")),
    ("einde-aangekondigd", 17, "25455", 0, 0, Erkend("ERKENNING")),
    (
        "na-aangekondigd-einde",
        17,
        "25455",
        61,
        0,
        Niet("INGETROKKEN"),
    ),
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
