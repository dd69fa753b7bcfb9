//! The search for alpha by cross-validation.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::Progress;
use super::calibration::probabilities;
use super::cross_validation::{OutOfFold, mean};
use super::plan::Plan;
use crate::classifier::{Classifier, ClassifierParams, Matrix};
use crate::error::Result;
use crate::evaluation::{Split, log_loss};
use crate::vectorizer::{SparseRows, Vectorizer};

/// What the search found.
pub(super) struct Search {
    /// Each alpha tried and its out-of-fold log-loss, uncalibrated.
    pub tried: Vec<(f64, f64)>,
    /// The one with the lowest.
    pub alpha: f64,
    /// What the folds said with it.
    pub out: OutOfFold,
}

/// One alpha: log-loss and logits of each repeat.
struct Trial {
    alpha: f64,
    losses: Vec<f64>,
    logits: Vec<Array2<f64>>,
}

impl Search {
    /// Tries the candidates. With several repeats the first decides where to
    /// stop, and the mean log-loss of all which is best. The features of one
    /// repeat are in memory at a time.
    pub fn run(plan: &Plan<'_>, progress: &Progress<'_>) -> Result<Self> {
        let mut out = OutOfFold::new(plan);
        let mut alphas = plan.params.alpha.candidates();
        let mut trials: Vec<Trial> = Vec::new();
        for (repeat, splits) in plan.repeats.iter().enumerate() {
            let which = match plan.repeats.len() {
                1 => String::new(),
                repeats => format!("repeat {} of {repeats}: ", repeat + 1),
            };
            progress(&format!("{which}features of the folds"));
            let mut folds: Vec<Fold<'_>> =
                splits.par_iter().map(|split| Fold::new(plan, split)).collect::<Result<_>>()?;
            for (i, &alpha) in alphas.iter().enumerate() {
                progress(&format!("{which}{} folds, alpha {alpha}", folds.len()));
                let classifier = ClassifierParams { alpha, ..plan.params.classifier.clone() };
                folds.par_iter_mut().try_for_each(|fold| fold.refit(&classifier))?;
                let logits = gather(plan, &folds).select(Axis(0), &out.rows);
                let loss = log_loss(probabilities(&logits, 1.0).view(), &out.targets);
                if repeat == 0 {
                    trials.push(Trial { alpha, losses: Vec::new(), logits: Vec::new() });
                }
                trials[i].losses.push(loss.unwrap_or(f64::INFINITY));
                trials[i].logits.push(logits);
                if repeat == 0 && has_risen_twice(&trials) {
                    break;
                }
            }
            alphas.truncate(trials.len());
        }
        let tried: Vec<(f64, f64)> = trials.iter().map(|trial| (trial.alpha, trial.loss())).collect();
        // the first of equal ones
        let best = (0..tried.len()).min_by(|&a, &b| tried[a].1.total_cmp(&tried[b].1)).unwrap_or(0);
        out.logits = trials.swap_remove(best).logits;
        Ok(Self { alpha: tried[best].0, tried, out })
    }
}

impl Trial {
    fn loss(&self) -> f64 {
        mean(self.losses.iter().map(|&loss| Some(loss))).unwrap_or(f64::INFINITY)
    }
}

fn has_risen_twice(trials: &[Trial]) -> bool {
    matches!(trials, [.., a, b, c] if a.losses[0] < b.losses[0] && b.losses[0] < c.losses[0])
}

/// The logits of all folds by row, shape (rows, classes); zero where no fold
/// tests the row.
pub(super) fn gather(plan: &Plan<'_>, folds: &[Fold<'_>]) -> Array2<f64> {
    let mut logits = Array2::zeros((plan.corpus.len(), plan.classes));
    for fold in folds {
        let Some(fitted) = &fold.fitted else { continue };
        let of_fold = fitted.decision_function(&fold.test);
        for (logit, &row) in of_fold.rows().into_iter().zip(fold.test_rows) {
            logits.row_mut(row).assign(&logit);
        }
    }
    logits
}

/// The features of one fold, and the last fit.
pub(super) struct Fold<'a> {
    train: Matrix,
    train_targets: Vec<usize>,
    test: SparseRows,
    test_rows: &'a [usize],
    fitted: Option<Classifier>,
}

impl<'a> Fold<'a> {
    /// Learns the vocabulary of the rows to train on.
    pub fn new(plan: &Plan<'_>, split: &'a Split) -> Result<Self> {
        let texts = |rows: &[usize]| -> Vec<&str> {
            rows.iter().map(|&row| plan.corpus.texts[row].as_str()).collect()
        };
        let train_targets: Vec<usize> = split.train.iter().map(|&row| plan.targets[row]).collect();
        let train_texts = texts(&split.train);
        let (vectorizer, columns) =
            Vectorizer::fit_transform(&plan.params.vectorizer, &train_texts, &train_targets)?;
        Ok(Self {
            train: Matrix::new(&columns),
            train_targets,
            test: vectorizer.transform(&texts(&split.test)),
            test_rows: &split.test,
            fitted: None,
        })
    }

    /// Fits, from the last fit if there was one.
    pub fn refit(&mut self, params: &ClassifierParams) -> Result<()> {
        self.fitted = Some(params.refit(&self.train, &self.train_targets, self.fitted.as_ref())?);
        Ok(())
    }
}
