//! Texts that occur twice, or almost, in one file or in both.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use unicode_normalization::UnicodeNormalization;

use super::finding::{Finding, Kind};
use super::join::{Similar, similar_pairs};
use super::labels::folded;
use super::rows::Statement;
use crate::text::tokens;

/// The rows of one normal form, in order; at least one.
type Same = Vec<usize>;

/// More pairs than this tell nobody more, and could fill the memory.
pub(super) const MOST_PAIRS: usize = 500_000;

/// What [`find`] found.
pub(super) struct Duplicates {
    /// Exact ones in the order of the rows, then near ones, the most similar
    /// first.
    pub findings: Vec<Finding>,
    /// Pairs of near duplicates in one group of one file, which is where they
    /// belong.
    pub in_groups: usize,
    /// Whether there are no more pairs than [`MOST_PAIRS`].
    pub complete: bool,
}

/// Looks for texts that occur more than once.
///
/// Texts are compared without case, spaces and punctuation
/// ([`normal_form`]). Two are near duplicates if the Jaccard similarity of
/// their sets of word trigrams is at least `near`; texts of fewer than three
/// words have none.
pub(super) fn find(statements: &[Statement<'_>], near: f64) -> Duplicates {
    let forms: Vec<String> = statements.par_iter().map(|statement| normal_form(statement.text)).collect();
    let (distinct, same) = group(&forms);
    let mut found: Vec<Finding> = same.iter().flat_map(|rows| exact(statements, rows)).collect();

    let Similar { mut pairs, complete } = similar_pairs(trigram_sets(&distinct), near, MOST_PAIRS);
    pairs.sort_by(|p, q| q.similarity.total_cmp(&p.similarity).then((p.a, p.b).cmp(&(q.a, q.b))));
    let mut in_groups = 0;
    for pair in pairs {
        let first_of =
            |form: usize, file| same[form].iter().copied().find(|&row| statements[row].file == file);
        let mut report = |kind, a: Option<usize>, b: Option<usize>| {
            let (Some(a), Some(b)) = (a, b) else { return };
            let (first, second) = (&statements[a.min(b)], &statements[a.max(b)]);
            if kind == Kind::NearDuplicate && first.group.is_some() && first.group == second.group {
                in_groups += 1;
                return;
            }
            let mut detail = format!("{:.2} similar", pair.similarity);
            if let (Some(p), Some(q)) = (first.label, second.label)
                && p != q
            {
                detail.push_str(&format!(", but {p} and {q}"));
            }
            found.push(about(kind, &[first, second], detail));
        };
        report(Kind::NearDuplicate, first_of(pair.a, 0), first_of(pair.b, 0));
        report(Kind::NearDuplicate, first_of(pair.a, 1), first_of(pair.b, 1));
        report(Kind::NearLeak, first_of(pair.a, 0), first_of(pair.b, 1));
        report(Kind::NearLeak, first_of(pair.b, 0), first_of(pair.a, 1));
    }
    Duplicates { findings: found, in_groups, complete }
}

/// The words of a text in lower case with one space between them, in Unicode's
/// compatibility form (NFKC); all apostrophes are one.
pub(crate) fn normal_form(text: &str) -> String {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let text = text.replace('\u{2019}', "'");
    let words: Vec<&str> = tokens(&text).map(|token| &text[token.start..token.end]).collect();
    words.join(" ")
}

/// The distinct forms in the order of their first rows, and the rows of each.
/// Texts without a word have no form.
fn group(forms: &[String]) -> (Vec<&str>, Vec<Same>) {
    let mut number_of: FxHashMap<&str, usize> = FxHashMap::default();
    let (mut distinct, mut same) = (Vec::new(), Vec::<Same>::new());
    for (row, form) in forms.iter().enumerate().filter(|(_, form)| !form.is_empty()) {
        let number = *number_of.entry(form).or_insert(distinct.len());
        if number == distinct.len() {
            distinct.push(form.as_str());
            same.push(Vec::new());
        }
        same[number].push(row);
    }
    (distinct, same)
}

/// The set of word trigrams of each form, as numbers from 0.
pub(crate) fn trigram_sets(forms: &[&str]) -> Vec<Vec<u32>> {
    let mut words: FxHashMap<&str, u32> = FxHashMap::default();
    let mut trigrams: FxHashMap<[u32; 3], u32> = FxHashMap::default();
    let mut sets = Vec::with_capacity(forms.len());
    for form in forms {
        let mut numbers = Vec::new();
        for word in form.split(' ') {
            let next = words.len() as u32;
            numbers.push(*words.entry(word).or_insert(next));
        }
        let mut set = Vec::with_capacity(numbers.len());
        for trigram in numbers.windows(3) {
            let next = trigrams.len() as u32;
            set.push(*trigrams.entry([trigram[0], trigram[1], trigram[2]]).or_insert(next));
        }
        set.sort_unstable();
        set.dedup();
        sets.push(set);
    }
    sets
}

/// Findings about the rows of one form.
fn exact(statements: &[Statement<'_>], same: &Same) -> Vec<Finding> {
    if same.len() < 2 {
        return Vec::new();
    }
    let rows: Vec<&Statement<'_>> = same.iter().map(|&row| &statements[row]).collect();
    let labels: Vec<&str> = rows.iter().filter_map(|row| row.label).filter(|l| !l.is_empty()).collect();
    let different: FxHashSet<String> = labels.iter().map(|label| folded(label)).collect();
    let (here, there): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.file == 0);
    let mut found = Vec::new();
    if different.len() > 1 {
        let labels: Vec<&str> = rows.iter().map(|row| row.label.unwrap_or("-")).collect();
        found.push(about(Kind::Conflict, &rows, labels.join(", ")));
    } else {
        for rows in [&here, &there].into_iter().filter(|rows| rows.len() > 1) {
            found.push(about(Kind::Duplicate, rows, String::new()));
        }
    }
    if !here.is_empty() && !there.is_empty() {
        found.push(about(Kind::Leak, &rows, String::new()));
    }
    found
}

fn about(kind: Kind, rows: &[&Statement<'_>], detail: String) -> Finding {
    let places = rows.iter().map(|row| row.location.clone()).collect();
    Finding { kind, places, detail, text: rows.first().map_or(String::new(), |row| row.text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Location;

    /// Rows of (text, label, group, file); returns kinds and lines.
    fn check(rows: &[(&str, &str, &str, usize)]) -> (Vec<(Kind, Vec<u64>)>, usize) {
        let locations: Vec<Location> = (1..=rows.len() as u64).map(|line| Location::at("x", line)).collect();
        let statements: Vec<Statement<'_>> = rows
            .iter()
            .zip(&locations)
            .map(|(&(text, label, group, file), location)| {
                let group = Some(group).filter(|group| !group.is_empty());
                Statement { text, label: Some(label), group, file, location }
            })
            .collect();
        let Duplicates { findings, in_groups, .. } = find(&statements, 0.7);
        let lines = |finding: Finding| finding.places.iter().filter_map(|place| place.line).collect();
        (findings.into_iter().map(|finding| (finding.kind, lines(finding))).collect(), in_groups)
    }

    #[test]
    fn normal_forms_have_no_case_space_or_punctuation() {
        assert_eq!(normal_form("  \"They  WON\u{2019}T go\", he said…"), "they won't go he said");
        assert_eq!(normal_form("ﬁve — \u{FF21}"), "five a");
        assert_ne!(normal_form("we're here"), normal_form("were here"));
        assert_eq!(normal_form("?!"), "");
    }

    #[test]
    fn exact_ones_are_conflicts_duplicates_or_leaks() {
        let rows = [
            ("Go home!", "a", "", 0),
            ("go  home", "a", "", 0),
            ("Stay.", "a", "", 0),
            ("stay", "b", "", 0),
            ("GO HOME", "A", "", 1),
            ("!", "a", "", 0),
            ("?", "b", "", 0),
        ];
        let expected =
            vec![(Kind::Duplicate, vec![1, 2]), (Kind::Leak, vec![1, 2, 5]), (Kind::Conflict, vec![3, 4])];
        assert_eq!(check(&rows), (expected, 0));
    }

    #[test]
    fn near_ones_are_reported_once_and_not_inside_a_group() {
        let (text, near) =
            ("one two three four five six seven eight nine", "one two three four five six seven eight");
        let rows = [(text, "a", "g", 0), (near, "b", "g", 0)];
        assert_eq!(check(&rows), (vec![], 1));
        let rows = [(text, "a", "g", 0), (near, "b", "h", 0), (near, "b", "h", 0), (near, "b", "g", 1)];
        let expected = vec![
            (Kind::Duplicate, vec![2, 3]),
            (Kind::Leak, vec![2, 3, 4]),
            (Kind::NearDuplicate, vec![1, 2]),
            (Kind::NearLeak, vec![1, 4]),
        ];
        assert_eq!(check(&rows), (expected, 0));
    }
}
