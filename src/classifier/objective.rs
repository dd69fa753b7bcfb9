//! The function that training minimises.
//!
//! `f(W, b) = sum_i s_i * -log softmax(W' x_i + b)[y_i] + alpha/2 * |W|^2`
//!
//! At its minimum the weights of a feature sum to zero over the classes, and
//! so do the gradient and every Newton step that starts at such weights. They
//! are therefore kept in `classes - 1` coordinates, here called lanes
//! ([`simplex`](super::simplex)): a third less work for three classes, half
//! for two, and the same norms. A point is a flat array of (features + 1) x
//! lanes, feature by feature, the intercepts last.

use rayon::prelude::*;

use super::matrix::Matrix;
use super::simplex;
use super::vectors::{Real, dot, norm};

/// More classes than this are refused before training.
pub(crate) const MOST_CLASSES: usize = 64;

/// Rows per unit of parallel work; fixed, so that sums have one order.
pub(super) const CHUNK: usize = 1024;

/// The objective on one data set.
pub(crate) struct Objective<'a> {
    matrix: &'a Matrix,
    targets: &'a [usize],
    /// Weight of each row's loss.
    row_weights: Option<&'a [f64]>,
    classes: usize,
    alpha: f64,
}

/// What the last evaluation leaves for the Hessian at the same point.
#[derive(Default)]
pub(crate) struct State {
    /// Class probabilities, shape (rows, classes).
    probabilities: Vec<f32>,
    /// Space for one number per row and lane.
    residuals: Vec<f64>,
}

impl State {
    pub(super) fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }
}

impl<'a> Objective<'a> {
    pub fn new(
        matrix: &'a Matrix,
        targets: &'a [usize],
        row_weights: Option<&'a [f64]>,
        classes: usize,
        alpha: f64,
    ) -> Self {
        Self { matrix, targets, row_weights, classes, alpha }
    }

    /// Numbers in a point.
    pub fn len(&self) -> usize {
        (self.matrix.columns() + 1) * self.lanes()
    }

    pub(super) fn matrix(&self) -> &Matrix {
        self.matrix
    }

    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn alpha(&self) -> f64 {
        self.alpha
    }

    pub(super) fn lanes(&self) -> usize {
        self.classes - 1
    }

    /// Numbers before the intercepts.
    pub(super) fn weights(&self) -> usize {
        self.matrix.columns() * self.lanes()
    }

    /// A point from parameters of shape (features + 1, classes).
    pub fn point(&self, parameters: &[f64]) -> Vec<f64> {
        let mut point = vec![0.0; self.len()];
        let of_features = parameters.chunks_exact(self.classes);
        for (lanes, of_classes) in point.chunks_exact_mut(self.lanes()).zip(of_features) {
            simplex::project(of_classes, lanes);
        }
        point
    }

    /// The inverse of [`Objective::point`]: parameters that sum to zero.
    pub fn parameters(&self, point: &[f64]) -> Vec<f64> {
        let mut parameters = vec![0.0; (self.matrix.columns() + 1) * self.classes];
        let of_features = point.chunks_exact(self.lanes());
        for (of_classes, lanes) in parameters.chunks_exact_mut(self.classes).zip(of_features) {
            simplex::expand(lanes, of_classes);
        }
        parameters
    }

    /// Value and gradient norm at any parameters, of shape (features + 1,
    /// classes), also such as do not sum to zero.
    pub fn check(&self, parameters: &[f64]) -> (f64, f64) {
        let mut gradient = vec![0.0; self.len()];
        let value = self.evaluate(&self.point(parameters), &mut gradient, &mut State::default());
        let weights = &parameters[..self.matrix.columns() * self.classes];
        // the part of the weights that no point holds matters to the penalty alone
        let sums = weights.chunks_exact(self.classes).map(|of_classes| of_classes.iter().sum::<f64>());
        let common = sums.map(|sum| sum * sum / self.classes as f64).sum::<f64>();
        (value + 0.5 * self.alpha * common, norm(&gradient).hypot(self.alpha * common.sqrt()))
    }

