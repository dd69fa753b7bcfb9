//! Shares over time as a page: `templates/trend.html`.

use std::io::Write;

use askama::Template;

use super::trend::{count_of, points_a_year};
use crate::error::Result;
use crate::evaluation::Interval;
use crate::page::{self, Axis, Chart, Point, Series, label_class, percent};
use crate::prevalence::Method;
use crate::trend::{Day, Event, FEW, Group, Report};

/// Periods of a group beyond which points are left out of its line, and
/// numbers out of its table.
const MOST_POINTS: usize = 60;
const MOST_ROWS: usize = 120;
/// Trends that the head of the page lists.
const MOST_FINDINGS: usize = 12;
/// Trends with a higher corrected p-value are called chance.
const LEVEL: f64 = 0.05;

#[derive(Template)]
#[template(path = "trend.html")]
struct TrendPage<'a> {
    statements: String,
    lead: String,
    findings: Vec<String>,
    basis: String,
    warnings: &'a [String],
    period: &'static str,
    method: String,
    labels: Vec<LabelView<'a>>,
    events: &'a [Event],
    groups: Vec<GroupView<'a>>,
}

struct LabelView<'a> {
    name: &'a str,
    style: String,
}

struct GroupView<'a> {
    name: &'a str,
    statements: String,
    is_small: bool,
    chart: Chart,
    labels: Vec<LabelRow<'a>>,
    changes: Vec<String>,
    periods: Vec<PeriodRow>,
}

struct LabelRow<'a> {
    name: &'a str,
    style: String,
    share: String,
    interval: String,
    per_year: String,
    p: String,
}

struct PeriodRow {
    start: Day,
    n: usize,
    /// Share and interval of each label.
    shares: Vec<(String, String)>,
}

/// Shares over time as one self-contained page: a panel for each group, with
/// intervals and events; no network, no scripts.
///
/// # Errors
/// What the writer says.
pub fn trend_html(report: &Report, writer: &mut dyn Write) -> Result<()> {
    let (lead, findings) = findings(report);
    let page = TrendPage {
        statements: count_of(report.statements, "statement"),
        lead,
        findings,
        basis: basis(report),
        warnings: &report.warnings,
        period: report.period.name(),
        method: match report.method {
            Method::Cc | Method::Pcc => format!("shares by {}, not corrected", report.method.name()),
            method => format!("shares corrected for the classifier’s errors by {}", method.name()),
        },
        labels: (report.labels.iter().enumerate())
            .map(|(class, name)| LabelView { name, style: label_class(&class) })
            .collect(),
        events: &report.events,
        groups: report.groups.iter().map(|group| group_view(report, group)).collect(),
    };
    page::write(&page, writer)
}

