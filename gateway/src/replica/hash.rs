//! One hash of everything a node holds, by which nodes can be compared (design §1, invariant 3).
//!
//! The commit hash says which log a node has read; this says what it made of it. It is the sum,
//! modulo 2^256, of SHA-256 over (kind, key, content) of every object that there is, so it does
//! not depend on the order in which objects came, and a line costs two hashes however large the
//! register is: what the object was is subtracted, what it is now is added.
//!
//! Why a sum is sound here: the terms are as good as random 256-bit numbers, so two states that
//! differ in any object have the same sum with a chance of 2^-256, whichever way they came to
//! differ. (An exclusive or would lose a term that a bug counts twice.) A sum can be forged by who
//! may choose very many objects; who can write the register needs no forgery, and the log has a
//! hash chain against changes behind its back.
//!
//! People and bpvo's have a sum of their own. The log forgets what they were (invariant 12), so a
//! node that reads old commits later than another has, until the end of the log, nothing where the
//! other still has what has since been superseded. At the same registerVersie the hash of the
//! register is always equal; that of people and bpvo's when both have read the log to its end.

use aws_lc_rs::digest::{Context, SHA256};

use crate::log::Soort;

/// A SHA-256 value.
type Hash = [u8; 32];

/// 64-bit digits of a sum, the least significant first.
const DIGITS: usize = 4;

/// What nodes compare at a registerVersie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateHash {
    /// Of leerbedrijven, opleidingen, equivalenten, scholen and areas of postcodes: follows from
    /// the registerVersie alone.
    pub register: Hash,
    /// Of people and bpvo's: follows from the registerVersie for whoever has read the log to its
    /// end.
    pub persoonsgegevens: Hash,
}

/// The two sums of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    register: Sum,
    persoonsgegevens: Sum,
}

impl Sums {
    /// An object is there.
    pub(super) fn add(&mut self, soort: Soort, sleutel: &[u8], content: &[u8]) {
        self.of(soort).add(term(soort, sleutel, content));
    }

    /// An object, which was added before, is there no longer.
    pub(super) fn remove(&mut self, soort: Soort, sleutel: &[u8], content: &[u8]) {
        self.of(soort).subtract(term(soort, sleutel, content));
    }

    /// What is shown of them. Hashed once more: the difference of two bare sums would be the hash
    /// of what changed between them, and a phone number is soon guessed from its hash.
    pub(super) fn finish(&self) -> StateHash {
        StateHash {
            register: self.register.finish(b"register"),
            persoonsgegevens: self.persoonsgegevens.finish(b"persoonsgegevens"),
        }
    }

    /// Sixty-four bytes, for a snapshot.
    pub(super) fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        let digits = self.register.0.iter().chain(&self.persoonsgegevens.0);
        for (place, digit) in bytes.chunks_exact_mut(8).zip(digits) {
            place.copy_from_slice(&digit.to_be_bytes());
        }
        bytes
    }

    fn of(&mut self, soort: Soort) -> &mut Sum {
        if soort.is_side() {
            &mut self.persoonsgegevens
        } else {
            &mut self.register
        }
    }
}

/// A number below 2^256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum([u64; DIGITS]);

impl Sum {
    fn add(&mut self, term: Self) {
        let mut carry = false;
        for (digit, more) in self.0.iter_mut().zip(term.0) {
            let (sum, over) = digit.overflowing_add(more);
            let (sum, over_by_carry) = sum.overflowing_add(u64::from(carry));
            *digit = sum;
            carry = over || over_by_carry;
        }
    }

    fn subtract(&mut self, term: Self) {
        let mut borrow = false;
        for (digit, less) in self.0.iter_mut().zip(term.0) {
            let (rest, under) = digit.overflowing_sub(less);
            let (rest, under_by_borrow) = rest.overflowing_sub(u64::from(borrow));
            *digit = rest;
            borrow = under || under_by_borrow;
        }
    }

    fn finish(&self, of: &[u8]) -> Hash {
        let mut context = Context::new(&SHA256);
        context.update(of);
        for digit in self.0 {
            context.update(&digit.to_be_bytes());
        }
        to_hash(context)
    }
}

/// The key is preceded by its length, so no two objects look alike.
fn term(soort: Soort, sleutel: &[u8], content: &[u8]) -> Sum {
    let mut context = Context::new(&SHA256);
    context.update(&[soort.number()]);
    context.update(&(sleutel.len() as u64).to_be_bytes());
    context.update(sleutel);
    context.update(content);
    let hash = to_hash(context);
    let mut digits = [0; DIGITS];
    for (digit, bytes) in digits.iter_mut().zip(hash.chunks_exact(8)) {
        let mut eight = [0; 8];
        eight.copy_from_slice(bytes);
        *digit = u64::from_be_bytes(eight);
    }
    Sum(digits)
}

fn to_hash(context: Context) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn carries_and_borrows_go_through_all_digits() {
        let mut sum = Sum([u64::MAX; DIGITS]);
        sum.add(Sum([1, 0, 0, 0]));
        assert_eq!(sum, Sum::default());
        sum.subtract(Sum([1, 0, 0, 0]));
        assert_eq!(sum, Sum([u64::MAX; DIGITS]));
    }

    #[test]
    fn kind_key_and_content_are_told_apart() {
        let of = |soort, sleutel: &[u8], content: &[u8]| {
            let mut sums = Sums::default();
            sums.add(soort, sleutel, content);
            sums.finish().register
        };
        let one = of(Soort::School, b"ab", b"c");
        assert_ne!(one, of(Soort::Opleiding, b"ab", b"c"));
        assert_ne!(one, of(Soort::School, b"a", b"bc"));
        assert_ne!(one, of(Soort::School, b"ab", b"d"));
        assert_eq!(one, of(Soort::School, b"ab", b"c"));
    }

    #[test]
    fn people_do_not_touch_the_hash_of_the_register() {
        let (empty, mut sums) = (Sums::default().finish(), Sums::default());
        sums.add(Soort::Personen, b"1", b"x");
        sums.add(Soort::Bpvo, b"1", b"x");
        assert_eq!(sums.finish().register, empty.register);
        assert_ne!(sums.finish().persoonsgegevens, empty.persoonsgegevens);
        // Nor is an empty register taken for nobody.
        assert_ne!(empty.register, empty.persoonsgegevens);
    }

    proptest! {
        #[test]
        fn neither_order_nor_detours_matter(
            objects in prop::collection::vec((0_u8..9, any::<[u8; 3]>()), 0..12),
            detour in any::<[u8; 3]>(),
        ) {
            let (mut there, mut back) = (Sums::default(), Sums::default());
            for (key, content) in &objects {
                there.add(Soort::School, &[*key], content);
            }
            back.add(Soort::School, b"detour", &detour);
            for (key, content) in objects.iter().rev() {
                back.add(Soort::School, &[*key], content);
            }
            back.remove(Soort::School, b"detour", &detour);
            prop_assert_eq!(there, back);
            prop_assert_eq!(there.to_bytes(), back.to_bytes());
        }
    }
}
