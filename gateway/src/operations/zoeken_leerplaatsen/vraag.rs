//! From the fields as they came to a question that was understood (domain rule 2).

use std::borrow::Cow;

use super::{
    MAX_PAGINA, Request, STANDAARD_PAGINA,
    codes::{self, Codekeuze},
    plek::{self, Plek},
};
use crate::{
    domain::{Code, Datum, FoldedNaam, LeerplaatsSoort, Leerweg, Signaalcode},
    operations::{
        Bevinding,
        natrekken_erkenning::{parse_code, parse_datum},
        present,
    },
    replica::{
        View,
        search::{Codevraag, Leerplaatsvraag, Query, Soort, Sortering, Waar},
    },
};

/// Most places that can be asked for at once: more than any leerbedrijf offers.
const MAX_PLAATSEN: u32 = 9_999;
/// Greatest distance that can be asked for: wider than the country.
const MAX_STRAAL_KM: f64 = 500.0;

/// A question that was understood.
#[derive(Debug, Clone)]
pub(super) struct Vraag {
    pub(super) query: Query,
    /// The day on which the first page was asked for.
    pub(super) vandaag: Datum,
    pub(super) plek: Option<Plek>,
    pub(super) codes: Option<Codekeuze>,
    pub(super) pagina: usize,
    pub(super) toelichten: bool,
    /// Names of people are asked for (rule 11).
    pub(super) opleiders: bool,
}

/// The fields that stand on their own, each understood or not.
struct Velden {
    /// None when it is missing or wrong, which is told.
    soort: Option<Zoeksoort>,
    leerweg: Option<Leerweg>,
    niveau: Option<u8>,
    leerplaats_soort: Option<LeerplaatsSoort>,
    van: Option<Datum>,
    tot: Option<Datum>,
    minimum: Option<u32>,
    straal_km: Option<f64>,
    sortering: Sortering,
    pagina: usize,
    code: Option<Code>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zoeksoort {
    Erkenning,
    Leerplaats,
}

impl Vraag {
    /// `vandaag` is the day on which the first page was asked for.
    ///
    /// # Errors
    /// All that is wrong with the fields, or with what they mean together.
    pub(super) fn parse(
        view: &View,
        request: &Request,
        vandaag: Datum,
    ) -> Result<Self, Vec<Bevinding>> {
        let velden = Velden::parse(request, vandaag)?;
        let van = velden.van.unwrap_or(vandaag);
        let tot = velden.tot.unwrap_or(van).max(van);
        let plek = plek::resolve(view, request, velden.straal_km);
        let codes = codes::choose(
            view,
            velden.code,
            present(request.opleidingsnaam.as_deref()),
            velden.niveau,
            van,
        );
        let (plek, codes) = match (plek, codes) {
            (Ok(plek), Ok(codes)) => (plek, codes),
            (plek, codes) => return Err(plek.err().into_iter().chain(codes.err()).collect()),
        };
        let query = Query {
            soort: match velden.soort {
                None | Some(Zoeksoort::Erkenning) => Soort::Erkenning,
                Some(Zoeksoort::Leerplaats) => {
                    Soort::Leerplaats(velden.leerplaatsvraag(request, vandaag))
                }
            },
            naam: present(request.naam.as_deref()).map(FoldedNaam::new),
            waar: plek.as_ref().map_or(Waar::Overal, |plek| plek.waar.clone()),
            punt: plek.as_ref().and_then(|plek| plek.punt),
            codes: codes.as_ref().map(|codes| Codevraag {
                eigen: codes.eigen.clone(),
                equivalent: codes.equivalent.keys().copied().collect(),
            }),
            leerweg: velden.leerweg,
            van,
            tot,
            sortering: velden.sortering,
            tellen: request.met_tellingen == Some(true),
        };
        Ok(Self {
            query,
            vandaag,
            plek,
            codes,
            pagina: velden.pagina,
            toelichten: request.met_toelichting == Some(true),
            opleiders: request.met_praktijkopleiders == Some(true),
        })
    }
}

impl Velden {
    fn parse(request: &Request, vandaag: Datum) -> Result<Self, Vec<Bevinding>> {
        let mut wrong = Vec::new();
        let mut keep = |bevinding| wrong.push(bevinding);
        let velden = Self {
            soort: choice("soort", request.soort.as_deref(), SOORTEN, &mut keep),
            leerweg: choice("leerweg", request.leerweg.as_deref(), LEERWEGEN, &mut keep),
            niveau: number("niveau", request.niveau.as_deref(), 1, 4, &mut keep)
                .and_then(|niveau| u8::try_from(niveau).ok()),
            leerplaats_soort: choice(
                "leerplaatsSoort",
                request.leerplaats_soort.as_deref(),
                LEERPLAATS_SOORTEN,
                &mut keep,
            ),
            van: day(
                "beschikbaarVanaf",
                request.beschikbaar_vanaf.as_deref(),
                &mut keep,
            ),
            tot: day(
                "beschikbaarTot",
                request.beschikbaar_tot.as_deref(),
                &mut keep,
            ),
            minimum: number(
                "minimumPlaatsen",
                request.minimum_plaatsen.as_deref(),
                1,
                MAX_PLAATSEN,
                &mut keep,
            ),
            straal_km: straal(request.straal_km.as_deref(), &mut keep),
            sortering: choice(
                "sortering",
                request.sortering.as_deref(),
                SORTERINGEN,
                &mut keep,
            )
            .unwrap_or_default(),
            pagina: number(
                "paginaGrootte",
                request.pagina_grootte.as_deref(),
                1,
                MAX_PAGINA as u32,
                &mut keep,
            )
            .map_or(STANDAARD_PAGINA, |size| size as usize),
            code: present(request.code.as_deref()).and_then(|code| {
                let parsed = parse_code(Some(code));
                parsed.map_err(&mut keep).ok()
            }),
        };
        if present(request.soort.as_deref()).is_none() {
            let uitleg = "geef ERKENNING of LEERPLAATS";
            wrong.push(about("soort", Signaalcode::TeWeinigZoekgegevens, uitleg));
        }
        wrong.extend(velden.contradictions(request, vandaag));
        if wrong.is_empty() && !has_filter(request) {
            wrong.push(about(
                "naam",
                Signaalcode::TeWeinigZoekgegevens,
                "geef ten minste één filter: naam, een plaats, code, opleidingsnaam, leerweg, niveau, een periode of wat een leerplaats moet bieden",
            ));
        }
        if wrong.is_empty() {
            Ok(velden)
        } else {
            Err(wrong)
        }
    }

