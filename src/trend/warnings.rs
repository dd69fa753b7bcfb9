//! What a reader of shares and trends should be told.

use super::input::Statements;
use super::{Day, FEW, LEAST_PERIODS, Report};
use crate::prevalence::Method;

/// Dates further than this from all others are suspicious.
const ALONE_DAYS: i32 = 366;
/// Names that a warning lists.
const MOST_NAMES: usize = 5;

/// Nothing here depends on the clock: a date is suspicious because of the
/// other dates, never because of the day the program runs.
pub(super) fn of(report: &Report, statements: &Statements, complete: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if matches!(report.method, Method::Cc | Method::Pcc) {
        warnings.push(format!(
            "{} does not correct for the classifier's errors, and its intervals leave them out",
            report.method.name()
        ));
    }
    if statements.bad_dates.len() == 1 {
        warnings.push("1 row without a date that can be read is left out".into());
    } else if !statements.bad_dates.is_empty() {
        warnings.push(format!(
            "{} rows without a date that can be read are left out",
            statements.bad_dates.len()
        ));
    }
    warnings.extend(far_dates(statements));
    let mut starts: Vec<Day> =
        report.groups.iter().flat_map(|group| &group.periods).map(|period| period.start).collect();
    let cells = starts.len();
    starts.sort_unstable();
    starts.dedup();
    if starts.len() == 1 {
        warnings.push(format!(
            "all statements are of one {}: there is no trend to see; a shorter --period may show one",
            report.period.name()
        ));
    } else {
        let short = |group: &&super::Group| group.periods.len() < LEAST_PERIODS;
        let names: Vec<&str> = report.groups.iter().filter(short).map(|group| group.name.as_str()).collect();
        if !names.is_empty() {
            warnings.push(format!(
                "fewer than {LEAST_PERIODS} periods, so no trend is tested: {}",
                listed(&names)
            ));
        }
    }
    let small = report.groups.iter().filter(|group| group.statements < FEW);
    let small: Vec<&str> = small.map(|group| group.name.as_str()).collect();
    if !small.is_empty() {
        warnings.push(format!("fewer than {FEW} statements in all: {}", listed(&small)));
    }
    let few = report.groups.iter().flat_map(|group| &group.periods).filter(|p| p.is_few()).count();
    if few > 0 {
        warnings.push(format!(
            "{few} of {cells} shares by period come from fewer than {FEW} statements: read their intervals, not \
             the shares, or say a longer --period"
        ));
    }
    if statements.unknown > 0 {
        warnings.push(format!(
            "statements without a term the model knows: {} (their probabilities say nothing about them)",
            statements.unknown
        ));
    }
    if !complete {
        warnings.push("there are too many near duplicates to find them all; some are counted twice".into());
    }
    warnings
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("\"{name}\"")).collect();
    let more = names.len() - shown.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// The newest and oldest dates, where more than a year lies between them and
/// the others: a misread year, or a date in the future.
fn far_dates(statements: &Statements) -> Vec<String> {
    let mut days = statements.days.clone();
    days.sort_unstable();
    let far = |a: &Day, b: &Day| b.number() - a.number() > ALONE_DAYS;
    let gaps: Vec<usize> = (1..days.len()).filter(|&at| far(&days[at - 1], &days[at])).collect();
    let mut warnings = Vec::new();
    // what lies beyond a gap is an outlier only if little does
    let little = days.len() / 20;
    if let Some(&at) = gaps.last().filter(|&&at| days.len() - at <= little.max(1)) {
        warnings.push(format!(
            "{} dated {} or later, more than a year after all others: a wrong year, or a date in the future?",
            rows(days.len() - at),
            days[at]
        ));
    }
    if let Some(&at) = gaps.first().filter(|&&at| at <= little.max(1) && days.len() > 2) {
        warnings.push(format!(
            "{} dated {} or earlier, more than a year before all others: a wrong year?",
            rows(at),
            days[at - 1]
        ));
    }
    warnings
}

fn rows(n: usize) -> String {
    if n == 1 { "1 row is".into() } else { format!("{n} rows are") }
}
