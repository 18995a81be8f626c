//! Calls that wait for something new in a feed: how many there are, and when they must not wait
//! any more.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{domain::Oin, metrics};

/// The most calls that may wait at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wachtgrens {
    /// On this node.
    pub in_all: usize,
    /// Of one afnemer, so that one cannot take every place.
    pub per_afnemer: usize,
}

/// The calls of this node that wait.
#[derive(Debug)]
pub struct Wachtkamer {
    present: Mutex<HashMap<Oin, usize>>,
    closed: watch::Sender<bool>,
}

impl Default for Wachtkamer {
    fn default() -> Self {
        let (closed, _) = watch::channel(false);
        Self {
            present: Mutex::default(),
            closed,
        }
    }
}

impl Wachtkamer {
    /// A place to wait; none when there are too many.
    pub fn enter(&self, afnemer_oin: Oin, grens: Wachtgrens) -> Option<Wachtplaats<'_>> {
        let mut present = self.present();
        let in_all: usize = present.values().sum();
        let own = present.get(&afnemer_oin).copied().unwrap_or(0);
        if in_all >= grens.in_all || own >= grens.per_afnemer {
            return None;
        }
        present.insert(afnemer_oin, own + 1);
        gauge().increment(1);
        Some(Wachtplaats {
            kamer: self,
            afnemer_oin,
        })
    }

    /// How many wait now.
    #[must_use]
    pub fn wachtenden(&self) -> usize {
        self.present().values().sum()
    }

    /// From now on nobody waits: the node stops. Who waits is answered with what there is.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Resolves once nobody may wait any more.
    pub async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as this does.
        drop(closed.wait_for(|closed| *closed).await);
    }

    fn present(&self) -> MutexGuard<'_, HashMap<Oin, usize>> {
        // Counting cannot leave it half done.
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gauge() -> ::metrics::Gauge {
    ::metrics::gauge!(metrics::names::MUTATIES_WACHTENDEN)
}

/// Somebody waits; dropping it makes room.
#[derive(Debug)]
pub struct Wachtplaats<'a> {
    kamer: &'a Wachtkamer,
    afnemer_oin: Oin,
}

impl Drop for Wachtplaats<'_> {
    fn drop(&mut self) {
        let mut present = self.kamer.present();
        if let Some(own) = present.get_mut(&self.afnemer_oin) {
            *own -= 1;
            if *own == 0 {
                present.remove(&self.afnemer_oin);
            }
        }
        gauge().decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oin(last: u32) -> Oin {
        Oin::parse(&format!("00000099{last:012}")).unwrap()
    }

    #[test]
    fn one_afnemer_cannot_take_every_place() {
        let kamer = Wachtkamer::default();
        let grens = Wachtgrens {
            in_all: 3,
            per_afnemer: 2,
        };
        let first = kamer.enter(oin(1), grens).unwrap();
        let _second = kamer.enter(oin(1), grens).unwrap();
        assert!(kamer.enter(oin(1), grens).is_none());
        let third = kamer.enter(oin(2), grens).unwrap();
        assert!(kamer.enter(oin(2), grens).is_none());
        drop(first);
        assert!(kamer.enter(oin(3), grens).is_some());
        drop(third);
        assert!(kamer.enter(oin(1), grens).is_some());
    }

    #[tokio::test]
    async fn closing_reaches_who_waits_and_who_comes_after() {
        let kamer = Wachtkamer::default();
        tokio::join!(kamer.closed(), async { kamer.close() });
        kamer.closed().await;
    }
}