    /// What cannot both be meant.
    fn contradictions(&self, request: &Request, vandaag: Datum) -> Vec<Bevinding> {
        let mut found = Vec::new();
        let mut against = |veld, uitleg: &'static str| {
            found.push(about(veld, Signaalcode::ZoekgegevensStrijdig, uitleg));
        };
        if self.soort == Some(Zoeksoort::Erkenning) {
            let only_leerplaats = "dit kan alleen bij soort LEERPLAATS";
            if self.leerplaats_soort.is_some() {
                against("leerplaatsSoort", only_leerplaats);
            }
            if request.met_vergoeding.is_some() {
                against("metVergoeding", only_leerplaats);
            }
            if self.minimum.is_some() {
                against("minimumPlaatsen", only_leerplaats);
            }
        }
        match (self.leerweg, self.leerplaats_soort) {
            (Some(Leerweg::Bol), Some(LeerplaatsSoort::Leerbaan)) => {
                against(
                    "leerplaatsSoort",
                    "een LEERBAAN is BBL; bij BOL hoort STAGE",
                );
            }
            (Some(Leerweg::Bbl), Some(LeerplaatsSoort::Stage)) => {
                against(
                    "leerplaatsSoort",
                    "een STAGE is BOL; bij BBL hoort LEERBAAN",
                );
            }
            _ => {}
        }
        let begin = self.van.unwrap_or(vandaag);
        if self.tot.is_some_and(|tot| tot < begin) {
            against(
                "beschikbaarTot",
                "de laatste dag ligt voor beschikbaarVanaf, of zonder die voor vandaag",
            );
        }
        let has_place = [&request.adres, &request.postcode, &request.plaats]
            .iter()
            .any(|field| present(field.as_deref()).is_some());
        if self.sortering == Sortering::Afstand && !has_place {
            against(
                "sortering",
                "AFSTAND kan alleen met een postcode, plaats of adres",
            );
        }
        if self.straal_km.is_some() && !has_place {
            found.push(about(
                "straalKm",
                Signaalcode::TeWeinigZoekgegevens,
                "geef bij een straal ook een postcode, plaats of adres",
            ));
        }
        found
    }

