//! Folds for cross-validation.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

/// The fold of each row: stratified by class, and all rows of a group in the
/// same fold.
///
/// Groups are shuffled with the seed, those with the most uneven classes
/// first, and each goes to the fold that it leaves most even (the method of
/// scikit-learn's `StratifiedGroupKFold`).
pub(crate) fn stratified(
    targets: &[usize],
    groups: &[String],
    classes: usize,
    folds: usize,
    seed: u64,
) -> Vec<usize> {
    let mut number_of: FxHashMap<&str, usize> = FxHashMap::default();
    let mut counts: Vec<Vec<f64>> = Vec::new();
    let mut group_of_row = Vec::with_capacity(targets.len());
    let mut class_rows = vec![0.0; classes];
    for (&target, group) in targets.iter().zip(groups) {
        let number = *number_of.entry(group).or_insert_with(|| {
            counts.push(vec![0.0; classes]);
            counts.len() - 1
        });
        counts[number][target] += 1.0;
        class_rows[target] += 1.0;
        group_of_row.push(number);
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let size = |group: &usize| counts[*group].iter().sum::<f64>();
    order.sort_by(|a, b| size(b).total_cmp(&size(a)));

    let mut filled = vec![vec![0.0; classes]; folds];
    let mut fold_of_group = vec![0; counts.len()];
    for group in order {
        let cost = |fold: &usize| -> f64 {
            let classes = filled[*fold].iter().zip(&counts[group]).zip(&class_rows);
            classes.map(|((have, add), all)| add * (2.0 * have + add) / all).sum()
        };
        let fold = (0..folds).min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
        fold_of_group[group] = fold;
        for (have, add) in filled[fold].iter_mut().zip(&counts[group]) {
            *have += add;
        }
    }
    group_of_row.into_iter().map(|group| fold_of_group[group]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn groups_stay_whole_and_classes_even(
            rows in proptest::collection::vec((0usize..3, 0usize..40), 60..200), seed in 0u64..9
        ) {
            let targets: Vec<usize> = rows.iter().map(|r| r.0).collect();
            let groups: Vec<String> = rows.iter().map(|r| r.1.to_string()).collect();
            let folds = stratified(&targets, &groups, 3, 4, seed);
            for i in 0..rows.len() {
                for j in 0..i {
                    prop_assert!(groups[i] != groups[j] || folds[i] == folds[j]);
                }
            }
            let alone: Vec<String> = (0..rows.len()).map(|i| i.to_string()).collect();
            let folds = stratified(&targets, &alone, 3, 4, seed);
            for class in 0..3 {
                let mut counts = [0usize; 4];
                for (&fold, _) in folds.iter().zip(&targets).filter(|(_, t)| **t == class) {
                    counts[fold] += 1;
                }
                prop_assert!(counts.iter().max() <= counts.iter().min().map(|least| least + 1).as_ref());
            }
        }
    }
}
