//! From a sample's sums to shares, for one set of error rates.

use ndarray::Array2;

use super::bootstrap::{Drawn, Sample};
use super::misclassification::{Dirichlet, Misclassification};
use super::simplex::least_squares;
use super::{Method, em};
use crate::error::{Error, Result};
use crate::linear::solve;

/// The step of a method that error rates or priors enter.
#[derive(Debug, Clone)]
pub(super) enum Correction {
    /// Shares are the sample's mean.
    Mean,
    Adjust(Adjustment),
    Em {
        priors: Vec<f64>,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Adjustment {
    /// `rates[t * classes + p]`.
    rates: Vec<f64>,
    /// The inverse of their transpose, by rows.
    inverse: Option<Vec<f64>>,
}

/// Steps of EM below which it has arrived: for the estimate, and for its
/// resamples, which start there.
const TOLERANCE: f64 = 1e-10;
const RESAMPLE_TOLERANCE: f64 = 1e-6;

impl Correction {
    /// With the mean rates.
    pub fn expected(method: Method, rates: &Misclassification, priors: &[f64]) -> Result<Self> {
        let (Method::Acc | Method::Pacc) = method else { return Ok(Self::plain(method, priors)) };
        let adjustment = Adjustment::new(&of_method(method, rates)?.mean());
        if adjustment.inverse.is_none() {
            let message = "the classifier cannot tell two labels apart: no correction can";
            return Err(Error::parameter("--method", message));
        }
        Ok(Self::Adjust(adjustment))
    }

    /// Without error rates; an adjusted method is left unadjusted.
    pub fn plain(method: Method, priors: &[f64]) -> Self {
        match method {
            Method::Em => Self::Em { priors: priors.to_vec() },
            _ => Self::Mean,
        }
    }

    /// With rates as they could as well have been measured. For EM, whose
    /// posteriors hold for the priors only as far as the classifier is
    /// calibrated, the priors move by as much as the mean posterior does.
    pub fn drawn(
        method: Method,
        rates: &Misclassification,
        priors: &[f64],
        rng: &mut rand_chacha::ChaCha8Rng,
    ) -> Result<Self> {
        match method {
            Method::Cc | Method::Pcc => Ok(Self::Mean),
            Method::Acc | Method::Pacc => {
                Ok(Self::Adjust(Adjustment::new(&of_method(method, rates)?.draw(rng))))
            }
            Method::Em => {
                let Some(soft) = rates.soft() else { return Ok(Self::plain(method, priors)) };
                let mean_posterior = |rates: Array2<f64>| ndarray::aview1(priors).dot(&rates);
                let (expected, drawn) = (mean_posterior(soft.mean()), mean_posterior(soft.draw(rng)));
                let moved = priors.iter().zip(drawn.iter().zip(&expected));
                Ok(Self::Em { priors: moved.map(|(prior, (d, e))| prior * d / e).collect() })
            }
        }
    }

    /// Shares of what was drawn from a sample. `start` is where an iteration
    /// begins; `None` is the estimate itself.
    pub fn shares(&self, sample: &Sample<'_>, drawn: &Drawn, start: Option<&[f64]>) -> Vec<f64> {
        match self {
            Self::Mean => sample.mean(drawn, |t, p| f64::from(u8::from(t == p))),
            Self::Adjust(adjustment) => {
                let classes = sample.posteriors().ncols();
                adjustment.solve(&sample.mean(drawn, |t, p| adjustment.rates[t * classes + p]))
            }
            Self::Em { priors } => {
                let rows = sample.rows(drawn);
                match start {
                    None => {
                        em::maximise(sample.posteriors(), &rows, &drawn.labels, priors, priors, TOLERANCE)
                    }
                    Some(estimate) => {
                        // a share of exactly 0 could never rise again
                        let start: Vec<f64> =
                            estimate.iter().zip(priors).map(|(e, prior)| 0.98 * e + 0.02 * prior).collect();
                        em::maximise(
                            sample.posteriors(),
                            &rows,
                            &drawn.labels,
                            priors,
                            &start,
                            RESAMPLE_TOLERANCE,
                        )
                    }
                }
            }
        }
    }
}

fn of_method(method: Method, rates: &Misclassification) -> Result<&Dirichlet> {
    match method {
        Method::Pacc => rates.soft().ok_or_else(|| {
            Error::parameter(
                "--method",
                "pacc needs mean out-of-fold probabilities, which the model file lacks; train the model again \
                 with this version, or say --method acc or em",
            )
        }),
        _ => Ok(rates.hard()),
    }
}

impl Adjustment {
    fn new(rates: &Array2<f64>) -> Self {
        let classes = rates.nrows();
        let transposed: Vec<f64> = rates.t().iter().copied().collect();
        let unit = |k: usize| (0..classes).map(|i| if i == k { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
        let columns: Option<Vec<Vec<f64>>> =
            (0..classes).map(|k| solve(transposed.clone(), unit(k))).collect();
        let inverse = columns.map(|columns| {
            (0..classes * classes).map(|at| columns[at % classes][at / classes]).collect::<Vec<f64>>()
        });
        // entries this large are rounding
        let inverse = inverse.filter(|inverse| inverse.iter().all(|value| value.abs() < 1e9));
        Self { rates: rates.iter().copied().collect(), inverse }
    }

    /// The least squares solution; where the exact one is on the simplex, it
    /// is that.
    fn solve(&self, observed: &[f64]) -> Vec<f64> {
        let classes = observed.len();
        if let Some(inverse) = &self.inverse {
            let row = |t: usize| inverse[t * classes..(t + 1) * classes].iter().zip(observed);
            let exact: Vec<f64> = (0..classes).map(|t| row(t).map(|(a, b)| a * b).sum()).collect();
            if exact.iter().all(|&share| share >= 0.0) {
                return exact;
            }
        }
        least_squares(&self.rates, observed)
    }
}
