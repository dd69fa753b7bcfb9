//! Learns a model from labelled statements.

mod common;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stance::corpus::{Columns, Source};
use stance::text::{Language, NormalizerParams};
use stance::{
    Alpha, ClassWeight, ClassifierParams, Corpus, Error, Lexicon, Model, ModelParams, NgramRange, Norm,
    Result, Solver, VectorizerParams,
};

/// Learn a model from CSV files of labelled statements.
#[derive(Parser)]
#[command(version, after_help = "Exit status: 0 trained, 2 error. Same data and options: the same bytes.")]
struct Arguments {
    /// CSV files with a text and a label column; - is standard input
    #[arg(required = true)]
    data: Vec<PathBuf>,
    /// Where the model goes
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    columns: common::ColumnArgs,
    #[command(flatten)]
    dialect: common::DialectArgs,

    /// Language of the statements, or none for no stemming
    #[arg(long, default_value = "english", help_heading = "Features")]
    language: Language,
    /// Word n-grams, LOW..HIGH
    #[arg(long, default_value = "1..2", help_heading = "Features")]
    ngrams: NgramRange,
    /// Character n-grams inside words, LOW..HIGH, or none
    #[arg(long, default_value = "2..5", help_heading = "Features")]
    char_ngrams: OrWord<NgramRange>,
    /// Factor of the character n-grams' values
    #[arg(long, default_value_t = 0.3, help_heading = "Features")]
    char_weight: f64,
    /// Pairs of words in their order, 2 to this many words apart, or none
    #[arg(long, default_value = "3", help_heading = "Features")]
    window: OrWord<u8>,
    /// TOML file with tags of words and negators, as data/lexicon.toml
    #[arg(long, value_name = "FILE", help_heading = "Features")]
    lexicon: Option<PathBuf>,
    /// Leave out terms that occur in fewer texts than this
    #[arg(long, default_value_t = 2, help_heading = "Features")]
    min_df: u32,
    /// Leave out terms that occur in a larger share of the texts than this
    #[arg(long, default_value_t = 1.0, help_heading = "Features")]
    max_df: f64,
    /// Keep this many terms, by their chi-square statistic, or all
    #[arg(long, default_value = "all", help_heading = "Features")]
    max_features: OrWord<usize>,
    /// Scaling of a text's features: by its number of words, or to unit Euclidean norm
    #[arg(long, value_parser = norm, default_value = "length", help_heading = "Features")]
    norm: Norm,
    /// Keep numbers apart instead of folding them into one term
    #[arg(long, help_heading = "Features")]
    keep_numbers: bool,

    /// L2 strength (1/C of scikit-learn), or auto to choose it by cross-validation
    #[arg(long, default_value = "auto", help_heading = "Classifier")]
    alpha: Alpha,
    /// none, or balanced to give every label the same total weight
    #[arg(long, value_parser = class_weight, default_value = "none", help_heading = "Classifier")]
    class_weight: ClassWeight,
    /// auto, linfa or sparse
    #[arg(long, value_parser = solver, default_value = "auto", help_heading = "Classifier")]
    solver: Solver,
    /// Convergence: how far above its minimum the objective may be, as a share of it
    #[arg(long, default_value_t = 1e-8, help_heading = "Classifier")]
    tolerance: f64,
    /// Most iterations of a solver
    #[arg(long, default_value_t = 1000, help_heading = "Classifier")]
    max_iterations: usize,
    /// Largest dense matrix, in MiB, for which auto lets linfa-logistic finish the fit
    #[arg(long, default_value_t = 2048, help_heading = "Classifier")]
    dense_budget: usize,

    /// Folds of the cross-validation; 0 for none, with a given alpha
    #[arg(long, default_value_t = 5, help_heading = "Cross-validation")]
    folds: usize,
    /// Go through all folds this often, drawn anew each time; scores are means over them
    #[arg(long, default_value_t = 1, help_heading = "Cross-validation")]
    repeats: usize,
    /// Column with a date, yyyy-mm-dd: each fold is tested by what was trained on earlier rows alone
    #[arg(long, value_name = "COLUMN", help_heading = "Cross-validation")]
    time_column: Option<String>,
    /// Train on growing shares of the folds too, and say whether more labels would help; =FILE.csv writes the
    /// figures
    #[arg(
        long,
        value_name = "FILE.csv",
        num_args = 0..=1,
        require_equals = true,
        help_heading = "Cross-validation"
    )]
    learning_curve: Option<Option<PathBuf>>,
    /// Seed of folds and intervals
    #[arg(long, default_value_t = 7, help_heading = "Cross-validation")]
    seed: u64,

    /// Threads [default: all cores]; they never change the result
    #[arg(long, value_parser = common::threads)]
    threads: Option<usize>,
}

