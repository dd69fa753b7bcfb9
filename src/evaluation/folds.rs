//! Folds for cross-validation: stratified and grouped, or ordered by time.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;

/// Row numbers of one fold, both ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Split {
    /// To train on.
    pub train: Vec<usize>,
    /// To test on.
    pub test: Vec<usize>,
}

impl Split {
    /// Each fold is tested once, by what was trained on all others.
    pub fn rotating(fold_of: &[usize], folds: usize) -> Vec<Self> {
        let split = |fold| {
            let (test, train) = (0..fold_of.len()).partition(|&row| fold_of[row] == fold);
            Self { train, test }
        };
        (0..folds).map(split).collect()
    }

    /// Each block but the first is tested, by what was trained on all before
    /// it (forward chaining, scikit-learn's `TimeSeriesSplit`).
    pub fn forward(block_of: &[usize], blocks: usize) -> Vec<Self> {
        let rows = |keep: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..block_of.len()).filter(|&row| keep(block_of[row])).collect()
        };
        let split =
            |tested| Self { train: rows(&|block| block < tested), test: rows(&|block| block == tested) };
        (1..blocks).map(split).collect()
    }
}

/// The block of each row, with blocks of about equal size in the order of the
/// dates, which sort as text; rows of one date share a block, and no block is
/// empty. `None` with fewer dates than blocks.
pub(crate) fn time_blocks(dates: &[String], blocks: usize) -> Option<Vec<usize>> {
    let mut sorted: Vec<&str> = dates.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    // rows up to and with each distinct date
    let mut ends: Vec<(&str, usize)> = Vec::new();
    for (row, date) in sorted.into_iter().enumerate() {
        match ends.last_mut() {
            Some(last) if last.0 == date => last.1 = row + 1,
            _ => ends.push((date, row + 1)),
        }
    }
    if ends.len() < blocks {
        return None;
    }
    // the number of dates before each cut: as near as can be to equal shares,
    // with a date left for every block to come
    let mut cuts = vec![0];
    for cut in 1..blocks {
        let wanted = cut * dates.len() / blocks;
        let possible = cuts[cut - 1] + 1..=ends.len() - (blocks - cut);
        cuts.push(possible.min_by_key(|&at| ends[at - 1].1.abs_diff(wanted))?);
    }
    let block_of = |date: &String| {
        let at = ends.partition_point(|(other, _)| *other < date.as_str());
        cuts.partition_point(|&cut| cut <= at) - 1
    };
    Some(dates.iter().map(block_of).collect())
}

