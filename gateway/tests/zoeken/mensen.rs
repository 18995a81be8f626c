//! How people write names: what they take as one word, what they leave out, where they slip.
//!
//! These rules are of the makers of the judged sets and know nothing of how is searched.

use crate::kans::Kans;

/// Marks on letters, and the letter that a hurried person types.
const DIACRIETEN: &[(&str, char)] = &[
    ("áàâäãå", 'a'),
    ("éèêë", 'e'),
    ("íìîïı", 'i'),
    ("óòôöõø", 'o'),
    ("úùûü", 'u'),
    ("çć", 'c'),
    ("ñń", 'n'),
    ("şš", 's'),
    ("ğ", 'g'),
    ("ł", 'l'),
    ("ą", 'a'),
    ("ę", 'e'),
    ("ż", 'z'),
    ("ÁÀÂÄ", 'A'),
    ("ÉÈÊË", 'E'),
    ("ÖÓ", 'O'),
    ("ÜÚ", 'U'),
    ("Ç", 'C'),
    ("Ş", 'S'),
    ("Ł", 'L'),
    ("İ", 'I'),
];
/// Endings and beginnings that say what kind of legal person it is.
#[rustfmt::skip]
const VORMEN: &[&str] = &[
    "b.v.", "bv", "v.o.f.", "vof", "n.v.", "nv", "c.v.", "u.a.", "stichting", "coöperatie",
    "coöperatief", "vzw", "gmbh", "ggmbh", "kg", "co.", "e.k.", "mts.",
];
/// Keys that lie beside each other.
const NAAST: &[&str] = &["qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// The shortest word in which a slip leaves the word to be known.
pub(crate) const LANG: usize = 5;

/// The words of a name without legal forms and `&`, as written.
pub(crate) fn kern(naam: &str) -> Vec<&str> {
    naam.split_whitespace()
        .filter(|word| *word != "&" && *word != "en" && !is_vorm(word))
        .collect()
}

pub(crate) fn is_vorm(word: &str) -> bool {
    VORMEN.contains(&word.to_lowercase().as_str())
}

/// The words as they are compared by eye: small, without marks, each part of a hyphen apart.
pub(crate) fn oog(text: &str) -> Vec<String> {
    let small = zonder_diacrieten(&text.to_lowercase()).replace(['\'', '.'], "");
    small
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "en")
        .map(str::to_owned)
        .collect()
}

/// A town as it is spoken of.
pub(crate) fn gezegd(plaats: &str) -> &str {
    match plaats {
        "'s-Gravenhage" => "Den Haag",
        "'s-Hertogenbosch" => "Den Bosch",
        plaats => plaats,
    }
}

/// Whether all of these words stand in that name.
pub(crate) fn heeft(naam: &str, words: &[String]) -> bool {
    let own = oog(&kern(naam).join(" "));
    words.iter().all(|word| own.contains(word))
}

pub(crate) fn zonder_diacrieten(text: &str) -> String {
    let bare = |letter: char| {
        let found = DIACRIETEN.iter().find(|(from, _)| from.contains(letter));
        found.map_or(letter, |(_, to)| *to)
    };
    text.replace('ß', "ss").chars().map(bare).collect()
}

/// One slip in one of the longer words; `None` when there is no such word.
pub(crate) fn typfout(kans: &mut Kans, naam: &str) -> Option<String> {
    let long: Vec<&str> = naam
        .split_whitespace()
        .filter(|w| !is_vorm(w) && w.chars().count() >= LANG && w.chars().all(char::is_alphabetic))
        .collect();
    (!long.is_empty()).then(|| {
        let word = kans.pick(&long);
        naam.replacen(word, &slip(kans, word), 1)
    })
}

/// Two letters change places, one falls out, comes twice, or is the one beside it. The first
/// letter is right: people look at where they begin.
fn slip(kans: &mut Kans, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = 1 + kans.below(letters.len() - 1);
    match kans.below(4) {
        0 if letters[at - 1] != letters[at] && at > 1 => letters.swap(at - 1, at),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = beside(kans, letters[at]),
    }
    letters.into_iter().collect()
}

fn beside(kans: &mut Kans, letter: char) -> char {
    let row = NAAST
        .iter()
        .find(|row| row.contains(letter))
        .unwrap_or(&NAAST[0]);
    let keys: Vec<char> = row.chars().collect();
    let at = keys.iter().position(|key| *key == letter).unwrap_or(2);
    match kans.below(2) {
        0 if at > 0 => keys[at - 1],
        _ => keys[(at + 1) % keys.len()],
    }
}
