//! A fitted model: labels, vectorizer, weights, calibration, provenance.

mod calibration;
mod cross_validation;
mod explain;
mod file;
mod fit;
mod learning_curve;
mod params;
mod plan;
mod priors;
mod scorer;
mod search;

use std::sync::OnceLock;

use ndarray::Array2;
use rayon::prelude::*;

pub use cross_validation::CrossValidation;
pub use explain::{Contribution, Explanation, WeightedTerm};
pub use file::VERSION;
pub use fit::{Progress, Provenance, out_of_fold};
pub use learning_curve::{LearningCurve, LearningPoint, LearningStep};
pub use params::{Alpha, ModelParams};
pub(crate) use scorer::Compiled;
pub use scorer::Scorer;

use crate::classifier::{Convergence, argmax};
use crate::error::Result;
use crate::label::Labels;
use crate::text::Language;
use crate::vectorizer::Vectorizer;

/// The default model, trained from `data/statements.csv`.
const DEFAULT: &str = include_str!("../../models/stance-en.json");

/// A fitted model.
///
/// ```
/// let model = stance::Model::default_english()?;
/// let prediction = model.predict("American troops must leave our country at once.");
/// assert_eq!(model.labels().name(prediction.class), "pro-withdrawal");
/// # Ok::<(), stance::Error>(())
/// ```
pub struct Model {
    labels: Labels,
    vectorizer: Vectorizer,
    /// Shape (features, classes), feature by feature; 32 bits, as stored.
    weights: Vec<f32>,
    intercept: Vec<f64>,
    temperature: f64,
    params: ModelParams,
    convergence: Convergence,
    provenance: Provenance,
    compiled: OnceLock<Compiled>,
}

/// The label of a text and how sure the model is.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The most probable class (the first of equal ones).
    pub class: usize,
    /// Calibrated probability of each class, in the order of
    /// [`Model::labels`]; finite, summing to 1.
    pub probabilities: Vec<f64>,
    /// Occurrences of known terms; 0 means that the model knows nothing of
    /// the text and the probabilities are those of an average one.
    pub known_terms: u32,
}

impl Prediction {
    /// The predicted class's probability.
    pub fn confidence(&self) -> f64 {
        self.probabilities[self.class]
    }
}

impl Model {
    /// The model that comes with the crate, for English.
    ///
    /// # Errors
    /// None in a release; a test holds that it loads.
    pub fn default_english() -> Result<Self> {
        Self::from_json(DEFAULT, "the default model")
    }

    /// SHA-256 of the default model's file, in hexadecimal.
    pub fn default_english_sha256() -> String {
        crate::digest::sha256(DEFAULT.as_bytes())
    }

    /// The labels, in class order.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The vectorizer.
    pub fn vectorizer(&self) -> &Vectorizer {
        &self.vectorizer
    }

    /// What it was trained with.
    pub fn params(&self) -> &ModelParams {
        &self.params
    }

    /// How the final fit ended.
    pub fn convergence(&self) -> &Convergence {
        &self.convergence
    }

    /// Data and cross-validated scores.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Divisor of the logits, found on out-of-fold predictions.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Weight of a feature for a class.
    pub fn weight(&self, feature: usize, class: usize) -> f64 {
        f64::from(self.weights[feature * self.labels.len() + class])
    }

    pub(crate) fn language(&self) -> Language {
        self.params.vectorizer.normalizer.language
    }

    /// Does what the first prediction would have to do.
    pub(crate) fn warm_up(&self) {
        self.compiled();
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::new(self))
    }

    /// A scorer, which is the fastest way to classify many texts in a row.
    pub fn scorer(&self) -> Scorer<'_> {
        Scorer::new(self.compiled())
    }

    /// Classifies one text.
    pub fn predict(&self, text: &str) -> Prediction {
        predict(&mut self.scorer(), text)
    }

    /// Classifies texts, in parallel; the same numbers as one by one.
    pub fn predict_batch<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Vec<Prediction> {
        self.compiled();
        texts
            .par_chunks(1024)
            .map_init(
                || self.scorer(),
                |scorer, texts| -> Vec<Prediction> {
                    texts.iter().map(|text| predict(scorer, text.as_ref())).collect()
                },
            )
            .flatten_iter()
            .collect()
    }

    /// Probabilities of texts, shape (texts, classes).
    pub fn predict_proba<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Array2<f64> {
        let predictions = self.predict_batch(texts);
        Array2::from_shape_fn((texts.len(), self.labels.len()), |(row, k)| predictions[row].probabilities[k])
    }

    /// Takes a label's logit apart: the predicted label's, or another class's.
    ///
    /// # Panics
    /// If `class` is not below the number of labels.
    pub fn explain(&self, text: &str, class: Option<usize>) -> Explanation {
        explain::explain(self, self.compiled(), text, class)
    }

    /// The word n-grams and pairs that speak most clearly for a class, at most `count`:
    /// those with the highest value times square root of document frequency,
    /// by falling value.
    ///
    /// # Panics
    /// If `class` is not below the number of labels.
    pub fn top_terms(&self, class: usize, count: usize) -> Vec<WeightedTerm> {
        explain::top_terms(self, self.compiled(), class, count)
    }
}

fn predict(scorer: &mut Scorer<'_>, text: &str) -> Prediction {
    let mut probabilities = vec![0.0; scorer.classes()];
    let known_terms = scorer.score(text, &mut probabilities);
    Prediction { class: argmax(&probabilities), probabilities, known_terms }
}
