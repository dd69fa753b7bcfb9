//! Whether a share rises or falls over time.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::evaluation::Interval;

/// Periods below which no trend is tested.
pub const LEAST_PERIODS: usize = 4;

/// A share's change over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slope {
    /// Change of the share in a year (0.1: ten percentage points).
    pub per_year: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// Two-sided p-value of no change, for this test alone.
    pub p: f64,
    /// The same, corrected by Holm's method for all groups and labels.
    pub p_holm: f64,
}

/// A share in each period.
#[derive(Debug, Default)]
pub struct Series {
    /// Middle of the period in years; any origin.
    pub years: Vec<f64>,
    /// The estimated share.
    pub shares: Vec<f64>,
    /// Statements.
    pub weights: Vec<f64>,
    /// Bootstrap variance of the share.
    pub variances: Vec<f64>,
    /// `resampled[r][period]`: the shares of resample `r`.
    pub resampled: Vec<Vec<f64>>,
}

/// Weighted linear regression of the share on time. `None` with fewer than
/// [`LEAST_PERIODS`] periods.
///
/// Weights are the numbers of statements: inverse variances would depend on
/// the share itself and draw the line to small shares. The standard error is
/// that of the slope over the resamples, so it carries the classifier's error
/// with what all periods share of it; where the periods scatter about the
/// line more than their variances explain, it is raised by the Birge ratio
/// (Birge 1932), `sqrt(chi^2 / (periods - 2))`. The test is Student's t with
/// `periods - 2` degrees of freedom. `p_holm` is left at `p`.
pub fn slope(series: &Series) -> Option<Slope> {
    let periods = series.shares.len();
    if periods < LEAST_PERIODS {
        return None;
    }
    let total: f64 = series.weights.iter().sum();
    let mean = |values: &[f64]| values.iter().zip(&series.weights).map(|(v, w)| v * w).sum::<f64>() / total;
    let centre = mean(&series.years);
    let spread: f64 = series.years.iter().zip(&series.weights).map(|(t, w)| w * (t - centre).powi(2)).sum();
    let slope_of = |shares: &[f64]| {
        let terms = shares.iter().zip(&series.years).zip(&series.weights);
        terms.map(|((share, t), w)| w * (t - centre) * share).sum::<f64>() / spread
    };
    let per_year = slope_of(&series.shares);
    let resampled: Vec<f64> = series.resampled.iter().map(|shares| slope_of(shares)).collect();
    let level = mean(&series.shares);
    let misfits = series.shares.iter().zip(&series.years).zip(&series.variances);
    let chi_squared: f64 = misfits
        .map(|((share, t), variance)| (share - level - per_year * (t - centre)).powi(2) / variance.max(1e-12))
        .sum();
    let freedom = (periods - 2) as f64;
    let error = variance(&resampled)?.sqrt() * (chi_squared / freedom).max(1.0).sqrt();
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    if !(error > 0.0 && per_year.is_finite() && error.is_finite()) {
        return None;
    }
    let p = (2.0 * student.cdf(-(per_year / error).abs())).clamp(0.0, 1.0);
    let half = student.inverse_cdf(0.975) * error;
    let interval = Interval { low: per_year - half, high: per_year + half };
    Some(Slope { per_year, interval, p, p_holm: p })
}

/// Variance of resampled values; `None` for fewer than two.
pub fn variance(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.len() > 1).then(|| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// Holm's (1979) step-down correction, in the order given: with it, the
/// chance of even one false rejection among all tests stays below the level,
/// whatever their dependence (shares of one group sum to 1).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut corrected = vec![0.0; p_values.len()];
    let mut highest = 0.0f64;
    for (rank, &test) in order.iter().enumerate() {
        highest = highest.max(p_values[test] * (p_values.len() - rank) as f64).min(1.0);
        corrected[test] = highest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Shares of coin tosses whose probability goes from 0.3 at this slope.
    fn series(per_year: f64, seed: u64) -> Series {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut toss = |share: f64, n: usize| {
            (0..n).filter(|_| rng.random_range(0.0..1.0) < share).count() as f64 / n as f64
        };
        let years: Vec<f64> = (0..24).map(|month| f64::from(month) / 12.0).collect();
        let shares: Vec<f64> = years.iter().map(|t| toss(0.3 + per_year * t, 60)).collect();
        let resampled: Vec<Vec<f64>> =
            (0..200).map(|_| shares.iter().map(|&share| toss(share, 60)).collect()).collect();
        let column = |at: usize| resampled.iter().map(|row| row[at]).collect::<Vec<f64>>();
        let variances = (0..24).map(|at| variance(&column(at)).expect("many")).collect();
        Series { years, shares, weights: vec![60.0; 24], variances, resampled }
    }

    #[test]
    fn false_alarms_are_as_rare_as_they_say_and_a_trend_is_found() {
        let p = |per_year: f64, seed| slope(&series(per_year, seed)).expect("slope").p;
        let alarms = (0..200).filter(|&seed| p(0.0, seed) < 0.05).count();
        // 10 expected of 200
        assert!((2..=18).contains(&alarms), "{alarms}");
        let found = (0..20).filter(|&seed| p(0.15, seed) < 0.05).count();
        assert!(found >= 18, "{found}");
        let slope = slope(&series(0.15, 3)).expect("slope");
        assert!(slope.interval.low < 0.15 && 0.15 < slope.interval.high, "{slope:?}");
    }

    #[test]
    fn scatter_beyond_the_variances_widens() {
        let calm = series(0.1, 5);
        let mut wild = series(0.1, 5);
        wild.variances.iter_mut().for_each(|v| *v /= 9.0);
        let (calm, wild) = (slope(&calm).expect("slope"), slope(&wild).expect("slope"));
        assert_eq!(calm.per_year, wild.per_year);
        assert!(wild.p > 2.0 * calm.p, "{calm:?} {wild:?}");
    }

    #[test]
    fn few_periods_have_no_slope() {
        let mut short = series(0.1, 1);
        short.years.truncate(3);
        short.shares.truncate(3);
        assert_eq!(slope(&short), None);
        assert_eq!(slope(&Series::default()), None);
    }

    #[test]
    fn holm_is_rs() {
        // p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        let found = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(holm(&[0.7, 0.9]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
