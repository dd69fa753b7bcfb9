//! Probabilities for a stream whose labels have other shares than those the
//! model was trained on.

use super::Model;
use crate::classifier::ClassWeight;
use crate::error::{Error, Result};

impl Model {
    /// The share of each label that the probabilities assume, in class order:
    /// that in the training rows, or equal shares with balanced class weights.
    pub fn priors(&self) -> Vec<f64> {
        let classes = self.labels.len();
        match self.params.classifier.class_weight {
            ClassWeight::Balanced => vec![1.0 / classes as f64; classes],
            ClassWeight::None => {
                let rows = &self.provenance.rows_per_label;
                let total = rows.iter().sum::<usize>() as f64;
                rows.iter().map(|&n| n as f64 / total).collect()
            }
        }
    }

    /// The same model for texts of which the labels have these shares: one
    /// for each label, above 0; they are divided by their sum.
    ///
    /// By Bayes' rule p'(k | x) is proportional to p(k | x) times the new
    /// share of k over the old one, as long as texts of one label look alike
    /// in both (Saerens, Latinne and Decaestecker 2002, equation 2.4). That
    /// adds a constant to each logit, so explanations still add up.
    ///
    /// # Errors
    /// A label without a share or with two, a name that is no label, a share
    /// that is not a number above 0, a model that does not know its own.
    ///
    /// ```
    /// let model = stance::Model::default_english()?;
    /// let rare = [("threat", 0.02), ("pro-withdrawal", 0.08), ("neutral", 0.9)];
    /// let before = model.predict("Their base will burn.").confidence();
    /// let after = model.with_priors(&rare)?.predict("Their base will burn.").confidence();
    /// assert!(after < before);
    /// # Ok::<(), stance::Error>(())
    /// ```
    pub fn with_priors<S: AsRef<str>>(mut self, shares: &[(S, f64)]) -> Result<Self> {
        let refuse = |message: String| Err(Error::parameter("--priors", message));
        let mut new = vec![None; self.labels.len()];
        for (label, share) in shares {
            let label = label.as_ref();
            let Some(class) = self.labels.index_of(label) else {
                return refuse(format!(
                    "names \"{label}\"; the labels are {}",
                    self.labels.names().join(", ")
                ));
            };
            if !(share.is_finite() && *share > 0.0) {
                return refuse(format!("the share of \"{label}\" must be a number above 0"));
            }
            if new[class].replace(*share).is_some() {
                return refuse(format!("names \"{label}\" twice"));
            }
        }
        if let Some(class) = new.iter().position(Option::is_none) {
            return refuse(format!(
                "does not name \"{}\"; every label needs a share",
                self.labels.name(class)
            ));
        }
        let before = self.priors();
        if !before.iter().all(|share| share.is_finite() && *share > 0.0) {
            return refuse("this model does not say how many training rows each label had".into());
        }
        let new: Vec<f64> = new.into_iter().flatten().collect();
        let total: f64 = new.iter().sum();
        for ((intercept, share), before) in self.intercept.iter_mut().zip(new).zip(before) {
            // logits are divided by the temperature after the intercept is added
            *intercept += self.temperature * (share / total / before).ln();
        }
        self.compiled = Default::default();
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        Model::default_english().expect("loads")
    }

    #[test]
    fn probabilities_are_weighed_by_the_shares() {
        let text = "The committee discussed the troops.";
        let before = model().predict(text).probabilities;
        let shares = [("pro-withdrawal", 0.06), ("neutral", 0.9), ("threat", 0.04)];
        let of_class = [0.9, 0.06, 0.04];
        let weighed = before.iter().zip(of_class).zip(model().priors()).map(|((p, new), old)| p * new / old);
        let expected: Vec<f64> = weighed.collect();
        let total: f64 = expected.iter().sum();
        // shares count relative to one another
        let shares = shares.map(|(label, share)| (label, share * 5.0));
        let after = model().with_priors(&shares).expect("shares").predict(text);
        for (found, expected) in after.probabilities.iter().zip(expected) {
            assert!((found - expected / total).abs() < 1e-12);
        }
    }

    #[test]
    fn shares_that_do_not_fit_the_labels_are_refused() {
        let full = |last: (&'static str, f64)| vec![("neutral", 0.5), ("threat", 0.2), last];
        assert!(model().with_priors(&full(("pro-withdrawal", 0.3))).is_ok());
        for share in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(model().with_priors(&full(("pro-withdrawal", share))).is_err());
        }
        for label in ["threat", "withdrawal"] {
            assert!(model().with_priors(&full((label, 0.3))).is_err());
        }
        assert!(model().with_priors(&full(("threat", 0.3))[..2]).is_err());
    }
}
