//! Trains a model: chooses alpha, fits, calibrates, and measures itself.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::Model;
use super::calibration::probabilities;
use super::cross_validation::CrossValidation;
use super::params::{Alpha, ModelParams};
use super::plan::Plan;
use super::search::Search;
use crate::classifier::{ClassifierParams, Matrix};
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::label::Labels;
use crate::vectorizer::Vectorizer;

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
    /// rows than folds, groups or dates that leave a fold without a label, no
    /// terms, a fit that does not converge.
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
        params.check()?;
        let labels = Labels::from_names(corpus.labels.iter().cloned())?;
        let targets = corpus.targets(&labels)?;
        let rows_per_label = check_folds(params, corpus, &labels, &targets)?;

        let plan = (params.folds > 0).then(|| Plan::new(params, corpus, &targets, &labels)).transpose()?;
        let search = plan.as_ref().map(|plan| Search::run(plan, progress)).transpose()?;
        let alpha = match (&search, &params.alpha) {
            (Some(search), _) => search.alpha,
            (None, Alpha::Fixed(alpha)) => *alpha,
            (None, Alpha::Auto) => params.classifier.alpha,
        };
        let temperature = search.as_ref().map_or(1.0, |search| search.out.temperature());

        progress(&format!("final fit, alpha {alpha}"));
        let (vectorizer, columns) = Vectorizer::fit_transform(&params.vectorizer, &corpus.texts, &targets)?;
        let matrix = Matrix::new(&columns);
        drop(columns);
        let classifier_params = ClassifierParams { alpha, ..params.classifier.clone() };
        let classifier = classifier_params.fit_matrix(&matrix, &targets, None)?;
        progress("scores");
        let cross_validation = plan
            .zip(search)
            .map(|(plan, search)| CrossValidation::new(&plan, &search.out, temperature, search.tried));
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
/// it, shape (rows, classes), and the labels in class order. Folds are drawn
/// once, whatever the repeats, and not ordered by time, so that each row is
/// tested once.
///
/// # Errors
/// As [`Model::fit`]; no folds.
pub fn out_of_fold(
    params: &ModelParams,
    corpus: &Corpus,
    progress: &Progress<'_>,
) -> Result<(Labels, Array2<f64>)> {
    params.check()?;
    if params.folds == 0 {
        return Err(Error::parameter("--folds", "must be at least 2"));
    }
    let params = ModelParams { repeats: 1, ..params.clone() };
    let corpus = Corpus { dates: Vec::new(), ..corpus.clone() };
    let labels = Labels::from_names(corpus.labels.iter().cloned())?;
    let targets = corpus.targets(&labels)?;
    check_folds(&params, &corpus, &labels, &targets)?;
    let out = Search::run(&Plan::new(&params, &corpus, &targets, &labels)?, progress)?.out;
    let logits = out.logits.first().ok_or_else(|| Error::Training("there are no folds".into()))?;
    Ok((labels, probabilities(logits, out.temperature())))
}

/// Rows per label, if every fold can have some of each.
pub(super) fn check_folds(
    params: &ModelParams,
    corpus: &Corpus,
    labels: &Labels,
    targets: &[usize],
) -> Result<Vec<usize>> {
    if params.folds == 0 && corpus.is_dated() {
        return Err(Error::parameter("--time-column", "orders folds; leave out --folds 0"));
    }
    let folds = params.folds;
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
