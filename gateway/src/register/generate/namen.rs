//! Names of people, companies and streets, composed from small lists of our own.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::dice::Dice;

#[rustfmt::skip]
const ACHTERNAMEN: &[&str] = &[
    "De Jong", "Jansen", "De Vries", "Van den Berg", "Van Dijk", "Bakker", "Visser", "Smit",
    "Meijer", "De Boer", "Mulder", "De Groot", "Bos", "Vos", "Peters", "Hendriks", "Van Leeuwen",
    "Dekker", "Brouwer", "De Wit", "Dijkstra", "Smits", "De Graaf", "Van der Meer",
    "Van der Linden", "Kok", "Jacobs", "De Haan", "Vermeulen", "Van den Heuvel", "Van der Veen",
    "Van den Broek", "De Bruijn", "Schouten", "Van Beek", "Willems", "Van Vliet", "Hoekstra",
    "Maas", "Verhoeven", "Koster", "Van Dam", "Prins", "Blom", "Huisman", "Peeters", "De Jonge",
    "Kuipers", "Van Veen", "Post", "Kuiper", "Veenstra", "Kramer", "Van den Brink", "Scholten",
    "Van Wijk", "Postma", "Martens", "Vink", "De Ruiter", "Timmermans", "Groen", "Gerritsen",
    "Jonker", "Van Loon", "Boer", "Van der Velde", "Willemsen", "Smeets", "De Lange", "De Vos",
    "Bosch", "Van Dongen", "Schipper", "De Koning", "Van der Laan", "Koning", "Driessen",
    "Van Doorn", "Hermans", "Evers", "Van den Bosch", "Van der Meulen", "Hofman", "Bosman",
    "Wolters", "Sanders", "Van der Heijden", "Mol", "Molenaar", "Kuijpers", "Van der Wal",
    "Zwart", "Hoek", "Roos", "Verbeek", "Bouwman", "Oosterhuis", "Wiersma", "Terpstra",
    "Hoogland", "Nijland", "Te Velde", "Ter Haar", "In 't Veld", "Van 't Hof", "Op den Camp",
    "Zijlstra", "Geërts", "Müller", "Coenraadts", "Lagerweij", "Ruijgrok", "Staal", "Poortvliet",
    "Duijvestijn", "Kloosterman", "Eerdmans", "Boonstra",
];
#[rustfmt::skip]
const ACHTERNAMEN_ELDERS: &[(&[&str], &[&str])] = &[
    (
        &[
            "Yıldız", "Kaya", "Demir", "Çelik", "Şahin", "Öztürk", "Aydın", "Arslan", "Doğan",
            "Koç",
        ],
        &["Mehmet", "Ayşe", "Fatma", "Mustafa", "Emine", "Hüseyin", "Elif", "Özlem", "Yusuf"],
    ),
    (
        &[
            "El Amrani", "Bouali", "El Idrissi", "Benali", "Aït Saïd", "El Khattabi", "Ouali",
            "Ziani",
        ],
        &[
            "Fatima", "Mohamed", "Youssef", "Naïma", "Samira", "Rachid", "Hanane", "Karim",
            "Soufiane",
        ],
    ),
    (
        &["Kowalska", "Nowak", "Wiśniewski", "Wójcik", "Zieliński", "Szymańska", "Dąbrowski"],
        &["Agnieszka", "Piotr", "Katarzyna", "Tomasz", "Małgorzata", "Paweł", "Łukasz", "Ewa"],
    ),
    (
        &["Ramdin", "Tjon", "Nguyen", "Pinas", "Silva", "Martina", "Ramlal", "Hassan"],
        &["Anil", "Linh", "Marlon", "Shanti", "Gabriela", "Xavier", "Priya", "Denzel"],
    ),
];
#[rustfmt::skip]
const VOORNAMEN: &[&str] = &[
    "Anja", "Bart", "Carla", "Daan", "Els", "Femke", "Gerrit", "Hanneke", "Inge", "Jan", "Karin",
    "Lars", "Marloes", "Niels", "Olga", "Petra", "Quirine", "Ruud", "Sanne", "Thijs", "Ursula",
    "Vera", "Wim", "Yvonne", "Zoë", "Anouk", "Bram", "Chantal", "Dirk", "Eefje", "Frits", "Greet",
    "Henk", "Ilse", "Joost", "Kees", "Lotte", "Maarten", "Nienke", "Otto", "Patricia", "Renée",
    "Sjoerd", "Tineke", "Willemijn", "Ymke", "Annemiek", "Björn", "Chloé", "Désirée", "Esmée",
    "Floor", "Geert", "Hedwig", "Iris", "Jeroen", "Klaas", "Loes", "Mirjam", "Noël", "Roos",
    "Truus",
];
#[rustfmt::skip]
const DINGEN: &[&str] = &[
    "De Linde", "De Eik", "De Beuk", "De Wilg", "De Molen", "De Brug", "De Poort", "De Haven",
    "De Zonnebloem", "De Regenboog", "De Klaver", "De Zwaluw", "De Ooievaar", "De Vlinder",
    "De Horizon", "Het Anker", "Het Baken", "Het Kompas", "Het Kasteel", "Het Lindehof",
    "De Oude Pastorie", "De Gouden Leeuw", "De Witte Zwaan", "De Drie Gezusters", "Zonneschijn",
    "Rozenhof", "Vredehof", "Waterrijk", "Bosrand", "Duinzicht", "Weidezicht", "Avondrust",
    "De Vuurtoren", "De Kleine Prins", "'t Hoogstraatje", "'t Trefpunt", "De Vier Jaargetijden",
    "De Meerkoet", "De Grutto", "Het Groene Hart", "De Zeven Bergen", "Ons Genoegen",
    "De Steenuil", "De Veerman", "De Waag", "De Terp", "De Pelikaan", "Hoog & Laag", "De Ark",
    "De Parel", "Sint-Joris", "Nieuw-Elim", "Coöperatief Thuis",
];
#[rustfmt::skip]
const TORENS: &[&str] = &[
    "Veerhuis", "Hoekje", "Praathuis", "Wapen", "Raadhuis", "Torentje", "Vosje", "Spinnewiel",
    "Kannetje", "Koetshuis", "Pakhuis", "Zwaantje", "Kruispunt", "Wagenwiel", "Klokhuis",
];
const RECHTSVORMEN: &[(&str, u32)] = &[
    (" B.V.", 45),
    (" BV", 20),
    ("", 18),
    (" V.O.F.", 8),
    (" VOF", 5),
    (" Holding B.V.", 2),
    (" C.V.", 1),
    (" N.V.", 1),
];
#[rustfmt::skip]
const STRATEN: &[&str] = &[
    "Dorpsstraat", "Kerkstraat", "Hoofdstraat", "Stationsweg", "Stationsstraat", "Molenstraat",
    "Schoolstraat", "Julianastraat", "Wilhelminastraat", "Beatrixlaan", "Prins Bernhardstraat",
    "Nieuwstraat", "Markt", "Kerkplein", "Raadhuisstraat", "Industrieweg", "Ambachtsweg",
    "Handelskade", "Nijverheidsstraat", "Energieweg", "Havenstraat", "Havenkade", "Parallelweg",
    "Oude Rijksstraatweg", "Rijksweg", "Provincialeweg", "Beukenlaan", "Eikenlaan", "Lindelaan",
    "Kastanjelaan", "Berkenstraat", "Wilgenstraat", "Populierenweg", "Spoorstraat", "Tuinstraat",
    "Veldweg", "Akkerweg", "Broekstraat", "Heuvelstraat", "Torenstraat", "Vismarkt",
    "Grote Markt", "Oosterstraat", "Westersingel", "Noorderdwarsstraat", "Zuiderzeestraat",
    "Waalkade", "Rembrandtlaan", "Vermeerstraat", "Mozartlaan", "Curaçaostraat", "'t Zand",
    "Laan van Europa", "1e Dwarsstraat", "Plein 1944", "Wethouder Koopmanstraat",
];

