//! Multinomial logistic regression.
//!
//! One objective (in `objective`), two solvers: a truncated Newton method on
//! sparse rows (`newton`), and linfa-logistic's L-BFGS on a dense matrix
//! (`dense`).

mod dense;
mod hessian;
mod matrix;
mod newton;
mod objective;
mod params;
mod simplex;
mod vectors;

use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use crate::vectorizer::SparseRows;
pub(crate) use matrix::Matrix;
use newton::Solution;
pub(crate) use objective::MOST_CLASSES;
pub use params::{ClassWeight, ClassifierParams, Solver};

/// The solver whose result a [`Classifier`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinishedBy {
    /// linfa-logistic.
    Linfa,
    /// Sparse Newton.
    Sparse,
}

/// How a fit ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convergence {
    /// The solver that gave the result.
    pub finished_by: FinishedBy,
    /// Iterations of the sparse solver; 0 if it was not used.
    pub iterations: usize,
    /// Value of the objective.
    pub objective: f64,
    /// Euclidean norm of its gradient.
    pub gradient_norm: f64,
    /// The norm it had to reach.
    pub tolerance: f64,
}

/// A fitted multinomial logistic regression.
///
/// ```
/// use linfa::prelude::*;
/// use ndarray::array;
/// use stance::{ClassifierParams, SparseRows};
/// let mut rows = SparseRows::new(2);
/// rows.push([(0, 1.0)]);
/// rows.push([(1, 1.0)]);
/// let data = DatasetBase::new(rows, array![0, 1]);
/// let classifier = ClassifierParams::default().fit(&data)?;
/// assert_eq!(classifier.predict(&data), array![0, 1]);
/// # Ok::<(), stance::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    weights: Array2<f64>,
    intercept: Array1<f64>,
    convergence: Convergence,
}

impl Classifier {
    fn from_solution(solution: Solution, classes: usize, finished_by: FinishedBy, tolerance: f64) -> Self {
        let features = solution.parameters.len() / classes - 1;
        let (weights, intercept) = solution.parameters.split_at(features * classes);
        Self {
            weights: Array2::from_shape_fn((features, classes), |(f, k)| weights[f * classes + k]),
            intercept: intercept.to_vec().into(),
            convergence: Convergence {
                finished_by,
                iterations: solution.iterations,
                objective: solution.objective,
                gradient_norm: solution.gradient_norm,
                tolerance,
            },
        }
    }

    /// Weights, shape (features, classes).
    pub fn weights(&self) -> &Array2<f64> {
        &self.weights
    }

    /// Intercepts, one per class.
    pub fn intercept(&self) -> &Array1<f64> {
        &self.intercept
    }

    /// How the fit ended.
    pub fn convergence(&self) -> &Convergence {
        &self.convergence
    }

    /// Logits `W' x + b`, shape (samples, classes).
    ///
    /// # Panics
    /// If `rows` has another number of features.
    pub fn decision_function(&self, rows: &SparseRows) -> Array2<f64> {
        assert_eq!(rows.columns(), self.weights.nrows(), "the number of features differs");
        let mut logits = Array2::zeros((rows.len(), self.intercept.len()));
        for (row, mut logits) in logits.rows_mut().into_iter().enumerate() {
            logits.assign(&self.intercept);
            let (columns, values) = rows.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                logits.scaled_add(value, &self.weights.row(column as usize));
            }
        }
        logits
    }

    /// Class probabilities, shape (samples, classes); each row sums to 1.
    pub fn predict_proba(&self, rows: &SparseRows) -> Array2<f64> {
        let mut probabilities = self.decision_function(rows);
        for mut row in probabilities.rows_mut() {
            let softmax = softmax(row.view());
            row.assign(&softmax);
        }
        probabilities
    }
}

impl PredictInplace<SparseRows, Array1<usize>> for Classifier {
    fn predict_inplace<'a>(&'a self, rows: &'a SparseRows, targets: &mut Array1<usize>) {
        let logits = self.decision_function(rows);
        for (target, logits) in targets.iter_mut().zip(logits.rows()) {
            *target = argmax(&logits.to_vec());
        }
    }

    fn default_target(&self, rows: &SparseRows) -> Array1<usize> {
        Array1::zeros(rows.len())
    }
}

