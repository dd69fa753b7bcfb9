//! Out-of-fold scores of a model.

use ndarray::{Array2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::calibration::{probabilities, temperature};
use super::params::{is_once, once};
use super::plan::Plan;
use crate::classifier::argmax;
use crate::evaluation::{
    Confusion, Interval, SoftConfusion, expected_calibration_error, intervals, log_loss,
};

/// Cross-validated scores, on calibrated out-of-fold predictions.
///
/// With repeats every figure is the mean over them, and its interval that of
/// this mean: rows are resampled, so repeats do not make it shorter than the
/// rows allow. (Scores of averaged logits would be those of an ensemble,
/// better than the one model that comes of the training.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossValidation {
    /// Number of folds.
    pub folds: usize,
    /// How often all folds were gone through.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub repeats: usize,
    /// Whether rows of one group stayed in one fold.
    pub grouped: bool,
    /// Whether each fold was tested by what was trained on earlier rows alone;
    /// the earliest rows are then not tested.
    #[serde(default, skip_serializing_if = "is_false")]
    pub time_ordered: bool,
    /// Share predicted right.
    pub accuracy: f64,
    /// Its 95 % bootstrap interval.
    pub accuracy_interval: Interval,
    /// Macro-averaged F1.
    pub macro_f1: f64,
    /// Its 95 % bootstrap interval.
    pub macro_f1_interval: Interval,
    /// Log-loss.
    pub log_loss: f64,
    /// Expected calibration error before temperature scaling.
    pub uncalibrated_ece: f64,
    /// `confusion[t][p]`: rows of true class `t` predicted as `p`, in the
    /// first repeat, so that each tested row counts once.
    pub confusion: Vec<Vec<u64>>,
    /// `soft_confusion[t][p]`: summed calibrated probability of class `p` over
    /// the rows of true class `t`, in the first repeat; not in files of the
    /// first release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_confusion: Option<Vec<Vec<f64>>>,
    /// `soft_squares[t]`: summed squares of all those probabilities, which
    /// give their variance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_squares: Option<Vec<f64>>,
    /// Uncalibrated log-loss of each alpha tried, in the order of trial.
    pub alphas: Vec<(f64, f64)>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl CrossValidation {
    /// Rows that the scores and the temperature rest on.
    pub fn rows(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }

    pub(super) fn new(plan: &Plan<'_>, out: &OutOfFold, temperature: f64, alphas: Vec<(f64, f64)>) -> Self {
        let all: Vec<usize> = (0..out.rows.len()).collect();
        let predicted = out.predicted();
        let means = |rows: &[usize]| {
            let repeats: Vec<Confusion> =
                predicted.iter().map(|predicted| out.confusion(predicted, rows)).collect();
            [mean(repeats.iter().map(Confusion::accuracy)), mean(repeats.iter().map(Confusion::macro_f1))]
        };
        let [accuracy, macro_f1] = means(&all);
        let [accuracy_interval, macro_f1_interval] = intervals(&out.groups, plan.params.seed, means);
        let ece = |logits| expected_calibration_error(probabilities(logits, 1.0).view(), &out.targets);
        let soft = out.logits.first().map(|logits| {
            let calibrated = probabilities(logits, temperature);
            SoftConfusion::of(logits.ncols(), &out.targets, calibrated.view())
        });
        let (soft_confusion, soft_squares) = soft.map(|soft| (soft.sums, soft.squares)).unzip();
        let none = Interval { low: 0.0, high: 1.0 };
        Self {
            folds: plan.params.folds,
            repeats: plan.params.repeats,
            grouped: plan.corpus.is_grouped(),
            time_ordered: plan.corpus.is_dated(),
            accuracy: accuracy.unwrap_or(0.0),
            accuracy_interval: accuracy_interval.unwrap_or(none),
            macro_f1: macro_f1.unwrap_or(0.0),
            macro_f1_interval: macro_f1_interval.unwrap_or(none),
            log_loss: out.log_loss(temperature).unwrap_or(0.0),
            uncalibrated_ece: mean(out.logits.iter().map(ece)).unwrap_or(0.0),
            confusion: predicted.first().map_or(Vec::new(), |p| out.confusion(p, &all).counts().to_vec()),
            soft_confusion,
            soft_squares,
            alphas,
        }
    }
}

/// What models that did not know them said of rows.
pub(super) struct OutOfFold {
    /// The rows that were tested, ascending.
    pub rows: Vec<usize>,
    /// The class of each.
    pub targets: Vec<usize>,
    /// The group of each.
    pub groups: Vec<String>,
    /// For each repeat, shape (tested rows, classes).
    pub logits: Vec<Array2<f64>>,
}

impl OutOfFold {
    /// Of the rows that a plan tests; logits are still to come.
    pub fn new(plan: &Plan<'_>) -> Self {
        let rows = plan.tested();
        Self {
            targets: rows.iter().map(|&row| plan.targets[row]).collect(),
            groups: rows.iter().map(|&row| plan.corpus.groups[row].clone()).collect(),
            logits: Vec::new(),
            rows,
        }
    }

    /// The predicted class of each tested row, for each repeat.
    pub fn predicted(&self) -> Vec<Vec<usize>> {
        let classes =
            |logits: &Array2<f64>| logits.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        self.logits.iter().map(classes).collect()
    }

    /// Counts over some of the tested rows, which may repeat.
    pub fn confusion(&self, predicted: &[usize], rows: &[usize]) -> Confusion {
        let classes = self.logits.first().map_or(0, Array2::ncols);
        Confusion::of(classes, rows.iter().map(|&row| (self.targets[row], predicted[row])))
    }

    /// Mean over the repeats.
    pub fn log_loss(&self, temperature: f64) -> Option<f64> {
        let losses =
            self.logits.iter().map(|l| log_loss(probabilities(l, temperature).view(), &self.targets));
        mean(losses)
    }

    /// The temperature with the lowest mean log-loss over all repeats.
    pub fn temperature(&self) -> f64 {
        let views: Vec<_> = self.logits.iter().map(Array2::view).collect();
        let targets = self.targets.repeat(self.logits.len());
        // all have the same number of columns; an empty list has no temperature to find
        concatenate(Axis(0), &views).map_or(1.0, |logits| temperature(logits.view(), &targets))
    }
}

/// The mean; `None` if a value is, or if there are none.
pub(super) fn mean(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
