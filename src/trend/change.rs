//! Periods at which a share may have jumped.

use std::ops::Range;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Periods on each side of a change, at least.
pub const LEAST_SEGMENT: usize = 3;
/// Permutations behind a p-value.
pub const PERMUTATIONS: usize = 999;
/// A split with a higher p-value is no candidate.
pub const LEVEL: f64 = 0.01;

/// A candidate for a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The first period after the change.
    pub period: usize,
    /// Weighted mean of the segment before it.
    pub before: f64,
    /// Weighted mean of the segment after it.
    pub after: f64,
    /// Permutation p-value of the split, not corrected for other series.
    pub p: f64,
}

/// Splits a series of (share, weight) by binary segmentation (Scott and Knott
/// 1974) on the weighted CUSUM statistic: the split that explains most of the
/// weighted variance is kept if at most [`LEVEL`] of the permutations of the
/// periods have one as good, and both sides are then split in turn. In order
/// of time. A steady trend shows up as changes too; a jump that is soon taken
/// back may not, since no single split explains it.
pub fn splits(series: &[(f64, f64)], rng: &mut ChaCha8Rng) -> Vec<Split> {
    let mut found = Vec::new();
    split(series, 0..series.len(), rng, &mut found);
    found.sort_by_key(|split| split.period);
    found
}

fn split(series: &[(f64, f64)], within: Range<usize>, rng: &mut ChaCha8Rng, found: &mut Vec<Split>) {
    let mut segment = series[within.clone()].to_vec();
    let Some((at, gain)) = best(&segment) else { return };
    let (before, after) = (mean(&segment[..at]), mean(&segment[at..]));
    // rounding alone must not make one arrangement better than another
    let needed = gain * (1.0 - 1e-12);
    let as_good = (0..PERMUTATIONS)
        .filter(|_| {
            segment.shuffle(rng);
            best(&segment).is_some_and(|(_, other)| other >= needed)
        })
        .count();
    let p = (1 + as_good) as f64 / (1 + PERMUTATIONS) as f64;
    if p <= LEVEL {
        let period = within.start + at;
        found.push(Split { period, before, after, p });
        split(series, within.start..period, rng, found);
        split(series, period..within.end, rng, found);
    }
}

/// The best split and the variance it explains; the first of equal ones.
fn best(segment: &[(f64, f64)]) -> Option<(usize, f64)> {
    let weight: f64 = segment.iter().map(|(_, w)| w).sum();
    let sum: f64 = segment.iter().map(|(share, w)| share * w).sum();
    let (mut left_weight, mut left_sum) = (0.0, 0.0);
    let mut best: Option<(usize, f64)> = None;
    for (i, (share, w)) in segment.iter().enumerate() {
        if i >= LEAST_SEGMENT && i + LEAST_SEGMENT <= segment.len() {
            let gap = (sum - left_sum) / (weight - left_weight) - left_sum / left_weight;
            let gain = gap * gap * left_weight * (weight - left_weight) / weight;
            if best.is_none_or(|(_, most)| gain > most) {
                best = Some((i, gain));
            }
        }
        left_weight += w;
        left_sum += share * w;
    }
    best
}

fn mean(segment: &[(f64, f64)]) -> f64 {
    segment.iter().map(|(share, w)| share * w).sum::<f64>() / segment.iter().map(|(_, w)| w).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    fn series(shares: impl Fn(usize) -> f64, seed: u64) -> (Vec<(f64, f64)>, ChaCha8Rng) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let noisy = (0..40).map(|i| (shares(i) + rng.random_range(-0.1..0.1), rng.random_range(10.0..50.0)));
        (noisy.collect(), rng)
    }

    #[test]
    fn jumps_are_found_where_they_are() {
        let (series, mut rng) = series(
            |i| {
                if i < 12 {
                    0.2
                } else if i < 25 {
                    0.5
                } else {
                    0.8
                }
            },
            1,
        );
        let found = splits(&series, &mut rng);
        assert_eq!(found.iter().map(|split| split.period).collect::<Vec<_>>(), [12, 25]);
        assert!((found[0].before - 0.2).abs() < 0.05, "{found:?}");
        assert!(
            (found[1].after - 0.8).abs() < 0.05 && found.iter().all(|split| split.p <= LEVEL),
            "{found:?}"
        );
    }

    #[test]
    fn noise_seldom_looks_like_a_jump() {
        let alarms = (0..100)
            .filter(|&seed| {
                let (series, mut rng) = series(|_| 0.4, seed);
                !splits(&series, &mut rng).is_empty()
            })
            .count();
        assert!(alarms <= 5, "{alarms}");
    }

    #[test]
    fn short_and_constant_series_have_none() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert!(splits(&[], &mut rng).is_empty());
        assert!(splits(&[(0.1, 1.0), (0.1, 1.0), (0.1, 1.0), (0.9, 1.0), (0.9, 1.0)], &mut rng).is_empty());
        assert!(splits(&[(0.4, 3.0); 30], &mut rng).is_empty());
    }
}
