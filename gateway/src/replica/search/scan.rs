//! One search through one segment: the cheapest way to candidates, then every filter on each.

use std::ops::Range;

use super::{
    bits::Bits,
    codes::{CodeSet, Codes},
    harvest::Harvest,
    point::Point,
    query::{Leerplaatsvraag, Query, Soort, Sortering, Waar},
    row::{Periode, Plaats, digits_of},
    segment::Segment,
};
use crate::domain::Leerweg;

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
}

impl<'q> Prepared<'q> {
    pub(super) fn new(query: &'q Query, codes: &Codes) -> Self {
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
        }
    }

    /// Gives every hit to the harvest.
    pub(super) fn run(&self, harvest: &mut Harvest<'_>) {
        match self.way() {
            Way::Nothing => {}
            Way::Text(text) => self.each(text.any.iter(), harvest),
            Way::Codes(own) => self.by_codes(own, harvest),
            Way::Plaats(key) => self.each(self.segment.in_plaats(key), harvest),
            Way::Postcodes(range) => {
                let rows = self.segment.in_postcodes(range).iter();
                self.each(rows.map(|(_, row)| *row), harvest);
            }
            Way::Around(centre, metres) => {
                self.each(self.segment.around(centre, metres), harvest);
            }
            Way::All => self.each(0..self.segment.len() as u32, harvest),
        }
    }

    /// The way with the fewest candidates to look at.
    fn way(&self) -> Way<'_> {
        if self.segment.len() == 0 {
            return Way::Nothing;
        }
        let mut best = (Way::All, self.segment.len() * COST_OF_ROW);
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
            let entries = lists.map(|number| self.entries(*number)).sum::<usize>();
            offer(Way::Codes(own), entries * COST_OF_ENTRY);
        }
        match &self.asked.query.waar {
            Waar::Overal => {}
            Waar::Plaats(key, _) => {
                let rows = self.segment.in_plaats(key.0).count();
                offer(Way::Plaats(key.0), rows * COST_OF_JUMP);
            }
            Waar::Postcodes(range) => {
                let rows = self.segment.in_postcodes(&range.0).len();
                offer(Way::Postcodes(&range.0), rows * COST_OF_JUMP);
            }
            Waar::Binnen(metres) => {
                if let Some(centre) = &self.asked.centre {
                    let rows = expected_within(*metres, self.segment.len());
                    offer(Way::Around(centre, *metres), rows * COST_OF_LEAF);
                }
            }
        }
        best.0
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

    /// Through the lists of the codes: what fits is known there, and the row is only looked at
    /// for the rest.
    fn by_codes(&self, own: &CodeSet, harvest: &mut Harvest<'_>) {
        let mut seen = Bits::empty(self.segment.len());
        for (set, fit) in [(own, Fit::Own), (&self.asked.equivalent, Fit::Equivalent)] {
            for number in &set.list {
                match self.asked.query.soort {
                    Soort::Erkenning => {
                        for (row, periode) in self.segment.erkend.get(*number) {
                            if self.fits_periode(periode)
                                && seen.insert(*row)
                                && self.is_candidate(*row)
                            {
                                self.take(*row, fit, harvest);
                            }
                        }
                    }
                    Soort::Leerplaats(_) => {
                        for row in self.segment.offering.get(*number) {
                            if seen.insert(*row)
                                && self.is_candidate(*row)
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

    /// All but erkenningen and leerplaatsen.
    fn is_candidate(&self, row: u32) -> bool {
        self.segment.is_actief(row)
            && self.visible.sees(row)
            && self.text.as_ref().is_none_or(|text| text.any.contains(row))
            && self.is_there(row)
    }

    fn is_there(&self, row: u32) -> bool {
        match self.asked.within {
            Some(most) => self.chord(row).is_some_and(|chord| chord <= most),
            None => is_there(self.segment, &self.asked.query.waar, row),
        }
    }

    fn chord(&self, row: u32) -> Option<f64> {
        let centre = self.asked.centre.as_ref()?;
        Some(self.segment.point(row)?.chord_squared(centre))
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
            && vraag.begint_voor.is_none_or(|dag| plaats.van <= dag.days())
            && plaats.tot >= vraag.loopt_tot.days()
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
        let metres = self.chord(row).map(Point::metres_of);
        metres.map_or(UNKNOWN, |metres| metres.round() as u32)
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

/// A way to candidates.
enum Way<'a> {
    Nothing,
    Text(&'a Text),
    Codes(&'a CodeSet),
    Plaats(u64),
    Postcodes(&'a Range<u32>),
    Around(&'a Point, f64),
    All,
}

/// What a step costs, in about half nanoseconds: the next entry of a code's list, the next row,
/// a row somewhere else, a leaf of the tree.
const COST_OF_ENTRY: usize = 4;
const COST_OF_ROW: usize = 12;
const COST_OF_JUMP: usize = 20;
const COST_OF_LEAF: usize = 50;

/// How many of so many rows lie within so many metres: companies are where people live, so around
/// most places that are asked for they are some times as dense as over the whole country.
fn expected_within(metres: f64, rows: usize) -> usize {
    const COUNTRY_M2: f64 = 41_500e6;
    const DENSER: f64 = 3.0;
    let share = (std::f64::consts::PI * metres * metres / COUNTRY_M2 * DENSER).min(1.0);
    (rows as f64 * share) as usize
}
