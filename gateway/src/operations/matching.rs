//! How well a leerbedrijf fits what was asked for (domain rule 8).

use std::{borrow::Cow, cmp::Reverse};

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Adres, FoldedNaam, Gegevens, Gelijkenis, Leerbedrijf, Postcode},
    geo::PlaatsSleutel,
    replica::search::{Plaatssleutel, Postcodes, Waar},
};

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
    pub(super) plaats: Option<Gevraagd>,
}

/// A place that is asked for.
pub(super) struct Gevraagd {
    pub(super) folded: FoldedNaam,
    /// As it is known, under whatever name.
    pub(super) sleutel: Option<PlaatsSleutel>,
}

impl Gevraagd {
    fn is_of(&self, adres: &Adres) -> bool {
        let known = self.sleutel.is_some() && self.sleutel == PlaatsSleutel::of(adres);
        known || self.folded == FoldedNaam::new(&adres.plaats)
    }
}

impl Wanted {
    /// Where a leerbedrijf with a similar name is looked for: around its postcode and in its
    /// place; anywhere, for a place that nobody knows.
    pub(super) fn places(&self) -> Vec<Waar> {
        let dutch = self.land == "NL";
        let postcode = self.postcode.as_deref().filter(|_| dutch);
        let around = postcode
            .and_then(|text| Postcode::parse(text).ok())
            .map(|postcode| Waar::Postcodes(Postcodes::with_digits(postcode.cijfers())));
        let within = self.plaats.as_ref().map(|plaats| match &plaats.sleutel {
            Some(sleutel) => Waar::Plaats(Plaatssleutel::of(sleutel), None),
            None => Waar::Overal,
        });
        let places: Vec<Waar> = around.into_iter().chain(within).collect();
        if places.is_empty() {
            // A postcode abroad.
            return vec![Waar::Overal];
        }
        places
    }
}

/// How well a leerbedrijf fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) kwaliteit: MatchKwaliteit,
    /// The more alike, the better.
    naam: Reverse<Gelijkenis>,
    /// The more parts of the address are equal, the better.
    adres: Reverse<usize>,
    pub(super) reden: Cow<'static, str>,
}

impl Match {
    /// The least is the best.
    pub(super) fn rank(&self) -> impl Ord {
        (self.kwaliteit, self.naam, self.adres)
    }
}

/// How well a leerbedrijf fits, or that it does not (domain rule 8).
pub(super) fn compare(wanted: &Wanted, leerbedrijf: &Leerbedrijf) -> Option<Match> {
    let (adres_equal, adres_words) = best_adres(wanted, &leerbedrijf.gegevens);
    let naam = wanted
        .naam
        .as_ref()
        .map(|naam| likeness(wanted, naam, leerbedrijf));
    let kwaliteit = kwaliteit(wanted, naam, adres_equal, !adres_words.is_empty())?;
    Some(Match {
        kwaliteit,
        naam: Reverse(naam.unwrap_or(Gelijkenis::GELIJK)),
        adres: Reverse(adres_words.len()),
        reden: reason(naam, adres_equal, &adres_words),
    })
}

/// A relation file often has the place behind the name; there it says nothing more.
fn likeness(wanted: &Wanted, naam: &FoldedNaam, leerbedrijf: &Leerbedrijf) -> Gelijkenis {
    let there = FoldedNaam::new(&leerbedrijf.kern.naam);
    let as_asked = naam.gelijkenis(&there);
    let place = FoldedNaam::new(&leerbedrijf.gegevens.vestigingsadres.plaats);
    match naam.without(&place) {
        Some(shorter) if as_asked < Gelijkenis::GELIJK && wanted.plaats.is_none() => {
            as_asked.max(shorter.gelijkenis(&there).min(Gelijkenis::BIJNA))
        }
        _ => as_asked,
    }
}

fn kwaliteit(
    wanted: &Wanted,
    naam: Option<Gelijkenis>,
    adres_equal: bool,
    adres_partly: bool,
) -> Option<MatchKwaliteit> {
    let Some(naam) = naam else {
        return adres_equal.then_some(MatchKwaliteit::Exact);
    };
    let equal = naam == Gelijkenis::GELIJK;
    let close = naam >= Gelijkenis::STERK;
    match (adres_equal, adres_partly) {
        (true, _) if equal => Some(MatchKwaliteit::Exact),
        (true, _) if close => Some(MatchKwaliteit::Waarschijnlijk),
        (false, true) if equal => Some(MatchKwaliteit::Waarschijnlijk),
        (true, _) if naam >= Gelijkenis::ZWAK || wanted.huisnummer.is_some() => {
            Some(MatchKwaliteit::Mogelijk)
        }
        (false, true) if close => Some(MatchKwaliteit::Mogelijk),
        (false, false) if equal => Some(MatchKwaliteit::Mogelijk),
        _ => None,
    }
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
        .map(|asked| land && asked.is_of(adres));
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

fn reason(naam: Option<Gelijkenis>, adres_equal: bool, words: &[&str]) -> Cow<'static, str> {
    let tail = if adres_equal { "" } else { ", adres wijkt af" };
    let naam_word = match naam {
        None => None,
        Some(Gelijkenis::GELIJK) => Some("naam"),
        Some(naam) => {
            let how = match naam {
                naam if naam >= Gelijkenis::STERK => "naam lijkt sterk",
                naam if naam >= Gelijkenis::ZWAK => "naam lijkt enigszins",
                _ => return format!("{} gelijk, naam wijkt af", listed(words)).into(),
            };
            return format!("{how}, {} gelijk{tail}", listed(words)).into();
        }
    };
    let all: Vec<&str> = naam_word.into_iter().chain(words.iter().copied()).collect();
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
