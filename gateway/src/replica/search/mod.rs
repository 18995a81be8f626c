//! The index behind zoekenLeerplaatsen: immutable segments, and what died in them since.
//!
//! A commit that changes leerbedrijven adds a small [`Segment`] of their new rows and marks their
//! old ones as dead from that commit on; small segments are merged into larger ones, the largest
//! of all beside the work of the follower. A clone shares all segments, so readers never wait and
//! every published view keeps its own state of the index.
//!
//! A dead row stays for a while ([`KEEP_MS`]): a search that goes on to its next page reads the
//! rows as they were at its first, so that nobody is shown twice or left out while the register
//! changes (domain rule 12).

mod bands;
mod bits;
mod candidates;
mod codes;
mod filter;
mod harvest;
mod merge;
mod near;
mod opleidingen;
mod part;
mod point;
mod prepared;
mod query;
mod row;
mod scan;
mod seen;
mod segment;
#[cfg(test)]
mod tests;
mod text;
mod texts;
mod way;
mod words;

use std::{cell::OnceCell, cmp::Ordering, sync::Arc};

use imbl::Vector;

use codes::Codes;
use harvest::{Harvest, Tally};
pub use merge::{Merge, Merged};
use opleidingen::Opleidingen;
use part::{At, Part};
use prepared::Prepared;
pub use query::{
    Codevraag, Counts, Found, Hit, Leerplaatsvraag, Plaatssleutel, Postcodes, Query, Soort,
    Sortering, Waar,
};
pub(super) use row::{Place, Row};
use scan::{Scan, Visible};
use segment::Segment;

use crate::domain::{Code, FoldedNaam, LeerbedrijfId, Opleiding, Tijdstip};

/// How long a row that died can still be read: as long as a cursor lives (domain rule 12), and
/// some seconds for the request itself.
pub const KEEP_MS: i64 = 15 * 60 * 1000 + 30_000;

/// The index of one state of the register.
#[derive(Clone)]
pub struct SearchIndex {
    /// Older and larger ones first.
    parts: Vec<Part>,
    codes: Codes,
    opleidingen: Arc<Opleidingen>,
    /// Another one with every other set of opleidingen, and with every index that was built anew.
    grond: Arc<()>,
    /// The newest commit in it.
    nummer: u64,
    /// The oldest commit that can still be read.
    kept_from: u64,
    /// Parts of which the last few of the first are being merged beside the follower: all before
    /// this one. 0 when none are.
    merging: usize,
    /// Commits that came in together with a later one: between the two of a pair there is no state
    /// to read.
    gaps: Vector<(u64, u64)>,
    /// What is cheaper to look through is not kept; see `way`.
    worth_keeping: usize,
    /// The first commit of each second of the last [`KEEP_MS`], to tell which may be forgotten.
    seconds: Vector<(i64, u64)>,
}

/// Why an older state of the index cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the index is no longer kept as it was at commit {0}")]
pub struct Forgotten(pub u64);

impl SearchIndex {
    /// Of all leerbedrijven of a state; [`Self::set_opleidingen`] is to follow.
    pub(super) fn new(rows: Vec<Row>, nummer: u64) -> Self {
        let mut codes = Codes::default();
        let segment = Segment::new(rows, &mut codes);
        Self {
            parts: vec![Part::new(Arc::new(segment))],
            codes,
            opleidingen: Arc::default(),
            grond: Arc::default(),
            nummer,
            kept_from: nummer,
            merging: 0,
            gaps: Vector::new(),
            worth_keeping: way::WORTH_KEEPING,
            seconds: Vector::new(),
        }
    }

    /// Takes in a commit: what these leerbedrijven are from now on, and which are gone. Rows of
    /// the same leerbedrijf that came before die.
    pub(super) fn commit(
        &mut self,
        nummer: u64,
        tijdstip: Tijdstip,
        rows: Vec<Row>,
        gone: impl IntoIterator<Item = LeerbedrijfId>,
    ) {
        if nummer > self.nummer + 1 {
            self.gaps.push_back((self.nummer, nummer));
        }
        self.nummer = nummer;
        self.note_second(nummer, tijdstip);
        let horizon = self.horizon();
        while self.gaps.front().is_some_and(|(_, end)| *end <= horizon) {
            self.gaps.pop_front();
        }
        let changed = rows.iter().map(|row| row.id);
        let gone = gone.into_iter().map(LeerbedrijfId::as_u32);
        for id in changed.chain(gone).collect::<Vec<_>>() {
            for part in &mut self.parts {
                part.kill(id, nummer);
            }
        }
        if !rows.is_empty() {
            let segment = Segment::new(rows, &mut self.codes);
            self.parts.push(Part::new(Arc::new(segment)));
        }
        self.merge_small();
    }

