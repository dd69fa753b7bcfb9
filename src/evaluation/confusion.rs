//! Scores that come from counts of (true label, predicted label).

use serde::Serialize;

use crate::label::Labels;

/// Counts of rows by true and predicted class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// `counts[t][p]`: rows of true class `t` predicted as `p`.
    counts: Vec<Vec<u64>>,
}

/// Scores of one class. `None` where nothing was counted to divide by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassScores {
    /// Share of the rows predicted as this class that are of it.
    pub precision: Option<f64>,
    /// Share of the rows of this class that were predicted as it.
    pub recall: Option<f64>,
    /// `2 tp / (2 tp + fp + fn)`, their harmonic mean where both exist.
    pub f1: Option<f64>,
    /// Rows of this class.
    pub support: u64,
}

impl Confusion {
    /// Nothing counted yet, for `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes] }
    }

    /// Counts pairs of (true, predicted) class numbers.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut confusion = Self::new(classes);
        for (truth, predicted) in pairs {
            confusion.counts[truth][predicted] += 1;
        }
        confusion
    }

    /// From counts by true and predicted class, a square.
    pub(crate) fn from_counts(counts: Vec<Vec<u64>>) -> Self {
        Self { counts }
    }

    /// `counts()[t][p]`: rows of true class `t` predicted as `p`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// All rows.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Rows of a true class.
    pub fn support(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    fn predicted(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }

    fn hits(&self) -> u64 {
        (0..self.counts.len()).map(|class| self.counts[class][class]).sum()
    }

    /// Share of rows predicted right.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.hits(), self.total())
    }

    /// Share of rows of the most frequent true class: what always guessing it
    /// would score.
    pub fn majority_share(&self) -> Option<f64> {
        let most = (0..self.counts.len()).map(|class| self.support(class)).max()?;
        ratio(most, self.total())
    }

    /// Scores of a class.
    pub fn class(&self, class: usize) -> ClassScores {
        let hits = self.counts[class][class];
        let (support, predicted) = (self.support(class), self.predicted(class));
        ClassScores {
            precision: ratio(hits, predicted),
            recall: ratio(hits, support),
            f1: ratio(2 * hits, support + predicted),
            support,
        }
    }

    /// Mean F1 of the classes that occur among true or predicted labels, as
    /// scikit-learn computes it by default.
    pub fn macro_f1(&self) -> Option<f64> {
        self.mean_f1(&(0..self.counts.len()).collect::<Vec<_>>())
    }

    /// Mean F1 of some classes; those that occur nowhere do not count.
    pub fn mean_f1(&self, classes: &[usize]) -> Option<f64> {
        mean(classes.iter().filter_map(|&class| self.class(class).f1))
    }

    /// Mean F1 weighted by the rows of each class.
    pub fn weighted_f1(&self) -> Option<f64> {
        let classes = (0..self.counts.len()).map(|class| self.class(class));
        let sum: f64 = classes.map(|scores| scores.support as f64 * scores.f1.unwrap_or(0.0)).sum();
        (self.total() > 0).then(|| sum / self.total() as f64)
    }

    /// F1 of the counts of all classes summed. Where each row has one label
    /// and one prediction, as here, it equals the accuracy.
    pub fn micro_f1(&self) -> Option<f64> {
        let classes = 0..self.counts.len();
        ratio(2 * self.hits(), classes.map(|class| self.support(class) + self.predicted(class)).sum())
    }

    /// Matthews correlation coefficient for any number of classes (Gorodkin
    /// 2004), -1 to 1; `None` where only one class was predicted, or only one
    /// is true. (scikit-learn gives 0 there.)
    pub fn matthews(&self) -> Option<f64> {
        let total = i128::from(self.total());
        let (mut both, mut predicted, mut supports) = (0, 0, 0);
        for class in 0..self.counts.len() {
            let (p, t) = (i128::from(self.predicted(class)), i128::from(self.support(class)));
            both += p * t;
            predicted += p * p;
            supports += t * t;
        }
        let spread = ((total * total - predicted) as f64) * ((total * total - supports) as f64);
        let covariance = (i128::from(self.hits()) * total - both) as f64;
        (spread > 0.0).then(|| covariance / spread.sqrt())
    }

    /// `normalised()[t][p]`: share of the rows of true class `t` that were
    /// predicted as `p`; a class without rows has `None`.
    pub fn normalised(&self) -> Vec<Vec<Option<f64>>> {
        let rows = self.counts.iter().map(|row| {
            let support = row.iter().sum();
            row.iter().map(|&count| ratio(count, support)).collect()
        });
        rows.collect()
    }

    /// Mean recall of the classes that have rows.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        mean((0..self.counts.len()).filter_map(|class| self.class(class).recall))
    }

    /// Per-class scores by name, in class order.
    pub fn by_class<'a>(&self, labels: &'a Labels) -> Vec<(&'a str, ClassScores)> {
        labels.names().iter().enumerate().map(|(class, name)| (name.as_str(), self.class(class))).collect()
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn undefined_scores_are_none() {
        let empty = Confusion::new(3);
        assert_eq!(empty.accuracy(), None);
        assert_eq!(empty.macro_f1(), None);
        assert_eq!(empty.weighted_f1(), None);
        assert_eq!(empty.micro_f1(), None);
        assert_eq!(empty.matthews(), None);
        assert_eq!(empty.normalised(), vec![vec![None; 3]; 3]);
        assert_eq!(empty.mean_f1(&[]), None);
        let one_sided = Confusion::of(3, [(0, 1), (0, 0)]);
        assert_eq!(one_sided.class(1).recall, None);
        assert_eq!(one_sided.class(1).precision, Some(0.0));
        assert_eq!(one_sided.class(1).f1, Some(0.0));
        assert_eq!(one_sided.class(2).f1, None);
        assert_eq!(one_sided.balanced_accuracy(), Some(0.5));
        assert_eq!(one_sided.matthews(), None);
        assert_eq!(one_sided.normalised()[0], [Some(0.5), Some(0.5), Some(0.0)]);
        assert_eq!(one_sided.normalised()[2], [None; 3]);
    }

    proptest! {
        #[test]
        fn figures_stay_in_their_ranges(rows in proptest::collection::vec((0usize..4, 0usize..4), 0..60)) {
            let confusion = Confusion::of(4, rows);
            let shares = [
                confusion.accuracy(), confusion.balanced_accuracy(), confusion.macro_f1(),
                confusion.weighted_f1(), confusion.mean_f1(&[1, 3]),
            ];
            for share in shares.into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share), "{share}");
            }
            prop_assert_eq!(confusion.micro_f1(), confusion.accuracy());
            if let Some(correlation) = confusion.matthews() {
                prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&correlation), "{correlation}");
            }
            for row in confusion.normalised() {
                let sum: f64 = row.iter().flatten().sum();
                prop_assert!(row[0].is_none() || (sum - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_correlation_goes_from_minus_one_to_one_and_holds_huge_counts() {
        assert_eq!(Confusion::of(2, [(0, 0), (1, 1)]).matthews(), Some(1.0));
        assert_eq!(Confusion::of(2, [(0, 1), (1, 0)]).matthews(), Some(-1.0));
        assert_eq!(Confusion::of(2, [(0, 0), (0, 1), (1, 0), (1, 1)]).matthews(), Some(0.0));
        let huge = Confusion::from_counts(vec![vec![1 << 50, 0], vec![0, 1 << 50]]);
        assert_eq!(huge.matthews(), Some(1.0));
        assert_eq!(huge.micro_f1(), Some(1.0));
    }

    #[test]
    fn precision_and_recall_are_not_swapped() {
        // 3 of class 0 are found, and 1 of class 1 is taken for class 0
        let confusion = Confusion::of(2, [(0, 0), (0, 0), (0, 0), (1, 0), (1, 1)]);
        assert_eq!(confusion.class(0).precision, Some(0.75));
        assert_eq!(confusion.class(0).recall, Some(1.0));
        assert_eq!(confusion.class(1).precision, Some(1.0));
        assert_eq!(confusion.class(1).recall, Some(0.5));
    }
}
