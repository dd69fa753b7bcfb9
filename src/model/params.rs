//! Parameters of a model.

use serde::{Deserialize, Serialize};

use crate::classifier::ClassifierParams;
use crate::error::{Error, Result};
use crate::vectorizer::VectorizerParams;

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

    pub(super) fn candidates(&self) -> Vec<f64> {
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
    /// How often the cross-validation is repeated, each time with folds drawn
    /// anew: from 1 to 1000; 1 without folds and where folds are ordered by time.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub repeats: usize,
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
            repeats: 1,
            seed: 7,
        }
    }
}

impl ModelParams {
    /// Checks the ranges.
    ///
    /// # Errors
    /// The first parameter that is out of its range, or does not go with
    /// another.
    pub(super) fn check(&self) -> Result<()> {
        self.vectorizer.check()?;
        self.classifier.check()?;
        if self.folds == 1 {
            return Err(Error::parameter("--folds", "must be at least 2, or 0 for no cross-validation"));
        }
        if !(1..=1000).contains(&self.repeats) {
            return Err(Error::parameter("--repeats", "must be from 1 to 1000"));
        }
        if self.folds == 0 && self.repeats > 1 {
            return Err(Error::parameter("--repeats", "needs folds to repeat; leave out --folds 0"));
        }
        if self.folds == 0 && self.alpha == Alpha::Auto {
            return Err(Error::parameter("--alpha", "needs folds to be chosen; give a value"));
        }
        Ok(())
    }
}

/// Left out of the model file, as in files that were written before there
/// were repeats.
pub(super) fn is_once(repeats: &usize) -> bool {
    *repeats == 1
}

pub(super) fn once() -> usize {
    1
}
