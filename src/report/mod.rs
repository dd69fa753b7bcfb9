//! Scores as text, Markdown, JSON and HTML.

mod check;
mod grid;
mod html;

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::evaluation::{ClassScores, Confusion, Evaluation, Interval, Scores};
use crate::label::Labels;
use crate::model::{CrossValidation, Model};
pub use check::{check_json, check_text};
use grid::Grid;
pub use html::evaluation_html;

/// What `stance-train` prints: the data, the choice of alpha, out-of-fold
/// scores, the fit.
pub fn training(model: &Model) -> String {
    let provenance = model.provenance();
    let labels = model.labels();
    let counts: Vec<String> = labels
        .names()
        .iter()
        .zip(&provenance.rows_per_label)
        .map(|(name, rows)| format!("{name} {rows}"))
        .collect();
    let vocabulary = model.vectorizer().vocabulary();
    let mut text = format!("{} rows: {}\n{} terms\n", provenance.rows, counts.join(", "), vocabulary.len());
    if let Some(cv) = &provenance.cross_validation {
        text.push_str(&cross_validation(cv, labels, model.params().classifier.alpha));
    }
    let fit = model.convergence();
    let by = match fit.finished_by {
        crate::FinishedBy::Linfa if fit.iterations > 0 => "sparse Newton, finished by linfa-logistic",
        crate::FinishedBy::Linfa => "linfa-logistic",
        crate::FinishedBy::Sparse => "sparse Newton",
    };
    text.push_str(&format!(
        "\nfit by {by}: objective {:.6}, gradient norm {:.1e} (tolerance {:.1e}), temperature {}\n",
        fit.objective,
        fit.gradient_norm,
        fit.tolerance,
        model.temperature()
    ));
    text
}

fn cross_validation(cv: &CrossValidation, labels: &Labels, chosen_alpha: f64) -> String {
    let mut text = String::new();
    if cv.alphas.len() > 1 {
        let mut grid = Grid::new(["alpha", "log-loss"]);
        for &(alpha, loss) in &cv.alphas {
            let chosen = if alpha == chosen_alpha { " <" } else { "" };
            grid.row([alpha.to_string(), format!("{loss:.4}{chosen}")]);
        }
        text.push_str(&format!("\nchoice of alpha, {} folds\n{}", cv.folds, grid.to_text()));
    }
    let confusion = Confusion::from_counts(cv.confusion.clone());
    let grouped = if cv.grouped { ", groups kept whole" } else { "" };
    text.push_str(&format!(
        "\nout of fold ({} folds{grouped})\n  accuracy  {}\n  macro-F1  {}\n\n{}",
        cv.folds,
        with_interval(Some(cv.accuracy), Some(cv.accuracy_interval)),
        with_interval(Some(cv.macro_f1), Some(cv.macro_f1_interval)),
        class_grid(labels, &confusion).to_text(),
    ));
    text
}

/// What `stance-evaluate` prints.
pub fn evaluation_text(evaluation: &Evaluation) -> String {
    let scores = &evaluation.overall;
    let mut text = format!("{} rows\n{}\n", scores.rows, headline(scores).to_text());
    text.push_str(&class_grid(&evaluation.labels, &scores.confusion).to_text());
    text.push_str("\nrows: true label, columns: predicted\n");
    text.push_str(&confusion_grid(&evaluation.labels, &scores.confusion).to_text());
    if !evaluation.slices.is_empty() {
        text.push('\n');
        text.push_str(&slice_grid(evaluation).to_text());
    }
    text
}

/// The same as a compact Markdown section, made for a comment.
pub fn evaluation_markdown(evaluation: &Evaluation) -> String {
    let scores = &evaluation.overall;
    let mut text =
        format!("### Stance evaluation ({} rows)\n\n{}\n", scores.rows, headline(scores).to_markdown());
    text.push_str(&class_grid(&evaluation.labels, &scores.confusion).to_markdown());
    text.push_str("\nConfusion (rows: true label, columns: predicted)\n\n");
    text.push_str(&confusion_grid(&evaluation.labels, &scores.confusion).to_markdown());
    if !evaluation.slices.is_empty() {
        text.push('\n');
        text.push_str(&slice_grid(evaluation).to_markdown());
    }
    text
}

/// The same as one JSON object with flat keys in a stable order; `null` where
/// a figure is undefined.
pub fn evaluation_json(evaluation: &Evaluation, model_sha256: &str, data_sha256: &str) -> Value {
    let mut object = Map::new();
    object.insert("model_sha256".into(), json!(model_sha256));
    object.insert("data_sha256".into(), json!(data_sha256));
    score_fields(&mut object, "", &evaluation.labels, &evaluation.overall);
    object.insert("labels".into(), json!(evaluation.labels));
    object.insert("confusion".into(), json!(evaluation.overall.confusion.counts()));
    object.insert("reliability".into(), json!(evaluation.overall.reliability));
    for slice in &evaluation.slices {
        let prefix = format!("{}={}.", slice.column, slice.value);
        score_fields(&mut object, &prefix, &evaluation.labels, &slice.scores);
    }
    Value::Object(object)
}

