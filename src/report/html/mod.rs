//! An evaluation as a page: `templates/evaluation.html`.

mod curves;

use std::io::Write;

use askama::Template;

use self::curves::{bin_rows, coverage_chart, reliability_chart, threshold_rows};
use super::{folds, number, range, with_interval};
use crate::corpus::Corpus;
use crate::error::Result;
use crate::evaluation::{Assessment, Evaluation, Interval, Scores};
use crate::model::{Model, Prediction};
use crate::page::{self, Bar, Chart, StatementView, label_class, percent, shape};

/// Terms shown for each label.
const TERMS: usize = 15;

/// Errors shown.
const ERRORS: usize = 25;

#[derive(Template)]
#[template(path = "evaluation.html")]
struct EvaluationPage<'a> {
    rows: usize,
    headline: Headline,
    figures: Vec<Figure>,
    labels: &'a [String],
    confusion: Vec<ConfusionRow<'a>>,
    classes: Vec<ClassRow<'a>>,
    reliability: Chart,
    bins: Vec<[String; 4]>,
    coverage: Chart,
    thresholds: Vec<[String; 3]>,
    slices: Vec<SliceRow>,
    terms: Vec<ClassTerms<'a>>,
    errors: Vec<StatementView<'a>>,
    all_errors: usize,
    provenance: Vec<(&'static str, String)>,
}

impl EvaluationPage<'_> {
    fn has_small_slices(&self) -> bool {
        self.slices.iter().any(|slice| slice.is_small)
    }
}

/// The accuracy in plain words.
struct Headline {
    percent: String,
    interval: String,
    baseline: String,
}

struct Figure {
    name: &'static str,
    value: String,
    interval: String,
}

struct ConfusionRow<'a> {
    name: &'a str,
    cells: Vec<Cell>,
}

struct Cell {
    count: u64,
    share: String,
    shade: String,
    right: bool,
}

/// A score as number and as bar.
struct Score {
    value: String,
    interval: String,
    bar: Bar,
}

struct ClassRow<'a> {
    name: &'a str,
    style: String,
    shape: &'static str,
    scores: [Score; 3],
    support: u64,
}

struct SliceRow {
    name: String,
    rows: usize,
    is_small: bool,
    scores: [Score; 2],
    ece: String,
}

struct ClassTerms<'a> {
    name: &'a str,
    style: String,
    shape: &'static str,
    terms: Vec<Term>,
}

struct Term {
    term: String,
    value: String,
    bar: Bar,
}

/// The evaluation of a model as one self-contained HTML page: no network, no
/// scripts. Nothing is written if the assessment holds none.
///
/// # Errors
/// What the writer says.
pub fn evaluation_html(assessment: &Assessment, model: &Model, writer: &mut dyn Write) -> Result<()> {
    let Some(evaluation) = &assessment.evaluation else { return Ok(()) };
    let (scores, corpus) = (&evaluation.overall, &assessment.corpus);
    let curve = &scores.coverage_curve;
    let errors = evaluation.errors();
    let shown = errors.iter().take(ERRORS).map(|&row| error(evaluation, model, corpus, row));
    let page = EvaluationPage {
        rows: scores.rows,
        headline: headline(scores),
        figures: figures(scores),
        labels: evaluation.labels.names(),
        confusion: confusion(evaluation),
        classes: classes(evaluation),
        reliability: reliability_chart(&scores.reliability),
        bins: bin_rows(&scores.reliability),
        coverage: coverage_chart(curve),
        thresholds: threshold_rows(curve),
        slices: slices(evaluation),
        terms: terms(model),
        errors: shown.collect(),
        all_errors: errors.len(),
        provenance: provenance(assessment, evaluation, model),
    };
    page::write(&page, writer)
}

fn headline(scores: &Scores) -> Headline {
    let interval = scores.accuracy_interval.map_or(
        "There are too few rows to say how far that would hold for others.".into(),
        |Interval { low, high }| {
            format!(
                "If these statements are a fair sample of those the model will see, the share that it labels \
                 right most likely lies between {} and {} (95\u{a0}% bootstrap interval).",
                percent(low),
                percent(high)
            )
        },
    );
    let baseline = scores.majority_baseline.map_or(String::new(), |share| {
        format!("Always answering the most frequent label would be right on {}.", percent(share))
    });
    Headline { percent: scores.accuracy.map_or("-".into(), percent), interval, baseline }
}

fn figures(scores: &Scores) -> Vec<Figure> {
    let figure = |name, value, interval: Option<Interval>| Figure {
        name,
        value: number(value),
        interval: interval.map_or(String::new(), range),
    };
    vec![
        figure("accuracy", scores.accuracy, scores.accuracy_interval),
        figure("macro-F1", scores.macro_f1, scores.macro_f1_interval),
        figure("balanced accuracy", scores.balanced_accuracy, scores.balanced_accuracy_interval),
        figure("Matthews correlation", scores.matthews, scores.matthews_interval),
        figure("log-loss", scores.log_loss, scores.log_loss_interval),
        figure("Brier score (0 to 2)", scores.brier, scores.brier_interval),
        figure("calibration error", scores.ece, None),
    ]
}

