//! Coordinates for class vectors that sum to zero.
//!
//! Such vectors of `classes` numbers form a space of `classes - 1`
//! dimensions. The rows of Helmert's matrix are an orthonormal basis of it,
//! so lengths and angles are the same in both: with c_m = 1 / sqrt((m + 1)
//! (m + 2)), basis vector m has c_m in places 0 to m, -(m + 1) c_m in place
//! m + 1, and 0 after it.

use super::vectors::Real;

#[inline(always)]
fn scale<T: Real>(m: usize) -> T {
    T::from_f64(1.0 / (((m + 1) * (m + 2)) as f64).sqrt())
}

/// Coordinates to the vector that they stand for.
#[inline(always)]
pub(crate) fn expand<T: Real>(lanes: &[T], vector: &mut [T]) {
    let mut common = T::ZERO;
    for m in (0..lanes.len()).rev() {
        let part = scale::<T>(m) * lanes[m];
        vector[m + 1] = common - T::from_f64((m + 1) as f64) * part;
        common += part;
    }
    vector[0] = common;
}

/// A vector to the coordinates of its projection on the space of sum zero.
#[inline(always)]
pub(crate) fn project<T: Real>(vector: &[T], lanes: &mut [T]) {
    let mut sum = T::ZERO;
    for (m, lane) in lanes.iter_mut().enumerate() {
        sum += vector[m];
        *lane = scale::<T>(m) * (sum - T::from_f64((m + 1) as f64) * vector[m + 1]);
    }
}

/// The diagonal of `diag(p) - p p'` in these coordinates.
#[inline(always)]
pub(crate) fn diagonal<T: Real>(probabilities: &[T], diagonal: &mut [T]) {
    let mut sum = T::ZERO;
    for (m, d) in diagonal.iter_mut().enumerate() {
        let next = probabilities[m + 1];
        let (scale, times) = (scale::<T>(m), T::from_f64((m + 1) as f64));
        sum += probabilities[m];
        let mean = scale * (sum - times * next);
        *d = scale * scale * (sum + times * times * next) - mean * mean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn coordinates_keep_lengths_and_lose_only_the_mean(vector in prop::collection::vec(-9.0..9.0f64, 2..9)) {
            let mut lanes = vec![0.0; vector.len() - 1];
            let mut back = vec![0.0; vector.len()];
            project(&vector, &mut lanes);
            expand(&lanes, &mut back);
            let mean = vector.iter().sum::<f64>() / vector.len() as f64;
            for (b, v) in back.iter().zip(&vector) {
                prop_assert!((b - (v - mean)).abs() < 1e-12);
            }
            let squares = |of: &[f64]| of.iter().map(|x| x * x).sum::<f64>();
            prop_assert!((squares(&lanes) - squares(&back)).abs() < 1e-10);
        }
    }
}
