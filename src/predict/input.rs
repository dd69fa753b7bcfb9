//! What kinds of input there are, and their batches of rows.

use serde_json::{Map, Value};

use super::PredictOptions;
use crate::corpus::{Block, Blocks, Dialect, RowBlock, RowEnd, Source, Table};
use crate::error::{Error, Location, Result};
use crate::text::{Language, Statement, statements};

/// How an input is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputFormat {
    /// By the extension: `.csv`, `.tsv`, `.tab`, `.jsonl`, `.ndjson`; `.txt`
    /// and `.md` are articles. Anything else, and standard input, by its first
    /// line: an object is JSONL, a header with the text column CSV or TSV,
    /// otherwise each line is a statement.
    Auto,
    /// Delimited by commas (or the given separator), with a header.
    Csv,
    /// Delimited by tabs, with a header.
    Tsv,
    /// One JSON object a line.
    Jsonl,
    /// One statement a line; empty lines are skipped.
    Lines,
    /// Running text, to be cut into statements.
    Article,
}

/// An opened input.
pub(super) enum Input {
    Table { table: Table, text: usize },
    Jsonl { blocks: Blocks, field: String },
    Lines(Blocks),
    Article { name: String, article: String, statements: std::vec::IntoIter<Statement> },
    Text(Option<String>),
}

/// Some rows of an input, for one thread.
pub(super) enum Batch {
    Table { rows: RowBlock, text: usize },
    Jsonl { block: Block, field: String, name: String },
    Lines { block: Block, name: String },
    Statements(Vec<(Statement, String)>),
    Text(String),
}

/// One row: its text and where it comes from.
pub(super) struct Item<'a> {
    pub text: &'a str,
    pub origin: Origin<'a>,
}

pub(super) enum Origin<'a> {
    /// A row of a table: as it stands in the file, and its fields.
    Row {
        raw: &'a [u8],
        fields: &'a csv::ByteRecord,
        line: u64,
    },
    Object {
        object: &'a Map<String, Value>,
        line: u64,
    },
    Line(u64),
    Statement(&'a Statement),
    Alone,
}

impl Input {
    pub fn open(source: &Source, language: Language, options: &PredictOptions) -> Result<Self> {
        let (text, dialect) = (options.text_column.as_str(), options.dialect);
        if let Source::Text(text) = source {
            return Ok(Self::Text(Some(text.clone())));
        }
        let format = match options.input {
            InputFormat::Auto => by_extension(source),
            other => other,
        };
        let blocks = |row_end| -> Result<Blocks> { Ok(Blocks::new(source.open(dialect.encoding)?, row_end)) };
        match format {
            InputFormat::Csv => Self::table(source, dialect.separator_of(source), dialect, text),
            InputFormat::Tsv => Self::table(source, dialect.separator.unwrap_or(b'\t'), dialect, text),
            InputFormat::Jsonl => Ok(Self::Jsonl { blocks: blocks(RowEnd::Line)?, field: text.into() }),
            InputFormat::Lines => Ok(Self::Lines(blocks(RowEnd::Line)?)),
            InputFormat::Article => {
                let article = source.open(dialect.encoding)?.read_all()?;
                let found = statements(&article, language);
                Ok(Self::Article { name: source.name(), article, statements: found.into_iter() })
            }
            InputFormat::Auto => {
                let mut blocks = blocks(RowEnd::Line)?;
                let first = blocks.next_block()?;
                blocks.put_back(first);
                match blocks.first_line() {
                    line if line.starts_with(b"{") => Ok(Self::Jsonl { blocks, field: text.into() }),
                    line => match separator_in(line, text, dialect.separator) {
                        Some(separator) => Self::from_table(
                            Table::from_blocks(blocks.with_row_end(RowEnd::Quoted(separator)), separator)?,
                            text,
                        ),
                        None => Ok(Self::Lines(blocks)),
                    },
                }
            }
        }
    }

    fn table(source: &Source, separator: u8, dialect: Dialect, text: &str) -> Result<Self> {
        Self::from_table(Table::open(source, separator, dialect.encoding)?, text)
    }

    fn from_table(table: Table, text: &str) -> Result<Self> {
        let text = table.column(text, "--text-column")?;
        Ok(Self::Table { table, text })
    }

    /// The header and separator of a delimited input.
    pub fn header(&self) -> Option<(&[String], u8)> {
        match self {
            Self::Table { table, .. } => Some((table.header(), table.separator())),
            _ => None,
        }
    }

