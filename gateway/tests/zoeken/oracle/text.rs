//! Names and words as rule 8 has them, written out plainly once more.

/// Letters that are written in several ways, and how they are compared.
const LETTERS: &[(&str, &str)] = &[
    ("áàâäãå", "a"),
    ("éèêë", "e"),
    ("íìîïİı", "i"),
    ("óòôöõø", "o"),
    ("úùûü", "u"),
    ("çć", "c"),
    ("ñń", "n"),
    ("šşś", "s"),
    ("žźż", "z"),
    ("ğ", "g"),
    ("ł", "l"),
    ("ą", "a"),
    ("ę", "e"),
    ("ý", "y"),
    ("ß", "ss"),
    ("æ", "ae"),
];
const APOSTROPHES: &str = "'’‘`´";
#[rustfmt::skip]
const RECHTSVORMEN: &[&str] = &[
    "ag", "bv", "bvba", "cooperatie", "cooperatief", "cooperatieve", "cv", "eenmanszaak", "gmbh",
    "ltd", "maatschap", "nv", "sarl", "sprl", "stichting", "ua", "vereniging", "vof", "wa",
];
const VOLUIT: &[&str] = &[
    "besloten vennootschap",
    "commanditaire vennootschap",
    "naamloze vennootschap",
    "vennootschap onder firma",
];

/// How well one asked word is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gevonden {
    Gelijk,
    Begin,
    Typfout,
}

/// How well an asked name is found, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tekst {
    /// The same words in the same order, or no name was asked.
    Dezelfde,
    /// The whole name, its words in another order.
    HeleNaam,
    /// All asked words, of a name that has more.
    AlleWoorden,
    /// At least one is only the beginning of a word.
    Begin,
    /// At least one differs by a typo.
    Typfout,
}

/// Lower case, without marks and punctuation, without `en`, without legal forms.
pub(crate) fn words(text: &str) -> Vec<String> {
    let all = all_words(&plain(text));
    let mut kept: Vec<String> = without_rechtsvormen(&all);
    kept.retain(|word| word != "en");
    initials_together(if kept.is_empty() { &all } else { &kept })
}

/// `None` when one of the asked words is not found.
pub(crate) fn compare(asked: &[String], there: &[String]) -> Option<Tekst> {
    let mut worst = Gevonden::Gelijk;
    for word in asked {
        worst = worst.max(best(word, there)?);
    }
    let whole = there.iter().all(|word| asked.contains(word));
    Some(match worst {
        Gevonden::Typfout => Tekst::Typfout,
        Gevonden::Begin => Tekst::Begin,
        Gevonden::Gelijk if asked == there => Tekst::Dezelfde,
        Gevonden::Gelijk if whole => Tekst::HeleNaam,
        Gevonden::Gelijk => Tekst::AlleWoorden,
    })
}

fn best(asked: &str, there: &[String]) -> Option<Gevonden> {
    there.iter().filter_map(|word| alike(asked, word)).min()
}

fn alike(asked: &str, there: &str) -> Option<Gevonden> {
    let letters = asked.chars().count();
    if asked == there {
        Some(Gevonden::Gelijk)
    } else if letters >= 2 && there.starts_with(asked) {
        Some(Gevonden::Begin)
    } else if letters >= 5 && one_typo(asked, there) {
        Some(Gevonden::Typfout)
    } else {
        None
    }
}

/// One letter more, less or other, or two neighbours that changed places.
pub(crate) fn one_typo(left: &str, right: &str) -> bool {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let same = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let (a, b) = (&left[same..], &right[same..]);
    let tail = |list: &[char], n: usize| list.get(n..).map(<[char]>::to_vec);
    let other = tail(a, 1) == tail(b, 1);
    let less = tail(a, 1).as_deref() == Some(b);
    let more = tail(b, 1).as_deref() == Some(a);
    let changed_places =
        a.len() >= 2 && b.len() >= 2 && (a[0], a[1]) == (b[1], b[0]) && tail(a, 2) == tail(b, 2);
    other || less || more || changed_places
}

fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.to_lowercase().chars() {
        if APOSTROPHES.contains(letter) || ('\u{300}'..='\u{36f}').contains(&letter) {
            continue;
        }
        match LETTERS.iter().find(|(from, _)| from.contains(letter)) {
            Some((_, to)) => plain.push_str(to),
            None if letter == '&' || letter == '+' => plain.push_str(" en "),
            None => plain.push(letter),
        }
    }
    plain
}

/// Points hold single letters together: `v.o.f.` is one word.
fn all_words(plain: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in plain.split(|c: char| !c.is_alphanumeric() && c != '.') {
        let mut letters = String::new();
        for part in chunk.split('.').filter(|part| !part.is_empty()) {
            if is_letter(part) {
                letters.push_str(part);
            } else {
                words.extend(Some(std::mem::take(&mut letters)).filter(|l| !l.is_empty()));
                words.push(part.to_owned());
            }
        }
        words.extend(Some(letters).filter(|l| !l.is_empty()));
    }
    words
}

fn is_letter(word: &str) -> bool {
    word.chars().count() == 1 && word.chars().all(char::is_alphabetic)
}

fn without_rechtsvormen(all: &[String]) -> Vec<String> {
    let mut text = format!(" {} ", all.join(" "));
    for form in RECHTSVORMEN.iter().filter(|form| form.len() <= 3) {
        let apart: Vec<String> = form.chars().map(String::from).collect();
        if let Some(before) = text.strip_suffix(&format!(" {} ", apart.join(" "))) {
            text = format!("{before} ");
        }
    }
    for form in VOLUIT {
        // One after the other: two of them share the space between.
        while let Some((before, after)) = text.split_once(&format!(" {form} ")) {
            text = format!("{before} {after}");
        }
    }
    text.split_whitespace()
        .filter(|word| !RECHTSVORMEN.contains(word))
        .map(str::to_owned)
        .collect()
}

fn initials_together(words: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut after_letter = false;
    for word in words {
        let letter = is_letter(word);
        match joined.last_mut() {
            Some(last) if letter && after_letter => last.push_str(word),
            _ => joined.push(word.clone()),
        }
        after_letter = letter;
    }
    joined
}
