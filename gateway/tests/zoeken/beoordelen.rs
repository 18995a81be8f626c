//! Questions as coordinators ask them, and what a person would call right answers: the maker of
//! `beoordeeld.json`.
//!
//! A question is made from a leerbedrijf that it means, or from what a student needs. What is
//! right is judged from the facts of the register by the rules below, which are those of a person
//! with the list in hand: the words that were meant, the town or the circle on the map, the
//! erkenning that runs today.

use stagepoort::domain::{Code, Coordinaten, Leerbedrijf, LeerplaatsSoort, Leerweg};

use crate::{
    beoordeeld::{Beoordeeld, Oordeel},
    groot,
    kans::Kans,
    mensen::{LANG, gezegd, heeft, kern, oog, typfout, zonder_diacrieten},
    vraag::Vraag,
    wereld::Wereld,
};

const SEED: u64 = 11;
const PER_KLASSE: usize = 20;
/// More right answers than this are no question but a list.
const MOST_RIGHT: usize = 60;
/// What is meant, and what is as good.
const BEDOELD: u8 = 2;
const GOED: u8 = 1;

/// A question of this class about this leerbedrijf, if one can be made.
type Maker = fn(&mut Kans, &Wereld, &Leerbedrijf) -> Option<Beoordeeld>;

const KLASSEN: &[Maker] = &[
    naam_plaats,
    naam_typfout,
    naam_volgorde,
    naam_deel_straal,
    code_straal,
    opleiding_plaats,
    leerplaats,
    naam_opleiding,
];

/// Twenty questions of each class.
pub(crate) fn make(wereld: &Wereld) -> Vec<Beoordeeld> {
    let mut kans = Kans::new(SEED);
    let mut questions = Vec::new();
    for maker in KLASSEN {
        let mut all = groot::erkend(wereld);
        kans.shuffle(&mut all);
        let made = all.into_iter().filter_map(|l| maker(&mut kans, wereld, l));
        questions.extend(made.take(PER_KLASSE));
    }
    questions
}

/// Small, without legal form, with the town.
fn naam_plaats(_: &mut Kans, wereld: &Wereld, bedoeld: &Leerbedrijf) -> Option<Beoordeeld> {
    let words = oog(&kern(&bedoeld.kern.naam).join(" "));
    let vraag = Vraag {
        naam: Some(kern(&bedoeld.kern.naam).join(" ").to_lowercase()),
        plaats: Some(gezegd(plaats(bedoeld)).to_lowercase()),
        ..erkenning()
    };
    let judged = judge(wereld, |l| {
        plaats(l) == plaats(bedoeld) && heeft(&l.kern.naam, &words)
    });
    known("naam en plaats", vraag, bedoeld, judged)
}

/// With a slip, and the first four characters of the postcode.
fn naam_typfout(kans: &mut Kans, wereld: &Wereld, bedoeld: &Leerbedrijf) -> Option<Beoordeeld> {
    let words = oog(&kern(&bedoeld.kern.naam).join(" "));
    let vraag = Vraag {
        naam: Some(typfout(kans, &kern(&bedoeld.kern.naam).join(" "))?),
        postcode: Some(cijfers(bedoeld)?.to_owned()),
        ..erkenning()
    };
    let judged = judge(wereld, |l| {
        cijfers(l) == cijfers(bedoeld) && heeft(&l.kern.naam, &words)
    });
    known("naam met typfout", vraag, bedoeld, judged)
}

/// The last word first, without marks, within ten km of the town.
fn naam_volgorde(kans: &mut Kans, wereld: &Wereld, bedoeld: &Leerbedrijf) -> Option<Beoordeeld> {
    let naam = &bedoeld.kern.naam;
    let words = oog(&kern(naam).join(" "));
    let (last, rest) = kern(naam)
        .split_last()
        .map(|(l, rest)| (*l, rest.join(" ")))?;
    let and = kans.pick(&[" ", " en ", " & "]);
    let asked = match naam.contains('&') {
        true => zonder_diacrieten(&rest).to_uppercase() + and + last,
        false => format!("{last}, {}", zonder_diacrieten(&rest)),
    };
    let here = centre(wereld, plaats(bedoeld))?;
    let vraag = Vraag {
        naam: Some(asked),
        plaats: Some(gezegd(plaats(bedoeld)).to_owned()),
        straal_km: Some("10".to_owned()),
        ..erkenning()
    };
    let judged = judge(wereld, |l| {
        lies_within(l, here, 10.0) && heeft(&l.kern.naam, &words)
    });
    (words.len() >= 2).then(|| known("naam omgekeerd", vraag, bedoeld, judged))?
}

