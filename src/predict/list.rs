//! The list for people: one statement, its label, and what decided.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::writer::in_one_line;
use crate::label::{ABSTAIN, Labels};
use crate::model::Explanation;
use crate::page::shaded_words;

/// A labelled statement.
pub(super) struct ListItem<'a> {
    pub number: u64,
    pub text: &'a str,
    pub label: &'a str,
    /// Confidence in per cent, rounded down.
    pub percent: u32,
    pub known_terms: u32,
    pub explanation: Option<Explanation>,
    /// Of the label; [`Style::new`] where nothing is coloured.
    pub style: Style,
}

impl ListItem<'_> {
    /// Appends the item in lines of at most `width` characters.
    pub fn push(&self, labels: &Labels, width: usize, out: &mut Vec<u8>) {
        let Self { number, label, percent, style, .. } = self;
        let longest = labels.names().iter().map(String::len).max().unwrap_or(0).max(ABSTAIN.len());
        let indent = longest + 13;
        let width = width.saturating_sub(indent).max(24);
        let colour = *style != Style::new();
        let chunks = match &self.explanation {
            Some(explanation) if colour => shaded_chunks(self.text, explanation),
            _ => plain_chunks(self.text),
        };
        let lines = wrap(chunks, width);
        let mut lines = lines.iter();
        // writing to memory cannot fail
        let _ = writeln!(
            out,
            "{number:>4}  {style}{label:<longest$}{style:#} {percent:>3} %  {}",
            lines.next().map_or("", String::as_str)
        );
        for line in lines {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
        let dim = if colour { Style::new().dimmed() } else { Style::new() };
        if self.known_terms == 0 {
            let _ = writeln!(out, "{:indent$}{dim}no known term: nothing to judge by{dim:#}", "");
        } else if let Some(explanation) = &self.explanation {
            let reasons = format!("because: {}", in_one_line(explanation));
            for line in wrap(plain_chunks(&reasons), width) {
                let _ = writeln!(out, "{:indent$}{dim}{line}{dim:#}", "");
            }
        }
    }
}

/// The colour of a label.
pub(super) fn label_style(classes: usize, class: usize, abstains: bool) -> Style {
    const COLOURS: [AnsiColor; 5] =
        [AnsiColor::Cyan, AnsiColor::Yellow, AnsiColor::Red, AnsiColor::Green, AnsiColor::Magenta];
    if abstains || classes > COLOURS.len() {
        return Style::new().dimmed();
    }
    COLOURS[class].on_default().bold()
}

/// What stands between spaces, as it is printed, and its width without escape
/// sequences.
type Chunk = (String, usize);

fn plain_chunks(text: &str) -> Vec<Chunk> {
    text.split_whitespace().map(|word| (word.to_owned(), word.chars().count())).collect()
}

/// The same with the deciding words marked: underlined where they speak for
/// the label, dimmed where against it.
fn shaded_chunks(text: &str, explanation: &Explanation) -> Vec<Chunk> {
    let mut chunks = vec![Chunk::default()];
    for word in shaded_words(text, explanation) {
        let style = match word.is_for() {
            Some(true) => Style::new().underline(),
            Some(false) => Style::new().dimmed(),
            None => Style::new(),
        };
        for (i, part) in word.text.split(char::is_whitespace).enumerate() {
            if i > 0 {
                chunks.push(Chunk::default());
            }
            if let Some((printed, width)) = chunks.last_mut().filter(|_| !part.is_empty()) {
                printed.push_str(&format!("{style}{part}{style:#}"));
                *width += part.chars().count();
            }
        }
    }
    chunks.retain(|chunk| chunk.1 > 0);
    chunks
}

/// Joins chunks to lines of at most `width` characters.
fn wrap(chunks: Vec<Chunk>, width: usize) -> Vec<String> {
    let mut lines: Vec<Chunk> = Vec::new();
    for (printed, wide) in chunks {
        match lines.last_mut() {
            Some((line, used)) if *used + 1 + wide <= width => {
                line.push(' ');
                line.push_str(&printed);
                *used += 1 + wide;
            }
            _ => lines.push((printed, wide)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Contribution;

    #[test]
    fn marked_words_wrap_like_plain_ones() {
        let contribution = |bytes: std::ops::Range<usize>, value| Contribution {
            bytes,
            text: String::new(),
            pair: false,
            term: String::new(),
            value,
        };
        let explanation = Explanation {
            label: "x".into(),
            logit: 0.0,
            intercept: 0.0,
            contributions: vec![contribution(6..11, 1.0), contribution(12..15, -1.0)],
        };
        let text = "\"They leave now,\"\n he said";
        let lines = wrap(shaded_chunks(text, &explanation), 11);
        let marked = ["\"They \u{1b}[4mleave\u{1b}[0m", "\u{1b}[2mnow\u{1b}[0m,\" he", "said"];
        assert_eq!(lines, marked);
        assert_eq!(wrap(plain_chunks(text), 11), ["\"They leave", "now,\" he", "said"]);
    }
}