    /// Value and gradient at a point.
    pub fn evaluate(&self, point: &[f64], gradient: &mut [f64], state: &mut State) -> f64 {
        let losses = self.for_each_row(point, state, |row, probabilities, lanes| {
            let weight = self.row_weight(row);
            let loss = softmax_loss(probabilities, self.targets[row]);
            let mut residual = [0.0; MOST_CLASSES];
            let residual = &mut residual[..self.classes];
            for (r, p) in residual.iter_mut().zip(&*probabilities) {
                *r = weight * p;
            }
            residual[self.targets[row]] -= weight;
            simplex::project(residual, lanes);
            weight * loss
        });
        let weights = self.weights();
        self.matrix.transposed_product(self.lanes(), false, &state.residuals, &mut gradient[..weights]);
        self.add_penalty(point, gradient);
        self.sum_rows(&state.residuals, &mut gradient[weights..]);
        losses + self.penalty(point)
    }

    /// The value alone.
    pub fn value(&self, point: &[f64], state: &mut State) -> f64 {
        let losses = self.for_each_row(point, state, |row, probabilities, _| {
            self.row_weight(row) * softmax_loss(probabilities, self.targets[row])
        });
        losses + self.penalty(point)
    }

    /// The gradient norm at which the objective, of the given `value`, is
    /// certainly at most `share` of it above the minimum.
    ///
    /// With the best intercepts for its weights the objective is a function
    /// with curvature `alpha` or more, so it is at most |gradient|^2 / (2
    /// alpha) above its minimum (Boyd and Vandenberghe, Convex Optimization,
    /// 9.9); how far the intercepts are from the best adds next to nothing.
    pub fn gradient_norm_for(&self, value: f64, share: f64) -> f64 {
        (2.0 * self.alpha * share * value).sqrt().max(f64::MIN_POSITIVE)
    }

    pub(super) fn row_weight(&self, row: usize) -> f64 {
        self.row_weights.map_or(1.0, |weights| weights[row])
    }

    /// Runs `work(row, logits, lanes)` on the logits of every row; what it
    /// leaves in the logits is kept as probabilities, what it leaves in the
    /// lanes as residuals. Returns the sum of what it returns.
    fn for_each_row(
        &self,
        point: &[f64],
        state: &mut State,
        work: impl Fn(usize, &mut [f64], &mut [f64]) -> f64 + Sync,
    ) -> f64 {
        let (lanes, weights) = (self.lanes(), self.weights());
        state.residuals.resize(self.matrix.rows() * lanes, 0.0);
        state.probabilities.resize(self.matrix.rows() * self.classes, 0.0);
        self.matrix.product(lanes, &point[..weights], &mut state.residuals);
        let residuals = state.residuals.par_chunks_mut(CHUNK * lanes);
        let chunks = residuals.zip(state.probabilities.par_chunks_mut(CHUNK * self.classes));
        let sum_of_chunk = |(chunk, (residuals, probabilities)): (usize, (&mut [f64], &mut [f32]))| -> f64 {
            let mut logits = [0.0; MOST_CLASSES];
            let logits = &mut logits[..self.classes];
            let rows = residuals.chunks_exact_mut(lanes).zip(probabilities.chunks_exact_mut(self.classes));
            rows.enumerate()
                .map(|(row, (lanes, probabilities))| {
                    for (lane, intercept) in lanes.iter_mut().zip(&point[weights..]) {
                        *lane += intercept;
                    }
                    simplex::expand(lanes, logits);
                    let value = work(chunk * CHUNK + row, logits, lanes);
                    for (p, l) in probabilities.iter_mut().zip(&*logits) {
                        *p = *l as f32;
                    }
                    value
                })
                .sum()
        };
        let sums: Vec<f64> = chunks.enumerate().map(sum_of_chunk).collect();
        sums.iter().sum()
    }

    /// `total` = the sum over the rows of one number per lane.
    pub(super) fn sum_rows<T: Real>(&self, of_rows: &[T], total: &mut [T]) {
        let lanes = self.lanes();
        let sum_of_chunk = |chunk: &[T]| {
            let mut sum = vec![T::ZERO; lanes];
            for row in chunk.chunks_exact(lanes) {
                for (s, r) in sum.iter_mut().zip(row) {
                    *s += *r;
                }
            }
            sum
        };
        let sums: Vec<Vec<T>> = of_rows.par_chunks(CHUNK * lanes).map(sum_of_chunk).collect();
        total.fill(T::ZERO);
        for sum in sums {
            for (t, s) in total.iter_mut().zip(sum) {
                *t += s;
            }
        }
    }

