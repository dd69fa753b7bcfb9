//! Arithmetic on long vectors, in parallel and in one order of summation.

use std::ops::{Add, AddAssign, Mul, Sub};

use rayon::prelude::*;

/// A floating point number: 64 bits for what a fit promises, 32 bits for the
/// inner solver, whose result need not be exact.
pub(crate) trait Real:
    Copy
    + Send
    + Sync
    + From<f32>
    + Into<f64>
    + AddAssign
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
{
    const ZERO: Self;

    fn from_f64(value: f64) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;

    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;

    fn from_f64(value: f64) -> Self {
        value
    }
}

/// Numbers per unit of parallel work; fixed, so that sums have one order.
pub(crate) const CHUNK: usize = 1 << 14;

/// Scalar product, summed in 64 bits.
pub(crate) fn dot<A: Real, B: Real>(a: &[A], b: &[B]) -> f64 {
    let parts: Vec<f64> =
        a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(|(a, b)| dot_of_chunk(a, b)).collect();
    parts.iter().sum()
}

/// Euclidean norm.
pub(crate) fn norm<T: Real>(vector: &[T]) -> f64 {
    dot(vector, vector).sqrt()
}

/// Eight sums side by side, which the processor can add at once.
#[inline]
pub(crate) fn dot_of_chunk<A: Real, B: Real>(a: &[A], b: &[B]) -> f64 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a8.iter().zip(b8) {
        for i in 0..8 {
            sums[i] += a[i].into() * b[i].into();
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(&a, &b)| a.into() * b.into()).sum();
    sums.iter().sum::<f64>() + rest
}
