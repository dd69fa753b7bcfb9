//! Truncated Newton method with a preconditioned conjugate gradient inside
//! and a backtracking line search (Nocedal and Wright, Numerical
//! Optimization, 2nd ed., algorithm 7.1).

use super::objective::{Objective, dot, norm};

/// Where a solver stopped.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    pub parameters: Vec<f64>,
    pub objective: f64,
    pub gradient_norm: f64,
    pub iterations: usize,
}

/// Minimises from `start` (in the order of the features, as the result) until the gradient's Euclidean norm is at most
/// `tolerance`, or `max_iterations` are done, or no step improves any more.
pub(crate) fn minimize(
    objective: &Objective<'_>,
    start: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
) -> Solution {
    let n = objective.len();
    let mut at = objective.in_own_order(&start);
    let mut gradient = vec![0.0; n];
    let mut probabilities = Vec::new();
    let mut value = objective.evaluate(&at, &mut gradient, &mut probabilities);
    let mut gradient_norm = norm(&gradient);
    let mut inner = ConjugateGradient::new(n);
    let mut iterations = 0;
    while gradient_norm > tolerance && iterations < max_iterations {
        iterations += 1;
        // superlinear convergence, but never more accurate than needed
        let accuracy = (gradient_norm * gradient_norm.sqrt().min(0.25)).max(0.1 * tolerance);
        inner.solve(objective, &mut probabilities, &gradient, accuracy);
        let slope = dot(&gradient, &inner.step);
        // near the optimum the decrease drowns in rounding: allow for it
        let enough =
            |length: f64, reached: f64| reached <= value + 1e-4 * length * slope + 1e-14 * value.abs();
        let moved =
            |length: f64| -> Vec<f64> { at.iter().zip(&inner.step).map(|(a, s)| a + length * s).collect() };
        // the full step nearly always will do, and its gradient is needed next
        let mut next = moved(1.0);
        let mut next_value = objective.evaluate(&next, &mut gradient, &mut probabilities);
        if !enough(1.0, next_value) {
            let mut lengths = std::iter::successors(Some(0.5), |length| Some(length * 0.5)).take(32);
            let Some(length) = lengths.find(|&length| enough(length, objective.value(&moved(length)))) else {
                gradient_norm = restore(objective, &at, &mut gradient, &mut probabilities);
                break;
            };
            next = moved(length);
            next_value = objective.evaluate(&next, &mut gradient, &mut probabilities);
        }
        at = next;
        value = next_value;
        gradient_norm = norm(&gradient);
    }
    Solution { parameters: objective.in_feature_order(&at), objective: value, gradient_norm, iterations }
}

/// The gradient norm at a point that was left for one that is no better.
fn restore(objective: &Objective<'_>, at: &[f64], gradient: &mut [f64], probabilities: &mut Vec<f64>) -> f64 {
    objective.evaluate(at, gradient, probabilities);
    norm(gradient)
}

/// Buffers of the inner solver.
struct ConjugateGradient {
    step: Vec<f64>,
    residual: Vec<f64>,
    scaled: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
    diagonal: Vec<f64>,
}

impl ConjugateGradient {
    const MOST_ITERATIONS: usize = 250;

    fn new(n: usize) -> Self {
        let zeros = || vec![0.0; n];
        Self {
            step: zeros(),
            residual: zeros(),
            scaled: zeros(),
            direction: zeros(),
            product: zeros(),
            diagonal: zeros(),
        }
    }

    /// `step` = about -Hessian^-1 gradient, to a residual norm of `accuracy`.
    fn solve(
        &mut self,
        objective: &Objective<'_>,
        probabilities: &mut Vec<f64>,
        gradient: &[f64],
        accuracy: f64,
    ) {
        objective.diagonal(probabilities, &mut self.diagonal);
        for d in &mut self.diagonal {
            *d = d.max(1e-12);
        }
        self.step.fill(0.0);
        for (r, g) in self.residual.iter_mut().zip(gradient) {
            *r = -g;
        }
        self.precondition();
        self.direction.copy_from_slice(&self.scaled);
        let mut energy = dot(&self.residual, &self.scaled);
        for _ in 0..Self::MOST_ITERATIONS {
            objective.curvature(probabilities, &self.direction, &mut self.product);
            let curvature = dot(&self.direction, &self.product);
            if curvature <= 0.0 {
                break;
            }
            let length = energy / curvature;
            for i in 0..self.step.len() {
                self.step[i] += length * self.direction[i];
                self.residual[i] -= length * self.product[i];
            }
            if norm(&self.residual) <= accuracy {
                break;
            }
            self.precondition();
            let next = dot(&self.residual, &self.scaled);
            let ratio = next / energy;
            energy = next;
            for (d, s) in self.direction.iter_mut().zip(&self.scaled) {
                *d = s + ratio * *d;
            }
        }
    }

    fn precondition(&mut self) {
        for ((s, r), d) in self.scaled.iter_mut().zip(&self.residual).zip(&self.diagonal) {
            *s = r / d;
        }
    }
}
