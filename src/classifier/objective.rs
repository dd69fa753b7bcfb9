//! The function that training minimises, on sparse rows.
//!
//! `f(W, b) = sum_i s_i * -log softmax(W' x_i + b)[y_i] + alpha/2 * |W|^2`
//!
//! Parameters are one flat array of (features + 1) x classes, feature by
//! feature, the intercepts last: linfa-logistic's layout, but for the order of
//! the features.

use rayon::prelude::*;

use crate::vectorizer::SparseRows;

/// The objective on one data set.
pub(crate) struct Objective<'a> {
    rows: &'a SparseRows,
    /// The rows' columns, renumbered by [`Objective::place`].
    columns: Vec<u32>,
    /// Where each feature stands: the frequent ones first, so that most of
    /// what a pass over the rows touches lies close together.
    place: Vec<u32>,
    targets: &'a [usize],
    /// Weight of each row's loss.
    row_weights: Option<&'a [f64]>,
    classes: usize,
    alpha: f64,
    /// Rows are cut into this many blocks whose sums are added in order. It
    /// depends on the data alone, so that the bytes of a result do not depend
    /// on the number of threads.
    blocks: usize,
}

/// Class probabilities at some parameters, shape (rows, classes).
pub(crate) type Probabilities = Vec<f64>;

impl<'a> Objective<'a> {
    pub fn new(
        rows: &'a SparseRows,
        targets: &'a [usize],
        row_weights: Option<&'a [f64]>,
        classes: usize,
        alpha: f64,
    ) -> Self {
        let parameters = (rows.columns() + 1) * classes;
        let blocks = (rows.stored() * classes / (4 * parameters)).clamp(1, 16).min(rows.len().max(1));
        let place = by_frequency(rows);
        let columns = (0..rows.len()).flat_map(|row| rows.row(row).0).map(|&c| place[c as usize]).collect();
        Self { rows, columns, place, targets, row_weights, classes, alpha, blocks }
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        (self.rows.columns() + 1) * self.classes
    }

    /// Parameters in the order of the features, from those in our order.
    pub fn in_feature_order(&self, parameters: &[f64]) -> Vec<f64> {
        let mut ordered = parameters.to_vec();
        for (to, &from) in ordered.chunks_exact_mut(self.classes).zip(&self.place) {
            to.copy_from_slice(&parameters[from as usize * self.classes..][..self.classes]);
        }
        ordered
    }

    /// The inverse of [`Objective::in_feature_order`].
    pub fn in_own_order(&self, parameters: &[f64]) -> Vec<f64> {
        let mut own = parameters.to_vec();
        for (from, &to) in parameters.chunks_exact(self.classes).zip(&self.place) {
            own[to as usize * self.classes..][..self.classes].copy_from_slice(from);
        }
        own
    }

    /// Columns, in our order, and values of a row.
    #[inline]
    fn row(&self, row: usize) -> (&[u32], &[f64]) {
        (&self.columns[self.rows.range(row)], self.rows.row(row).1)
    }

    /// Value, gradient, and the probabilities that [`Objective::curvature`]
    /// and [`Objective::diagonal`] need.
    pub fn evaluate(
        &self,
        parameters: &[f64],
        gradient: &mut [f64],
        probabilities: &mut Probabilities,
    ) -> f64 {
        probabilities.resize(self.rows.len() * self.classes, 0.0);
        let losses = self.sum_blocks(gradient, probabilities, |row, probability, sum| {
            self.logits(row, parameters, probability);
            let loss = softmax_loss(probability, self.targets[row]);
            let weight = self.row_weight(row);
            let mut residual = [0.0; MOST_CLASSES];
            let residual = &mut residual[..self.classes];
            for (class, (r, p)) in residual.iter_mut().zip(probability.iter()).enumerate() {
                *r = weight * (p - f64::from(u8::from(class == self.targets[row])));
            }
            self.scatter(row, residual, sum);
            weight * loss
        });
        self.add_scaled_weights(self.alpha, parameters, gradient);
        let weights = &parameters[..self.rows.columns() * self.classes];
        losses + 0.5 * self.alpha * dot(weights, weights)
    }

    /// What the tolerances of the solvers are relative to; it does not depend
    /// on alpha.
    pub fn gradient_norm_at_zero(&self) -> f64 {
        let mut gradient = vec![0.0; self.len()];
        self.evaluate(&vec![0.0; self.len()], &mut gradient, &mut Vec::new());
        norm(&gradient)
    }