/// The one or two words that are remembered, one of them not written out.
fn naam_deel_straal(kans: &mut Kans, wereld: &Wereld, bedoeld: &Leerbedrijf) -> Option<Beoordeeld> {
    let words = oog(&kern(&bedoeld.kern.naam).join(" "));
    let long: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|w| w.len() > LANG)
        .collect();
    let word = long.first()?;
    let part: String = word.chars().take(LANG + kans.below(2)).collect();
    let second = words.last().filter(|last| last != word && last.len() > 2);
    let asked = [Some(&part), second].into_iter().flatten();
    let asked = asked.map(String::as_str).collect::<Vec<_>>().join(" ");
    let straal = kans.pick(&[10, 15]);
    let here = centre(wereld, plaats(bedoeld))?;
    let vraag = Vraag {
        naam: Some(asked),
        plaats: Some(gezegd(plaats(bedoeld)).to_owned()),
        straal_km: Some(straal.to_string()),
        ..erkenning()
    };
    let judged = judge(wereld, |l| {
        let own = oog(&kern(&l.kern.naam).join(" "));
        let begins = own.iter().any(|w| w.starts_with(&part));
        let ends = second.is_none_or(|second| own.iter().any(|w| w.starts_with(second.as_str())));
        lies_within(l, here, f64::from(straal)) && begins && ends
    });
    rated("deel van de naam", vraag, Some(bedoeld), judged)
}

/// For a student: the crebo, the leerweg, and how far from where the student lives.
fn code_straal(kans: &mut Kans, wereld: &Wereld, near: &Leerbedrijf) -> Option<Beoordeeld> {
    let (code, leerweg) = needs(kans, wereld, near)?;
    let straal = kans.pick(&[5, 10, 15, 20]);
    let here = centre(wereld, plaats(near))?;
    let vraag = Vraag {
        code: Some(code.to_string()),
        leerweg: Some(leerweg.to_string()),
        plaats: Some(gezegd(plaats(near)).to_owned()),
        straal_km: Some(straal.to_string()),
        sortering: kans.procent(50).then(|| "AFSTAND".to_owned()),
        ..erkenning()
    };
    let codes = as_good_as(wereld, &[code]);
    let judged = judge(wereld, |l| {
        lies_within(l, here, f64::from(straal)) && trains(l, &codes, Some(leerweg))
    });
    rated("code en straal", vraag, None, judged)
}

/// For a student: the kwalificatie by its name, as it is said, and the town.
fn opleiding_plaats(kans: &mut Kans, wereld: &Wereld, near: &Leerbedrijf) -> Option<Beoordeeld> {
    let (code, leerweg) = needs(kans, wereld, near)?;
    let opleiding = wereld.opleidingen.get(&code)?;
    let words = oog(&opleiding.opleidingsnaam);
    let said = words.join(" ");
    let asked = match kans.procent(30) {
        true => typfout(kans, &said).unwrap_or(said),
        false => said,
    };
    let leerweg = kans.procent(50).then_some(leerweg);
    let vraag = Vraag {
        opleidingsnaam: Some(asked),
        niveau: opleiding.niveau.map(|n| n.to_string()),
        leerweg: leerweg.map(|l| l.to_string()),
        plaats: Some(gezegd(plaats(near)).to_uppercase()),
        ..erkenning()
    };
    let meant = named(wereld, &words, opleiding.niveau);
    let codes = as_good_as(wereld, &meant);
    let judged = judge(wereld, |l| {
        plaats(l) == plaats(near) && trains(l, &codes, leerweg)
    });
    rated("opleiding en plaats", vraag, None, judged)
}

