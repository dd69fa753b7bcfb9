//! The only place that knows linfa-logistic.

use linfa::prelude::*;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2};

use super::matrix::Matrix;
use crate::error::{Error, Result};

/// Bytes of the dense matrix that linfa-logistic needs.
pub(super) fn matrix_bytes(matrix: &Matrix) -> usize {
    matrix.rows() * matrix.columns() * size_of::<f64>()
}

/// Fits with linfa-logistic (L-BFGS), from given parameters.
/// Returns parameters of shape (features + 1, classes), the intercepts last.
///
/// linfa-logistic returns `Ok` without having converged, and all-zero
/// parameters when its optimiser has no best ones: the caller has to check
/// the gradient at what it returns.
pub(super) fn fit(
    matrix: &Matrix,
    targets: &[usize],
    classes: usize,
    alpha: f64,
    tolerance: f64,
    max_iterations: usize,
    start: &[f64],
) -> Result<Vec<f64>> {
    let shape = (matrix.columns() + 1, classes);
    let mut dense = Array2::<f64>::zeros((matrix.rows(), matrix.columns()));
    matrix.for_each(|row, column, value| dense[(row, column)] = value.into());
    let dataset = Dataset::new(dense, Array1::from(targets.to_vec()));
    let start = Array2::from_shape_vec(shape, start.to_vec())
        .map_err(|e| Error::Training(format!("start parameters: {e}")))?;
    let params = MultiLogisticRegression::default()
        .alpha(alpha)
        .gradient_tolerance(tolerance)
        .max_iterations(max_iterations as u64)
        .initial_params(start);
    let fitted = params.fit(&dataset).map_err(|e| Error::Training(format!("linfa-logistic: {e}")))?;
    if fitted.classes().len() != classes {
        return Err(Error::Training("a class has no rows".into()));
    }
    let mut parameters: Vec<f64> = fitted.params().iter().copied().collect();
    parameters.extend(fitted.intercept());
    Ok(parameters)
}
