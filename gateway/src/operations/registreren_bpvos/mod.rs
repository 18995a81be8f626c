//! registrerenBpvos: which bpvo's a school has running, the relation that decides who hears of a
//! change (domain §2). The first operation that writes.
//!
//! All good lines are kept by one commit, or none is. A line that is wrong spoils only itself.
//! Kept is also what is not erkend, or not known to the register: a school must hear of a change
//! there too, and the answer says what is the matter.

mod bewaren;
mod invoer;
mod plan;

use std::{borrow::Cow, collections::HashSet, sync::Arc, time::Duration};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Answer, Context, Failure, Kop, Pushing, check_school,
    erkend_over::{Oordeel, Periode, erkend_over},
    hash,
    natrekken_erkenning::ErkenningStatus,
};
use crate::{
    domain::{Bewaartermijn, BpvoInhoud, Code, Datum, RegisterVersie, Signaalcode, redacted_debug},
    log::LogWriter,
    metrics,
    replica::{Replica, View},
};
pub use bewaren::Herkenning;
use bewaren::{Bewaard, Opdracht, bewaar};
use invoer::{Regel, in_words, lees, parse_kenmerk};
pub use plan::Telling;
use plan::{Weg, Wens, is_over};

/// The most bpvo's in one request (domain §2).
pub const MAX_BPVOS: usize = 10_000;

/// The most keuzedelen in one bpvo.
pub const MAX_KEUZEDELEN: usize = 50;

/// What an operation needs that does more than read the register.
#[derive(Debug)]
pub struct Writing<'a> {
    /// The way to the log.
    pub log: &'a LogWriter,
    /// Where the write shows up once it is kept.
    pub replica: &'a Arc<Replica>,
    /// How it is known again.
    pub herkenning: Herkenning,
    /// Subscriptions and their feeds.
    pub pushing: Pushing<'a>,
    /// How long to wait for the log, or for the queue.
    pub write_wait: Duration,
    /// How long to wait for this node to have what was written (design invariant 1).
    pub replica_wait: Duration,
}

/// The list as it came.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The same school as the caller's, or absent.
    pub school_oin: Option<String>,
    /// The list is the school's whole list.
    pub vervang_alles: bool,
    /// Only tell what would change.
    pub proef: bool,
    /// At most [`MAX_BPVOS`]; the transport refuses more.
    pub bpvos: Vec<InvoerBpvo>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// One bpvo as it came.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct InvoerBpvo {
    /// The school's own key.
    pub bpvo_kenmerk: Option<String>,
    /// Where the student is.
    pub leerbedrijf_id: Option<String>,
    /// For which kwalificatie.
    pub code: Option<String>,
    /// First day.
    pub begindatum: Option<String>,
    /// Last day as planned.
    pub einddatum_gepland: Option<String>,
    /// Last day as it was.
    pub einddatum_werkelijk: Option<String>,
    /// At most [`MAX_KEUZEDELEN`].
    pub keuzedelen: Vec<InvoerKeuzedeel>,
}

/// A keuzedeel of a bpvo as it came.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct InvoerKeuzedeel {
    /// Which one.
    pub code: Option<String>,
    /// First day.
    pub begindatum: Option<String>,
    /// Last day as planned.
    pub einddatum_gepland: Option<String>,
}

/// What became of the list.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = RegistrerenBpvosAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// Hoeveel er veranderde.
    #[serde(flatten)]
    pub telling: Telling,
    /// Een resultaat per bpvo, in de gegeven volgorde.
    pub resultaten: Vec<Resultaat>,
}

/// What became of one bpvo.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BpvoResultaat)]
pub struct Resultaat {
    /// Het kenmerk, zoals het kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "BPV-2026-000417")]
    pub bpvo_kenmerk: Option<String>,
    /// Uitkomst van deze bpvo.
    #[schema(value_type = u16, example = 0)]
    pub signaalcode: Signaalcode,
    /// De uitkomst in woorden; ontbreekt bij 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signaaltekst: Option<Cow<'static, str>>,
    /// Of het leerbedrijf erkend is over de hele periode, ook voor de keuzedelen; ontbreekt als de
    /// bpvo niet bewaard is, of te lang voorbij is om te bewaren (121).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erkenning_status: Option<ErkenningStatus>,
    /// Laatste dag van de erkenning, als die er is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum: Option<Datum>,
}

