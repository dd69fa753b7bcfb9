//! Shares over time as a chart for 80 columns, as CSV and as JSON.

use std::io::Write;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::prevalence::Method;
use crate::trend::{Change, Day, Group, PeriodShares, Report, Share, Slope};

/// Columns of a series in the chart.
const WIDTH: usize = 26;
/// Labels and names longer than this are cut in the chart.
const LABEL_WIDTH: usize = 14;
const NAME_WIDTH: usize = 50;
/// Groups in the chart, those with most statements.
const MOST_GROUPS: usize = 20;
/// Candidates for changes of one group that the chart lists.
const MOST_CHANGES: usize = 6;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A chart: a row for each group and label.
pub fn trend_text(report: &Report) -> String {
    let mut text = heading(report);
    let Some(axis) = Axis::new(report) else { return text };
    let mut order: Vec<&Group> = report.groups.iter().collect();
    order.sort_by_key(|group| std::cmp::Reverse(group.statements));
    order.truncate(MOST_GROUPS);
    let left = LABEL_WIDTH + 2;
    text.push_str(&format!(
        "\n{:left$} {:WIDTH$} {:>15} {:>8} {:>8}\n",
        "", "0 % ▁  to  █ 100 %", "share, 95 %", "per year", "p, Holm"
    ));
    for group in report.groups.iter().filter(|group| order.iter().any(|shown| std::ptr::eq(*shown, *group))) {
        text.push_str(&format!(
            "{}, {}\n",
            cut(&group.name, NAME_WIDTH),
            count_of(group.statements, "statement")
        ));
        for (label, name) in report.labels.iter().enumerate() {
            let line = format!(
                "  {:LABEL_WIDTH$} {} {:>15} {}",
                cut(name, LABEL_WIDTH),
                axis.bars(group, label),
                percent(&group.shares[label]),
                slope_columns(group.slopes[label].as_ref()),
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        for change in group.changes.iter().take(MOST_CHANGES) {
            text.push_str(&change_line(report, change));
        }
        if group.changes.len() > MOST_CHANGES {
            text.push_str(&format!("    and {} more changes\n", group.changes.len() - MOST_CHANGES));
        }
    }
    text.push_str(&axis.legend(report, left));
    if report.groups.len() > MOST_GROUPS {
        let more = report.groups.len() - MOST_GROUPS;
        text.push_str(&format!("{more} smaller groups: see --format csv, json or html\n"));
    }
    for warning in &report.warnings {
        text.push_str(&wrapped(&format!("warning: {warning}")));
    }
    text
}

fn heading(report: &Report) -> String {
    let how = match report.method {
        Method::Cc | Method::Pcc => "not corrected",
        _ => "corrected",
    };
    let mut line = format!(
        "shares {how} by {}, by {}; {}",
        report.method.name(),
        report.period.name(),
        count_of(report.statements, "statement")
    );
    if let Some((first, last)) = report.span() {
        line.push_str(&format!(", {first} to {last}"));
    }
    if let Some(folded) = report.folded {
        let copies = if folded == 1 { "copy" } else { "copies" };
        line.push_str(&format!("; {folded} {copies} folded"));
    }
    wrapped(&line)
}

/// Which column of the chart a period is in.
struct Axis {
    first: Day,
    last: Day,
    columns: usize,
    /// Starts of all periods, empty where they are more than columns.
    starts: Vec<Day>,
}

impl Axis {
    fn new(report: &Report) -> Option<Self> {
        let (first, last) = report.span()?;
        let mut starts = vec![first];
        while let Some(&start) = starts.last()
            && starts.len() <= WIDTH
        {
            let next = report.period.next(start);
            if next > last || next == start {
                break;
            }
            starts.push(next);
        }
        let whole = starts.len() <= WIDTH;
        let columns = if whole { starts.len() } else { WIDTH };
        Some(Self { first, last, columns, starts: if whole { starts } else { Vec::new() } })
    }

    fn column(&self, day: Day) -> usize {
        if self.starts.is_empty() {
            let all = f64::from(self.last.number() - self.first.number() + 1);
            let at = f64::from(day.number() - self.first.number()) / all * self.columns as f64;
            return (at as usize).min(self.columns - 1);
        }
        self.starts.partition_point(|&start| start <= day).saturating_sub(1)
    }

    /// One bar for each column, a dot where there are no statements, a space
    /// beyond the last.
    fn bars(&self, group: &Group, label: usize) -> String {
        let mut sums = vec![(0.0, 0.0); self.columns];
        for period in &group.periods {
            let (sum, weight) = &mut sums[self.column(period.start)];
            *sum += period.shares[label].share * period.statements as f64;
            *weight += period.statements as f64;
        }
        let bar = |&(sum, weight): &(f64, f64)| match weight {
            0.0 => '·',
            _ => BARS[((sum / weight * 8.0) as usize).min(7)],
        };
        let bars: String = sums.iter().map(bar).collect();
        format!("{bars:WIDTH$}")
    }

    fn legend(&self, report: &Report, left: usize) -> String {
        let inside: Vec<_> =
            report.events.iter().filter(|event| (self.first..=self.last).contains(&event.date)).collect();
        let mut text = String::new();
        if !inside.is_empty() {
            let mut marks = vec![' '; self.columns];
            inside.iter().for_each(|event| marks[self.column(event.date)] = '^');
            let marks: String = marks.into_iter().collect();
            text.push_str(format!("{:left$} {marks}", "").trim_end());
            text.push('\n');
        }
        for event in &report.events {
            text.push_str(&wrapped(&format!("  ^ {}  {}", event.date, event.name)));
        }
        if self.starts.is_empty() {
            text.push_str(&format!("{:left$} each bar spans several periods\n", ""));
        }
        text
    }
}

fn slope_columns(slope: Option<&Slope>) -> String {
    let Some(slope) = slope else { return format!("{:>8} {:>8}", "-", "-") };
    let p = if slope.p_holm < 0.0001 { "<0.0001".into() } else { format!("{:.4}", slope.p_holm) };
    format!("{:>8} {p:>8}", points_a_year(slope.per_year))
}

/// Percentage points with a sign, 0 without one.
pub(super) fn points_a_year(per_year: f64) -> String {
    match format!("{:+.1}", 100.0 * per_year) {
        zero if zero == "+0.0" || zero == "-0.0" => "0.0".into(),
        points => points,
    }
}

fn change_line(report: &Report, change: &Change) -> String {
    format!(
        "    {} from {:.0} % to {:.0} % at {}, p {:.3}\n",
        cut(&report.labels[change.label], 24),
        100.0 * change.before,
        100.0 * change.after,
        change.from,
        change.p
    )
}

fn percent(share: &Share) -> String {
    let Share { share, interval, .. } = share;
    format!("{:.0} % ({:.0} to {:.0})", 100.0 * share, 100.0 * interval.low, 100.0 * interval.high)
}

/// `1 group`, `2 groups`.
pub(super) fn count_of(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn cut(text: &str, width: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// Lines of at most 80 columns, where the words allow it.
fn wrapped(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    for word in text.split_inclusive(' ') {
        if !line.trim().is_empty() && (line.chars().count() + word.trim_end().chars().count()) > 80 {
            lines.push_str(line.trim_end());
            lines.push_str("\n  ");
            line = String::new();
        }
        line.push_str(&word.replace(['\n', '\r', '\t', '\x1b'], " "));
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

/// One row for each period, group and label.
///
/// # Errors
/// What the writer says.
pub fn trend_csv(report: &Report, out: &mut dyn Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let failed = |e: csv::Error| Error::Output(e.into());
    writer
        .write_record([
            "period_start",
            "period_end",
            "group",
            "label",
            "n",
            "few",
            "share",
            "share_low",
            "share_high",
            "count",
            "count_low",
            "count_high",
            "counted_share",
        ])
        .map_err(failed)?;
    for group in &report.groups {
        for period in &group.periods {
            for (label, share) in report.labels.iter().zip(&period.shares) {
                let n = period.statements as f64;
                let shares = [share.share, share.interval.low, share.interval.high];
                let mut record = vec![
                    period.start.to_string(),
                    period.end.to_string(),
                    group.name.clone(),
                    label.clone(),
                    period.statements.to_string(),
                    u8::from(period.is_few()).to_string(),
                ];
                record.extend(shares.map(|share| format!("{share:.6}")));
                record.extend(shares.map(|share| format!("{:.3}", share * n)));
                record.push(format!("{:.6}", share.counted));
                writer.write_record(record).map_err(failed)?;
            }
        }
    }
    Ok(writer.flush()?)
}

/// Everything as one JSON object with a stable order of keys.
pub fn trend_json(report: &Report) -> Value {
    json!({
        "method": report.method,
        "period": report.period,
        "resamples": report.resamples,
        "seed": report.seed,
        "statements": report.statements,
        "folded": report.folded,
        "bad_dates": report.bad_dates,
        "labels": report.labels,
        "warnings": report.warnings,
        "events": report.events,
        "groups": report.groups.iter().map(|group| group_json(report, group)).collect::<Vec<_>>(),
    })
}

fn group_json(report: &Report, group: &Group) -> Value {
    let named = report.labels.iter().zip(&group.shares).zip(&group.slopes);
    let labels = named.map(|((label, share), slope)| {
        let mut value = share_json(label, share, group.statements);
        value["slope"] = json!(slope);
        value
    });
    let change = |change: &Change| {
        json!({
            "label": report.labels[change.label],
            "from": change.from,
            "before": change.before,
            "after": change.after,
            "p": change.p,
        })
    };
    json!({
        "group": group.name,
        "n": group.statements,
        "labels": labels.collect::<Vec<_>>(),
        "changes": group.changes.iter().map(change).collect::<Vec<_>>(),
        "periods": group.periods.iter().map(|period| period_json(report, period)).collect::<Vec<_>>(),
    })
}

fn period_json(report: &Report, period: &PeriodShares) -> Value {
    let shares = report.labels.iter().zip(&period.shares);
    json!({
        "start": period.start,
        "end": period.end,
        "n": period.statements,
        "few": period.is_few(),
        "labels": shares.map(|(label, share)| share_json(label, share, period.statements)).collect::<Vec<_>>(),
    })
}

fn share_json(label: &str, share: &Share, n: usize) -> Value {
    let count = |share: f64| share * n as f64;
    json!({
        "label": label,
        "share": share.share,
        "low": share.interval.low,
        "high": share.interval.high,
        "count": count(share.share),
        "count_low": count(share.interval.low),
        "count_high": count(share.interval.high),
        "counted_share": share.counted,
    })
}
