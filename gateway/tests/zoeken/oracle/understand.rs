//! A question read by meaning, and what is wrong with one that cannot be.

use stagepoort::domain::{Datum, LeerplaatsSoort, Leerweg};

use super::{codes, field, fits::Filters, place, text};
use crate::{vraag::Vraag, wereld::Wereld};

#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) naam: Option<Vec<String>>,
    pub(super) plaats: place::Asked,
    pub(super) filters: Filters,
    pub(super) sortering: Sortering,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sortering {
    Relevantie,
    Afstand,
    Naam,
}

/// Any of the signaalcodes of an error may be answered. `None` where the rules leave it open.
pub(super) fn question(
    wereld: &Wereld,
    vraag: &Vraag,
    vandaag: Datum,
) -> Option<Result<Question, Vec<u16>>> {
    let mut wrong = Vec::new();
    let naam = field(&vraag.naam).map(text::words);
    if naam.as_ref().is_some_and(Vec::is_empty) {
        return None;
    }
    let sortering = one_of(&vraag.sortering, &mut wrong, |text| match text {
        "RELEVANTIE" => Some(Sortering::Relevantie),
        "AFSTAND" => Some(Sortering::Afstand),
        "NAAM" => Some(Sortering::Naam),
        _ => None,
    });
    let mut filters = filters(vraag, vandaag, &mut wrong);
    let place_asked = [&vraag.adres, &vraag.postcode, &vraag.plaats]
        .iter()
        .any(|asked| field(asked).is_some());
    let straal = one_of(&vraag.straal_km, &mut wrong, straal);
    let enough = naam.is_some() || place_asked || filters_asked(vraag);
    wrong.extend((!enough || (straal.is_some() && !place_asked)).then_some(150));
    wrong.extend((sortering == Some(Sortering::Afstand) && !place_asked).then_some(151));
    let plaats = place::asked(wereld, vraag)?;
    let codes = codes::wanted(wereld, vraag, filters.van());
    wrong.extend(plaats.as_ref().err().into_iter().flatten());
    wrong.extend(codes.as_ref().err().into_iter().flatten());
    let Ok((codes, plaats)) = codes.and_then(|codes| Ok((codes, plaats?))) else {
        return Some(Err(wrong));
    };
    wrong.extend(other_niveau(wereld, vraag, &filters).then_some(151));
    // Whether an equivalent must have the niveau of the code itself is not said.
    let of_code = field(&vraag.code).and(filters.niveau);
    let all_of_it = |asked: u8| {
        let mut all = codes.iter().flatten();
        all.all(|(code, _)| codes::niveau(wereld, *code) == Some(asked))
    };
    if wrong.is_empty() && of_code.is_some_and(|asked| !all_of_it(asked)) {
        return None;
    }
    filters.codes = codes;
    Some(if wrong.is_empty() {
        Ok(Question {
            naam,
            plaats,
            filters,
            sortering: sortering.unwrap_or(Sortering::Relevantie),
        })
    } else {
        Err(wrong)
    })
}

fn filters(vraag: &Vraag, vandaag: Datum, wrong: &mut Vec<u16>) -> Filters {
    let leerplaatsen = one_of(&vraag.soort, wrong, |text| match text {
        "ERKENNING" => Some(false),
        "LEERPLAATS" => Some(true),
        _ => None,
    });
    let number = |text: &str, most: u32| text.parse().ok().filter(|n| (1..=most).contains(n));
    let filters = Filters {
        leerplaatsen: leerplaatsen == Some(true),
        vandaag,
        vanaf: datum(&vraag.beschikbaar_vanaf, wrong),
        tot: datum(&vraag.beschikbaar_tot, wrong),
        codes: None,
        leerweg: one_of(&vraag.leerweg, wrong, Leerweg::parse),
        niveau: one_of(&vraag.niveau, wrong, |text| number(text, 4)).map(|n| n as u8),
        soort: one_of(&vraag.leerplaats_soort, wrong, LeerplaatsSoort::parse),
        vergoeding: vraag.met_vergoeding,
        minimum: one_of(&vraag.minimum_plaatsen, wrong, |text| number(text, 9_999)),
    };
    one_of(&vraag.pagina_grootte, wrong, |text| number(text, 100));
    let of_leerplaatsen =
        filters.soort.is_some() || filters.vergoeding.is_some() || filters.minimum.is_some();
    let not_together = matches!(
        (filters.leerweg, filters.soort),
        (Some(Leerweg::Bol), Some(LeerplaatsSoort::Leerbaan))
            | (Some(Leerweg::Bbl), Some(LeerplaatsSoort::Stage))
    );
    let backwards = matches!((filters.vanaf, filters.tot), (Some(van), Some(tot)) if tot < van);
    wrong.extend(leerplaatsen.is_none().then_some(150));
    wrong.extend((leerplaatsen == Some(false) && of_leerplaatsen).then_some(151));
    wrong.extend((not_together || backwards).then_some(151));
    filters
}

fn filters_asked(vraag: &Vraag) -> bool {
    let texts = [
        &vraag.code,
        &vraag.opleidingsnaam,
        &vraag.leerweg,
        &vraag.niveau,
        &vraag.leerplaats_soort,
        &vraag.beschikbaar_vanaf,
        &vraag.beschikbaar_tot,
        &vraag.minimum_plaatsen,
    ];
    vraag.met_vergoeding.is_some() || texts.iter().any(|text| field(text).is_some())
}

/// An asked code has one niveau; another one contradicts it.
fn other_niveau(wereld: &Wereld, vraag: &Vraag, filters: &Filters) -> bool {
    let own = wereld
        .opleidingen
        .values()
        .find(|o| field(&vraag.code).is_some_and(|code| o.code.to_string() == code.to_uppercase()))
        .and_then(|o| o.niveau);
    own.is_some() && filters.niveau.is_some() && own != filters.niveau
}

fn straal(text: &str) -> Option<f64> {
    let decimal = text
        .chars()
        .all(|c| c.is_ascii_digit() || c == ',' || c == '.');
    let km: f64 = text.replace(',', ".").parse().ok()?;
    (decimal && km > 0.0 && km <= 500.0).then_some(km)
}

fn one_of<T>(
    asked: &Option<String>,
    wrong: &mut Vec<u16>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let text = field(asked)?;
    let value = read(text);
    wrong.extend(value.is_none().then_some(150));
    value
}

fn datum(asked: &Option<String>, wrong: &mut Vec<u16>) -> Option<Datum> {
    let text = field(asked)?;
    match Datum::parse(text) {
        Ok(datum) => Some(datum),
        Err(stagepoort::domain::InvalidDatum::Range) => {
            wrong.push(121);
            None
        }
        Err(stagepoort::domain::InvalidDatum::Form) => {
            wrong.push(120);
            None
        }
    }
}