/// The fold of each row: stratified by class, and all rows of a group in the
/// same fold.
///
/// Groups are shuffled with the seed, those with the most uneven classes
/// first, and each goes to the fold that it leaves most even (the method of
/// scikit-learn's `StratifiedGroupKFold`). Each repeat shuffles anew.
pub(crate) fn stratified(
    targets: &[usize],
    groups: &[String],
    classes: usize,
    folds: usize,
    seed: u64,
    repeat: u64,
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
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(repeat);
    order.shuffle(&mut rng);
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

    fn names(numbers: impl Iterator<Item = usize>) -> Vec<String> {
        numbers.map(|number| number.to_string()).collect()
    }

    proptest! {
        #[test]
        fn groups_stay_whole_and_classes_even(
            rows in proptest::collection::vec((0usize..3, 0usize..40), 60..200), seed in 0u64..9, repeat in 0u64..3
        ) {
            let targets: Vec<usize> = rows.iter().map(|r| r.0).collect();
            let groups = names(rows.iter().map(|r| r.1));
            let folds = stratified(&targets, &groups, 3, 4, seed, repeat);
            for i in 0..rows.len() {
                for j in 0..i {
                    prop_assert!(groups[i] != groups[j] || folds[i] == folds[j]);
                }
            }
            let alone = names(0..rows.len());
            let folds = stratified(&targets, &alone, 3, 4, seed, repeat);
            for class in 0..3 {
                let mut counts = [0usize; 4];
                for (&fold, _) in folds.iter().zip(&targets).filter(|(_, t)| **t == class) {
                    counts[fold] += 1;
                }
                prop_assert!(counts.iter().max() <= counts.iter().min().map(|least| least + 1).as_ref());
            }
            prop_assert!(folds != stratified(&targets, &alone, 3, 4, seed, repeat + 1), "repeats are alike");
        }

        #[test]
        fn rotating_splits_test_every_row_once_and_train_on_the_others(
            fold_of in proptest::collection::vec(0usize..4, 0..60)
        ) {
            let splits = Split::rotating(&fold_of, 4);
            prop_assert_eq!(splits.len(), 4);
            let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
            tested.sort_unstable();
            prop_assert!(tested.into_iter().eq(0..fold_of.len()));
            for split in splits {
                let mut rows = [split.train.clone(), split.test].concat();
                prop_assert!(split.train.is_sorted());
                rows.sort_unstable();
                prop_assert!(rows.into_iter().eq(0..fold_of.len()));
            }
        }

        #[test]
        fn a_forward_split_tests_what_is_later_than_all_it_trained_on(
            days in proptest::collection::vec(0usize..30, 1..200), folds in 2usize..8
        ) {
            let dates: Vec<String> = days.iter().map(|day| format!("2024-01-{:02}", day + 1)).collect();
            let mut distinct = days.clone();
            distinct.sort_unstable();
            distinct.dedup();
            let Some(block_of) = time_blocks(&dates, folds + 1) else {
                prop_assert!(distinct.len() < folds + 1);
                return Ok(());
            };
            let splits = Split::forward(&block_of, folds + 1);
            prop_assert_eq!(splits.len(), folds);
            let mut tested = Vec::new();
            for split in &splits {
                let last_trained = split.train.iter().map(|&row| days[row]).max();
                let first_tested = split.test.iter().map(|&row| days[row]).min();
                prop_assert!(last_trained.is_some() && last_trained < first_tested);
                // nothing between the two is left out
                let next = days.iter().copied().filter(|&day| Some(day) > last_trained).min();
                prop_assert_eq!(next, first_tested);
                tested.extend_from_slice(&split.test);
            }
            // all but the first block is tested, once
            tested.extend_from_slice(&splits[0].train);
            tested.sort_unstable();
            prop_assert!(tested.into_iter().eq(0..days.len()));
        }

        #[test]
        fn blocks_are_even_where_every_row_has_a_date_of_its_own(rows in 8usize..28, blocks in 2usize..8) {
            // dates in no order of the rows
            let dates: Vec<String> = (0..rows).map(|row| format!("2024-01-{:02}", row * 5 % 29 + 1)).collect();
            let block_of = time_blocks(&dates, blocks).expect("enough dates");
            let size = |block: usize| block_of.iter().filter(|&&of| of == block).count();
            let sizes: Vec<usize> = (0..blocks).map(size).collect();
            prop_assert!(sizes.iter().max() <= sizes.iter().min().map(|least| least + 1).as_ref(), "{:?}", sizes);
        }
    }

    /// scikit-learn 1.9.1: `TimeSeriesSplit(n_splits=3).split(range(12))`.
    #[test]
    fn forward_splits_are_scikit_learns_where_the_blocks_come_out_even() {
        let dates: Vec<String> = (0..12).map(|row| format!("2024-01-{:02}", row + 1)).collect();
        let splits = Split::forward(&time_blocks(&dates, 4).expect("twelve dates"), 4);
        let expected = [(3, 6), (6, 9), (9, 12)];
        assert_eq!(splits.len(), expected.len());
        for (split, (cut, end)) in splits.into_iter().zip(expected) {
            assert!(split.train.into_iter().eq(0..cut) && split.test.into_iter().eq(cut..end));
        }
    }

    #[test]
    fn a_day_with_most_of_the_rows_is_not_split() {
        let mut dates = vec!["2024-02-01".to_owned(); 90];
        dates.extend(["2024-01-01", "2024-03-01", "2024-03-02"].map(str::to_owned));
        let block_of = time_blocks(&dates, 3).expect("four dates");
        assert_eq!(block_of[..90], [1; 90]);
        assert_eq!(block_of[90..], [0, 2, 2]);
        assert_eq!(time_blocks(&dates, 5), None);
        assert_eq!(time_blocks(&[], 2), None);
    }
}
