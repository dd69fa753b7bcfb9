//! Bounds that figures must keep, and whether they do.

use super::{Assessment, Evaluation, Interval, Metric, SMALL_SAMPLE};
use crate::error::{Error, Result};

/// A figure and its bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// A name that [`Metric::parse`] knows, or `contrasts` or `contrasts:KIND`
    /// for the pass rate of contrast pairs.
    pub figure: String,
    /// The bound.
    pub bound: Bound,
}

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At least this.
    Min(f64),
    /// At most this.
    Max(f64),
    /// The lower end of its 95 % interval is at least this. Undecided with
    /// fewer rows or groups than [`SMALL_SAMPLE`], save for contrasts, whose
    /// interval holds for few.
    MinLower(f64),
    /// It is not worse than the baseline's by this much or more: the lower end
    /// of the 95 % interval of the paired difference is above minus this (the
    /// upper end below this, where lower is better). Undecided likewise.
    NoWorse(f64),
}

/// How a gate went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The figure keeps the bound.
    Passed,
    /// It does not.
    Failed,
    /// The figure, or the interval that the gate goes by, is undefined on
    /// these rows: never a pass.
    Undecided,
}

/// A gate that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct GateOutcome {
    /// The gate.
    pub gate: Gate,
    /// Whether it passed.
    pub verdict: Verdict,
    /// The figure beside the bound, or why nothing can be said.
    pub message: String,
}

impl Gate {
    /// The gate in words, such as `accuracy at least 0.8`.
    pub fn name(&self) -> String {
        match self.bound {
            Bound::Min(bound) => format!("{} at least {bound}", self.figure),
            Bound::Max(bound) => format!("{} at most {bound}", self.figure),
            Bound::MinLower(bound) => format!("{} at least {bound} with its interval", self.figure),
            Bound::NoWorse(margin) => format!("{} no worse than the baseline by {margin}", self.figure),
        }
    }

    /// Checks the gate.
    ///
    /// # Errors
    /// A gate that makes no sense: an unknown figure, one that was not
    /// measured, a lower end where lower is better.
    pub fn check(&self, assessment: &Assessment) -> Result<GateOutcome> {
        let decision = match self.bound {
            Bound::Min(bound) => self
                .value(assessment)?
                .map(|value| (value >= bound, format!("is {value:.4}, must be at least {bound}"))),
            Bound::Max(bound) => self
                .value(assessment)?
                .map(|value| (value <= bound, format!("is {value:.4}, must be at most {bound}"))),
            Bound::MinLower(bound) => self.lower_end(bound, assessment)?,
            Bound::NoWorse(margin) => self.no_worse(margin, assessment)?,
        };
        let (verdict, message) = match decision {
            Ok((true, message)) => (Verdict::Passed, message),
            Ok((false, message)) => (Verdict::Failed, message),
            Err(message) => (Verdict::Undecided, message),
        };
        Ok(GateOutcome { gate: self.clone(), verdict, message: format!("{} {message}", self.figure) })
    }

    /// The figure and the interval to go by: none of a small sample, where it
    /// is too short.
    fn measured(&self, assessment: &Assessment) -> Result<(Option<f64>, Option<Interval>)> {
        let kind = match self.figure.split_once(':') {
            Some(("contrasts", kind)) => Some(kind),
            _ if self.figure == "contrasts" => None,
            _ => {
                let evaluation = evaluation(assessment)?;
                let (value, interval) = evaluation.overall.figure(self.metric(evaluation)?);
                return Ok((value, interval.filter(|_| !evaluation.overall.is_small())));
            }
        };
        let Some(contrasts) = &assessment.contrasts else {
            return Err(Error::parameter("contrasts", "were not run; name their file with --contrasts"));
        };
        let kinds = contrasts.kinds();
        if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
            let message = format!("there is no kind \"{kind}\"; there are {}", kinds.join(", "));
            return Err(Error::parameter("contrasts", message));
        }
        let rate = contrasts.pass_rate(kind, None);
        Ok((rate.rate(), rate.interval()))
    }

    fn metric(&self, evaluation: &Evaluation) -> Result<Metric> {
        let metric = Metric::parse(&self.figure, &evaluation.labels)?;
        if metric == Metric::FAvg && evaluation.f_avg.is_empty() {
            return Err(Error::parameter("f-avg", "is a mean of chosen labels; choose them with --f-avg"));
        }
        if metric.lower_is_better() && matches!(self.bound, Bound::MinLower(_)) {
            let message = format!("{}: lower is better; use --max", self.figure);
            return Err(Error::parameter("--min-lower", message));
        }
        Ok(metric)
    }

    fn value(&self, assessment: &Assessment) -> Result<Decision<f64>> {
        Ok(self.measured(assessment)?.0.ok_or_else(|| "is undefined on these rows".to_owned()))
    }

    fn lower_end(&self, bound: f64, assessment: &Assessment) -> Result<Decision> {
        let decision = match self.measured(assessment)? {
            (None, _) => Err("is undefined on these rows".to_owned()),
            (_, None) => Err(format!(
                "has no interval to go by: fewer than {SMALL_SAMPLE} rows or groups, or resamples that do not \
                 differ; use --min"
            )),
            (Some(value), Some(Interval { low, high })) => Ok((
                low >= bound,
                format!(
                    "is {value:.4} (95 %: {low:.4} to {high:.4}), its lower end must be at least {bound}"
                ),
            )),
        };
        Ok(decision)
    }

    fn no_worse(&self, margin: f64, assessment: &Assessment) -> Result<Decision> {
        let evaluation = evaluation(assessment)?;
        let metric = self.metric(evaluation)?;
        let Some(comparison) = &assessment.comparison else {
            return Err(Error::parameter("--margin", "needs a baseline; name it with --no-worse-than"));
        };
        if evaluation.overall.is_small() {
            return Ok(Err(format!("cannot be compared on fewer than {SMALL_SAMPLE} rows or groups")));
        }
        let difference = comparison.difference(metric);
        let Some((value, Interval { low, high })) = difference.and_then(|d| d.difference.zip(d.interval))
        else {
            return Ok(Err("cannot be compared: its difference has no interval on these rows".into()));
        };
        let (passed, must) = if metric.lower_is_better() {
            (high < margin, format!("the upper end must be below {margin}"))
        } else {
            (low > -margin, format!("the lower end must be above -{margin}"))
        };
        Ok(Ok((passed, format!("changed by {value:+.4} (95 %: {low:+.4} to {high:+.4}), {must}"))))
    }
}

/// Whether it passed and the figures; or why that cannot be said.
type Decision<T = (bool, String)> = std::result::Result<T, String>;

fn evaluation(assessment: &Assessment) -> Result<&Evaluation> {
    assessment.evaluation.as_ref().ok_or_else(|| {
        Error::parameter("gate", "only contrasts were measured; name a file of labelled data as well")
    })
}
