//! Least squares on the simplex.

use crate::linear::solve;

/// The shares `x` (at least 0, summing to 1) that minimise
/// `||rates^T x - observed||`, for `rates[t * classes + p]`.
///
/// A primal active-set method: the problem is solved with the sum constraint
/// alone among the labels that are free; a label that would fall below 0 is
/// held there, one whose gradient asks for more is set free again (Lawson and
/// Hanson 1974, chapter 23; Nocedal and Wright 2006, section 16.5). Exact up
/// to rounding after finitely many steps, for any number of labels. Where the
/// optimum is not unique, because two rows of `rates` are alike, one is
/// returned.
///
/// # Panics
/// If `rates` has not as many entries as `observed` squared.
///
/// ```
/// let rates = [0.8, 0.2, 0.1, 0.9];
/// let x = stance::prevalence::least_squares(&rates, &[0.45, 0.55]);
/// assert!((x[0] - 0.5).abs() < 1e-9);
/// assert_eq!(stance::prevalence::least_squares(&rates, &[0.05, 0.95]), [0.0, 1.0]);
/// ```
pub fn least_squares(rates: &[f64], observed: &[f64]) -> Vec<f64> {
    let classes = observed.len();
    assert_eq!(rates.len(), classes * classes, "a square of rates");
    let row = |t: usize| &rates[t * classes..(t + 1) * classes];
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram: Vec<f64> = (0..classes * classes).map(|at| dot(row(at / classes), row(at % classes))).collect();
    let linear: Vec<f64> = (0..classes).map(|t| dot(row(t), observed)).collect();

    let mut x = vec![1.0 / classes as f64; classes];
    let mut free = vec![true; classes];
    // each subset of labels is visited once at most; the bound is for rounding
    for _ in 0..50 * classes {
        let wanted = on_free(&gram, &linear, &free);
        let blocking = (0..classes)
            .filter(|&k| free[k] && wanted[k] < 0.0)
            .map(|k| (x[k] / (x[k] - wanted[k]), k))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((step, label)) = blocking {
            for (x, wanted) in x.iter_mut().zip(&wanted) {
                *x += step * (wanted - *x);
            }
            x[label] = 0.0;
            free[label] = false;
            continue;
        }
        x = wanted;
        let gradient: Vec<f64> =
            (0..classes).map(|t| dot(&gram[t * classes..(t + 1) * classes], &x) - linear[t]).collect();
        // on free labels the gradient is one number, the sum's multiplier
        let level = (0..classes).filter(|&k| free[k]).map(|k| gradient[k]).fold(f64::INFINITY, f64::min);
        let released = (0..classes)
            .filter(|&k| !free[k] && gradient[k] < level - 1e-12)
            .min_by(|&a, &b| gradient[a].total_cmp(&gradient[b]));
        match released {
            Some(label) => free[label] = true,
            None => break,
        }
    }
    let sum: f64 = x.iter().map(|x| x.max(0.0)).sum();
    x.iter().map(|x| x.max(0.0) / sum).collect()
}

/// The optimum over the free labels, the others 0, under the sum alone.
fn on_free(gram: &[f64], linear: &[f64], free: &[bool]) -> Vec<f64> {
    let classes = free.len();
    let labels: Vec<usize> = (0..classes).filter(|&k| free[k]).collect();
    let size = labels.len() + 1;
    let mut system = vec![0.0; size * size];
    let mut right = vec![1.0; size];
    // too small to be seen, but where rows are alike it picks one optimum
    let ridge = 1e-13;
    for (i, &t) in labels.iter().enumerate() {
        for (j, &u) in labels.iter().enumerate() {
            system[i * size + j] = gram[t * classes + u] + if i == j { ridge } else { 0.0 };
        }
        system[i * size + size - 1] = 1.0;
        system[(size - 1) * size + i] = 1.0;
        right[i] = linear[t];
    }
    let mut x = vec![0.0; classes];
    match solve(system, right) {
        Some(solution) => labels.iter().zip(solution).for_each(|(&k, value)| x[k] = value),
        None => labels.iter().for_each(|&k| x[k] = 1.0 / labels.len() as f64),
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn loss(rates: &[f64], observed: &[f64], x: &[f64]) -> f64 {
        let classes = observed.len();
        (0..classes)
            .map(|p| ((0..classes).map(|t| rates[t * classes + p] * x[t]).sum::<f64>() - observed[p]).powi(2))
            .sum()
    }

    fn shares(classes: usize) -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec(0.001f64..1.0, classes).prop_map(|values| {
            let sum: f64 = values.iter().sum();
            values.iter().map(|v| v / sum).collect()
        })
    }

    fn problem() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<f64>, Vec<Vec<f64>>)> {
        (2usize..8).prop_flat_map(|classes| {
            let rows = proptest::collection::vec(shares(classes), classes);
            (rows, shares(classes), proptest::collection::vec(shares(classes), 200))
        })
    }

    proptest! {
        #[test]
        fn no_other_point_of_the_simplex_is_closer((rows, observed, others) in problem()) {
            let rates = rows.concat();
            let x = least_squares(&rates, &observed);
            prop_assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-12 && x.iter().all(|&x| x >= 0.0), "{:?}", x);
            let best = loss(&rates, &observed, &x);
            for other in &others {
                // on the way to any other point the loss must rise
                for step in [1e-3, 0.1, 1.0] {
                    let moved: Vec<f64> = x.iter().zip(other).map(|(x, o)| x + step * (o - x)).collect();
                    prop_assert!(loss(&rates, &observed, &moved) >= best - 1e-12);
                }
            }
            for corner in 0..x.len() {
                let moved: Vec<f64> =
                    x.iter().enumerate().map(|(k, x)| 0.999 * x + if k == corner { 0.001 } else { 0.0 }).collect();
                prop_assert!(loss(&rates, &observed, &moved) >= best - 1e-12);
            }
        }

        #[test]
        fn shares_that_explain_the_counts_are_found(truth in shares(5), noise in shares(5)) {
            let rate = |t: usize, p: usize| 0.3 * noise[(t + p) % 5] + if t == p { 0.7 } else { 0.0 };
            let rates: Vec<f64> = (0..25).map(|at| rate(at / 5, at % 5)).collect();
            let observed: Vec<f64> = (0..5).map(|p| (0..5).map(|t| truth[t] * rate(t, p)).sum()).collect();
            let x = least_squares(&rates, &observed);
            for (x, truth) in x.iter().zip(&truth) {
                prop_assert!((x - truth).abs() < 1e-6, "{} {}", x, truth);
            }
        }
    }

    #[test]
    fn rows_that_are_alike_still_have_an_answer() {
        let x = least_squares(&[0.5, 0.5, 0.5, 0.5], &[0.9, 0.1]);
        assert!((x[0] + x[1] - 1.0).abs() < 1e-12 && x.iter().all(|x| *x >= 0.0), "{x:?}");
        assert_eq!(least_squares(&[1.0], &[1.0]), [1.0]);
    }
}
