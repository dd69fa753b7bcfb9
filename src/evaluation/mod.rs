//! Scores, intervals, comparisons, contrast tests, gates, and folds.

mod assessment;
mod bootstrap;
mod calibration;
mod comparison;
mod confusion;
mod contrasts;
mod coverage;
mod evaluate;
mod folds;
mod gates;
mod metric;
mod outcomes;
mod proportions;
mod scores;
mod soft_confusion;

pub use assessment::Assessment;
pub use bootstrap::{Interval, RESAMPLES, intervals};
pub(crate) use bootstrap::{intervals_of, quantile};
pub use calibration::{ReliabilityBin, brier_score, expected_calibration_error, log_loss, reliability};
pub use comparison::{Comparison, Difference};
pub use confusion::{ClassScores, Confusion};
pub use contrasts::{ContrastPair, Contrasts, PassRate};
pub use coverage::{CoveragePoint, coverage_curve};
pub use evaluate::{Evaluation, EvaluationParams, Slice};
pub(crate) use folds::{Split, stratified, time_blocks};
pub use gates::{Bound, Gate, GateOutcome, Verdict};
pub use metric::Metric;
pub use proportions::{mcnemar_exact, wilson_interval};
pub use scores::{ClassIntervals, SMALL_SAMPLE, Scores};
pub use soft_confusion::SoftConfusion;
