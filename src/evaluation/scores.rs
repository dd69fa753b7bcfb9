//! All figures of one evaluation.

use ndarray::Array2;
use serde::Serialize;

use super::{
    ClassScores, Confusion, Interval, ReliabilityBin, brier_score, expected_calibration_error, intervals,
    log_loss, reliability,
};
use crate::classifier::argmax;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::label::Labels;
use crate::model::Model;

/// How well a model does on labelled statements.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The labels, in class order.
    pub labels: Labels,
    /// Class number of each row's label.
    pub targets: Vec<usize>,
    /// Predicted class of each row.
    pub predicted: Vec<usize>,
    /// Probabilities, shape (rows, classes).
    pub probabilities: Array2<f64>,
    /// Scores on all rows.
    pub overall: Scores,
    /// Scores on the rows with the same value in a column.
    pub slices: Vec<Slice>,
}

/// The rows that share a value.
#[derive(Debug, Clone, Serialize)]
pub struct Slice {
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
    /// Scores on them.
    pub scores: Scores,
}

/// Figures of some rows; `None` where there is nothing to divide by.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    /// Number of rows.
    pub rows: usize,
    /// Counts by true and predicted class.
    pub confusion: Confusion,
    /// Share predicted right.
    pub accuracy: Option<f64>,
    /// Its 95 % bootstrap interval.
    pub accuracy_interval: Option<Interval>,
    /// Macro-averaged F1.
    pub macro_f1: Option<f64>,
    /// Its 95 % bootstrap interval.
    pub macro_f1_interval: Option<Interval>,
    /// Mean recall.
    pub balanced_accuracy: Option<f64>,
    /// Accuracy of always guessing the most frequent label.
    pub majority_baseline: Option<f64>,
    /// Log-loss.
    pub log_loss: Option<f64>,
    /// Brier score, 0 to 2.
    pub brier: Option<f64>,
    /// Expected calibration error.
    pub ece: Option<f64>,
    /// Confidence against accuracy.
    pub reliability: Vec<ReliabilityBin>,
}

impl Evaluation {
    /// Evaluates a model on a corpus. Intervals resample whole groups where
    /// the corpus has them; `slice_columns` names the columns in
    /// [`Corpus::others`].
    ///
    /// # Errors
    /// A label that the model does not know.
    pub fn new(model: &Model, corpus: &Corpus, slice_columns: &[String], seed: u64) -> Result<Self> {
        let labels = model.labels().clone();
        let targets = corpus.targets(&labels)?;
        let probabilities = model.predict_proba(&corpus.texts);
        let predicted = probabilities.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        let mut evaluation = Self {
            overall: Scores::empty(labels.len()),
            labels,
            targets,
            predicted,
            probabilities,
            slices: Vec::new(),
        };
        let all: Vec<usize> = (0..corpus.len()).collect();
        evaluation.overall = evaluation.scores(corpus, &all, seed);
        for (column, values) in slice_columns.iter().zip(&corpus.others) {
            let mut distinct: Vec<&String> = values.iter().collect();
            distinct.sort_unstable();
            distinct.dedup();
            for value in distinct {
                let rows: Vec<usize> = all.iter().copied().filter(|&row| &values[row] == value).collect();
                evaluation.slices.push(Slice {
                    column: column.clone(),
                    value: value.clone(),
                    scores: evaluation.scores(corpus, &rows, seed),
                });
            }
        }
        Ok(evaluation)
    }

    fn scores(&self, corpus: &Corpus, rows: &[usize], seed: u64) -> Scores {
        let groups: Vec<String> = rows.iter().map(|&row| corpus.groups[row].clone()).collect();
        let confusion_of = |chosen: &[usize]| {
            let pairs = chosen.iter().map(|&i| (self.targets[rows[i]], self.predicted[rows[i]]));
            Confusion::of(self.labels.len(), pairs)
        };
        let [accuracy_interval, macro_f1_interval] = intervals(&groups, seed, |chosen| {
            let confusion = confusion_of(chosen);
            [confusion.accuracy(), confusion.macro_f1()]
        });
        let confusion = confusion_of(&(0..rows.len()).collect::<Vec<_>>());
        let targets: Vec<usize> = rows.iter().map(|&row| self.targets[row]).collect();
        let p = self.probabilities.select(ndarray::Axis(0), rows);
        Scores {
            rows: rows.len(),
            accuracy: confusion.accuracy(),
            accuracy_interval,
            macro_f1: confusion.macro_f1(),
            macro_f1_interval,
            balanced_accuracy: confusion.balanced_accuracy(),
            majority_baseline: confusion.majority_share(),
            log_loss: log_loss(p.view(), &targets),
            brier: brier_score(p.view(), &targets),
            ece: expected_calibration_error(p.view(), &targets),
            reliability: reliability(p.view(), &targets),
            confusion,
        }
    }

    /// The rows predicted wrong, most confident first.
    pub fn errors(&self) -> Vec<usize> {
        let wrong = |&row: &usize| self.targets[row] != self.predicted[row];
        let mut rows: Vec<usize> = (0..self.targets.len()).filter(wrong).collect();
        let confidence = |row: usize| self.probabilities[(row, self.predicted[row])];
        rows.sort_by(|&a, &b| confidence(b).total_cmp(&confidence(a)));
        rows
    }

    /// A figure by its name on the command line: `accuracy`, `macro-f1`,
    /// `balanced-accuracy`, `log-loss`, `brier`, `ece`, and `precision:LABEL`,
    /// `recall:LABEL`, `f1:LABEL`.
    ///
    /// # Errors
    /// An unknown name, or a figure that is undefined on these rows.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let scores = &self.overall;
        let of_class = |label: &str, get: fn(ClassScores) -> Option<f64>| {
            self.labels.index_of(label).map(|class| get(scores.confusion.class(class)))
        };
        let value = match name.split_once(':') {
            Some(("precision", label)) => of_class(label, |s| s.precision),
            Some(("recall", label)) => of_class(label, |s| s.recall),
            Some(("f1", label)) => of_class(label, |s| s.f1),
            _ => match name {
                "accuracy" => Some(scores.accuracy),
                "macro-f1" => Some(scores.macro_f1),
                "balanced-accuracy" => Some(scores.balanced_accuracy),
                "log-loss" => Some(scores.log_loss),
                "brier" => Some(scores.brier),
                "ece" => Some(scores.ece),
                _ => None,
            },
        };
        let unknown = || {
            Error::parameter(
                "metric",
                format!(
                    "there is no \"{name}\"; there are accuracy, macro-f1, balanced-accuracy, log-loss, brier, ece, \
                     and precision:LABEL, recall:LABEL, f1:LABEL with LABEL one of {}",
                    self.labels.names().join(", ")
                ),
            )
        };
        value
            .ok_or_else(unknown)?
            .ok_or_else(|| Error::parameter("metric", format!("{name} is undefined on these rows")))
    }
}

impl Scores {
    fn empty(classes: usize) -> Self {
        Self {
            rows: 0,
            confusion: Confusion::new(classes),
            accuracy: None,
            accuracy_interval: None,
            macro_f1: None,
            macro_f1_interval: None,
            balanced_accuracy: None,
            majority_baseline: None,
            log_loss: None,
            brier: None,
            ece: None,
            reliability: Vec::new(),
        }
    }
}
