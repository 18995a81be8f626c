//! The thousand questions: made once from a seed and the levering, then kept as they are.
//!
//! What is asked for is taken from leerbedrijven drawn at random, so that codes, names and places
//! are asked as often as they occur.

use std::{fs, io, path::Path};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use stagepoort::domain::{Adres, Code, Erkenning, Leerplaats, Leerweg};

use super::{
    question::{ERKENNING, Klasse, LEERPLAATS, Recorded, Vraag},
    register::{Bedrijf, Register},
};

/// Changing it changes every figure.
const SEED: u64 = 3;

/// Half of the questions ask about a later day than today.
const LATER: &str = "2027-02-01";

/// Words of a name that nobody would search for by themselves.
const LEAST_LETTERS: usize = 3;

/// Letters from which on a typo is forgiven.
const TYPO_LETTERS: usize = 5;

/// The recording of this levering; made when it is not there.
pub(crate) fn questions(file: &Path, register: &Register) -> io::Result<Vec<Recorded>> {
    if file.exists() {
        return kept(file);
    }
    let made = record(register)?;
    let mut text = String::new();
    for recorded in &made {
        text += &serde_json::to_string(recorded)?;
        text.push('\n');
    }
    fs::write(file, text)?;
    Ok(made)
}

/// What was recorded before.
pub(crate) fn kept(file: &Path) -> io::Result<Vec<Recorded>> {
    let parse = |line| serde_json::from_str(line).map_err(io::Error::other);
    fs::read_to_string(file)?.lines().map(parse).collect()
}

fn record(register: &Register) -> io::Result<Vec<Recorded>> {
    let mut draw = Draw {
        rng: ChaCha8Rng::seed_from_u64(SEED),
        register,
    };
    let mut all = Vec::new();
    for klasse in Klasse::ALL {
        for nth in 0..klasse.share() {
            let vraag = draw
                .question(klasse, nth)
                .ok_or_else(|| io::Error::other("the levering has nothing to ask about"))?;
            all.push(Recorded { klasse, vraag });
        }
    }
    Ok(all)
}

/// Chance, and the register that it falls on.
struct Draw<'r> {
    rng: ChaCha8Rng,
    register: &'r Register,
}

/// Draws before a register is given up in which nothing suits.
const TRIES: usize = 10_000;

impl<'r> Draw<'r> {
    fn question(&mut self, klasse: Klasse, nth: usize) -> Option<Vraag> {
        match klasse {
            Klasse::Smal => self.narrow(nth),
            Klasse::Breed => self.wide(nth),
            Klasse::Tekst => self.text(nth),
            Klasse::Tekstafstand => self.text_near(nth),
            Klasse::Tellingen => self.counts(nth),
            Klasse::Leerplaatsen => self.offers(nth),
        }
    }

    fn narrow(&mut self, nth: usize) -> Option<Vraag> {
        let (bedrijf, erkenning) = self.erkenning()?;
        let leerweg = self.leerweg(erkenning)?;
        // Half of the students live near a company that trains for it, half anywhere.
        let near = match address(bedrijf) {
            own if nth.is_multiple_of(2) && can_be_asked(own) => own,
            _ => self.address()?,
        };
        Some(Vraag {
            soort: ERKENNING.to_owned(),
            postcode: self.postcode(near),
            straal_km: Some(self.between(10, 15).to_string()),
            code: Some(erkenning.code.to_string()),
            leerweg: Some(leerweg.to_string()),
            beschikbaar_vanaf: later(nth),
            ..Vraag::default()
        })
    }

    fn wide(&mut self, nth: usize) -> Option<Vraag> {
        let niveau = self.between(1, 4).to_string();
        let leerweg = self.one_of(&[None, Some("BOL"), Some("BBL")]);
        let vraag = Vraag {
            soort: ERKENNING.to_owned(),
            niveau: Some(niveau),
            leerweg: leerweg.map(str::to_owned),
            beschikbaar_vanaf: later(nth),
            ..Vraag::default()
        };
        // One in five asks for the whole country.
        if nth % 5 == 4 {
            return Some(vraag);
        }
        let near = self.address()?;
        Some(Vraag {
            plaats: Some(near.plaats.clone()),
            straal_km: Some(self.between(40, 60).to_string()),
            ..vraag
        })
    }

    fn text(&mut self, nth: usize) -> Option<Vraag> {
        Some(Vraag {
            soort: ERKENNING.to_owned(),
            naam: Some(self.naam(nth)?),
            ..Vraag::default()
        })
    }

    fn text_near(&mut self, nth: usize) -> Option<Vraag> {
        let near = self.address()?;
        Some(Vraag {
            soort: ERKENNING.to_owned(),
            naam: Some(self.naam(nth)?),
            plaats: Some(near.plaats.clone()),
            straal_km: Some(self.between(10, 50).to_string()),
            ..Vraag::default()
        })
    }

    fn counts(&mut self, nth: usize) -> Option<Vraag> {
        let near = self.address()?;
        Some(Vraag {
            soort: ERKENNING.to_owned(),
            plaats: Some(near.plaats.clone()),
            straal_km: Some(self.between(25, 60).to_string()),
            leerweg: Some(self.one_of(&["BOL", "BBL"]).to_owned()),
            beschikbaar_vanaf: later(nth),
            met_tellingen: Some(true),
            ..Vraag::default()
        })
    }

