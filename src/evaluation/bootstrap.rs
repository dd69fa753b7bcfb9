//! Percentile bootstrap intervals.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// A two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Number of resamples.
pub const RESAMPLES: u64 = 2000;

/// 95 % percentile intervals of several statistics (Efron and Tibshirani,
/// 1993, section 13.3). Whole groups are drawn with replacement, as many as
/// there are; with one row per group this is the ordinary bootstrap.
///
/// `statistics` gets the drawn row numbers and returns the values; one that
/// is undefined in a resample is left out of its own percentiles. `None` where
/// it is so in all, and everywhere with fewer than two groups, which show no
/// noise. The result does not depend on the number of threads: each resample
/// has a random stream of its own.
pub fn intervals<const N: usize>(
    groups: &[String],
    seed: u64,
    statistics: impl Fn(&[usize]) -> [Option<f64>; N] + Sync,
) -> [Option<Interval>; N] {
    let found = intervals_of(groups, seed, |rows| statistics(rows).to_vec());
    std::array::from_fn(|i| found.get(i).copied().flatten())
}

/// [`intervals`] of statistics whose number is not known beforehand.
pub(crate) fn intervals_of(
    groups: &[String],
    seed: u64,
    statistics: impl Fn(&[usize]) -> Vec<Option<f64>> + Sync,
) -> Vec<Option<Interval>> {
    let members = members(groups);
    if members.len() < 2 {
        return Vec::new();
    }
    let drawn: Vec<Vec<Option<f64>>> = (0..RESAMPLES)
        .into_par_iter()
        .map(|resample| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(resample);
            let mut rows = Vec::with_capacity(groups.len());
            for _ in 0..members.len() {
                rows.extend_from_slice(&members[rng.random_range(0..members.len())]);
            }
            statistics(&rows)
        })
        .collect();
    let count = drawn.first().map_or(0, Vec::len);
    let interval = |i: usize| {
        let mut values: Vec<f64> = drawn.iter().filter_map(|values| values[i]).collect();
        values.sort_by(f64::total_cmp);
        Some(Interval { low: quantile(&values, 0.025)?, high: quantile(&values, 0.975)? })
    };
    (0..count).map(interval).collect()
}

/// The rows of each group, in the order of their first rows.
pub(super) fn members(groups: &[String]) -> Vec<Vec<usize>> {
    let mut number_of: FxHashMap<&str, usize> = FxHashMap::default();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (row, group) in groups.iter().enumerate() {
        let number = *number_of.entry(group).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[number].push(row);
    }
    members
}

/// Quantile of sorted values, linear between them (numpy's default).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * (sorted.len().checked_sub(1)? as f64);
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (above - below) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_a_mean_is_close_to_the_normal_one() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let groups: Vec<String> = (0..400).map(|i| i.to_string()).collect();
        let mean =
            |rows: &[usize]| [Some(rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64)];
        let [Some(interval)] = intervals(&groups, 1, mean) else { panic!("defined") };
        let half = 1.96 * 0.5 / 20.0;
        assert!((interval.low - (0.5 - half)).abs() < 0.005, "{interval:?}");
        assert!((interval.high - (0.5 + half)).abs() < 0.005, "{interval:?}");

        // pairs of equal values: half the information, intervals wider by sqrt 2
        let pairs: Vec<String> = (0..400).map(|i| (i % 200).to_string()).collect();
        let [Some(wider)] = intervals(&pairs, 1, mean) else { panic!("defined") };
        let ratio = (wider.high - wider.low) / (interval.high - interval.low);
        assert!((1.3..1.55).contains(&ratio), "{ratio}");
    }

    #[test]
    fn fewer_than_two_groups_have_no_interval() {
        let defined = |_: &[usize]| [Some(1.0)];
        let one_group = vec!["a".to_owned(); 50];
        assert_eq!(intervals(&[], 1, defined), [None]);
        assert_eq!(intervals(&one_group, 1, defined), [None]);
        assert_eq!(intervals(&["a".into(), "b".into()], 1, |_| [None]), [None]);
    }

    #[test]
    fn quantiles_are_numpys() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.25), Some(1.5));
        assert_eq!(quantile(&[3.0], 0.9), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
