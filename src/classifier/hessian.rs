//! The objective's Hessian at a point, with the intercepts eliminated.
//!
//! Texts share many words, so the intercepts and the weights of frequent
//! words pull at the same thing, and a conjugate gradient over all of them
//! takes several times as many steps. Here each direction of the weights
//! brings the intercepts that are best for it (the Schur complement of their
//! block), which costs one more pass over the rows.

use rayon::prelude::*;

use super::objective::{CHUNK, MOST_CLASSES, Objective, State};
use super::simplex;
use crate::linear::solve;

/// The Hessian at the point that was evaluated last.
pub(crate) struct Hessian<'a> {
    objective: &'a Objective<'a>,
    state: &'a State,
    /// The block of the intercepts, shape (lanes, lanes).
    block: Vec<f64>,
}

impl<'a> Hessian<'a> {
    pub fn new(objective: &'a Objective<'a>, state: &'a State) -> Self {
        let (lanes, classes) = (objective.lanes(), objective.classes());
        let block_of_chunk = |(chunk, probabilities): (usize, &[f32])| {
            let mut block = vec![0.0; classes * classes];
            for (row, p) in probabilities.chunks_exact(classes).enumerate() {
                let weight = objective.row_weight(chunk * CHUNK + row);
                for (k, block) in block.chunks_exact_mut(classes).enumerate() {
                    let of_class = weight * f64::from(p[k]);
                    block[k] += of_class;
                    for (b, p) in block.iter_mut().zip(p) {
                        *b -= of_class * f64::from(*p);
                    }
                }
            }
            block
        };
        let blocks: Vec<Vec<f64>> =
            state.probabilities().par_chunks(CHUNK * classes).enumerate().map(block_of_chunk).collect();
        let mut of_classes = vec![0.0; classes * classes];
        for block in blocks {
            of_classes.iter_mut().zip(block).for_each(|(sum, b)| *sum += b);
        }
        // to lanes on both sides, the rows first
        let mut half = vec![0.0; classes * lanes];
        for (row, half) in of_classes.chunks_exact(classes).zip(half.chunks_exact_mut(lanes)) {
            simplex::project(row, half);
        }
        let mut block = vec![0.0; lanes * lanes];
        for (lane, row) in block.chunks_exact_mut(lanes).enumerate() {
            let column: Vec<f64> = half.iter().skip(lane).step_by(lanes).copied().collect();
            simplex::project(&column, row);
        }
        Self { objective, state, block }
    }

    /// The diagonal, for the weights; 1 for the intercepts.
    ///
    /// Of what the elimination takes from it, the part of each lane alone:
    /// close for any number of classes, exact for two. Without it words that
    /// stand in nearly every text would look far more curved than they are.
    pub fn diagonal(&self, diagonal: &mut [f32]) {
        let (lanes, classes) = (self.objective.lanes(), self.objective.classes());
        let weights = self.objective.weights();
        let matrix = self.objective.matrix();
        let mut curvatures = vec![0.0f32; matrix.rows() * lanes];
        let rows = curvatures.par_chunks_mut(lanes).zip(self.state.probabilities().par_chunks(classes));
        rows.enumerate().for_each(|(row, (curvature, probabilities))| {
            simplex::diagonal(probabilities, curvature);
            for c in curvature {
                *c *= self.objective.row_weight(row) as f32;
            }
        });
        matrix.transposed_product(lanes, true, &curvatures, &mut diagonal[..weights]);
        let mut with_intercepts = vec![0.0f32; weights];
        matrix.transposed_product(lanes, false, &curvatures, &mut with_intercepts);
        let of_intercepts: Vec<f32> =
            (0..lanes).map(|lane| self.block[lane * lanes + lane].max(1e-12) as f32).collect();
        let features = diagonal[..weights].chunks_exact_mut(lanes).zip(with_intercepts.chunks_exact(lanes));
        for (diagonal, with_intercepts) in features {
            for ((d, shared), own) in diagonal.iter_mut().zip(with_intercepts).zip(&of_intercepts) {
                *d = (*d - shared * shared / own).max(0.0) + self.objective.alpha() as f32;
            }
        }
        diagonal[weights..].fill(1.0);
    }

    /// Sets `direction` to the step that solves for the `intercepts`' part of
    /// the right-hand side alone, and `product` to the Hessian times it.
    /// `change` is space for one number per row and lane.
    pub fn intercept_step(
        &self,
        intercepts: &[f64],
        direction: &mut [f32],
        product: &mut [f32],
        change: &mut Vec<f32>,
    ) {
        direction.fill(0.0);
        change.clear();
        change.resize(self.objective.matrix().rows() * self.objective.lanes(), 0.0);
        self.complete(intercepts, direction, product, change);
    }

    /// `product` = Hessian times `direction`, whose intercepts it sets.
    pub fn product(&self, direction: &mut [f32], product: &mut [f32], change: &mut [f32]) {
        let (lanes, weights) = (self.objective.lanes(), self.objective.weights());
        self.objective.matrix().product(lanes, &direction[..weights], change);
        self.add_curvature(None, change);
        self.complete(&vec![0.0; lanes], direction, product, change);
    }