fn findings(report: &Report) -> (String, Vec<String>) {
    let mut found = Vec::new();
    for group in &report.groups {
        for (label, slope) in report.labels.iter().zip(&group.slopes) {
            let Some(slope) = slope.as_ref().filter(|slope| slope.p_holm < LEVEL) else { continue };
            let way = if slope.per_year > 0.0 { "rises" } else { "falls" };
            let of = if report.groups.len() > 1 { format!("{}: ", group.name) } else { String::new() };
            let text = format!("{of}{label} {way} by {}", points(slope.per_year, slope.interval));
            found.push((slope.p_holm, text));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tested = report.groups.iter().flat_map(|group| &group.slopes).flatten().count();
    let lead = match (found.len(), tested) {
        (_, 0) => "There are too few periods to test a trend.".into(),
        (0, 1..) => format!("None of {tested} trends is beyond chance."),
        (n, _) => format!("{n} of {tested} trends {} beyond chance.", if n == 1 { "is" } else { "are" }),
    };
    let more = found.len().saturating_sub(MOST_FINDINGS);
    let mut findings: Vec<String> = found.into_iter().take(MOST_FINDINGS).map(|(_, text)| text).collect();
    if more > 0 {
        findings.push(format!("and {more} more"));
    }
    (lead, findings)
}

fn points(per_year: f64, interval: Interval) -> String {
    let [value, a, b] = [per_year, interval.low, interval.high].map(|share| (100.0 * share).abs());
    format!("{value:.1} percentage points a year (95 %: {:.1} to {:.1})", a.min(b), a.max(b))
}

fn basis(report: &Report) -> String {
    let mut text = count_of(report.statements, "statement");
    if let Some((first, last)) = report.span() {
        text.push_str(&format!(" in {}, {first} to {last}", count_of(report.groups.len(), "group")));
    }
    if let Some(folded) = report.folded {
        text.push_str(&format!("; {folded} near-identical ones were folded into others"));
    }
    text.push_str(&format!("; {} resamples, seed {}.", report.resamples, report.seed));
    text
}

fn group_view<'a>(report: &'a Report, group: &'a Group) -> GroupView<'a> {
    let labels = report.labels.iter().enumerate().map(|(class, name)| {
        let (share, slope) = (&group.shares[class], group.slopes[class].as_ref());
        LabelRow {
            name,
            style: label_class(&class),
            share: percent(share.share),
            interval: span(share.interval),
            per_year: slope.map_or("–".into(), |slope| points_a_year(slope.per_year)),
            p: slope.map_or("–".into(), |slope| match slope.p_holm {
                p if p < 0.0001 => "< 0.0001".into(),
                p => format!("{p:.4}"),
            }),
        }
    });
    let changes = group.changes.iter().map(|change| {
        let name = &report.labels[change.label];
        let (before, after) = (percent(change.before), percent(change.after));
        format!("{name} from {before} to {after} at {} (p {:.3})", change.from, change.p)
    });
    let periods = group.periods.iter().map(|period| PeriodRow {
        start: period.start,
        n: period.statements,
        shares: period.shares.iter().map(|share| (percent(share.share), span(share.interval))).collect(),
    });
    GroupView {
        name: &group.name,
        statements: count_of(group.statements, "statement"),
        is_small: group.statements < FEW,
        chart: chart(report, group),
        labels: labels.collect(),
        changes: changes.collect(),
        periods: if group.periods.len() <= MOST_ROWS { periods.collect() } else { Vec::new() },
    }
}

fn span(interval: Interval) -> String {
    format!("{:.0} to {:.0}", 100.0 * interval.low, 100.0 * interval.high)
}

fn chart(report: &Report, group: &Group) -> Chart {
    let number = |day: Day| f64::from(day.number());
    // half a day more, so that a period of one day has a middle inside
    let (low, high) = report.span().map_or((0.0, 1.0), |(first, last)| (number(first), number(last) + 1.0));
    let series = (0..report.labels.len()).map(|label| {
        let at =
            |period: &crate::trend::PeriodShares| (number(period.start) + number(period.end) + 1.0) / 2.0;
        let points = group.periods.iter().map(|period| {
            let share = &period.shares[label];
            let note = format!(
                "{}, {}: {} ({}), {}",
                report.labels[label],
                period.start,
                percent(share.share),
                span(share.interval),
                count_of(period.statements, "statement")
            );
            let radius = (group.periods.len() <= MOST_POINTS).then_some(2.5);
            Point { x: at(period), y: share.share, radius, note }
        });
        let band = group.periods.iter().map(|period| {
            let interval = period.shares[label].interval;
            (at(period), interval.low, interval.high)
        });
        Series { class: Some(label), points: points.collect(), band: band.collect() }
    });
    let shares: Vec<String> = report
        .labels
        .iter()
        .zip(&group.shares)
        .map(|(name, s)| format!("{name} {}", percent(s.share)))
        .collect();
    let inside = report.events.iter().zip(1..).filter(|(event, _)| (low..high).contains(&number(event.date)));
    Chart {
        summary: format!("{}: shares over time; over all of it {}.", group.name, shares.join(", ")),
        x: Axis { title: report.period.name().into(), low, high, ticks: ticks(report) },
        y: Axis::share("share"),
        series: series.collect(),
        diagonal: false,
        marks: inside
            .map(|(event, n)| (number(event.date), n.to_string(), format!("{} {}", event.date, event.name)))
            .collect(),
    }
}

/// At most four starts of periods, evenly over the time.
fn ticks(report: &Report) -> Vec<(f64, String)> {
    let mut starts: Vec<Day> =
        report.groups.iter().flat_map(|group| &group.periods).map(|period| period.start).collect();
    starts.sort_unstable();
    starts.dedup();
    let days = starts.last().zip(starts.first()).map_or(0, |(last, first)| last.number() - first.number());
    let written = |day: &Day| {
        let text = day.to_string();
        // the day says more than the year where all is within some weeks
        if days < 92 { text[text.len() - 5..].to_owned() } else { text[..text.len() - 3].to_owned() }
    };
    let mut chosen: Vec<usize> = (0..4).map(|i| i * starts.len().saturating_sub(1) / 3).collect();
    chosen.dedup();
    chosen
        .iter()
        .filter_map(|&at| starts.get(at))
        .map(|day| (f64::from(day.number()), written(day)))
        .collect()
}
