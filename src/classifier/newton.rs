//! Truncated Newton method with a preconditioned conjugate gradient inside
//! and a backtracking line search (Nocedal and Wright, Numerical
//! Optimization, 2nd ed., algorithm 7.1).
//!
//! Value, gradient and the point itself have 64 bits; the inner solver, which
//! needs no more than a rough step, works with 32.

use rayon::prelude::*;

use super::hessian::Hessian;
use super::objective::{Objective, State};
use super::vectors::{CHUNK, dot, dot_of_chunk, norm};

/// Share of the gradient that an inexact step may leave.
const FORCING: f64 = 0.03;

/// Where a solver stopped.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    /// Shape (features + 1, classes), the intercepts last.
    pub parameters: Vec<f64>,
    pub objective: f64,
    pub gradient_norm: f64,
    pub iterations: usize,
}

/// Minimises from `start`, of the same shape as the solution's parameters,
/// until the objective is certainly at most a share of `tolerance` above its
/// minimum, or `max_iterations` are done, or no step improves any more.
pub(crate) fn minimize(
    objective: &Objective<'_>,
    start: Option<&[f64]>,
    tolerance: f64,
    max_iterations: usize,
) -> Solution {
    let n = objective.len();
    let mut at = start.map_or_else(|| vec![0.0; n], |parameters| objective.point(parameters));
    let mut next = vec![0.0; n];
    let mut gradient = vec![0.0; n];
    let mut state = State::default();
    let mut value = objective.evaluate(&at, &mut gradient, &mut state);
    let mut gradient_norm = norm(&gradient);
    let mut inner = ConjugateGradient::new(n);
    let mut iterations = 0;
    while iterations < max_iterations {
        let enough = objective.gradient_norm_for(value, tolerance);
        if gradient_norm <= enough {
            break;
        }
        iterations += 1;
        // never more accurate than needed
        let accuracy = (FORCING * gradient_norm).max(0.5 * enough);
        inner.solve(objective, &state, &gradient, accuracy);
        let slope = dot(&gradient, &inner.step);
        // near the optimum the decrease drowns in rounding: allow for it
        let enough =
            |length: f64, reached: f64| reached <= value + 1e-4 * length * slope + 1e-14 * value.abs();
        // the full step nearly always will do, and its gradient is needed next
        move_by(1.0, &inner.step, &at, &mut next);
        let mut next_value = objective.evaluate(&next, &mut gradient, &mut state);
        if !enough(1.0, next_value) {
            let mut lengths = std::iter::successors(Some(0.5), |length| Some(length * 0.5)).take(32);
            let found = lengths.any(|length| {
                move_by(length, &inner.step, &at, &mut next);
                enough(length, objective.value(&next, &mut state))
            });
            if !found {
                next.copy_from_slice(&at);
            }
            next_value = objective.evaluate(&next, &mut gradient, &mut state);
            if !found {
                gradient_norm = norm(&gradient);
                break;
            }
        }
        std::mem::swap(&mut at, &mut next);
        value = next_value;
        gradient_norm = norm(&gradient);
    }
    Solution { parameters: objective.parameters(&at), objective: value, gradient_norm, iterations }
}

/// `to` = `from` + length * `step`.
fn move_by(length: f64, step: &[f32], from: &[f64], to: &mut [f64]) {
    let chunks = to.par_chunks_mut(CHUNK).zip(from.par_chunks(CHUNK)).zip(step.par_chunks(CHUNK));
    chunks.for_each(|((to, from), step)| {
        for ((t, f), s) in to.iter_mut().zip(from).zip(step) {
            *t = f + length * f64::from(*s);
        }
    });
}

/// Buffers of the inner solver.
struct ConjugateGradient {
    step: Vec<f32>,
    residual: Vec<f32>,
    direction: Vec<f32>,
    product: Vec<f32>,
    /// One over the Hessian's diagonal.
    preconditioner: Vec<f32>,
    change: Vec<f32>,
}

impl ConjugateGradient {
    const MOST_ITERATIONS: usize = 250;

    fn new(n: usize) -> Self {
        let zeros = || vec![0.0; n];
        Self {
            step: zeros(),
            residual: zeros(),
            direction: zeros(),
            product: zeros(),
            preconditioner: zeros(),
            change: Vec::new(),
        }
    }

    /// `step` = about -Hessian^-1 gradient, to a residual norm of `accuracy`.
    fn solve(&mut self, objective: &Objective<'_>, state: &State, gradient: &[f64], accuracy: f64) {
        let hessian = Hessian::new(objective, state);
        hessian.diagonal(&mut self.preconditioner);
        for d in &mut self.preconditioner {
            *d = 1.0 / *d;
        }
        self.step.fill(0.0);
        for (r, g) in self.residual.iter_mut().zip(gradient) {
            *r = -*g as f32;
        }
        // after it the intercepts have no residual, and no step brings one back
        let intercepts: Vec<f64> = gradient[objective.weights()..].iter().map(|g| -g).collect();
        hessian.intercept_step(&intercepts, &mut self.direction, &mut self.product, &mut self.change);
        let (mut residual, mut energy) = self.advance(1.0);
        self.turn(0.0);
        for _ in 0..Self::MOST_ITERATIONS {
            if residual <= accuracy {
                break;
            }
            hessian.product(&mut self.direction, &mut self.product, &mut self.change);
            let curvature = dot(&self.direction, &self.product);
            if curvature <= 0.0 {
                break;
            }
            let before = energy;
            (residual, energy) = self.advance(energy / curvature);
            self.turn(energy / before);
        }
    }

    /// Goes `length` along the direction. Returns the residual's norm, and
    /// the product of the residual and the preconditioned residual.
    fn advance(&mut self, length: f64) -> (f64, f64) {
        let length = length as f32;
        let step = self.step.par_chunks_mut(CHUNK).zip(self.direction.par_chunks(CHUNK));
        let residual = self.residual.par_chunks_mut(CHUNK).zip(self.product.par_chunks(CHUNK));
        let chunks = step.zip(residual).zip(self.preconditioner.par_chunks(CHUNK));
        let sums: Vec<(f64, f64)> = chunks
            .map(|(((step, direction), (residual, product)), preconditioner)| {
                for (s, d) in step.iter_mut().zip(direction) {
                    *s += length * d;
                }
                for (r, p) in residual.iter_mut().zip(product) {
                    *r -= length * p;
                }
                let scaled: Vec<f32> = residual.iter().zip(preconditioner).map(|(r, p)| r * p).collect();
                (dot_of_chunk(residual, residual), dot_of_chunk(residual, &scaled))
            })
            .collect();
        let (squares, energy) = sums.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        (squares.sqrt(), energy)
    }

    /// The next direction: the preconditioned residual and a share of the last.
    fn turn(&mut self, share: f64) {
        let share = share as f32;
        let residual = self.residual.par_chunks(CHUNK).zip(self.preconditioner.par_chunks(CHUNK));
        self.direction.par_chunks_mut(CHUNK).zip(residual).for_each(
            |(direction, (residual, preconditioner))| {
                for ((d, r), p) in direction.iter_mut().zip(residual).zip(preconditioner) {
                    *d = r * p + share * *d;
                }
            },
        );
    }
}
