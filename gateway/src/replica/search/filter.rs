//! Which rows of a segment fit what is asked of erkenningen or leerplaatsen, whatever their name
//! and place: kept for the next question that asks the same.
//!
//! Coordinators ask again and again for the same niveau and leerweg from the same day on. A segment
//! never changes, so what was found once stays right for as long as it lives.

use std::{collections::VecDeque, sync::Arc, sync::Mutex};

use super::{
    bits::Bits,
    query::{Codevraag, Query, Soort},
};
use crate::domain::Leerweg;

/// Answers that a segment keeps, at a bit or two a row each: some 2 MB for the whole country.
const KEPT: usize = 32;

/// The part of a query that erkenningen and leerplaatsen must fit.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    soort: Soort,
    codes: Option<Codevraag>,
    leerweg: Option<Leerweg>,
    van: i32,
    tot: i32,
}

impl Key {
    fn is_of(&self, query: &Query) -> bool {
        self.van == query.van.days()
            && self.tot == query.tot.days()
            && self.leerweg == query.leerweg
            && self.soort == query.soort
            && self.codes == query.codes
    }
}

/// Rows that fit.
pub(super) struct Fitting {
    /// For a code that was asked for, or for any.
    pub(super) own: Bits,
    /// For an equivalent alone.
    pub(super) equivalent: Option<Bits>,
}

impl Fitting {
    fn bytes(&self) -> usize {
        self.own.bytes() + self.equivalent.as_ref().map_or(0, Bits::bytes)
    }
}

/// What was found before, the latest used first.
#[derive(Default)]
pub(super) struct Filters(Mutex<VecDeque<(Key, Arc<Fitting>)>>);

impl Filters {
    /// What was found before, or is found now.
    pub(super) fn get(&self, query: &Query, find: impl FnOnce() -> Fitting) -> Arc<Fitting> {
        if let Some(fitting) = self.kept(query) {
            return fitting;
        }
        // Not under the lock: two who ask the same at once both look.
        let fitting = Arc::new(find());
        let key = Key {
            soort: query.soort,
            codes: query.codes.clone(),
            leerweg: query.leerweg,
            van: query.van.days(),
            tot: query.tot.days(),
        };
        // A thread that panicked with the lock left the list whole.
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.push_front((key, Arc::clone(&fitting)));
        kept.truncate(KEPT);
        fitting
    }

    fn kept(&self, query: &Query) -> Option<Arc<Fitting>> {
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = kept.iter().position(|(key, _)| key.is_of(query))?;
        if at > 0 {
            let found = kept.remove(at)?;
            kept.push_front(found);
        }
        kept.front().map(|(_, fitting)| Arc::clone(fitting))
    }

    pub(super) fn bytes(&self) -> usize {
        let kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.iter().map(|(_, fitting)| fitting.bytes()).sum()
    }
}
