//! Why a leerbedrijf stands in the list, in words.

use super::{AfstandKm, tonen::Fitting, vraag::Vraag};
use crate::{
    domain::{Code, Erkenning, FoldedNaam, Leerbedrijf, Leerplaats, Leerweg, Leerwegen},
    replica::{View, search::Waar},
};

/// The parts that were asked for, in the order of how much they decide.
pub(super) fn explain(
    view: &View,
    vraag: &Vraag,
    leerbedrijf: &Leerbedrijf,
    fitting: &Fitting,
    afstand: Option<AfstandKm>,
) -> String {
    let naam = vraag.query.naam.as_ref();
    let parts = [
        naam.map(|asked| in_naam(asked, &leerbedrijf.kern.naam)),
        in_place(vraag, afstand),
        best(&fitting.leerplaatsen)
            .map(|found| leerplaats(view, found))
            .or_else(|| best(&fitting.erkenningen).map(|found| erkend(view, found))),
        more(fitting),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The code asked for goes before an equivalent.
fn best<T>(fitting: &[(T, Option<Code>)]) -> Option<&(T, Option<Code>)> {
    let own = fitting.iter().find(|(_, equivalent)| equivalent.is_none());
    own.or(fitting.first())
}

fn in_naam(asked: &FoldedNaam, naam: &str) -> String {
    let there = FoldedNaam::new(naam);
    if *asked == there {
        return "naam gelijk".to_owned();
    }
    let words: Vec<String> = asked
        .as_str()
        .split(' ')
        .map(|word| how_found(word, there.as_str()))
        .collect();
    format!("in de naam: {}", words.join(", "))
}

fn how_found(asked: &str, there: &str) -> String {
    let mut words = there.split(' ');
    if words.clone().any(|word| word == asked) {
        return asked.to_owned();
    }
    let longer = words.clone().find(|word| word.starts_with(asked));
    let near = || words.find(|word| strsim::osa_distance(word, asked) <= 1);
    match longer.or_else(near) {
        Some(word) => format!("{word} (gevraagd: {asked})"),
        None => asked.to_owned(),
    }
}

fn in_place(vraag: &Vraag, afstand: Option<AfstandKm>) -> Option<String> {
    let plek = vraag.plek.as_ref()?;
    let km = afstand.map(|km| km.to_string().replace('.', ","));
    let naam = &plek.naam;
    Some(match (&vraag.query.waar, km) {
        (Waar::Binnen(metres), Some(km)) => {
            let straal = (metres / 1000.0).to_string().replace('.', ",");
            format!("op {km} km van {naam}, binnen {straal} km")
        }
        (Waar::Overal, Some(km)) => format!("op {km} km van {naam}"),
        (_, _) => format!("gevestigd in {naam}"),
    })
}

fn erkend(view: &View, (erkenning, equivalent): &(Erkenning, Option<Code>)) -> String {
    let wat = opleiding(view, erkenning.code, erkenning.leerwegen, *equivalent);
    format!("erkend voor {wat} sinds {}", erkenning.startdatum)
}

fn leerplaats(view: &View, (leerplaats, equivalent): &(Leerplaats, Option<Code>)) -> String {
    let wegen = std::iter::once(leerplaats.leerweg).collect();
    let wat = opleiding(view, leerplaats.code, wegen, *equivalent);
    let aantal = match leerplaats.aantal_leerplaatsen {
        1 => "1 plaats".to_owned(),
        aantal => format!("{aantal} plaatsen"),
    };
    let vanaf = leerplaats
        .beschikbaar_vanaf
        .map_or_else(String::new, |dag| format!(" vanaf {dag}"));
    let soort = leerplaats.leerplaats_soort.as_str().to_lowercase();
    format!("{soort} voor {wat}, {aantal}{vanaf}")
}

fn opleiding(view: &View, code: Code, leerwegen: Leerwegen, equivalent: Option<Code>) -> String {
    let mut text = code.to_string();
    let known = view.opleiding(code);
    if let Some(opleiding) = known {
        text.push(' ');
        text.push_str(&opleiding.opleidingsnaam);
    }
    let niveau = known.and_then(|o| o.niveau).map(|n| format!("niveau {n}"));
    let wegen: Vec<&str> = leerwegen.iter().map(Leerweg::as_str).collect();
    let wegen = (!wegen.is_empty()).then(|| wegen.join(" en "));
    let detail: Vec<String> = niveau.into_iter().chain(wegen).collect();
    if !detail.is_empty() {
        text.push_str(&format!(" ({})", detail.join(", ")));
    }
    if let Some(asked) = equivalent {
        text.push_str(&format!(", gelijkwaardig aan {asked}"));
    }
    text
}

fn more(fitting: &Fitting) -> Option<String> {
    let found = match fitting.leerplaatsen.len() {
        0 => fitting.erkenningen.len(),
        places => places,
    };
    match found {
        0 | 1 => None,
        2 => Some("en nog een die past".to_owned()),
        found => Some(format!("en nog {} die passen", found - 1)),
    }
}