/// For a student: a place from a day on, with enough room for a few.
fn leerplaats(kans: &mut Kans, wereld: &Wereld, near: &Leerbedrijf) -> Option<Beoordeeld> {
    let (code, leerweg) = needs(kans, wereld, near)?;
    let dag = groot::vandaag().plus_days(kans.between(0, 90));
    let least = kans.pick(&[1, 1, 2]);
    let straal = kans.pick(&[20, 30, 40]);
    let here = centre(wereld, plaats(near))?;
    let soort = match leerweg {
        Leerweg::Bol => LeerplaatsSoort::Stage,
        Leerweg::Bbl => LeerplaatsSoort::Leerbaan,
    };
    let vraag = Vraag {
        soort: Some("LEERPLAATS".to_owned()),
        code: Some(code.to_string()),
        leerplaats_soort: Some(soort.to_string()),
        beschikbaar_vanaf: Some(dag.to_string()),
        minimum_plaatsen: Some(least.to_string()),
        plaats: Some(gezegd(plaats(near)).to_owned()),
        straal_km: Some(straal.to_string()),
        ..Vraag::default()
    };
    let codes = as_good_as(wereld, &[code]);
    let judged = judge(wereld, |l| {
        let has = l.leerplaatsen.iter().any(|place| {
            let own = |e: &stagepoort::domain::Erkenning| {
                e.code == place.code && e.leerwegen.contains(place.leerweg) && e.holds_on(dag)
            };
            codes.contains(&place.code)
                && place.leerplaats_soort == soort
                && place.aantal_leerplaatsen >= least
                && place.beschikbaar_vanaf.is_none_or(|vanaf| vanaf <= dag)
                && place.beschikbaar_tot.is_none_or(|tot| tot >= dag)
                && l.kern.erkenningen.iter().any(own)
        });
        lies_within(l, here, f64::from(straal)) && has
    });
    rated("leerplaats", vraag, None, judged)
}

/// A leerbedrijf that is known, for a kwalificatie that it trains for.
fn naam_opleiding(kans: &mut Kans, wereld: &Wereld, bedoeld: &Leerbedrijf) -> Option<Beoordeeld> {
    let (code, leerweg) = needs(kans, wereld, bedoeld)?;
    let opleiding = wereld.opleidingen.get(&code)?;
    let words = oog(&kern(&bedoeld.kern.naam).join(" "));
    let vraag = Vraag {
        naam: Some(words.join(" ")),
        opleidingsnaam: Some(opleiding.opleidingsnaam.clone()),
        niveau: opleiding.niveau.map(|n| n.to_string()),
        leerweg: Some(leerweg.to_string()),
        ..erkenning()
    };
    let meant = named(wereld, &oog(&opleiding.opleidingsnaam), opleiding.niveau);
    let codes = as_good_as(wereld, &meant);
    let judged = judge(wereld, |l| {
        heeft(&l.kern.naam, &words) && trains(l, &codes, Some(leerweg))
    });
    known("naam en opleiding", vraag, bedoeld, judged)
}

/// Of a known leerbedrijf none other is called the same.
fn known(
    klasse: &str,
    vraag: Vraag,
    bedoeld: &Leerbedrijf,
    judged: Vec<&Leerbedrijf>,
) -> Option<Beoordeeld> {
    let called = |l: &Leerbedrijf| {
        let mut words = oog(&kern(&l.kern.naam).join(" "));
        words.sort();
        words
    };
    let namesakes = judged
        .iter()
        .filter(|l| called(l) == called(bedoeld))
        .count();
    (namesakes == 1).then(|| rated(klasse, vraag, Some(bedoeld), judged))?
}

fn rated(
    klasse: &str,
    vraag: Vraag,
    bedoeld: Option<&Leerbedrijf>,
    judged: Vec<&Leerbedrijf>,
) -> Option<Beoordeeld> {
    let bedoeld = bedoeld.map(|l| l.kern.leerbedrijf_id);
    let graad = |l: &Leerbedrijf| match Some(l.kern.leerbedrijf_id) == bedoeld {
        true => BEDOELD,
        false => GOED,
    };
    let relevant: Vec<Oordeel> = judged
        .iter()
        .map(|l| Oordeel {
            leerbedrijf_id: l.kern.leerbedrijf_id,
            graad: graad(l),
        })
        .collect();
    (1..=MOST_RIGHT)
        .contains(&relevant.len())
        .then(|| Beoordeeld {
            klasse: klasse.to_owned(),
            vraag,
            relevant,
        })
}