redacted_debug!(Request, InvoerBpvo, InvoerKeuzedeel, Response, Resultaat);

/// Keeps the list, or with `proef` tells what keeping it would change.
///
/// # Errors
/// [`Failure::OtherSchool`], and those of keeping it; nothing is known to be kept then.
pub async fn run(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    request: Request,
) -> Result<Answer<Response>, Failure> {
    check_school(ctx, request.school_oin.as_deref())?;
    let regels = lees(&request.bpvos);
    let wens = wish(ctx, request.vervang_alles, &regels);
    let nothing_removed = request.vervang_alles && !wens.is_about_all();
    let opdracht = Opdracht {
        wens,
        proef: request.proef,
        vraag: hash(&(request.vervang_alles, &request.bpvos)),
        nu: ctx.now,
    };
    let bewaard = bewaar(writing, ctx.caller.afnemer_oin, opdracht).await?;
    let (view, kop) = stand(ctx, writing, &bewaard).await;
    let refused: Vec<usize> = (0..regels.len())
        .filter(|index| matches!(regels[*index], Regel::Afgekeurd { .. }))
        .collect();
    let how = how(&request, &bewaard);
    note(ctx, &bewaard, refused.len(), how);
    let ctx = Context {
        view,
        ..ctx.clone()
    };
    let kop = match refused.first() {
        None => kop,
        Some(first) => refusing(kop, (*first, refused.len(), regels.len()), nothing_removed),
    };
    let resultaten = request
        .bpvos
        .into_iter()
        .zip(&regels)
        .map(|(invoer, regel)| resultaat(&ctx, invoer.bpvo_kenmerk, regel))
        .collect();
    Ok(Answer::clean(Response {
        kop,
        telling: bewaard.telling,
        resultaten,
    }))
}

/// Takes one bpvo out of the school's list. One that is not there is signaalcode 130; one that the
/// register has stays, as the register's.
///
/// # Errors
/// Those of keeping it.
pub async fn verwijder(
    ctx: &Context<'_>,
    writing: &Writing<'_>,
    bpvo_kenmerk: Option<String>,
) -> Result<Answer<Response>, Failure> {
    let nobody = |kop| {
        Answer::clean(Response {
            kop,
            telling: Telling::default(),
            resultaten: Vec::new(),
        })
    };
    // What cannot be a kenmerk was never registered.
    let Ok(kenmerk) = parse_kenmerk(bpvo_kenmerk.as_deref()) else {
        return Ok(nobody(Kop::new(&ctx.view, Signaalcode::GeenResultaat)));
    };
    let opdracht = Opdracht {
        vraag: hash(&("verwijder", &kenmerk)),
        wens: Wens {
            school_oin: ctx.caller.school_oin,
            zet: Vec::new(),
            weg: Weg::Kenmerk(kenmerk.clone()),
            grens: None,
        },
        proef: false,
        nu: ctx.now,
    };
    let mut bewaard = bewaar(writing, ctx.caller.afnemer_oin, opdracht).await?;
    let (view, kop) = stand(ctx, writing, &bewaard).await;
    if bewaard.telling.verwijderd == 0 {
        let mut there = view.bpvos_of(ctx.caller.school_oin, None);
        if !there.any(|(_, bpvo)| bpvo.bpvo_kenmerk == kenmerk) {
            return Ok(nobody(Kop::new(&view, Signaalcode::GeenResultaat)));
        }
        bewaard.telling.ongewijzigd = 1;
    }
    let how = if bewaard.herhaald {
        HERHAALD
    } else {
        GESCHREVEN
    };
    note(ctx, &bewaard, 0, how);
    Ok(Answer::clean(Response {
        kop,
        telling: bewaard.telling,
        resultaten: Vec::new(),
    }))
}

