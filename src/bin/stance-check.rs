//! Checks labelled data before a model learns it or is measured on it.

mod common;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stance::check::{CheckParams, Report, Rows, Severity};
use stance::corpus::{Columns, Source};
use stance::output::write_atomically;
use stance::{Alpha, ClassifierParams, ModelParams, Result, Solver, report};

/// Check labelled data: gaps, labels, duplicates, leaks, doubtful labels, agreement of coders.
///
/// Doubtful labels and rows that coders labelled differently are notes; all else are warnings.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit status: 0 checked, 1 there are warnings and --fail-on-warnings was given, 2 error."
)]
struct Arguments {
    /// CSV file with a text and a label column; - is standard input
    data: PathBuf,
    /// CSV file that should share no text with it, such as the test set of a training set
    other: Option<PathBuf>,
    #[command(flatten)]
    columns: common::ColumnArgs,
    #[command(flatten)]
    dialect: common::DialectArgs,
    /// Columns to count by, separated by commas
    #[arg(long, value_delimiter = ',')]
    by: Vec<String>,
    /// The labels there should be, separated by commas [default: any]
    #[arg(long, value_delimiter = ',')]
    labels: Vec<String>,
    /// Report texts whose word trigrams have at least this Jaccard similarity, above 0 and at most 1
    #[arg(long, default_value_t = 0.7)]
    near: f64,
    /// Two columns with the labels of two coders, A,B; then no label column is needed
    #[arg(long, value_parser = coders)]
    coders: Option<[String; 2]>,
    /// How many of the labels that a model doubts to list
    #[arg(long, default_value_t = 20, help_heading = "Doubtful labels")]
    suspects: usize,
    /// Train no model, list no doubtful labels
    #[arg(long, help_heading = "Doubtful labels")]
    no_model: bool,
    /// L2 strength of that model, or auto to choose it by cross-validation
    #[arg(long, default_value = "20", help_heading = "Doubtful labels")]
    alpha: Alpha,
    /// Seed of its folds
    #[arg(long, default_value_t = 7, help_heading = "Doubtful labels")]
    seed: u64,
    /// End with status 1 if there is a warning
    #[arg(long)]
    fail_on_warnings: bool,
    /// Write everything found as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

fn coders(text: &str) -> Result<[String; 2], String> {
    match text.split(',').map(str::trim).collect::<Vec<_>>().as_slice() {
        [a, b] if !a.is_empty() && !b.is_empty() && a != b => Ok([(*a).into(), (*b).into()]),
        _ => Err("write two different columns, A,B".into()),
    }
}

impl Arguments {
    fn params(&self) -> CheckParams {
        // the dense solver is a check of a model that is kept; this one is not
        let classifier = ClassifierParams { solver: Solver::Sparse, ..ClassifierParams::default() };
        CheckParams {
            labels: self.labels.iter().map(|label| label.trim().to_owned()).collect(),
            near: self.near,
            suspects: if self.no_model { 0 } else { self.suspects },
            model: ModelParams {
                classifier,
                alpha: self.alpha.clone(),
                seed: self.seed,
                ..ModelParams::default()
            },
        }
    }

    fn read(&self) -> Result<(Rows, Option<Rows>)> {
        let columns: Columns = self.columns.columns(&self.by);
        let dialect = self.dialect.dialect();
        let data = Rows::read(&Source::new(&self.data), &columns, self.coders.as_ref(), dialect)?;
        let other = self.other.as_ref().map(|path| Rows::read_other(&Source::new(path), &columns, dialect));
        Ok((data, other.transpose()?))
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let (data, other) = arguments.read()?;
    let watched = std::io::stderr().is_terminal();
    let progress = |what: &str| {
        if watched {
            anstream::eprintln!("{what} ...");
        }
    };
    let report = Report::new(&arguments.params(), data, other, &progress)?;

    if let Some(path) = &arguments.json {
        let value = report::check_json(&report);
        write_atomically(path, |w| Ok(writeln!(w, "{value:#}")?))?;
    }
    std::io::stdout().lock().write_all(report::check_text(&report).as_bytes())?;
    let failed = arguments.fail_on_warnings && report.count(Severity::Warning) > 0;
    Ok(if failed { ExitCode::from(common::FAILED) } else { ExitCode::SUCCESS })
}

fn main() -> ExitCode {
    common::finish(run())
}
