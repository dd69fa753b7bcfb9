//! Trains a model: chooses alpha, fits, calibrates, and measures itself.

use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Model;
use super::calibration::{softmax_at, temperature};
use crate::classifier::{ClassifierParams, argmax};
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::evaluation::{Confusion, Interval, expected_calibration_error, intervals, log_loss, stratified};
use crate::label::Labels;
use crate::vectorizer::{Vectorizer, VectorizerParams};

/// How the L2 strength is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alpha {
    /// The value of [`Alpha::GRID`] with the lowest cross-validated log-loss.
    Auto,
    /// This one.
    Fixed(f64),
}

impl Alpha {
    /// Strongest first: each fit starts from the one before.
    pub const GRID: [f64; 9] = [100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2];

    fn candidates(&self) -> Vec<f64> {
        match self {
            Alpha::Auto => Self::GRID.to_vec(),
            Alpha::Fixed(alpha) => vec![*alpha],
        }
    }
}

impl std::str::FromStr for Alpha {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse::<f64>()) {
            ("auto", _) => Ok(Alpha::Auto),
            (_, Ok(alpha)) if alpha.is_finite() && alpha > 0.0 => Ok(Alpha::Fixed(alpha)),
            _ => Err("write auto, or a number above 0".into()),
        }
    }
}

/// Parameters of a [`Model`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelParams {
    /// Features.
    pub vectorizer: VectorizerParams,
    /// Classifier; its `alpha` is replaced by the chosen one.
    pub classifier: ClassifierParams,
    /// Choice of the L2 strength.
    pub alpha: Alpha,
    /// Folds of the cross-validation, at least 2.
    pub folds: usize,
    /// Seed of the folds and of the bootstrap.
    pub seed: u64,
}

impl Default for ModelParams {
    fn default() -> Self {
        Self {
            vectorizer: VectorizerParams::default(),
            classifier: ClassifierParams::default(),
            alpha: Alpha::Auto,
            folds: 5,
            seed: 7,
        }
    }
}

/// Cross-validated scores, on calibrated out-of-fold predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossValidation {
    /// Number of folds.
    pub folds: usize,
    /// Whether rows of one group stayed in one fold.
    pub grouped: bool,
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
    /// `confusion[t][p]`: rows of true class `t` predicted as `p`.
    pub confusion: Vec<Vec<u64>>,
    /// Uncalibrated log-loss of each alpha tried, in the order of trial.
    pub alphas: Vec<(f64, f64)>,
}

/// What a model was made from, and how good it was on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// SHA-256 of the training texts and labels ([`Corpus::sha256`]).
    pub data_sha256: String,
    /// Training rows.
    pub rows: usize,
    /// Training rows of each label, in label order.
    pub rows_per_label: Vec<usize>,
    /// Cross-validated scores.
    pub cross_validation: CrossValidation,
}

/// Called with (fits done, fits in all) as the work goes on, from any thread.
pub type FoldProgress<'a> = dyn Fn(usize, usize) + Sync + 'a;

impl Model {
    /// Trains a model on a corpus.
    ///
    /// # Errors
    /// Parameters out of range, fewer than two labels, a label with fewer
    /// rows than folds, no terms, a fit that does not converge.
    ///
    /// ```
    /// use stance::{Corpus, Model, ModelParams};
    /// let mut corpus = Corpus::default();
    /// for i in 0..30 {
    ///     corpus.push(format!("They must leave now, speaker {i} said."), "pro-withdrawal");
    ///     corpus.push(format!("The talks went on in room {i}."), "neutral");
    /// }
    /// let model = Model::fit(&ModelParams::default(), &corpus, &|_, _| ())?;
    /// assert_eq!(model.labels().names(), ["neutral", "pro-withdrawal"]);
    /// # Ok::<(), stance::Error>(())
    /// ```
    pub fn fit(params: &ModelParams, corpus: &Corpus, progress: &FoldProgress<'_>) -> Result<Self> {
        params.vectorizer.check()?;
        params.classifier.check()?;
        let labels = Labels::from_names(corpus.labels.iter().cloned())?;
        let targets = corpus.targets(&labels)?;
        let rows_per_label = check_folds(params.folds, &labels, &targets)?;

        let alphas = params.alpha.candidates();
        let folds = Folds::run(params, corpus, &targets, labels.len(), &alphas, progress)?;
        let losses: Vec<f64> = folds.logits.iter().map(|logits| loss_of(logits, &targets)).collect();
        let best = (1..losses.len()).fold(0, |best, i| if losses[i] < losses[best] { i } else { best });
        let temperature = temperature(folds.logits[best].view(), &targets);

        let vectorizer = Vectorizer::fit(&params.vectorizer, &corpus.texts, &targets)?;
        let rows = vectorizer.transform(&corpus.texts);
        let classifier_params = ClassifierParams { alpha: alphas[best], ..params.classifier.clone() };
        let classifier = classifier_params.fit_rows(&rows, &targets, None)?;
        progress(folds.fits, folds.fits);

        let tried = alphas.iter().copied().zip(losses).collect();
        let cross_validation =
            cross_validation(params, corpus, &targets, &labels, &folds.logits[best], temperature, tried);
        Ok(Self {
            vectorizer,
            weights: classifier.weights().iter().map(|&weight| weight as f32).collect(),
            intercept: classifier.intercept().to_vec(),
            temperature,
            params: ModelParams { classifier: classifier_params, ..params.clone() },
            convergence: classifier.convergence().clone(),
            provenance: Provenance {
                data_sha256: corpus.sha256(),
                rows: corpus.len(),
                rows_per_label,
                cross_validation,
            },
            labels,
            compiled: Default::default(),
        })
    }
}

