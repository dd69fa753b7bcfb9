//! Labels statements.

mod common;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use stance::corpus::Source;
use stance::output::write_atomically;
use stance::predict::{InputFormat, OutputFormat, PredictOptions, Summary, predict};
use stance::{Model, Result};

/// Label statements, with probabilities and the words that decided.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit status: 0 done, 2 error. One output row for each input row, in its order."
)]
struct Arguments {
    /// Files to label; - is standard input [default: standard input]
    input: Vec<PathBuf>,
    /// Label this statement instead
    #[arg(short, long, conflicts_with = "input")]
    text: Option<String>,
    /// Model file [default: the embedded one]
    #[arg(short, long)]
    model: Option<PathBuf>,
    /// Show what is in the model: data, scores, parameters, the terms that speak for each label
    #[arg(long, conflicts_with_all = ["input", "text"])]
    describe: bool,
    /// How to read the input
    #[arg(long, value_enum, default_value = "auto")]
    input_format: Reading,
    /// Column or key with the text
    #[arg(long, default_value = "text")]
    text_column: String,
    #[command(flatten)]
    dialect: common::DialectArgs,
    /// What to write [auto: a list on a terminal, JSON lines for JSON lines, else CSV]; html is a page for a
    /// browser with the deciding words shaded, for at most 5000 statements
    #[arg(short, long, value_enum, default_value = "auto")]
    format: Writing,
    /// Answer "abstain" below this confidence
    #[arg(long, value_parser = share)]
    threshold: Option<f64>,
    /// Shares of the labels to expect, such as neutral=0.8,pro-withdrawal=0.15,threat=0.05 [default: those
    /// of the training rows]
    #[arg(long, value_delimiter = ',', value_parser = label_share)]
    priors: Vec<(String, f64)>,
    /// Add the words that decided; on a terminal the statement's words are underlined where they speak for
    /// the label and dimmed where against it
    #[arg(short, long)]
    explain: bool,
    /// Answer "abstain" to empty texts instead of stopping
    #[arg(long)]
    allow_empty: bool,
    /// Write to this file; - is standard output
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Threads [default: all cores]; they never change the result
    #[arg(long, value_parser = common::threads)]
    threads: Option<usize>,
    /// No summary on stderr
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Reading {
    Auto,
    Csv,
    Tsv,
    Jsonl,
    Lines,
    Article,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Writing {
    Auto,
    Text,
    Csv,
    Jsonl,
    Html,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| "write a number from 0 to 1".into())
}

fn label_share(text: &str) -> Result<(String, f64), String> {
    let (label, share) = text.rsplit_once('=').ok_or("write LABEL=SHARE,LABEL=SHARE,...")?;
    let share = share.parse().map_err(|_| format!("\"{share}\" is not a number"))?;
    Ok((label.to_owned(), share))
}

impl Arguments {
    fn options(&self) -> PredictOptions {
        let to_terminal =
            self.output.as_ref().is_none_or(|path| path.as_os_str() == "-") && io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into());
        let colour =
            to_terminal && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let text = OutputFormat::Text { width, colour };
        let input = match self.input_format {
            Reading::Auto => InputFormat::Auto,
            Reading::Csv => InputFormat::Csv,
            Reading::Tsv => InputFormat::Tsv,
            Reading::Jsonl => InputFormat::Jsonl,
            Reading::Lines => InputFormat::Lines,
            Reading::Article => InputFormat::Article,
        };
        PredictOptions {
            input,
            text_column: self.text_column.clone(),
            dialect: self.dialect.dialect(),
            format: match self.format {
                Writing::Auto if to_terminal => Some(text),
                Writing::Auto => None,
                Writing::Text => Some(text),
                Writing::Csv => Some(OutputFormat::Csv),
                Writing::Jsonl => Some(OutputFormat::Jsonl),
                Writing::Html => Some(OutputFormat::Html),
            },
            threshold: self.threshold,
            explain: self.explain,
            allow_empty: self.allow_empty,
            threads: self
                .threads
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into)),
        }
    }

    fn sources(&self) -> Vec<Source> {
        match (&self.text, self.input.is_empty()) {
            (Some(text), _) => vec![Source::Text(text.clone())],
            (None, true) => vec![Source::Stdin],
            (None, false) => self.input.iter().map(Source::new).collect(),
        }
    }

    fn write(&self, model: &Model, out: &mut dyn Write) -> Result<Summary> {
        predict(model, &self.sources(), &self.options(), out)
    }
}

/// One line a label, then how fast it went.
fn summary(model: &Model, summary: &Summary) -> String {
    let mut counts: Vec<String> =
        model.labels().names().iter().zip(&summary.by_class).map(|(name, n)| format!("{name} {n}")).collect();
    if summary.abstained > 0 {
        counts.push(format!("abstain {}", summary.abstained));
    }
    if summary.unknown > 0 {
        counts.push(format!("without a known term {}", summary.unknown));
    }
    let seconds = summary.elapsed.as_secs_f64().max(1e-9);
    format!(
        "{} statements: {} ({:.0} statements/s, {:.1} MB/s)",
        summary.rows,
        counts.join(", "),
        summary.rows as f64 / seconds,
        summary.bytes as f64 / seconds / 1e6
    )
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut model = common::model(arguments.model.as_ref())?;
    if !arguments.priors.is_empty() {
        model = model.with_priors(&arguments.priors)?;
    }
    if arguments.describe {
        io::stdout().lock().write_all(stance::report::description(&model)?.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut done = Summary::default();
    match arguments.output.as_ref().filter(|path| path.as_os_str() != "-") {
        Some(path) => write_atomically(path, |out| {
            done = arguments.write(&model, out)?;
            Ok(())
        })?,
        None => done = arguments.write(&model, &mut BufWriter::new(io::stdout().lock()))?,
    }
    if !arguments.quiet && arguments.text.is_none() {
        common::note(summary(&model, &done));
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    common::finish(run())
}
