//! Names of places and streets, folded so that usual spellings meet (domain rule 8), and what
//! stands behind a name to tell it from another: `Bergen (NH)`, `Heusden gem. Asten`.

use crate::domain::FoldedNaam;

/// A folded name without spaces: `'s-Gravenhage`, `den haag` and `DEN HAAG` give one key, and so
/// do `Oude Gracht` and `Oudegracht`.
pub(super) type Sleutel = String;

/// Other names of a place, folded. Only those of which no other place has the name.
const ALIASES: &[(&str, &str)] = &[
    ("boalsert", "bolsward"),
    ("damwoude", "damwald"),
    ("dejouwer", "joure"),
    ("drylts", "ijlst"),
    ("frjentsjer", "franeker"),
    ("gravenhage", "denhaag"),
    ("grouw", "grou"),
    ("harns", "harlingen"),
    ("hearrenfean", "heerenveen"),
    ("hertogenbosch", "denbosch"),
    ("hylpen", "hindeloopen"),
    ("ithearrenfean", "heerenveen"),
    ("ljouwert", "leeuwarden"),
    ("sgravenhage", "denhaag"),
    ("shertogenbosch", "denbosch"),
    ("snits", "sneek"),
    ("starum", "stavoren"),
    ("veenwouden", "feanwalden"),
    ("warkum", "workum"),
    ("zwaagwesteinde", "dewestereen"),
];

/// Names in full of what stands abbreviated at the beginning of a street.
const STREET_TITLES: &[(&str, &str)] = &[
    ("burg", "burgemeester"),
    ("dr", "doctor"),
    ("ds", "dominee"),
    ("gen", "generaal"),
    ("kon", "koningin"),
    ("mgr", "monseigneur"),
    ("mr", "meester"),
    ("past", "pastoor"),
    ("pres", "president"),
    ("prof", "professor"),
];

/// Provinces, with how they are abbreviated behind a name; folded.
const PROVINCIES: &[(&str, &[&str])] = &[
    ("drenthe", &["dr"]),
    ("flevoland", &["fl"]),
    ("friesland", &["fr", "frl", "fryslan"]),
    ("gelderland", &["gld", "gl"]),
    ("groningen", &["gn", "gr"]),
    ("limburg", &["l", "lb", "li"]),
    ("noordbrabant", &["nb", "brabant"]),
    ("noordholland", &["nh"]),
    ("overijssel", &["o", "ov"]),
    ("utrecht", &["ut", "utr"]),
    ("zeeland", &["zl", "zld"]),
    ("zuidholland", &["zh"]),
];

/// Lands in which leerbedrijven stand, by code, as people call them.
const LANDEN: &[(&str, &str)] = &[
    ("AT", "Oostenrijk"),
    ("AW", "Aruba"),
    ("BE", "België"),
    ("CH", "Zwitserland"),
    ("CW", "Curaçao"),
    ("DE", "Duitsland"),
    ("DK", "Denemarken"),
    ("ES", "Spanje"),
    ("FR", "Frankrijk"),
    ("GB", "Verenigd Koninkrijk"),
    ("IE", "Ierland"),
    ("IT", "Italië"),
    ("LU", "Luxemburg"),
    ("NL", "Nederland"),
    ("NO", "Noorwegen"),
    ("PT", "Portugal"),
    ("SE", "Zweden"),
    ("SR", "Suriname"),
];

/// The key of a place.
pub(super) fn plaats_sleutel(naam: &str) -> Sleutel {
    let sleutel = woorden(naam).concat();
    let alias = ALIASES.iter().find(|(other, _)| *other == sleutel);
    alias.map_or(sleutel, |(_, meant)| (*meant).to_owned())
}

/// The key of a street.
pub(super) fn straat_sleutel(naam: &str) -> Sleutel {
    let mut words = woorden(naam);
    if let Some(first) = words.first_mut()
        && let Some((_, full)) = STREET_TITLES.iter().find(|(short, _)| short == first)
    {
        (*full).clone_into(first);
    }
    if let Some(last) = words.last_mut()
        && last.ends_with("str")
    {
        last.push_str("aat");
    }
    words.concat()
}

