//! Spoils the names of leerbedrijven as relation files do: the maker of `bedorven.json`.

use stagepoort::domain::{Adres, Leerbedrijf};

use crate::{
    bedorven::Bedorven,
    groot,
    kans::Kans,
    mensen::{heeft, is_vorm, kern, oog, typfout, zonder_diacrieten},
    wereld::Wereld,
};

const SEED: u64 = 7;
const PER_SOORT: usize = 20;
/// Of each soort at least one is abroad, where one can be.
const BUITENLAND_PER_SOORT: usize = 2;

type Spoiler = fn(&mut Kans, &Leerbedrijf) -> Option<String>;

const SOORTEN: &[(&str, Spoiler)] = &[
    ("een typfout", |kans, l| typfout(kans, &l.kern.naam)),
    ("twee typfouten", twee_typfouten),
    ("rechtsvorm weg", |_, l| rechtsvorm_weg(&l.kern.naam)),
    ("rechtsvorm erbij", rechtsvorm_erbij),
    ("rechtsvorm voluit", |_, l| vervangen(&l.kern.naam, VOLUIT)),
    ("woordvolgorde", woordvolgorde),
    ("afkorting", |_, l| vervangen(&l.kern.naam, AFKORTINGEN)),
    ("en-teken", en_teken),
    ("zonder diacrieten", |_, l| {
        other(&l.kern.naam, zonder_diacrieten(&l.kern.naam))
    }),
    ("woord weg", woord_weg),
    ("aaneen", aaneen),
    ("los", |_, l| los(&l.kern.naam)),
    ("hoofdletters", |_, l| {
        Some(l.kern.naam.replace(['.', '\''], "").to_uppercase())
    }),
    ("plaats erachter", plaats_erachter),
    ("gemengd", gemengd),
];

const VOLUIT: &[(&str, &str)] = &[
    ("B.V.", "Besloten Vennootschap"),
    ("BV", "besloten vennootschap"),
    ("V.O.F.", "Vennootschap onder Firma"),
    ("VOF", "vennootschap onder firma"),
    ("N.V.", "Naamloze Vennootschap"),
    ("C.V.", "Commanditaire Vennootschap"),
];
/// Written in full in the one place and short in the other.
const AFKORTINGEN: &[(&str, &str)] = &[
    ("Gebr.", "Gebroeders"),
    ("& Zn.", "en Zonen"),
    ("Mts.", "Maatschap"),
    ("en Zonen", "& Zn."),
    ("& Zonen", "& Zn"),
    ("Sint-Joris", "St. Joris"),
    ("Sint-Anna", "St. Anna"),
    ("St. Josef", "Sankt Josef"),
    ("Stichting", "St."),
    ("Van den", "v.d."),
    ("Van der", "v/d"),
    ("e.o.", "en omstreken"),
];
/// Compounds that are often written as two words.
#[rustfmt::skip]
const SAMENSTELLINGEN: &[(&str, &str)] = &[
    ("Zorggroep", "Zorg groep"), ("Woonzorgcentrum", "Woon zorgcentrum"),
    ("Autobedrijf", "Auto bedrijf"), ("Installatiebedrijf", "Installatie bedrijf"),
    ("Installatietechniek", "Installatie techniek"), ("Bouwbedrijf", "Bouw bedrijf"),
    ("Kinderdagverblijf", "Kinder dagverblijf"), ("Kinderopvang", "Kinder opvang"),
    ("Thuiszorg", "Thuis zorg"), ("Timmerbedrijf", "Timmer bedrijf"),
    ("Transportbedrijf", "Transport bedrijf"), ("Sportcentrum", "Sport centrum"),
    ("Administratiekantoor", "Administratie kantoor"), ("Tuincentrum", "Tuin centrum"),
    ("Schoonmaakbedrijf", "Schoonmaak bedrijf"), ("Huisartsenpraktijk", "Huisartsen praktijk"),
    ("Hoveniersbedrijf", "Hoveniers bedrijf"), ("Woonzorgcentrum", "Woon zorg centrum"),
    ("Metallbau", "Metall bau"), ("Drukkerij", "Druk kerij"), ("Modehuis", "Mode huis"),
];

