//! natrekkenErkenning: is this leerbedrijf erkend for this code on this date? (domain §2)

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Bevinding, Context, KeuzedeelRegel, Kop, Rules, present};
use crate::{
    domain::{
        Code, Datum, Eindreden, Erkenning, InvalidCode, InvalidDatum, Kern, LeerbedrijfId,
        LeerbedrijfStatus, Leerweg, Signaalcode,
    },
    replica::View,
};

/// The question as it came; every field is checked by meaning (domain rule 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The register's key of the leerbedrijf.
    pub leerbedrijf_id: Option<String>,
    /// Crebo or keuzedeel.
    pub code: Option<String>,
    /// On which day; required (domain rule 4).
    pub peildatum: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = NatrekkenErkenningAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De natrekking zelf.
    #[serde(flatten)]
    pub uitkomst: Uitkomst,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    let (signaalcode, uitkomst, bevindingen) =
        verify(ctx, request.leerbedrijf_id, request.code, request.peildatum);
    let kop = bevindingen.first().map_or_else(
        || Kop::new(&ctx.view, signaalcode),
        |bevinding| Kop::about(&ctx.view, bevinding),
    );
    Answer::with(Response { kop, uitkomst }, bevindingen)
}

/// The verification, for one question of one or of many.
pub(super) fn verify(
    ctx: &Context<'_>,
    leerbedrijf_id: Option<String>,
    code: Option<String>,
    peildatum: Option<String>,
) -> (Signaalcode, Uitkomst, Vec<Bevinding>) {
    let question = Question::parse(
        leerbedrijf_id.as_deref(),
        code.as_deref(),
        peildatum.as_deref(),
    );
    let mut uitkomst = Uitkomst {
        leerbedrijf_id: leerbedrijf_id.filter(|t| !t.is_empty()),
        code: code.filter(|t| !t.is_empty()),
        peildatum: peildatum.filter(|t| !t.is_empty()),
        ..Uitkomst::default()
    };
    match question {
        Ok(question) => {
            let signaalcode = answer(&ctx.view, ctx.rules, &question, &mut uitkomst);
            (signaalcode, uitkomst, Vec::new())
        }
        Err(bevindingen) => {
            let first = bevindingen
                .first()
                .map_or(Signaalcode::GeenBijzonderheden, |b| b.signaalcode);
            (first, uitkomst, bevindingen)
        }
    }
}

/// A question that was understood.
pub(super) struct Question {
    pub(super) id: LeerbedrijfId,
    pub(super) code: Code,
    pub(super) dag: Datum,
}

impl Question {
    fn parse(
        id: Option<&str>,
        code: Option<&str>,
        peildatum: Option<&str>,
    ) -> Result<Self, Vec<Bevinding>> {
        let id = parse_leerbedrijf_id(id);
        let code = parse_code(code);
        let dag = parse_datum("peildatum", peildatum);
        match (id, code, dag) {
            (Ok(id), Ok(code), Ok(dag)) => Ok(Self { id, code, dag }),
            (id, code, dag) => Err([id.err(), code.err(), dag.err()]
                .into_iter()
                .flatten()
                .collect()),
        }
    }
}

/// Reads the request's own leerbedrijfId.
pub(super) fn parse_leerbedrijf_id(field: Option<&str>) -> Result<LeerbedrijfId, Bevinding> {
    LeerbedrijfId::parse(present(field).unwrap_or_default()).map_err(|_| Bevinding {
        veld: "leerbedrijfId",
        signaalcode: Signaalcode::LeerbedrijfIdOngeldig,
        uitleg: "geef negen cijfers, het eerste geen nul, zoals 100000001".into(),
    })
}

pub(super) fn parse_code(field: Option<&str>) -> Result<Code, Bevinding> {
    Code::parse(present(field).unwrap_or_default()).map_err(|error| Bevinding {
        veld: "code",
        signaalcode: match error {
            InvalidCode::Form => Signaalcode::CodeOngeldig,
            InvalidCode::NoQualification => Signaalcode::CodeGeenKwalificatie,
        },
        uitleg: Cow::Borrowed(match error {
            InvalidCode::Form => "geef een crebo van vijf cijfers of een keuzedeel zoals K0072",
            InvalidCode::NoQualification => {
                "23xxx is een dossier en 79xxx een domein; geef de crebo van de kwalificatie"
            }
        }),
    })
}

pub(super) fn parse_datum(veld: &'static str, field: Option<&str>) -> Result<Datum, Bevinding> {
    Datum::parse(present(field).unwrap_or_default()).map_err(|error| match error {
        InvalidDatum::Form => Bevinding {
            veld,
            signaalcode: Signaalcode::DatumOngeldig,
            uitleg:
                "geef een bestaande dag als jjjj-mm-dd, zoals 2026-09-01; de datum is verplicht"
                    .into(),
        },
        InvalidDatum::Range => Bevinding {
            veld,
            signaalcode: Signaalcode::DatumBuitenBereik,
            uitleg: "geef een dag van 1900-01-01 tot en met 2199-12-31".into(),
        },
    })
}

