//! The judgement of a whole journal: every hash of every segment that is there.

use std::path::Path;

use super::{
    Verwerking,
    format::{Breuk, Fout, HEADER_BYTES},
    map::{Map, MapError},
    segment::{self, Einde, Gelezen},
};

/// What a journal was found to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oordeel {
    /// Numbers of the first and the last segment that are there; none without any.
    pub segmenten: Option<(u64, u64)>,
    /// Numbers of the first and the last block in them.
    pub blokken: Option<(u64, u64)>,
    /// Answers in them.
    pub verwerkingen: u64,
    /// Records in them: one for each person in an answer.
    pub records: u64,
    /// Hash of the last block, by which a copy elsewhere is compared.
    pub laatste_hash: [u8; 32],
    /// Where the chain is broken, ascending; of each segment the first place.
    pub breuken: Vec<Breuk>,
    /// What stands at the end and is no whole block: a write that a crash broke off, or that is under
    /// way now. When neither is so, the last block was changed.
    pub onaf: Option<Breuk>,
}

/// Reads all segments; also of a journal that is written to. Blocks.
///
/// # Errors
/// [`MapError`] when there is no folder or a file cannot be read.
pub fn verify(path: &Path) -> Result<Oordeel, MapError> {
    let map = Map::new(path);
    let nummers = map.segmenten()?;
    let mut oordeel = Oordeel {
        segmenten: nummers.first().copied().zip(nummers.last().copied()),
        ..Oordeel::default()
    };
    let mut before: Option<Gelezen> = None;
    for (index, nummer) in nummers.iter().enumerate() {
        let is_last = index + 1 == nummers.len();
        before = oordeel.read(&map, *nummer, is_last, before.as_ref())?;
    }
    Ok(oordeel)
}

impl Oordeel {
    /// Whether everything that was acknowledged is there as it was written.
    #[must_use]
    pub fn is_heel(&self) -> bool {
        self.breuken.is_empty()
    }

    fn read(
        &mut self,
        map: &Map,
        nummer: u64,
        is_last: bool,
        before: Option<&Gelezen>,
    ) -> Result<Option<Gelezen>, MapError> {
        let path = map.segment(nummer);
        let bytes = map.read(nummer)?;
        let read = segment::read(&path, &bytes, |_, _, blok| {
            self.count(&blok.verwerkingen()?);
            Ok(())
        });
        let gelezen = match read {
            Ok(gelezen) => gelezen,
            // A crash while it was begun: there was no block in it yet.
            Err(breuk) if is_last && bytes.len() <= HEADER_BYTES => {
                self.onaf = Some(breuk);
                return Ok(None);
            }
            Err(breuk) => {
                self.breuken.push(breuk);
                return Ok(None);
            }
        };
        if !follows(&gelezen, nummer, before) {
            self.breuken.push(Breuk {
                path,
                blok: None,
                offset: 0,
                fout: Fout::Aansluiting,
            });
        }
        match gelezen.einde.clone() {
            Einde::Heel => {}
            Einde::Onaf(breuk) if is_last => self.onaf = Some(breuk),
            Einde::Onaf(breuk) | Einde::Kapot(breuk) => self.breuken.push(breuk),
        }
        let first = self
            .blokken
            .map_or(gelezen.kop.eerste_blok, |(first, _)| first);
        self.blokken = Some((first, gelezen.laatste_blok));
        self.laatste_hash = gelezen.hash;
        Ok(Some(gelezen))
    }

    fn count(&mut self, verwerkingen: &[Verwerking]) {
        self.verwerkingen += verwerkingen.len() as u64;
        let records = verwerkingen.iter().map(|one| one.betrokkenen.len() as u64);
        self.records += records.sum::<u64>();
    }
}

/// The first segment that is there goes on from nothing: those before it were shipped and removed.
/// What is behind a broken one goes on from what its own header says, since that one is told already.
fn follows(gelezen: &Gelezen, nummer: u64, before: Option<&Gelezen>) -> bool {
    let kop = &gelezen.kop;
    let goes_on = before.is_none_or(|before| {
        let is_whole = before.einde == Einde::Heel;
        kop.journaal == before.kop.journaal
            && kop.segment == before.kop.segment + 1
            && (!is_whole
                || kop.vorige == before.hash && kop.eerste_blok == before.laatste_blok + 1)
    });
    kop.segment == nummer && goes_on
}