/// What the good lines ask of the school's list. A line that is refused keeps what stands under its
/// key; when its key cannot be read, it might be any, and nothing is removed.
fn wish(ctx: &Context<'_>, vervang_alles: bool, regels: &[Regel]) -> Wens {
    let zet = regels
        .iter()
        .filter_map(|regel| match regel {
            Regel::Goed { kenmerk, inhoud } => Some((kenmerk.clone(), inhoud.clone())),
            Regel::Afgekeurd { .. } => None,
        })
        .collect();
    let refused = regels
        .iter()
        .filter(|regel| matches!(regel, Regel::Afgekeurd { .. }))
        .map(|regel| regel.kenmerk().map(str::to_owned));
    let behoud: Option<HashSet<String>> = refused.collect();
    Wens {
        school_oin: ctx.caller.school_oin,
        zet,
        weg: match behoud {
            Some(behoud) if vervang_alles => Weg::Rest(behoud),
            _ => Weg::Niets,
        },
        grens: grens(ctx),
    }
}

/// The first last day that is still kept.
fn grens(ctx: &Context<'_>) -> Option<Datum> {
    let vandaag = ctx.now.datum().ok()?;
    Some(ctx.rules.bpvo_bewaring.grens(vandaag))
}

/// The state that holds the write, once this node has it, and the head of an answer from it. A
/// node that does not get it in time answers from what it has, and says where the write stands.
async fn stand(ctx: &Context<'_>, writing: &Writing<'_>, bewaard: &Bewaard) -> (Arc<View>, Kop) {
    let reached = writing
        .replica
        .at_least(bewaard.versie, writing.replica_wait);
    let code = Signaalcode::GeenBijzonderheden;
    match (reached.await, &bewaard.commit) {
        (Ok(view), _) => {
            let kop = Kop::new(&view, code);
            (view, kop)
        }
        (Err(_), None) => (Arc::clone(&ctx.view), Kop::new(&ctx.view, code)),
        (Err(_), Some(commit)) => {
            let kop = Kop {
                register_versie: bewaard.versie,
                register_tijdstip: commit.tijdstip,
                ..Kop::new(&ctx.view, code)
            };
            (Arc::clone(&ctx.view), kop)
        }
    }
}

/// The head of an answer to a list of which lines were refused: which is the first, how many of
/// how many.
fn refusing(kop: Kop, refused: (usize, usize, usize), nothing_removed: bool) -> Kop {
    let (first, count, all) = refused;
    let signaalcode = Signaalcode::BpvoAfgekeurd;
    let kept = if nothing_removed {
        "; van een daarvan is het bpvoKenmerk onleesbaar, daarom is er niets verwijderd"
    } else {
        ""
    };
    Kop {
        signaalcode,
        signaaltekst: Some(
            format!(
                "{}: {count} van de {all} regels, de eerste is regel {}; zie resultaten{kept}",
                signaalcode.tekst(),
                first + 1
            )
            .into(),
        ),
        ..kop
    }
}

fn resultaat(ctx: &Context<'_>, kenmerk: Option<String>, regel: &Regel) -> Resultaat {
    let bpvo_kenmerk = kenmerk.filter(|kenmerk| !kenmerk.is_empty());
    match regel {
        Regel::Afgekeurd { fouten, .. } => Resultaat {
            bpvo_kenmerk,
            signaalcode: fouten
                .first()
                .map_or(Signaalcode::BpvoAfgekeurd, |fout| fout.signaalcode),
            signaaltekst: Some(in_words(fouten).into()),
            erkenning_status: None,
            einddatum: None,
        },
        Regel::Goed { inhoud, .. } if is_over(inhoud, grens(ctx)) => Resultaat {
            bpvo_kenmerk,
            signaalcode: Signaalcode::DatumBuitenBereik,
            signaaltekst: Some(in_words_over(ctx.rules.bpvo_bewaring).into()),
            erkenning_status: None,
            einddatum: None,
        },
        Regel::Goed { inhoud, .. } => {
            let (oordeel, keuzedeel) = judge(ctx, inhoud);
            Resultaat {
                bpvo_kenmerk,
                signaalcode: oordeel.signaalcode,
                signaaltekst: told(oordeel.signaalcode, keuzedeel),
                erkenning_status: Some(oordeel.status),
                einddatum: oordeel.einddatum,
            }
        }
    }
}

