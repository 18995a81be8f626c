//! vaststellenLeerbedrijf: which leerbedrijf is this? By id, or by name and address (domain §2).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

pub use super::matching::MatchKwaliteit;
use super::{
    Answer, Bevinding, Context, Kop,
    matching::{Gevraagd, Wanted, best_adres, compare},
    natrekken_erkenning::parse_leerbedrijf_id,
    opvragen_detailgegevens::signaalcode_of,
    present,
};
use crate::{
    domain::{
        Adres, Datum, FoldedNaam, Leerbedrijf, LeerbedrijfId, LeerbedrijfStatus, Postcode,
        Signaalcode,
    },
    replica::View,
};

/// The most leerbedrijven in one answer (domain §2).
pub const MAX_LEERBEDRIJVEN: usize = 25;

/// The question as it came. Enough is: leerbedrijfId; naam + postcode; naam + plaats;
/// postcode + huisnummer. Outside NL a postcode has any form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The register's key.
    pub leerbedrijf_id: Option<String>,
    /// Name.
    pub naam: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// House number.
    pub huisnummer: Option<String>,
    /// Town.
    pub plaats: Option<String>,
    /// ISO 3166-1 alpha-2; NL when absent.
    pub land: Option<String>,
    /// See [`super::view_for`].
    pub minimale_register_versie: Option<String>,
}

/// The answer, best match first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VaststellenLeerbedrijfAntwoord)]
pub struct Response {
    /// Het begin van elk antwoord.
    #[serde(flatten)]
    pub kop: Kop,
    /// De gevonden leerbedrijven, beste eerst, hoogstens 25.
    pub leerbedrijven: Vec<Gevonden>,
    /// Of er meer waren dan getoond.
    pub meer_resultaten: bool,
}

/// One leerbedrijf that was found, and how well it fits.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gevonden {
    /// Sleutel van het leerbedrijf in het register.
    #[schema(value_type = String, pattern = "^[1-9][0-9]{8}$", example = "100000001")]
    pub leerbedrijf_id: LeerbedrijfId,
    /// Naam.
    pub naam: String,
    /// ACT: staat in het register; HIS: historisch.
    pub leerbedrijf_status: LeerbedrijfStatus,
    /// Bij een fusie: het leerbedrijf dat dit opvolgt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub opvolger: Option<LeerbedrijfId>,
    /// Eerste dag van de opvolging.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub opgevolgd_per: Option<Datum>,
    /// Waar het gevestigd is.
    pub vestigingsadres: Adres,
    /// Waar post heen gaat, als dat elders is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correspondentieadres: Option<Adres>,
    /// Hoe zeker het is.
    pub match_kwaliteit: MatchKwaliteit,
    /// Waarom, in woorden.
    #[schema(value_type = String, example = "naam en postcode gelijk")]
    pub match_reden: Cow<'static, str>,
}

/// Answers from the view of the context.
#[must_use]
pub fn run(ctx: &Context<'_>, request: Request) -> Answer<Response> {
    let question = match Question::parse(&ctx.view, &request) {
        Ok(question) => question,
        Err(bevindingen) => return not_understood(ctx, bevindingen),
    };
    let (signaalcode, leerbedrijven, meer_resultaten) = match question {
        Question::ById(id, beside) => by_id(&ctx.view, id, &beside),
        Question::BySearch(wanted) => by_search(&ctx.view, &wanted),
    };
    Answer::clean(Response {
        kop: Kop::new(&ctx.view, signaalcode),
        leerbedrijven,
        meer_resultaten,
    })
}

fn not_understood(ctx: &Context<'_>, bevindingen: Vec<Bevinding>) -> Answer<Response> {
    let kop = bevindingen.first().map_or_else(
        || Kop::new(&ctx.view, Signaalcode::TeWeinigZoekgegevens),
        |bevinding| Kop::about(&ctx.view, bevinding),
    );
    let response = Response {
        kop,
        leerbedrijven: Vec::new(),
        meer_resultaten: false,
    };
    Answer::with(response, bevindingen)
}

/// A question that was understood.
enum Question {
    /// The id, and what else was known of it, to be compared.
    ById(LeerbedrijfId, Wanted),
    BySearch(Wanted),
}