/// What a company's name may hold of its surroundings.
pub(super) struct Omgeving<'a> {
    pub(super) plaats: &'a str,
}

/// A pattern of `sectoren` filled in.
pub(super) fn bedrijfsnaam(patroon: &str, omgeving: &Omgeving<'_>, dice: &mut Dice) -> String {
    let mut naam = String::with_capacity(48);
    let mut rest = patroon;
    while let Some((voor, na)) = rest.split_once('{') {
        naam.push_str(voor);
        let (sleutel, na) = na.split_once('}').unwrap_or((na, ""));
        naam.push_str(match sleutel {
            "a" | "b" if dice.promille(50) => {
                let groep = dice.index(ACHTERNAMEN_ELDERS.len());
                dice.pick(ACHTERNAMEN_ELDERS[groep].0)
            }
            "a" | "b" => dice.pick(ACHTERNAMEN),
            "v" | "w" => dice.pick(VOORNAMEN),
            "d" => dice.pick(DINGEN),
            "t" => dice.pick(TORENS),
            "s" => dice.pick(STRATEN),
            "p" => omgeving.plaats,
            _ => dice.weighted(RECHTSVORMEN),
        });
        rest = na;
    }
    naam.push_str(rest);
    // Behind an s, the apostrophe alone: Lars' Boetiek.
    naam.replace("s's ", "s' ")
}