fn judge(wereld: &Wereld, right: impl Fn(&Leerbedrijf) -> bool) -> Vec<&Leerbedrijf> {
    groot::erkend(wereld)
        .into_iter()
        .filter(|l| right(l))
        .collect()
}

fn erkenning() -> Vraag {
    Vraag {
        soort: Some("ERKENNING".to_owned()),
        ..Vraag::default()
    }
}

/// One of the kwalificaties that it trains for today, and how; sometimes the new crebo of it.
fn needs(kans: &mut Kans, wereld: &Wereld, at: &Leerbedrijf) -> Option<(Code, Leerweg)> {
    let dag = groot::vandaag();
    let mut erkenningen = at.kern.erkenningen.iter().filter(|e| e.holds_on(dag));
    let erkenning = erkenningen.find(|e| !e.code.is_keuzedeel())?;
    let wegen: Vec<Leerweg> = erkenning.leerwegen.iter().collect();
    let newer = wereld.equivalenten.values().flatten();
    let mut newer = newer.filter(|e| e.equivalent_met == erkenning.code && e.holds_on(dag));
    let code = newer.next().map_or(erkenning.code, |e| e.code);
    (!wegen.is_empty()).then(|| (code, kans.pick(&wegen)))
}

/// Kwalificaties with these words in their name.
fn named(wereld: &Wereld, words: &[String], niveau: Option<u8>) -> Vec<Code> {
    let has = |naam: &str| words.iter().all(|word| oog(naam).contains(word));
    let all = wereld.opleidingen.values();
    let named = all.filter(|o| o.niveau == niveau && has(&o.opleidingsnaam));
    named.map(|o| o.code).collect()
}

/// With the crebos that count for them today.
fn as_good_as(wereld: &Wereld, codes: &[Code]) -> Vec<Code> {
    let equivalenten = codes
        .iter()
        .filter_map(|code| wereld.equivalenten.get(code));
    let holding = equivalenten
        .flatten()
        .filter(|e| e.holds_on(groot::vandaag()));
    codes
        .iter()
        .copied()
        .chain(holding.map(|e| e.equivalent_met))
        .collect()
}

fn trains(leerbedrijf: &Leerbedrijf, codes: &[Code], leerweg: Option<Leerweg>) -> bool {
    leerbedrijf.kern.erkenningen.iter().any(|e| {
        codes.contains(&e.code)
            && e.holds_on(groot::vandaag())
            && leerweg.is_none_or(|weg| e.leerwegen.contains(weg))
    })
}

fn plaats(leerbedrijf: &Leerbedrijf) -> &str {
    &leerbedrijf.gegevens.vestigingsadres.plaats
}

fn cijfers(leerbedrijf: &Leerbedrijf) -> Option<&str> {
    let adres = &leerbedrijf.gegevens.vestigingsadres;
    adres
        .postcode
        .as_deref()
        .filter(|_| adres.land == "NL")
        .and_then(|p| p.get(..4))
}

/// The middle of the addresses of a town.
fn centre(wereld: &Wereld, of: &str) -> Option<Coordinaten> {
    let all = wereld.leerbedrijven.values().filter(|l| plaats(l) == of);
    let points: Vec<Coordinaten> = all
        .filter_map(|l| l.gegevens.vestigingsadres.coordinaten)
        .collect();
    let mean =
        |of: fn(&Coordinaten) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    (!points.is_empty()).then(|| Coordinaten {
        lat: mean(|p| p.lat),
        lon: mean(|p| p.lon),
    })
}

/// On a flat map, which is right enough here.
fn lies_within(leerbedrijf: &Leerbedrijf, here: Coordinaten, km: f64) -> bool {
    const KM_PER_DEGREE: f64 = 111.195;
    let Some(there) = leerbedrijf.gegevens.vestigingsadres.coordinaten else {
        return false;
    };
    let north = (there.lat - here.lat) * KM_PER_DEGREE;
    let middle = f64::midpoint(there.lat, here.lat).to_radians();
    let east = (there.lon - here.lon) * KM_PER_DEGREE * middle.cos();
    north.hypot(east) <= km
}