/// Three hundred rows, of which the right answer is known.
pub(crate) fn make(wereld: &Wereld) -> Vec<Bedorven> {
    let mut kans = Kans::new(SEED);
    let mut all = groot::erkend(wereld);
    kans.shuffle(&mut all);
    let mut rows: Vec<Bedorven> = Vec::new();
    for (soort, spoiler) in SOORTEN {
        let abroad: Vec<&Leerbedrijf> = all.iter().copied().filter(|l| is_abroad(l)).collect();
        let home: Vec<&Leerbedrijf> = all.iter().copied().filter(|l| !is_abroad(l)).collect();
        let before = rows.len();
        let most = [before + BUITENLAND_PER_SOORT, before + PER_SOORT];
        for (of, most) in [abroad, home].into_iter().zip(most) {
            for leerbedrijf in of {
                let used = rows
                    .iter()
                    .any(|r| r.leerbedrijf_id == leerbedrijf.kern.leerbedrijf_id);
                if used || rows.len() == most {
                    continue;
                }
                let naam = spoiler(&mut kans, leerbedrijf);
                let naam = naam.filter(|naam| is_known_by(wereld, leerbedrijf, naam));
                rows.extend(naam.map(|naam| row(&mut kans, soort, leerbedrijf, naam)));
            }
        }
    }
    rows
}

fn is_abroad(leerbedrijf: &Leerbedrijf) -> bool {
    leerbedrijf.gegevens.vestigingsadres.land != "NL"
}

/// A person could not mean another one: none in that town has all words that were left.
fn is_known_by(wereld: &Wereld, leerbedrijf: &Leerbedrijf, spoiled: &str) -> bool {
    let left = oog(spoiled);
    let own = oog(&kern(&leerbedrijf.kern.naam).join(" "));
    let kept: Vec<String> = own.into_iter().filter(|word| left.contains(word)).collect();
    let plaats = &leerbedrijf.gegevens.vestigingsadres.plaats;
    let mut others = wereld.leerbedrijven.values().filter(|other| {
        other.kern.leerbedrijf_id != leerbedrijf.kern.leerbedrijf_id
            && other.gegevens.vestigingsadres.plaats == *plaats
    });
    !kept.is_empty() && !others.any(|other| heeft(&other.kern.naam, &kept))
}

/// With what a relation file has beside the name.
fn row(kans: &mut Kans, soort: &str, leerbedrijf: &Leerbedrijf, naam: String) -> Bedorven {
    let Adres {
        plaats,
        postcode,
        huisnummer,
        land,
        ..
    } = &leerbedrijf.gegevens.vestigingsadres;
    let by = kans.below(10);
    let abroad = is_abroad(leerbedrijf);
    let with_postcode = by >= 5 && postcode.is_some() && !abroad;
    let huisnummer = huisnummer.filter(|_| matches!(by, 4 | 8 | 9));
    Bedorven {
        leerbedrijf_id: leerbedrijf.kern.leerbedrijf_id,
        soort: soort.to_owned(),
        naam,
        plaats: (!with_postcode).then(|| plaats.clone()),
        postcode: postcode
            .clone()
            .filter(|_| with_postcode || (abroad && by >= 5)),
        // A moved neighbour, or a slip.
        huisnummer: huisnummer.map(|n| if by == 9 { n + 2 } else { n }.to_string()),
        land: (abroad && by != 0).then(|| land.clone()),
    }
}

fn other(naam: &str, spoiled: String) -> Option<String> {
    (spoiled != naam).then_some(spoiled)
}

fn vervangen(naam: &str, by: &[(&str, &str)]) -> Option<String> {
    let padded = format!("{naam} ");
    let found = by
        .iter()
        .find(|(from, _)| padded.contains(&format!("{from} ")));
    found.map(|(from, to)| naam.replacen(from, to, 1))
}

fn twee_typfouten(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let naam = &leerbedrijf.kern.naam;
    let once = typfout(kans, naam)?;
    (0..20)
        .filter_map(|_| typfout(kans, &once))
        .find(|twice| differ(naam, twice) == 2)
}

