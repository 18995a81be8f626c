//! The questions answered by looking at every leerbedrijf: slow, and simple enough to be believed.

use std::{collections::BTreeSet, io};

use stagepoort::domain::{Code, Datum, Erkenning, FoldedNaam, Leerplaats, Leerweg};

use super::{
    load::has_vergoeding,
    places::{Circle, Places, UnitVector},
    question::{LEERPLAATS, Vraag},
    register::{Bedrijf, Register},
};

/// Ids of all hits, in no order.
pub(crate) fn hits(
    vraag: &Vraag,
    register: &Register,
    places: &Places,
) -> io::Result<BTreeSet<u32>> {
    let asked = Asked::of(vraag, register, places)?;
    Ok(register
        .leerbedrijven
        .iter()
        .filter(|bedrijf| asked.fits(bedrijf, register, places))
        .map(|bedrijf| bedrijf.id().as_u32())
        .collect())
}

/// A question, read.
struct Asked {
    leerplaats: bool,
    words: Vec<String>,
    circle: Option<Circle>,
    /// The code and its equivalents; none when no code is asked.
    codes: Option<Vec<Code>>,
    leerweg: Option<Leerweg>,
    niveau: Option<u8>,
    van: Datum,
    asked_van: Option<Datum>,
    minimum: u32,
    vergoeding: Option<bool>,
}

impl Asked {
    fn of(vraag: &Vraag, register: &Register, places: &Places) -> io::Result<Self> {
        let asked_van = vraag.beschikbaar_vanaf.as_deref().map(Datum::parse);
        let asked_van = asked_van.transpose().map_err(io::Error::other)?;
        let van = asked_van.unwrap_or(register.vandaag);
        let code = vraag.code.as_deref().map(Code::parse);
        let code = code.transpose().map_err(io::Error::other)?;
        let folded = vraag.naam.as_deref().map(FoldedNaam::new);
        let words = folded.map_or_else(Vec::new, |naam| {
            naam.as_str().split(' ').map(str::to_owned).collect()
        });
        Ok(Self {
            leerplaats: vraag.soort == LEERPLAATS,
            words,
            circle: places.circle(vraag),
            codes: code.map(|code| with_equivalents(code, register, van)),
            leerweg: vraag.leerweg.as_deref().and_then(Leerweg::parse),
            niveau: vraag.niveau.as_deref().and_then(|n| n.parse().ok()),
            van,
            asked_van,
            minimum: vraag
                .minimum_plaatsen
                .as_deref()
                .map_or(0, |n| n.parse().unwrap_or(0)),
            vergoeding: vraag.met_vergoeding,
        })
    }

    fn fits(&self, bedrijf: &Bedrijf, register: &Register, places: &Places) -> bool {
        let leerbedrijf = &bedrijf.leerbedrijf;
        let something = if self.leerplaats {
            let all = &leerbedrijf.leerplaatsen;
            all.iter().any(|lp| self.offer_fits(lp, bedrijf, register))
        } else {
            let all = &leerbedrijf.kern.erkenningen;
            all.iter().any(|e| self.erkenning_fits(e, register))
        };
        something && self.name_fits(bedrijf) && self.place_fits(bedrijf, places)
    }

    fn erkenning_fits(&self, erkenning: &Erkenning, register: &Register) -> bool {
        erkenning.holds_on(self.van)
            && self.code_fits(erkenning.code, register)
            && self
                .leerweg
                .is_none_or(|asked| erkenning.leerwegen.contains(asked))
    }

    fn offer_fits(&self, offer: &Leerplaats, bedrijf: &Bedrijf, register: &Register) -> bool {
        let from = offer.beschikbaar_vanaf;
        let until = offer.beschikbaar_tot;
        let available = until.is_none_or(|tot| tot >= self.van)
            && self
                .asked_van
                .is_none_or(|asked| from.is_none_or(|vanaf| vanaf <= asked));
        let erkend = bedrijf.leerbedrijf.kern.erkenningen.iter().any(|e| {
            e.code == offer.code && e.leerwegen.contains(offer.leerweg) && e.holds_on(self.van)
        });
        available
            && erkend
            && self.code_fits(offer.code, register)
            && self.leerweg.is_none_or(|asked| offer.leerweg == asked)
            && offer.aantal_leerplaatsen >= self.minimum
            && self
                .vergoeding
                .is_none_or(|asked| has_vergoeding(offer) == asked)
    }

    fn code_fits(&self, code: Code, register: &Register) -> bool {
        let codes = self.codes.as_ref();
        codes.is_none_or(|codes| codes.contains(&code))
            && self
                .niveau
                .is_none_or(|asked| register.niveau(code) == Some(asked))
    }

    fn name_fits(&self, bedrijf: &Bedrijf) -> bool {
        self.words.iter().all(|asked| {
            let mut words = bedrijf.gevouwen.split(' ');
            words.any(|word| word_fits(asked, word))
        })
    }

    fn place_fits(&self, bedrijf: &Bedrijf, places: &Places) -> bool {
        self.circle.is_none_or(|circle| {
            let adres = &bedrijf.leerbedrijf.gegevens.vestigingsadres;
            let point = places.of_address(adres).map(UnitVector::of);
            point.is_some_and(|UnitVector(at)| {
                let UnitVector(centre) = circle.centre;
                let cosine: f64 = at.iter().zip(centre).map(|(a, b)| a * b).sum();
                cosine >= circle.cosine
            })
        })
    }
}

fn with_equivalents(code: Code, register: &Register, van: Datum) -> Vec<Code> {
    let equivalents = register.equivalenten.iter();
    let others = equivalents.filter(|e| e.code == code && e.holds_on(van));
    std::iter::once(code)
        .chain(others.map(|e| e.equivalent_met))
        .collect()
}

fn word_fits(asked: &str, word: &str) -> bool {
    let letters = asked.chars().count();
    asked == word
        || (letters >= 2 && word.starts_with(asked))
        || (letters >= 5 && strsim::osa_distance(asked, word) <= 1)
}
