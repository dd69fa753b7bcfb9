//! Labels that are empty, unknown, rare, or spelt in two ways.

use std::collections::BTreeMap;

use super::finding::{Finding, Kind};
use super::rows::Statement;

/// Fewer rows than this are likely a typo.
const RARE: usize = 5;

/// Findings about labels; `known` are those there should be, if not empty.
///
/// A label is reported once: as unknown, else as another spelling, else as
/// rare.
pub(super) fn findings(statements: &[Statement<'_>], known: &[String]) -> Vec<Finding> {
    let mut rows_of: BTreeMap<&str, Vec<&Statement<'_>>> = BTreeMap::new();
    for statement in statements {
        if let Some(label) = statement.label {
            rows_of.entry(label).or_default().push(statement);
        }
    }
    let empty = rows_of.remove("").unwrap_or_default();
    let mut found: Vec<Finding> = empty
        .into_iter()
        .map(|statement| Finding { text: statement.text.to_owned(), ..about(Kind::EmptyLabel, &[statement]) })
        .collect();
    if !known.is_empty() {
        rows_of.retain(|label, rows| {
            let is_known = known.iter().any(|name| name == label);
            if !is_known {
                found.push(Finding { detail: rows_text(label, rows), ..about(Kind::UnknownLabel, rows) });
            }
            is_known
        });
    }
    let mut spellings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for label in rows_of.keys() {
        spellings.entry(folded(label)).or_default().push(label);
    }
    for mut labels in spellings.into_values() {
        // the most frequent is likely the right one
        labels.sort_by_key(|label| std::cmp::Reverse(rows_of[label].len()));
        if let [usual, others @ ..] = labels.as_slice()
            && !others.is_empty()
        {
            for other in others {
                let rows = &rows_of[other];
                let detail =
                    format!("{}, next to {}", rows_text(other, rows), rows_text(usual, &rows_of[usual]));
                found.push(Finding { detail, ..about(Kind::LabelSpelling, rows) });
            }
        } else {
            for label in labels.iter().filter(|label| rows_of[**label].len() < RARE) {
                let rows = &rows_of[label];
                found.push(Finding { detail: rows_text(label, rows), ..about(Kind::RareLabel, rows) });
            }
        }
    }
    found
}

/// The label without case, spaces, and hyphens or underscores inside it; those
/// at its ends may be signs, as in `-1`.
pub(super) fn folded(label: &str) -> String {
    let is_joiner = |c: char| c == '-' || c == '_';
    let end = label.trim_end_matches(is_joiner).len();
    let start = label.len() - label.trim_start_matches(is_joiner).len();
    let is_left_out = |at: usize, c: char| c.is_whitespace() || (is_joiner(c) && (start..end).contains(&at));
    let letters = label.char_indices().filter(|&(at, c)| !is_left_out(at, c));
    letters.flat_map(|(_, c)| c.to_lowercase()).collect()
}

fn about(kind: Kind, rows: &[&Statement<'_>]) -> Finding {
    let places = rows.iter().map(|row| row.location.clone()).collect();
    Finding { kind, places, detail: String::new(), text: String::new() }
}

fn rows_text(label: &str, rows: &[&Statement<'_>]) -> String {
    format!("\"{label}\" ({} row{})", rows.len(), if rows.len() == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Location;

    fn check(labels: &[&str], known: &[&str]) -> Vec<(Kind, String)> {
        let location = Location::at("x", 2);
        let statements: Vec<Statement<'_>> = labels
            .iter()
            .map(|label| Statement {
                text: "t",
                label: Some(label),
                group: None,
                file: 0,
                location: &location,
            })
            .collect();
        let known: Vec<String> = known.iter().map(|&label| label.to_owned()).collect();
        findings(&statements, &known).into_iter().map(|finding| (finding.kind, finding.detail)).collect()
    }

    #[test]
    fn a_label_is_reported_once() {
        let labels = ["a b", "a b", "a b", "a b", "a b", "A-b", "c", "d", "", "e", "e", "e", "e", "e"];
        let found = check(&labels, &["a b", "A-b", "c", "e"]);
        let expected = [
            (Kind::EmptyLabel, ""),
            (Kind::UnknownLabel, "\"d\" (1 row)"),
            (Kind::LabelSpelling, "\"A-b\" (1 row), next to \"a b\" (5 rows)"),
            (Kind::RareLabel, "\"c\" (1 row)"),
        ];
        assert_eq!(found, expected.map(|(kind, detail)| (kind, detail.to_owned())));
    }

    #[test]
    fn folding_keeps_signs_apart() {
        assert_eq!(folded("Pro- Withdrawal"), folded("pro_withdrawal"));
        assert_ne!(folded("-1"), folded("1"));
        assert_ne!(folded("a+"), folded("a-"));
        assert_eq!(folded("-"), "-");
    }
}
