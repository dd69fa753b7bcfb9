//! What a classifier makes of the rows of each true label, as measured out of
//! fold, and how uncertain that is.

use ndarray::{Array2, ArrayView2};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma};

use crate::classifier::argmax;
use crate::error::{Error, Result};
use crate::evaluation::{Confusion, SoftConfusion};

/// Error rates of a classifier by true label.
#[derive(Debug, Clone, PartialEq)]
pub struct Misclassification {
    hard: Dirichlet,
    soft: Option<Dirichlet>,
}

/// A matrix whose row `t` is drawn from a Dirichlet distribution with
/// parameters `alpha[t]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dirichlet(Array2<f64>);

impl Misclassification {
    /// From counts by true and predicted label, and, for mean probabilities,
    /// their sums by true label and the sums of their squares
    /// ([`SoftConfusion`]).
    ///
    /// # Errors
    /// Counts that are no square, or a label without rows.
    pub fn from_counts(counts: &[Vec<u64>], soft: Option<(&[Vec<f64>], &[f64])>) -> Result<Self> {
        let classes = counts.len();
        let bad = |message: &str| Error::parameter("confusion counts", message);
        if counts.iter().any(|row| row.len() != classes) {
            return Err(bad("must be a square"));
        }
        if counts.iter().any(|row| row.iter().all(|&n| n == 0)) {
            return Err(bad("must have rows of every label"));
        }
        let hard = Array2::from_shape_fn((classes, classes), |(t, p)| counts[t][p] as f64);
        let soft = soft.map(|(sums, squares)| {
            if !SoftConfusion::fits(sums, squares, classes) {
                return Err(bad("do not fit the sums of probabilities"));
            }
            let mut alpha = Array2::from_shape_fn((classes, classes), |(t, p)| sums[t][p]);
            for (mut row, &squares) in alpha.rows_mut().into_iter().zip(squares) {
                let rows = row.sum().max(1e-9);
                let size = effective_rows(row.map(|sum| sum / rows).as_slice().unwrap_or(&[]), rows, squares);
                row.mapv_inplace(|sum| sum / rows * size);
            }
            Ok(Dirichlet(alpha))
        });
        Ok(Self { hard: Dirichlet(hard), soft: soft.transpose()? })
    }

    /// From labelled rows: the true class of each and its posteriors, shape
    /// (rows, classes).
    ///
    /// # Errors
    /// A class without rows.
    pub fn from_rows(targets: &[usize], posteriors: ArrayView2<'_, f64>) -> Result<Self> {
        let classes = posteriors.ncols();
        let predicted = posteriors.rows().into_iter().map(|row| argmax(&row.to_vec()));
        let confusion = Confusion::of(classes, targets.iter().copied().zip(predicted));
        let soft = SoftConfusion::of(classes, targets, posteriors);
        Self::from_counts(confusion.counts(), Some((&soft.sums, &soft.squares)))
    }

    /// Number of labels.
    pub fn classes(&self) -> usize {
        self.hard.0.nrows()
    }

    pub(super) fn hard(&self) -> &Dirichlet {
        &self.hard
    }

    pub(super) fn soft(&self) -> Option<&Dirichlet> {
        self.soft.as_ref()
    }
}

/// The size of the Dirichlet distribution that has these means and the total
/// variance of the mean of `rows` rows whose squares sum to `squares`: exact
/// for two labels, matched in sum over labels for more.
fn effective_rows(means: &[f64], rows: f64, squares: f64) -> f64 {
    let of_means: f64 = means.iter().map(|m| m * m).sum();
    let variance = squares / rows - of_means;
    // the variance of labels drawn one by one is the most there can be
    let most = (1.0 - of_means).max(0.0);
    if variance > most * 1e-9 { rows * (most / variance).max(1.0) } else { rows * 1e9 }
}

impl Dirichlet {
    /// The mean, rows summing to 1.
    pub fn mean(&self) -> Array2<f64> {
        normalised(self.0.clone())
    }

    /// One draw: what the rates could as well have been, had other rows been
    /// measured (for counts this is the Bayesian bootstrap of Rubin 1981). A
    /// rate of 0 stays 0.
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> Array2<f64> {
        normalised(self.0.map(|&alpha| Gamma::new(alpha, 1.0).map_or(0.0, |gamma| gamma.sample(rng))))
    }
}

fn normalised(mut rows: Array2<f64>) -> Array2<f64> {
    for mut row in rows.rows_mut() {
        let sum = row.sum();
        // every draw underflowing to 0 takes rows of far less than one count
        if sum > 0.0 {
            row.mapv_inplace(|value| value / sum);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn draws_have_the_spread_of_means_of_as_many_rows() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let rows = 400;
        let mut sample = || -> Array2<f64> {
            Array2::from_shape_fn((rows, 2), |_| 0.0)
                .map_axis(ndarray::Axis(1), |_| rng.random_range(0.2..1.0))
                .insert_axis(ndarray::Axis(1))
                .dot(&ndarray::array![[1.0, -1.0]])
                + ndarray::array![[0.0, 1.0]]
        };
        let spread = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
        };
        let means: Vec<f64> = (0..600).map(|_| sample().column(0).sum() / rows as f64).collect();
        let posteriors = sample();
        let targets: Vec<usize> = (0..rows).map(|i| i % 2).collect();
        let soft =
            Misclassification::from_rows(&targets, posteriors.view()).expect("rates").soft.expect("soft");
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let draws: Vec<f64> = (0..600).map(|_| soft.draw(&mut rng)[[0, 0]]).collect();
        // each label has half the rows
        let ratio = spread(&draws) / spread(&means) / 2f64.sqrt();
        assert!((0.85..1.15).contains(&ratio), "{ratio}");
    }

    #[test]
    fn certain_posteriors_are_counts() {
        let posteriors = ndarray::array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]];
        let rates = Misclassification::from_rows(&[0, 0, 0, 1, 1], posteriors.view()).expect("rates");
        assert_eq!(rates.hard.0, ndarray::array![[2.0, 1.0], [1.0, 1.0]]);
        let soft = rates.soft.expect("soft");
        assert!(soft.0.iter().zip(&rates.hard.0).all(|(a, b)| (a - b).abs() < 1e-9), "{soft:?}");
    }

    #[test]
    fn a_label_without_rows_is_refused() {
        assert!(Misclassification::from_counts(&[vec![3, 1], vec![0, 0]], None).is_err());
        assert!(Misclassification::from_counts(&[vec![3, 1], vec![1]], None).is_err());
        assert!(Misclassification::from_counts(&[vec![3, 1], vec![0, 1]], Some((&[], &[]))).is_err());
    }
}
