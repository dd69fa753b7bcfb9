//! Parameters of a classifier, and fitting with them.

use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::Fit;
use serde::{Deserialize, Serialize};

use super::matrix::Matrix;
use super::newton::{self, Solution};
use super::objective::{MOST_CLASSES, Objective};
use super::{Classifier, FinishedBy, dense};
use crate::error::{Error, Result};
use crate::vectorizer::{SparseColumns, SparseRows};

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
    /// The fit has converged when the objective is certainly at most this
    /// share of its value above the minimum: the Euclidean norm of its
    /// gradient is at most `sqrt(2 alpha tolerance objective)`. Above 0.
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
            tolerance: 1e-8,
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
        self.fit_matrix(&Matrix::new(&SparseColumns::from(rows)), targets, row_weights)
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

        let dense = |start: Option<&[f64]>| -> Result<Solution> {
            if weights.is_some() {
                return Err(Error::parameter("--solver", "linfa-logistic has no row weights"));
            }
            let mut parameters =
                start.map_or_else(|| vec![0.0; (matrix.columns() + 1) * classes], <[f64]>::to_vec);
            let mut needed = objective.gradient_norm_for(objective.check(&parameters).0, self.tolerance);
            loop {
                let target = needed;
                parameters = dense::fit(
                    matrix,
                    targets,
                    classes,
                    self.alpha,
                    target,
                    self.max_iterations,
                    &parameters,
                )?;
                let (objective_value, gradient_norm) = objective.check(&parameters);
                needed = objective.gradient_norm_for(objective_value, self.tolerance);
                // the lower the objective, the less gradient it may leave
                if gradient_norm <= needed || gradient_norm > target {
                    return Ok(Solution {
                        parameters,
                        objective: objective_value,
                        gradient_norm,
                        iterations: 0,
                    });
                }
            }
        };

        let sparse = || newton::minimize(&objective, None, self.tolerance, self.max_iterations);
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
        let tolerance = objective.gradient_norm_for(solution.objective, self.tolerance);
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
        const TOLERANCE: f64 = 1e-4;
        let classes = check_shapes(matrix, targets, None)?;
        let weights = self.loss_weights(targets, classes, None);
        let objective = Objective::new(matrix, targets, weights.as_deref(), classes, self.alpha);
        let start: Option<Vec<f64>> = before
            .map(|classifier| classifier.weights.iter().chain(&classifier.intercept).copied().collect());
        let solution = newton::minimize(&objective, start.as_deref(), TOLERANCE, self.max_iterations);
        let tolerance = objective.gradient_norm_for(solution.objective, TOLERANCE);
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

impl<T: AsSingleTargets<Elem = usize>> Fit<SparseRows, T, Error> for ClassifierParams {
    type Object = Classifier;

    /// As [`ClassifierParams::fit_rows`], with the data set's weights if it
    /// has any.
    fn fit(&self, dataset: &DatasetBase<SparseRows, T>) -> Result<Classifier> {
        let targets = dataset.targets.as_single_targets().to_vec();
        self.fit_rows(&dataset.records, &targets, dataset.weights())
    }
}