impl Question {
    fn parse(view: &View, request: &Request) -> Result<Self, Vec<Bevinding>> {
        let naam = present(request.naam.as_deref()).map(FoldedNaam::new);
        if present(request.leerbedrijf_id.as_deref()).is_some() {
            return match parse_leerbedrijf_id(request.leerbedrijf_id.as_deref()) {
                Ok(id) => Ok(Self::ById(id, Wanted::beside_an_id(view, request))),
                Err(bevinding) => Err(vec![bevinding]),
            };
        }
        let land = parse_land(request.land.as_deref());
        let foreign = land.as_ref().is_ok_and(|land| land != "NL");
        let postcode = parse_postcode(request.postcode.as_deref(), foreign);
        let huisnummer = parse_huisnummer(request.huisnummer.as_deref());
        match (land, postcode, huisnummer) {
            (Ok(land), Ok(postcode), Ok(huisnummer)) => Wanted {
                naam,
                land,
                land_named: present(request.land.as_deref()).is_some(),
                postcode,
                huisnummer,
                plaats: parse_plaats(view, request),
            }
            .enough(),
            (land, postcode, huisnummer) => Err([land.err(), postcode.err(), huisnummer.err()]
                .into_iter()
                .flatten()
                .collect()),
        }
    }
}

impl Wanted {
    /// What is only compared: old data beside a right id is told to differ, never refused.
    fn beside_an_id(view: &View, request: &Request) -> Self {
        let land = present(request.land.as_deref());
        Self {
            naam: present(request.naam.as_deref()).map(FoldedNaam::new),
            land: land.unwrap_or("NL").to_ascii_uppercase(),
            land_named: land.is_some(),
            postcode: present(request.postcode.as_deref()).map(str::to_owned),
            huisnummer: parse_huisnummer(request.huisnummer.as_deref()).unwrap_or(Some(0)),
            plaats: parse_plaats(view, request),
        }
    }

    fn enough(self) -> Result<Question, Vec<Bevinding>> {
        let by_naam = self.naam.is_some() && (self.postcode.is_some() || self.plaats.is_some());
        let by_adres = self.postcode.is_some() && self.huisnummer.is_some();
        if by_naam || by_adres {
            return Ok(Question::BySearch(self));
        }
        let missing = match (&self.naam, &self.postcode) {
            (Some(_), _) => "postcode",
            (None, Some(_)) => "huisnummer",
            (None, None) => "leerbedrijfId",
        };
        Err(vec![Bevinding {
            veld: missing,
            signaalcode: Signaalcode::TeWeinigZoekgegevens,
            uitleg:
                "geef leerbedrijfId, of naam met postcode of plaats, of postcode met huisnummer"
                    .into(),
        }])
    }
}

fn parse_land(field: Option<&str>) -> Result<String, Bevinding> {
    let land = present(field).unwrap_or("NL").to_ascii_uppercase();
    if land.len() == 2 && land.bytes().all(|b| b.is_ascii_uppercase()) {
        Ok(land)
    } else {
        Err(Bevinding {
            veld: "land",
            signaalcode: Signaalcode::ZoekgegevensStrijdig,
            uitleg: "geef een landcode van twee letters (ISO 3166-1), zoals NL of BE".into(),
        })
    }
}

fn parse_postcode(field: Option<&str>, foreign: bool) -> Result<Option<String>, Bevinding> {
    let Some(text) = present(field) else {
        return Ok(None);
    };
    if foreign {
        return Ok(Some(text.to_owned()));
    }
    match Postcode::parse(text) {
        Ok(postcode) => Ok(Some(postcode.to_string())),
        Err(_) => Err(Bevinding {
            veld: "postcode",
            signaalcode: Signaalcode::PostcodeOngeldig,
            uitleg: "geef vier cijfers en twee letters, zoals 1012AB, of noem het land".into(),
        }),
    }
}

fn parse_plaats(view: &View, request: &Request) -> Option<Gevraagd> {
    let land = present(request.land.as_deref());
    present(request.plaats.as_deref()).map(|text| Gevraagd {
        folded: FoldedNaam::new(text),
        // One that is not known, or not from its namesakes, is compared by its letters.
        sleutel: view
            .gazetteer()
            .ken_plaats(text, land)
            .map(|plaats| plaats.sleutel),
    })
}

/// The number of a house; what follows the digits (`12a`, `12-3`) is not compared.
fn parse_huisnummer(field: Option<&str>) -> Result<Option<u32>, Bevinding> {
    let Some(text) = present(field) else {
        return Ok(None);
    };
    let digits = text.split(|c: char| !c.is_ascii_digit()).next();
    match digits.unwrap_or_default().parse() {
        Ok(number) if (1..=99_999).contains(&number) => Ok(Some(number)),
        _ => Err(Bevinding {
            veld: "huisnummer",
            signaalcode: Signaalcode::TeWeinigZoekgegevens,
            uitleg: "geef een huisnummer van 1 tot en met 99999".into(),
        }),
    }
}

