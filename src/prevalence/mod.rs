//! Shares of labels among statements, corrected for the classifier's errors.
//!
//! Counting predicted labels gives a share that is wrong by an amount that
//! changes with the true share (Forman 2008, "Quantifying counts and costs
//! via classification"). The methods here differ in what they correct and
//! with what; all but the first two assume that texts of one label look the
//! same where the classifier was measured and where it is used (prior shift).
//!
//! ```
//! use stance::prevalence::{Method, Misclassification, Quantifier};
//! use ndarray::array;
//!
//! // of 100 rows of each label, 80 and 90 were recognised out of fold
//! let rates = Misclassification::from_counts(&[vec![80, 20], vec![10, 90]], None)?;
//! let quantifier = Quantifier::new(Method::Acc, &rates, &[0.5, 0.5])?;
//! // 45 % are predicted as the first label: 0.45 = 0.8 x + 0.1 (1 - x)
//! let posteriors = array![[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.4, 0.6]];
//! let shares = quantifier.estimate(posteriors.view()).expect("there are rows");
//! assert!((shares[0] - 3.0 / 7.0).abs() < 1e-9);
//! # Ok::<(), stance::Error>(())
//! ```

mod bootstrap;
mod correction;
mod em;
mod misclassification;
mod simplex;

use std::str::FromStr;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

pub use bootstrap::{Redraws, Resamples, interval};
use correction::Correction;
pub use misclassification::Misclassification;
pub use simplex::least_squares;

use crate::classifier::ClassWeight;
use crate::error::{Error, Result};
use crate::model::Model;

