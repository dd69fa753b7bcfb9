//! Labelled statements, all in memory: what training and evaluation need.

use sha2::{Digest, Sha256};

use super::source::Source;
use super::table::Table;
use crate::dates::Day;
use crate::digest::hex;
use crate::error::{Error, Location, Result};
use crate::label::Labels;

/// Which columns of a labelled file mean what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The statement.
    pub text: String,
    /// Its label.
    pub label: String,
    /// Rows of one group (a source, a contrast set) stay in one fold, and are
    /// resampled together.
    pub group: Option<String>,
    /// The date of a row, yyyy-mm-dd: folds are then ordered by time.
    pub time: Option<String>,
    /// Further columns to keep, for slices and error lists.
    pub others: Vec<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self { text: "text".into(), label: "label".into(), group: None, time: None, others: Vec::new() }
    }
}

/// How delimited files are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialect {
    /// Separates fields; `None`: a tab for `.tsv` and `.tab`, else a comma.
    pub separator: Option<u8>,
    /// `None`: UTF-8, or UTF-16 where a byte order mark says so.
    pub encoding: Option<&'static encoding_rs::Encoding>,
}

impl Dialect {
    pub(crate) fn separator_of(&self, source: &Source) -> u8 {
        let tabbed = matches!(source.extension().as_deref(), Some("tsv" | "tab"));
        self.separator.unwrap_or(if tabbed { b'\t' } else { b',' })
    }
}

/// Statements with their labels, in the order of the files.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    /// The statements.
    pub texts: Vec<String>,
    /// The label of each.
    pub labels: Vec<String>,
    /// The group of each: its row number in the corpus where no group column
    /// was named or the field is empty.
    pub groups: Vec<String>,
    /// File and line of each.
    pub locations: Vec<Location>,
    /// The date of each, yyyy-mm-dd; empty where no time column was named.
    pub dates: Vec<String>,
    /// For each of [`Columns::others`], the field of each statement.
    pub others: Vec<Vec<String>>,
}

impl Corpus {
    /// Reads labelled CSV files; all must have the columns.
    ///
    /// # Errors
    /// What reading a table can meet, a missing column, an empty text or
    /// label, a date that is none, no rows at all.
    pub fn read(sources: &[Source], columns: &Columns, dialect: Dialect) -> Result<Self> {
        let open = |source| Table::open(source, dialect.separator_of(source), dialect.encoding);
        Self::read_tables(sources.iter().map(open), columns)
    }

    /// Reads the rows of tables, in their order.
    pub(crate) fn read_tables(
        tables: impl IntoIterator<Item = Result<Table>>,
        columns: &Columns,
    ) -> Result<Self> {
        let mut corpus = Self { others: vec![Vec::new(); columns.others.len()], ..Self::default() };
        for table in tables {
            let mut table = table?;
            let (name, before) = (table.name().to_owned(), corpus.len());
            let text = table.column(&columns.text, "--text-column")?;
            let label = table.column(&columns.label, "--label-column")?;
            let group = columns.group.as_deref().map(|g| table.column(g, "--group-column")).transpose()?;
            let time = columns.time.as_deref().map(|t| table.column(t, "--time-column")).transpose()?;
            let others: Vec<usize> =
                columns.others.iter().map(|name| table.column(name, "--by")).collect::<Result<_>>()?;
            while let Some(block) = table.next_block()? {
                block.for_each(|row| {
                    let filled = |column: usize, name: &str| -> Result<String> {
                        match row.text(column)?.trim() {
                            "" => Err(row
                                .error(format!("column \"{name}\" is empty; fill it in or delete the row"))),
                            field => Ok(field.to_owned()),
                        }
                    };
                    corpus.texts.push(filled(text, &columns.text)?);
                    corpus.labels.push(filled(label, &columns.label)?);
                    let group = group.map(|g| row.text(g)).transpose()?.unwrap_or("").trim();
                    let number = corpus.groups.len();
                    // a number that no group in the file can be called by
                    corpus.groups.push(if group.is_empty() {
                        format!("\0{number}")
                    } else {
                        group.to_owned()
                    });
                    corpus.locations.push(Location::at(&name, row.line));
                    if let (Some(column), Some(name)) = (time, &columns.time) {
                        let date = row.text(column)?.trim();
                        if !is_iso_date(date) {
                            return Err(row.error(format!(
                                "column \"{name}\" holds \"{date}\", which is no date; write dates as \
                                 yyyy-mm-dd, such as 2024-05-31"
                            )));
                        }
                        corpus.dates.push(date.to_owned());
                    }
                    for (values, &column) in corpus.others.iter_mut().zip(&others) {
                        values.push(row.text(column)?.trim().to_owned());
                    }
                    Ok(())
                })?;
            }
            if corpus.len() == before {
                let message = "has a header but no rows";
                return Err(Error::data(Location::of(name), message));
            }
        }
        Ok(corpus)
    }

