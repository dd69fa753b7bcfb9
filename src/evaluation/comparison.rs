//! Two models on the same rows.

use super::bootstrap::intervals_of;
use super::{Evaluation, Interval, Metric, mcnemar_exact};
use crate::error::{Error, Result};

/// A model against a baseline, row by row.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Rows that both have right.
    pub both_right: u64,
    /// Rows that only the model has right.
    pub gained: u64,
    /// Rows that only the baseline has right.
    pub lost: u64,
    /// Rows that neither has right, whether or not they say the same.
    pub both_wrong: u64,
    /// p-value of McNemar's exact test of `gained` against `lost`, see
    /// [`mcnemar_exact`]. It takes rows for independent: with groups of rows,
    /// go by the intervals.
    pub mcnemar_p: f64,
    /// For each metric but the calibration error.
    pub differences: Vec<Difference>,
    /// The rows whose prediction changed, ascending.
    pub changed: Vec<usize>,
    /// Predicted class of each row by the baseline.
    pub baseline_predicted: Vec<usize>,
}

/// A figure of the model minus that of the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Which figure.
    pub metric: Metric,
    /// The baseline's.
    pub baseline: Option<f64>,
    /// Model minus baseline; `None` where either is undefined.
    pub difference: Option<f64>,
    /// Its 95 % interval by the paired bootstrap: each resample draws the same
    /// rows (groups) for both. `None` with fewer than two.
    pub interval: Option<Interval>,
}

impl Comparison {
    /// Compares two evaluations of the same rows.
    ///
    /// # Errors
    /// What cannot be compared: other labels, other rows, no rows.
    pub fn new(model: &Evaluation, baseline: &Evaluation, seed: u64) -> Result<Self> {
        let refuse = |message: String| Err(Error::parameter("baseline", message));
        if model.labels != baseline.labels {
            return refuse(format!(
                "its labels differ, so nothing can be compared: {} here, {} in the baseline",
                model.labels.names().join(", "),
                baseline.labels.names().join(", ")
            ));
        }
        if model.targets != baseline.targets || model.groups != baseline.groups {
            return refuse("it was evaluated on other rows".into());
        }
        if model.targets.is_empty() {
            return refuse("there are no rows to compare on".into());
        }
        let (ours, theirs) = (model.outcomes(), baseline.outcomes());
        let metrics = Metric::resampled(model.labels.len());
        let difference = |rows: &[usize]| -> Vec<Option<f64>> {
            let pairs = ours.figures(&metrics, rows).into_iter().zip(theirs.figures(&metrics, rows));
            pairs.map(|(ours, theirs)| Some(ours? - theirs?)).collect()
        };
        let intervals = intervals_of(&model.groups, seed, difference);
        let all: Vec<usize> = (0..model.targets.len()).collect();
        let figures = theirs.figures(&metrics, &all).into_iter().zip(difference(&all));
        let differences =
            metrics.iter().zip(figures).enumerate().map(|(i, (&metric, (baseline, difference)))| {
                Difference { metric, baseline, difference, interval: intervals.get(i).copied().flatten() }
            });

        let count = |right: bool, baseline_right: bool| {
            let rows = model.targets.iter().zip(&model.predicted).zip(&baseline.predicted);
            rows.filter(|((t, p), b)| (t == p) == right && (t == b) == baseline_right).count() as u64
        };
        let (gained, lost) = (count(true, false), count(false, true));
        Ok(Self {
            both_right: count(true, true),
            gained,
            lost,
            both_wrong: count(false, false),
            mcnemar_p: mcnemar_exact(gained, lost),
            differences: differences.collect(),
            changed: all.into_iter().filter(|&row| model.predicted[row] != baseline.predicted[row]).collect(),
            baseline_predicted: baseline.predicted.clone(),
        })
    }

    /// The difference in a metric; `None` for the calibration error.
    pub fn difference(&self, metric: Metric) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.metric == metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Corpus;
    use crate::evaluation::EvaluationParams;
    use crate::label::Labels;
    use ndarray::Array2;

    /// Labels `a` and `b`; each row's label and the one it is given.
    fn evaluation(rows: &[(&str, &str)], labels: [&str; 2]) -> Evaluation {
        let labels = Labels::from_names(labels).expect("two labels");
        let mut corpus = Corpus::default();
        for (label, _) in rows {
            corpus.push("text", *label);
        }
        let probabilities =
            Array2::from_shape_fn(
                (rows.len(), 2),
                |(row, class)| {
                    if labels.name(class) == rows[row].1 { 0.9 } else { 0.1 }
                },
            );
        Evaluation::of_probabilities(labels, probabilities, &corpus, &EvaluationParams::default())
            .expect("evaluates")
    }

    #[test]
    fn rows_are_counted_by_who_has_them_right() {
        let model = evaluation(&[("a", "a"), ("a", "a"), ("b", "a"), ("b", "a")], ["a", "b"]);
        let baseline = evaluation(&[("a", "a"), ("a", "b"), ("b", "b"), ("b", "a")], ["a", "b"]);
        let comparison = Comparison::new(&model, &baseline, 1).expect("compares");
        let Comparison { both_right, gained, lost, both_wrong, .. } = comparison;
        assert_eq!([both_right, gained, lost, both_wrong], [1, 1, 1, 1]);
        assert_eq!(comparison.changed, [1, 2]);
        assert_eq!(comparison.mcnemar_p, 1.0);
        let accuracy = comparison.difference(Metric::Accuracy).expect("compared");
        assert_eq!((accuracy.baseline, accuracy.difference), (Some(0.5), Some(0.0)));
        assert_eq!(comparison.difference(Metric::Ece), None);
    }

    #[test]
    fn a_model_differs_from_itself_by_nothing() {
        let model = evaluation(&[("a", "a"), ("a", "b"), ("b", "b")], ["a", "b"]);
        let comparison = Comparison::new(&model, &model, 1).expect("compares");
        let accuracy = comparison.difference(Metric::Accuracy).expect("compared");
        assert_eq!(accuracy.interval, Some(Interval { low: 0.0, high: 0.0 }));
        assert!(comparison.changed.is_empty());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let model = evaluation(&[("a", "a")], ["a", "b"]);
        for other in [
            evaluation(&[("a", "a")], ["a", "c"]),
            evaluation(&[("b", "b")], ["a", "b"]),
            evaluation(&[("a", "a"), ("a", "a")], ["a", "b"]),
        ] {
            assert!(Comparison::new(&model, &other, 1).is_err());
        }
        let nothing = evaluation(&[], ["a", "b"]);
        assert!(Comparison::new(&nothing, &nothing, 1).is_err());
        let one_row = Comparison::new(&model, &model, 1).expect("compares");
        assert!(one_row.differences.iter().all(|difference| difference.interval.is_none()));
    }
}