/// How a share is estimated from posteriors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Classify and count: the share of predicted labels.
    Cc,
    /// Probabilistic classify and count: the mean posterior (Bella et al.
    /// 2010, "Quantification via probability estimators").
    Pcc,
    /// Adjusted classify and count: the shares whose expected counts under
    /// the confusion matrix are closest to the counts found, by least squares
    /// on the simplex (Forman 2008; Bunse 2022, "On multi-class extensions of
    /// adjusted classify and count").
    Acc,
    /// The same with mean posteriors in place of counts (Bella et al. 2010).
    Pacc,
    /// Maximum likelihood by expectation-maximisation on calibrated
    /// posteriors and training priors (Saerens, Latinne and Decaestecker
    /// 2002, "Adjusting the outputs of a classifier to new a priori
    /// probabilities").
    Em,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 5] = [Method::Cc, Method::Pcc, Method::Acc, Method::Pacc, Method::Em];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Method::Cc => "cc",
            Method::Pcc => "pcc",
            Method::Acc => "acc",
            Method::Pacc => "pacc",
            Method::Em => "em",
        }
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|method| method.name() == text);
        found.ok_or_else(|| format!("write {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// Estimates shares by one method.
#[derive(Debug, Clone)]
pub struct Quantifier {
    method: Method,
    /// What the classifier does to each label; `None` where the method does
    /// not ask.
    misclassification: Option<Misclassification>,
    priors: Vec<f64>,
    correction: Correction,
}

impl Quantifier {
    /// A quantifier for a classifier with these error rates, whose posteriors
    /// hold for labels with the shares `priors`.
    ///
    /// # Errors
    /// [`Method::Pacc`] without mean probabilities; priors that are not above
    /// 0, or as many as there are labels; error rates that do not tell two
    /// labels apart.
    pub fn new(method: Method, misclassification: &Misclassification, priors: &[f64]) -> Result<Self> {
        if priors.len() != misclassification.classes() || !priors.iter().all(|p| p.is_finite() && *p > 0.0) {
            return Err(Error::parameter("priors", "must be above 0, one for each label"));
        }
        let correction = Correction::expected(method, misclassification, priors)?;
        let misclassification = Some(misclassification.clone());
        Ok(Self { method, misclassification, priors: priors.to_vec(), correction })
    }

    /// A quantifier for a model, from what its cross-validation measured.
    ///
    /// # Errors
    /// The model lacks what the method asks for; the message says what to do.
    pub fn of_model(method: Method, model: &Model) -> Result<Self> {
        let provenance = model.provenance();
        let priors: Vec<f64> = match model.params().classifier.class_weight {
            ClassWeight::None => {
                provenance.rows_per_label.iter().map(|&n| n as f64 / provenance.rows as f64).collect()
            }
            // balanced training makes posteriors that hold for equal shares
            ClassWeight::Balanced => vec![1.0 / model.labels().len() as f64; model.labels().len()],
        };
        match &provenance.cross_validation {
            Some(cv) => {
                let soft = cv.soft_confusion.as_deref().zip(cv.soft_squares.as_deref());
                Self::new(method, &Misclassification::from_counts(&cv.confusion, soft)?, &priors)
            }
            None if matches!(method, Method::Acc | Method::Pacc) => Err(Error::parameter(
                "--method",
                format!(
                    "{} needs error rates, and the model was trained without cross-validation; train it with \
                     --folds 5, or say --method em",
                    method.name()
                ),
            )),
            None => {
                let correction = Correction::plain(method, &priors);
                Ok(Self { method, misclassification: None, priors, correction })
            }
        }
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Number of labels.
    pub fn classes(&self) -> usize {
        self.priors.len()
    }

    /// The share of each label among rows of posteriors, shape (rows,
    /// classes); shares are at least 0 and sum to 1. `None` without rows.
    ///
    /// # Panics
    /// If there are not as many columns as labels.
    pub fn estimate(&self, posteriors: ArrayView2<'_, f64>) -> Option<Vec<f64>> {
        assert_eq!(posteriors.ncols(), self.classes(), "one column per label");
        (posteriors.nrows() > 0).then(|| {
            let sample = bootstrap::Sample::new(self.method, posteriors, None);
            self.correction.shares(&sample, &sample.once(), None)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn rates() -> Misclassification {
        let soft = [vec![70.0, 20.0, 10.0], vec![15.0, 70.0, 15.0], vec![5.0, 15.0, 80.0]];
        let counts = [vec![80, 15, 5], vec![10, 80, 10], vec![3, 7, 90]];
        Misclassification::from_counts(&counts, Some((&soft, &[60.0, 60.0, 70.0]))).expect("rates")
    }

    #[test]
    fn nothing_gives_nothing_and_one_row_gives_a_point_on_the_simplex() {
        for method in Method::ALL {
            let quantifier = Quantifier::new(method, &rates(), &[0.3, 0.3, 0.4]).expect("quantifier");
            assert_eq!(quantifier.estimate(Array2::zeros((0, 3)).view()), None);
            for row in [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0]] {
                let shares = quantifier.estimate(Array2::from(vec![row]).view()).expect("a row");
                assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{method:?} {shares:?}");
                assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{method:?} {shares:?}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let counts = [vec![8, 2], vec![1, 9]];
        let hard = Misclassification::from_counts(&counts, None).expect("rates");
        assert!(Quantifier::new(Method::Acc, &hard, &[0.5, 0.5]).is_ok());
        let error = Quantifier::new(Method::Pacc, &hard, &[0.5, 0.5]).expect_err("no soft counts");
        assert!(error.to_string().contains("train the model again"), "{error}");
        assert!(Quantifier::new(Method::Em, &hard, &[1.0, 0.0]).is_err());
        assert!(Quantifier::new(Method::Em, &hard, &[1.0]).is_err());
        let blind = Misclassification::from_counts(&[vec![5, 5], vec![50, 50]], None).expect("rates");
        let error = Quantifier::new(Method::Acc, &blind, &[0.5, 0.5]).expect_err("singular");
        assert!(error.to_string().contains("apart"), "{error}");
    }

    #[test]
    fn methods_are_named_as_on_the_command_line() {
        for method in Method::ALL {
            assert_eq!(method.name().parse(), Ok(method));
        }
        assert!("sld".parse::<Method>().is_err());
    }
}