/// Follows mergers to the leerbedrijf that answers on that day, then judges it (rules 5 and 7).
pub(super) fn answer(
    view: &View,
    rules: Rules,
    question: &Question,
    uitkomst: &mut Uitkomst,
) -> Signaalcode {
    let Some(asked) = view.kern(question.id) else {
        return not_erkend(uitkomst, Reden::LeerbedrijfOnbekend, None);
    };
    uitkomst.opvolger = asked.opvolging.map(|o| o.opvolger);
    let historisch = asked.status == LeerbedrijfStatus::Historisch;
    let kern = match successor(view, asked, question.dag) {
        Successor::Itself(kern) => kern,
        Successor::Other(kern) => {
            uitkomst.beantwoord_voor = Some(kern.leerbedrijf_id);
            kern
        }
        Successor::Unknown => {
            not_erkend(uitkomst, Reden::LeerbedrijfOnbekend, None);
            return Signaalcode::LeerbedrijfHistorisch;
        }
    };
    let signaalcode = judge(view, rules, &kern, question, uitkomst);
    uitkomst.naam = Some(kern.naam);
    // That somebody else answers is the first thing to know; status and reden say the rest.
    let answered_for_other = uitkomst.beantwoord_voor.is_some();
    let nothing_else = signaalcode == Signaalcode::GeenBijzonderheden;
    if answered_for_other || (historisch && nothing_else) {
        Signaalcode::LeerbedrijfHistorisch
    } else {
        signaalcode
    }
}

pub(super) enum Successor {
    Itself(Kern),
    Other(Kern),
    Unknown,
}

/// The leerbedrijf that answers for `kern` on that day.
pub(super) fn successor(view: &View, kern: Kern, dag: Datum) -> Successor {
    /// Longer chains than any history of mergers; a bound, so that a loop in the data ends.
    const MAX_MERGERS: usize = 16;
    let asked = kern.leerbedrijf_id;
    let mut kern = kern;
    for _ in 0..MAX_MERGERS {
        match kern.opvolging {
            Some(opvolging) if dag >= opvolging.opgevolgd_per => {
                match view.kern(opvolging.opvolger) {
                    Some(next) => kern = next,
                    None => return Successor::Unknown,
                }
            }
            _ if kern.leerbedrijf_id == asked => return Successor::Itself(kern),
            _ => return Successor::Other(kern),
        }
    }
    Successor::Unknown
}

/// Domain rule 5, in its order: the code itself, an equivalent, a keuzedeel carried by another.
fn judge(
    view: &View,
    rules: Rules,
    kern: &Kern,
    question: &Question,
    uitkomst: &mut Uitkomst,
) -> Signaalcode {
    let Question { code, dag, .. } = *question;
    let known = view.opleiding(code).is_some();
    let carried =
        code.is_keuzedeel() && known && rules.keuzedeel_regel == KeuzedeelRegel::ElkeErkenning;

    if let Some(period) = running(kern, dag, |e| e.code == code) {
        return erkend(uitkomst, Grondslag::Erkenning, period);
    }
    for equivalent in view.equivalenten(code).iter().filter(|e| e.holds_on(dag)) {
        if let Some(period) = running(kern, dag, |e| e.code == equivalent.equivalent_met) {
            uitkomst.erkend_voor_code = Some(period.code);
            return erkend(uitkomst, Grondslag::Equivalent, period);
        }
    }
    if carried && let Some(period) = running(kern, dag, |_| true) {
        return erkend(uitkomst, Grondslag::Keuzedeel, period);
    }
    match nearest(kern, dag, |e| carried || e.code == code) {
        Some(period) => not_erkend(uitkomst, reden_of(period, dag), Some(period)),
        None if known => not_erkend(uitkomst, Reden::NooitVerleend, None),
        None => not_erkend(uitkomst, Reden::CodeOnbekend, None),
    }
}

/// The period that holds on the day; of several, the one that lasts longest.
fn running(kern: &Kern, dag: Datum, fits: impl Fn(&Erkenning) -> bool) -> Option<&Erkenning> {
    kern.erkenningen
        .iter()
        .filter(|e| fits(e) && e.holds_on(dag))
        .max_by_key(|e| (e.einddatum.is_none(), e.einddatum))
}

/// The period nearest to the day, for a code that is not erkend then.
fn nearest(kern: &Kern, dag: Datum, fits: impl Fn(&Erkenning) -> bool) -> Option<&Erkenning> {
    kern.erkenningen
        .iter()
        .filter(|e| fits(e))
        .min_by_key(|e| match e.einddatum {
            Some(eind) if eind < dag => dag.days_after(eind),
            _ => e.startdatum.days_after(dag),
        })
}

