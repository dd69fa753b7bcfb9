//! The confusion matrix of probabilities: what a calibrated classifier says,
//! on average, of the rows of each true class.

use ndarray::ArrayView2;

/// Sums of predicted probabilities by true class.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftConfusion {
    /// `sums[t][p]`: summed probability of class `p` over the rows of true
    /// class `t`.
    pub sums: Vec<Vec<f64>>,
    /// `squares[t]`: summed squares of all probabilities of those rows.
    pub squares: Vec<f64>,
}

impl SoftConfusion {
    /// Sums `probabilities`, shape (rows, classes), by the true class of each
    /// row, in the order of the rows.
    pub fn of(classes: usize, targets: &[usize], probabilities: ArrayView2<'_, f64>) -> Self {
        let mut soft = Self { sums: vec![vec![0.0; classes]; classes], squares: vec![0.0; classes] };
        for (&target, row) in targets.iter().zip(probabilities.rows()) {
            for (sum, &p) in soft.sums[target].iter_mut().zip(row) {
                *sum += p;
                soft.squares[target] += p * p;
            }
        }
        soft
    }

    /// Whether sums and squares read from a file have the shape for `classes`
    /// and can be what they say.
    pub(crate) fn fits(sums: &[Vec<f64>], squares: &[f64], classes: usize) -> bool {
        let positive =
            |values: &[f64]| values.len() == classes && values.iter().all(|v| (0.0..1e15).contains(v));
        sums.len() == classes && sums.iter().all(|row| positive(row)) && positive(squares)
    }
}
