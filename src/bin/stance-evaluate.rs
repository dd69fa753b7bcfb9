//! Measures a model on labelled statements, and gates on the result.

mod common;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Parser;
use sha2::{Digest, Sha256};
use stance::corpus::Source;
use stance::evaluation::Evaluation;
use stance::output::write_atomically;
use stance::{Corpus, Model, Result, report};

/// Measure a model on labelled statements.
///
/// Figures: accuracy, macro-f1, balanced-accuracy, log-loss, brier, ece, and precision:LABEL,
/// recall:LABEL, f1:LABEL.
#[derive(Parser)]
#[command(version, after_help = "Exit status: 0 done and every gate passed, 1 a gate failed, 2 error.")]
struct Arguments {
    /// CSV files with a text and a label column; - is standard input
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// Model file [default: the embedded one]
    #[arg(short, long)]
    model: Option<PathBuf>,
    #[command(flatten)]
    columns: common::ColumnArgs,
    #[command(flatten)]
    dialect: common::DialectArgs,
    /// Columns to slice by, separated by commas
    #[arg(long, value_delimiter = ',')]
    by: Vec<String>,
    /// Fail unless a figure is at least this: METRIC=VALUE
    #[arg(long, help_heading = "Gates")]
    min: Vec<Gate>,
    /// Fail unless a figure is at most this: METRIC=VALUE
    #[arg(long, help_heading = "Gates")]
    max: Vec<Gate>,
    /// Write the figures as JSON with flat keys
    #[arg(long, help_heading = "Reports")]
    json: Option<PathBuf>,
    /// Write them as a Markdown table
    #[arg(long, help_heading = "Reports")]
    markdown: Option<PathBuf>,
    /// Write them as a page with charts and explained errors, for a browser
    #[arg(long, help_heading = "Reports")]
    html: Option<PathBuf>,
    /// Write the rows predicted wrong as CSV, most confident first
    #[arg(long, help_heading = "Reports")]
    errors: Option<PathBuf>,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// A figure and its bound.
#[derive(Clone)]
struct Gate {
    metric: String,
    bound: f64,
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write METRIC=VALUE, for example accuracy=0.8".to_owned();
        let (metric, bound) = text.rsplit_once('=').ok_or_else(wrong)?;
        let bound: f64 = bound.parse().map_err(|_| wrong())?;
        if bound.is_nan() { Err(wrong()) } else { Ok(Self { metric: metric.into(), bound }) }
    }
}

impl Arguments {
    /// How each gate went, for people, and whether it passed.
    fn gates(&self, evaluation: &Evaluation) -> Result<Vec<(String, bool)>> {
        let mut outcomes = Vec::new();
        let at_least = self.min.iter().map(|gate| (gate, "at least"));
        let at_most = self.max.iter().map(|gate| (gate, "at most"));
        for (gate, direction) in at_least.chain(at_most) {
            let value = evaluation.metric(&gate.metric)?;
            let passed = if direction == "at least" { value >= gate.bound } else { value <= gate.bound };
            let word = if passed { "passed" } else { "FAILED" };
            let message =
                format!("gate {word}: {} is {value:.4}, must be {direction} {}", gate.metric, gate.bound);
            outcomes.push((message, passed));
        }
        Ok(outcomes)
    }

    fn write_reports(&self, model: &Model, corpus: &Corpus, evaluation: &Evaluation) -> Result<()> {
        if let Some(path) = &self.json {
            let mut bytes = Vec::new();
            model.write_json(&mut bytes)?;
            let model_sha256: String =
                Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            let value = report::evaluation_json(evaluation, &model_sha256, &corpus.sha256());
            write_atomically(path, |w| Ok(writeln!(w, "{value:#}")?))?;
        }
        if let Some(path) = &self.markdown {
            write_atomically(path, |w| Ok(w.write_all(report::evaluation_markdown(evaluation).as_bytes())?))?;
        }
        if let Some(path) = &self.html {
            write_atomically(path, |w| report::evaluation_html(evaluation, model, corpus, w))?;
        }
        if let Some(path) = &self.errors {
            write_atomically(path, |w| report::errors_csv(evaluation, corpus, w))?;
        }
        Ok(())
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let model = common::model(arguments.model.as_ref())?;
    let sources: Vec<Source> = arguments.data.iter().map(Source::new).collect();
    let columns = arguments.columns.columns(&arguments.by);
    let corpus = Corpus::read(&sources, &columns, arguments.dialect.dialect())?;
    let evaluation = Evaluation::new(&model, &corpus, &arguments.by, arguments.seed)?;

    let gates = arguments.gates(&evaluation)?;
    arguments.write_reports(&model, &corpus, &evaluation)?;
    std::io::stdout().lock().write_all(report::evaluation_text(&evaluation).as_bytes())?;
    for (message, _) in &gates {
        common::note(message);
    }
    Ok(if gates.iter().all(|(_, passed)| *passed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(common::FAILED)
    })
}

fn main() -> ExitCode {
    common::finish(run())
}
