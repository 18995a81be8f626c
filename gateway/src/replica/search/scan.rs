//! One search through one segment: the cheapest way to candidates, then every filter on each.

use std::ops::Range;

use super::{
    bits::Bits,
    codes::CodeSet,
    filter::Fitting,
    harvest::Harvest,
    near,
    point::Point,
    prepared::{Fit, Prepared},
    query::{Leerplaatsvraag, Soort, Sortering, Waar},
    row::{Periode, Plaats, digits_of},
    seen::Seen,
    segment::Segment,
    text::Text,
    way::Way,
};
use crate::domain::Leerweg;

/// Distance of what has no known location: behind all others.
const UNKNOWN: u32 = u32::MAX;

/// Rows of a segment that can be seen.
pub(super) trait Visible {
    fn sees(&self, row: u32) -> bool;
}

/// Looks through a segment.
pub(super) struct Scan<'a, V> {
    pub(super) segment: &'a Segment,
    pub(super) visible: V,
    pub(super) asked: &'a Prepared<'a>,
    pub(super) text: Option<Text>,
    /// Runs of rows that hold all that may be within the distance; all rows without one.
    pub(super) runs: Vec<Range<u32>>,
}

impl<'a, V: Visible> Scan<'a, V> {
    pub(super) fn new(segment: &'a Segment, visible: V, asked: &'a Prepared<'a>) -> Self {
        Self {
            segment,
            visible,
            asked,
            text: Text::of(segment, asked),
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

    pub(super) fn find_fitting(&self) -> Fitting {
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
            // Runs and rows ascend: the next ones are near.
            let first_not_before = |row: u32, about: u32| {
                let all = 0..rest.len() as u32;
                near::partition(&all, about, |at| row_of(&rest[at as usize]) < row)
            };
            let from = first_not_before(run.start, 0);
            let to = first_not_before(run.end, from);
            let (before, behind) = rest.split_at(to as usize);
            let within = &before[from as usize..];
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
                let text = self.text.as_ref();
                let level = text.map_or(0, |text| text.level(self.segment, self.asked, row));
                level << 40 | fit << 32 | u64::from(self.metres(row))
            }
        }
    }

    /// To the metre: what is nearer by less is equally near.
    fn metres(&self, row: u32) -> u32 {
        match self.chord(row) {
            Some(chord) if !chord.is_nan() => (Point::metres_of(chord) + 0.5) as u32,
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
