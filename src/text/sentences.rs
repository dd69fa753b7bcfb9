//! Cuts an article into statements, by offsets into the original.

use super::Language;

/// One statement of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Number of the sentence in the article, from 1.
    pub sentence: usize,
    /// Number of the paragraph (non-empty line) it stands in, from 1.
    pub paragraph: usize,
    /// Number of the direct quotation it belongs to, from 1; the sentences
    /// of one quotation share it.
    pub quote: Option<usize>,
    /// Byte range in the article.
    pub bytes: std::ops::Range<usize>,
    /// Character (Unicode scalar value) range in the article.
    pub chars: std::ops::Range<usize>,
}

/// The statements of an article, in order.
///
/// A line break always ends a sentence, so that headings stand alone; within
/// a line the sentencex crate decides. It keeps a quotation of several
/// sentences whole; here each of them becomes a statement of its own.
///
/// ```
/// use stance::text::{Language, statements};
/// let article = "Talks resume\nDr. Lee said: \"We wait. They go.\"";
/// let found = statements(article, Language::English);
/// let texts: Vec<_> = found.iter().map(|s| &article[s.bytes.clone()]).collect();
/// assert_eq!(texts, ["Talks resume", "Dr. Lee said: \"We wait.", "They go.\""]);
/// assert_eq!(found[1].quote, found[2].quote);
/// ```
pub fn statements(article: &str, language: Language) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    let mut paragraph = 0;
    let mut quote = 0;
    let mut chars = CharCounter { text: article, byte: 0, count: 0 };
    for line in lines(article) {
        if article[line.clone()].trim().is_empty() {
            continue;
        }
        paragraph += 1;
        for sentence in segments(&article[line.clone()], line.start, language) {
            for (piece, quoted) in split_quotations(article, sentence, language, &mut quote) {
                let bytes = trim(article, piece);
                if !article[bytes.clone()].contains(char::is_alphanumeric) {
                    continue;
                }
                let start = chars.advance(bytes.start);
                found.push(Statement {
                    sentence: found.len() + 1,
                    paragraph,
                    quote: quoted,
                    chars: start..chars.advance(bytes.end),
                    bytes,
                });
            }
        }
    }
    found
}

type Range = std::ops::Range<usize>;

fn lines(text: &str) -> Vec<Range> {
    let mut found = Vec::new();
    let mut start = 0;
    for (end, separator) in
        text.match_indices(['\n', '\r', '\u{0B}', '\u{0C}', '\u{85}', '\u{2028}', '\u{2029}'])
    {
        found.push(start..end);
        start = end + separator.len();
    }
    found.push(start..text.len());
    found
}

fn segments(text: &str, offset: usize, language: Language) -> Vec<Range> {
    let mut start = offset;
    sentencex::segment(language.code(), text)
        .into_iter()
        .map(|s| {
            let range = start..start + s.len();
            start = range.end;
            range
        })
        .collect()
}

/// Cuts a sentence at the inner sentence ends of the quotations in it.
fn split_quotations(
    article: &str,
    sentence: Range,
    language: Language,
    quote: &mut usize,
) -> Vec<(Range, Option<usize>)> {
    let mut pieces = Vec::new();
    let mut start = sentence.start;
    let mut number = None;
    for inner in quotations(&article[sentence.clone()]) {
        *quote += 1;
        number = number.or(Some(*quote));
        let inner = sentence.start + inner.start..sentence.start + inner.end;
        for cut in segments(&article[inner.clone()], inner.start, language).into_iter().skip(1) {
            pieces.push((start..cut.start, number));
            start = cut.start;
            number = Some(*quote);
        }
    }
    pieces.push((start..sentence.end, number));
    pieces
}

/// What stands between double quotation marks; a mark that is never closed
/// quotes to the end.
fn quotations(sentence: &str) -> Vec<Range> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char)> = None;
    for (at, c) in sentence.char_indices() {
        open = match (open, c) {
            (None, '"' | '\u{201C}' | '\u{201E}' | '\u{AB}') => Some((at + c.len_utf8(), c)),
            (Some((start, mark)), _) if closes(mark, c) => {
                found.push(start..at);
                None
            }
            (state, _) => state,
        };
    }
    if let Some((start, _)) = open {
        found.push(start..sentence.len());
    }
    found
}

fn closes(open: char, c: char) -> bool {
    match open {
        '"' => c == '"',
        '\u{201E}' => matches!(c, '\u{201C}' | '\u{201D}'),
        '\u{AB}' => c == '\u{BB}',
        _ => c == '\u{201D}',
    }
}

fn trim(text: &str, range: Range) -> Range {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

/// Character positions of ascending byte positions, in one pass.
struct CharCounter<'a> {
    text: &'a str,
    byte: usize,
    count: usize,
}

impl CharCounter<'_> {
    fn advance(&mut self, byte: usize) -> usize {
        self.count += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(article: &str) -> Vec<(String, Option<usize>)> {
        statements(article, Language::English)
            .into_iter()
            .map(|s| (article[s.bytes].to_owned(), s.quote))
            .collect()
    }

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        assert_eq!(texts("Dr. Hale left the U.S. base on Feb. 7 at noon. Nobody spoke.").len(), 2);
    }

    #[test]
    fn a_quotation_of_several_sentences_is_cut_and_numbered() {
        let found = texts("He smiled. \u{201C}Go home. The road is open. Go,\u{201D} he said. All left.");
        let shown: Vec<_> = found.iter().map(|(t, q)| (t.as_str(), *q)).collect();
        assert_eq!(
            shown,
            [
                ("He smiled.", None),
                ("\u{201C}Go home.", Some(1)),
                ("The road is open.", Some(1)),
                ("Go,\u{201D} he said.", Some(1)),
                ("All left.", None),
            ]
        );
    }

    #[test]
    fn windows_line_ends_and_empty_input() {
        assert_eq!(texts("Heading\r\n\r\nBody text.\r\n").len(), 2);
        assert!(texts("").is_empty());
        assert!(texts(" \n \u{201C}\u{201D} ...\n").is_empty());
    }

    proptest! {
        #[test]
        fn offsets_point_at_the_text(article in "([A-Za-z\u{e9} ,.\"\u{201c}\u{201d}\n!?]|U\\.S\\. ){0,60}") {
            let chars: Vec<char> = article.chars().collect();
            let mut last = 0;
            for s in statements(&article, Language::English) {
                prop_assert!(s.bytes.start >= last);
                last = s.bytes.end;
                let by_chars: String = chars[s.chars.clone()].iter().collect();
                prop_assert_eq!(&by_chars, &article[s.bytes.clone()]);
            }
        }
    }
}
