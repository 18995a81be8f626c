//! An immutable part of the index: some rows in columns, and the orders in which they are looked
//! up. Rows are numbered from 0 in the order of the map, so that those that are near in space are
//! near in memory too.

use std::{cmp::Ordering, ops::Range};

use super::{
    bands::{self, Bands},
    bits::Bits,
    codes::Codes,
    filter::Filters,
    point::Point,
    row::{Periode, Plaats, Place, Row},
    texts::Texts,
    words::Words,
};
use crate::domain::{Code, Coordinaten};

/// Some rows.
pub(super) struct Segment {
    pub(super) ids: Box<[u32]>,
    /// The rows by id, then since.
    by_id: Box<[u32]>,
    pub(super) since: Box<[u64]>,
    /// Number of the newest commit in it.
    pub(super) newest: u64,
    actief: Bits,
    namen: Texts,
    /// How many different words each name has.
    pub(super) different_words: Box<[u8]>,
    /// Place of each row in the order of naam, id, since.
    pub(super) rank: Box<[u32]>,
    /// The rows in that order.
    by_rank: Box<[u32]>,
    coordinaten: Box<[Option<Coordinaten>]>,
    /// Longitudes by themselves: circles are looked up in them, and so they fit the cache.
    lons: Box<[f64]>,
    points: Box<[Point]>,
    bands: Bands,
    pub(super) placed: Box<[bool]>,
    pub(super) plaatsen: Box<[u64]>,
    by_plaats: Box<[(u64, u32)]>,
    pub(super) postcodes: Box<[u32]>,
    by_postcode: Box<[(u32, u32)]>,
    erkenningen: Lists<(u32, Periode)>,
    leerplaatsen: Lists<(u32, Plaats)>,
    /// By the number of the code.
    pub(super) erkend: Lists<(u32, Periode)>,
    /// Rows with a leerplaats, by the number of its code.
    pub(super) offering: Lists<u32>,
    pub(super) filters: Filters,
    pub(super) words: Words,
}