/// Why a period that does not hold on the day does not carry it.
fn reden_of(period: &Erkenning, dag: Datum) -> Reden {
    if period.startdatum > dag {
        return Reden::NogNietIngegaan;
    }
    match period.reden {
        Some(Eindreden::Ingetrokken) => Reden::Ingetrokken,
        Some(Eindreden::VanRechtswegeVervallen) => Reden::VanRechtswegeVervallen,
        Some(Eindreden::NietVerlengd) => Reden::NietVerlengd,
        None => Reden::Verlopen,
    }
}

fn erkend(uitkomst: &mut Uitkomst, grondslag: Grondslag, period: &Erkenning) -> Signaalcode {
    uitkomst.erkenning_status = Some(ErkenningStatus::Erkend);
    uitkomst.grondslag = Some(grondslag);
    set_period(uitkomst, period);
    Signaalcode::GeenBijzonderheden
}

fn not_erkend(uitkomst: &mut Uitkomst, reden: Reden, period: Option<&Erkenning>) -> Signaalcode {
    uitkomst.erkenning_status = Some(ErkenningStatus::NietErkend);
    uitkomst.reden = Some(reden);
    if let Some(period) = period {
        set_period(uitkomst, period);
    }
    match reden {
        Reden::LeerbedrijfOnbekend => Signaalcode::LeerbedrijfOnbekend,
        Reden::CodeOnbekend => Signaalcode::CodeOnbekend,
        _ => Signaalcode::GeenBijzonderheden,
    }
}

fn set_period(uitkomst: &mut Uitkomst, period: &Erkenning) {
    uitkomst.startdatum = Some(period.startdatum);
    uitkomst.einddatum = period.einddatum;
    uitkomst.leerwegen = period.leerwegen.iter().collect();
    uitkomst.gedeeltelijk = Some(period.gedeeltelijk);
}

/// What the verification found; shared with the bulk operation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uitkomst {
    /// Het gevraagde leerbedrijfId, zoals het kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "100000001")]
    pub leerbedrijf_id: Option<String>,
    /// Naam van het leerbedrijf dat antwoord geeft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naam: Option<String>,
    /// De gevraagde code, zoals zij kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "25180")]
    pub code: Option<String>,
    /// De gevraagde peildatum, zoals zij kwam.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-22")]
    pub peildatum: Option<String>,
    /// Ontbreekt als de vraag niet begrepen kon worden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erkenning_status: Option<ErkenningStatus>,
    /// Waarop "erkend" berust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grondslag: Option<Grondslag>,
    /// Bij grondslag EQUIVALENT: de code waarvoor de erkenning verleend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub erkend_voor_code: Option<Code>,
    /// Waarom niet erkend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reden: Option<Reden>,
    /// Eerste dag van de periode die het antwoord draagt, of van de dichtstbijzijnde.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub startdatum: Option<Datum>,
    /// Laatste dag daarvan, inclusief; ontbreekt als er geen einde bekend is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub einddatum: Option<Datum>,
    /// Leerwegen waarvoor die periode geldt.
    pub leerwegen: Vec<Leerweg>,
    /// Of slechts een deel van de werkprocessen er geleerd kan worden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gedeeltelijk: Option<bool>,
    /// Het leerbedrijf waarvoor geantwoord is, als dat de opvolger is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub beantwoord_voor: Option<LeerbedrijfId>,
    /// De opvolger van een gefuseerd leerbedrijf.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub opvolger: Option<LeerbedrijfId>,
}

/// Of het leerbedrijf erkend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErkenningStatus {
    /// Erkend op de peildatum.
    Erkend,
    /// Niet erkend op de peildatum; `reden` zegt waarom.
    NietErkend,
}

/// Waarop "erkend" berust (domain rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Grondslag {
    /// Een erkenning voor de code zelf.
    Erkenning,
    /// Een erkenning voor een code die op die dag gelijkwaardig is.
    Equivalent,
    /// Een keuzedeel, gedragen door een lopende erkenning.
    Keuzedeel,
}

/// Waarom niet erkend (domain rule 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reden {
    /// Er is nooit een erkenning voor deze code geweest.
    NooitVerleend,
    /// De erkenning begint later.
    NogNietIngegaan,
    /// De einddatum is voorbij.
    Verlopen,
    /// SBB trok haar in.
    Ingetrokken,
    /// Zij verviel van rechtswege.
    VanRechtswegeVervallen,
    /// Zij werd niet verlengd.
    NietVerlengd,
    /// Het register kent dit leerbedrijf niet.
    LeerbedrijfOnbekend,
    /// Het register kent deze code niet.
    CodeOnbekend,
}
