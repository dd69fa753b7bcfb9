//! Scores, intervals and folds.

mod bootstrap;
mod calibration;
mod confusion;
mod folds;
mod scores;

pub use bootstrap::{Interval, RESAMPLES, intervals};
pub use calibration::{ReliabilityBin, brier_score, expected_calibration_error, log_loss, reliability};
pub use confusion::{ClassScores, Confusion};
pub(crate) use folds::stratified;
pub use scores::{Evaluation, Scores, Slice};
