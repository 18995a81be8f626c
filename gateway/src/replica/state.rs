//! The register as a value: lines go in, and nothing else changes it (design §1).
//!
//! Its maps share structure, so a clone costs nothing and a commit copies only what it touches:
//! every published view keeps its own state for as long as somebody reads from it.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    bezetting::{Bezettingen, Looptijd},
    hash::{StateHash, Sums},
    index::Index,
};
use crate::{
    domain::{
        Adres, Bpvo, Code, Equivalent, Gegevens, Kern, Leerbedrijf, LeerbedrijfId, Oin, Opleiding,
        Personen, School,
    },
    geo::{Gazetteer, Postcodegebied},
    log::{Inhoud, Line, Sleutel, Soort},
};

/// The key of a bpvo: what [`crate::log::LogStore::pseudonym`] gives.
pub type BpvoSleutel = [u8; Sleutel::PSEUDONYM_BYTES];

/// Everything the register says now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Blobs of [`Leerbedrijf`]; decoded per question, since most questions need only the
    /// beginning and 250,000 of them decoded would take several times the memory.
    pub(super) leerbedrijven: OrdMap<LeerbedrijfId, Arc<[u8]>>,
    /// Blobs of [`Personen`].
    pub(super) personen: OrdMap<LeerbedrijfId, Arc<[u8]>>,
    pub(super) opleidingen: OrdMap<Code, Opleiding>,
    pub(super) equivalenten: OrdMap<Code, Arc<[Equivalent]>>,
    pub(super) scholen: OrdMap<Oin, School>,
    /// Blobs of [`Bpvo`].
    pub(super) bpvos: OrdMap<BpvoSleutel, Arc<[u8]>>,
    pub(super) bezettingen: Bezettingen,
    pub(super) index: Index,
    /// The imported areas of postcodes, and what they and the addresses tell of places.
    pub(super) gazetteer: Gazetteer,
    /// Erkenningen of all leerbedrijven together.
    pub(super) erkenningen: u64,
    /// People of all leerbedrijven together.
    pub(super) people: u64,
    /// Of every object above, kept up with every line.
    pub(super) sums: Sums,
}

/// How much there is of everything, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aantallen {
    /// Leerbedrijven, historical ones too.
    pub leerbedrijven: u64,
    /// Periods of erkenning, ended ones too.
    pub erkenningen: u64,
    /// Contactpersonen and praktijkopleiders.
    pub personen: u64,
    /// Kwalificaties and keuzedelen.
    pub opleidingen: u64,
    /// Schools.
    pub scholen: u64,
    /// Practice agreements.
    pub bpvos: u64,
    /// Four-digit areas of the imported table of postcodes.
    pub postcodegebieden: u64,
    /// Six-character postcodes of that table.
    pub postcodes: u64,
    /// Names of places, from that table and from addresses.
    pub plaatsen: u64,
}

/// A line that cannot be applied. It was checked before it was published, so this is a bug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{soort:?} {sleutel}: {reason}")]
pub struct ApplyError {
    /// What the line is about.
    pub soort: Soort,
    /// Which one, in hexadecimal.
    pub sleutel: String,
    /// What is wrong, without any content.
    pub reason: &'static str,
}

const WRONG_KEY: &str = "the key is not one of this kind";
const UNREADABLE: &str = "the content cannot be read";
const OTHER_KEY: &str = "the content is of another object than the key";

impl State {
    /// Takes in one line. On an error nothing has changed.
    ///
    /// Content that was forgotten is gone, as if it had been removed: a later line says what is
    /// there now, and until then nobody is better than somebody who has left.
    ///
    /// # Errors
    /// [`ApplyError`] when key or content are not of their kind.
    pub fn apply(&mut self, line: &Line) -> Result<(), ApplyError> {
        let content = match &line.inhoud {
            Inhoud::Gezet(content) => Some(content.as_slice()),
            Inhoud::Verwijderd | Inhoud::Vergeten => None,
        };
        let key = &*line.sleutel.0;
        let applied = match line.soort {
            Soort::Leerbedrijf => self.leerbedrijf(key, content),
            Soort::Personen => self.personen(key, content),
            Soort::Opleiding => self.opleiding(key, content),
            Soort::Equivalenten => self.equivalenten(key, content),
            Soort::School => self.school(key, content),
            Soort::Bpvo => self.bpvo(key, content),
            Soort::Postcodegebied => self.postcodegebied(key, content),
            // Read from the log by those who need them, never from memory.
            Soort::Mutatie | Soort::Levering | Soort::Antwoord => Ok(()),
        };
        applied.map_err(|reason| ApplyError {
            soort: line.soort,
            sleutel: hex::encode(key),
            reason,
        })
    }

