//! Texts that are empty, too short or too long.

use super::finding::{Finding, Kind};
use super::rows::Statement;
use crate::corpus::Corpus;
use crate::error::Location;
use crate::text::tokens;

/// Fewer words than this are hardly a statement.
const SHORT: usize = 3;
/// More words than this are hardly one statement.
const LONG: usize = 100;

/// Lengths of the texts of a file, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lengths {
    /// Words of the shortest text that is not empty, and where the first such
    /// one is.
    pub shortest: (usize, Location),
    /// Words of the longest text.
    pub longest: (usize, Location),
    /// The lower median.
    pub median: usize,
}

impl Lengths {
    /// The lengths; `None` where all texts are empty.
    pub fn of(corpus: &Corpus) -> Option<Self> {
        let mut lengths: Vec<(usize, usize)> = (0..corpus.len())
            .filter(|&row| !corpus.texts[row].is_empty())
            .map(|row| (words(&corpus.texts[row]), row))
            .collect();
        lengths.sort_unstable();
        let (shortest, longest) = (*lengths.first()?, lengths.last()?.0);
        let first_longest = lengths[lengths.partition_point(|length| length.0 < longest)].1;
        Some(Self {
            shortest: (shortest.0, corpus.locations[shortest.1].clone()),
            longest: (longest, corpus.locations[first_longest].clone()),
            median: lengths[(lengths.len() - 1) / 2].0,
        })
    }
}

/// Findings about texts one by one.
pub(super) fn findings(statements: &[Statement<'_>]) -> Vec<Finding> {
    let finding = |statement: &Statement<'_>| {
        let count = words(statement.text);
        let (kind, detail) = match count {
            _ if statement.text.is_empty() => (Kind::EmptyText, String::new()),
            1 => (Kind::ShortText, "1 word".into()),
            0..SHORT => (Kind::ShortText, format!("{count} words")),
            count if count > LONG => (Kind::LongText, format!("{count} words")),
            _ => return None,
        };
        let places = vec![statement.location.clone()];
        Some(Finding { kind, places, detail, text: statement.text.to_owned() })
    };
    statements.iter().filter_map(finding).collect()
}

fn words(text: &str) -> usize {
    tokens(text).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(texts: &[&str]) -> Corpus {
        let mut corpus = Corpus::default();
        texts.iter().for_each(|text| corpus.push(*text, "a"));
        corpus
    }

    #[test]
    fn bounds_are_where_they_are_said_to_be() {
        let (two, three) = ("go home", "now go home");
        let (hundred, more) = ("go ".repeat(100), "go ".repeat(101));
        for (text, kind) in [
            ("", Some(Kind::EmptyText)),
            ("...", Some(Kind::ShortText)),
            (two, Some(Kind::ShortText)),
            (three, None),
            (&hundred, None),
            (&more, Some(Kind::LongText)),
        ] {
            let location = Location::at("x", 2);
            let statement = Statement { text, label: None, group: None, file: 0, location: &location };
            let found = findings(&[statement]);
            assert_eq!(found.first().map(|finding| finding.kind), kind, "{text}");
        }
    }

    #[test]
    fn lengths_leave_empty_texts_out() {
        let lengths = Lengths::of(&corpus(&["", "a b", "a", "a b c", "c b a", "b"])).expect("texts");
        assert_eq!(lengths.shortest, (1, Location::at("memory", 3)));
        assert_eq!(lengths.longest, (3, Location::at("memory", 4)));
        assert_eq!(lengths.median, 2);
        assert_eq!(Lengths::of(&corpus(&["", ""])), None);
    }
}