    /// From the rows' `change`, made by the weights of `direction`, to the
    /// product, which is to have the given `intercepts`.
    fn complete(&self, intercepts: &[f64], direction: &mut [f32], product: &mut [f32], change: &mut [f32]) {
        let (lanes, weights) = (self.objective.lanes(), self.objective.weights());
        let mut total = vec![0.0f32; lanes];
        self.objective.sum_rows(change, &mut total);
        let missing = intercepts.iter().zip(total).map(|(wanted, got)| wanted - f64::from(got)).collect();
        // intercepts without curvature stay where they are
        let step = solve(self.block.clone(), missing).unwrap_or_else(|| vec![0.0; lanes]);
        let step: Vec<f32> = step.into_iter().map(|s| s as f32).collect();
        self.add_curvature(Some(&step), change);
        self.objective.matrix().transposed_product(lanes, false, change, &mut product[..weights]);
        self.objective.add_penalty(direction, product);
        direction[weights..].copy_from_slice(&step);
        for (product, intercept) in product[weights..].iter_mut().zip(intercepts) {
            *product = *intercept as f32;
        }
    }

    /// Multiplies each row's lanes in `change` by the curvature of its loss,
    /// or adds that curvature times the `added` lanes.
    fn add_curvature(&self, added: Option<&[f32]>, change: &mut [f32]) {
        let (lanes, classes) = (self.objective.lanes(), self.objective.classes());
        let chunks = change.par_chunks_mut(CHUNK * lanes);
        let chunks = chunks.zip(self.state.probabilities().par_chunks(CHUNK * classes));
        chunks.enumerate().for_each(|(chunk, (change, probabilities))| {
            let (mut logits, mut result) = ([0.0f32; MOST_CLASSES], [0.0f32; MOST_CLASSES]);
            let (logits, result) = (&mut logits[..classes], &mut result[..lanes]);
            let rows = change.chunks_exact_mut(lanes).zip(probabilities.chunks_exact(classes));
            for (row, (lanes, probabilities)) in rows.enumerate() {
                simplex::expand(added.unwrap_or(lanes), logits);
                let mean: f32 = logits.iter().zip(probabilities).map(|(l, p)| l * p).sum();
                let weight = self.objective.row_weight(chunk * CHUNK + row) as f32;
                for (l, p) in logits.iter_mut().zip(probabilities) {
                    *l = weight * p * (*l - mean);
                }
                simplex::project(logits, result);
                for (lane, result) in lanes.iter_mut().zip(&*result) {
                    *lane = if added.is_some() { *lane + *result } else { *result };
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::matrix::Matrix;
    use super::super::objective::tests::problem;
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn products_match_finite_differences_and_leave_the_intercepts_no_gradient() {
        for classes in [2, 3, 5, 8] {
            let (x, y) = problem(1, 150, 7, classes);
            let matrix = Matrix::new(&(&x).into());
            let row_weights: Vec<f64> = (0..150).map(|i| 0.5 + f64::from(i) / 150.0).collect();
            let objective = Objective::new(&matrix, &y, Some(&row_weights), classes, 0.7);
            let (n, weights) = (objective.len(), objective.weights());
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let at: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
            let mut state = State::default();
            objective.evaluate(&at, &mut vec![0.0; n], &mut state);
            let hessian = Hessian::new(&objective, &state);

            let gradient_at = |length: f64, direction: &[f32]| {
                let moved: Vec<f64> =
                    at.iter().zip(direction).map(|(a, d)| a + length * f64::from(*d)).collect();
                let mut gradient = vec![0.0; n];
                objective.evaluate(&moved, &mut gradient, &mut State::default());
                gradient
            };
            // 32 bits hold seven digits of sums over 150 rows
            let check = |direction: &[f32], product: &[f32]| {
                let (ahead, behind) = (gradient_at(1e-5, direction), gradient_at(-1e-5, direction));
                for i in 0..n {
                    let change = (ahead[i] - behind[i]) / 2e-5;
                    assert!((change - f64::from(product[i])).abs() < 2e-4, "{classes} classes, number {i}");
                }
            };
            let (mut product, mut change) = (vec![0.0; n], Vec::new());
            let mut direction = vec![0.0; n];
            let intercepts: Vec<f64> = (1..classes).map(|i| i as f64).collect();
            hessian.intercept_step(&intercepts, &mut direction, &mut product, &mut change);
            check(&direction, &product);
            assert!(product[weights..].iter().zip(&intercepts).all(|(p, i)| f64::from(*p) == *i));

            direction.fill_with(|| rng.random_range(-1.0..1.0));
            hessian.product(&mut direction, &mut product, &mut change);
            check(&direction, &product);
            assert!(product[weights..].iter().all(|p| *p == 0.0));

            let mut diagonal = vec![0.0; n];
            hessian.diagonal(&mut diagonal);
            for i in 0..weights {
                direction.fill(0.0);
                direction[i] = 1.0;
                hessian.product(&mut direction, &mut product, &mut change);
                let allowed = if classes == 2 { 1e-4 } else { 0.2 * product[i] };
                assert!((product[i] - diagonal[i]).abs() < allowed, "{} {}", product[i], diagonal[i]);
            }
        }
    }
}
