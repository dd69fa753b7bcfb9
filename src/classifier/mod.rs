//! Multinomial logistic regression.
//!
//! One objective (in `objective`), two solvers: a truncated Newton method on
//! sparse rows (`newton`), and linfa-logistic's L-BFGS on a dense matrix
//! (`dense`).

mod dense;
mod matrix;
mod newton;
mod objective;
mod simplex;
mod vectors;

use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2, ArrayView1};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::vectorizer::SparseRows;
pub(crate) use matrix::Matrix;
use newton::Solution;
pub(crate) use objective::MOST_CLASSES;
use objective::Objective;

/// Which solver fits the weights; all minimise the same objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Sparse Newton, then linfa-logistic from there as long as its dense
    /// matrix stays within the memory budget and no row or class is weighted.
    Auto,
    /// linfa-logistic alone, from zero. Slow beyond a few thousand features.
    Linfa,
    /// Sparse Newton alone.
    Sparse,
}

/// How the rows of different classes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeight {
    /// Every row counts the same.
    None,
    /// A row of class k counts n / (classes * n_k), with row weights summed in
    /// place of rows where there are some, as in scikit-learn.
    Balanced,
}

/// Parameters of a [`Classifier`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierParams {
    /// L2 strength: the objective is the summed log-loss plus
    /// `alpha / 2 * |W|^2`, so `alpha` is scikit-learn's `1 / C`. Intercepts
    /// are not penalised. Above 0.
    pub alpha: f64,
    /// Weights of the classes.
    pub class_weight: ClassWeight,
    /// Solver.
    pub solver: Solver,
    /// The fit has converged when the gradient's Euclidean norm is at most
    /// this share of its norm at zero weights. Above 0.
    pub tolerance: f64,
    /// Most iterations of either solver.
    pub max_iterations: usize,
    /// Largest dense matrix, in MiB, that [`Solver::Auto`] hands to
    /// linfa-logistic.
    pub dense_budget_mib: usize,
}

impl Default for ClassifierParams {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            class_weight: ClassWeight::None,
            solver: Solver::Auto,
            tolerance: 5e-4,
            max_iterations: 1000,
            dense_budget_mib: 2048,
        }
    }
}

impl ClassifierParams {
    /// Checks the ranges.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !positive(self.alpha) {
            return Err(Error::parameter("--alpha", "must be a number above 0"));
        }
        if !positive(self.tolerance) {
            return Err(Error::parameter("--tolerance", "must be a number above 0"));
        }
        if self.max_iterations == 0 {
            return Err(Error::parameter("--max-iterations", "must be at least 1"));
        }
        if self.solver == Solver::Linfa && self.class_weight != ClassWeight::None {
            return Err(Error::parameter(
                "--solver",
                "linfa-logistic has no class weights; use auto or sparse with --class-weight balanced",
            ));
        }
        Ok(())
    }

    /// Fits to rows of shape (samples, features) and the class number of each
    /// row, optionally with a weight for each row.
    ///
    /// # Errors
    /// Parameters out of range, shapes that differ, a class without rows, or
    /// a solver that stopped before the optimum.
    pub fn fit_rows(
        &self,
        rows: &SparseRows,
        targets: &[usize],
        row_weights: Option<&[f32]>,
    ) -> Result<Classifier> {
        self.check()?;
        self.fit_matrix(&Matrix::new(rows), targets, row_weights)
    }

    /// [`ClassifierParams::fit_rows`] on rows that were made ready before.
    pub(crate) fn fit_matrix(
        &self,
        matrix: &Matrix,
        targets: &[usize],
        row_weights: Option<&[f32]>,
    ) -> Result<Classifier> {
        self.check()?;
        let classes = check_shapes(matrix, targets, row_weights)?;
        let weights = self.loss_weights(targets, classes, row_weights);
        let objective = Objective::new(matrix, targets, weights.as_deref(), classes, self.alpha);

        let tolerance = (self.tolerance * objective.gradient_norm_at_zero()).max(f64::MIN_POSITIVE);
        let dense = |start: Option<&[f64]>| -> Result<Solution> {
            if weights.is_some() {
                return Err(Error::parameter("--solver", "linfa-logistic has no row weights"));
            }
            let parameters =
                dense::fit(matrix, targets, classes, self.alpha, tolerance, self.max_iterations, start)?;
            let (objective, gradient_norm) = objective.check(&parameters);
            Ok(Solution { parameters, objective, gradient_norm, iterations: 0 })
        };

        let sparse = || newton::minimize(&objective, None, tolerance, self.max_iterations);
        let (solution, finished_by) = match self.solver {
            Solver::Linfa => (dense(None)?, FinishedBy::Linfa),
            Solver::Sparse => (sparse(), FinishedBy::Sparse),
            Solver::Auto => {
                let optimum = sparse();
                let budget = self.dense_budget_mib.saturating_mul(1 << 20);
                if weights.is_some() || dense::matrix_bytes(matrix) > budget {
                    (optimum, FinishedBy::Sparse)
                } else {
                    let confirmed = dense(Some(&optimum.parameters))?;
                    (Solution { iterations: optimum.iterations, ..confirmed }, FinishedBy::Linfa)
                }
            }
        };
        // rounding in the summed gradient grows with the number of rows
        let slack = 1.0 + 1e-6;
        // written so that a gradient that is not a number fails too
        if !solution.gradient_norm.is_finite() || solution.gradient_norm > tolerance * slack {
            return Err(Error::NotConverged {
                iterations: solution.iterations,
                gradient_norm: solution.gradient_norm,
                tolerance,
            });
        }
        Ok(Classifier::from_solution(solution, classes, finished_by, tolerance))
    }

    /// Fits from the weights of an earlier fit with another alpha; always by
    /// the sparse solver, and only as exactly as cross-validation needs.
    pub(crate) fn refit(
        &self,
        matrix: &Matrix,
        targets: &[usize],
        before: Option<&Classifier>,
    ) -> Result<Classifier> {
        const TOLERANCE: f64 = 1e-3;
        let classes = check_shapes(matrix, targets, None)?;
        let weights = self.loss_weights(targets, classes, None);
        let objective = Objective::new(matrix, targets, weights.as_deref(), classes, self.alpha);
        let start: Option<Vec<f64>> = before
            .map(|classifier| classifier.weights.iter().chain(&classifier.intercept).copied().collect());
        let tolerance = TOLERANCE * objective.gradient_norm_at_zero();
        let solution = newton::minimize(&objective, start.as_deref(), tolerance, self.max_iterations);
        Ok(Classifier::from_solution(solution, classes, FinishedBy::Sparse, tolerance))
    }

    /// The weight of each row's loss, `None` if all are 1.
    fn loss_weights(
        &self,
        targets: &[usize],
        classes: usize,
        row_weights: Option<&[f32]>,
    ) -> Option<Vec<f64>> {
        if row_weights.is_none() && self.class_weight == ClassWeight::None {
            return None;
        }
        let of_row = |row: usize| row_weights.map_or(1.0, |weights| f64::from(weights[row]));
        let mut class_totals = vec![0.0; classes];
        for (row, &class) in targets.iter().enumerate() {
            class_totals[class] += of_row(row);
        }
        let mean = class_totals.iter().sum::<f64>() / class_totals.len() as f64;
        let of_class = |class: usize| match self.class_weight {
            ClassWeight::None => 1.0,
            ClassWeight::Balanced => mean / class_totals[class],
        };
        Some(targets.iter().enumerate().map(|(row, &class)| of_row(row) * of_class(class)).collect())
    }
}

