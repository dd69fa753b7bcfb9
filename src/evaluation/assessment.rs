//! All that is measured of a model in one go.

use super::{Comparison, Contrasts, Evaluation, Gate, GateOutcome, Verdict};
use crate::corpus::Corpus;
use crate::error::Result;

/// What is reported together, and gated on.
#[derive(Debug, Clone, Default)]
pub struct Assessment {
    /// SHA-256 of the model file.
    pub model_sha256: String,
    /// The labelled rows; none if only contrasts were run.
    pub corpus: Corpus,
    /// How the model does on them.
    pub evaluation: Option<Evaluation>,
    /// SHA-256 of the baseline's file.
    pub baseline_sha256: Option<String>,
    /// The model against the baseline.
    pub comparison: Option<Comparison>,
    /// How it does on contrast pairs.
    pub contrasts: Option<Contrasts>,
    /// The gates checked.
    pub gates: Vec<GateOutcome>,
}

impl Assessment {
    /// Checks gates on all that was measured, and keeps the outcomes.
    ///
    /// # Errors
    /// A gate that makes no sense, see [`Gate::check`].
    pub fn check(&mut self, gates: &[Gate]) -> Result<()> {
        self.gates = gates.iter().map(|gate| gate.check(self)).collect::<Result<_>>()?;
        Ok(())
    }

    /// The gates with a verdict.
    pub fn gates_that(&self, verdict: Verdict) -> impl Iterator<Item = &GateOutcome> {
        self.gates.iter().filter(move |outcome| outcome.verdict == verdict)
    }
}