    /// Names of the columns that locate a row, for inputs without columns of
    /// their own.
    pub fn index_columns(&self) -> &'static [&'static str] {
        match self {
            Self::Table { .. } | Self::Text(_) => &[],
            Self::Jsonl { .. } | Self::Lines(_) => &["line"],
            Self::Article { .. } => &["sentence", "paragraph", "quote", "char_start", "char_end"],
        }
    }

    pub fn is_jsonl(&self) -> bool {
        matches!(self, Self::Jsonl { .. })
    }

    pub fn name(&self) -> String {
        match self {
            Self::Table { table, .. } => table.name().to_owned(),
            Self::Jsonl { blocks, .. } | Self::Lines(blocks) => blocks.name().to_owned(),
            Self::Article { name, .. } => name.clone(),
            Self::Text(_) => "--text".into(),
        }
    }

    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        Ok(match self {
            Self::Table { table, text } => table.next_block()?.map(|rows| Batch::Table { rows, text: *text }),
            Self::Jsonl { blocks, field } => blocks.next_block()?.map(|block| Batch::Jsonl {
                block,
                field: field.clone(),
                name: blocks.name().to_owned(),
            }),
            Self::Lines(blocks) => {
                blocks.next_block()?.map(|block| Batch::Lines { block, name: blocks.name().to_owned() })
            }
            Self::Article { article, statements, .. } => {
                let some: Vec<_> = statements
                    .take(512)
                    .map(|statement| {
                        let text = article[statement.bytes.clone()].to_owned();
                        (statement, text)
                    })
                    .collect();
                (!some.is_empty()).then_some(Batch::Statements(some))
            }
            Self::Text(text) => text.take().map(Batch::Text),
        })
    }
}

fn by_extension(source: &Source) -> InputFormat {
    match source.extension().as_deref() {
        Some("csv") => InputFormat::Csv,
        Some("tsv" | "tab") => InputFormat::Tsv,
        Some("jsonl" | "ndjson") => InputFormat::Jsonl,
        Some("txt" | "md") => InputFormat::Article,
        _ => InputFormat::Auto,
    }
}

/// The separator with which a first line is a header that has the text column.
fn separator_in(line: &[u8], text: &str, separator: Option<u8>) -> Option<u8> {
    let candidates = separator.map_or(vec![b',', b'\t', b';'], |s| vec![s]);
    candidates.into_iter().find(|&separator| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(line);
        let header = reader.byte_records().next();
        header.is_some_and(|row| row.is_ok_and(|row| row.iter().any(|field| field == text.as_bytes())))
    })
}

impl Batch {
    /// About how many bytes of input it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Table { rows, .. } => rows.bytes(),
            Self::Jsonl { block, .. } | Self::Lines { block, .. } => block.bytes.len(),
            Self::Statements(statements) => statements.iter().map(|(_, text)| text.len()).sum(),
            Self::Text(text) => text.len(),
        }
    }

    /// Calls `work` with each row.
    pub fn for_each(&self, mut work: impl FnMut(Item<'_>) -> Result<()>) -> Result<()> {
        match self {
            Self::Table { rows, text } => rows.for_each(|row| {
                let origin = Origin::Row { raw: row.raw, fields: row.fields, line: row.line };
                work(Item { text: row.text(*text)?, origin })
            }),
            Self::Lines { block, name } => block.for_each_line(name, |line, text| match text.trim() {
                "" => Ok(()),
                text => work(Item { text, origin: Origin::Line(line) }),
            }),
            Self::Jsonl { block, field, name } => block.for_each_line(name, |line, text| {
                if text.trim().is_empty() {
                    return Ok(());
                }
                let at = || Location::at(name, line);
                let object: Map<String, Value> = serde_json::from_str(text)
                    .map_err(|e| Error::data(at(), format!("not a JSON object: {e}")))?;
                let text = match object.get(field) {
                    Some(Value::String(text)) => text.as_str(),
                    Some(_) => return Err(Error::data(at(), format!("\"{field}\" is not a string"))),
                    None => {
                        let keys: Vec<&str> = object.keys().map(String::as_str).collect();
                        let message = format!(
                            "there is no \"{field}\" (the keys are: {}); choose one with --text-column",
                            keys.join(", ")
                        );
                        return Err(Error::data(at(), message));
                    }
                };
                work(Item { text, origin: Origin::Object { object: &object, line } })
            }),
            Self::Statements(statements) => statements
                .iter()
                .try_for_each(|(statement, text)| work(Item { text, origin: Origin::Statement(statement) })),
            Self::Text(text) => work(Item { text, origin: Origin::Alone }),
        }
    }
}

impl Origin<'_> {
    /// The line, or the sentence's number, for messages.
    pub fn number(&self) -> u64 {
        match self {
            Origin::Row { line, .. } | Origin::Object { line, .. } | Origin::Line(line) => *line,
            Origin::Statement(statement) => statement.sentence as u64,
            Origin::Alone => 1,
        }
    }

    /// Values of [`Input::index_columns`]; `None` is an empty field.
    pub fn index(&self) -> Vec<Option<u64>> {
        match self {
            Origin::Row { .. } | Origin::Alone => Vec::new(),
            Origin::Object { line, .. } | Origin::Line(line) => vec![Some(*line)],
            Origin::Statement(s) => {
                [Some(s.sentence), Some(s.paragraph), s.quote, Some(s.chars.start), Some(s.chars.end)]
                    .map(|value| value.map(|v| v as u64))
                    .to_vec()
            }
        }
    }
}
