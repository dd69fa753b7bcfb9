//! What a check found, as text for 80 columns and as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::grid::Grid;
use super::number;
use crate::check::{Agreement, Finding, Kind, Lengths, Report, Rows, Severity};
use crate::error::Location;

/// Columns of the terminal.
const WIDTH: usize = 80;
/// Findings of a kind, values of a column, and places of a finding, that are
/// shown; the JSON report has all.
const SHOWN: usize = 20;
const SHOWN_PLACES: usize = 8;
/// Labels in the header of a table.
const MOST_COLUMNS: usize = 5;
/// Labels longer than this are cut in tables.
const LABEL_WIDTH: usize = 24;

/// What `stance-check` prints.
pub fn check_text(report: &Report) -> String {
    let mut text = String::new();
    for (rows, lengths) in report.files.iter().zip(&report.lengths) {
        text.push_str(&overview(rows, lengths.as_ref()));
    }
    if let (Some(agreement), Some(names)) = (&report.agreement, &report.files[0].coder_names) {
        text.push_str(&agreement_text(agreement, names));
    }
    for kind in Kind::ALL {
        let findings: Vec<&Finding> = report.of_kind(kind).collect();
        if !findings.is_empty() {
            text.push_str(&kind_text(kind, &findings));
        }
    }
    if report.pairs_in_groups > 0 {
        text.push_str(&format!(
            "{} of almost the same text share a group: fine, no fold splits them\n",
            count(report.pairs_in_groups, "pair")
        ));
    }
    for check in &report.left_out {
        text.push_str(&format!("left out: {check}\n"));
    }
    let (warnings, notes) = (report.count(Severity::Warning), report.count(Severity::Note));
    text.push_str(&format!("{}, {}\n", count(warnings, "warning"), count(notes, "note")));
    text
}

/// The same, whole, as one JSON object with a stable order of keys.
pub fn check_json(report: &Report) -> Value {
    let counts: Map<String, Value> =
        Kind::ALL.iter().map(|&kind| (kind.key().into(), json!(report.of_kind(kind).count()))).collect();
    let files = report.files.iter().zip(&report.lengths);
    let agreement = report.agreement.as_ref().map(|agreement| {
        json!({
            "coders": report.files[0].coder_names,
            "rows": agreement.both(),
            "only": agreement.only,
            "neither": agreement.neither,
            "share": agreement.share(),
            "kappa": agreement.kappa(),
            "alpha": agreement.alpha(),
            "labels": agreement.labels,
            "confusion": agreement.counts,
        })
    });
    json!({
        "warnings": report.count(Severity::Warning),
        "notes": report.count(Severity::Note),
        "counts": counts,
        "files": files.map(|(rows, lengths)| file_json(rows, lengths.as_ref())).collect::<Vec<_>>(),
        "agreement": agreement,
        "pairs_in_groups": report.pairs_in_groups,
        "left_out": report.left_out,
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
    })
}

fn file_json(rows: &Rows, lengths: Option<&Lengths>) -> Value {
    let words = lengths.map(|lengths| {
        json!({
            "shortest": lengths.shortest.0,
            "median": lengths.median,
            "longest": lengths.longest.0,
        })
    });
    let by: Map<String, Value> = rows
        .by
        .iter()
        .zip(&rows.corpus.others)
        .map(|(column, values)| (column.clone(), json!(by_value(rows, values))))
        .collect();
    json!({
        "file": rows.name,
        "rows": rows.corpus.len(),
        "labels": rows.labelled.then(|| tally(&rows.corpus.labels)),
        "words": words,
        "by": by,
    })
}

fn finding_json(finding: &Finding) -> Value {
    let place = |place: &Location| json!({"file": place.source, "line": place.line});
    let severity = match finding.kind.severity() {
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "kind": finding.kind.key(),
        "severity": severity,
        "places": finding.places.iter().map(place).collect::<Vec<_>>(),
        "detail": finding.detail,
        "text": finding.text,
        "advice": finding.kind.advice(),
    })
}

/// Rows, labels and lengths of a file.
fn overview(rows: &Rows, lengths: Option<&Lengths>) -> String {
    let total = rows.corpus.len();
    let mut text = format!("{}: {}\n", rows.name, count(total, "row"));
    if let Some(Lengths { shortest, longest, median }) = lengths {
        text.push_str(&format!(
            "  words: {} (line {}) to {} (line {}), median {median}\n",
            shortest.0,
            line(&shortest.1),
            longest.0,
            line(&longest.1),
        ));
    }
    if rows.corpus.is_grouped() {
        text.push_str(&format!("  {}\n", groups(&rows.corpus.groups)));
    }
    let labels = tally(&rows.corpus.labels);
    if rows.labelled {
        let mut grid = Grid::new(["label", "rows", "share"]);
        for (label, &rows) in labels.iter().take(SHOWN) {
            grid.row([name(label), rows.to_string(), format!("{:.1} %", 100.0 * rows as f64 / total as f64)]);
        }
        text.push_str(&grid.to_text());
        text.push_str(&more(labels.len(), SHOWN));
    }
    for (column, values) in rows.by.iter().zip(&rows.corpus.others) {
        let of_value = by_value(rows, values);
        let mut sorted: Vec<_> = of_value.iter().collect();
        // those with most rows first
        sorted.sort_by_key(|(_, labels)| std::cmp::Reverse(labels.values().sum::<usize>()));
        let columns: Vec<&str> =
            labels.keys().copied().take(if rows.labelled { MOST_COLUMNS } else { 0 }).collect();
        // what the values and their totals leave of the line
        let of_values = sorted.iter().take(SHOWN).map(|(value, _)| name(value).chars().count());
        let rest = WIDTH - 12 - of_values.max().unwrap_or(0).max(column.chars().count().min(LABEL_WIDTH));
        let width = rest / columns.len().max(1) - 2;
        let header = [clip(column, LABEL_WIDTH), "rows".into()].into_iter();
        let mut grid = Grid::new(header.chain(columns.iter().map(|label| clip(&name(label), width))));
        for (value, of_label) in sorted.iter().take(SHOWN) {
            let cells = [name(value), of_label.values().sum::<usize>().to_string()].into_iter();
            let of_label = columns.iter().map(|label| of_label.get(label).unwrap_or(&0).to_string());
            grid.row(cells.chain(of_label));
        }
        text.push('\n');
        text.push_str(&grid.to_text());
        text.push_str(&more(sorted.len(), SHOWN));
        if rows.labelled && labels.len() > MOST_COLUMNS {
            text.push_str(&format!("  (the first {MOST_COLUMNS} of {} labels)\n", labels.len()));
        }
    }
    text.push('\n');
    text
}

