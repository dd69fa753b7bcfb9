//! Cuts an input into blocks of whole rows, which can then be read in
//! parallel; memory holds a few blocks, never the file.

use super::source::{Utf8Reader, invalid_utf8, lines_in};
use crate::error::{Error, Location, Result};

/// About how many bytes of input a block has.
const BLOCK: usize = 1 << 18;

/// Some whole rows of an input.
#[derive(Debug)]
pub struct Block {
    /// The rows as they stand in the input (in UTF-8).
    pub bytes: Vec<u8>,
    /// The input's line on which the block starts, from 1.
    pub first_line: u64,
}

impl Block {
    /// Calls `work` with each line and its number in the input.
    ///
    /// # Errors
    /// Invalid UTF-8, and what `work` returns.
    pub fn for_each_line(&self, name: &str, mut work: impl FnMut(u64, &str) -> Result<()>) -> Result<()> {
        let lines = self.bytes.split(|&b| b == b'\n').zip(self.first_line..);
        for (bytes, line) in lines {
            let text =
                std::str::from_utf8(bytes).map_err(|e| invalid_utf8(name, line, bytes, e.valid_up_to()))?;
            work(line, text)?;
        }
        Ok(())
    }
}

/// Where rows end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowEnd {
    /// At every line break.
    Line,
    /// At line breaks outside quoted fields; the byte separates fields.
    Quoted(u8),
}

/// Reads blocks.
pub struct Blocks {
    reader: Utf8Reader,
    row_end: RowEnd,
    /// What was read beyond the last block.
    rest: Vec<u8>,
    line: u64,
    finished: bool,
}

impl Blocks {
    /// Blocks of what `reader` reads.
    pub fn new(reader: Utf8Reader, row_end: RowEnd) -> Self {
        Self { reader, row_end, rest: Vec::new(), line: 1, finished: false }
    }

    /// The input's name, for messages.
    pub fn name(&self) -> &str {
        self.reader.name()
    }

    /// Gives back a block that was read, to be read again.
    pub(crate) fn put_back(&mut self, block: Option<Block>) {
        if let Some(mut block) = block {
            self.line = block.first_line;
            block.bytes.append(&mut self.rest);
            self.rest = block.bytes;
        }
    }

    /// The first line of what was put back.
    pub(crate) fn first_line(&self) -> &[u8] {
        self.rest.split(|&b| b == b'\n').next().unwrap_or_default()
    }

    /// The same input, cut in another way from here on.
    pub(crate) fn with_row_end(self, row_end: RowEnd) -> Self {
        Self { row_end, ..self }
    }

    /// The next block, `None` at the end.
    ///
    /// # Errors
    /// What reading can meet, and a quoted field that is never closed.
    pub fn next_block(&mut self) -> Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut scan = Scan::new(self.row_end);
        loop {
            if !self.finished {
                bytes.reserve(BLOCK);
                self.finished = !self.reader.read_more(&mut bytes, BLOCK)?;
            }
            scan.advance(&bytes, self.finished);
            if self.finished {
                if scan.inside_quotes {
                    let line = self.line + lines_in(&bytes[..scan.quote_start]);
                    return Err(Error::data(
                        Location::at(self.name(), line),
                        "a quoted field starts here and is never closed; add the missing \" or double it \
                         inside the field (\"\")",
                    ));
                }
                break;
            }
            if scan.last_row_end > 0 {
                self.rest = bytes.split_off(scan.last_row_end);
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let first_line = self.line;
        self.line += lines_in(&bytes);
        Ok(Some(Block { bytes, first_line }))
    }
}

/// Follows the quotes exactly as the csv crate does: a quote opens only at
/// the start of a field, and inside a quoted field two stand for one.
struct Scan {
    row_end: RowEnd,
    at: usize,
    inside_quotes: bool,
    quote_start: usize,
    last_row_end: usize,
}

impl Scan {
    fn new(row_end: RowEnd) -> Self {
        Self { row_end, at: 0, inside_quotes: false, quote_start: 0, last_row_end: 0 }
    }

    fn advance(&mut self, bytes: &[u8], is_all: bool) {
        let RowEnd::Quoted(separator) = self.row_end else {
            self.last_row_end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
            return;
        };
        while self.at < bytes.len() {
            if self.inside_quotes {
                let Some(quote) = memchr::memchr(b'"', &bytes[self.at..]) else {
                    self.at = bytes.len();
                    return;
                };
                let quote = self.at + quote;
                match bytes.get(quote + 1) {
                    Some(b'"') => self.at = quote + 2,
                    None if !is_all => {
                        self.at = quote;
                        return;
                    }
                    _ => {
                        self.inside_quotes = false;
                        self.at = quote + 1;
                    }
                }
            } else {
                let Some(found) = memchr::memchr2(b'"', b'\n', &bytes[self.at..]) else {
                    self.at = bytes.len();
                    return;
                };
                let found = self.at + found;
                self.at = found + 1;
                if bytes[found] == b'\n' {
                    self.last_row_end = found + 1;
                } else if found == 0
                    || matches!(bytes[found - 1], b'\n' | b'\r')
                    || bytes[found - 1] == separator
                {
                    self.inside_quotes = true;
                    self.quote_start = found;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Source;
    use proptest::prelude::*;
    use std::io::Write;

    fn records(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        reader
            .byte_records()
            .map(|record| record.expect("flexible").iter().map(<[u8]>::to_vec).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn a_cut_never_changes_the_rows(input in "[a\",\n\r]{0,40}", at in 0usize..40) {
            let bytes = input.as_bytes();
            let mut scan = Scan::new(RowEnd::Quoted(b','));
            scan.advance(&bytes[..at.min(bytes.len())], false);
            let (head, tail) = bytes.split_at(scan.last_row_end);
            let cut: Vec<_> = records(head).into_iter().chain(records(tail)).collect();
            prop_assert_eq!(cut, records(bytes));
        }

        #[test]
        fn scanning_in_steps_is_scanning_at_once(input in "[a\",\n]{0,40}", at in 0usize..40) {
            let bytes = input.as_bytes();
            let mut once = Scan::new(RowEnd::Quoted(b','));
            once.advance(bytes, true);
            let mut steps = Scan::new(RowEnd::Quoted(b','));
            steps.advance(&bytes[..at.min(bytes.len())], false);
            steps.advance(bytes, true);
            prop_assert_eq!((once.inside_quotes, once.last_row_end), (steps.inside_quotes, steps.last_row_end));
        }
    }

    #[test]
    fn blocks_are_whole_rows_and_know_their_line() {
        let mut file = tempfile::NamedTempFile::new().expect("temporary file");
        let row = format!("{},\"two\nlines\"\n", "x".repeat(999));
        file.write_all(row.repeat(1000).as_bytes()).expect("write");
        let reader = Source::new(file.path()).open(None).expect("open");
        let mut blocks = Blocks::new(reader, RowEnd::Quoted(b','));
        let (mut rows, mut line, mut count) = (0, 1, 0);
        while let Some(block) = blocks.next_block().expect("read") {
            assert_eq!(block.first_line, line);
            line += lines_in(&block.bytes);
            rows += records(&block.bytes).len();
            count += 1;
        }
        assert_eq!((rows, line), (1000, 2001));
        assert!(count > 2);
    }
}
