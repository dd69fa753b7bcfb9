//! Temperature scaling: probabilities that mean what they say.

use ndarray::{Array1, Array2, ArrayView2};

use crate::classifier::softmax;

/// The temperature `t` that minimises the log-loss of `softmax(logits / t)`
/// (Guo, Pleiss, Sun and Weinberger 2017), to be found on logits of rows that
/// the classifier was not trained on. Between 0.05 and 20.
pub(crate) fn temperature(logits: ArrayView2<'_, f64>, targets: &[usize]) -> f64 {
    let loss = |log_t: f64| -> f64 {
        let t = log_t.exp();
        let rows = targets.iter().zip(logits.rows());
        rows.map(|(&target, row)| -softmax_at(row.to_owned(), t)[target].max(f64::MIN_POSITIVE).ln()).sum()
    };
    // the log-loss is convex in 1/t and so has one minimum in ln t
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.05f64.ln(), 20f64.ln());
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut loss_a, mut loss_b) = (loss(a), loss(b));
    while high - low > 1e-4 {
        if loss_a <= loss_b {
            (high, b, loss_b) = (b, a, loss_a);
            a = high - golden * (high - low);
            loss_a = loss(a);
        } else {
            (low, a, loss_a) = (a, b, loss_b);
            b = low + golden * (high - low);
            loss_b = loss(b);
        }
    }
    // a few digits say as much, and read better in the model file
    let t = ((low + high) / 2.0).exp();
    (t * 1e4).round() / 1e4
}

/// `softmax(logits / t)`.
pub(crate) fn softmax_at(logits: Array1<f64>, t: f64) -> Array1<f64> {
    softmax((logits / t).view())
}

/// `softmax(logits / t)` of each row, shape (rows, classes).
pub(crate) fn probabilities(logits: &Array2<f64>, t: f64) -> Array2<f64> {
    let mut probabilities = logits.clone();
    for mut row in probabilities.rows_mut() {
        let scaled = softmax_at(row.to_owned(), t);
        row.assign(&scaled);
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn it_finds_the_temperature_that_the_labels_were_drawn_with() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let logits = Array2::from_shape_fn((20_000, 3), |_| rng.random_range(-4.0..4.0));
        for truth in [0.5, 1.0, 2.5] {
            let targets: Vec<usize> = logits
                .rows()
                .into_iter()
                .map(|row| {
                    let p = softmax_at(row.to_owned(), truth);
                    let u: f64 = rng.random_range(0.0..1.0);
                    if u < p[0] {
                        0
                    } else if u < p[0] + p[1] {
                        1
                    } else {
                        2
                    }
                })
                .collect();
            let found = temperature(logits.view(), &targets);
            assert!((found / truth - 1.0).abs() < 0.05, "{found} for {truth}");
        }
    }
}