/// First name and surname of someone who could work in the Netherlands.
pub(super) fn persoon(dice: &mut Dice) -> String {
    let (voornamen, achternamen) = match dice.below(100) {
        0..74 => (VOORNAMEN, ACHTERNAMEN),
        n => {
            let (achter, voor) = ACHTERNAMEN_ELDERS[n as usize % ACHTERNAMEN_ELDERS.len()];
            (voor, achter)
        }
    };
    let voor = dice.pick(voornamen);
    // A prefix is written small behind a first name: Anja de Vries, but Bakkerij De Vries.
    let achter = dice.pick(achternamen);
    let klein = ["De ", "Van ", "Te ", "Ter ", "In ", "Op "]
        .iter()
        .any(|prefix| achter.starts_with(prefix));
    let eerste = achter.chars().next().map_or(0, char::len_utf8);
    if klein {
        format!(
            "{voor} {}{}",
            achter[..eerste].to_lowercase(),
            &achter[eerste..]
        )
    } else {
        format!("{voor} {achter}")
    }
}

/// The street of a postcode: one postcode is one street, so its number decides.
pub(super) fn straat(nummer: u64) -> String {
    let of = |list: &[&'static str], n: u64| list[(n % list.len() as u64) as usize];
    match nummer % 10 {
        0 => format!("Burgemeester {}laan", of(ACHTERNAMEN, nummer / 10)),
        1 => format!("Dr. {}straat", of(ACHTERNAMEN, nummer / 10)),
        _ => of(STRATEN, nummer / 10).to_owned(),
    }
}

/// A name as part of a host name: letters and digits of ASCII, hyphens between words, at most
/// 40 characters.
pub(super) fn slug(naam: &str) -> String {
    let mut slug = String::with_capacity(naam.len());
    for c in naam.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'A'..='Z' => slug.push(c.to_ascii_lowercase()),
            'ı' => slug.push('i'),
            'ł' | 'Ł' => slug.push('l'),
            // Dots and apostrophes stand within a word: B.V., 't.
            '.' | '\'' => {}
            _ if !slug.ends_with('-') && !slug.is_empty() => slug.push('-'),
            _ => {}
        }
        if slug.len() == 40 {
            break;
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() {
        slug.push_str("bedrijf");
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_is_a_host_label() {
        for (naam, expect) in [
            ("Restaurant 't Veerhuis", "restaurant-t-veerhuis"),
            ("Autobedrijf Jansen & Zn.", "autobedrijf-jansen-zn"),
            ("Çelik Infra B.V.", "celik-infra-bv"),
            ("Wiśniewski & Łukasz", "wisniewski-lukasz"),
            ("Yıldız", "yildiz"),
            ("&&", "bedrijf"),
        ] {
            assert_eq!(slug(naam), expect);
        }
        assert!(slug(&"Langenaam ".repeat(20)).len() <= 40);
    }
}
