//! Scores as text, Markdown, JSON, CSV, JUnit and HTML.

mod check;
mod description;
mod grid;
mod html;
mod json;
mod junit;
mod learning_curve;
mod markdown;
mod rows;
mod tables;
mod text;
mod trend;
mod trend_html;

use crate::error::Error;
use crate::evaluation::{ClassIntervals, ClassScores, Confusion, Interval};
use crate::label::Labels;
use crate::model::{CrossValidation, Model};
pub use check::{check_json, check_text};
pub use description::description;
use grid::Grid;
pub use html::evaluation_html;
pub use json::assessment_json;
pub use junit::junit;
pub use learning_curve::{learning_curve_csv, learning_curve_text};
pub use markdown::assessment_markdown;
pub use rows::{changes_csv, errors_csv};
pub use text::assessment_text;
pub use trend::{trend_csv, trend_json, trend_text};
pub use trend_html::trend_html;

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
    let folds = folds(cv);
    if cv.alphas.len() > 1 {
        let mut grid = Grid::new(["alpha", "log-loss"]);
        for &(alpha, loss) in &cv.alphas {
            let chosen = if alpha == chosen_alpha { " <" } else { "" };
            grid.row([alpha.to_string(), format!("{loss:.4}{chosen}")]);
        }
        text.push_str(&format!("\nchoice of alpha, {folds}\n{}", grid.to_text()));
    }
    let confusion = Confusion::from_counts(cv.confusion.clone());
    text.push_str(&format!(
        "\nout of fold ({folds})\n  accuracy  {}\n  macro-F1  {}\n\n{}",
        with_interval(Some(cv.accuracy), Some(cv.accuracy_interval)),
        with_interval(Some(cv.macro_f1), Some(cv.macro_f1_interval)),
        class_grid(labels, &confusion, &[]).to_text(),
    ));
    if cv.repeats > 1 {
        text.push_str(
            "  accuracy and macro-F1 are means over the repeats; the table is the first repeat's\n",
        );
    }
    if cv.time_ordered {
        text.push_str(&format!(
            "  scores and temperature rest on {} rows; the earliest are only trained on\n",
            cv.rows()
        ));
    }
    text
}

/// How a model was cross-validated.
fn folds(cv: &CrossValidation) -> String {
    let order = if cv.time_ordered { " in the order of time" } else { "" };
    let repeats = if cv.repeats > 1 { format!(", {} times", cv.repeats) } else { String::new() };
    let groups = if cv.grouped { ", groups kept whole" } else { "" };
    format!("{} folds{order}{repeats}{groups}", cv.folds)
}

/// Scores of each label; with the interval of F1 where there are intervals.
fn class_grid(labels: &Labels, confusion: &Confusion, intervals: &[ClassIntervals]) -> Grid {
    let header = ["label", "precision", "recall", "F1", "95 %", "support"];
    let shown = |column: &usize| !intervals.is_empty() || header[*column] != "95 %";
    let mut grid = Grid::new((0..header.len()).filter(shown).map(|column| header[column]));
    for (class, (name, ClassScores { precision, recall, f1, support })) in
        confusion.by_class(labels).into_iter().enumerate()
    {
        let interval = intervals.get(class).and_then(|intervals| intervals.f1);
        let cells = [
            name.to_owned(),
            number(precision),
            number(recall),
            number(f1),
            interval.map_or(String::new(), range),
            support.to_string(),
        ];
        grid.row(cells.into_iter().enumerate().filter(|(column, _)| shown(column)).map(|(_, cell)| cell));
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

fn csv_error(error: csv::Error) -> Error {
    Error::Output(error.into())
}