fn score_fields(object: &mut Map<String, Value>, prefix: &str, labels: &Labels, scores: &Scores) {
    let mut put = |name: &str, value: Value| object.insert(format!("{prefix}{name}"), value);
    put("rows", json!(scores.rows));
    put("accuracy", json!(scores.accuracy));
    put("accuracy_low", json!(scores.accuracy_interval.map(|i| i.low)));
    put("accuracy_high", json!(scores.accuracy_interval.map(|i| i.high)));
    put("macro_f1", json!(scores.macro_f1));
    put("macro_f1_low", json!(scores.macro_f1_interval.map(|i| i.low)));
    put("macro_f1_high", json!(scores.macro_f1_interval.map(|i| i.high)));
    put("balanced_accuracy", json!(scores.balanced_accuracy));
    put("majority_baseline", json!(scores.majority_baseline));
    put("log_loss", json!(scores.log_loss));
    put("brier", json!(scores.brier));
    put("ece", json!(scores.ece));
    for (label, class) in scores.confusion.by_class(labels) {
        put(&format!("precision:{label}"), json!(class.precision));
        put(&format!("recall:{label}"), json!(class.recall));
        put(&format!("f1:{label}"), json!(class.f1));
        put(&format!("support:{label}"), json!(class.support));
    }
}

fn headline(scores: &Scores) -> Grid {
    let mut grid = Grid::new(["", "value", "95 % interval"]);
    let mut line = |name: &str, value: Option<f64>, interval: Option<Interval>| {
        grid.row([name.to_owned(), number(value), interval.map_or(String::new(), range)]);
    };
    line("accuracy", scores.accuracy, scores.accuracy_interval);
    line("macro-F1", scores.macro_f1, scores.macro_f1_interval);
    line("balanced accuracy", scores.balanced_accuracy, None);
    line("majority baseline", scores.majority_baseline, None);
    line("log-loss", scores.log_loss, None);
    line("Brier score", scores.brier, None);
    line("calibration error", scores.ece, None);
    grid
}

fn class_grid(labels: &Labels, confusion: &Confusion) -> Grid {
    let mut grid = Grid::new(["label", "precision", "recall", "F1", "support"]);
    for (name, ClassScores { precision, recall, f1, support }) in confusion.by_class(labels) {
        grid.row([name.to_owned(), number(precision), number(recall), number(f1), support.to_string()]);
    }
    grid
}

fn confusion_grid(labels: &Labels, confusion: &Confusion) -> Grid {
    let mut grid = Grid::new(std::iter::once("").chain(labels.names().iter().map(String::as_str)));
    for (name, counts) in labels.names().iter().zip(confusion.counts()) {
        grid.row(std::iter::once(name.clone()).chain(counts.iter().map(u64::to_string)));
    }
    grid
}

fn slice_grid(evaluation: &Evaluation) -> Grid {
    let mut grid = Grid::new(["slice", "rows", "accuracy", "95 %", "macro-F1", "95 %", "ECE"]);
    for slice in &evaluation.slices {
        let scores = &slice.scores;
        grid.row([
            format!("{}={}", slice.column, slice.value),
            scores.rows.to_string(),
            number(scores.accuracy),
            scores.accuracy_interval.map_or(String::new(), range),
            number(scores.macro_f1),
            scores.macro_f1_interval.map_or(String::new(), range),
            number(scores.ece),
        ]);
    }
    grid
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.3}"))
}

fn range(interval: Interval) -> String {
    format!("{:.3} to {:.3}", interval.low, interval.high)
}

fn with_interval(value: Option<f64>, interval: Option<Interval>) -> String {
    match interval {
        Some(interval) => format!("{} ({})", number(value), range(interval)),
        None => number(value),
    }
}

/// The rows predicted wrong as CSV, most confident first: file, line, label,
/// predicted, confidence, text.
///
/// # Errors
/// What the writer says.
pub fn errors_csv(evaluation: &Evaluation, corpus: &Corpus, writer: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(writer);
    let csv_error = |e: csv::Error| Error::Output(e.into());
    csv.write_record(["file", "line", "label", "predicted", "confidence", "text"]).map_err(csv_error)?;
    for row in evaluation.errors() {
        let location = &corpus.locations[row];
        let predicted = evaluation.predicted[row];
        csv.write_record([
            location.source.as_str(),
            &location.line.map_or(String::new(), |line| line.to_string()),
            &corpus.labels[row],
            evaluation.labels.name(predicted),
            &format!("{:.6}", evaluation.probabilities[(row, predicted)]),
            &corpus.texts[row],
        ])
        .map_err(csv_error)?;
    }
    Ok(csv.flush()?)
}
