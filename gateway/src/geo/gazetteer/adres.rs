//! An address as people type it: street, number and place in any usual order.

use super::{
    Gazetteer,
    plaatsen::{Gevonden, MAX_SUGGESTIES, Plaats, PlaatsOnbekend, shortened},
};
use crate::{
    domain::{Coordinaten, Postcode},
    geo::{PostcodeVraag, naam::straat_sleutel},
};

/// Words that are looked at. The longest street and place together have some twelve.
const MAX_WORDS: usize = 20;

/// Words of the longest name of a place, with what tells it apart.
const MAX_WORDS_PLAATS: usize = 6;

/// Two letters that follow a house number more often than they end a postcode.
const NO_LETTERS: &[&str] = &[
    "aa", "bd", "de", "en", "hs", "in", "op", "st", "te", "to", "vd",
];

impl Gazetteer {
    /// Where an address is that somebody typed: `Oudegracht 12, Utrecht`, `Oudegracht 12a
    /// Utrecht`, `Utrecht, Oudegracht 12`, `Oudegracht 12 3511AB Utrecht`.
    ///
    /// A postcode in it decides when it is known. Otherwise the street must be one in which a
    /// leerbedrijf stands, since nothing else tells where streets are; the answer is then the
    /// house of that number, or else the nearest number that is known, or without a number the
    /// middle of the street. A place alone gives its centre.
    ///
    /// # Errors
    /// [`PlaatsOnbekend`] with the street and near streets in that place, or with the place when
    /// that is what is not known.
    pub fn adres(&self, text: &str) -> Result<Coordinaten, PlaatsOnbekend> {
        let text = shortened(text);
        let (postcode, rest) = without_postcode(text);
        let known = postcode.and_then(|postcode| self.postcode(&PostcodeVraag::Zes(postcode)));
        if let Some(known) = known {
            return Ok(known);
        }
        let parts = parts(&rest);
        let mut failed = None;
        for lezing in lezingen(&parts) {
            let places = match self.zoek_plaats(&lezing.plaats) {
                Gevonden::Geen => continue,
                Gevonden::Een(plaats) => vec![plaats],
                Gevonden::Meer(namesakes) => namesakes,
            };
            match self.in_place(&lezing, &places) {
                Ok(found) => return Ok(found),
                // The first reading is the likeliest, also of those that come to nothing.
                Err(missing) => failed = failed.or(Some((missing, lezing, places))),
            }
        }
        Err(match failed {
            None => self.no_place(&parts),
            Some((Missing::Straat, lezing, places)) => self.no_street(&lezing, &places),
            Some((Missing::Keuze, lezing, places)) => no_choice(lezing, places),
        })
    }

    fn in_place(&self, lezing: &Lezing, places: &[Plaats]) -> Result<Coordinaten, Missing> {
        if lezing.straten.is_empty() {
            return match places {
                [plaats] => plaats.centrum.ok_or(Missing::Keuze),
                _ => Err(Missing::Keuze),
            };
        }
        for (straat, number) in &lezing.straten {
            let found: Vec<Coordinaten> = places
                .iter()
                .filter_map(|plaats| self.straat_in(plaats, straat, *number))
                .collect();
            match found.as_slice() {
                [] => {}
                [one] => return Ok(*one),
                _ => return Err(Missing::Keuze),
            }
        }
        Err(Missing::Straat)
    }

    fn straat_in(&self, plaats: &Plaats, straat: &str, number: Option<u32>) -> Option<Coordinaten> {
        let (land, sleutel) = plaats.sleutel.parts();
        let straat = self
            .straten
            .straat(land, sleutel, &straat_sleutel(straat))?;
        let straat = straat.within(|cijfers| plaats.holds(cijfers))?;
        let known = straat.punt(number);
        known
            .or_else(|| straat.postcodes().find_map(|cijfers| self.vier(cijfers)))
            .map(Coordinaten::from)
    }

    fn no_street(&self, lezing: &Lezing, places: &[Plaats]) -> PlaatsOnbekend {
        let straat = lezing.straten.last().map_or("", |(straat, _)| straat);
        let mut suggesties = Vec::new();
        for plaats in places {
            let (land, sleutel) = plaats.sleutel.parts();
            let near = self.straten.near(land, sleutel, &straat_sleutel(straat));
            let in_it = near
                .into_iter()
                .filter(|naam| self.straat_in(plaats, naam, None).is_some())
                .map(|naam| format!("{naam}, {}", plaats.naam));
            suggesties.extend(in_it.take(MAX_SUGGESTIES));
        }
        suggesties.truncate(MAX_SUGGESTIES);
        PlaatsOnbekend {
            vraag: format!("{straat}, {}", lezing.plaats),
            suggesties,
        }
    }

