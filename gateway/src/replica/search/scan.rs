//! One search through one segment: the cheapest way to candidates, then every filter on each.

use std::{ops::Range, sync::Arc};

use super::{
    bits::Bits,
    codes::{CodeSet, Codes},
    filter::Fitting,
    harvest::Harvest,
    point::Point,
    query::{Leerplaatsvraag, Query, Soort, Sortering, Waar},
    row::{Periode, Plaats, digits_of},
    segment::Segment,
};
use crate::domain::{Datum, Leerweg};

/// Distance of what has no known location: behind all others.
const UNKNOWN: u32 = u32::MAX;

/// A query with all that is the same for every segment.
pub(super) struct Prepared<'q> {
    pub(super) query: &'q Query,
    words: Vec<&'q str>,
    own: Option<CodeSet>,
    equivalent: CodeSet,
    centre: Option<Point>,
    /// Square of the chord of the greatest distance.
    within: Option<f64>,
    van: i32,
    tot: i32,
    /// Of a leerplaats: latest first and earliest last day.
    begint_voor: i32,
    loopt_tot: i32,
    /// See [`WORTH_KEEPING`].
    worth_keeping: usize,
}

impl<'q> Prepared<'q> {
    pub(super) fn new(query: &'q Query, codes: &Codes, worth_keeping: usize) -> Self {
        let asked = query.codes.as_ref();
        Self {
            query,
            words: query.naam.as_ref().map_or_else(Vec::new, |naam| {
                let mut words: Vec<&str> = naam.as_str().split(' ').collect();
                words.sort_unstable();
                words.dedup();
                words
            }),
            own: asked.map(|asked| codes.set(&asked.eigen)),
            equivalent: asked.map_or_else(CodeSet::default, |asked| codes.set(&asked.equivalent)),
            centre: query.punt.map(Point::new),
            within: match query.waar {
                Waar::Binnen(metres) => Some(Point::chord_squared_of(metres)),
                _ => None,
            },
            van: query.van.days(),
            tot: query.tot.days(),
            begint_voor: match query.soort {
                Soort::Leerplaats(vraag) => vraag.begint_voor.map_or(i32::MAX, Datum::days),
                Soort::Erkenning => i32::MAX,
            },
            loopt_tot: match query.soort {
                Soort::Leerplaats(vraag) => vraag.loopt_tot.days(),
                Soort::Erkenning => i32::MIN,
            },
            worth_keeping,
        }
    }

    /// How a code fits: itself, as an equivalent, or not.
    fn fits_code(&self, number: u32) -> Option<Fit> {
        match &self.own {
            None => Some(Fit::Own),
            Some(own) if own.contains(number) => Some(Fit::Own),
            Some(_) if self.equivalent.contains(number) => Some(Fit::Equivalent),
            Some(_) => None,
        }
    }
}

/// How something fits, better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Own,
    Equivalent,
}

/// Rows of a segment that can be seen.
pub(super) trait Visible {
    fn sees(&self, row: u32) -> bool;
}

/// Looks through a segment.
pub(super) struct Scan<'a, V> {
    pub(super) segment: &'a Segment,
    pub(super) visible: V,
    pub(super) asked: &'a Prepared<'a>,
    text: Option<Text>,
    /// Runs of rows that hold all that may be within the distance; all rows without one.
    runs: Vec<Range<u32>>,
}

/// Rows whose names have all the words.
struct Text {
    /// Ranks of those whose whole name is the same.
    whole: Range<u32>,
    equal: Bits,
    prefix: Bits,
    any: Bits,
}

impl<'a, V: Visible> Scan<'a, V> {
    pub(super) fn new(segment: &'a Segment, visible: V, asked: &'a Prepared<'a>) -> Self {
        Self {
            segment,
            visible,
            asked,
            text: text(segment, asked),
            runs: match (asked.query.punt, &asked.query.waar) {
                (Some(centre), Waar::Binnen(metres)) => segment.around(centre, *metres),
                (None, Waar::Binnen(_)) => Vec::new(),
                _ => std::iter::once(0..segment.len() as u32).collect(),
            },
        }
    }

    /// Gives every hit to the harvest.
    pub(super) fn run(&self, harvest: &mut Harvest<'_>) {
        let (way, cost) = self.way();
        if let Some(fitting) = self.fitting(cost) {
            return self.each_fitting(&fitting, harvest);
        }
        match way {
            Way::Text(text) => self.each(text.any.iter(), harvest),
            Way::Codes(own) => self.by_codes(own, harvest),
            Way::Plaats(key) => self.each(self.segment.in_plaats(key), harvest),
            Way::Postcodes(range) => {
                let rows = self.segment.in_postcodes(range).iter();
                self.each(rows.map(|(_, row)| *row), harvest);
            }
            Way::Rows => self.each(self.runs.iter().cloned().flatten(), harvest),
        }
    }