    fn offers(&mut self, nth: usize) -> Option<Vraag> {
        let (leerplaats, niveau) = self.leerplaats()?;
        let near = self.address()?;
        let by_code = !nth.is_multiple_of(3);
        Some(Vraag {
            soort: LEERPLAATS.to_owned(),
            postcode: self.postcode(near),
            straal_km: Some(self.between(15, 40).to_string()),
            code: by_code.then(|| leerplaats.code.to_string()),
            niveau: (!by_code).then(|| niveau.to_string()),
            leerweg: Some(leerplaats.leerweg.to_string()),
            beschikbaar_vanaf: later(nth),
            minimum_plaatsen: nth.is_multiple_of(4).then(|| "2".to_owned()),
            met_vergoeding: nth.is_multiple_of(5).then_some(true),
            ..Vraag::default()
        })
    }

    /// By turns one word, two words, the beginning of a word, and a word with a typo.
    fn naam(&mut self, nth: usize) -> Option<String> {
        let least = if nth % 4 == 3 {
            TYPO_LETTERS
        } else {
            LEAST_LETTERS
        };
        let two = nth % 4 == 1;
        let words = (0..TRIES).find_map(|_| {
            let bedrijf = self.bedrijf();
            let words = bedrijf.gevouwen.split(' ');
            let words: Vec<_> = words.filter(|w| w.chars().count() >= least).collect();
            (words.len() > usize::from(two)).then_some(words)
        })?;
        let at = self.below(words.len() - usize::from(two));
        let word = words[at];
        Some(match nth % 4 {
            0 => word.to_owned(),
            1 => format!("{word} {}", words[at + 1]),
            2 => self.beginning(word),
            _ => self.misspelt(word),
        })
    }

    fn beginning(&mut self, word: &str) -> String {
        let letters = word.chars().count();
        let length = LEAST_LETTERS + self.below(letters - LEAST_LETTERS + 1);
        word.chars().take(length).collect()
    }

    /// A letter left out, doubled, replaced, or swapped with the next.
    fn misspelt(&mut self, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let at = self.below(letters.len() - 1);
        match self.below(4) {
            // Five letters must be left for a typo to be forgiven.
            0 if letters.len() > TYPO_LETTERS => drop(letters.remove(at)),
            1 => letters.insert(at, letters[at]),
            2 => letters[at] = self.one_of(&['a', 'e', 'n', 'r', 's', 't']),
            _ => letters.swap(at, at + 1),
        }
        letters.into_iter().collect()
    }

    fn erkenning(&mut self) -> Option<(&'r Bedrijf, &'r Erkenning)> {
        (0..TRIES).find_map(|_| {
            let bedrijf = self.bedrijf();
            let all = &bedrijf.leerbedrijf.kern.erkenningen;
            let erkenning = all.get(self.below(all.len().max(1)))?;
            let runs = erkenning.holds_on(self.register.vandaag);
            let suits = runs && !erkenning.code.is_keuzedeel();
            suits.then_some((bedrijf, erkenning))
        })
    }

    fn leerplaats(&mut self) -> Option<(&'r Leerplaats, u8)> {
        (0..TRIES).find_map(|_| {
            let all = &self.bedrijf().leerbedrijf.leerplaatsen;
            let leerplaats = all.get(self.below(all.len().max(1)))?;
            Some((leerplaats, self.niveau(leerplaats.code)?))
        })
    }

    fn niveau(&self, code: Code) -> Option<u8> {
        self.register.niveau(code)
    }

    fn leerweg(&mut self, erkenning: &Erkenning) -> Option<Leerweg> {
        let all: Vec<_> = erkenning.leerwegen.iter().collect();
        (!all.is_empty()).then(|| self.one_of(&all))
    }

    fn address(&mut self) -> Option<&'r Adres> {
        (0..TRIES).find_map(|_| {
            let adres = address(self.bedrijf());
            can_be_asked(adres).then_some(adres)
        })
    }

    /// Four characters of it, or all six.
    fn postcode(&mut self, adres: &Adres) -> Option<String> {
        let all = adres.postcode.as_ref()?;
        let length = self.one_of(&[4, all.len()]);
        all.get(..length).map(str::to_owned)
    }

    fn bedrijf(&mut self) -> &'r Bedrijf {
        let all = &self.register.leerbedrijven;
        &all[self.below(all.len())]
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    fn below(&mut self, n: usize) -> usize {
        // The high half of the product is below n.
        ((u64::from(self.rng.next_u32()) * n as u64) >> 32) as usize
    }
}

fn address(bedrijf: &Bedrijf) -> &Adres {
    &bedrijf.leerbedrijf.gegevens.vestigingsadres
}

/// In the Netherlands, with a postcode and a place on the map.
fn can_be_asked(adres: &Adres) -> bool {
    let known = adres.postcode.is_some() && adres.coordinaten.is_some();
    known && adres.land == "NL"
}

fn later(nth: usize) -> Option<String> {
    (nth % 4 >= 2).then(|| LATER.to_owned())
}