/// Probabilities of logits, computed so that no intermediate overflows.
pub(crate) fn softmax(logits: ArrayView1<'_, f64>) -> Array1<f64> {
    let highest = logits.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let exponentials = logits.mapv(|logit| (logit - highest).exp());
    let sum = exponentials.sum();
    exponentials / sum
}

/// The class with the highest value; of equal ones the first.
pub(crate) fn argmax(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, class| if values[class] > values[best] { class } else { best })
}

#[cfg(test)]
mod tests {
    use super::objective::tests::problem;
    use super::*;
    use crate::error::Error;

    fn fit(params: ClassifierParams, rows: &SparseRows, targets: &[usize]) -> Classifier {
        params.fit_rows(rows, targets, None).expect("converges")
    }

    #[test]
    fn the_three_solvers_agree() {
        for (classes, alpha) in [(2, 1.0), (3, 0.1), (4, 3.0)] {
            let (rows, targets) = problem(7, 120, 30, classes);
            let params = |solver| ClassifierParams { alpha, solver, ..Default::default() };
            let sparse = fit(params(Solver::Sparse), &rows, &targets);
            for solver in [Solver::Auto, Solver::Linfa] {
                let other = fit(params(solver), &rows, &targets);
                assert_eq!(other.convergence().finished_by, FinishedBy::Linfa);
                let (a, b) = (sparse.convergence().objective, other.convergence().objective);
                assert!((a - b).abs() <= 1e-6 * a, "{solver:?}: {a} {b}");
                let difference = &sparse.predict_proba(&rows) - &other.predict_proba(&rows);
                assert!(difference.iter().all(|d| d.abs() < 1e-4), "{solver:?}");
            }
        }
    }

    #[test]
    fn doubling_a_row_is_the_same_as_doubling_its_weight() {
        let (rows, targets) = problem(3, 40, 8, 3);
        let order: Vec<usize> = (0..40).chain([5, 11]).collect();
        let doubled = rows.select(&order);
        let doubled_targets: Vec<usize> = order.iter().map(|&i| targets[i]).collect();
        let mut weights = vec![1.0; 40];
        weights[5] = 2.0;
        weights[11] = 2.0;
        let params = ClassifierParams { solver: Solver::Sparse, tolerance: 1e-13, ..Default::default() };
        let a = fit(params.clone(), &doubled, &doubled_targets);
        let b = params.fit_rows(&rows, &targets, Some(&weights)).expect("converges");
        assert!((a.weights() - b.weights()).iter().all(|d| d.abs() < 1e-6));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let (rows, targets) = problem(9, 800, 20, 3);
        let with_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads");
            pool.install(|| fit(ClassifierParams::default(), &rows, &targets))
        };
        assert_eq!(with_threads(1), with_threads(3));
    }

    #[test]
    fn a_fit_that_cannot_converge_is_an_error_with_its_figures() {
        let (rows, targets) = problem(5, 60, 10, 3);
        for solver in [Solver::Sparse, Solver::Linfa] {
            let params =
                ClassifierParams { solver, max_iterations: 1, tolerance: 1e-12, ..Default::default() };
            match params.fit_rows(&rows, &targets, None) {
                Err(Error::NotConverged { gradient_norm, tolerance, .. }) => {
                    assert!(gradient_norm > tolerance)
                }
                other => panic!("{solver:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn bad_parameters_and_shapes_are_refused() {
        let (rows, targets) = problem(5, 6, 3, 2);
        for alpha in [0.0, -1.0, f64::NAN] {
            assert!(
                ClassifierParams { alpha, ..Default::default() }.fit_rows(&rows, &targets, None).is_err()
            );
        }
        assert!(ClassifierParams::default().fit_rows(&rows, &targets[1..], None).is_err());
        assert!(ClassifierParams::default().fit_rows(&rows, &[0; 6], None).is_err());
        let gap = [0, 2, 0, 2, 0, 2];
        assert!(ClassifierParams::default().fit_rows(&rows, &gap, None).is_err());
    }

    #[test]
    fn softmax_of_extreme_logits_is_finite() {
        let p = softmax(ndarray::array![1e4, -1e4, 0.0].view());
        assert_eq!(p.to_vec(), [1.0, 0.0, 0.0]);
    }
}
