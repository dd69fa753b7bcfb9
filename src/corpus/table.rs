//! Delimited files (CSV, TSV): a header and rows with as many fields.

use super::blocks::{Block, Blocks, RowEnd};
use super::source::{Source, invalid_utf8, lines_in};
use crate::error::{Error, Location, Result};

/// A delimited input whose header has been read.
pub struct Table {
    name: String,
    header: Vec<String>,
    separator: u8,
    blocks: Blocks,
    /// The first block, with the header row.
    first: Option<Block>,
}

impl Table {
    /// Opens a delimited input and reads its header.
    ///
    /// # Errors
    /// What opening and reading can meet; an input without a header row.
    pub fn open(
        source: &Source,
        separator: u8,
        encoding: Option<&'static encoding_rs::Encoding>,
    ) -> Result<Self> {
        Self::from_blocks(Blocks::new(source.open(encoding)?, RowEnd::Quoted(separator)), separator)
    }

    /// Reads the header of an opened input.
    pub(crate) fn from_blocks(mut blocks: Blocks, separator: u8) -> Result<Self> {
        let name = blocks.name().to_owned();
        let first = blocks.next_block()?;
        let mut header = csv::StringRecord::new();
        if let Some(block) = &first {
            let mut record = csv::ByteRecord::new();
            reader(&block.bytes, separator)
                .read_byte_record(&mut record)
                .map_err(|e| csv_error(&name, 0, e))?;
            for field in &record {
                std::str::from_utf8(field).map_err(|e| invalid_utf8(&name, 1, field, e.valid_up_to()))?;
            }
            header = csv::StringRecord::from_byte_record_lossy(record);
        }
        if header.is_empty() {
            let message = "is empty; the first row must name the columns";
            return Err(Error::data(Location::of(name), message));
        }
        let header: Vec<String> = header.iter().map(|field| field.trim().to_owned()).collect();
        if let Some((i, column)) = header.iter().enumerate().find(|(i, column)| header[..*i].contains(column))
        {
            let message = format!("two columns are named \"{column}\" (the second is column {})", i + 1);
            return Err(Error::data(Location::at(name, 1), message));
        }
        Ok(Self { name, header, separator, blocks, first })
    }

    /// The input's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column names.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The byte between fields.
    pub fn separator(&self) -> u8 {
        self.separator
    }

    /// The position of a column.
    ///
    /// # Errors
    /// There is none of that name; the message lists those there are, and
    /// names `option` as the way to choose another.
    pub fn column(&self, name: &str, option: &str) -> Result<usize> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            let hint = match self.header.as_slice() {
                [only] if only.contains(';') => {
                    "; the fields seem to be separated by semicolons: say --separator ';'"
                }
                [only] if only.contains('\t') => {
                    "; the fields seem to be separated by tabs: say --separator tab"
                }
                _ => "",
            };
            let message = format!(
                "there is no column \"{name}\" (the columns are: {}); choose one with {option}{hint}",
                self.header.join(", ")
            );
            Error::data(Location::at(&self.name, 1), message)
        })
    }

    /// The next block of data rows, `None` at the end.
    ///
    /// # Errors
    /// What reading can meet.
    pub fn next_block(&mut self) -> Result<Option<RowBlock>> {
        let (block, is_first) = match self.first.take() {
            Some(block) => (Some(block), true),
            None => (self.blocks.next_block()?, false),
        };
        Ok(block.map(|block| RowBlock {
            block,
            is_first,
            name: self.name.clone(),
            separator: self.separator,
            width: self.header.len(),
        }))
    }
}

/// Some rows of a [`Table`]; can be read on another thread.
pub struct RowBlock {
    block: Block,
    is_first: bool,
    name: String,
    separator: u8,
    width: usize,
}

/// One row of a table.
pub struct Row<'a> {
    /// The fields, as many as the header has.
    pub fields: &'a csv::ByteRecord,
    /// The row as it stands in the input, without its line end.
    pub raw: &'a [u8],
    /// The line on which it starts.
    pub line: u64,
    name: &'a str,
}

impl RowBlock {
    /// Bytes of input.
    pub fn bytes(&self) -> usize {
        self.block.bytes.len()
    }

    /// Calls `work` with each row.
    ///
    /// # Errors
    /// A row with more or fewer fields than the header; what `work` returns.
    pub fn for_each(&self, mut work: impl FnMut(Row<'_>) -> Result<()>) -> Result<()> {
        let bytes = &self.block.bytes;
        let mut reader = reader(bytes, self.separator);
        let mut record = csv::ByteRecord::new();
        let mut skip = self.is_first;
        let (mut line, mut counted) = (self.block.first_line, 0);
        while reader.read_byte_record(&mut record).map_err(|e| csv_error(&self.name, line - 1, e))? {
            // what the reader calls the start comes before line ends it has yet to skip
            let start = record.position().map_or(0, |p| p.byte() as usize);
            let raw = &bytes[start..reader.position().byte() as usize];
            let start = start + raw.iter().position(|b| !is_line_end(b)).unwrap_or(0);
            line += lines_in(&bytes[counted..start]);
            counted = start;
            if std::mem::take(&mut skip) {
                continue;
            }
            if record.len() != self.width {
                let message = format!(
                    "the row has {} fields, the header {}; a field with a comma or a quotation mark in it must \
                     be quoted",
                    record.len(),
                    self.width
                );
                return Err(Error::data(Location::at(&self.name, line), message));
            }
            work(Row { fields: &record, raw: without_line_ends(raw), line, name: &self.name })?;
        }
        Ok(())
    }
}

impl Row<'_> {
    /// A field as text.
    ///
    /// # Errors
    /// Invalid UTF-8.
    #[inline]
    pub fn text(&self, column: usize) -> Result<&str> {
        let bytes = self.fields.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|e| invalid_utf8(self.name, self.line, bytes, e.valid_up_to()))
    }

    /// An error about this row.
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::data(Location::at(self.name, self.line), message)
    }
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}

fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn without_line_ends(raw: &[u8]) -> &[u8] {
    let start = raw.iter().position(|b| !is_line_end(b)).unwrap_or(raw.len());
    let end = raw.iter().rposition(|b| !is_line_end(b)).map_or(start, |at| at + 1);
    &raw[start..end]
}

fn csv_error(name: &str, lines_before: u64, error: csv::Error) -> Error {
    let line = error.position().map(|p| lines_before + p.line());
    Error::data(Location { source: name.to_owned(), line }, error.to_string())
}