    /// How much there is of everything.
    #[must_use]
    pub fn aantallen(&self) -> Aantallen {
        let places = self.gazetteer.aantallen();
        Aantallen {
            leerbedrijven: self.leerbedrijven.len() as u64,
            erkenningen: self.erkenningen,
            personen: self.people,
            opleidingen: self.opleidingen.len() as u64,
            scholen: self.scholen.len() as u64,
            bpvos: self.bpvos.len() as u64,
            postcodegebieden: places.gebieden,
            postcodes: places.postcodes,
            plaatsen: places.plaatsen,
        }
    }

    /// By which this state is compared with that of another node.
    #[must_use]
    pub fn hash(&self) -> StateHash {
        self.sums.finish()
    }

    /// Takes the sums anew from all that is there.
    pub(super) fn count_sums(&self) -> Result<Sums, &'static str> {
        let mut sums = Sums::default();
        for (id, blob) in &self.leerbedrijven {
            sums.add(Soort::Leerbedrijf, &Sleutel::leerbedrijf(*id).0, blob);
        }
        for (id, blob) in &self.personen {
            sums.add(Soort::Personen, &Sleutel::leerbedrijf(*id).0, blob);
        }
        for (sleutel, blob) in &self.bpvos {
            sums.add(Soort::Bpvo, sleutel, blob);
        }
        for (code, value) in &self.opleidingen {
            add_value(&mut sums, Soort::Opleiding, &Sleutel::code(*code), value)?;
        }
        for (code, value) in &self.equivalenten {
            let value = &value[..];
            add_value(&mut sums, Soort::Equivalenten, &Sleutel::code(*code), value)?;
        }
        for (oin, value) in &self.scholen {
            add_value(&mut sums, Soort::School, &Sleutel::school(*oin), value)?;
        }
        for value in self.gazetteer.gebieden() {
            let sleutel = Sleutel::postcodegebied(value.postcode4);
            add_value(&mut sums, Soort::Postcodegebied, &sleutel, value.as_ref())?;
        }
        Ok(sums)
    }

    /// Builds the indexes anew from the blobs, when they were made by other rules.
    pub(super) fn rebuild_index(&mut self) -> Result<(), &'static str> {
        self.index = Index::default();
        for blob in self.leerbedrijven.values() {
            self.index.insert(&decode::<Leerbedrijf>(blob)?);
        }
        Ok(())
    }

    /// Puts bpvo's and trainers of each leerbedrijf side by side, as a snapshot does not hold them.
    pub(super) fn rebuild_bezettingen(&mut self) -> Result<(), &'static str> {
        let mut looptijden = Vec::with_capacity(self.bpvos.len());
        for (sleutel, blob) in &self.bpvos {
            let bpvo: Bpvo = decode(blob)?;
            looptijden.push((bpvo.leerbedrijf_id, Looptijd::new(*sleutel, &bpvo)));
        }
        let personen = self.personen.iter().map(|(id, blob)| (*id, &blob[..]));
        self.bezettingen = Bezettingen::of(looptijden, personen);
        Ok(())
    }

    /// Counts the addresses of all blobs, which a snapshot does not hold. The areas are there
    /// already; nothing else is.
    pub(super) fn rebuild_gazetteer(&mut self) -> Result<(), &'static str> {
        for blob in self.leerbedrijven.values() {
            let ((_, gegevens), _) = decode_voorkant(blob).ok_or(UNREADABLE)?;
            self.gazetteer.insert(&gegevens.vestigingsadres);
        }
        Ok(())
    }

    fn leerbedrijf(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let id = to_id(key)?;
        let new = content.map(decode::<Leerbedrijf>).transpose()?;
        if new.as_ref().is_some_and(|n| n.kern.leerbedrijf_id != id) {
            return Err(OTHER_KEY);
        }
        let old_blob = self.leerbedrijven.get(&id);
        // It was readable when it came in.
        let old = old_blob.map(|old| decode::<Leerbedrijf>(old)).transpose()?;
        let old_blob = old_blob.map(AsRef::as_ref);
        exchange(&mut self.sums, Soort::Leerbedrijf, key, old_blob, content);
        if let Some(old) = &old {
            self.index.remove(old);
            self.erkenningen -= old.kern.erkenningen.len() as u64;
        }
        self.move_adres(
            old.as_ref().map(|old| &old.gegevens.vestigingsadres),
            new.as_ref().map(|new| &new.gegevens.vestigingsadres),
        );
        match (new, content) {
            (Some(new), Some(content)) => {
                self.index.insert(&new);
                self.erkenningen += new.kern.erkenningen.len() as u64;
                self.leerbedrijven.insert(id, content.into());
            }
            _ => {
                self.leerbedrijven.remove(&id);
            }
        }
        Ok(())
    }

    /// Most changes leave an address where it is.
    fn move_adres(&mut self, old: Option<&Adres>, new: Option<&Adres>) {
        match (old, new) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => self.gazetteer.replace(old, new),
            (Some(old), None) => self.gazetteer.remove(old),
            (None, Some(new)) => self.gazetteer.insert(new),
            (None, None) => {}
        }
    }

    fn personen(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let id = to_id(key)?;
        let new = content.map(decode::<Personen>).transpose()?;
        let old_blob = self.personen.get(&id).map(AsRef::as_ref);
        let old = old_blob.map(decode::<Personen>).transpose()?;
        self.people -= old.map_or(0, |p| count(&p));
        self.people += new.map_or(0, |p| count(&p));
        exchange(&mut self.sums, Soort::Personen, key, old_blob, content);
        self.bezettingen.set_personen(id, content);
        match content {
            Some(content) => self.personen.insert(id, content.into()),
            None => self.personen.remove(&id),
        };
        Ok(())
    }

    fn opleiding(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let code = to_code(key)?;
        let new = content.map(decode::<Opleiding>).transpose()?;
        if new.as_ref().is_some_and(|new| new.code != code) {
            return Err(OTHER_KEY);
        }
        let old = self.opleidingen.get(&code);
        exchange_values(&mut self.sums, Soort::Opleiding, key, old, new.as_ref())?;
        match new {
            Some(new) => self.opleidingen.insert(code, new),
            None => self.opleidingen.remove(&code),
        };
        Ok(())
    }

    fn equivalenten(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let code = to_code(key)?;
        let new = content.map(decode::<Vec<Equivalent>>).transpose()?;
        if new.iter().flatten().any(|e| e.code != code) {
            return Err(OTHER_KEY);
        }
        let old = self.equivalenten.get(&code).map(AsRef::as_ref);
        exchange_values(
            &mut self.sums,
            Soort::Equivalenten,
            key,
            old,
            new.as_deref(),
        )?;
        match new {
            Some(new) => self.equivalenten.insert(code, new.into()),
            None => self.equivalenten.remove(&code),
        };
        Ok(())
    }

    fn school(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let oin = std::str::from_utf8(key).ok().map(Oin::parse);
        let Some(Ok(oin)) = oin else {
            return Err(WRONG_KEY);
        };
        let new = content.map(decode::<School>).transpose()?;
        if new.as_ref().is_some_and(|new| new.oin != oin) {
            return Err(OTHER_KEY);
        }
        let old = self.scholen.get(&oin);
        exchange_values(&mut self.sums, Soort::School, key, old, new.as_ref())?;
        match new {
            Some(new) => self.scholen.insert(oin, new),
            None => self.scholen.remove(&oin),
        };
        Ok(())
    }

    fn bpvo(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let key: BpvoSleutel = key.try_into().map_err(|_| WRONG_KEY)?;
        let new = content.map(decode::<Bpvo>).transpose()?;
        let old_blob = self.bpvos.get(&key).map(AsRef::as_ref);
        let old = old_blob.map(decode::<Bpvo>).transpose()?;
        exchange(&mut self.sums, Soort::Bpvo, &key, old_blob, content);
        if let Some(old) = old {
            self.bezettingen.remove_bpvo(old.leerbedrijf_id, &key);
        }
        match (new, content) {
            (Some(new), Some(content)) => {
                let looptijd = Looptijd::new(key, &new);
                self.bezettingen.insert_bpvo(new.leerbedrijf_id, looptijd);
                self.bpvos.insert(key, content.into());
            }
            _ => {
                self.bpvos.remove(&key);
            }
        }
        Ok(())
    }

    fn postcodegebied(&mut self, key: &[u8], content: Option<&[u8]>) -> Result<(), &'static str> {
        let postcode4 = to_postcode4(key)?;
        let new = content.map(decode::<Postcodegebied>).transpose()?;
        match &new {
            Some(new) if new.postcode4 != postcode4 => return Err(OTHER_KEY),
            Some(new) if !new.is_well_formed() => return Err(UNREADABLE),
            _ => {}
        }
        let old = self.gazetteer.gebied(postcode4);
        exchange_values(
            &mut self.sums,
            Soort::Postcodegebied,
            key,
            old,
            new.as_ref(),
        )?;
        match new {
            Some(new) => self.gazetteer.set_gebied(Arc::new(new)),
            None => self.gazetteer.remove_gebied(postcode4),
        }
        Ok(())
    }
}

