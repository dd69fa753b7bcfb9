//! What the binaries share: arguments, models, exit status.

#![allow(dead_code, unused_imports)] // no binary uses all of it

mod gates;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use stance::corpus::{Columns, Dialect, encoding};
use stance::{Error, Model, Result};

pub use gates::GateArgs;

/// A gate or check failed.
pub const FAILED: u8 = 1;
const ERROR: u8 = 2;

/// How delimited input is written.
#[derive(Args)]
pub struct DialectArgs {
    /// Separator of fields: one character, or "tab" [default: a tab for .tsv and .tab, else a comma]
    #[arg(long, value_parser = separator)]
    separator: Option<u8>,
    /// Encoding of the input, such as windows-1252 [default: UTF-8, or UTF-16 with a byte order mark]
    #[arg(long, value_parser = encoding)]
    encoding: Option<&'static encoding_rs::Encoding>,
}

impl DialectArgs {
    pub fn dialect(&self) -> Dialect {
        Dialect { separator: self.separator, encoding: self.encoding }
    }
}

/// Columns of labelled data.
#[derive(Args)]
pub struct ColumnArgs {
    /// Column with the statement
    #[arg(long, default_value = "text")]
    text_column: String,
    /// Column with the label
    #[arg(long, default_value = "label")]
    label_column: String,
    /// Column whose value marks rows that belong together, such as a source: they are never split over
    /// folds, and are resampled together
    #[arg(long)]
    group_column: Option<String>,
}

impl ColumnArgs {
    pub fn columns(&self, others: &[String]) -> Columns {
        Columns {
            text: self.text_column.clone(),
            label: self.label_column.clone(),
            group: self.group_column.clone(),
            time: None,
            others: others.to_vec(),
        }
    }
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        // what our own numbers and quoted fields are written with cannot separate them
        [byte] if byte.is_ascii_punctuation() && !matches!(byte, b'"' | b'.' | b'-' | b'+') => Ok(*byte),
        _ => Err("write one character such as ';' or '|', or tab".into()),
    }
}

/// A number of threads.
pub fn threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1024).contains(n)).ok_or_else(|| "write a number from 1 to 1024".into())
}

/// Says something on stderr; that nobody listens is no failure.
pub fn note(message: impl std::fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{message}");
}

/// The model of a file, or the embedded one.
pub fn model(path: Option<&PathBuf>) -> Result<Model> {
    path.map_or_else(Model::default_english, |path| Model::load(path))
}

/// As [`model`], with the SHA-256 of the model's file.
pub fn model_with_sha256(path: Option<&PathBuf>) -> Result<(Model, String)> {
    match path {
        Some(path) => Model::load_with_sha256(path),
        None => Ok((Model::default_english()?, Model::default_english_sha256())),
    }
}

/// Limits the threads of parallel work.
pub fn set_threads(threads: Option<usize>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|e| Error::Output(std::io::Error::other(e)))
}

/// Turns the result of a run into the exit status, and says what went wrong.
pub fn finish(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            let style = anstyle::AnsiColor::Red.on_default().bold();
            note(format!("{style}error:{style:#} {error}"));
            ExitCode::from(ERROR)
        }
    }
}
