//! Measures a model on labelled statements, and gates on the result.

mod common;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stance::corpus::Source;
use stance::evaluation::{Assessment, Comparison, Contrasts, Evaluation, EvaluationParams, Verdict};
use stance::output::write_atomically;
use stance::{Corpus, Error, Model, Result, report};

/// Measure a model on labelled statements.
///
/// Figures: accuracy, balanced-accuracy, macro-f1, weighted-f1, micro-f1, mcc, f-avg, log-loss, brier,
/// ece, precision:LABEL, recall:LABEL, f1:LABEL; contrasts, contrasts:KIND.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit status: 0 done and every gate passed, 1 a gate failed, 2 error or a gate that cannot be \
                  decided."
)]
struct Arguments {
    /// CSV files with a text and a label column; - is standard input
    #[arg(required_unless_present = "contrasts")]
    data: Vec<PathBuf>,
    /// Model file [default: the embedded one]
    #[arg(short, long)]
    model: Option<PathBuf>,
    #[command(flatten)]
    columns: common::ColumnArgs,
    #[command(flatten)]
    dialect: common::DialectArgs,
    /// Columns to slice by, separated by commas
    #[arg(long, value_delimiter = ',', requires = "data")]
    by: Vec<String>,
    /// Labels whose mean F1 is reported as f-avg, separated by commas
    #[arg(long, value_delimiter = ',', requires = "data")]
    f_avg: Vec<String>,
    /// Compare with this model on the same rows
    #[arg(long, value_name = "MODEL", requires = "data", group = "other_model")]
    baseline: Option<PathBuf>,
    /// CSV file of contrast pairs, with the columns pair, kind, text, label
    #[arg(long)]
    contrasts: Option<PathBuf>,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 7)]
    seed: u64,
    #[command(flatten)]
    gates: common::GateArgs,
    /// Write all figures as JSON with flat keys
    #[arg(long, help_heading = "Reports")]
    json: Option<PathBuf>,
    /// Write a compact report in Markdown, made for a comment
    #[arg(long, help_heading = "Reports")]
    markdown: Option<PathBuf>,
    /// Write a page with charts and explained errors, for a browser
    #[arg(long, help_heading = "Reports", requires = "data")]
    html: Option<PathBuf>,
    /// Write the gates as JUnit test cases
    #[arg(long, help_heading = "Reports")]
    junit: Option<PathBuf>,
    /// Write the rows predicted wrong as CSV, most confident first, and the contrast pairs that fail
    #[arg(long, help_heading = "Reports")]
    errors: Option<PathBuf>,
    /// Write the rows whose prediction differs from the other model's as CSV
    #[arg(long, help_heading = "Reports", requires = "other_model")]
    changes: Option<PathBuf>,
}

impl Arguments {
    fn assess(&self) -> Result<(Model, Assessment)> {
        let (model, model_sha256) = common::model_with_sha256(self.model.as_ref())?;
        let mut assessment = Assessment { model_sha256, ..Assessment::default() };
        if !self.data.is_empty() {
            self.evaluate(&model, &mut assessment)?;
        }
        if let Some(path) = &self.contrasts {
            let contrasts = Contrasts::read(&model, &Source::new(path), self.dialect.dialect())?;
            assessment.contrasts = Some(contrasts);
        }
        assessment.check(&self.gates.gates())?;
        Ok((model, assessment))
    }

    fn evaluate(&self, model: &Model, assessment: &mut Assessment) -> Result<()> {
        let sources: Vec<Source> = self.data.iter().map(Source::new).collect();
        let corpus = Corpus::read(&sources, &self.columns.columns(&self.by), self.dialect.dialect())?;
        let (slice_columns, f_avg) = (self.by.clone(), self.f_avg.clone());
        let params = EvaluationParams { slice_columns, f_avg, seed: self.seed };
        let evaluation = Evaluation::new(model, &corpus, &params)?;
        if let Some(path) = self.baseline.as_ref().or(self.gates.no_worse_than.as_ref()) {
            let (baseline, sha256) = Model::load_with_sha256(path)?;
            let baseline = Evaluation::new(&baseline, &corpus, &params)?;
            assessment.comparison = Some(Comparison::new(&evaluation, &baseline, self.seed)?);
            assessment.baseline_sha256 = Some(sha256);
        }
        assessment.evaluation = Some(evaluation);
        assessment.corpus = corpus;
        Ok(())
    }

    fn write_reports(&self, model: &Model, assessment: &Assessment) -> Result<()> {
        if let Some(path) = &self.json {
            let value = report::assessment_json(assessment);
            write_atomically(path, |w| Ok(writeln!(w, "{value:#}")?))?;
        }
        if let Some(path) = &self.markdown {
            let text = report::assessment_markdown(assessment);
            write_atomically(path, |w| Ok(w.write_all(text.as_bytes())?))?;
        }
        if let Some(path) = &self.junit {
            write_atomically(path, |w| report::junit(assessment, w))?;
        }
        if let Some(path) = &self.html {
            write_atomically(path, |w| report::evaluation_html(assessment, model, w))?;
        }
        if let Some(path) = &self.errors {
            write_atomically(path, |w| report::errors_csv(assessment, w))?;
        }
        if let Some(path) = &self.changes {
            write_atomically(path, |w| report::changes_csv(assessment, w))?;
        }
        Ok(())
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let (model, assessment) = arguments.assess()?;
    arguments.write_reports(&model, &assessment)?;
    std::io::stdout().lock().write_all(report::assessment_text(&assessment).as_bytes())?;
    for (verdict, word) in [(Verdict::Passed, "passed"), (Verdict::Failed, "FAILED")] {
        for outcome in assessment.gates_that(verdict) {
            common::note(format!("gate {word}: {}", outcome.message));
        }
    }
    let undecided: Vec<&str> =
        assessment.gates_that(Verdict::Undecided).map(|outcome| outcome.message.as_str()).collect();
    if !undecided.is_empty() {
        return Err(Error::Undecided(undecided.join("; ")));
    }
    let failed = assessment.gates_that(Verdict::Failed).next().is_some();
    Ok(if failed { ExitCode::from(common::FAILED) } else { ExitCode::SUCCESS })
}

fn main() -> ExitCode {
    common::finish(run())
}
