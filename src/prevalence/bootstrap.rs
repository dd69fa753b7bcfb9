//! Bootstrap of shares: which statements were seen, and which the classifier
//! was measured on.

use ndarray::{Array2, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

use super::correction::Correction;
use super::{Method, Quantifier};
use crate::classifier::argmax;
use crate::error::Result;
use crate::evaluation::{Interval, quantile};

/// The stream of random numbers that error rates are drawn from; samples have
/// the numbers below.
const RATES_STREAM: u64 = u64::MAX;

/// Posteriors of some statements, in units that are drawn whole.
pub(super) struct Sample<'a> {
    posteriors: ArrayView2<'a, f64>,
    /// Scores of each unit summed: what the method takes the mean of.
    sums: Vec<f64>,
    /// Rows of each unit; empty where each row is a unit of its own.
    members: Vec<Vec<u32>>,
}

/// How often each unit was drawn, and how often one more row of each label.
pub(super) struct Drawn {
    units: Vec<u32>,
    pub labels: Vec<u32>,
}

/// Rows of each label that a resample can draw besides those of the sample,
/// half a row each (Jeffreys): a label that a small sample happens to lack
/// still gets an upper end above 0. Without them intervals of 50 rows cover
/// too little (docs/prevalence.md).
const MORE_ROWS: f64 = 0.5;

impl<'a> Sample<'a> {
    /// `clusters` says which rows belong together.
    pub fn new(method: Method, posteriors: ArrayView2<'a, f64>, clusters: Option<&[u32]>) -> Self {
        let classes = posteriors.ncols();
        let mut members: Vec<Vec<u32>> = Vec::new();
        let mut unit_of = Vec::new();
        if let Some(clusters) = clusters {
            let mut number_of: FxHashMap<u32, usize> = FxHashMap::default();
            for (row, &cluster) in (0u32..).zip(clusters) {
                let unit = *number_of.entry(cluster).or_insert(members.len());
                if unit == members.len() {
                    members.push(Vec::new());
                }
                members[unit].push(row);
                unit_of.push(unit);
            }
        }
        let units = if clusters.is_some() { members.len() } else { posteriors.nrows() };
        let mut sums = vec![0.0; units * classes];
        for (row, posterior) in posteriors.rows().into_iter().enumerate() {
            let unit = unit_of.get(row).copied().unwrap_or(row);
            let sums = &mut sums[unit * classes..(unit + 1) * classes];
            match method {
                Method::Cc | Method::Acc => sums[argmax(&posterior.to_vec())] += 1.0,
                _ => sums.iter_mut().zip(posterior).for_each(|(sum, p)| *sum += p),
            }
        }
        Self { posteriors, sums, members }
    }

    pub fn posteriors(&self) -> ArrayView2<'a, f64> {
        self.posteriors
    }

    fn units(&self) -> usize {
        self.sums.len() / self.posteriors.ncols()
    }

    /// Every unit once.
    pub fn once(&self) -> Drawn {
        Drawn { units: vec![1; self.units()], labels: vec![0; self.posteriors.ncols()] }
    }

    /// As many units as there are, with replacement.
    fn draw(&self, rng: &mut ChaCha8Rng, drawn: &mut Drawn) {
        let units = self.units();
        drawn.units.fill(0);
        drawn.labels.fill(0);
        let more = MORE_ROWS * drawn.labels.len() as f64;
        for _ in 0..units {
            let at = rng.random_range(0.0..units as f64 + more);
            match drawn.units.get_mut(at as usize) {
                Some(times) => *times += 1,
                None => {
                    let label = ((at - units as f64) / more * drawn.labels.len() as f64) as usize;
                    drawn.labels[label.min(self.posteriors.ncols() - 1)] += 1;
                }
            }
        }
    }

    /// Mean score of the rows drawn; a further row of label `t` scores
    /// `scores[t * classes + p]`.
    pub fn mean(&self, drawn: &Drawn, scores: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let classes = self.posteriors.ncols();
        let mut mean = vec![0.0; classes];
        let units = self.sums.chunks_exact(classes).zip(&drawn.units);
        for (sums, &times) in units.filter(|(_, times)| **times > 0) {
            mean.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += f64::from(times) * sum);
        }
        for (label, &times) in drawn.labels.iter().enumerate().filter(|(_, times)| **times > 0) {
            mean.iter_mut().enumerate().for_each(|(p, mean)| *mean += f64::from(times) * scores(label, p));
        }
        let total: f64 = mean.iter().sum();
        mean.iter_mut().for_each(|mean| *mean /= total);
        mean
    }

    /// The rows drawn, and how often.
    pub fn rows(&self, drawn: &Drawn) -> Vec<(u32, u32)> {
        let units = (0u32..).zip(&drawn.units).filter(|(_, times)| **times > 0);
        if self.members.is_empty() {
            return units.map(|(row, &times)| (row, times)).collect();
        }
        units
            .flat_map(|(unit, &times)| self.members[unit as usize].iter().map(move |&row| (row, times)))
            .collect()
    }
}