fn confusion(evaluation: &Evaluation) -> Vec<ConfusionRow<'_>> {
    let confusion = &evaluation.overall.confusion;
    let rows = evaluation.labels.names().iter().zip(confusion.counts()).enumerate();
    rows.map(|(truth, (name, counts))| {
        let support = confusion.support(truth);
        let cells = counts.iter().enumerate().map(|(predicted, &count)| {
            let share = if support > 0 { count as f64 / support as f64 } else { 0.0 };
            Cell { count, share: percent(share), shade: format!("{share:.3}"), right: truth == predicted }
        });
        ConfusionRow { name, cells: cells.collect() }
    })
    .collect()
}

fn score(value: Option<f64>, interval: Option<Interval>) -> Score {
    Score {
        value: number(value),
        interval: interval.map_or(String::new(), range),
        bar: Bar { value, interval },
    }
}

fn classes(evaluation: &Evaluation) -> Vec<ClassRow<'_>> {
    let rows = evaluation.overall.confusion.by_class(&evaluation.labels);
    let rows = rows.into_iter().zip(&evaluation.overall.class_intervals).enumerate();
    rows.map(|(class, ((name, scores), intervals))| ClassRow {
        name,
        style: label_class(&class),
        shape: shape(&class),
        scores: [
            score(scores.precision, intervals.precision),
            score(scores.recall, intervals.recall),
            score(scores.f1, intervals.f1),
        ],
        support: scores.support,
    })
    .collect()
}

fn slices(evaluation: &Evaluation) -> Vec<SliceRow> {
    let rows = evaluation.slices.iter().map(|slice| SliceRow {
        name: format!("{}={}", slice.column, slice.value),
        rows: slice.scores.rows,
        is_small: slice.scores.is_small(),
        scores: [
            score(slice.scores.accuracy, slice.scores.accuracy_interval),
            score(slice.scores.macro_f1, slice.scores.macro_f1_interval),
        ],
        ece: number(slice.scores.ece),
    });
    rows.collect()
}

/// The bars of all labels have one scale.
fn terms(model: &Model) -> Vec<ClassTerms<'_>> {
    let names = model.labels().names();
    let top: Vec<_> = (0..names.len()).map(|class| model.top_terms(class, TERMS)).collect();
    let most = top.iter().flatten().map(|term| term.value).fold(0.0, f64::max);
    let classes = names.iter().zip(top).enumerate().map(|(class, (name, terms))| {
        let terms = terms.into_iter().map(|term| Term {
            value: format!("{:+.2}", term.value),
            bar: Bar { value: Some(term.value / most), interval: None },
            term: term.term,
        });
        ClassTerms { name, style: label_class(&class), shape: shape(&class), terms: terms.collect() }
    });
    classes.collect()
}

fn error<'a>(evaluation: &Evaluation, model: &'a Model, corpus: &'a Corpus, row: usize) -> StatementView<'a> {
    let text = &corpus.texts[row];
    let prediction = Prediction {
        class: evaluation.predicted[row],
        probabilities: evaluation.probabilities.row(row).to_vec(),
        known_terms: model.predict(text).known_terms,
    };
    let mut view = StatementView::new(model, text, prediction);
    view.truth = Some(&corpus.labels[row]);
    view.place = corpus.locations[row].to_string();
    view
}

fn provenance(
    assessment: &Assessment,
    evaluation: &Evaluation,
    model: &Model,
) -> Vec<(&'static str, String)> {
    let corpus = &assessment.corpus;
    let mut files: Vec<&str> = corpus.locations.iter().map(|location| location.source.as_str()).collect();
    files.dedup();
    let counts = |rows: &mut dyn Iterator<Item = u64>| {
        let parts = evaluation.labels.names().iter().zip(rows).map(|(name, rows)| format!("{name} {rows}"));
        parts.collect::<Vec<_>>().join(", ")
    };
    let confusion = &evaluation.overall.confusion;
    let support = counts(&mut (0..evaluation.labels.len()).map(|class| confusion.support(class)));
    let made_from = model.provenance();
    let trained_on = counts(&mut made_from.rows_per_label.iter().map(|&rows| rows as u64));
    let mut lines = vec![
        ("Test data", files.join(", ")),
        ("Rows", format!("{}: {support}", corpus.len())),
        ("Groups", if corpus.is_grouped() { "resampled whole" } else { "none" }.into()),
        ("SHA-256 of texts and labels", corpus.sha256()),
        ("SHA-256 of the model file", assessment.model_sha256.clone()),
        ("Trained on", format!("{} rows: {trained_on}", made_from.rows)),
        ("SHA-256 of training texts and labels", made_from.data_sha256.clone()),
        ("Terms", model.vectorizer().vocabulary().len().to_string()),
        ("L2 strength alpha", model.params().classifier.alpha.to_string()),
        ("Temperature", model.temperature().to_string()),
    ];
    if let Some(cv) = &made_from.cross_validation {
        let accuracy = with_interval(Some(cv.accuracy), Some(cv.accuracy_interval));
        lines.push(("Accuracy in training", format!("{accuracy}, out of {}", folds(cv))));
    }
    lines.push(("Program", format!("stance-classifier {}", page::VERSION)));
    lines
}