/// Counts what an object is now in place of what it was.
fn exchange(sums: &mut Sums, soort: Soort, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) {
    if let Some(old) = old {
        sums.remove(soort, key, old);
    }
    if let Some(new) = new {
        sums.add(soort, key, new);
    }
}

/// The same for what is kept decoded: it counts in the form in which this program writes it. On an
/// error nothing has changed.
fn exchange_values<T: Serialize + ?Sized>(
    sums: &mut Sums,
    soort: Soort,
    key: &[u8],
    old: Option<&T>,
    new: Option<&T>,
) -> Result<(), &'static str> {
    let (old, new) = (old.map(encode).transpose()?, new.map(encode).transpose()?);
    exchange(sums, soort, key, old.as_deref(), new.as_deref());
    Ok(())
}

fn add_value<T: Serialize + ?Sized>(
    sums: &mut Sums,
    soort: Soort,
    sleutel: &Sleutel,
    value: &T,
) -> Result<(), &'static str> {
    sums.add(soort, &sleutel.0, &encode(value)?);
    Ok(())
}

/// Only fails when memory does.
fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, &'static str> {
    postcard::to_stdvec(value).map_err(|_| UNREADABLE)
}

/// Reads a whole blob; bytes behind it mean that it is not what it seems.
pub(super) fn decode<T: DeserializeOwned>(blob: &[u8]) -> Result<T, &'static str> {
    match postcard::take_from_bytes(blob) {
        Ok((value, [])) => Ok(value),
        _ => Err(UNREADABLE),
    }
}

