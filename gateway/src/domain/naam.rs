//! Names compared as people mean them (domain rule 8).

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

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

/// Legal forms that are written out.
const WRITTEN_OUT: &[&[&str]] = &[
    &["besloten", "vennootschap"],
    &["commanditaire", "vennootschap"],
    &["naamloze", "vennootschap"],
    &["vennootschap", "onder", "firma"],
];

/// A name without what does not matter: case, diacritics, punctuation, `&`/`en`, legal forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FoldedNaam(String);

impl FoldedNaam {
    /// Folds a name. It is empty only when the name has no letter and no digit; one that consists
    /// of nothing but legal forms keeps them.
    #[must_use]
    pub fn new(naam: &str) -> Self {
        let words = words(&plain(naam));
        let mut kept = without_legal_forms(&words);
        kept.retain(|word| *word != "en");
        if kept.is_empty() {
            kept = words.iter().map(String::as_str).collect();
        }
        Self(join_initials(&kept))
    }

    /// The folded text: lower-case words with one space between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|w| !w.is_empty())
    }
}

/// Lower case without diacritics; apostrophes gone, so that `auto's` is `autos`.
fn plain(naam: &str) -> String {
    let mut plain = String::with_capacity(naam.len());
    if naam.is_ascii() {
        // Most names, which need none of it.
        for c in naam.chars() {
            match c {
                '\'' | '`' => {}
                '&' | '+' => plain.push_str(" en "),
                c => plain.push(c.to_ascii_lowercase()),
            }
        }
        return plain;
    }
    for c in naam.nfkd().filter(|c| !is_combining_mark(*c)) {
        for c in c.to_lowercase() {
            match c {
                '\'' | '’' | '‘' | '`' | '´' | '\u{ad}' => {}
                'ß' => plain.push_str("ss"),
                'ø' => plain.push('o'),
                'æ' => plain.push_str("ae"),
                'œ' => plain.push_str("oe"),
                'đ' | 'ð' => plain.push('d'),
                'ł' => plain.push('l'),
                'þ' => plain.push_str("th"),
                'ı' => plain.push('i'),
                '&' | '+' => plain.push_str(" en "),
                c => plain.push(c),
            }
        }
    }
    // Some letters give marks only after they were made small, such as İ.
    plain.retain(|c| !is_combining_mark(c));
    plain
}

/// Splits at everything that is neither letter nor digit. Single letters that only points hold
/// apart are one word: `v.o.f.` is `vof`, but `Vitamine C B.V.` keeps its C.
fn words(plain: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for chunk in plain.split(|c: char| !c.is_alphanumeric() && c != '.') {
        let parts: Vec<&str> = chunk.split('.').filter(|p| !p.is_empty()).collect();
        let mut initials = String::new();
        for part in parts {
            if is_letter(part) {
                initials.push_str(part);
                continue;
            }
            if !initials.is_empty() {
                words.push(std::mem::take(&mut initials));
            }
            words.push(part.to_owned());
        }
        if !initials.is_empty() {
            words.push(initials);
        }
    }
    words
}