impl Segment {
    /// Of rows in any order.
    pub(super) fn new(mut rows: Vec<Row>, codes: &mut Codes) -> Self {
        rows.sort_by_cached_key(|row| (bands::band_of(row.ligging), row.id, row.since));
        sort_within_bands(&mut rows);
        let numbers = 0..rows.len() as u32;
        let sorted_by = |order: &dyn Fn(&Row, &Row) -> Ordering| -> Vec<u32> {
            let mut sorted: Vec<u32> = numbers.clone().collect();
            sorted.sort_unstable_by(|a, b| order(&rows[*a as usize], &rows[*b as usize]));
            sorted
        };
        let by_id = sorted_by(&|a, b| (a.id, a.since).cmp(&(b.id, b.since)));
        let by_rank = sorted_by(&|a, b| (&a.naam, a.id, a.since).cmp(&(&b.naam, b.id, b.since)));
        let mut rank = vec![0; rows.len()];
        for (place, row) in (0..).zip(&by_rank) {
            rank[*row as usize] = place;
        }
        let mut actief = Bits::empty(rows.len());
        for row in numbers.clone().filter(|row| rows[*row as usize].actief) {
            actief.insert(row);
        }
        let number = |code: Code, codes: &mut Codes| codes.number(code);
        let erkenningen = Lists::new(rows.iter().map(|row| {
            let periods = row.erkenningen.iter();
            periods
                .map(|(code, periode)| (number(*code, codes), *periode))
                .collect::<Vec<_>>()
        }));
        let leerplaatsen = Lists::new(rows.iter().map(|row| {
            let places = row.leerplaatsen.iter();
            places
                .map(|(code, plaats)| (number(*code, codes), *plaats))
                .collect::<Vec<_>>()
        }));
        Self {
            newest: rows.iter().map(|row| row.since).max().unwrap_or_default(),
            ids: rows.iter().map(|row| row.id).collect(),
            by_id: by_id.into(),
            since: rows.iter().map(|row| row.since).collect(),
            actief,
            namen: Texts::new(rows.iter().map(|row| row.naam.as_str())),
            different_words: rows.iter().map(|row| different_words(&row.naam)).collect(),
            rank: rank.into(),
            by_rank: by_rank.into(),
            bands: Bands::new(rows.iter().map(|row| bands::band_of(row.ligging))),
            points: rows
                .iter()
                .map(|row| row.ligging.map_or(Point::NOWHERE, Point::new))
                .collect(),
            coordinaten: rows.iter().map(|row| row.ligging).collect(),
            lons: rows.iter().map(lon_of).collect(),
            filters: Filters::default(),
            placed: rows.iter().map(|row| row.placed).collect(),
            by_plaats: sorted(numbers.clone().map(|n| (rows[n as usize].plaats, n))),
            plaatsen: rows.iter().map(|row| row.plaats).collect(),
            by_postcode: sorted(numbers.map(|n| (rows[n as usize].postcode, n))),
            postcodes: rows.iter().map(|row| row.postcode).collect(),
            erkend: by_code(&erkenningen, |row, periode| (row, periode)),
            offering: by_code(&leerplaatsen, |row, _| row),
            erkenningen,
            leerplaatsen,
            words: Words::new(rows.iter().map(|row| row.naam.as_str())),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// A row as it went in.
    pub(super) fn row(&self, row: u32, codes: &Codes) -> Row {
        let at = row as usize;
        let coded = |number: u32| codes.code(number);
        Row {
            id: self.ids[at],
            since: self.since[at],
            actief: self.is_actief(row),
            naam: self.naam(row).to_owned(),
            plaats: self.plaatsen[at],
            postcode: self.postcodes[at],
            ligging: self.coordinaten[at],
            placed: self.placed[at],
            erkenningen: self
                .erkenningen(row)
                .iter()
                .filter_map(|(number, periode)| Some((coded(*number)?, *periode)))
                .collect(),
            leerplaatsen: self
                .leerplaatsen(row)
                .iter()
                .filter_map(|(number, plaats)| Some((coded(*number)?, *plaats)))
                .collect(),
        }
    }

    pub(super) fn place(&self, row: u32) -> Place {
        let at = row as usize;
        Place {
            postcode: self.postcodes[at],
            ligging: self.coordinaten[at],
            placed: self.placed[at],
        }
    }

    pub(super) fn is_actief(&self, row: u32) -> bool {
        self.actief.contains(row)
    }

    pub(super) fn naam(&self, row: u32) -> &str {
        self.namen.get(row)
    }

    pub(super) fn point(&self, row: u32) -> &Point {
        &self.points[row as usize]
    }

    /// By code.
    pub(super) fn erkenningen(&self, row: u32) -> &[(u32, Periode)] {
        self.erkenningen.get(row)
    }

    pub(super) fn leerplaatsen(&self, row: u32) -> &[(u32, Plaats)] {
        self.leerplaatsen.get(row)
    }

    /// The rows of this id, oldest first.
    pub(super) fn rows_of(&self, id: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        let of = |row: &u32| self.ids[*row as usize];
        let from = self.by_id.partition_point(|row| of(row) < id);
        let to = self.by_id.partition_point(|row| of(row) <= id);
        self.by_id[from..to].iter().copied()
    }

    /// Ranks of the rows with exactly this folded name.
    pub(super) fn ranks_of(&self, naam: &str) -> std::ops::Range<u32> {
        let from = self.by_rank.partition_point(|row| self.naam(*row) < naam);
        let to = self.by_rank.partition_point(|row| self.naam(*row) <= naam);
        from as u32..to as u32
    }

    /// The rows with exactly this folded name.
    pub(super) fn named(&self, naam: &str) -> &[u32] {
        let ranks = self.ranks_of(naam);
        &self.by_rank[ranks.start as usize..ranks.end as usize]
    }

    /// The first rank behind this name and id.
    pub(super) fn rank_after(&self, naam: &str, id: u32) -> u32 {
        let behind = |row: &u32| (self.naam(*row), self.ids[*row as usize]) <= (naam, id);
        self.by_rank.partition_point(behind) as u32
    }

    pub(super) fn in_plaats(&self, plaats: u64) -> impl Iterator<Item = u32> + '_ {
        let from = self.by_plaats.partition_point(|(key, _)| *key < plaats);
        self.by_plaats[from..]
            .iter()
            .take_while(move |(key, _)| *key == plaats)
            .map(|(_, row)| *row)
    }

    /// Rows with a packed postcode in this range.
    pub(super) fn in_postcodes(&self, range: &std::ops::Range<u32>) -> &[(u32, u32)] {
        let from = self
            .by_postcode
            .partition_point(|(key, _)| *key < range.start);
        let to = self
            .by_postcode
            .partition_point(|(key, _)| *key < range.end);
        &self.by_postcode[from..to]
    }

    /// Runs of the rows within so many metres, and some around them.
    pub(super) fn around(&self, centre: Coordinaten, metres: f64) -> Vec<Range<u32>> {
        let lon_of = |row: u32| self.lons[row as usize];
        self.bands.around(centre, metres, lon_of)
    }

    /// Bytes on the heap, about.
    pub(super) fn bytes(&self) -> usize {
        let columns = size_of::<u32>() * 5
            + size_of::<u64>() * 2
            + size_of::<u8>()
            + size_of::<bool>()
            + size_of::<Point>()
            + size_of::<f64>()
            + size_of::<Option<Coordinaten>>()
            + size_of::<(u64, u32)>()
            + size_of::<(u32, u32)>();
        self.len() * columns
            + self.actief.bytes()
            + self.bands.bytes()
            + self.filters.bytes()
            + self.namen.bytes()
            + self.erkenningen.bytes()
            + self.leerplaatsen.bytes()
            + self.erkend.bytes()
            + self.offering.bytes()
            + self.words.bytes()
    }
}

fn different_words(naam: &str) -> u8 {
    let mut words: Vec<&str> = naam.split(' ').collect();
    words.sort_unstable();
    words.dedup();
    // A name has at most 200 characters.
    u8::try_from(words.len()).unwrap_or(u8::MAX)
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Box<[T]> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.into()
}

/// What is nowhere stands in a band that is never searched.
fn lon_of(row: &Row) -> f64 {
    row.ligging.map_or(f64::MAX, |at| at.lon)
}

/// From west to east within each band, as exactly as circles are compared.
fn sort_within_bands(rows: &mut [Row]) {
    for band in rows.chunk_by_mut(|a, b| bands::band_of(a.ligging) == bands::band_of(b.ligging)) {
        band.sort_by(|a, b| lon_of(a).total_cmp(&lon_of(b)));
    }
}

/// The same entries by the number of their code, rows ascending within each.
fn by_code<T: Copy, U>(lists: &Lists<(u32, T)>, entry: impl Fn(u32, T) -> U) -> Lists<U> {
    let rows = (0..lists.len()).flat_map(|row| lists.get(row).iter().map(move |item| (row, item)));
    let mut sorted: Vec<(u32, U)> = rows
        .map(|(row, (number, item))| (*number, entry(row, *item)))
        .collect();
    // Stable, so the rows of a code stay in order.
    sorted.sort_by_key(|(number, _)| *number);
    Lists::of_numbered(sorted)
}

/// Lists behind one another.
pub(super) struct Lists<T> {
    starts: Box<[u32]>,
    items: Box<[T]>,
}

impl<T> Lists<T> {
    fn new(lists: impl Iterator<Item = Vec<T>>) -> Self {
        let (mut starts, mut items) = (vec![0], Vec::new());
        for mut list in lists {
            items.append(&mut list);
            starts.push(items.len() as u32);
        }
        Self {
            starts: starts.into(),
            items: items.into(),
        }
    }

    /// Of items with the number of their list, ascending.
    fn of_numbered(sorted: Vec<(u32, T)>) -> Self {
        let mut starts = vec![0];
        for (at, (number, _)) in (0..).zip(&sorted) {
            while starts.len() <= *number as usize {
                starts.push(at);
            }
        }
        starts.push(sorted.len() as u32);
        Self {
            starts: starts.into(),
            items: sorted.into_iter().map(|(_, item)| item).collect(),
        }
    }

    fn len(&self) -> u32 {
        (self.starts.len() - 1) as u32
    }

    /// The list with this number; empty beyond the last.
    pub(super) fn get(&self, number: u32) -> &[T] {
        let at = number as usize;
        match self.starts.get(at..at + 2) {
            Some(&[from, to]) => &self.items[from as usize..to as usize],
            _ => &[],
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.items[..])
    }
}
