//! Whose turn it is: one after another in a circle, each at most so many at a time.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// Work that waits, by whose it is. Somebody without work takes no memory.
pub(super) struct Beurten<K, W> {
    /// What one may have in hand.
    most: usize,
    /// Everybody with work that waits, in the order of their turns.
    circle: VecDeque<K>,
    of: HashMap<K, Own<W>>,
}

struct Own<W> {
    waiting: VecDeque<W>,
    in_hand: usize,
}

impl<K: Copy + Eq + Hash, W> Beurten<K, W> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            circle: VecDeque::new(),
            of: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, who: K, work: W) {
        let own = self.of.entry(who).or_insert_with(|| Own {
            waiting: VecDeque::new(),
            in_hand: 0,
        });
        if own.waiting.is_empty() {
            self.circle.push_back(who);
        }
        own.waiting.push_back(work);
    }

    /// The next that may begin; its owner goes to the end of the circle.
    pub(super) fn next(&mut self) -> Option<(K, W)> {
        for _ in 0..self.circle.len() {
            let who = self.circle.pop_front()?;
            let Some(own) = self.of.get_mut(&who) else {
                continue;
            };
            if own.in_hand >= self.most {
                self.circle.push_back(who);
                continue;
            }
            let Some(work) = own.waiting.pop_front() else {
                continue;
            };
            own.in_hand += 1;
            if !own.waiting.is_empty() {
                self.circle.push_back(who);
            }
            return Some((who, work));
        }
        None
    }

    /// One that had begun has ended.
    pub(super) fn done(&mut self, who: &K) {
        if let Some(own) = self.of.get_mut(who) {
            own.in_hand -= 1;
            if own.in_hand == 0 && own.waiting.is_empty() {
                self.of.remove(who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_round_whoever_came_with_most() {
        let mut beurten = Beurten::new(1);
        for n in 0..100 {
            beurten.push('a', n);
        }
        beurten.push('b', 1);
        beurten.push('c', 1);
        let mut order = String::new();
        while let Some((who, _)) = beurten.next() {
            order.push(who);
            beurten.done(&who);
        }
        assert_eq!(&order[..6], "abcaaa");
        assert_eq!(order.len(), 102);
        assert!(beurten.of.is_empty() && beurten.circle.is_empty());
    }

    #[test]
    fn one_never_has_more_in_hand_than_its_share() {
        let mut beurten = Beurten::new(2);
        for n in 0..5 {
            beurten.push('a', n);
        }
        assert_eq!(beurten.next(), Some(('a', 0)));
        assert_eq!(beurten.next(), Some(('a', 1)));
        assert_eq!(beurten.next(), None);
        beurten.push('b', 9);
        assert_eq!(beurten.next(), Some(('b', 9)));
        beurten.done(&'a');
        assert_eq!(beurten.next(), Some(('a', 2)));
        assert_eq!(beurten.next(), None);
    }
}