    /// Keeps what fits for every question, however small.
    #[cfg(test)]
    fn keep_all(&mut self) {
        self.worth_keeping = 0;
    }

    /// Takes the names of all opleidingen, by which their codes are found.
    pub(super) fn set_opleidingen<'a>(&mut self, opleidingen: impl Iterator<Item = &'a Opleiding>) {
        self.opleidingen = Arc::new(Opleidingen::new(opleidingen));
        self.grond = Arc::default();
    }

    /// As long as this is the same, so is every leerbedrijf whose row came in with the same commit.
    pub(super) fn grond(&self) -> &Arc<()> {
        &self.grond
    }

    /// Codes of the opleidingen whose name has every word of this one, ascending.
    pub(super) fn codes_by_naam(&self, naam: &FoldedNaam) -> Vec<Code> {
        self.opleidingen.find(naam)
    }

    fn note_second(&mut self, nummer: u64, tijdstip: Tijdstip) {
        const SECOND_MS: i64 = 1000;
        let now = tijdstip.as_millis();
        let is_new = |last: &(i64, u64)| now - last.0 >= SECOND_MS;
        if self.seconds.back().is_none_or(is_new) {
            self.seconds.push_back((now, nummer));
        }
        // What was replaced by a commit from before then can be forgotten: all of the seconds
        // before the last one that lies far enough back.
        while self
            .seconds
            .get(1)
            .is_some_and(|(at, _)| *at < now - KEEP_MS)
        {
            self.seconds.pop_front();
        }
    }

    /// The oldest commit that a cursor may still name.
    fn horizon(&self) -> u64 {
        let now = self.seconds.back().map_or(0, |(at, _)| *at);
        match self.seconds.front() {
            Some((at, nummer)) if *at < now - KEEP_MS => (*nummer).max(self.kept_from),
            _ => self.kept_from,
        }
    }

    /// Searches the newest state, or the one as at an older commit, behind this hit of it.
    ///
    /// # Errors
    /// [`Forgotten`], when that state is kept no longer.
    pub(super) fn search(
        &self,
        query: &Query,
        at: u64,
        after: Option<Hit>,
        wanted: usize,
        niveau_of: impl Fn(Code) -> Option<u8>,
    ) -> Result<Found, Forgotten> {
        if at < self.kept_from || at > self.nummer || self.is_in_gap(at) {
            return Err(Forgotten(at));
        }
        let after = match after {
            None => None,
            Some(hit) => Some((
                hit,
                self.naam_at(hit.leerbedrijf_id, at).ok_or(Forgotten(at))?,
            )),
        };
        let asked = Prepared::new(query, &self.codes, self.worth_keeping);
        let mut tally = query.tellen.then(|| {
            let numbers = 0..self.codes.len() as u32;
            let niveau = |number| self.codes.code(number).and_then(&niveau_of).unwrap_or(0);
            Tally::new(numbers.map(niveau).collect())
        });
        // One more than wanted tells whether there are more.
        let mut harvest = Harvest::new(wanted + 1, tally.as_mut());
        let mut hits: Vec<InPart<'_>> = Vec::new();
        for part in &self.parts {
            let segment = &part.segment;
            harvest.begin(after.map(|(hit, naam)| {
                let rank = segment.rank_after(naam, hit.leerbedrijf_id.as_u32());
                (hit.order, rank)
            }));
            Scan::new(segment, part.at(at), &asked).run(&mut harvest);
            let found = harvest.end().into_iter();
            hits.extend(found.map(|(order, row)| InPart { order, part, row }));
        }
        let totaal = harvest.totaal;
        // Made when the first hit has changed since.
        let now: OnceCell<Vec<Scan<'_, At<'_>>>> = OnceCell::new();
        let scans = || {
            let mut scans = Vec::with_capacity(self.parts.len());
            for part in &self.parts {
                scans.push(Scan::new(&part.segment, part.at(self.nummer), &asked));
            }
            scans
        };
        hits.sort_by(InPart::compare);
        let more = hits.len() > wanted;
        hits.truncate(wanted);
        Ok(Found {
            totaal,
            more,
            hits: hits
                .into_iter()
                .filter_map(|hit| {
                    // One that is still as it was needs no second look.
                    let changed = hit.part.died(hit.row).is_some();
                    Some(Hit {
                        leerbedrijf_id: LeerbedrijfId::from_u32(hit.id())?,
                        order: hit.order,
                        fits: !changed || self.fits_now(now.get_or_init(scans), hit.id()),
                        since: (!changed).then(|| hit.part.segment.since[hit.row as usize]),
                    })
                })
                .collect(),
            counts: tally.map_or_else(Counts::default, |tally| self.counts(&tally)),
        })
    }

    fn fits_now(&self, scans: &[Scan<'_, At<'_>>], id: u32) -> bool {
        self.parts.iter().zip(scans).any(|(part, scan)| {
            let row = part.row_at(id, self.nummer);
            row.is_some_and(|row| scan.is_hit(row))
        })
    }

    fn is_in_gap(&self, at: u64) -> bool {
        match self.gaps.binary_search_by_key(&at, |(_, end)| *end) {
            Ok(_) => false,
            Err(next) => self.gaps.get(next).is_some_and(|(begin, _)| *begin < at),
        }
    }

    fn counts(&self, tally: &Tally) -> Counts {
        let mut codes: Vec<(Code, u32)> = (0..)
            .zip(&tally.codes)
            .filter(|(_, count)| **count > 0)
            .filter_map(|(number, count)| Some((self.codes.code(number)?, *count)))
            .collect();
        codes.sort_unstable();
        Counts {
            leerwegen: tally.leerwegen,
            niveaus: tally.niveaus,
            codes,
        }
    }

    /// Leerbedrijven on these four digits that do not say themselves where they are, and where they
    /// are taken to be.
    pub(super) fn placed_by(&self, cijfers: u16) -> Vec<(LeerbedrijfId, Place)> {
        let postcodes = Postcodes::with_digits(cijfers);
        self.parts
            .iter()
            .flat_map(|part| {
                let segment = &part.segment;
                let visible = part.at(self.nummer);
                let rows = segment
                    .in_postcodes(&postcodes.0)
                    .iter()
                    .map(|(_, row)| *row);
                rows.filter(move |row| segment.placed[*row as usize] && visible.sees(*row))
                    .map(|row| (segment.ids[row as usize], segment.place(row)))
            })
            .filter_map(|(id, place)| Some((LeerbedrijfId::from_u32(id)?, place)))
            .collect()
    }

    /// Where a leerbedrijf is.
    pub(super) fn place_of(&self, id: LeerbedrijfId) -> Option<Place> {
        self.parts.iter().find_map(|part| {
            let row = part.row_at(id.as_u32(), self.nummer)?;
            Some(part.segment.place(row))
        })
    }

    fn naam_at(&self, id: LeerbedrijfId, at: u64) -> Option<&str> {
        self.parts
            .iter()
            .find_map(|part| Some(part.segment.naam(part.row_at(id.as_u32(), at)?)))
    }

    /// The newest commit in it.
    #[must_use]
    pub fn nummer(&self) -> u64 {
        self.nummer
    }

    /// How much of it there is, for metrics.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            segments: self.parts.len(),
            rows: self.parts.iter().map(|part| part.segment.len()).sum(),
            dead: self.parts.iter().map(Part::dead).sum(),
            bytes: self.parts.iter().map(Part::bytes).sum(),
        }
    }
}

/// A hit where it was found.
struct InPart<'a> {
    order: u64,
    part: &'a Part,
    row: u32,
}

impl InPart<'_> {
    fn id(&self) -> u32 {
        self.part.segment.ids[self.row as usize]
    }

    /// Names are looked at only where the rest is the same.
    fn compare(&self, other: &Self) -> Ordering {
        let (here, there) = (&self.part.segment, &other.part.segment);
        self.order
            .cmp(&other.order)
            .then_with(|| here.naam(self.row).cmp(there.naam(other.row)))
            .then_with(|| self.id().cmp(&other.id()))
    }
}

/// Of nothing.
impl Default for SearchIndex {
    fn default() -> Self {
        Self::new(Vec::new(), 0)
    }
}

impl std::fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchIndex")
            .field("nummer", &self.nummer)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

/// How much there is of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Segments.
    pub segments: usize,
    /// Rows, dead ones too.
    pub rows: usize,
    /// Dead rows that are kept for cursors.
    pub dead: usize,
    /// Bytes in memory, about.
    pub bytes: usize,
}
