//! Cuts text into word tokens, by byte offsets into the original.

use unicode_normalization::char::is_combining_mark;

/// One word of a text: `text[start..end]` is its surface form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte of the token.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// The words of `text`, left to right.
///
/// A word is a maximal run of letters and digits (Unicode `Alphabetic`,
/// `Numeric` and combining marks). Three joiners stay inside a word: an
/// apostrophe between letters (`don't`, `Kata'ib`), a point inside an
/// abbreviation of single letters (`U.S.`), and a point or comma between
/// digits (`5,000`).
///
/// ```
/// use stance::text::tokens;
/// let text = "The U.S. won't move 5,000 troops.";
/// let words: Vec<_> = tokens(text).map(|t| &text[t.start..t.end]).collect();
/// assert_eq!(words, ["The", "U.S", "won't", "move", "5,000", "troops"]);
/// ```
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, position: 0 }
}

/// Iterator returned by [`tokens`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        let mut at = self.position;
        let start = loop {
            match bytes.get(at) {
                None => {
                    self.position = at;
                    return None;
                }
                Some(&b) if ASCII_WORD[b as usize] => break at,
                Some(&b) if b.is_ascii() => at += 1,
                Some(_) => {
                    let (is_word, width) = wide_char(self.text, at);
                    if is_word {
                        break at;
                    }
                    at += width;
                }
            }
        };
        loop {
            while at < bytes.len() && ASCII_WORD[bytes[at] as usize] {
                at += 1;
            }
            let Some(&b) = bytes.get(at) else { break };
            let width = match b {
                b'\'' if letter_at(self.text, at + 1) && !bytes[at - 1].is_ascii_digit() => 1,
                b'.' if joins_abbreviation(bytes, start, at) || joins_digits(bytes, at) => 1,
                b',' if joins_digits(bytes, at) => 1,
                _ if b.is_ascii() => break,
                // U+2019, the typographic apostrophe
                0xE2 if bytes[at..].starts_with("\u{2019}".as_bytes()) => {
                    if !letter_at(self.text, at + 3) {
                        break;
                    }
                    3
                }
                _ => match wide_char(self.text, at) {
                    (true, width) => width,
                    (false, _) => break,
                },
            };
            at += width;
        }
        self.position = at;
        Some(Token { start, end: at })
    }
}

const ASCII_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric();
        b += 1;
    }
    table
};

/// Whether the non-ASCII character at `at` belongs to words, and its width.
#[cold]
fn wide_char(text: &str, at: usize) -> (bool, usize) {
    let c = text[at..].chars().next().unwrap_or(' ');
    (c.is_alphanumeric() || is_combining_mark(c), c.len_utf8())
}

fn letter_at(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(char::is_alphabetic)
}

/// `U.S`: every part so far, and the one to come, is a single letter.
fn joins_abbreviation(bytes: &[u8], start: usize, at: usize) -> bool {
    let single = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphabetic);
    bytes[start..at].split(|&b| b == b'.').all(|part| part.len() == 1 && single(part.first()))
        && single(bytes.get(at + 1))
        && !bytes.get(at + 2).is_some_and(|&b| ASCII_WORD[b as usize] || !b.is_ascii())
}

fn joins_digits(bytes: &[u8], at: usize) -> bool {
    bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).map(|t| &text[t.start..t.end]).collect()
    }

    #[test]
    fn joiners_stay_inside_words_only() {
        assert_eq!(
            words("'Kata\u{2019}ib' won't, the boys' say"),
            ["Kata\u{2019}ib", "won't", "the", "boys", "say"]
        );
        assert_eq!(
            words("U.S. and U.N.-led a.m. end. A new"),
            ["U.S", "and", "U.N", "led", "a.m", "end", "A", "new"]
        );
        assert_eq!(words("5,000 or 3.5, in 2011."), ["5,000", "or", "3.5", "in", "2011"]);
        assert_eq!(words("plan B.The end"), ["plan", "B", "The", "end"]);
    }

    #[test]
    fn other_scripts_and_marks() {
        assert_eq!(words("القوات الأمريكية؟ نعم"), ["القوات", "الأمريكية", "نعم"]);
        assert_eq!(words("cafe\u{301}—naïve"), ["cafe\u{301}", "naïve"]);
        assert_eq!(words("\u{1F600} …“”"), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn tokens_are_ordered_disjoint_and_on_boundaries(text in "\\PC{0,80}") {
            let mut last = 0;
            for t in tokens(&text) {
                prop_assert!(last <= t.start && t.start < t.end && t.end <= text.len());
                prop_assert!(text.get(t.start..t.end).is_some());
                last = t.end;
            }
        }
    }
}
