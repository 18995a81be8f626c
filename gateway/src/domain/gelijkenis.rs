//! How alike two names are that are not the same: what a person who cleans a relation file would
//! take for one company (domain rule 8).

use super::FoldedNaam;

/// How alike two names are, from 0 for nothing in common to 1000 for the same once folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gelijkenis(u16);

impl Gelijkenis {
    /// Equal once folded.
    pub const GELIJK: Self = Self(1000);
    /// The most that names can be alike that are not equal.
    pub const BIJNA: Self = Self(999);
    /// From here on the names are close: other word order, beginnings, words left out, typos,
    /// abbreviations, words written together or apart.
    pub const STERK: Self = Self(780);
    /// From here on they have enough in common to be worth showing.
    pub const ZWAK: Self = Self(550);

    fn new(share: f32) -> Self {
        Self((share.clamp(0.0, 0.999) * 1000.0) as u16)
    }
}

/// Words that are usual in an abbreviated form, with that form; both count as the same.
const ABBREVIATED: &[(&str, &str)] = &[
    ("gebroeders", "gebr"),
    ("gebroeder", "gebr"),
    ("zonen", "zn"),
    ("zoon", "zn"),
    ("zns", "zn"),
    ("sint", "st"),
    ("sinte", "st"),
    ("stichting", "stg"),
    ("omstreken", "eo"),
    ("internationaal", "int"),
    ("international", "int"),
    ("nederland", "nl"),
    ("administratiekantoor", "adm"),
    ("administratie", "adm"),
    ("technisch", "techn"),
    ("burgemeester", "burg"),
    ("doctor", "dr"),
];

/// Short words that hardly tell one name from another.
const PARTICLES: &[&str] = &[
    "de", "het", "t", "s", "van", "der", "den", "ten", "ter", "te", "in", "op", "aan", "voor",
    "la", "le", "zn", "gebr", "st", "mts", "stg", "eo", "nl", "holding", "groep",
];

impl FoldedNaam {
    /// Without the words of this one at its end; none when it does not end so, or is nothing else.
    #[must_use]
    pub fn without(&self, end: &Self) -> Option<Self> {
        let rest = self.as_str().strip_suffix(end.as_str())?;
        let rest = rest.strip_suffix(' ')?;
        Some(Self::new(rest))
    }

    /// How alike this asked name is to that of a candidate.
    #[must_use]
    pub fn gelijkenis(&self, candidate: &Self) -> Gelijkenis {
        if self == candidate && !self.as_str().is_empty() {
            return Gelijkenis::GELIJK;
        }
        let (asked, there): (Vec<&str>, Vec<&str>) =
            (self.words().collect(), candidate.words().collect());
        if asked.is_empty() || there.is_empty() {
            return Gelijkenis::new(0.0);
        }
        Gelijkenis::new(by_words(&asked, &there).max(glued(&asked, &there)))
    }
}

/// Each word with the best one of the other side that is still free, by weight. Leaving words out
/// costs less than having others.
fn by_words(asked: &[&str], there: &[&str]) -> f32 {
    /// What names are worth of which one has all the words of the other, and more.
    const CONTAINED: f32 = 0.80;
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (a, left) in asked.iter().enumerate() {
        for (t, right) in there.iter().enumerate() {
            let alike = words_alike(left, right);
            if alike > 0.0 {
                pairs.push((alike, a, t));
            }
        }
    }
    pairs.sort_by(|(x, ..), (y, ..)| y.total_cmp(x));
    let (mut free_asked, mut free_there) = (vec![true; asked.len()], vec![true; there.len()]);
    let mut common = 0.0;
    for (alike, a, t) in pairs {
        if free_asked[a] && free_there[t] {
            (free_asked[a], free_there[t]) = (false, false);
            common += alike * (weight(asked[a]) + weight(there[t]));
        }
    }
    let total = |words: &[&str]| words.iter().map(|word| weight(word)).sum::<f32>();
    let share = common / (total(asked) + total(there));
    let left = |words: &[&str], free: &[bool]| {
        let left = words.iter().zip(free).filter(|(_, free)| **free);
        left.map(|(word, _)| weight(word)).sum::<f32>()
    };
    let contained = left(asked, &free_asked) == 0.0 || left(there, &free_there) == 0.0;
    let telling = total(asked).min(total(there)) >= WEIGHT;
    if contained && telling {
        // The larger the share, the better the match among those that contain.
        share.max(CONTAINED + share * (1.0 - CONTAINED) / 2.0)
    } else {
        share
    }
}