/// Reads the beginning of a blob of [`Leerbedrijf`].
pub(super) fn decode_kern(blob: &[u8]) -> Option<Kern> {
    postcard::take_from_bytes(blob).ok().map(|(kern, _)| kern)
}

/// Reads a blob of [`Leerbedrijf`] up to its leerplaatsen; gives those unread.
pub(super) fn decode_voorkant(blob: &[u8]) -> Option<((Kern, Gegevens), &[u8])> {
    postcard::take_from_bytes(blob).ok()
}

pub(super) fn count(personen: &Personen) -> u64 {
    (personen.contactpersonen.len() + personen.praktijkopleiders.len()) as u64
}

fn to_id(key: &[u8]) -> Result<LeerbedrijfId, &'static str> {
    let bytes = key.try_into().map_err(|_| WRONG_KEY)?;
    LeerbedrijfId::from_u32(u32::from_be_bytes(bytes)).ok_or(WRONG_KEY)
}

pub(super) fn to_postcode4(key: &[u8]) -> Result<u16, &'static str> {
    let bytes = key.try_into().map_err(|_| WRONG_KEY)?;
    Ok(u16::from_be_bytes(bytes))
}

fn to_code(key: &[u8]) -> Result<Code, &'static str> {
    let bytes = key.try_into().map_err(|_| WRONG_KEY)?;
    Code::from_u32(u32::from_be_bytes(bytes)).ok_or(WRONG_KEY)
}
