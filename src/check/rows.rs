//! Labelled rows as they stand in a file, with their gaps.

use crate::corpus::{Columns, Corpus, Dialect, Source, Table};
use crate::error::{Error, Location, Result};

/// The rows of one file. Unlike what [`Corpus::read`] returns, texts and
/// labels may be empty.
#[derive(Debug)]
pub struct Rows {
    /// The file's name.
    pub name: String,
    /// The rows; [`Corpus::others`] are the columns to count by.
    pub corpus: Corpus,
    /// Whether there is a label column; if not, all labels are empty.
    pub labelled: bool,
    /// Names of the columns to count by.
    pub by: Vec<String>,
    /// The columns of two coders; empty where one did not label a row.
    pub coders: Option<[Vec<String>; 2]>,
    /// Their names.
    pub coder_names: Option<[String; 2]>,
}

/// One row of one of the files.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    /// The text; may be empty.
    pub text: &'a str,
    /// Its label; may be empty. `None` in a file without labels.
    pub label: Option<&'a str>,
    /// Its group, where a column names one.
    pub group: Option<&'a str>,
    /// Number of the file.
    pub file: usize,
    /// File and line.
    pub location: &'a Location,
}

impl Rows {
    /// Reads the file to check. With coders, it needs no label column.
    ///
    /// # Errors
    /// What reading a table can meet, a missing column, no rows at all.
    pub fn read(
        source: &Source,
        columns: &Columns,
        coders: Option<&[String; 2]>,
        dialect: Dialect,
    ) -> Result<Self> {
        let table = Table::open(source, dialect.separator_of(source), dialect.encoding)?;
        let group = columns.group.as_deref().map(|name| table.column(name, "--group-column")).transpose()?;
        let label = match table.column(&columns.label, "--label-column") {
            Err(_) if coders.is_some() => None,
            column => Some(column?),
        };
        let by: Vec<usize> =
            columns.others.iter().map(|name| table.column(name, "--by")).collect::<Result<_>>()?;
        let coder_columns: Vec<usize> =
            coders.into_iter().flatten().map(|name| table.column(name, "--coders")).collect::<Result<_>>()?;
        let others = [by.as_slice(), &coder_columns].concat();
        let mut rows = Self::of_columns(table, &columns.text, label, group, &others)?;
        rows.by.clone_from(&columns.others);
        if let [a, b] = rows.corpus.others.split_off(by.len()).as_mut_slice() {
            rows.coders = Some([std::mem::take(a), std::mem::take(b)]);
        }
        rows.coder_names = coders.cloned();
        Ok(rows)
    }

    /// Reads the file to compare with: of it, only the text is needed.
    ///
    /// # Errors
    /// As [`Rows::read`].
    pub fn read_other(source: &Source, columns: &Columns, dialect: Dialect) -> Result<Self> {
        let table = Table::open(source, dialect.separator_of(source), dialect.encoding)?;
        let position = |name: &String| table.header().iter().position(|column| column == name);
        let (label, group) = (position(&columns.label), columns.group.as_ref().and_then(position));
        Self::of_columns(table, &columns.text, label, group, &[])
    }

    fn of_columns(
        mut table: Table,
        text: &str,
        label: Option<usize>,
        group: Option<usize>,
        others: &[usize],
    ) -> Result<Self> {
        let name = table.name().to_owned();
        let text = table.column(text, "--text-column")?;
        let mut corpus = Corpus { others: vec![Vec::new(); others.len()], ..Corpus::default() };
        while let Some(block) = table.next_block()? {
            block.for_each(|row| {
                let field = |column: Option<usize>| -> Result<String> {
                    Ok(column.map_or(Ok(""), |column| row.text(column))?.trim().to_owned())
                };
                corpus.texts.push(field(Some(text))?);
                corpus.labels.push(field(label)?);
                let group = field(group)?;
                // as in `Corpus::read`
                corpus.groups.push(if group.is_empty() {
                    format!("\0{}", corpus.groups.len())
                } else {
                    group
                });
                corpus.locations.push(Location::at(&name, row.line));
                for (values, &column) in corpus.others.iter_mut().zip(others) {
                    values.push(field(Some(column))?);
                }
                Ok(())
            })?;
        }
        if corpus.is_empty() {
            return Err(Error::data(Location::of(name), "has a header but no rows"));
        }
        let labelled = label.is_some();
        Ok(Self { name, corpus, labelled, by: Vec::new(), coders: None, coder_names: None })
    }

    /// The rows, as those of file number `file`.
    pub fn statements(&self, file: usize) -> impl Iterator<Item = Statement<'_>> {
        let corpus = &self.corpus;
        (0..corpus.len()).map(move |row| Statement {
            text: &corpus.texts[row],
            label: self.labelled.then_some(corpus.labels[row].as_str()),
            group: Some(corpus.groups[row].as_str()).filter(|group| !group.starts_with('\0')),
            file,
            location: &corpus.locations[row],
        })
    }
}
