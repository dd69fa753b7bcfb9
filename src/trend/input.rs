//! Dated statements from a delimited file, with their posteriors.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::corpus::{Dialect, Row, RowBlock, Source, Table};
use crate::dates::{DateFormat, Day};
use crate::error::{Error, Location, Result};
use crate::model::Model;

/// How dated statements are read.
#[derive(Debug, Clone)]
pub struct InputParams {
    /// The statement.
    pub text_column: String,
    /// Its date.
    pub date_column: String,
    /// Whose shares are asked for; `None`: all statements are one group.
    pub by: Option<String>,
    /// Statements that are no independent evidence, such as those of one
    /// article, are resampled together.
    pub cluster_column: Option<String>,
    /// How delimited files are written.
    pub dialect: Dialect,
    /// How dates are written.
    pub date_format: DateFormat,
    /// Take the columns `p_<label>` instead of classifying.
    pub predicted: bool,
    /// Keep the texts, which folding duplicates asks for.
    pub keep_texts: bool,
}

/// A row whose date cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDate {
    /// Line on which the row starts.
    pub line: u64,
    /// What stands there.
    pub text: String,
}

/// Statements in the order of the file.
#[derive(Debug, Default)]
pub struct Statements {
    /// Posteriors, row by row.
    pub posteriors: Vec<f64>,
    /// The day of each.
    pub days: Vec<Day>,
    /// The group of each, a position in `names`.
    pub groups: Vec<u32>,
    /// Groups in the order in which they occur.
    pub names: Vec<String>,
    /// The cluster of each, numbered as they occur, if there is a column.
    pub clusters: Option<Vec<u32>>,
    /// The texts, if they were asked for.
    pub texts: Vec<String>,
    /// Rows that are not among the statements because of their dates.
    pub bad_dates: Vec<BadDate>,
    /// Statements in which no known term occurs; 0 for `predicted`.
    pub unknown: u64,
}

/// Positions of the columns.
struct Columns {
    text: Option<usize>,
    posteriors: Vec<usize>,
    date: usize,
    by: Option<usize>,
    cluster: Option<usize>,
}

/// What one block of rows brings.
#[derive(Default)]
struct Part {
    posteriors: Vec<f64>,
    days: Vec<Day>,
    groups: Names,
    clusters: Names,
    texts: Vec<String>,
    bad_dates: Vec<BadDate>,
    unknown: u64,
}

/// Distinct strings, and for each row which one it has.
#[derive(Default)]
struct Names {
    number_of: FxHashMap<String, u32>,
    names: Vec<String>,
    rows: Vec<u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.number_of.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.number_of.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    fn push(&mut self, name: &str) {
        let number = self.number(name);
        self.rows.push(number);
    }

    fn append(&mut self, other: Names) {
        let numbers: Vec<u32> = other.names.iter().map(|name| self.number(name)).collect();
        self.rows.extend(other.rows.iter().map(|&row| numbers[row as usize]));
    }
}

impl Statements {
    /// Reads and scores a file; rows with bad dates are put aside.
    ///
    /// # Errors
    /// What reading a table can meet, a missing column, an empty text, a
    /// probability that is none, no rows.
    pub fn read(source: &Source, model: &Model, params: &InputParams) -> Result<Self> {
        let dialect = params.dialect;
        let mut table = Table::open(source, dialect.separator_of(source), dialect.encoding)?;
        let columns = Columns::find(&table, model, params)?;
        model.warm_up();
        let (mut all, mut rows) = (Part::default(), 0);
        loop {
            // as many blocks as keep the threads busy, in order
            let mut blocks = Vec::new();
            while blocks.len() < 4 * rayon::current_num_threads()
                && let Some(block) = table.next_block()?
            {
                blocks.push(block);
            }
            if blocks.is_empty() {
                break;
            }
            let parts: Vec<Part> =
                blocks.par_iter().map(|block| columns.read(block, model, params)).collect::<Result<_>>()?;
            for part in parts {
                rows += part.days.len() + part.bad_dates.len();
                all.append(part);
            }
        }
        if rows == 0 {
            return Err(Error::data(Location::of(source.name()), "has a header but no rows"));
        }
        Ok(Self {
            posteriors: all.posteriors,
            days: all.days,
            groups: all.groups.rows,
            names: all.groups.names,
            clusters: params.cluster_column.is_some().then_some(all.clusters.rows),
            texts: all.texts,
            bad_dates: all.bad_dates,
            unknown: all.unknown,
        })
    }

