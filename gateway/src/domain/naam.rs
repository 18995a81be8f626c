//! Names compared as people mean them (domain rule 8).

use unicode_normalization::UnicodeNormalization;

/// Legal forms that do not tell one company from another, folded.
const LEGAL_FORMS: &[&str] = &[
    "ag",
    "bv",
    "bvba",
    "cooperatie",
    "cooperatief",
    "cooperatieve",
    "cv",
    "eenmanszaak",
    "gmbh",
    "ltd",
    "maatschap",
    "nv",
    "sarl",
    "sprl",
    "stichting",
    "ua",
    "vereniging",
    "vof",
    "wa",
];

/// A name without what does not matter: case, diacritics, punctuation, `&`/`en`, legal forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoldedNaam(String);

/// How alike two names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Similarity {
    /// The same once folded.
    Equal,
    /// Other word order, a prefix, a word left out, or one typo in a longer word.
    Close,
    /// Anything else.
    Different,
}

impl FoldedNaam {
    /// Folds a name. One that consists of nothing but legal forms keeps them.
    #[must_use]
    pub fn new(naam: &str) -> Self {
        let plain = plain_letters(naam);
        let words = join_initials(plain.split(' ').filter(|w| !w.is_empty()));
        let telling: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|w| *w != "en" && !LEGAL_FORMS.contains(w))
            .collect();
        Self(if telling.is_empty() {
            words.join(" ")
        } else {
            telling.join(" ")
        })
    }

    /// The folded text: lower-case words with one space between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How alike this asked name is to that of a candidate.
    #[must_use]
    pub fn similarity(&self, candidate: &Self) -> Similarity {
        if self == candidate {
            return Similarity::Equal;
        }
        let (asked, there): (Vec<&str>, Vec<&str>) =
            (self.words().collect(), candidate.words().collect());
        if covers(&asked, &there) || covers(&there, &asked) {
            Similarity::Close
        } else {
            Similarity::Different
        }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|w| !w.is_empty())
    }
}

/// Lower case without diacritics; dots and apostrophes vanish, other punctuation parts words.
fn plain_letters(naam: &str) -> String {
    let mut plain = String::with_capacity(naam.len());
    for c in naam.nfd().flat_map(char::to_lowercase) {
        match c {
            '.' | '\'' | '’' | '‘' | '`' | '´' => {}
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ĳ' => plain.push_str("ij"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' => plain.push('d'),
            'ı' => plain.push('i'),
            '&' | '+' => plain.push_str(" en "),
            c if unicode_normalization::char::is_combining_mark(c) => {}
            c if c.is_alphanumeric() => plain.push(c),
            _ => plain.push(' '),
        }
    }
    plain
}

/// `b v` becomes `bv`, so that spaced initials of a legal form are seen as one.
fn join_initials<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        match joined.last_mut() {
            Some(last) if open && initial => last.push_str(word),
            _ => joined.push(word.to_owned()),
        }
        open = initial;
    }
    joined
}

/// Whether every word of `asked` is found in `there`, each word used once.
fn covers(asked: &[&str], there: &[&str]) -> bool {
    let mut free: Vec<&str> = there.to_vec();
    !asked.is_empty()
        && asked.iter().all(|word| {
            let hit = free.iter().position(|other| alike(word, other));
            hit.map(|at| free.swap_remove(at)).is_some()
        })
}

/// The same word, a prefix of at least three letters, or one typo in five letters or more.
fn alike(asked: &str, there: &str) -> bool {
    let long_enough = |least: usize| asked.chars().count() >= least;
    asked == there
        || (long_enough(3) && there.starts_with(asked))
        || (long_enough(5) && strsim::osa_distance(asked, there) <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_folded_away() {
        for (left, right) in [
            ("Bakkerij Jansen B.V.", "bakkerij  JANSEN bv"),
            ("Bakkerij Jansen B. V.", "Bakkerij Jansen"),
            ("Café 't Hoekje", "cafe t hoekje"),
            ("Jansen & Zonen V.O.F.", "Jansen en Zonen"),
            ("Coöperatie De Eendracht U.A.", "De Eendracht"),
            ("Stichting Zorggroep De Linde", "zorggroep de linde"),
            ("Straße & Søn", "strasse son"),
            ("Müller-Vermeer", "muller vermeer"),
        ] {
            assert_eq!(
                FoldedNaam::new(left),
                FoldedNaam::new(right),
                "{left} / {right}"
            );
        }
        assert_ne!(
            FoldedNaam::new("Bakkerij Jansen"),
            FoldedNaam::new("Bakkerij Janssen")
        );
        assert_eq!(FoldedNaam::new("De B.V.").as_str(), "de");
        assert_eq!(FoldedNaam::new("Stichting").as_str(), "stichting");
        assert_eq!(FoldedNaam::new(" .,- ").as_str(), "");
    }

    #[test]
    fn prefixes_order_and_one_typo_are_close() {
        let check = |asked: &str, there: &str, expect: Similarity| {
            let found = FoldedNaam::new(asked).similarity(&FoldedNaam::new(there));
            assert_eq!(found, expect, "{asked} / {there}");
        };
        check("Jansen Bakkerij", "Bakkerij Jansen", Similarity::Close);
        check("Bakkerij Jansn", "Bakkerij Jansen", Similarity::Close);
        check("Bakker", "Bakkerij Jansen", Similarity::Close);
        check(
            "Bakkerij Jansen Utrecht",
            "Bakkerij Jansen",
            Similarity::Close,
        );
        check(
            "Bakkerij Pietersen",
            "Bakkerij Jansen",
            Similarity::Different,
        );
        check("Jan", "Kapsalon Anja", Similarity::Different);
        check(".", "Kapsalon Anja", Similarity::Different);
    }
}