    /// `alpha / 2 * |W|^2`, intercepts left out.
    fn penalty(&self, point: &[f64]) -> f64 {
        let weights = &point[..self.weights()];
        0.5 * self.alpha * dot(weights, weights)
    }

    /// The gradient of [`Objective::penalty`], or its Hessian's product:
    /// `to` += alpha * `point`.
    pub(super) fn add_penalty<T: Real>(&self, point: &[T], to: &mut [T]) {
        let alpha = T::from_f64(self.alpha);
        let to = to[..self.weights()].par_chunks_mut(super::vectors::CHUNK);
        to.zip(point.par_chunks(super::vectors::CHUNK)).for_each(|(to, point)| {
            for (t, p) in to.iter_mut().zip(point) {
                *t += alpha * *p;
            }
        });
    }
}

/// Turns logits into probabilities in place; returns `-log p[target]`.
fn softmax_loss(logits: &mut [f64], target: usize) -> f64 {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let of_target = logits[target] - highest;
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - highest).exp();
        sum += *logit;
    }
    for logit in logits.iter_mut() {
        *logit /= sum;
    }
    sum.ln() - of_target
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::vectorizer::SparseRows;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Random sparse rows and targets.
    pub(crate) fn problem(
        seed: u64,
        rows: usize,
        columns: usize,
        classes: usize,
    ) -> (SparseRows, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut x = SparseRows::new(columns);
        let mut y = Vec::new();
        for row in 0..rows {
            let target = row % classes;
            let entries: Vec<(u32, f64)> = (0..columns as u32)
                .filter_map(|c| {
                    let likely = if c as usize % classes == target { 0.5 } else { 0.2 };
                    rng.random_bool(likely).then(|| (c, rng.random_range(0.1..1.0)))
                })
                .collect();
            x.push(entries);
            y.push(target);
        }
        (x, y)
    }

    #[test]
    fn gradient_matches_finite_differences() {
        for classes in [2, 3, 5, 8] {
            let (x, y) = problem(1, 150, 7, classes);
            let matrix = Matrix::new(&(&x).into());
            let weights: Vec<f64> = (0..150).map(|i| 0.5 + f64::from(i) / 150.0).collect();
            let objective = Objective::new(&matrix, &y, Some(&weights), classes, 0.7);
            let n = objective.len();
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let at: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
            let direction: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
            let step = 1e-5;
            let moved = |sign: f64| -> Vec<f64> {
                at.iter().zip(&direction).map(|(a, d)| a + sign * step * d).collect()
            };
            let (mut gradient, mut state) = (vec![0.0; n], State::default());
            let (mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n]);
            let value_ahead = objective.evaluate(&moved(1.0), &mut ahead, &mut state);
            let value_behind = objective.evaluate(&moved(-1.0), &mut behind, &mut state);
            assert!((value_ahead - objective.value(&moved(1.0), &mut state)).abs() < 1e-10);
            objective.evaluate(&at, &mut gradient, &mut state);
            let slope = (value_ahead - value_behind) / (2.0 * step);
            assert!((slope - dot(&gradient, &direction)).abs() < 1e-6 * slope.abs().max(1.0));
        }
    }

    #[test]
    fn parameters_that_do_not_sum_to_zero_are_checked_as_they_are() {
        let (x, y) = problem(1, 30, 2, 3);
        let matrix = Matrix::new(&(&x).into());
        let objective = Objective::new(&matrix, &y, None, 3, 0.5);
        let (value, norm) = objective.check(&[0.0; 9]);
        // 1 more for each class of each feature changes no probability
        let (shifted, shifted_norm) = objective.check(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert!((shifted - value - 0.25 * 6.0).abs() < 1e-12);
        assert!((shifted_norm - norm.hypot(0.5 * 6.0f64.sqrt())).abs() < 1e-12);
    }
}