    fn leerplaatsvraag(&self, request: &Request, vandaag: Datum) -> Leerplaatsvraag {
        Leerplaatsvraag {
            soort: self.leerplaats_soort,
            vergoeding: request.met_vergoeding,
            minimum: self.minimum.unwrap_or(0),
            // From a day: it is there by then. Until a day alone: it has begun by then.
            begint_voor: self.van.or(self.tot),
            // What is over can never be meant, unless the day asked for is over too.
            loopt_tot: match (self.van, self.tot) {
                (Some(van), tot) => tot.unwrap_or(van).max(van),
                (None, Some(tot)) => tot.max(vandaag),
                (None, None) => vandaag,
            },
        }
    }
}

const SOORTEN: &[(&str, Zoeksoort)] = &[
    ("ERKENNING", Zoeksoort::Erkenning),
    ("LEERPLAATS", Zoeksoort::Leerplaats),
];
const LEERWEGEN: &[(&str, Leerweg)] = &[("BOL", Leerweg::Bol), ("BBL", Leerweg::Bbl)];
const LEERPLAATS_SOORTEN: &[(&str, LeerplaatsSoort)] = &[
    ("STAGE", LeerplaatsSoort::Stage),
    ("LEERBAAN", LeerplaatsSoort::Leerbaan),
];
const SORTERINGEN: &[(&str, Sortering)] = &[
    ("RELEVANTIE", Sortering::Relevantie),
    ("AFSTAND", Sortering::Afstand),
    ("NAAM", Sortering::Naam),
];

/// Sorting, paging and what is to be shown are no filters, nor is a distance from nowhere.
fn has_filter(request: &Request) -> bool {
    let texts = [
        &request.naam,
        &request.postcode,
        &request.plaats,
        &request.adres,
        &request.straal_km,
        &request.code,
        &request.opleidingsnaam,
        &request.leerweg,
        &request.niveau,
        &request.leerplaats_soort,
        &request.beschikbaar_vanaf,
        &request.beschikbaar_tot,
        &request.minimum_plaatsen,
    ];
    request.met_vergoeding.is_some()
        || texts
            .iter()
            .any(|field| present(field.as_deref()).is_some())
}

/// One of the words of a list, in any case.
fn choice<T: Copy>(
    veld: &'static str,
    field: Option<&str>,
    choices: &[(&'static str, T)],
    wrong: &mut impl FnMut(Bevinding),
) -> Option<T> {
    let text = present(field)?;
    let found = choices
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    if found.is_none() {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let uitleg = format!("geef {}", words.join(" of "));
        wrong(about(veld, Signaalcode::TeWeinigZoekgegevens, uitleg));
    }
    found.map(|(_, value)| *value)
}

fn number(
    veld: &'static str,
    field: Option<&str>,
    least: u32,
    most: u32,
    wrong: &mut impl FnMut(Bevinding),
) -> Option<u32> {
    let text = present(field)?;
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|n| digits && (least..=most).contains(n));
    if number.is_none() {
        let uitleg = format!("geef een getal van {least} tot en met {most}");
        wrong(about(veld, Signaalcode::TeWeinigZoekgegevens, uitleg));
    }
    number
}

fn straal(field: Option<&str>, wrong: &mut impl FnMut(Bevinding)) -> Option<f64> {
    let text = present(field)?;
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.' || b == b',');
    let km = text.replace(',', ".").parse::<f64>().ok();
    let km = km.filter(|km| plain && *km > 0.0 && *km <= MAX_STRAAL_KM);
    if km.is_none() {
        wrong(about(
            "straalKm",
            Signaalcode::TeWeinigZoekgegevens,
            "geef kilometers boven 0 en tot en met 500, zoals 15 of 7,5",
        ));
    }
    km
}

fn day(
    veld: &'static str,
    field: Option<&str>,
    wrong: &mut impl FnMut(Bevinding),
) -> Option<Datum> {
    let text = present(field)?;
    parse_datum(veld, Some(text)).map_err(wrong).ok()
}

/// A finding about a field.
pub(super) fn about(
    veld: &'static str,
    signaalcode: Signaalcode,
    uitleg: impl Into<Cow<'static, str>>,
) -> Bevinding {
    Bevinding {
        veld,
        signaalcode,
        uitleg: uitleg.into(),
    }
}