/// `zorg groep` and `zorggroep`. Typos count only where words were put together or apart: else
/// they are compared word by word.
fn glued(asked: &[&str], there: &[&str]) -> f32 {
    const LEAST_LETTERS: usize = 6;
    let apart = asked.len() != there.len();
    let (asked, there) = (asked.concat(), there.concat());
    let letters = asked.chars().count().min(there.chars().count());
    if letters < LEAST_LETTERS {
        return 0.0;
    }
    match strsim::osa_distance(&asked, &there) {
        0 => 0.98,
        1 if apart && letters >= 8 => 0.92,
        2 if apart && letters >= 14 => 0.84,
        _ => 0.0,
    }
}

/// 1 for the same word, less for a beginning, typos or an initial, 0 for others.
fn words_alike(left: &str, right: &str) -> f32 {
    if left == right || canonical(left) == canonical(right) {
        return 1.0;
    }
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let (letters, most) = (short.chars().count(), long.chars().count());
    if long.starts_with(short) {
        // The longer the beginning, the surer; a letter may be an initial.
        return match letters {
            1 => 0.5,
            2 => 0.0,
            _ if letters * 2 > most => 0.9,
            _ => 0.7,
        };
    }
    match strsim::osa_distance(left, right) {
        1 if most >= 5 => 0.94,
        2 if most >= 8 => 0.86,
        _ => 0.0,
    }
}

fn canonical(word: &str) -> &str {
    let known = ABBREVIATED.iter().find(|(full, _)| *full == word);
    known.map_or(word, |(_, short)| short)
}

/// What a word that tells names apart counts for.
const WEIGHT: f32 = 3.0;

fn weight(word: &str) -> f32 {
    let word = canonical(word);
    if PARTICLES.contains(&word) || word.chars().count() == 1 {
        0.6
    } else {
        WEIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(asked: &str, there: &str) -> Gelijkenis {
        FoldedNaam::new(asked).gelijkenis(&FoldedNaam::new(there))
    }

    #[test]
    fn what_a_person_takes_for_one_name_is_close() {
        for (asked, there) in [
            ("Jansen Bakkerij", "Bakkerij Jansen"),
            ("Bakkerij Jansn", "Bakkerij Jansen"),
            ("Bakkrij Jansne", "Bakkerij Jansen"),
            ("Bakker Jansen", "Bakkerij Jansen"),
            ("Bakkerij Jansen Utrecht", "Bakkerij Jansen"),
            ("Jansen", "Bakkerij Jansen"),
            ("Gebroeders Bakker en Zonen", "Gebr. Bakker & Zn."),
            ("Zorg Groep De Linde", "Zorggroep De Linde"),
            ("Sint Joris Zorg", "St. Joris Zorg B.V."),
            ("Woonzorgcentrum Linde", "Woonzorgcentrum De Linde"),
        ] {
            assert!(
                found(asked, there) >= Gelijkenis::STERK,
                "{asked} / {there}"
            );
        }
        assert_eq!(found("Jansen B.V.", "JANSEN"), Gelijkenis::GELIJK);
    }

    #[test]
    fn what_has_only_its_trade_in_common_is_not() {
        for (asked, there) in [
            ("Bakkerij Pietersen", "Bakkerij Jansen"),
            ("Bakkerij De Linde", "Bakkerij De Lente"),
            ("Jan", "Kapsalon Anja"),
            ("De", "De Linde"),
            (".", "Kapsalon Anja"),
            ("Zorggroep De Eik", "Zorggroep De Wilg"),
        ] {
            assert!(found(asked, there) < Gelijkenis::STERK, "{asked} / {there}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_more_alike_than_the_same(left in "[a-d ]{0,16}", right in "[a-d ]{0,16}") {
            prop_assert!(found(&left, &right) <= Gelijkenis::GELIJK);
            let same = FoldedNaam::new(&left) == FoldedNaam::new(&right);
            let named = !FoldedNaam::new(&left).as_str().is_empty();
            prop_assert_eq!(found(&left, &right) == Gelijkenis::GELIJK, same && named);
        }
    }
}
