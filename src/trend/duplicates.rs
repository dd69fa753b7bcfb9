//! Syndicated copies of one statement.

use rustc_hash::FxHashMap;

use super::input::Statements;
use crate::check::{normal_form, similar_pairs, trigram_sets};

/// Copies are at most this many days apart.
pub const WITHIN_DAYS: i32 = 3;
/// Jaccard similarity of word trigrams from which texts are copies.
pub const NEAR: f64 = 0.7;
/// More pairs than this are not looked for.
const MOST_PAIRS: usize = 5_000_000;

/// Which statements are kept when copies are folded into the first.
pub struct Folded {
    /// For each statement, whether it is the first of its copies.
    pub first: Vec<bool>,
    /// Whether all copies were found; not if there are too many near pairs.
    pub complete: bool,
}

/// Finds copies: statements of one group, at most [`WITHIN_DAYS`] days from
/// another copy, whose texts are the same without case and punctuation or
/// share [`NEAR`] of their word trigrams.
pub fn fold(statements: &Statements) -> Folded {
    let forms: Vec<String> = statements.texts.iter().map(|text| normal_form(text)).collect();
    let mut number_of: FxHashMap<&str, usize> = FxHashMap::default();
    let (mut distinct, mut rows): (Vec<&str>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    for (row, form) in forms.iter().enumerate().filter(|(_, form)| !form.is_empty()) {
        let number = *number_of.entry(form).or_insert(distinct.len());
        if number == distinct.len() {
            distinct.push(form);
            rows.push(Vec::new());
        }
        rows[number].push(row);
    }
    let key = |row: usize| (statements.groups[row], statements.days[row].number(), row);
    rows.iter_mut().for_each(|rows| rows.sort_by_key(|&row| key(row)));

    let mut copies = Copies((0..statements.len()).collect());
    let near = |a: usize, b: usize| {
        let ((group, day, _), (other, other_day, _)) = (key(a), key(b));
        group == other && (day - other_day).abs() <= WITHIN_DAYS
    };
    for rows in &rows {
        rows.windows(2).filter(|pair| near(pair[0], pair[1])).for_each(|pair| copies.join(pair[0], pair[1]));
    }
    let similar = similar_pairs(trigram_sets(&distinct), NEAR, MOST_PAIRS);
    for pair in &similar.pairs {
        // neighbours in time are enough: equal forms are joined already
        let mut both: Vec<usize> = rows[pair.a].iter().chain(&rows[pair.b]).copied().collect();
        both.sort_by_key(|&row| key(row));
        both.windows(2).filter(|pair| near(pair[0], pair[1])).for_each(|pair| copies.join(pair[0], pair[1]));
    }
    let mut first = vec![false; statements.len()];
    let mut first_of: FxHashMap<usize, usize> = FxHashMap::default();
    for row in 0..statements.len() {
        let kept = first_of.entry(copies.root(row)).or_insert(row);
        if key(row) < key(*kept) {
            *kept = row;
        }
    }
    first_of.values().for_each(|&row| first[row] = true);
    Folded { first, complete: similar.complete }
}

/// Disjoint sets of rows.
struct Copies(Vec<usize>);

impl Copies {
    fn root(&mut self, mut row: usize) -> usize {
        while self.0[row] != row {
            self.0[row] = self.0[self.0[row]];
            row = self.0[row];
        }
        row
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(rows: &[(&str, u32, &str)]) -> Vec<bool> {
        let statements = Statements {
            days: rows.iter().map(|row| row.0.parse().expect("day")).collect(),
            groups: rows.iter().map(|row| row.1).collect(),
            texts: rows.iter().map(|row| row.2.to_owned()).collect(),
            ..Statements::default()
        };
        let folded = fold(&statements);
        assert!(folded.complete);
        folded.first
    }

    #[test]
    fn copies_of_one_group_within_days_count_once() {
        let text = "one two three four five six seven eight nine";
        let near = "One two three four five six seven eight!";
        let rows = [
            ("2031-05-10", 0, near),
            ("2031-05-09", 0, text),       // the first of them
            ("2031-05-13", 0, text),       // three days after a copy
            ("2031-05-17", 0, text),       // four days
            ("2031-05-10", 1, text),       // another group
            ("2031-05-10", 0, "one two"),  // too short to be near
            ("2031-05-11", 0, "ONE, two"), // but not to be the same
            ("2031-05-10", 0, "?"),
            ("2031-05-10", 0, "!"),
        ];
        assert_eq!(kept(&rows), [false, true, false, true, true, true, false, true, true]);
        assert!(kept(&[]).is_empty());
    }
}