fn is_letter(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

fn without_legal_forms(words: &[String]) -> Vec<&str> {
    let mut rest: Vec<&str> = words.iter().map(String::as_str).collect();
    // `B. V.` with a space between is told from initials only at the end of a name.
    for form in LEGAL_FORMS.iter().filter(|form| form.len() <= 3) {
        let before = rest.len().saturating_sub(form.len());
        let apart = rest[before..].iter().all(|word| is_letter(word));
        if apart && rest[before..].concat() == **form {
            rest.truncate(before);
        }
    }
    let mut kept = Vec::with_capacity(rest.len());
    let mut rest = rest.as_slice();
    while let [first, later @ ..] = rest {
        if let Some(form) = WRITTEN_OUT.iter().find(|form| rest.starts_with(form)) {
            rest = &rest[form.len()..];
            continue;
        }
        if !LEGAL_FORMS.contains(first) {
            kept.push(*first);
        }
        rest = later;
    }
    kept
}

/// `J. P. Jansen`, `J.P. Jansen` and `JP Jansen` are one name.
fn join_initials(words: &[&str]) -> String {
    let mut folded = String::new();
    let mut after_initial = false;
    for word in words {
        let initial = is_letter(word);
        let same_word = initial && after_initial;
        if !folded.is_empty() && !same_word {
            folded.push(' ');
        }
        folded.push_str(word);
        after_initial = initial;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn fold_keeps_what_tells_names_apart() {
        for (naam, expected) in [
            ("Jansen", "jansen"),
            ("JANSEN B.V.", "jansen"),
            ("Jansen BV", "jansen"),
            ("Jansen B. V.", "jansen"),
            ("B.V. Jansen", "jansen"),
            ("Jansen b.v", "jansen"),
            ("Jansen, V.O.F.", "jansen"),
            ("V.o.f. Jansen", "jansen"),
            ("Jansen N.V.", "jansen"),
            ("Jansen C.V.", "jansen"),
            ("Eenmanszaak Jansen", "jansen"),
            ("Jansen Besloten Vennootschap", "jansen"),
            ("Vennootschap onder Firma Jansen", "jansen"),
            ("Coöperatie Zon U.A.", "zon"),
            ("Coöperatieve Zon UA", "zon"),
            ("Stichting De Zon", "de zon"),
            ("De Zon Holding B.V.", "de zon holding"),
            ("Jansen & Zonen", "jansen zonen"),
            ("Jansen&Zonen", "jansen zonen"),
            ("Jansen en Zonen", "jansen zonen"),
            ("Café 't Hoekje", "cafe t hoekje"),
            ("CAFE ’T HOEKJE", "cafe t hoekje"),
            ("Auto's-en-zo", "autos zo"),
            ("Müller Straße GmbH", "muller strasse"),
            ("Ångström Ltd.", "angstrom"),
            ("Sørensen", "sorensen"),
            ("Łódź Þór Æsir Œuvre Đorđe", "lodz thor aesir oeuvre dorde"),
            ("İstanbul", "istanbul"),
            ("\u{133}sberg", "ijsberg"),
            ("IJsberg", "ijsberg"),
            ("e\u{301}t\u{e9}", "ete"),
            ("J.P. Jansen", "jp jansen"),
            ("J. P. Jansen", "jp jansen"),
            ("JP Jansen", "jp jansen"),
            ("N. V. Jansen", "nv jansen"),
            ("Vitamine C B.V.", "vitamine c"),
            ("Vitamine C BV", "vitamine c"),
            ("Jansen.nl", "jansen nl"),
            ("Bakker  (Oost)\t/ West", "bakker oost west"),
            ("Garage 24-7", "garage 24 7"),
            ("Διόνυσος", "διονυσος"),
            ("Bvlgari", "bvlgari"),
            ("J & P", "jp"),
            ("En", "en"),
            ("Stichting B.V.", "stichting bv"),
            ("V.O.F.", "vof"),
            ("", ""),
            ("-- . --", ""),
        ] {
            assert_eq!(FoldedNaam::new(naam).as_str(), expected, "{naam}");
        }
    }

    proptest! {
        #[test]
        fn case_and_punctuation_around_words_do_not_matter(
            words in prop::collection::vec("[a-z]{2,8}", 1..5),
        ) {
            let plain = FoldedNaam::new(&words.join(" "));
            prop_assert_eq!(&FoldedNaam::new(&words.join(" - ").to_uppercase()), &plain);
            prop_assert_eq!(&FoldedNaam::new(&format!("({})", words.join("/"))), &plain);
        }

        #[test]
        fn any_text_folds_to_single_spaced_lower_case(text in "\\PC{0,40}") {
            let folded = FoldedNaam::new(&text);
            let folded = folded.as_str();
            prop_assert!(!folded.starts_with(' ') && !folded.ends_with(' '));
            prop_assert!(!folded.contains("  "));
            prop_assert!(folded.chars().all(|c| c.is_alphanumeric() || c == ' '), "{}", folded);
            let tells = text.nfkd().any(|c| c.is_alphanumeric() && !is_combining_mark(c));
            prop_assert!(!tells || !folded.is_empty());
        }
    }
}