fn in_words_over(bewaring: Bewaartermijn) -> String {
    format!(
        "{}: de laatste dag ligt meer dan {} dagen terug; zo'n bpvo wordt niet opgenomen, en verdwijnt als zij er \
         nog staat",
        Signaalcode::DatumBuitenBereik.tekst(),
        bewaring.dagen()
    )
}

/// Whether the leerbedrijf is erkend over the whole bpvo and over each of its keuzedelen; and for
/// which keuzedeel it is not, when it is for the rest.
fn judge(ctx: &Context<'_>, inhoud: &BpvoInhoud) -> (Oordeel, Option<Code>) {
    let over = |code, van, tot| {
        let periode = Periode { van, tot };
        erkend_over(&ctx.view, ctx.rules, inhoud.leerbedrijf_id, code, periode)
    };
    let mut whole = over(inhoud.code, inhoud.begindatum, inhoud.einddatum());
    let mut lacking = None;
    for keuzedeel in &inhoud.keuzedelen {
        // The student is gone after the last day of the bpvo.
        if keuzedeel.begindatum > inhoud.einddatum() {
            continue;
        }
        let tot = keuzedeel.einddatum_gepland.min(inhoud.einddatum());
        let part = over(keuzedeel.code, keuzedeel.begindatum, tot);
        match (whole.status, part.status) {
            (ErkenningStatus::Erkend, ErkenningStatus::NietErkend) => {
                whole = part;
                lacking = Some(keuzedeel.code);
            }
            (ErkenningStatus::Erkend, ErkenningStatus::Erkend) => {
                whole.einddatum = earliest(whole.einddatum, part.einddatum);
            }
            (ErkenningStatus::NietErkend, _) => {}
        }
    }
    (whole, lacking)
}

fn earliest(left: Option<Datum>, right: Option<Datum>) -> Option<Datum> {
    left.into_iter().chain(right).min()
}

fn told(signaalcode: Signaalcode, keuzedeel: Option<Code>) -> Option<Cow<'static, str>> {
    let text = super::signaaltekst(signaalcode)?;
    Some(match keuzedeel {
        Some(code) => format!("{text}: keuzedeel {code}").into(),
        None => text,
    })
}

const GESCHREVEN: &str = "geschreven";
const ONGEWIJZIGD: &str = "ongewijzigd";
const HERHAALD: &str = "herhaald";
const PROEF: &str = "proef";

fn how(request: &Request, bewaard: &Bewaard) -> &'static str {
    if request.proef {
        PROEF
    } else if bewaard.herhaald {
        HERHAALD
    } else if bewaard.commit.is_some() {
        GESCHREVEN
    } else {
        ONGEWIJZIGD
    }
}

/// Counts a write and logs it: how much changed, never what.
fn note(ctx: &Context<'_>, bewaard: &Bewaard, afgekeurd: usize, uitkomst: &'static str) {
    let Telling {
        toegevoegd,
        gewijzigd,
        verwijderd,
        ongewijzigd,
    } = bewaard.telling;
    let RegisterVersie { tijdlijn, nummer } = bewaard.versie;
    ::metrics::counter!(metrics::names::BPVOS_SCHRIJFACTIES, "uitkomst" => uitkomst).increment(1);
    if uitkomst == GESCHREVEN {
        for (what, count) in [
            ("toegevoegd", toegevoegd),
            ("gewijzigd", gewijzigd),
            ("verwijderd", verwijderd),
        ] {
            let counter = ::metrics::counter!(metrics::names::BPVOS_GESCHREVEN, "wat" => what);
            counter.increment(u64::from(count));
        }
    }
    tracing::info!(
        afnemer = %ctx.caller.afnemer_naam,
        school = %ctx.caller.school_oin,
        uitkomst, toegevoegd, gewijzigd, verwijderd, ongewijzigd, afgekeurd, tijdlijn, nummer,
        "bpvos registered"
    );
}
