//! opvragenBpvos: what is registered for a school, by itself and by the register (domain §2).
//!
//! Only the school's own: a kenmerk of another school is not there. Pages go by the keys of the
//! bpvo's, which never change, so that nothing is repeated or skipped while the register changes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Answer, Bevinding, Context, Failure, Kop, check_school, present,
    seal::{seal, unseal},
};
use crate::{
    audit::Betrokkene,
    domain::{
        Bpvo, BpvoInhoud, Code, Datum, Herkomst, Keuzedeel, LeerbedrijfId, Oin, Signaalcode,
        redacted_debug,
    },
    replica::BpvoSleutel,
};

/// Bpvo's on a page: the most that domain rule 12 allows, since a list is read whole.
pub const PAGINA: usize = 100;

/// The most keuzedelen of the register that a difference tells.
const MAX_TOLD: usize = 10;

/// First byte of a cursor: it is of this operation, and of this form.
const FORM: u8 = 2;

/// Which page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The same school as the caller's, or absent.
    pub school_oin: Option<String>,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// A page.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OpvragenBpvosAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De bpvo's van de school op deze pagina, hoogstens 100.
    pub bpvos: Vec<BpvoDetail>,
    /// Bladwijzer van de volgende pagina; ontbreekt op de laatste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volgende_cursor: Option<String>,
}

/// One bpvo alone.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OpvragenBpvoAntwoord)]
pub struct ResponseOfOne {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De bpvo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpvo: Option<BpvoDetail>,
}

/// A bpvo as it is registered.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Bpvo)]
pub struct BpvoDetail {
    /// Eigen kenmerk van de school.
    #[schema(example = "BPV-2026-000417", min_length = 1, max_length = 41)]
    pub bpvo_kenmerk: String,
    /// Het leerbedrijf.
    #[schema(value_type = String, example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// De kwalificatie.
    #[schema(value_type = String, example = "25180")]
    pub code: Code,
    /// Eerste dag.
    #[schema(value_type = String, format = "date")]
    pub begindatum: Datum,
    /// Laatste dag volgens plan, inclusief.
    #[schema(value_type = String, format = "date")]
    pub einddatum_gepland: Datum,
    /// Laatste dag zoals die werd.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum_werkelijk: Option<Datum>,
    /// Keuzedelen binnen de bpvo.
    pub keuzedelen: Vec<KeuzedeelDetail>,
    /// Wie de bpvo aanmeldde: de school, het register of beide.
    pub herkomst: Herkomst,
    /// Waarin het register afwijkt van wat de school aanmeldde, in woorden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verschil: Option<String>,
}

/// A keuzedeel of a bpvo.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BpvoKeuzedeel)]
pub struct KeuzedeelDetail {
    /// Het keuzedeel.
    #[schema(value_type = String, example = "K0165")]
    pub code: Code,
    /// Eerste dag.
    #[schema(value_type = String, format = "date")]
    pub begindatum: Datum,
    /// Laatste dag volgens plan, inclusief.
    #[schema(value_type = String, format = "date")]
    pub einddatum_gepland: Datum,
}

redacted_debug!(Response, ResponseOfOne, BpvoDetail);

/// A page of the caller's school.
///
/// # Errors
/// [`Failure::OtherSchool`].
pub fn run(ctx: &Context<'_>, request: Request) -> Result<Answer<Response>, Failure> {
    check_school(ctx, request.school_oin.as_deref())?;
    let behind = match present(request.cursor.as_deref()) {
        None => None,
        Some(text) => match read_cursor(ctx, text) {
            Some(sleutel) => Some(sleutel),
            None => return Ok(no_cursor(ctx)),
        },
    };
    let mut found = ctx.view.bpvos_of(ctx.caller.school_oin, behind);
    let page: Vec<(BpvoSleutel, Bpvo)> = found.by_ref().take(PAGINA).collect();
    let more = found.next().is_some();
    let last = page.last().filter(|_| more);
    let volgende_cursor = last.map(|(sleutel, _)| cursor(ctx, *sleutel));
    let over = page.iter().map(|(_, bpvo)| student(bpvo)).collect();
    let response = Response {
        kop: Kop::new(&ctx.view, Signaalcode::GeenBijzonderheden),
        bpvos: page.into_iter().map(|(_, bpvo)| detail(bpvo)).collect(),
        volgende_cursor,
    };
    Ok(Answer::about(response, over))
}