    /// Number of statements.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Whether the rows have dates, so that folds are ordered by time.
    pub fn is_dated(&self) -> bool {
        !self.dates.is_empty()
    }

    /// Appends a statement that did not come from a file; it has no date.
    pub fn push(&mut self, text: impl Into<String>, label: impl Into<String>) {
        self.groups.push(format!("\0{}", self.len()));
        self.locations.push(Location::at("memory", self.len() as u64 + 1));
        self.texts.push(text.into());
        self.labels.push(label.into());
    }

    /// Whether some rows share a group.
    pub fn is_grouped(&self) -> bool {
        let distinct: std::collections::HashSet<&String> = self.groups.iter().collect();
        distinct.len() < self.groups.len()
    }

    /// The class number of each row's label.
    ///
    /// # Errors
    /// A label that is not among `labels`.
    pub fn targets(&self, labels: &Labels) -> Result<Vec<usize>> {
        let rows = self.labels.iter().zip(&self.locations);
        rows.map(|(label, location)| {
            labels.index_of(label).ok_or_else(|| {
                let message = format!(
                    "the label \"{label}\" is not one the model knows: {}",
                    labels.names().join(", ")
                );
                Error::data(location.clone(), message)
            })
        })
        .collect()
    }

    /// The statements at the given positions.
    pub fn select(&self, rows: &[usize]) -> Self {
        let pick = |from: &[String]| rows.iter().map(|&row| from[row].clone()).collect();
        Self {
            texts: pick(&self.texts),
            labels: pick(&self.labels),
            groups: pick(&self.groups),
            locations: rows.iter().map(|&row| self.locations[row].clone()).collect(),
            dates: if self.is_dated() { pick(&self.dates) } else { Vec::new() },
            others: self.others.iter().map(|values| pick(values)).collect(),
        }
    }

    /// SHA-256 of texts and labels, in order; file names and other columns do
    /// not enter.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        for (text, label) in self.texts.iter().zip(&self.labels) {
            for field in [text, label] {
                hasher.update((field.len() as u64).to_le_bytes());
                hasher.update(field);
            }
        }
        hex(&hasher.finalize())
    }
}

/// Whether a text is a day of the Gregorian calendar as ISO 8601 writes it,
/// yyyy-mm-dd: such texts sort as their days do.
fn is_iso_date(text: &str) -> bool {
    text.parse::<Day>().is_ok_and(|day| day.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar_in_one_form() {
        for date in ["2024-02-29", "2000-02-29", "1999-12-31", "0001-01-01"] {
            assert!(is_iso_date(date), "{date}");
        }
        let none = [
            "",
            "2024",
            "2024-02",
            "2024-2-3",
            "24-02-03",
            "2024-02-30",
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-04-31",
            "2024/02/03",
            "03-02-2024",
            "20240203",
            "2024-02-03T10:00",
            "+024-01-01",
            "2024-+1-01",
            "2024-01-01-01",
            "\u{662}\u{660}24-01",
            "é24-01-01",
        ];
        for text in none {
            assert!(!is_iso_date(text), "{text}");
        }
    }
}