/// Error rates as they could as well have been measured, one set for each
/// resample. Samples that are compared with one another must share them: an
/// error of the classifier is the same error in all of them.
pub struct Redraws(Vec<Correction>);

/// Shares of each resample, shape (resamples, classes).
pub type Resamples = Array2<f64>;

impl Quantifier {
    /// Draws `resamples` sets of error rates ([`Redraws`]).
    ///
    /// # Errors
    /// As [`Quantifier::new`].
    pub fn redraws(&self, resamples: usize, seed: u64) -> Result<Redraws> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(RATES_STREAM);
        let draw = |_| match &self.misclassification {
            Some(rates) => Correction::drawn(self.method, rates, &self.priors, &mut rng),
            None => Ok(self.correction.clone()),
        };
        (0..resamples).map(draw).collect::<Result<_>>().map(Redraws)
    }

    /// Shares of each label in resamples of the rows: rows (with `clusters`,
    /// whole clusters of rows with one number) are drawn with replacement,
    /// and corrected with the error rates of the resample. `None` without
    /// rows.
    ///
    /// `sample` numbers the random stream: samples with different numbers are
    /// drawn independently of each other.
    pub fn resample(
        &self,
        posteriors: ArrayView2<'_, f64>,
        clusters: Option<&[u32]>,
        redraws: &Redraws,
        seed: u64,
        sample: u64,
    ) -> Option<Resamples> {
        let estimate = self.estimate(posteriors)?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(sample);
        let sample = Sample::new(self.method, posteriors, clusters);
        let mut drawn = sample.once();
        let mut shares = Array2::zeros((redraws.0.len(), self.classes()));
        for (mut row, correction) in shares.rows_mut().into_iter().zip(&redraws.0) {
            sample.draw(&mut rng, &mut drawn);
            row.assign(&ndarray::Array1::from(correction.shares(&sample, &drawn, Some(&estimate))));
        }
        Some(shares)
    }
}

/// The 95 % percentile interval of resampled values; `None` without any.
pub fn interval(values: impl IntoIterator<Item = f64>) -> Option<Interval> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    Some(Interval { low: quantile(&values, 0.025)?, high: quantile(&values, 0.975)? })
}

#[cfg(test)]
mod tests {
    use super::super::Misclassification;
    use super::*;

    fn posteriors(rows: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, 2), |(row, k)| if (row % 10 < 3) == (k == 0) { 0.9 } else { 0.1 })
    }

    fn width(quantifier: &Quantifier, clusters: Option<&[u32]>) -> f64 {
        let redraws = quantifier.redraws(600, 5).expect("redraws");
        let shares =
            quantifier.resample(posteriors(400).view(), clusters, &redraws, 5, 0).expect("there are rows");
        let interval = interval(shares.column(0).iter().copied()).expect("interval");
        interval.high - interval.low
    }

    #[test]
    fn intervals_carry_the_sample_its_clusters_and_the_classifier() {
        let rates = |rows: u64| {
            Misclassification::from_counts(&[vec![9 * rows, rows], vec![2 * rows, 8 * rows]], None)
                .expect("rates")
        };
        let quantifier =
            |method, rows| Quantifier::new(method, &rates(rows), &[0.5, 0.5]).expect("quantifier");
        let counted = width(&quantifier(Method::Cc, 1000), None);
        let normal = 2.0 * 1.96 * (0.3f64 * 0.7 / 400.0).sqrt();
        assert!((counted / normal - 1.0).abs() < 0.12, "{counted} {normal}");
        // dividing by recall minus false alarms widens
        let adjusted = width(&quantifier(Method::Acc, 100_000), None);
        assert!((adjusted * 0.7 / normal - 1.0).abs() < 0.12, "{adjusted} {normal}");
        let uncertain = width(&quantifier(Method::Acc, 10), None);
        assert!(uncertain > 1.3 * adjusted, "{uncertain} {adjusted}");
        // rows of one cluster are alike: a tenth of them counts
        let clusters: Vec<u32> = (0..400).map(|row| row % 10 + 10 * (row / 100)).collect();
        let clustered = width(&quantifier(Method::Cc, 1000), Some(&clusters));
        assert!((clustered / normal / 10f64.sqrt() - 1.0).abs() < 0.2, "{clustered} {normal}");
    }

    #[test]
    fn no_rows_no_resamples() {
        let rates = Misclassification::from_counts(&[vec![9, 1], vec![2, 8]], None).expect("rates");
        for method in [Method::Cc, Method::Acc, Method::Em] {
            let quantifier = Quantifier::new(method, &rates, &[0.5, 0.5]).expect("quantifier");
            let redraws = quantifier.redraws(3, 1).expect("redraws");
            assert!(quantifier.resample(Array2::zeros((0, 2)).view(), None, &redraws, 1, 0).is_none());
        }
        assert_eq!(interval([]), None);
    }
}