/// The number of classes, if the shapes fit and each has rows.
fn check_shapes(matrix: &Matrix, targets: &[usize], row_weights: Option<&[f32]>) -> Result<usize> {
    if matrix.rows() != targets.len() || row_weights.is_some_and(|weights| weights.len() != matrix.rows()) {
        return Err(Error::Training("rows, targets and row weights differ in number".into()));
    }
    if row_weights.is_some_and(|weights| weights.iter().any(|w| !w.is_finite() || *w < 0.0)) {
        return Err(Error::Training("a row weight is negative or not a number".into()));
    }
    let classes = targets.iter().max().map_or(0, |&highest| highest + 1);
    if !(2..=MOST_CLASSES).contains(&classes) {
        return Err(Error::Training(format!(
            "there are {classes} labels; 2 to {MOST_CLASSES} can be told apart"
        )));
    }
    let mut class_rows = vec![0; classes];
    for &target in targets {
        class_rows[target] += 1;
    }
    if let Some(empty) = class_rows.iter().position(|&n| n == 0) {
        return Err(Error::Training(format!("class {empty} has no rows")));
    }
    Ok(classes)
}

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

impl<T: AsSingleTargets<Elem = usize>> Fit<SparseRows, T, Error> for ClassifierParams {
    type Object = Classifier;

    /// As [`ClassifierParams::fit_rows`], with the data set's weights if it
    /// has any.
    fn fit(&self, dataset: &DatasetBase<SparseRows, T>) -> Result<Classifier> {
        let targets = dataset.targets.as_single_targets().to_vec();
        self.fit_rows(&dataset.records, &targets, dataset.weights())
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

#[cfg(test)]
mod tests {
    use super::objective::tests::problem;
    use super::*;

    fn fit(params: ClassifierParams, rows: &SparseRows, targets: &[usize]) -> Classifier {
        params.fit_rows(rows, targets, None).expect("converges")
    }

    #[test]
    fn the_three_solvers_agree() {
        for (classes, alpha) in [(2, 1.0), (3, 0.1), (4, 3.0)] {
            let (rows, targets) = problem(7, 120, 30, classes);
            let params = |solver| ClassifierParams { alpha, solver, tolerance: 1e-5, ..Default::default() };
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
        let params = ClassifierParams { solver: Solver::Sparse, tolerance: 1e-9, ..Default::default() };
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
