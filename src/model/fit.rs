//! Trains a model: chooses alpha, fits, calibrates, and measures itself.

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Model;
use super::calibration::{softmax_at, temperature};
use crate::classifier::{Classifier, ClassifierParams, Matrix, argmax};
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::evaluation::{
    Confusion, Interval, SoftConfusion, expected_calibration_error, intervals, log_loss, stratified,
};
use crate::label::Labels;
use crate::vectorizer::{SparseRows, Vectorizer, VectorizerParams};

/// How the L2 strength is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alpha {
    /// The value with the lowest cross-validated log-loss, among
    /// [`Alpha::GRID`] from the strongest down, until the loss has risen twice
    /// in a row.
    Auto,
    /// This one.
    Fixed(f64),
}

impl Alpha {
    /// Candidates, the strongest first: each fit starts from the one before.
    pub const GRID: [f64; 13] = [200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02];

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
    /// Folds of the cross-validation, at least 2; 0 for none: then alpha must
    /// be given, and neither scores nor a calibration come of it.
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
    /// `soft_confusion[t][p]`: summed calibrated probability of class `p` over
    /// the rows of true class `t`; not in files of the first release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_confusion: Option<Vec<Vec<f64>>>,
    /// `soft_squares[t]`: summed squares of all those probabilities, which
    /// give their variance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_squares: Option<Vec<f64>>,
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
    /// Cross-validated scores, if there were folds.
    pub cross_validation: Option<CrossValidation>,
}

