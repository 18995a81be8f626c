//! How often each afnemer asked what, by day: counted in memory, and added to the database every minute
//! and when a node stops. What a killed node counted since is lost, and an addition of which the
//! database's answer got lost may be added twice: these are figures to steer by, and no evidence.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;

use super::store::VerwerkingStore;
use crate::domain::{Datum, Oin, Operatie};

/// Who asked, and for which school it was found to have a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partij {
    /// The afnemer, from the certificate.
    pub afnemer_oin: Oin,
    /// None where the request was refused before that.
    pub school_oin: Option<Oin>,
}

/// How often something was asked on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gebruik {
    /// The day in Amsterdam.
    pub dag: Datum,
    /// Who.
    pub partij: Partij,
    /// Which operation; `-` when it was not known.
    pub operatie: String,
    /// Signaalcode of the answer, or code of the problem or fault.
    pub uitkomst: String,
    /// How often.
    pub aantal: u64,
}

type Sleutel = (Datum, Partij, &'static str, Cow<'static, str>);

/// Counts, and knows where the sums stand.
#[derive(Default)]
pub struct Gebruiksteller {
    // Days, operations and codes are from closed lists, parties from toegang: it stays small.
    counts: Mutex<HashMap<Sleutel, u64>>,
    open: ArcSwapOption<OpenGebruik>,
}

/// A store that is open.
pub struct OpenGebruik {
    store: Arc<dyn VerwerkingStore>,
    runtime: Handle,
}

impl OpenGebruik {
    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn VerwerkingStore> {
        &self.store
    }

    /// Where it was opened; what it is asked runs there.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

impl Gebruiksteller {
    /// Counts one request.
    pub fn count(
        &self,
        dag: Datum,
        partij: Partij,
        operatie: Option<Operatie>,
        uitkomst: Cow<'static, str>,
    ) {
        let operatie = operatie.map_or("-", Operatie::as_str);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((dag, partij, operatie, uitkomst)).or_default() += 1;
    }

    /// What was counted and is not in the database.
    #[must_use]
    pub fn take(&self) -> Vec<Gebruik> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *counts);
        drop(counts);
        let all = taken
            .into_iter()
            .map(|((dag, partij, operatie, uitkomst), aantal)| Gebruik {
                dag,
                partij,
                operatie: operatie.to_owned(),
                uitkomst: uitkomst.into_owned(),
                aantal,
            });
        all.collect()
    }

    /// It could not be added, and is counted on.
    pub fn put_back(&self, taken: Vec<Gebruik>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for one in taken {
            let operatie = Operatie::parse(&one.operatie).map_or("-", Operatie::as_str);
            let sleutel = (one.dag, one.partij, operatie, Cow::Owned(one.uitkomst));
            *counts.entry(sleutel).or_default() += one.aantal;
        }
    }

    /// The sums stand here from now on. Called on the runtime that opened it.
    pub fn attach(&self, store: Arc<dyn VerwerkingStore>) {
        self.open.store(Some(Arc::new(OpenGebruik {
            store,
            runtime: Handle::current(),
        })));
    }

    /// They cannot be asked for any more.
    pub fn detach(&self) {
        self.open.store(None);
    }

    /// Where the sums stand; none while the database is away.
    #[must_use]
    pub fn open(&self) -> Option<Arc<OpenGebruik>> {
        self.open.load_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_added_is_counted_on() {
        let teller = Gebruiksteller::default();
        let dag = Datum::parse("2026-11-28").unwrap();
        let partij = Partij {
            afnemer_oin: Oin::parse("00000099000000002001").unwrap(),
            school_oin: None,
        };
        let count = || {
            let code = Cow::Borrowed("0");
            teller.count(dag, partij, Some(Operatie::NatrekkenErkenning), code);
        };
        count();
        count();
        let taken = teller.take();
        assert_eq!(taken[0].aantal, 2);
        assert!(teller.take().is_empty());
        count();
        teller.put_back(taken);
        let again = teller.take();
        assert_eq!((again.len(), again[0].aantal), (1, 3));
        assert_eq!(again[0].operatie, "natrekkenErkenning");
    }
}
