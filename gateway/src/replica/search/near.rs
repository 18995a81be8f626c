//! Looking for a place in what is in order when it is known about where it is: a few steps through memory that was
//! read a moment ago, where a search of the whole has to wait for each of its first ones.

use std::ops::Range;

/// The first of these of which this is not so, when it is so of none behind it; about here.
pub(super) fn partition(all: &Range<u32>, about: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (all.start, all.end);
    // Away from there, twice as far each time, until it was passed.
    let (mut at, mut step) = (about, 1_u32);
    while (low..high).contains(&at) {
        if holds(at) {
            low = at + 1;
            at = at.saturating_add(step);
        } else {
            high = at;
            at = at.saturating_sub(step);
        }
        step = step.saturating_mul(2);
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_found_from_wherever_it_is_looked_for(
            start in 0_u32..50, len in 0_u32..50, found in 0_u32..120, about in 0_u32..120,
        ) {
            let all = start..start + len;
            let expected = found.clamp(all.start, all.end);
            prop_assert_eq!(partition(&all, about, |at| at < found), expected);
        }
    }
}