fn by_id(view: &View, id: LeerbedrijfId, beside: &Wanted) -> (Signaalcode, Vec<Gevonden>, bool) {
    let Some(leerbedrijf) = view.leerbedrijf(id) else {
        return (Signaalcode::LeerbedrijfOnbekend, Vec::new(), false);
    };
    let signaalcode = signaalcode_of(&leerbedrijf.kern);
    let naam = beside
        .naam
        .as_ref()
        .is_none_or(|naam| *naam == FoldedNaam::new(&leerbedrijf.kern.naam));
    let vestiging = &leerbedrijf.gegevens.vestigingsadres;
    let (adres, _) = best_adres(beside, &leerbedrijf.gegevens);
    let adres = adres && (!beside.land_named || vestiging.land == beside.land);
    let (kwaliteit, reden) = match (naam, adres) {
        (true, true) => (MatchKwaliteit::Exact, "leerbedrijfId gelijk"),
        (false, true) => (
            MatchKwaliteit::Waarschijnlijk,
            "leerbedrijfId gelijk, naam wijkt af",
        ),
        (true, false) => (
            MatchKwaliteit::Waarschijnlijk,
            "leerbedrijfId gelijk, adres wijkt af",
        ),
        (false, false) => (
            MatchKwaliteit::Mogelijk,
            "leerbedrijfId gelijk, naam en adres wijken af",
        ),
    };
    let gevonden = gevonden(leerbedrijf, kwaliteit, Cow::Borrowed(reden));
    (signaalcode, vec![gevonden], false)
}

fn by_search(view: &View, wanted: &Wanted) -> (Signaalcode, Vec<Gevonden>, bool) {
    let mut found: Vec<_> = candidates(view, wanted)
        .into_iter()
        .filter_map(|id| view.leerbedrijf(id))
        .filter_map(|leerbedrijf| Some((compare(wanted, &leerbedrijf)?, leerbedrijf)))
        .collect();
    found.sort_by(|(a, left), (b, right)| {
        let last = |l: &Leerbedrijf| (l.kern.status, l.kern.leerbedrijf_id);
        a.rank().cmp(&b.rank()).then(last(left).cmp(&last(right)))
    });
    let more = found.len() > MAX_LEERBEDRIJVEN;
    found.truncate(MAX_LEERBEDRIJVEN);
    let signaalcode = match (found.first(), more) {
        (None, _) => Signaalcode::GeenResultaat,
        (Some(_), true) => Signaalcode::MeerResultaten,
        (Some((_, only)), false) if found.len() == 1 => signaalcode_of(&only.kern),
        (Some(_), false) => Signaalcode::GeenBijzonderheden,
    };
    let leerbedrijven = found
        .into_iter()
        .map(|(how, leerbedrijf)| gevonden(leerbedrijf, how.kwaliteit, how.reden))
        .collect();
    (signaalcode, leerbedrijven, more)
}

/// Whom the question may be about: who has the postcode or exactly the name, and those nearby with
/// a name that has something in common with it.
fn candidates(view: &View, wanted: &Wanted) -> Vec<LeerbedrijfId> {
    /// Far more than an answer shows; comparing one takes some microseconds.
    const MOST_BY_WORDS: usize = 100;
    let mut found = Vec::new();
    if let Some(postcode) = &wanted.postcode {
        found.extend(view.by_postcode(&wanted.land, postcode));
    }
    if let Some(naam) = &wanted.naam {
        found.extend(view.by_naam(naam));
        for waar in wanted.places() {
            found.extend(view.candidates(naam, &waar, MOST_BY_WORDS));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn gevonden(
    leerbedrijf: Leerbedrijf,
    match_kwaliteit: MatchKwaliteit,
    match_reden: Cow<'static, str>,
) -> Gevonden {
    let Leerbedrijf { kern, gegevens, .. } = leerbedrijf;
    Gevonden {
        leerbedrijf_id: kern.leerbedrijf_id,
        naam: kern.naam,
        leerbedrijf_status: kern.status,
        opvolger: kern.opvolging.map(|o| o.opvolger),
        opgevolgd_per: kern.opvolging.map(|o| o.opgevolgd_per),
        vestigingsadres: gegevens.vestigingsadres,
        correspondentieadres: gegevens.correspondentieadres,
        match_kwaliteit,
        match_reden,
    }
}
