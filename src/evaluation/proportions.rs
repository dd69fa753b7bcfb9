//! Exact and closed-form statements about shares.

use super::Interval;

/// Two-sided p-value of McNemar's exact test (McNemar 1947; the binomial form
/// of Edwards 1948): of the rows on which exactly one of two models is right,
/// `first` by the first and `second` by the second, how likely is a split at
/// least as uneven if each is as good as the other. In (0, 1]; 1 where there
/// are no such rows. What is below the smallest 64-bit float is 0.
pub fn mcnemar_exact(first: u64, second: u64) -> f64 {
    let (rows, fewer) = (first + second, first.min(second));
    if first == second {
        return 1.0;
    }
    // binomial probabilities relative to the largest, from the middle down:
    // no logarithms of factorials, and nothing that can overflow
    let middle = rows / 2;
    let (mut weight, mut below, mut tail) = (1.0, 0.0, 0.0);
    for successes in (0..=middle).rev() {
        below += weight;
        if successes <= fewer {
            tail += weight;
        }
        weight *= successes as f64 / (rows - successes + 1) as f64;
        if weight == 0.0 {
            break;
        }
    }
    // the upper half mirrors the lower; an even number has one middle
    let all = if rows % 2 == 0 { 2.0 * below - 1.0 } else { 2.0 * below };
    (2.0 * tail / all).min(1.0)
}

/// 95 % interval of a share, `hits` of `rows`, by Wilson's (1927) score
/// method, which also holds for few rows and for shares of 0 and 1. `None`
/// without rows.
pub fn wilson_interval(hits: u64, rows: u64) -> Option<Interval> {
    /// The 0.975 quantile of the standard normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let (n, share) = (rows as f64, hits as f64 / rows as f64);
    let scale = 1.0 + Z * Z / n;
    let centre = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / scale;
    (rows > 0).then(|| Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tests_by_hand() {
        assert_eq!(mcnemar_exact(0, 0), 1.0);
        assert_eq!(mcnemar_exact(1, 0), 1.0);
        assert_eq!(mcnemar_exact(5, 1), mcnemar_exact(1, 5));
        assert!((mcnemar_exact(0, 5) - 2.0 / 32.0).abs() < 1e-15);
        assert!((mcnemar_exact(1, 5) - 2.0 * 7.0 / 64.0).abs() < 1e-15);
    }

    #[test]
    fn huge_counts_neither_overflow_nor_hang() {
        assert_eq!(mcnemar_exact(0, 10_000_000), 0.0);
        assert!(mcnemar_exact(500_000_000, 500_000_001) > 0.999);
        assert!((mcnemar_exact(500_000, 502_000) - 0.0458).abs() < 0.001);
    }

    #[test]
    fn intervals_stay_between_0_and_1() {
        assert_eq!(wilson_interval(0, 0), None);
        let none = wilson_interval(0, 10).expect("rows");
        assert!(none.low == 0.0 && (0.27..0.28).contains(&none.high), "{none:?}");
        let all = wilson_interval(10, 10).expect("rows");
        assert!((all.low - (1.0 - none.high)).abs() < 1e-12 && (1.0 - all.high) < 1e-12, "{all:?}");
    }
}