    /// The value alone.
    pub fn value(&self, parameters: &[f64]) -> f64 {
        let block_rows = self.rows.len().div_ceil(self.blocks).max(1);
        let losses: Vec<f64> = (0..self.blocks)
            .into_par_iter()
            .map(|block| {
                let mut logits = [0.0; MOST_CLASSES];
                let logits = &mut logits[..self.classes];
                (block * block_rows..((block + 1) * block_rows).min(self.rows.len()))
                    .map(|row| {
                        self.logits(row, parameters, logits);
                        self.row_weight(row) * softmax_loss(logits, self.targets[row])
                    })
                    .sum()
            })
            .collect();
        let weights = &parameters[..self.rows.columns() * self.classes];
        losses.iter().sum::<f64>() + 0.5 * self.alpha * dot(weights, weights)
    }

    /// `product` = Hessian times `direction`, at the given probabilities.
    pub fn curvature(&self, probabilities: &mut Probabilities, direction: &[f64], product: &mut [f64]) {
        self.sum_blocks(product, probabilities, |row, probability, sum| {
            let mut change = [0.0; MOST_CLASSES];
            let change = &mut change[..self.classes];
            self.logits(row, direction, change);
            let mean = dot(probability, change);
            let weight = self.row_weight(row);
            for (c, p) in change.iter_mut().zip(probability.iter()) {
                *c = weight * p * (*c - mean);
            }
            self.scatter(row, change, sum);
            0.0
        });
        self.add_scaled_weights(self.alpha, direction, product);
    }

    /// The Hessian's diagonal, at the given probabilities.
    pub fn diagonal(&self, probabilities: &mut Probabilities, diagonal: &mut [f64]) {
        self.sum_blocks(diagonal, probabilities, |row, probability, sum| {
            let weight = self.row_weight(row);
            let (columns, values) = self.row(row);
            let entries = columns.iter().map(|&c| c as usize).zip(values.iter().copied());
            for (column, value) in entries.chain([(self.rows.columns(), 1.0)]) {
                let sum = &mut sum[column * self.classes..][..self.classes];
                for (s, p) in sum.iter_mut().zip(probability.iter()) {
                    *s += weight * value * value * p * (1.0 - p);
                }
            }
            0.0
        });
        let weights = self.rows.columns() * self.classes;
        for d in &mut diagonal[..weights] {
            *d += self.alpha;
        }
    }

    fn row_weight(&self, row: usize) -> f64 {
        self.row_weights.map_or(1.0, |weights| weights[row])
    }

    /// `out` = W' x + b for one row.
    #[inline]
    fn logits(&self, row: usize, parameters: &[f64], out: &mut [f64]) {
        let (columns, values) = self.row(row);
        match self.classes {
            2 => gather::<2>(columns, values, parameters, out),
            3 => gather::<3>(columns, values, parameters, out),
            4 => gather::<4>(columns, values, parameters, out),
            classes => {
                out.copy_from_slice(&parameters[parameters.len() - classes..]);
                for (&column, value) in columns.iter().zip(values) {
                    let weights = &parameters[column as usize * classes..][..classes];
                    for (o, w) in out.iter_mut().zip(weights) {
                        *o += value * w;
                    }
                }
            }
        }
    }

    /// `sum` += x times `per_class`, intercepts included, for one row.
    #[inline]
    fn scatter(&self, row: usize, per_class: &[f64], sum: &mut [f64]) {
        let (columns, values) = self.row(row);
        match self.classes {
            2 => spread::<2>(columns, values, per_class, sum),
            3 => spread::<3>(columns, values, per_class, sum),
            4 => spread::<4>(columns, values, per_class, sum),
            classes => {
                for (&column, value) in columns.iter().zip(values) {
                    let sum = &mut sum[column as usize * classes..][..classes];
                    for (s, c) in sum.iter_mut().zip(per_class) {
                        *s += value * c;
                    }
                }
                let intercepts = sum.len() - classes;
                for (s, c) in sum[intercepts..].iter_mut().zip(per_class) {
                    *s += c;
                }
            }
        }
    }

    /// Runs `work(row, its probabilities, sum)` over all rows; `total` becomes
    /// the sum over the blocks, the return value the sum of what `work` gave.
    fn sum_blocks(
        &self,
        total: &mut [f64],
        probabilities: &mut [f64],
        work: impl Fn(usize, &mut [f64], &mut [f64]) -> f64 + Sync,
    ) -> f64 {
        let block_rows = self.rows.len().div_ceil(self.blocks).max(1);
        let run = |block: usize, probabilities: &mut [f64], sum: &mut [f64]| -> f64 {
            let rows = probabilities.chunks_exact_mut(self.classes).enumerate();
            rows.map(|(i, probability)| work(block * block_rows + i, probability, sum)).sum()
        };
        total.fill(0.0);
        if self.blocks == 1 {
            return run(0, probabilities, total);
        }
        let parts: Vec<(f64, Vec<f64>)> = probabilities
            .par_chunks_mut(block_rows * self.classes)
            .enumerate()
            .map(|(block, probabilities)| {
                let mut sum = vec![0.0; total.len()];
                (run(block, probabilities, &mut sum), sum)
            })
            .collect();
        const STRIPE: usize = 1 << 12;
        total.par_chunks_mut(STRIPE).enumerate().for_each(|(stripe, total)| {
            for (_, sum) in &parts {
                for (t, s) in total.iter_mut().zip(&sum[stripe * STRIPE..]) {
                    *t += s;
                }
            }
        });
        parts.iter().map(|(value, _)| value).sum()
    }

