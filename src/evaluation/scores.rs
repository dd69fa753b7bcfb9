//! The figures of some rows.

use ndarray::Axis;
use serde::Serialize;

use super::bootstrap::{intervals_of, members};
use super::outcomes::Outcomes;
use super::{
    Confusion, CoveragePoint, Interval, Metric, ReliabilityBin, brier_score, coverage_curve,
    expected_calibration_error, log_loss, reliability,
};

/// Fewer rows than this (groups, where rows are grouped) make a small sample:
/// percentile intervals are then too short, and a single row moves the figure
/// by more than 0.03.
pub const SMALL_SAMPLE: usize = 30;

/// Figures of some rows; `None` where there is nothing to divide by. Each
/// interval is a 95 % bootstrap interval of the figure before it; `None` with
/// fewer than two rows (groups, where rows are grouped), and where resamples
/// do not differ, as when all rows are right: such rows show no noise, which
/// does not mean that there is none.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    /// Number of rows.
    pub rows: usize,
    /// Number of groups of rows; of rows, where they are not grouped.
    pub groups: usize,
    /// Counts by true and predicted class.
    pub confusion: Confusion,
    /// Share predicted right.
    pub accuracy: Option<f64>,
    /// Its interval.
    pub accuracy_interval: Option<Interval>,
    /// Macro-averaged F1.
    pub macro_f1: Option<f64>,
    /// Its interval.
    pub macro_f1_interval: Option<Interval>,
    /// Mean recall.
    pub balanced_accuracy: Option<f64>,
    /// Its interval.
    pub balanced_accuracy_interval: Option<Interval>,
    /// Mean F1, weighted by support.
    pub weighted_f1: Option<f64>,
    /// Its interval.
    pub weighted_f1_interval: Option<Interval>,
    /// Micro-averaged F1, equal to the accuracy, interval and all.
    pub micro_f1: Option<f64>,
    /// Matthews correlation coefficient.
    pub matthews: Option<f64>,
    /// Its interval.
    pub matthews_interval: Option<Interval>,
    /// Mean F1 of the chosen labels; `None` if none were chosen.
    pub f_avg: Option<f64>,
    /// Its interval.
    pub f_avg_interval: Option<Interval>,
    /// Accuracy of always guessing the most frequent label.
    pub majority_baseline: Option<f64>,
    /// Log-loss.
    pub log_loss: Option<f64>,
    /// Its interval.
    pub log_loss_interval: Option<Interval>,
    /// Brier score, 0 to 2.
    pub brier: Option<f64>,
    /// Its interval.
    pub brier_interval: Option<Interval>,
    /// Expected calibration error. It has no interval: see
    /// [`Scores::reliability`] for the rows behind it.
    pub ece: Option<f64>,
    /// Intervals of each class's scores, in class order.
    pub class_intervals: Vec<ClassIntervals>,
    /// Confidence against accuracy.
    pub reliability: Vec<ReliabilityBin>,
    /// What a threshold of confidence costs and brings.
    pub coverage_curve: Vec<CoveragePoint>,
}

/// 95 % bootstrap intervals of one class's scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClassIntervals {
    /// Of the precision.
    pub precision: Option<Interval>,
    /// Of the recall.
    pub recall: Option<Interval>,
    /// Of F1.
    pub f1: Option<Interval>,
}

impl Scores {
    /// Scores of some of the rows.
    pub(super) fn of(outcomes: &Outcomes<'_>, rows: &[usize], seed: u64) -> Self {
        let classes = outcomes.classes();
        let groups: Vec<String> = rows.iter().map(|&row| outcomes.groups[row].clone()).collect();
        let metrics = Metric::resampled(classes);
        let intervals = intervals_of(&groups, seed, |drawn| {
            let drawn: Vec<usize> = drawn.iter().map(|&i| rows[i]).collect();
            outcomes.figures(&metrics, &drawn)
        });
        let interval = |metric: Metric| {
            let at = metrics.iter().position(|m| *m == metric)?;
            intervals.get(at).copied().flatten().filter(|interval| interval.low < interval.high)
        };
        let class_intervals = |class| ClassIntervals {
            precision: interval(Metric::Precision(class)),
            recall: interval(Metric::Recall(class)),
            f1: interval(Metric::F1(class)),
        };

        let confusion = outcomes.confusion(rows);
        let targets: Vec<usize> = rows.iter().map(|&row| outcomes.targets[row]).collect();
        let p = outcomes.probabilities.select(Axis(0), rows);
        Self {
            rows: rows.len(),
            groups: members(&groups).len(),
            accuracy: confusion.accuracy(),
            accuracy_interval: interval(Metric::Accuracy),
            macro_f1: confusion.macro_f1(),
            macro_f1_interval: interval(Metric::MacroF1),
            balanced_accuracy: confusion.balanced_accuracy(),
            balanced_accuracy_interval: interval(Metric::BalancedAccuracy),
            weighted_f1: confusion.weighted_f1(),
            weighted_f1_interval: interval(Metric::WeightedF1),
            micro_f1: confusion.micro_f1(),
            matthews: confusion.matthews(),
            matthews_interval: interval(Metric::Matthews),
            f_avg: confusion.mean_f1(outcomes.f_avg),
            f_avg_interval: interval(Metric::FAvg),
            majority_baseline: confusion.majority_share(),
            log_loss: log_loss(p.view(), &targets),
            log_loss_interval: interval(Metric::LogLoss),
            brier: brier_score(p.view(), &targets),
            brier_interval: interval(Metric::Brier),
            ece: expected_calibration_error(p.view(), &targets),
            class_intervals: (0..classes).map(class_intervals).collect(),
            reliability: reliability(p.view(), &targets),
            coverage_curve: coverage_curve(p.view(), &targets),
            confusion,
        }
    }

    /// Whether there are fewer rows (or groups) than [`SMALL_SAMPLE`].
    pub fn is_small(&self) -> bool {
        self.groups < SMALL_SAMPLE
    }

    /// A figure and its interval.
    pub fn figure(&self, metric: Metric) -> (Option<f64>, Option<Interval>) {
        let class = |class: usize| (self.confusion.class(class), self.class_intervals[class]);
        match metric {
            Metric::Accuracy => (self.accuracy, self.accuracy_interval),
            Metric::BalancedAccuracy => (self.balanced_accuracy, self.balanced_accuracy_interval),
            Metric::MacroF1 => (self.macro_f1, self.macro_f1_interval),
            Metric::WeightedF1 => (self.weighted_f1, self.weighted_f1_interval),
            Metric::MicroF1 => (self.micro_f1, self.accuracy_interval),
            Metric::Matthews => (self.matthews, self.matthews_interval),
            Metric::FAvg => (self.f_avg, self.f_avg_interval),
            Metric::LogLoss => (self.log_loss, self.log_loss_interval),
            Metric::Brier => (self.brier, self.brier_interval),
            Metric::Ece => (self.ece, None),
            Metric::Precision(k) => (class(k).0.precision, class(k).1.precision),
            Metric::Recall(k) => (class(k).0.recall, class(k).1.recall),
            Metric::F1(k) => (class(k).0.f1, class(k).1.f1),
        }
    }
}
