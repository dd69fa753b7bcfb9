//! Chooses the terms that tell the labels apart.

use super::columns::SparseColumns;

/// Chi-square statistic of every feature against the classes, as in
/// scikit-learn's `feature_selection.chi2`: observed is the sum of a feature's
/// values per class, expected its total times the class's share of the rows.
/// `value` makes a value of feature, row and count.
pub(super) fn chi_square(
    counts: &SparseColumns,
    value: impl Fn(usize, usize, f32) -> f64,
    targets: &[usize],
) -> Vec<f64> {
    let classes = targets.iter().max().map_or(0, |&highest| highest + 1);
    let mut observed = vec![0.0; counts.columns() * classes];
    let mut class_rows = vec![0.0; classes];
    targets.iter().for_each(|&class| class_rows[class] += 1.0);
    for feature in 0..counts.columns() {
        let (rows, counts) = counts.column(feature);
        for (&row, &count) in rows.iter().zip(counts) {
            let row = row as usize;
            observed[feature * classes + targets[row]] += value(feature, row, count);
        }
    }
    let rows = targets.len() as f64;
    observed
        .chunks_exact(classes.max(1))
        .map(|observed| {
            let total: f64 = observed.iter().sum();
            let terms = observed.iter().zip(&class_rows).map(|(o, share)| {
                let expected = total * share / rows;
                if expected > 0.0 { (o - expected).powi(2) / expected } else { 0.0 }
            });
            terms.sum()
        })
        .collect()
}

/// Flags the `most` features with the highest statistic; of equal ones the
/// one with the lower number.
pub(super) fn highest(statistic: &[f64], most: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..statistic.len()).collect();
    order.sort_by(|&a, &b| statistic[b].total_cmp(&statistic[a]).then(a.cmp(&b)));
    let mut keep = vec![false; statistic.len()];
    for &feature in order.iter().take(most) {
        keep[feature] = true;
    }
    keep
}
