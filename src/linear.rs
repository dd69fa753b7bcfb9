//! Small systems of linear equations.

/// Solves a square system by elimination with partial pivoting; `None` where
/// it is singular.
pub(crate) fn solve(mut system: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|&a, &b| system[a * n + column].abs().total_cmp(&system[b * n + column].abs()))?;
        if system[pivot * n + column].abs() < 1e-14 {
            return None;
        }
        if pivot != column {
            (0..n).for_each(|k| system.swap(pivot * n + k, column * n + k));
            right.swap(pivot, column);
        }
        for row in column + 1..n {
            let factor = system[row * n + column] / system[column * n + column];
            if factor != 0.0 {
                (column..n).for_each(|k| system[row * n + k] -= factor * system[column * n + k]);
                right[row] -= factor * right[column];
            }
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| system[row * n + k] * right[k]).sum();
        right[row] = (right[row] - known) / system[row * n + row];
    }
    Some(right)
}
