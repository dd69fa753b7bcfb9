//! A text cut into words, each with what it adds to a label's logit.

use crate::model::Explanation;
use crate::text::tokens;

/// A word, or what stands between two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word<'a> {
    pub text: &'a str,
    /// What it adds to the logit: its own contribution, and its share of the
    /// n-grams it is part of. `None` where no known term covers it.
    pub value: Option<f64>,
    /// The contributions it has a part in, whole.
    parts: Vec<(&'a str, f64)>,
}

impl Word<'_> {
    /// From these sizes on a word is shaded, and darker.
    const STEPS: [f64; 4] = [0.05, 0.15, 0.35, 0.7];

    /// Style classes for sign and size; `None` where it weighs next to nothing.
    pub fn shade(&self) -> Option<String> {
        let value = self.value?;
        let strength = Self::STEPS.iter().filter(|&&step| value.abs() >= step).count();
        let sign = if value > 0.0 { "for" } else { "against" };
        (strength > 0).then(|| format!("{sign} s{strength}"))
    }

    /// The numbers behind the shade.
    pub fn note(&self) -> String {
        let mut note = format!("{} {:+.2}", self.text, self.value.unwrap_or(0.0));
        if self.parts.len() > 1 {
            let parts = self.parts.iter().map(|(text, value)| format!("{text} {value:+.2}"));
            note.push_str(&format!(" (its share of {})", parts.collect::<Vec<_>>().join("; ")));
        }
        note
    }
}

/// Cuts `text` into words and what stands between them; together they are the
/// text. The contribution of an n-gram is shared out evenly among its words,
/// so that the values add up to the explanation's.
pub(crate) fn shaded_words<'a>(text: &'a str, explanation: &Explanation) -> Vec<Word<'a>> {
    let plain = |text| Word { text, value: None, parts: Vec::new() };
    let spans: Vec<_> = tokens(text).collect();
    let mut words: Vec<Word<'a>> = spans.iter().map(|token| plain(&text[token.start..token.end])).collect();
    for contribution in &explanation.contributions {
        let range = &contribution.bytes;
        let first = spans.partition_point(|token| token.start < range.start);
        let last = spans.partition_point(|token| token.end <= range.end);
        let share = contribution.value / (last - first).max(1) as f64;
        for word in words.get_mut(first..last).unwrap_or_default() {
            *word.value.get_or_insert(0.0) += share;
            word.parts.push((&text[range.clone()], contribution.value));
        }
    }
    let mut pieces = Vec::with_capacity(words.len() * 2 + 1);
    let mut end = 0;
    for (token, word) in spans.iter().zip(words) {
        if token.start > end {
            pieces.push(plain(&text[end..token.start]));
        }
        end = token.end;
        pieces.push(word);
    }
    if end < text.len() {
        pieces.push(plain(&text[end..]));
    }
    pieces
}