    /// Rows that fit, wherever they are and whatever they are called: when every way is long, and
    /// this was asked before or the way is as long as the segment.
    fn fitting(&self, cost: usize) -> Option<Arc<Fitting>> {
        let within: usize = self.runs.iter().map(|run| run.len()).sum();
        if cost <= within / 2 * COST_OF_BIT + self.asked.worth_keeping {
            return None;
        }
        let at_once = cost * 2 >= self.segment.len() * COST_OF_ROW;
        let filters = &self.segment.filters;
        filters.get(self.asked.query, at_once, || self.find_fitting())
    }

    /// The way with the fewest candidates to look at, and what it costs.
    fn way(&self) -> (Way<'_>, usize) {
        let rows: usize = self.runs.iter().map(|run| run.len()).sum();
        let mut best = (Way::Rows, rows * COST_OF_ROW);
        let mut offer = |way, cost| {
            if cost < best.1 {
                best = (way, cost);
            }
        };
        if let Some(text) = &self.text {
            offer(Way::Text(text), text.any.len() * COST_OF_JUMP);
        }
        if let Some(own) = &self.asked.own {
            let lists = own.list.iter().chain(&self.asked.equivalent.list);
            let entries = lists
                .clone()
                .map(|number| self.entries(*number))
                .sum::<usize>();
            let within = entries * rows / self.segment.len().max(1);
            let searched = lists.count() * self.runs.len() * COST_OF_RUN;
            offer(Way::Codes(own), within * COST_OF_ENTRY + searched);
        }
        match &self.asked.query.waar {
            Waar::Overal | Waar::Binnen(_) => {}
            Waar::Plaats(key, _) => {
                let rows = self.segment.in_plaats(key.0).count();
                offer(Way::Plaats(key.0), rows * COST_OF_JUMP);
            }
            Waar::Postcodes(range) => {
                let rows = self.segment.in_postcodes(&range.0).len();
                offer(Way::Postcodes(&range.0), rows * COST_OF_JUMP);
            }
        }
        best
    }

    fn entries(&self, number: u32) -> usize {
        match self.asked.query.soort {
            Soort::Erkenning => self.segment.erkend.get(number).len(),
            Soort::Leerplaats(_) => self.segment.offering.get(number).len(),
        }
    }

    /// Whether this row is a hit.
    pub(super) fn is_hit(&self, row: u32) -> bool {
        self.is_candidate(row) && self.fits(row).is_some()
    }

    fn each(&self, rows: impl Iterator<Item = u32>, harvest: &mut Harvest<'_>) {
        for row in rows {
            if self.is_candidate(row)
                && let Some(fit) = self.fits(row)
            {
                self.take(row, fit, harvest);
            }
        }
    }

    fn each_fitting(&self, fitting: &Fitting, harvest: &mut Harvest<'_>) {
        for run in &self.runs {
            for row in fitting.own.within(run) {
                if self.is_candidate(row) {
                    self.take(row, Fit::Own, harvest);
                }
            }
            for row in fitting.equivalent.iter().flat_map(|bits| bits.within(run)) {
                if self.is_candidate(row) {
                    self.take(row, Fit::Equivalent, harvest);
                }
            }
        }
    }

    fn find_fitting(&self) -> Fitting {
        let rows = self.segment.len();
        let (mut own, mut equivalent) = (Bits::empty(rows), Bits::empty(rows));
        for row in 0..rows as u32 {
            match self.fits(row) {
                Some(Fit::Own) => drop(own.insert(row)),
                Some(Fit::Equivalent) => drop(equivalent.insert(row)),
                None => {}
            }
        }
        Fitting {
            own,
            equivalent: (!equivalent.is_empty()).then_some(equivalent),
        }
    }