/// How many words are not the same.
fn differ(left: &str, right: &str) -> usize {
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    words(left)
        .iter()
        .zip(words(right))
        .filter(|(l, r)| *l != r)
        .count()
}

fn rechtsvorm_weg(naam: &str) -> Option<String> {
    let kept: Vec<&str> = naam.split_whitespace().filter(|w| !is_vorm(w)).collect();
    other(naam, kept.join(" "))
}

fn rechtsvorm_erbij(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let naam = &leerbedrijf.kern.naam;
    let has = naam.split_whitespace().any(is_vorm);
    let more = kans.pick(&[
        "{} B.V.",
        "{} BV",
        "{} V.O.F.",
        "{} vof",
        "Stichting {}",
        "{} b.v.",
        "B.V. {}",
    ]);
    (!has).then(|| more.replace("{}", naam))
}

fn woordvolgorde(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let (first, rest) = leerbedrijf.kern.naam.split_once(' ')?;
    let rest = rechtsvorm_weg(rest).unwrap_or_else(|| rest.to_owned());
    let comma = kans.pick(&[" ", ", "]);
    (kern(&rest).len() > 1 || rest.chars().count() > 3).then(|| format!("{rest}{comma}{first}"))
}

fn en_teken(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let naam = &leerbedrijf.kern.naam;
    let and = kans.pick(&["en", "+", "EN", ""]);
    let spoiled = match naam.contains(" & ") {
        true => naam.replace(" & ", &format!(" {and} ")),
        false => naam.replace(" en ", " & "),
    };
    other(naam, spoiled.replace("  ", " "))
}

/// One of the words that say the least: the trade in front, an article, the town.
fn woord_weg(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let mut words = kern(&leerbedrijf.kern.naam);
    let plaats = leerbedrijf.gegevens.vestigingsadres.plaats.as_str();
    let little = |word: &str| is_klein(word) || word == plaats || word == "Holding";
    let may_go = |at: &usize| *at == 0 || little(words[*at]);
    let places: Vec<usize> = (0..words.len()).filter(may_go).collect();
    let at = kans.pick(if places.is_empty() { &[0] } else { &places });
    (words.len() >= 3).then(|| {
        words.remove(at);
        words.join(" ")
    })
}

/// An article or what stands before a surname.
fn is_klein(word: &str) -> bool {
    [
        "de", "het", "'t", "van", "den", "der", "op", "in", "te", "ter", "da",
    ]
    .contains(&word.to_lowercase().as_str())
}

/// Two words that belong together written as one.
fn aaneen(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let words = kern(&leerbedrijf.kern.naam);
    let plain = |word: &str| word.chars().all(char::is_alphabetic);
    let together = |at: &usize| {
        let (one, next) = (words[*at], words[*at + 1]);
        plain(one) && plain(next) && !is_klein(next)
    };
    let last = words.len().saturating_sub(1);
    let places: Vec<usize> = (0..last).filter(together).collect();
    (!places.is_empty()).then(|| {
        let at = kans.pick(&places);
        let glued = format!("{}{}", words[at], words[at + 1].to_lowercase());
        [&words[..at], &[glued.as_str()], &words[at + 2..]]
            .concat()
            .join(" ")
    })
}

fn los(naam: &str) -> Option<String> {
    vervangen(naam, SAMENSTELLINGEN)
}

fn plaats_erachter(_: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let plaats = &leerbedrijf.gegevens.vestigingsadres.plaats;
    let naam = &leerbedrijf.kern.naam;
    (!naam.contains(plaats.as_str())).then(|| format!("{naam} {plaats}"))
}

/// A slip, no legal form, no marks and all small.
fn gemengd(kans: &mut Kans, leerbedrijf: &Leerbedrijf) -> Option<String> {
    let slipped = typfout(kans, &rechtsvorm_weg(&leerbedrijf.kern.naam)?)?;
    Some(zonder_diacrieten(&slipped.to_lowercase()).replace(" & ", " en "))
}
