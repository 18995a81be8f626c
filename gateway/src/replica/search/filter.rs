//! Which rows of a segment fit what is asked of erkenningen or leerplaatsen, whatever their name
//! and place: kept for the next question that asks the same.
//!
//! Coordinators ask again and again for the same niveau and leerweg from the same day on. A segment
//! never changes, so what was found for the second of them stays right for as long as it lives.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    bits::Bits,
    query::{Codevraag, Query, Soort},
};
use crate::domain::Leerweg;

/// Questions that a segment remembers. What is kept for one is a bit or two a row: some 4 MB for
/// the whole country when all of them were asked twice.
const KEPT: usize = 64;

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

/// Questions that were asked, the latest first, and what was found for those asked more than once.
#[derive(Default)]
pub(super) struct Filters(Mutex<VecDeque<(Key, Option<Arc<Fitting>>)>>);

impl Filters {
    /// What was found before; or found now when `at_once` says that it is no more work than the
    /// question itself, or when it is not the first time that this is asked. None otherwise: a
    /// question that nobody repeats must not pay for the whole segment.
    pub(super) fn get(
        &self,
        query: &Query,
        at_once: bool,
        find: impl FnOnce() -> Fitting,
    ) -> Option<Arc<Fitting>> {
        match self.remembered(query) {
            Some(Some(fitting)) => return Some(fitting),
            None if !at_once => {
                self.remember(query, None);
                return None;
            }
            None | Some(None) => {}
        }
        // Not under the lock: two who ask the same at once both look.
        let fitting = Arc::new(find());
        self.remember(query, Some(Arc::clone(&fitting)));
        Some(fitting)
    }

    /// Whether it was asked before, and what was found.
    fn remembered(&self, query: &Query) -> Option<Option<Arc<Fitting>>> {
        let mut kept = self.lock();
        let at = kept.iter().position(|(key, _)| key.is_of(query))?;
        let found = kept.remove(at)?;
        let fitting = found.1.clone();
        kept.push_front(found);
        Some(fitting)
    }

    fn remember(&self, query: &Query, fitting: Option<Arc<Fitting>>) {
        let key = Key {
            soort: query.soort,
            codes: query.codes.clone(),
            leerweg: query.leerweg,
            van: query.van.days(),
            tot: query.tot.days(),
        };
        let mut kept = self.lock();
        kept.retain(|(other, _)| *other != key);
        kept.push_front((key, fitting));
        kept.truncate(KEPT);
    }

    pub(super) fn bytes(&self) -> usize {
        let kept = self.lock();
        let fitting = kept.iter().filter_map(|(_, fitting)| fitting.as_ref());
        fitting.map(|fitting| fitting.bytes()).sum()
    }

    /// A thread that panicked with the lock left the list whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<(Key, Option<Arc<Fitting>>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
