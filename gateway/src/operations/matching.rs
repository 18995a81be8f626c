//! How well a leerbedrijf fits what was asked for (domain rule 8).

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Adres, FoldedNaam, Gegevens, Leerbedrijf, Similarity};

/// Hoe goed een leerbedrijf bij de vraag past (domain rule 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchKwaliteit {
    /// Alles wat gevraagd is, is gelijk.
    Exact,
    /// Bijna gelijk, of een deel gelijk.
    Waarschijnlijk,
    /// Het zou kunnen.
    Mogelijk,
}

/// What a leerbedrijf is compared with; at least one of the combinations that are enough is there.
pub(super) struct Wanted {
    pub(super) naam: Option<FoldedNaam>,
    pub(super) land: String,
    /// Whether the question says which country. When it does not, NL is what a postcode is read
    /// as, but a town abroad is found as well.
    pub(super) land_named: bool,
    pub(super) postcode: Option<String>,
    pub(super) huisnummer: Option<u32>,
    pub(super) plaats: Option<FoldedNaam>,
}

/// How well a leerbedrijf fits, or that it does not (domain rule 8).
pub(super) fn compare(
    wanted: &Wanted,
    leerbedrijf: &Leerbedrijf,
) -> Option<(MatchKwaliteit, Cow<'static, str>)> {
    let gegevens = &leerbedrijf.gegevens;
    let (adres_equal, adres_words) = best_adres(wanted, gegevens);
    let naam = wanted
        .naam
        .as_ref()
        .map(|naam| naam.similarity(&FoldedNaam::new(&leerbedrijf.kern.naam)));
    let kwaliteit = match (naam, adres_equal) {
        (None | Some(Similarity::Equal), true) => MatchKwaliteit::Exact,
        (Some(Similarity::Close), true) => MatchKwaliteit::Waarschijnlijk,
        (Some(Similarity::Equal), false) if !adres_words.is_empty() => {
            MatchKwaliteit::Waarschijnlijk
        }
        (Some(Similarity::Equal), false) => MatchKwaliteit::Mogelijk,
        (Some(Similarity::Different), true) if wanted.huisnummer.is_some() => {
            MatchKwaliteit::Mogelijk
        }
        _ => return None,
    };
    Some((kwaliteit, reason(naam, adres_equal, &adres_words)))
}

/// The better of a leerbedrijf's addresses.
pub(super) fn best_adres(wanted: &Wanted, gegevens: &Gegevens) -> (bool, Vec<&'static str>) {
    let vestiging = compare_adres(wanted, &gegevens.vestigingsadres);
    let correspondentie = gegevens
        .correspondentieadres
        .as_ref()
        .map(|adres| compare_adres(wanted, adres));
    match correspondentie {
        Some(other) if (other.0, other.1.len()) > (vestiging.0, vestiging.1.len()) => other,
        _ => vestiging,
    }
}

/// Whether every part of the address that was asked for is the same, and which parts are.
fn compare_adres(wanted: &Wanted, adres: &Adres) -> (bool, Vec<&'static str>) {
    let postcode = wanted.postcode.as_ref().map(|asked| {
        adres.land == wanted.land
            && adres
                .postcode
                .as_deref()
                .is_some_and(|p| same_postcode(p, asked))
    });
    let huisnummer = wanted
        .huisnummer
        .map(|asked| adres.huisnummer == Some(asked));
    let land = !wanted.land_named || adres.land == wanted.land;
    let plaats = wanted
        .plaats
        .as_ref()
        .map(|asked| land && *asked == FoldedNaam::new(&adres.plaats));
    // A house number says nothing without the postcode or town around it.
    let somewhere = postcode == Some(true) || plaats == Some(true);
    let parts = [
        ("postcode", postcode),
        ("huisnummer", huisnummer.map(|h| h && somewhere)),
        ("plaats", plaats),
    ];
    let equal = parts.iter().all(|(_, same)| same.unwrap_or(true));
    let words = parts
        .iter()
        .filter(|(_, same)| *same == Some(true))
        .map(|(word, _)| *word)
        .collect();
    (equal, words)
}

/// Postcodes are compared without spaces and case, at home and abroad.
fn same_postcode(left: &str, right: &str) -> bool {
    let bare = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_uppercase)
            .collect()
    };
    bare(left) == bare(right)
}

fn reason(naam: Option<Similarity>, adres_equal: bool, words: &[&str]) -> Cow<'static, str> {
    let naam_word = match naam {
        None => None,
        Some(Similarity::Equal) => Some("naam"),
        Some(Similarity::Close) => {
            return format!("naam lijkt sterk, {} gelijk", listed(words)).into();
        }
        Some(Similarity::Different) => {
            return format!("{} gelijk, naam wijkt af", listed(words)).into();
        }
    };
    let all: Vec<&str> = naam_word.into_iter().chain(words.iter().copied()).collect();
    let tail = if adres_equal { "" } else { ", adres wijkt af" };
    format!("{} gelijk{tail}", listed(&all)).into()
}

/// `a`, `a en b`, `a, b en c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} en {last}", first.join(", ")),
    }
}