/// The words of a name, folded: `St.` is `sint`, and `a/d`, `aan de` and `aan den` are one.
pub(super) fn woorden(naam: &str) -> Vec<String> {
    let folded = FoldedNaam::new(naam);
    let mut words: Vec<String> = Vec::new();
    for word in folded.as_str().split(' ').filter(|word| !word.is_empty()) {
        match (word, words.last_mut()) {
            ("st", _) => words.push("sint".to_owned()),
            ("v", _) => words.push("van".to_owned()),
            ("de" | "den", Some(before)) if before == "aan" => "ad".clone_into(before),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// A name with what stands behind it to tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plaatsnaam<'a> {
    /// The name alone.
    pub(super) naam: &'a str,
    /// `NH` of `Bergen NH`, `Asten` of `Heusden (gem. Asten)`.
    pub(super) bij: Option<&'a str>,
}

impl<'a> Plaatsnaam<'a> {
    /// Takes off what stands in brackets, behind `gem`, or as the abbreviation of a province.
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.trim();
        Self::in_brackets(text)
            .or_else(|| Self::behind_gemeente(text))
            .or_else(|| Self::behind_name(text))
            .unwrap_or(Self {
                naam: text,
                bij: None,
            })
    }

    fn in_brackets(text: &'a str) -> Option<Self> {
        let (naam, bij) = text.strip_suffix(')')?.rsplit_once('(')?;
        Self::told_apart(naam, without_gemeente(bij))
    }

    fn behind_gemeente(text: &'a str) -> Option<Self> {
        let (naam, bij) = [" gem. ", " gem "]
            .iter()
            .find_map(|word| text.split_once(word))?;
        Self::told_apart(naam, bij)
    }

    fn behind_name(text: &'a str) -> Option<Self> {
        let (naam, bij) = text.rsplit_once(char::is_whitespace)?;
        let short = bij.trim_end_matches('.');
        // One letter counts as a capital alone: `Hengelo O`.
        let written_so = short.len() > 1 || short.bytes().all(|b| b.is_ascii_uppercase());
        let is_short = |(full, shorts): &(&str, &[&str])| {
            shorts.iter().any(|s| s.eq_ignore_ascii_case(short)) && *full != short
        };
        let known = written_so && PROVINCIES.iter().any(is_short);
        known.then(|| Self::told_apart(naam, short)).flatten()
    }

    fn told_apart(naam: &'a str, bij: &'a str) -> Option<Self> {
        let (naam, bij) = (naam.trim_end_matches([' ', ',']), bij.trim());
        (!naam.is_empty()).then_some(Self {
            naam,
            bij: (!bij.is_empty()).then_some(bij),
        })
    }
}

fn without_gemeente(text: &str) -> &str {
    ["gem. ", "gem ", "gemeente "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text)
}

/// A province in one spelling, from its name or abbreviation; other texts only folded.
pub(super) fn provincie_sleutel(text: &str) -> Sleutel {
    let sleutel = woorden(text).concat();
    let known = PROVINCIES
        .iter()
        .find(|(full, shorts)| *full == sleutel || shorts.contains(&sleutel.as_str()));
    known.map_or(sleutel, |(full, _)| (*full).to_owned())
}

/// What a land is called; its code when it is not in the list.
pub(super) fn landnaam(land: &str) -> &str {
    let known = LANDEN.iter().find(|(code, _)| *code == land);
    known.map_or(land, |(_, naam)| naam)
}

/// Whether the text is the code or the name of this land.
pub(super) fn is_land(text: &str, land: &str) -> bool {
    text.eq_ignore_ascii_case(land) || woorden(text) == woorden(landnaam(land))
}

/// Whether the text is the code or the name of any land, and not of a province.
pub(super) fn is_a_land(text: &str) -> bool {
    let sleutel = provincie_sleutel(text);
    let provincie = PROVINCIES.iter().any(|(full, _)| *full == sleutel);
    !provincie && LANDEN.iter().any(|(code, _)| is_land(text, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_of_a_place_meet() {
        for (left, right) in [
            ("'s-Gravenhage", "Den Haag"),
            ("s-gravenhage", "DEN HAAG"),
            ("’s-Hertogenbosch", "den bosch"),
            ("St. Anthonis", "Sint Anthonis"),
            ("Sint-Oedenrode", "sint oedenrode"),
            ("Alphen a/d Rijn", "Alphen aan den Rijn"),
            ("Alphen aan de Rijn", "Alphen aan den Rijn"),
            ("Hoek v. Holland", "Hoek van Holland"),
            ("Súdwest", "Sudwest"),
            ("Ĳmuiden", "IJmuiden"),
            ("Nieuw Vennep", "Nieuw-Vennep"),
            ("Ljouwert", "Leeuwarden"),
            ("Bosch & Duin", "Bosch en Duin"),
        ] {
            assert_eq!(plaats_sleutel(left), plaats_sleutel(right), "{left}");
        }
        assert_ne!(plaats_sleutel("Sittard"), plaats_sleutel("Geleen"));
        assert_ne!(plaats_sleutel("Bergen"), plaats_sleutel("Bergen op Zoom"));
        assert_eq!(plaats_sleutel(" - "), "");
    }

    #[test]
    fn usual_spellings_of_a_street_meet() {
        for (left, right) in [
            ("Dorpsstr.", "Dorpsstraat"),
            ("Oude Gracht", "Oudegracht"),
            ("Burg. de Vlugtlaan", "Burgemeester de Vlugtlaan"),
            ("J P Coenstraat", "J.P. Coenstraat"),
            ("St. Jansstraat", "Sint-Jansstraat"),
            ("Prof. Dondersstraat", "professor dondersstraat"),
        ] {
            assert_eq!(straat_sleutel(left), straat_sleutel(right), "{left}");
        }
    }

    #[test]
    fn what_tells_a_place_apart_is_taken_off() {
        for (text, naam, bij) in [
            ("Bergen (NH)", "Bergen", Some("NH")),
            ("Bergen NH", "Bergen", Some("NH")),
            ("Bergen nh.", "Bergen", Some("nh")),
            ("Hengelo O", "Hengelo", Some("O")),
            ("Hengelo (Gelderland)", "Hengelo", Some("Gelderland")),
            ("Heusden gem. Asten", "Heusden", Some("Asten")),
            ("Beek gem Montferland", "Beek", Some("Montferland")),
            ("Nes (gem. Ameland)", "Nes", Some("Ameland")),
            ("Gronau (Westf.)", "Gronau", Some("Westf.")),
            ("Bergen op Zoom", "Bergen op Zoom", None),
            ("Wijk o", "Wijk o", None),
            ("Utrecht", "Utrecht", None),
            ("(NH)", "(NH)", None),
            ("Bergen ()", "Bergen", None),
            ("", "", None),
        ] {
            assert_eq!(Plaatsnaam::new(text), Plaatsnaam { naam, bij }, "{text}");
        }
    }

    #[test]
    fn provinces_and_lands_have_one_key() {
        for text in ["NH", "noord holland", "Noord-Holland"] {
            assert_eq!(provincie_sleutel(text), "noordholland", "{text}");
        }
        assert_eq!(provincie_sleutel("Fryslân"), "friesland");
        assert_eq!(provincie_sleutel("Ameland"), "ameland");
        assert!(is_land("belgie", "BE") && is_land("be", "BE") && !is_land("de", "BE"));
        assert_eq!(landnaam("XX"), "XX");
    }

    #[test]
    fn the_tables_are_folded() {
        for (other, meant) in ALIASES {
            assert_eq!(woorden(other).concat(), *other);
            assert!(ALIASES.iter().all(|(from, _)| from != meant), "{meant}");
        }
        assert!(ALIASES.is_sorted() && STREET_TITLES.is_sorted());
    }
}