    /// Through the lists of the codes: what fits is known there, and the row is only looked at
    /// for the rest.
    fn by_codes(&self, own: &CodeSet, harvest: &mut Harvest<'_>) {
        // A row may have an entry of one code after that of another, and several of one.
        let mut seen = Seen::Few(Vec::new());
        for (set, fit) in [(own, Fit::Own), (&self.asked.equivalent, Fit::Equivalent)] {
            for number in &set.list {
                match self.asked.query.soort {
                    Soort::Erkenning => {
                        let list = self.segment.erkend.get(*number);
                        for (row, periode) in self.in_runs(list, |(row, _)| *row) {
                            if self.fits_periode(periode)
                                && self.is_candidate(*row)
                                && seen.insert(*row, self.segment.len())
                            {
                                self.take(*row, fit, harvest);
                            }
                        }
                    }
                    Soort::Leerplaats(_) => {
                        let list = self.segment.offering.get(*number);
                        for row in self.in_runs(list, |row| *row) {
                            if self.is_candidate(*row)
                                && seen.insert(*row, self.segment.len())
                                && let Some(fit) = self.fits(*row)
                            {
                                self.take(*row, fit, harvest);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The entries of a list, in order of rows, whose rows are in the runs.
    fn in_runs<'l, T>(
        &'l self,
        list: &'l [T],
        row_of: impl Fn(&T) -> u32 + Copy + 'l,
    ) -> impl Iterator<Item = &'l T> {
        let mut rest = list;
        self.runs.iter().flat_map(move |run| {
            let from = rest.partition_point(|entry| row_of(entry) < run.start);
            rest = &rest[from..];
            let to = rest.partition_point(|entry| row_of(entry) < run.end);
            let (within, behind) = rest.split_at(to);
            rest = behind;
            within
        })
    }

    /// All but erkenningen and leerplaatsen.
    fn is_candidate(&self, row: u32) -> bool {
        self.segment.is_actief(row)
            && self.visible.sees(row)
            && self.text.as_ref().is_none_or(|text| text.any.contains(row))
            && self.is_there(row)
    }

    fn is_there(&self, row: u32) -> bool {
        match self.asked.within {
            // Of what is nowhere this is never so.
            Some(most) => self.chord(row).is_some_and(|chord| chord <= most),
            None => is_there(self.segment, &self.asked.query.waar, row),
        }
    }

    fn chord(&self, row: u32) -> Option<f64> {
        let centre = self.asked.centre.as_ref()?;
        Some(self.segment.point(row).chord_squared(centre))
    }

    /// The best of what fits in the row.
    fn fits(&self, row: u32) -> Option<Fit> {
        match self.asked.query.soort {
            Soort::Erkenning => best(self.fitting_erkenningen(row)),
            Soort::Leerplaats(vraag) => best(self.fitting_leerplaatsen(row, vraag)),
        }
    }

    /// Number of the code, leerwegen, and how it fits, of every erkenning that does.
    fn fitting_erkenningen(&self, row: u32) -> impl Iterator<Item = (u32, &Periode, Fit)> {
        let all = self.segment.erkenningen(row).iter();
        all.filter(|(_, periode)| self.fits_periode(periode))
            .filter_map(|(number, periode)| {
                let fit = self.asked.fits_code(*number)?;
                Some((*number, periode, fit))
            })
    }

    fn fitting_leerplaatsen(
        &self,
        row: u32,
        vraag: Leerplaatsvraag,
    ) -> impl Iterator<Item = (u32, &Plaats, Fit)> {
        let all = self.segment.leerplaatsen(row).iter();
        all.filter(move |(number, plaats)| {
            self.fits_plaats(plaats, &vraag) && self.is_erkend(row, *number, plaats.leerweg)
        })
        .filter_map(|(number, plaats)| {
            let fit = self.asked.fits_code(*number)?;
            Some((*number, plaats, fit))
        })
    }

    fn fits_periode(&self, periode: &Periode) -> bool {
        periode.holds(self.asked.van, self.asked.tot) && periode.offers(self.asked.query.leerweg)
    }

    fn fits_plaats(&self, plaats: &Plaats, vraag: &Leerplaatsvraag) -> bool {
        self.asked
            .query
            .leerweg
            .is_none_or(|asked| plaats.leerweg == asked)
            && vraag.soort.is_none_or(|asked| plaats.soort == asked)
            && vraag
                .vergoeding
                .is_none_or(|asked| plaats.vergoeding == asked)
            && plaats.aantal >= vraag.minimum
            && plaats.van <= self.asked.begint_voor
            && plaats.tot >= self.asked.loopt_tot
    }

    /// Only an erkend leerbedrijf may train: for the very code and leerweg of the leerplaats.
    fn is_erkend(&self, row: u32, number: u32, leerweg: Leerweg) -> bool {
        let all = self.segment.erkenningen(row).iter();
        all.filter(|(other, _)| *other == number)
            .any(|(_, periode)| {
                periode.holds(self.asked.van, self.asked.van) && periode.offers(Some(leerweg))
            })
    }

    fn take(&self, row: u32, fit: Fit, harvest: &mut Harvest<'_>) {
        if let Some(counts) = harvest.counts() {
            match self.asked.query.soort {
                Soort::Erkenning => {
                    for (number, periode, _) in self.fitting_erkenningen(row) {
                        counts.note(number, periode.leerwegen);
                    }
                }
                Soort::Leerplaats(vraag) => {
                    for (number, plaats, _) in self.fitting_leerplaatsen(row, vraag) {
                        counts.note(number, std::iter::once(plaats.leerweg).collect());
                    }
                }
            }
            counts.next();
        }
        harvest.take(self.order(row, fit), self.segment.rank[row as usize], row);
    }

    /// The first part of the order; what is equal in it goes by rank.
    fn order(&self, row: u32, fit: Fit) -> u64 {
        match self.asked.query.sortering {
            Sortering::Naam => 0,
            Sortering::Afstand => u64::from(self.metres(row)),
            Sortering::Relevantie => {
                let fit = u64::from(fit == Fit::Equivalent);
                let level = self.text_level(row);
                level << 40 | fit << 32 | u64::from(self.metres(row))
            }
        }
    }

    /// 0 for the same name, 1 for its words in another order, 2 for words that are all equal, 3
    /// with beginnings, 4 with a typo.
    fn text_level(&self, row: u32) -> u64 {
        let Some(text) = &self.text else { return 0 };
        let at = row as usize;
        if text.whole.contains(&self.segment.rank[at]) {
            0
        } else if text.equal.contains(row) {
            let more = usize::from(self.segment.different_words[at]) > self.asked.words.len();
            1 + u64::from(more)
        } else if text.prefix.contains(row) {
            3
        } else {
            4
        }
    }

    /// To the metre: what is nearer by less is equally near.
    fn metres(&self, row: u32) -> u32 {
        match self.chord(row) {
            Some(chord) if !chord.is_nan() => Point::metres_of(chord).round() as u32,
            _ => UNKNOWN,
        }
    }
}

fn best<T>(fitting: impl Iterator<Item = (u32, T, Fit)>) -> Option<Fit> {
    let mut best = None;
    for (_, _, fit) in fitting {
        if fit == Fit::Own {
            return Some(fit);
        }
        best = Some(fit);
    }
    best
}

fn text(segment: &Segment, asked: &Prepared<'_>) -> Option<Text> {
    let naam = asked.query.naam.as_ref()?;
    let mut words = asked.words.iter();
    let first = segment.words.find(words.next()?, segment.len());
    let mut text = Text {
        whole: segment.ranks_of(naam.as_str()),
        equal: first.equal,
        prefix: first.prefix,
        any: first.typo,
    };
    for word in words {
        if text.any.is_empty() {
            break;
        }
        let found = segment.words.find(word, segment.len());
        text.equal.intersect(&found.equal);
        text.prefix.intersect(&found.prefix);
        text.any.intersect(&found.typo);
    }
    Some(text)
}

/// Whether a row is where it must be, but for a distance from a point.
pub(super) fn is_there(segment: &Segment, waar: &Waar, row: u32) -> bool {
    let packed = segment.postcodes[row as usize];
    match waar {
        Waar::Overal | Waar::Binnen(_) => true,
        Waar::Postcodes(range) => range.0.contains(&packed),
        Waar::Plaats(key, postcodes) => {
            let on = |digits: &Vec<u16>| {
                u16::try_from(digits_of(packed)).is_ok_and(|of| digits.contains(&of))
            };
            segment.plaatsen[row as usize] == key.0 && postcodes.as_ref().is_none_or(on)
        }
    }
}

/// Rows that were taken. Mostly there are few of them; then nothing as large as the segment is
/// made.
enum Seen {
    /// Ascending.
    Few(Vec<u32>),
    Many(Bits),
}

impl Seen {
    /// As many as are quickly put in their place.
    const FEW: usize = 256;

    /// Whether it was not there before, of so many rows in all.
    fn insert(&mut self, row: u32, rows: usize) -> bool {
        match self {
            Self::Many(seen) => seen.insert(row),
            Self::Few(few) => match few.binary_search(&row) {
                Ok(_) => false,
                Err(at) if few.len() < Self::FEW => {
                    few.insert(at, row);
                    true
                }
                Err(_) => {
                    let mut seen = Bits::empty(rows);
                    for other in few.iter() {
                        seen.insert(*other);
                    }
                    seen.insert(row);
                    *self = Self::Many(seen);
                    true
                }
            },
        }
    }
}

/// A way to candidates.
enum Way<'a> {
    Text(&'a Text),
    Codes(&'a CodeSet),
    Plaats(u64),
    Postcodes(&'a Range<u32>),
    /// Every row in the runs.
    Rows,
}

/// What a step costs, in about half nanoseconds: the next entry of a code's list, a search for a
/// run in one, the next row, a row somewhere else, the next row that is known to fit.
const COST_OF_ENTRY: usize = 16;
const COST_OF_RUN: usize = 40;
const COST_OF_ROW: usize = 24;
const COST_OF_JUMP: usize = 40;
const COST_OF_BIT: usize = 6;
/// What is cheaper than this, some ten microseconds, is not worth keeping.
pub(super) const WORTH_KEEPING: usize = 20_000;
