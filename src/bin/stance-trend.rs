//! Shares of labels over time, corrected for the classifier's errors.

mod common;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use stance::corpus::Source;
use stance::output::{check_writable, write_atomically};
use stance::prevalence::Method;
use stance::trend::{BadDate, DateFormat, Day, Event, InputParams, Period, Report, Statements, TrendParams};
use stance::{Result, report};

/// Estimate each label's share over time and by group, with intervals and a test of its trend.
///
/// Shares are corrected for the classifier's errors: counting predicted labels is wrong by an amount that
/// changes with the true share.
#[derive(Parser)]
#[command(
    version,
    after_help = "Dates are ISO (2031-05-12), a time and a zone may follow: the day is the one that is \
                  written, no zone moves it. Exit status: 0 done, 2 error."
)]
struct Arguments {
    /// CSV file with dated statements; - is standard input
    input: PathBuf,
    /// Column with the date
    #[arg(long, default_value = "date")]
    date_column: String,
    /// How dates are written if not ISO, such as %d/%m/%Y (strftime)
    #[arg(long, value_parser = DateFormat::pattern)]
    date_format: Option<DateFormat>,
    /// Leave rows out whose date cannot be read, instead of stopping
    #[arg(long)]
    skip_bad_dates: bool,
    /// Column with the statement
    #[arg(long, default_value = "text")]
    text_column: String,
    /// Take the columns p_<label> that stance-predict wrote instead of classifying; --model must name the
    /// model that wrote them
    #[arg(long)]
    predicted: bool,
    #[command(flatten)]
    dialect: common::DialectArgs,
    /// Model file [default: the embedded one]
    #[arg(short, long)]
    model: Option<PathBuf>,
    /// Column whose values are the groups to compare, such as the actor [default: all are one group]
    #[arg(long)]
    by: Option<String>,
    /// The unit of time; weeks start on Monday
    #[arg(long, value_enum, default_value = "month")]
    period: Unit,
    /// How shares are estimated: em, acc, pacc; cc and pcc do not correct (docs/prevalence.md)
    #[arg(long, default_value = "em")]
    method: Method,
    /// Count near-identical statements of one group within 3 days once
    #[arg(long)]
    deduplicate: bool,
    /// Column whose value marks statements that are no independent evidence, such as those of one article:
    /// they are resampled together
    #[arg(long)]
    cluster_column: Option<String>,
    /// Mark an event: DATE=NAME
    #[arg(long, value_parser = event)]
    event: Vec<Event>,
    /// Bootstrap resamples behind the intervals
    #[arg(long, default_value_t = 500)]
    resamples: usize,
    /// Seed of the bootstrap and of the permutations
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// What to write
    #[arg(short, long, value_enum, default_value = "text")]
    format: Writing,
    /// Write to this file; - is standard output
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Threads [default: all cores]; they never change the result
    #[arg(long, value_parser = common::threads)]
    threads: Option<usize>,
    /// No warnings on stderr
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Unit {
    Day,
    Week,
    Month,
    Quarter,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Writing {
    Text,
    Csv,
    Json,
    Html,
}

fn event(text: &str) -> Result<Event, String> {
    let (date, name) = text.split_once('=').ok_or("write DATE=NAME, such as 2031-05-12=Elections")?;
    let date: Day = date.trim().parse()?;
    match name.trim() {
        "" => Err("name the event after the =".into()),
        name => Ok(Event { date, name: name.to_owned() }),
    }
}

impl Arguments {
    fn input(&self) -> InputParams {
        InputParams {
            text_column: self.text_column.clone(),
            date_column: self.date_column.clone(),
            by: self.by.clone(),
            cluster_column: self.cluster_column.clone(),
            dialect: self.dialect.dialect(),
            date_format: self.date_format.clone().unwrap_or(DateFormat::Iso),
            predicted: self.predicted,
            keep_texts: self.deduplicate,
        }
    }

    fn params(&self) -> TrendParams {
        let period = match self.period {
            Unit::Day => Period::Day,
            Unit::Week => Period::Week,
            Unit::Month => Period::Month,
            Unit::Quarter => Period::Quarter,
        };
        TrendParams {
            period,
            method: self.method,
            deduplicate: self.deduplicate,
            resamples: self.resamples,
            seed: self.seed,
            events: self.event.clone(),
        }
    }

    fn write(&self, report: &Report, out: &mut dyn Write) -> Result<()> {
        match self.format {
            Writing::Text => out.write_all(report::trend_text(report).as_bytes())?,
            Writing::Csv => report::trend_csv(report, out)?,
            Writing::Json => writeln!(out, "{:#}", report::trend_json(report))?,
            Writing::Html => report::trend_html(report, out)?,
        }
        Ok(out.flush()?)
    }
}

/// The first rows whose dates cannot be read, and how many there are.
fn list(bad: &[BadDate]) -> String {
    const SHOWN: usize = 10;
    let mut lines: Vec<String> =
        bad.iter().take(SHOWN).map(|bad| format!("  line {}: {:?}", bad.line, bad.text)).collect();
    if bad.len() > SHOWN {
        lines.push(format!("  and {} more", bad.len() - SHOWN));
    }
    lines.join("\n")
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    common::set_threads(arguments.threads)?;
    let output = arguments.output.as_ref().filter(|path| path.as_os_str() != "-");
    output.map_or(Ok(()), |path| check_writable(path))?;
    let model = common::model(arguments.model.as_ref())?;
    let source = Source::new(&arguments.input);
    let statements = Statements::read(&source, &model, &arguments.input())?;
    if !statements.bad_dates.is_empty() {
        if !arguments.skip_bad_dates || statements.is_empty() {
            return Err(statements.refuse_bad_dates(&source, list(&statements.bad_dates)));
        }
        common::note(format!(
            "rows left out, because their date cannot be read:\n{}",
            list(&statements.bad_dates)
        ));
    }
    let report = Report::new(&arguments.params(), &model, statements)?;
    match output {
        Some(path) => write_atomically(path, |out| arguments.write(&report, out))?,
        None => arguments.write(&report, &mut BufWriter::new(io::stdout().lock()))?,
    }
    // the chart brings its warnings along
    if !arguments.quiet && (output.is_some() || arguments.format != Writing::Text) {
        report.warnings.iter().for_each(|warning| common::note(format!("warning: {warning}")));
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    common::finish(run())
}