    /// The place most likely stands behind the number, or before a street that ends in one.
    fn no_place(&self, parts: &[Vec<&str>]) -> PlaatsOnbekend {
        let (first, last) = match parts {
            [] => (&[][..], &[][..]),
            [one] => (one.as_slice(), one.as_slice()),
            [first, .., last] => (first.as_slice(), last.as_slice()),
        };
        let behind = match last.iter().rposition(|word| starts_with_digit(word)) {
            Some(at) if at + 1 < last.len() => &last[at + 1..],
            Some(_) => first,
            None if parts.len() == 1 => &last[last.len() - 1..],
            None => last,
        };
        let vraag = behind.join(" ");
        PlaatsOnbekend {
            suggesties: self.suggesties(&vraag),
            vraag,
        }
    }
}

/// What stands between a known place and a point.
#[derive(Debug, Clone, Copy)]
enum Missing {
    /// No leerbedrijf stands in the street.
    Straat,
    /// It may be in several namesakes, or nothing tells where the place is.
    Keuze,
}

fn no_choice(lezing: Lezing, places: Vec<Plaats>) -> PlaatsOnbekend {
    let names = places.into_iter().map(|plaats| plaats.naam);
    PlaatsOnbekend {
        vraag: lezing.plaats,
        suggesties: names.take(MAX_SUGGESTIES).collect(),
    }
}

/// One way to read an address.
struct Lezing {
    plaats: String,
    /// Streets with house numbers, the likeliest first; none when there is a place alone.
    straten: Vec<(String, Option<u32>)>,
}

/// Parts as commas hold them apart, in words.
fn parts(text: &str) -> Vec<Vec<&str>> {
    let mut left = MAX_WORDS;
    let mut parts = Vec::new();
    for part in text.split([',', ';', '\n']) {
        let words: Vec<&str> = part.split_whitespace().take(left).collect();
        left -= words.len();
        if !words.is_empty() {
            parts.push(words);
        }
    }
    parts
}

/// The ways to read an address, the likeliest first: the last part or words as the place, then
/// the first.
fn lezingen(parts: &[Vec<&str>]) -> Vec<Lezing> {
    let mut found = Vec::new();
    if let [first, .., last] = parts {
        found.push(lezing(
            without_digits(last),
            &parts[..parts.len() - 1].concat(),
        ));
        found.push(lezing(first, &parts[1..].concat()));
    }
    let words = parts.concat();
    let most = words.len().min(MAX_WORDS_PLAATS);
    for at in (words.len() - most)..words.len() {
        found.push(lezing(&words[at..], &words[..at]));
    }
    for at in (1..=most).rev().filter(|at| *at < words.len()) {
        found.push(lezing(&words[..at], &words[at..]));
    }
    found
}

fn lezing(plaats: &[&str], rest: &[&str]) -> Lezing {
    // A street such as Plein 1940 may have no number behind it. What stands before the first
    // number comes last: it is named when none of them is a street.
    let mut straten = Vec::new();
    if !rest.is_empty() {
        straten.push((rest.join(" "), None));
    }
    let numbers = (1..rest.len())
        .rev()
        .filter(|at| starts_with_digit(rest[*at]));
    straten.extend(numbers.map(|at| (rest[..at].join(" "), leading_number(rest[at]))));
    Lezing {
        plaats: plaats.join(" "),
        straten,
    }
}

/// `3511 Utrecht` is `Utrecht`: four digits before a place are half a postcode.
fn without_digits<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    match words {
        [digits, rest @ ..] if !rest.is_empty() && is_cijfers(digits) => rest,
        _ => words,
    }
}

fn is_cijfers(word: &str) -> bool {
    matches!(PostcodeVraag::parse(word), Ok(PostcodeVraag::Vier(_)))
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

fn leading_number(word: &str) -> Option<u32> {
    let end = word.find(|c: char| !c.is_ascii_digit());
    word[..end.unwrap_or(word.len())].parse().ok()
}

/// The postcode in a text, and the text with a comma in its place.
fn without_postcode(text: &str) -> (Option<Postcode>, String) {
    let words = words_at(text);
    for (at, &(begin, word)) in words.iter().enumerate() {
        let joined = Postcode::parse(word)
            .ok()
            .map(|found| (found, begin + word.len()));
        let apart = || {
            let &(next, letters) = words.get(at + 1)?;
            let no_letters = NO_LETTERS.contains(&letters.to_ascii_lowercase().as_str());
            let sure = !no_letters || letters.bytes().all(|b| b.is_ascii_uppercase());
            let found = Postcode::parse(&format!("{word}{letters}")).ok()?;
            let whole = word.len() == 4 && sure;
            whole.then_some((found, next + letters.len()))
        };
        if let Some((postcode, end)) = joined.or_else(apart) {
            return (
                Some(postcode),
                format!("{},{}", &text[..begin], &text[end..]),
            );
        }
    }
    (None, text.to_owned())
}

/// Words with where they begin; commas hold words apart as spaces do.
fn words_at(text: &str) -> Vec<(usize, &str)> {
    let mut begin = 0;
    let mut words = Vec::new();
    for word in text.split([' ', ',', ';', '\t', '\n', '\r']) {
        if !word.is_empty() {
            words.push((begin, word));
        }
        // Each of those is one byte.
        begin += word.len() + 1;
    }
    words
}