    /// The error that rows with bad dates are, with a list of them.
    pub fn refuse_bad_dates(&self, source: &Source, list: String) -> Error {
        let rows = self.bad_dates.len() + self.len();
        let message = format!(
            "the date of {} of {rows} rows cannot be read; mend them, say how they are written with --date-format, or \
             leave them out with --skip-bad-dates:\n{list}",
            self.bad_dates.len()
        );
        Error::data(Location::of(source.name()), message)
    }

    /// Number of statements.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }
}

impl Columns {
    fn find(table: &Table, model: &Model, params: &InputParams) -> Result<Self> {
        let asked = |name: &Option<String>, option| {
            name.as_deref().map(|name| table.column(name, option)).transpose()
        };
        let names: &[String] = if params.predicted { model.labels().names() } else { &[] };
        let wants_text = !params.predicted || params.keep_texts;
        Ok(Self {
            date: table.column(&params.date_column, "--date-column")?,
            text: wants_text.then(|| table.column(&params.text_column, "--text-column")).transpose()?,
            posteriors: names
                .iter()
                .map(|label| table.column(&format!("p_{label}"), "--model, or leave --predicted out"))
                .collect::<Result<_>>()?,
            by: asked(&params.by, "--by")?,
            cluster: asked(&params.cluster_column, "--cluster-column")?,
        })
    }

    fn read(&self, block: &RowBlock, model: &Model, params: &InputParams) -> Result<Part> {
        let mut part = Part::default();
        let mut scorer = model.scorer();
        let classes = model.labels().len();
        block.for_each(|row| {
            let date = row.text(self.date)?;
            let Some(day) = params.date_format.parse(date) else {
                part.bad_dates.push(BadDate { line: row.line, text: date.trim().to_owned() });
                return Ok(());
            };
            let text = self.text.map_or(Ok(""), |column| row.text(column))?;
            let start = part.posteriors.len();
            part.posteriors.resize(start + classes, 0.0);
            let posteriors = &mut part.posteriors[start..];
            if params.predicted {
                self.predicted(&row, posteriors)?;
            } else if text.trim().is_empty() {
                let message =
                    format!("column \"{}\" is empty; fill it in or delete the row", params.text_column);
                return Err(row.error(message));
            } else if scorer.score(text, posteriors) == 0 {
                part.unknown += 1;
            }
            part.days.push(day);
            part.groups.push(self.by.map_or(Ok("all"), |column| row.text(column))?.trim());
            if let Some(column) = self.cluster {
                match row.text(column)?.trim() {
                    // a name that no cluster in the file can have
                    "" => part.clusters.push(&format!("\0{}", row.line)),
                    cluster => part.clusters.push(cluster),
                }
            }
            if params.keep_texts {
                part.texts.push(text.to_owned());
            }
            Ok(())
        })?;
        Ok(part)
    }

    fn predicted(&self, row: &Row<'_>, posteriors: &mut [f64]) -> Result<()> {
        for (p, &column) in posteriors.iter_mut().zip(&self.posteriors) {
            let field = row.text(column)?.trim();
            let read = field.parse().ok().filter(|p| (0.0..=1.0).contains(p));
            *p = read.ok_or_else(|| row.error(format!("\"{field}\" is no probability from 0 to 1")))?;
        }
        let sum: f64 = posteriors.iter().sum();
        if (sum - 1.0).abs() > 0.01 {
            return Err(row.error(format!("the probabilities sum to {sum:.4}, not to 1")));
        }
        posteriors.iter_mut().for_each(|p| *p /= sum);
        Ok(())
    }
}

impl Part {
    fn append(&mut self, mut other: Part) {
        self.posteriors.append(&mut other.posteriors);
        self.days.append(&mut other.days);
        self.groups.append(other.groups);
        self.clusters.append(other.clusters);
        self.texts.append(&mut other.texts);
        self.bad_dates.append(&mut other.bad_dates);
        self.unknown += other.unknown;
    }
}