/// Rows per label, if every fold can have some of each.
fn check_folds(folds: usize, labels: &Labels, targets: &[usize]) -> Result<Vec<usize>> {
    if folds < 2 {
        return Err(Error::parameter("--folds", "must be at least 2"));
    }
    let mut rows = vec![0; labels.len()];
    for &target in targets {
        rows[target] += 1;
    }
    if let Some(class) = rows.iter().position(|&n| n < folds) {
        return Err(Error::Training(format!(
            "the label \"{}\" has {} rows, fewer than the {folds} folds; add rows or lower --folds",
            labels.name(class),
            rows[class]
        )));
    }
    Ok(rows)
}

/// Out-of-fold logits for each alpha, shape (rows, classes) each.
struct Folds {
    logits: Vec<Array2<f64>>,
    /// Fits done, the final one counted.
    fits: usize,
}

impl Folds {
    fn run(
        params: &ModelParams,
        corpus: &Corpus,
        targets: &[usize],
        classes: usize,
        alphas: &[f64],
        progress: &FoldProgress<'_>,
    ) -> Result<Self> {
        let fold_of = stratified(targets, &corpus.groups, classes, params.folds, params.seed);
        let fits = params.folds * alphas.len() + 1;
        let done = std::sync::atomic::AtomicUsize::new(0);
        let tick = || progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, fits);
        let by_fold: Vec<(Vec<usize>, Vec<Array2<f64>>)> = (0..params.folds)
            .into_par_iter()
            .map(|fold| {
                let rows = |inside: bool| -> Vec<usize> {
                    (0..corpus.len()).filter(|&row| (fold_of[row] == fold) == inside).collect()
                };
                let (train, test) = (rows(false), rows(true));
                let texts = |rows: &[usize]| -> Vec<&str> {
                    rows.iter().map(|&row| corpus.texts[row].as_str()).collect()
                };
                let train_targets: Vec<usize> = train.iter().map(|&row| targets[row]).collect();
                let vectorizer = Vectorizer::fit(&params.vectorizer, &texts(&train), &train_targets)?;
                let (train, held_out) =
                    (vectorizer.transform(&texts(&train)), vectorizer.transform(&texts(&test)));
                let path = params.classifier.path(&train, &train_targets, alphas, &tick)?;
                Ok((test, path.iter().map(|classifier| classifier.decision_function(&held_out)).collect()))
            })
            .collect::<Result<_>>()?;
        let mut logits = vec![Array2::zeros((corpus.len(), classes)); alphas.len()];
        for (rows, held_out) in &by_fold {
            for (logits, held_out) in logits.iter_mut().zip(held_out) {
                for (i, &row) in rows.iter().enumerate() {
                    logits.index_axis_mut(Axis(0), row).assign(&held_out.row(i));
                }
            }
        }
        Ok(Self { logits, fits })
    }
}

fn loss_of(logits: &Array2<f64>, targets: &[usize]) -> f64 {
    log_loss(probabilities(logits, 1.0).view(), targets).unwrap_or(f64::INFINITY)
}

fn probabilities(logits: &Array2<f64>, temperature: f64) -> Array2<f64> {
    let mut probabilities = logits.clone();
    for mut row in probabilities.rows_mut() {
        let scaled = softmax_at(row.to_owned(), temperature);
        row.assign(&scaled);
    }
    probabilities
}

fn cross_validation(
    params: &ModelParams,
    corpus: &Corpus,
    targets: &[usize],
    labels: &Labels,
    logits: &Array2<f64>,
    temperature: f64,
    alphas: Vec<(f64, f64)>,
) -> CrossValidation {
    let predicted: Vec<usize> = logits.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
    let confusion_of =
        |rows: &[usize]| Confusion::of(labels.len(), rows.iter().map(|&row| (targets[row], predicted[row])));
    let confusion = confusion_of(&(0..targets.len()).collect::<Vec<_>>());
    let [accuracy, macro_f1] = intervals(&corpus.groups, params.seed, |rows| {
        let confusion = confusion_of(rows);
        [confusion.accuracy(), confusion.macro_f1()]
    });
    let calibrated = probabilities(logits, temperature);
    let raw = probabilities(logits, 1.0);
    let none = Interval { low: 0.0, high: 1.0 };
    CrossValidation {
        folds: params.folds,
        grouped: corpus.is_grouped(),
        accuracy: confusion.accuracy().unwrap_or(0.0),
        accuracy_interval: accuracy.unwrap_or(none),
        macro_f1: confusion.macro_f1().unwrap_or(0.0),
        macro_f1_interval: macro_f1.unwrap_or(none),
        log_loss: log_loss(calibrated.view(), targets).unwrap_or(0.0),
        uncalibrated_ece: expected_calibration_error(raw.view(), targets).unwrap_or(0.0),
        confusion: confusion.counts().to_vec(),
        alphas,
    }
}
