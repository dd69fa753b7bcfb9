//! Labels that a model doubts, though it never saw the row.

use rustc_hash::FxHashMap;

use super::finding::{Finding, Kind};
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::model::{ModelParams, Progress, out_of_fold};

/// The `most` rows whose label is most suspicious, by confident learning
/// (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating
/// uncertainty in dataset labels"): the out-of-fold probability of another
/// label is at least the mean that label's own rows get for it, and that of
/// the row's own label is below the mean of its rows. Sorted by the
/// difference of the two probabilities, largest first.
///
/// Rows without text or label, and labels with fewer rows than folds, are
/// left out. The inner `Err` says why there can be no model.
///
/// # Errors
/// A fit that does not converge.
pub(super) fn findings(
    params: &ModelParams,
    corpus: &Corpus,
    most: usize,
    progress: &Progress<'_>,
) -> Result<Result<Vec<Finding>, String>> {
    let corpus = corpus.select(&usable(corpus, params.folds));
    let first = corpus.labels.first();
    if corpus.labels.iter().all(|label| Some(label) == first) {
        return Ok(Err(format!("there are no two labels with {} rows each", params.folds)));
    }
    let (labels, probabilities) = match out_of_fold(params, &corpus, progress) {
        // what training lacks is no reason to keep the other findings back
        Err(Error::Training(reason)) => return Ok(Err(reason)),
        result => result?,
    };
    let targets = corpus.targets(&labels)?;
    let rows: Vec<Vec<f64>> = probabilities.rows().into_iter().map(|row| row.to_vec()).collect();
    let mut doubts = doubts(&rows, &targets, labels.len());
    doubts.truncate(most);
    let finding = |doubt: &Doubt| Finding {
        kind: Kind::Suspect,
        places: vec![corpus.locations[doubt.row].clone()],
        detail: format!(
            "{} ({:.2}), rather {} ({:.2})",
            corpus.labels[doubt.row],
            rows[doubt.row][targets[doubt.row]],
            labels.name(doubt.class),
            rows[doubt.row][doubt.class]
        ),
        text: corpus.texts[doubt.row].clone(),
    };
    Ok(Ok(doubts.iter().map(finding).collect()))
}

/// Rows with a text and a label that each fold can have some of.
fn usable(corpus: &Corpus, folds: usize) -> Vec<usize> {
    let filled: Vec<usize> = (0..corpus.len())
        .filter(|&row| !corpus.texts[row].is_empty() && !corpus.labels[row].is_empty())
        .collect();
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for &row in &filled {
        *counts.entry(&corpus.labels[row]).or_default() += 1;
    }
    filled.into_iter().filter(|&row| counts[corpus.labels[row].as_str()] >= folds).collect()
}

/// A row and the class it rather seems to be of.
#[derive(Debug, PartialEq)]
struct Doubt {
    row: usize,
    class: usize,
    /// How much more probable that class is than the row's own.
    margin: f64,
}

/// All doubts, the largest margin first; probabilities have shape
/// (rows, classes).
fn doubts(probabilities: &[Vec<f64>], targets: &[usize], classes: usize) -> Vec<Doubt> {
    let mut means = vec![(0.0, 0.0); classes];
    for (row, &target) in probabilities.iter().zip(targets) {
        means[target].0 += row[target];
        means[target].1 += 1.0;
    }
    let means: Vec<f64> = means.into_iter().map(|(sum, count)| sum / count).collect();
    let doubt = |(row, (p, &own)): (usize, (&Vec<f64>, &usize))| {
        let confident = (0..classes).filter(|&class| class != own && p[class] >= means[class]);
        let class = confident.max_by(|&a, &b| p[a].total_cmp(&p[b]))?;
        let margin = p[class] - p[own];
        // two probabilities can both be usual for their labels
        (p[own] < means[own] && margin > 0.0).then_some(Doubt { row, class, margin })
    };
    let mut doubts: Vec<Doubt> = probabilities.iter().zip(targets).enumerate().filter_map(doubt).collect();
    doubts.sort_by(|a, b| b.margin.total_cmp(&a.margin).then(a.row.cmp(&b.row)));
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_are_measured_by_each_labels_own_confidence() {
        let p: Vec<Vec<f64>> =
            [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.45, 0.55], [0.35, 0.65], [0.4, 0.6], [0.9, 0.1]]
                .iter()
                .map(|row| row.to_vec())
                .collect();
        let targets = [0, 0, 0, 0, 1, 1, 1];
        // means: 0.6125 for label 0 and 0.45 for label 1
        let found = doubts(&p, &targets, 2);
        let rows: Vec<(usize, usize)> = found.iter().map(|doubt| (doubt.row, doubt.class)).collect();
        assert_eq!(rows, [(6, 0), (2, 1), (3, 1)]);
        assert!((found[0].margin - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_wrong_label_among_right_ones_is_the_first_suspect() {
        let mut corpus = Corpus::default();
        for i in 0..30 {
            corpus.push(format!("They must leave our country now, speaker {i} said."), "go");
            corpus.push(format!("The talks on trade went on in room {i}."), "neutral");
        }
        corpus.push("", "go");
        corpus.push("They must leave.", "");
        corpus.push("They must leave.", "typo");
        corpus.push("The talks on trade went on in the palace.", "go");
        let found =
            findings(&ModelParams::default(), &corpus, 5, &|_| ()).expect("converges").expect("model");
        assert_eq!(found[0].places[0].line, Some(64));
        assert!(found[0].detail.starts_with("go (0."), "{}", found[0].detail);
        let few = findings(&ModelParams::default(), &corpus.select(&[0, 2, 4]), 5, &|_| ());
        assert!(few.expect("no error").is_err());
    }
}
