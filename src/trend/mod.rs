//! Shares of labels over time and by group, corrected for the classifier's
//! errors, with a test of their trend.

mod change;
mod duplicates;
mod input;
mod series;
mod significance;
mod warnings;

pub use crate::dates::{DateFormat, Day, Period};
pub use change::{LEAST_SEGMENT, LEVEL, PERMUTATIONS};
pub use duplicates::{NEAR, WITHIN_DAYS};
pub use input::{BadDate, InputParams, Statements};
use serde::Serialize;
pub use significance::{LEAST_PERIODS, Slope};

use crate::error::{Error, Location, Result};
use crate::evaluation::Interval;
use crate::model::Model;
use crate::prevalence::{Method, Quantifier};

/// Fewer statements than this are few: intervals of a share are then some
/// 0.35 wide (docs/prevalence.md).
pub const FEW: usize = 30;

/// How trends are estimated.
#[derive(Debug, Clone)]
pub struct TrendParams {
    /// The unit of time.
    pub period: Period,
    /// How shares are estimated.
    pub method: Method,
    /// Count syndicated copies once.
    pub deduplicate: bool,
    /// Bootstrap resamples, at least 100.
    pub resamples: usize,
    /// Seed of the bootstrap and of the permutations.
    pub seed: u64,
    /// What happened when, for charts.
    pub events: Vec<Event>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub date: Day,
    /// What.
    pub name: String,
}

/// A label's share among some statements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// The estimate.
    pub share: f64,
    /// Its 95 % bootstrap interval.
    pub interval: Interval,
    /// The share of statements that are predicted as the label: what counting
    /// would give.
    pub counted: f64,
}

/// Shares in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodShares {
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
    /// Statements.
    pub statements: usize,
    /// One for each label.
    pub shares: Vec<Share>,
}

impl PeriodShares {
    /// Whether there are fewer than [`FEW`] statements.
    pub fn is_few(&self) -> bool {
        self.statements < FEW
    }
}

/// A candidate for a change of a share.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The label, by number.
    pub label: usize,
    /// First day of the first period after it.
    pub from: Day,
    /// Mean share before it, back to the change before, weighted by
    /// statements.
    pub before: f64,
    /// Mean share after it.
    pub after: f64,
    /// Permutation p-value, not corrected for many groups and labels.
    pub p: f64,
}

/// One group's shares and their trends.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Statements.
    pub statements: usize,
    /// Shares over the whole time.
    pub shares: Vec<Share>,
    /// Periods that have statements, in order.
    pub periods: Vec<PeriodShares>,
    /// Trend of each label; `None` with fewer than [`LEAST_PERIODS`] periods.
    pub slopes: Vec<Option<Slope>>,
    /// Candidates for changes, by label and time.
    pub changes: Vec<Change>,
}

/// What [`Report::new`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Label names.
    pub labels: Vec<String>,
    /// The unit of time.
    pub period: Period,
    /// How shares were estimated.
    pub method: Method,
    /// Bootstrap resamples.
    pub resamples: usize,
    /// The seed.
    pub seed: u64,
    /// Statements that were counted.
    pub statements: usize,
    /// Copies that were folded into others; `None` if not asked for.
    pub folded: Option<usize>,
    /// Rows left out because their dates cannot be read.
    pub bad_dates: usize,
    /// Groups by name.
    pub groups: Vec<Group>,
    /// Events by date.
    pub events: Vec<Event>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

impl Report {
    /// Estimates shares and trends of statements that a model has scored.
    ///
    /// # Errors
    /// No statements; what the method asks for and the model lacks; too few
    /// resamples.
    pub fn new(params: &TrendParams, model: &Model, mut statements: Statements) -> Result<Self> {
        if params.resamples < 100 {
            return Err(Error::parameter("--resamples", "must be at least 100"));
        }
        let quantifier = Quantifier::of_model(params.method, model)?;
        let redraws = quantifier.redraws(params.resamples, params.seed)?;
        if statements.is_empty() {
            return Err(Error::data(Location::of("the input"), "has no statements"));
        }
        let (mut folded, mut complete) = (None, true);
        let mut keep = vec![true; statements.len()];
        if params.deduplicate {
            let copies = duplicates::fold(&statements);
            keep = copies.first;
            complete = copies.complete;
            folded = Some(keep.iter().filter(|&&kept| !kept).count());
        }
        statements.texts = Vec::new();
        let mut groups = series::groups(params, &quantifier, &redraws, &statements, &keep)?;
        correct_slopes(&mut groups);
        let mut events = params.events.clone();
        events.sort_by(|a, b| (a.date, &a.name).cmp(&(b.date, &b.name)));
        let mut report = Self {
            labels: model.labels().names().to_vec(),
            period: params.period,
            method: params.method,
            resamples: params.resamples,
            seed: params.seed,
            statements: keep.iter().filter(|&&kept| kept).count(),
            folded,
            bad_dates: statements.bad_dates.len(),
            groups,
            events,
            warnings: Vec::new(),
        };
        report.warnings = warnings::of(&report, &statements, complete);
        Ok(report)
    }

    /// First day of the first period and last day of the last.
    pub fn span(&self) -> Option<(Day, Day)> {
        let periods = || self.groups.iter().flat_map(|group| &group.periods);
        let first = periods().map(|period| period.start).min()?;
        Some((first, periods().map(|period| period.end).max()?))
    }
}

/// Holm's correction over all groups and labels.
fn correct_slopes(groups: &mut [Group]) {
    let slopes = || groups.iter().flat_map(|group| group.slopes.iter().flatten());
    let corrected = significance::holm(&slopes().map(|slope| slope.p).collect::<Vec<_>>());
    let slopes = groups.iter_mut().flat_map(|group| group.slopes.iter_mut().flatten());
    slopes.zip(corrected).for_each(|(slope, p)| slope.p_holm = p);
}