    /// `to` += scale * `from`, intercepts left out.
    fn add_scaled_weights(&self, scale: f64, from: &[f64], to: &mut [f64]) {
        let weights = self.rows.columns() * self.classes;
        for (t, f) in to[..weights].iter_mut().zip(from) {
            *t += scale * f;
        }
    }
}

/// The place of each feature when they stand by falling number of rows that
/// have them; of equal ones the lower number first.
fn by_frequency(rows: &SparseRows) -> Vec<u32> {
    let mut counts = vec![0u32; rows.columns()];
    for row in 0..rows.len() {
        for &column in rows.row(row).0 {
            counts[column as usize] += 1;
        }
    }
    let mut order: Vec<u32> = (0..rows.columns() as u32).collect();
    order.sort_by_key(|&feature| std::cmp::Reverse(counts[feature as usize]));
    let mut place = vec![0; order.len()];
    for (at, &feature) in order.iter().enumerate() {
        place[feature as usize] = at as u32;
    }
    place
}

/// More classes than this are refused before training.
pub(crate) const MOST_CLASSES: usize = 64;

#[inline]
fn gather<const K: usize>(columns: &[u32], values: &[f64], parameters: &[f64], out: &mut [f64]) {
    let (weights, _) = parameters.as_chunks::<K>();
    let mut sum = weights[weights.len() - 1];
    for (&column, &value) in columns.iter().zip(values) {
        let weight = &weights[column as usize];
        for k in 0..K {
            sum[k] += value * weight[k];
        }
    }
    out.copy_from_slice(&sum);
}

#[inline]
fn spread<const K: usize>(columns: &[u32], values: &[f64], per_class: &[f64], sum: &mut [f64]) {
    let (sums, _) = sum.as_chunks_mut::<K>();
    let mut change = [0.0; K];
    change.copy_from_slice(per_class);
    for (&column, &value) in columns.iter().zip(values) {
        let sum = &mut sums[column as usize];
        for k in 0..K {
            sum[k] += value * change[k];
        }
    }
    let last = sums.len() - 1;
    for k in 0..K {
        sums[last][k] += change[k];
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

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub(crate) fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
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
    fn gradient_and_curvature_match_finite_differences() {
        for classes in [2, 3, 5] {
            let (x, y) = problem(1, 40, 7, classes);
            let weights: Vec<f64> = (0..40).map(|i| 0.5 + f64::from(i) / 40.0).collect();
            let objective = Objective::new(&x, &y, Some(&weights), classes, 0.7);
            let n = objective.len();
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let at: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
            let direction: Vec<f64> = (0..n).map(|_| rng.random_range(-1.0..1.0)).collect();
            let step = 1e-5;
            let moved = |sign: f64| -> Vec<f64> {
                at.iter().zip(&direction).map(|(a, d)| a + sign * step * d).collect()
            };
            let (mut gradient, mut probabilities) = (vec![0.0; n], Vec::new());
            let (mut ahead, mut behind) = (vec![0.0; n], vec![0.0; n]);
            let value_ahead = objective.evaluate(&moved(1.0), &mut ahead, &mut probabilities);
            let value_behind = objective.evaluate(&moved(-1.0), &mut behind, &mut probabilities);
            let value = objective.evaluate(&at, &mut gradient, &mut probabilities);
            assert!((value - objective.value(&at)).abs() < 1e-10);
            let slope = (value_ahead - value_behind) / (2.0 * step);
            assert!((slope - dot(&gradient, &direction)).abs() < 1e-6 * slope.abs().max(1.0));

            let mut product = vec![0.0; n];
            objective.curvature(&mut probabilities, &direction, &mut product);
            for i in 0..n {
                let change = (ahead[i] - behind[i]) / (2.0 * step);
                assert!((change - product[i]).abs() < 1e-6, "class count {classes}, parameter {i}");
            }
            let mut diagonal = vec![0.0; n];
            objective.diagonal(&mut probabilities, &mut diagonal);
            let mut unit = vec![0.0; n];
            unit[3] = 1.0;
            objective.curvature(&mut probabilities, &unit, &mut product);
            assert!((product[3] - diagonal[3]).abs() < 1e-12);
        }
    }
}