/// Called with what is being done, for people to read.
pub type Progress<'a> = dyn Fn(&str) + Sync + 'a;

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
    /// let model = Model::fit(&ModelParams::default(), &corpus, &|_| ())?;
    /// assert_eq!(model.labels().names(), ["neutral", "pro-withdrawal"]);
    /// # Ok::<(), stance::Error>(())
    /// ```
    pub fn fit(params: &ModelParams, corpus: &Corpus, progress: &Progress<'_>) -> Result<Self> {
        params.vectorizer.check()?;
        params.classifier.check()?;
        let labels = Labels::from_names(corpus.labels.iter().cloned())?;
        let targets = corpus.targets(&labels)?;
        let rows_per_label = check_folds(params.folds, &labels, &targets)?;

        let search = match (&params.alpha, params.folds) {
            (Alpha::Fixed(_), 0) => None,
            (Alpha::Auto, 0) => {
                return Err(Error::parameter("--alpha", "needs folds to be chosen; give a value"));
            }
            _ => Some(Search::run(params, corpus, &targets, &labels, progress)?),
        };
        let alpha = match (&search, &params.alpha) {
            (Some(search), _) => search.best_alpha(),
            (None, Alpha::Fixed(alpha)) => *alpha,
            (None, Alpha::Auto) => params.classifier.alpha,
        };
        let temperature = search.as_ref().map_or(1.0, |search| temperature(search.logits.view(), &targets));

        progress(&format!("final fit, alpha {alpha}"));
        let vectorizer = Vectorizer::fit(&params.vectorizer, &corpus.texts, &targets)?;
        let matrix = Matrix::new(&vectorizer.transform(&corpus.texts));
        let classifier_params = ClassifierParams { alpha, ..params.classifier.clone() };
        let classifier = classifier_params.fit_matrix(&matrix, &targets, None)?;
        progress("scores");
        let cross_validation =
            search.map(|search| cross_validation(params, corpus, &targets, &labels, &search, temperature));
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

/// Calibrated probabilities of each row from a model that was not trained on
/// it, shape (rows, classes), and the labels in class order: what
/// [`Model::fit`] measures itself on.
///
/// # Errors
/// As [`Model::fit`]; no folds.
pub fn out_of_fold(
    params: &ModelParams,
    corpus: &Corpus,
    progress: &Progress<'_>,
) -> Result<(Labels, Array2<f64>)> {
    params.vectorizer.check()?;
    params.classifier.check()?;
    let labels = Labels::from_names(corpus.labels.iter().cloned())?;
    let targets = corpus.targets(&labels)?;
    if params.folds == 0 {
        return Err(Error::parameter("--folds", "must be at least 2"));
    }
    check_folds(params.folds, &labels, &targets)?;
    let search = Search::run(params, corpus, &targets, &labels, progress)?;
    let temperature = temperature(search.logits.view(), &targets);
    Ok((labels, probabilities(&search.logits, temperature)))
}

/// Rows per label, if every fold can have some of each.
fn check_folds(folds: usize, labels: &Labels, targets: &[usize]) -> Result<Vec<usize>> {
    if folds == 1 {
        return Err(Error::parameter("--folds", "must be at least 2, or 0 for no cross-validation"));
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

/// The search for alpha.
struct Search {
    /// Each alpha tried and its out-of-fold log-loss.
    tried: Vec<(f64, f64)>,
    /// Out-of-fold logits with the best alpha, shape (rows, classes).
    logits: Array2<f64>,
}

/// One fold: the rows it is trained on, those it is tested on, and the last fit.
struct Fold {
    train: Matrix,
    train_targets: Vec<usize>,
    test: SparseRows,
    test_rows: Vec<usize>,
    fitted: Option<Classifier>,
}

impl Search {
    fn run(
        params: &ModelParams,
        corpus: &Corpus,
        targets: &[usize],
        labels: &Labels,
        progress: &Progress<'_>,
    ) -> Result<Self> {
        progress("features of the folds");
        let mut folds = Fold::all(params, corpus, targets, labels)?;
        let mut search = Self { tried: Vec::new(), logits: Array2::zeros((corpus.len(), labels.len())) };
        for alpha in params.alpha.candidates() {
            progress(&format!("{} folds, alpha {alpha}", params.folds));
            let classifier = ClassifierParams { alpha, ..params.classifier.clone() };
            folds.par_iter_mut().try_for_each(|fold| fold.refit(&classifier))?;
            let mut logits = Array2::zeros(search.logits.raw_dim());
            for fold in &folds {
                fold.write_logits(&mut logits);
            }
            let loss = log_loss(probabilities(&logits, 1.0).view(), targets).unwrap_or(f64::INFINITY);
            if loss < search.best_loss() {
                search.logits = logits;
            }
            search.tried.push((alpha, loss));
            let rises = search.tried.windows(2).rev().take_while(|pair| pair[1].1 > pair[0].1).count();
            if rises == 2 {
                break;
            }
        }
        Ok(search)
    }

    fn best_loss(&self) -> f64 {
        self.tried.iter().fold(f64::INFINITY, |best, &(_, loss)| best.min(loss))
    }

    fn best_alpha(&self) -> f64 {
        let best = self.best_loss();
        self.tried.iter().find(|(_, loss)| *loss == best).map_or(f64::NAN, |&(alpha, _)| alpha)
    }
}

impl Fold {
    fn all(params: &ModelParams, corpus: &Corpus, targets: &[usize], labels: &Labels) -> Result<Vec<Self>> {
        let fold_of = stratified(targets, &corpus.groups, labels.len(), params.folds, params.seed);
        let fold = |number: usize| {
            let (test_rows, train_rows): (Vec<usize>, Vec<usize>) =
                (0..corpus.len()).partition(|&row| fold_of[row] == number);
            let texts = |rows: &[usize]| -> Vec<&str> {
                rows.iter().map(|&row| corpus.texts[row].as_str()).collect()
            };
            let train_targets: Vec<usize> = train_rows.iter().map(|&row| targets[row]).collect();
            if let Some(class) = (0..labels.len()).find(|class| !train_targets.contains(class)) {
                return Err(Error::Training(format!(
                    "all rows with the label \"{}\" fall into one fold, because they share a group; use fewer \
                     folds or another --group-column",
                    labels.name(class)
                )));
            }
            let train_texts = texts(&train_rows);
            let vectorizer = Vectorizer::fit(&params.vectorizer, &train_texts, &train_targets)?;
            Ok(Self {
                train: Matrix::new(&vectorizer.transform(&train_texts)),
                train_targets,
                test: vectorizer.transform(&texts(&test_rows)),
                test_rows,
                fitted: None,
            })
        };
        (0..params.folds).into_par_iter().map(fold).collect()
    }

    fn refit(&mut self, params: &ClassifierParams) -> Result<()> {
        self.fitted = Some(params.refit(&self.train, &self.train_targets, self.fitted.as_ref())?);
        Ok(())
    }

    fn write_logits(&self, logits: &mut Array2<f64>) {
        let Some(fitted) = &self.fitted else { return };
        let of_fold = fitted.decision_function(&self.test);
        for (logit, &row) in of_fold.rows().into_iter().zip(&self.test_rows) {
            logits.row_mut(row).assign(&logit);
        }
    }
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
    search: &Search,
    temperature: f64,
) -> CrossValidation {
    let logits = &search.logits;
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
    let soft = SoftConfusion::of(labels.len(), targets, calibrated.view());
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
        soft_confusion: Some(soft.sums),
        soft_squares: Some(soft.squares),
        alphas: search.tried.clone(),
    }
}