/// One bpvo of the caller's school; without it the signaalcode is 130.
#[must_use]
pub fn run_of_one(ctx: &Context<'_>, bpvo_kenmerk: Option<&str>) -> Answer<ResponseOfOne> {
    let kenmerk = present(bpvo_kenmerk).unwrap_or_default();
    // Its key in the log needs the database, which may be away; a school's list is looked through
    // in about a millisecond.
    let mut all = ctx.view.bpvos_of(ctx.caller.school_oin, None);
    let found = all.find(|(_, bpvo)| bpvo.bpvo_kenmerk == kenmerk);
    let signaalcode = match found {
        Some(_) => Signaalcode::GeenBijzonderheden,
        None => Signaalcode::GeenResultaat,
    };
    let over = found.iter().map(|(_, bpvo)| student(bpvo)).collect();
    let response = ResponseOfOne {
        kop: Kop::new(&ctx.view, signaalcode),
        bpvo: found.map(|(_, bpvo)| detail(bpvo)),
    };
    Answer::about(response, over)
}

/// Whom a bpvo is about.
fn student(bpvo: &Bpvo) -> Betrokkene {
    Betrokkene::Bpvo {
        school_oin: bpvo.school_oin,
        bpvo_kenmerk: bpvo.bpvo_kenmerk.clone(),
        leerbedrijf_id: bpvo.leerbedrijf_id,
    }
}

/// Behind which bpvo of which school a page begins, for whom.
#[derive(Serialize, Deserialize)]
pub(super) struct Cursor {
    form: u8,
    afnemer_oin: Oin,
    school_oin: Oin,
    sleutel: BpvoSleutel,
}

fn cursor(ctx: &Context<'_>, sleutel: BpvoSleutel) -> String {
    let cursor = Cursor {
        form: FORM,
        afnemer_oin: ctx.caller.afnemer_oin,
        school_oin: ctx.caller.school_oin,
        sleutel,
    };
    seal(&ctx.rules, &cursor)
}

fn read_cursor(ctx: &Context<'_>, text: &str) -> Option<BpvoSleutel> {
    let cursor: Cursor = unseal(&ctx.rules, text)?;
    let ours = cursor.form == FORM
        && cursor.afnemer_oin == ctx.caller.afnemer_oin
        && cursor.school_oin == ctx.caller.school_oin;
    ours.then_some(cursor.sleutel)
}

fn no_cursor(ctx: &Context<'_>) -> Answer<Response> {
    let bevinding = Bevinding {
        veld: "cursor",
        signaalcode: Signaalcode::CursorOngeldig,
        uitleg:
            "geef volgendeCursor van het vorige antwoord voor dezelfde school, of laat het veld weg"
                .into(),
    };
    let response = Response {
        kop: Kop::about(&ctx.view, &bevinding),
        bpvos: Vec::new(),
        volgende_cursor: None,
    };
    Answer::with(response, vec![bevinding])
}

fn detail(bpvo: Bpvo) -> BpvoDetail {
    let verschil = verschil(&bpvo);
    BpvoDetail {
        bpvo_kenmerk: bpvo.bpvo_kenmerk,
        leerbedrijf_id: bpvo.leerbedrijf_id,
        code: bpvo.code,
        begindatum: bpvo.begindatum,
        einddatum_gepland: bpvo.einddatum_gepland,
        einddatum_werkelijk: bpvo.einddatum_werkelijk,
        keuzedelen: bpvo.keuzedelen.into_iter().map(keuzedeel).collect(),
        herkomst: bpvo.herkomst,
        verschil,
    }
}

fn keuzedeel(keuzedeel: Keuzedeel) -> KeuzedeelDetail {
    KeuzedeelDetail {
        code: keuzedeel.code,
        begindatum: keuzedeel.begindatum,
        einddatum_gepland: keuzedeel.einddatum_gepland,
    }
}

/// Which fields the register has otherwise, and how.
fn verschil(bpvo: &Bpvo) -> Option<String> {
    let other = bpvo.volgens_register.as_deref()?;
    let told: Vec<String> = bpvo
        .verschillen()
        .into_iter()
        .map(|veld| format!("{veld} {}", in_register(veld, other)))
        .collect();
    (!told.is_empty()).then(|| format!("volgens het register: {}", told.join("; ")))
}

fn in_register(veld: &str, other: &BpvoInhoud) -> String {
    match veld {
        "leerbedrijfId" => other.leerbedrijf_id.to_string(),
        "code" => other.code.to_string(),
        "begindatum" => other.begindatum.to_string(),
        "einddatumGepland" => other.einddatum_gepland.to_string(),
        "einddatumWerkelijk" => other
            .einddatum_werkelijk
            .map_or_else(|| "geen".to_owned(), |dag| dag.to_string()),
        _ => keuzedelen_in_words(&other.keuzedelen),
    }
}

fn keuzedelen_in_words(all: &[Keuzedeel]) -> String {
    if all.is_empty() {
        return "geen".to_owned();
    }
    let told: Vec<String> = all
        .iter()
        .take(MAX_TOLD)
        .map(|k| format!("{} ({} t/m {})", k.code, k.begindatum, k.einddatum_gepland))
        .collect();
    match all.len().saturating_sub(MAX_TOLD) {
        0 => told.join(", "),
        rest => format!("{} en nog {rest}", told.join(", ")),
    }
}