fn groups(groups: &[String]) -> String {
    let named = groups.iter().map(String::as_str).filter(|group| !group.starts_with('\0'));
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    named.for_each(|group| *sizes.entry(group).or_default() += 1);
    format!(
        "{} with {}, the largest with {}",
        count(sizes.len(), "group"),
        count(sizes.values().sum(), "row"),
        sizes.values().max().unwrap_or(&0)
    )
}

fn agreement_text(agreement: &Agreement, [first, second]: &[String; 2]) -> String {
    let missing: u64 = agreement.only.iter().sum();
    let mut text = format!(
        "{} labelled by {first} and {second}, {missing} by one of them, {} by neither\n",
        count(agreement.both() as usize, "row"),
        agreement.neither
    );
    let share = agreement.share().map_or("-".into(), |share| format!("{:.1} %", 100.0 * share));
    let mut figures = Grid::default();
    figures.row(["agreement".into(), share]);
    figures.row(["Cohen's kappa".into(), number(agreement.kappa())]);
    figures.row(["Krippendorff's alpha".into(), number(agreement.alpha())]);
    text.push_str(&figures.to_text());
    if agreement.labels.len() > 6 {
        text.push_str("  (too many labels to show their confusion; --json has it)\n\n");
        return text;
    }
    let labels = &agreement.labels;
    let mut grid =
        Grid::new(std::iter::once(String::new()).chain(labels.iter().map(|label| clip(label, 14))));
    for (label, counts) in labels.iter().zip(&agreement.counts) {
        grid.row(std::iter::once(clip(label, 14)).chain(counts.iter().map(u64::to_string)));
    }
    text.push_str(&format!("\nrows: {first}, columns: {second}\n{}\n", grid.to_text()));
    text
}

/// The findings of one kind, under what they are and what to do.
fn kind_text(kind: Kind, findings: &[&Finding]) -> String {
    let severity = match kind.severity() {
        Severity::Warning => "WARNING",
        Severity::Note => "note",
    };
    let mut text = format!("{severity}: {} ({})\n  {}\n", kind.title(), findings.len(), kind.advice());
    for finding in findings.iter().take(SHOWN) {
        text.push_str(&format!("  {}", places(&finding.places)));
        if !finding.detail.is_empty() {
            text.push_str(&format!(": {}", clip(&finding.detail, WIDTH)));
        }
        text.push('\n');
        if !finding.text.is_empty() {
            text.push_str(&format!("    {}\n", clip(&finding.text, WIDTH - 4)));
        }
    }
    text.push_str(&more(findings.len(), SHOWN));
    text.push('\n');
    text
}

/// `a.csv:3, :9, b.csv:4 and 2 more`.
fn places(places: &[Location]) -> String {
    let mut shown = Vec::new();
    for (i, place) in places.iter().take(SHOWN_PLACES).enumerate() {
        shown.push(match place.line {
            Some(line) if i > 0 && places[i - 1].source == place.source => format!(":{line}"),
            _ => place.to_string(),
        });
    }
    let rest = places.len().saturating_sub(SHOWN_PLACES);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    shown.join(", ") + &more
}

fn more(all: usize, shown: usize) -> String {
    if all > shown { format!("  and {} more\n", all - shown) } else { String::new() }
}

fn tally(values: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    values.iter().for_each(|value| *counts.entry(value.as_str()).or_default() += 1);
    counts
}

/// How often each value of a column has each label.
fn by_value<'a>(rows: &'a Rows, values: &'a [String]) -> BTreeMap<&'a str, BTreeMap<&'a str, usize>> {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (value, label) in values.iter().zip(&rows.corpus.labels) {
        *counts.entry(value).or_default().entry(label).or_default() += 1;
    }
    counts
}

fn line(location: &Location) -> String {
    location.line.map_or("-".into(), |line| line.to_string())
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn name(value: &str) -> String {
    if value.is_empty() { "(empty)".into() } else { clip(value, LABEL_WIDTH) }
}

/// At most `width` characters, on one line: control characters, which could
/// also change the terminal, become spaces.
fn clip(text: &str, width: usize) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= width {
        return text.chars().map(shown).collect();
    }
    text.chars().take(width - 1).map(shown).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_name_a_file_once() {
        let at = |file: &str, line| Location::at(file, line);
        assert_eq!(places(&[at("a", 3), at("a", 9), at("b", 4)]), "a:3, :9, b:4");
        let many: Vec<Location> = (1..=10).map(|line| at("a", line)).collect();
        assert!(places(&many).ends_with(", :8 and 2 more"));
    }

    #[test]
    fn clipped_text_has_its_width_and_no_control_characters() {
        assert_eq!(clip("a\x1b[31m\nb", 20), "a [31m b");
        assert_eq!(clip("abcdef", 4), "abc…");
        assert_eq!(clip("abcd", 4), "abcd");
    }
}
