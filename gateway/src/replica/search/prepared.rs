//! A query made ready: all that is the same for every segment.

use super::{
    codes::{CodeSet, Codes},
    point::Point,
    query::{Query, Soort, Waar},
};
use crate::domain::Datum;

/// A query with all that is the same for every segment.
pub(super) struct Prepared<'q> {
    pub(super) query: &'q Query,
    pub(super) words: Vec<&'q str>,
    pub(super) own: Option<CodeSet>,
    pub(super) equivalent: CodeSet,
    pub(super) centre: Option<Point>,
    /// Square of the chord of the greatest distance.
    pub(super) within: Option<f64>,
    pub(super) van: i32,
    pub(super) tot: i32,
    /// Of a leerplaats: latest first and earliest last day.
    pub(super) begint_voor: i32,
    pub(super) loopt_tot: i32,
    /// See [`super::way::WORTH_KEEPING`].
    pub(super) worth_keeping: usize,
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
    pub(super) fn fits_code(&self, number: u32) -> Option<Fit> {
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
