//! How many different numbers there were, about, in 4 KiB (HyperLogLog).

/// Buckets: the count is off by 1.6 % as a rule.
const BUCKETS: usize = 4_096;
const BUCKET_BITS: u32 = 12;

/// A set of which only its size is known, about.
pub(super) struct Schets {
    /// Of each bucket the longest run of zeros in the hashes that fell in it, and one more.
    ranks: Box<[u8; BUCKETS]>,
    /// Sum of 2^-rank over all buckets, and how many are still 0: so that counting is no work.
    sum: f64,
    empty: u32,
}

impl Default for Schets {
    fn default() -> Self {
        #[expect(clippy::cast_precision_loss, reason = "4,096 is far below 2^52")]
        let sum = BUCKETS as f64;
        Self {
            ranks: Box::new([0; BUCKETS]),
            sum,
            empty: BUCKETS as u32,
        }
    }
}

impl Schets {
    /// Whether adding this would change anything: never for one that was added before.
    pub(super) fn would_change(&self, hash: u64) -> bool {
        let (bucket, rank) = place(hash);
        rank > self.ranks[bucket]
    }

    pub(super) fn add(&mut self, hash: u64) {
        let (bucket, rank) = place(hash);
        let old = self.ranks[bucket];
        if rank > old {
            self.ranks[bucket] = rank;
            self.sum += power(rank) - power(old);
            self.empty -= u32::from(old == 0);
        }
    }

    /// About how many different ones were added. Exact enough from a handful on.
    pub(super) fn count(&self) -> u32 {
        let buckets = f64::from(BUCKETS as u32);
        let raw = 0.7213 / (1.0 + 1.079 / buckets) * buckets * buckets / self.sum;
        let estimate = if raw <= 2.5 * buckets && self.empty > 0 {
            buckets * (buckets / f64::from(self.empty)).ln()
        } else {
            raw
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of numbers of nine digits"
        )]
        let count = estimate.round() as u32;
        count
    }
}

fn place(hash: u64) -> (usize, u8) {
    let bucket = (hash >> (u64::BITS - BUCKET_BITS)) as usize;
    // The last bit ends every run.
    let rest = (hash << BUCKET_BITS) | 1 << (BUCKET_BITS - 1);
    let rank = rest.leading_zeros() + 1;
    (bucket, u8::try_from(rank).unwrap_or(u8::MAX))
}

fn power(rank: u8) -> f64 {
    f64::from(rank).exp2().recip()
}

/// Spreads a number over 64 bits (the finaliser of SplitMix64, from a secret start).
pub(super) fn hash(seed: u64, number: u32) -> u64 {
    let mut z = seed ^ u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_near_what_was_added_whatever_the_seed() {
        for seed in [0, 1, 0xfeed_beef, u64::MAX] {
            let mut schets = Schets::default();
            assert_eq!(schets.count(), 0);
            let mut added = 0;
            for expect in [1, 10, 100, 1_000, 10_000, 25_000, 250_000] {
                while added < expect {
                    schets.add(hash(seed, 100_000_000 + added));
                    added += 1;
                }
                let off = f64::from(schets.count().abs_diff(expect)) / f64::from(expect);
                assert!(off < 0.06, "{seed} {expect}: {}", schets.count());
            }
        }
    }

    #[test]
    fn what_was_added_changes_nothing_again() {
        let mut schets = Schets::default();
        let hash = hash(7, 123_456_789);
        assert!(schets.would_change(hash));
        schets.add(hash);
        assert!(!schets.would_change(hash));
        let before = schets.count();
        schets.add(hash);
        assert_eq!(schets.count(), before);
    }
}
