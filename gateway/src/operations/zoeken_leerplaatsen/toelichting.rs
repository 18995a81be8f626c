//! Why a leerbedrijf stands in the list, in words.

use super::{AfstandKm, profiel::Profielerkenning, tonen::Fitting, vraag::Vraag};
use crate::{
    domain::{Code, FoldedNaam, Leerplaats, Leerweg, Leerwegen},
    replica::{View, search::Waar},
};

/// The most characters that the contract allows (XSD, TekstType).
const MAX_TEKENS: usize = 2_000;
/// The most words of the name asked for that are gone into; hardly any has more.
const MAX_WOORDEN: usize = 8;

/// The parts that were asked for, in the order of how much they decide.
pub(super) fn explain(
    view: &View,
    vraag: &Vraag,
    naam: &str,
    fitting: &Fitting<'_>,
    afstand: Option<AfstandKm>,
) -> String {
    let asked = vraag.query.naam.as_ref();
    let parts = [
        asked.map(|asked| in_naam(asked, naam)),
        in_place(vraag, afstand),
        best(&fitting.leerplaatsen)
            .map(|found| leerplaats(view, found))
            .or_else(|| best(&fitting.erkenningen).map(|found| erkend(view, found))),
        more(fitting),
    ];
    shortened(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

fn shortened(mut text: String) -> String {
    if text.chars().count() > MAX_TEKENS
        && let Some((end, _)) = text.char_indices().nth(MAX_TEKENS - 1)
    {
        text.truncate(end);
        text.push('…');
    }
    text
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
    let mut words = asked.as_str().split(' ');
    let shown: Vec<String> = words
        .by_ref()
        .take(MAX_WOORDEN)
        .map(|word| how_found(word, there.as_str()))
        .collect();
    let more = if words.next().is_some() { ", …" } else { "" };
    format!("in de naam: {}{more}", shown.join(", "))
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

fn erkend(view: &View, (found, equivalent): &(&Profielerkenning, Option<Code>)) -> String {
    let wat = opleiding(view, found.code, found.leerwegen, *equivalent);
    format!("erkend voor {wat} sinds {}", found.startdatum)
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

fn more(fitting: &Fitting<'_>) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_many_words_is_told_by_its_first() {
        let asked = FoldedNaam::new("aa bb cc dd ee ff gg hh");
        let all = in_naam(&asked, "aa bb cc dd ee ff gg hh ii");
        assert_eq!(all, "in de naam: aa, bb, cc, dd, ee, ff, gg, hh");
        let asked = FoldedNaam::new("aa bb cc dd ee ff gg hh ii");
        let first = in_naam(&asked, "aaa bb cc dd ee ff gg hh ii");
        let expect = "in de naam: aaa (gevraagd: aa), bb, cc, dd, ee, ff, gg, hh, …";
        assert_eq!(first, expect);
    }

    #[test]
    fn no_text_is_longer_than_the_contract_has_it() {
        let fits = "é".repeat(MAX_TEKENS);
        assert_eq!(shortened(fits.clone()), fits);
        let cut = shortened(format!("{fits}é"));
        assert_eq!(cut.chars().count(), MAX_TEKENS);
        assert!(cut.ends_with("é…"));
    }
}
