//! Handshakes that are under way, and which one makes room for the next.
//!
//! A client that connects and then says nothing, or stops halfway, costs nobody anything but a place. There
//! are so many places, and who comes when all are taken gets that of another: of the address with most of
//! them, the one that has had it longest. So who holds thousands open ends its own, and where everybody
//! comes from one address (a proxy), an honest client, which is done in a few round trips, is hardly ever
//! the oldest.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// The handshakes of one listener.
#[derive(Debug)]
pub(crate) struct HalfOpen {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    total: usize,
    /// By whose they are, and the order in which they began; what is dropped ends one.
    under_way: HashMap<Whose, BTreeMap<u64, oneshot::Sender<()>>>,
}

/// An address, or the network that one customer gets in IPv6; none where it is not known.
type Whose = Option<IpAddr>;

impl HalfOpen {
    /// With room for so many.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            state: Mutex::default(),
        })
    }

    /// A place for one more, if need be that of another.
    pub(crate) fn begin(self: &Arc<Self>, from: Option<IpAddr>) -> Handshake {
        let whose = from.map(network);
        let (keep, ended) = oneshot::channel();
        let mut state = self.state();
        if state.total >= self.most {
            state.end_one();
        }
        let number = state.next;
        state.next += 1;
        state.total += 1;
        state
            .under_way
            .entry(whose)
            .or_default()
            .insert(number, keep);
        drop(state);
        Handshake {
            half_open: Arc::clone(self),
            whose,
            number,
            ended,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in it can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end_one(&mut self) {
        let oldest_of_most = |(_, own): &(&Whose, &BTreeMap<u64, _>)| {
            let oldest = own.first_key_value().map(|(number, _)| *number);
            (own.len(), Reverse(oldest))
        };
        let found = self.under_way.iter().max_by_key(oldest_of_most);
        let victim = found.and_then(|(whose, own)| Some((*whose, *own.first_key_value()?.0)));
        if let Some((whose, number)) = victim {
            self.remove(whose, number);
        }
    }

    fn remove(&mut self, whose: Whose, number: u64) {
        let Some(own) = self.under_way.get_mut(&whose) else {
            return;
        };
        if own.remove(&number).is_some() {
            self.total -= 1;
        }
        if own.is_empty() {
            self.under_way.remove(&whose);
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// One that is under way; its place is free when it is dropped.
#[derive(Debug)]
pub(crate) struct Handshake {
    half_open: Arc<HalfOpen>,
    whose: Whose,
    number: u64,
    ended: oneshot::Receiver<()>,
}

impl Handshake {
    /// Resolves when another one takes its place.
    pub(crate) async fn overtaken(&mut self) {
        // Nothing is ever sent.
        drop((&mut self.ended).await);
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.half_open.state().remove(self.whose, self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn is_over(handshake: &mut Handshake) -> bool {
        handshake.overtaken().now_or_never().is_some()
    }

    #[test]
    fn one_more_takes_the_place_of_the_oldest() {
        let all = HalfOpen::new(2);
        let a = from("192.0.2.1");
        let (mut first, mut second) = (all.begin(a), all.begin(a));
        assert!(!is_over(&mut first));
        let mut third = all.begin(a);
        assert!(is_over(&mut first) && !is_over(&mut second));
        // One that ends by itself makes room too.
        drop(second);
        let _fourth = all.begin(a);
        assert!(!is_over(&mut third));
        drop(first);
        assert_eq!(all.state().total, 2);
    }

    #[test]
    fn who_holds_most_ends_its_own() {
        let all = HalfOpen::new(4);
        let mut honest = all.begin(from("192.0.2.1"));
        let network = |n: u16| from(&format!("2001:db8::{n:x}"));
        let mut many: Vec<_> = (1..=9).map(|n| all.begin(network(n))).collect();
        assert!(!is_over(&mut honest));
        let over: Vec<_> = many.iter_mut().map(is_over).collect();
        assert_eq!(
            over,
            [true, true, true, true, true, true, false, false, false]
        );
        drop((honest, many));
        assert!(all.state().under_way.is_empty());
        assert_eq!(all.state().total, 0);
    }
}