/// A value, or the word `none` or `all` for no limit.
#[derive(Clone)]
struct OrWord<T>(Option<T>);

impl<T: std::str::FromStr> std::str::FromStr for OrWord<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" | "all" => Ok(Self(None)),
            _ => text.parse().map(|value| Self(Some(value))).map_err(|_| "write a value, none or all".into()),
        }
    }
}

fn norm(text: &str) -> Result<Norm, String> {
    named(text, [("length", Norm::Length), ("l2", Norm::L2)])
}

fn class_weight(text: &str) -> Result<ClassWeight, String> {
    named(text, [("none", ClassWeight::None), ("balanced", ClassWeight::Balanced)])
}

fn solver(text: &str) -> Result<Solver, String> {
    named(text, [("auto", Solver::Auto), ("linfa", Solver::Linfa), ("sparse", Solver::Sparse)])
}

fn named<T, const N: usize>(text: &str, values: [(&str, T); N]) -> Result<T, String> {
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    let message = format!("write {}", names.join(" or "));
    values.into_iter().find(|(name, _)| *name == text).map(|(_, value)| value).ok_or(message)
}

impl Arguments {
    fn params(&self) -> Result<ModelParams> {
        Ok(ModelParams {
            vectorizer: VectorizerParams {
                normalizer: NormalizerParams { language: self.language, mask_numbers: !self.keep_numbers },
                word_ngrams: self.ngrams,
                char_ngrams: self.char_ngrams.0,
                char_weight: self.char_weight,
                window: self.window.0,
                lexicon: self.lexicon.as_deref().map(Lexicon::load).transpose()?,
                min_df: self.min_df,
                max_df: self.max_df,
                max_features: self.max_features.0,
                norm: self.norm,
            },
            classifier: ClassifierParams {
                class_weight: self.class_weight,
                solver: self.solver,
                tolerance: self.tolerance,
                max_iterations: self.max_iterations,
                dense_budget_mib: self.dense_budget,
                ..Default::default()
            },
            alpha: self.alpha.clone(),
            folds: self.folds,
            repeats: self.repeats,
            seed: self.seed,
        })
    }
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    common::set_threads(arguments.threads)?;
    let curve_file = arguments.learning_curve.as_ref().and_then(Option::as_ref);
    for file in std::iter::once(&arguments.output).chain(curve_file) {
        stance::output::check_writable(file)?;
    }
    if arguments.learning_curve.is_some() && arguments.folds == 0 {
        let message = "needs folds; leave out --folds 0".into();
        return Err(Error::Parameter { name: "--learning-curve", message });
    }
    let params = arguments.params()?;
    let sources: Vec<Source> = arguments.data.iter().map(Source::new).collect();
    let columns = Columns { time: arguments.time_column.clone(), ..arguments.columns.columns(&[]) };
    let corpus = Corpus::read(&sources, &columns, arguments.dialect.dialect())?;

    // how many fits the search for alpha takes is not known before
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::default_spinner());
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let progress = |step: &str| bar.set_message(step.to_owned());
    let trained = Model::fit(&params, &corpus, &progress).and_then(|model| {
        let wanted = arguments.learning_curve.is_some();
        let curve = wanted.then(|| model.learning_curve(&corpus, &progress)).transpose()?;
        Ok((model, curve))
    });
    bar.finish_and_clear();
    let (model, curve) = trained?;
    model.save(&arguments.output)?;
    if let (Some(curve), Some(file)) = (&curve, curve_file) {
        stance::output::write_atomically(file, |writer| stance::report::learning_curve_csv(curve, writer))?;
    }

    let mut out = std::io::stdout().lock();
    write!(out, "{}", stance::report::training(&model))?;
    if let Some(curve) = &curve {
        write!(out, "{}", stance::report::learning_curve_text(curve))?;
    }
    writeln!(out, "model written to {}", arguments.output.display())?;
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    common::finish(run())
}
