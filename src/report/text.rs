//! What `stance-evaluate` prints.

use super::grid::Grid;
use super::{class_grid, tables};
use crate::evaluation::{Assessment, Comparison, Contrasts, Evaluation};

/// An assessment as text for the terminal; gates are not in it.
pub fn assessment_text(assessment: &Assessment) -> String {
    let mut parts = Vec::new();
    if let Some(evaluation) = &assessment.evaluation {
        parts.push(evaluation_text(evaluation));
        if let Some(comparison) = &assessment.comparison {
            parts.push(comparison_text(evaluation, comparison));
        }
    }
    parts.extend(assessment.contrasts.as_ref().map(contrasts_text));
    parts.join("\n")
}

fn evaluation_text(evaluation: &Evaluation) -> String {
    let scores = &evaluation.overall;
    let mut text = titled(&tables::rows(scores), &tables::figures(evaluation));
    if !evaluation.f_avg.is_empty() {
        text.push_str(&format!("  (F-avg: mean F1 of {})\n", tables::f_avg_labels(evaluation)));
    }
    text.push('\n');
    text.push_str(&class_grid(&evaluation.labels, &scores.confusion, &scores.class_intervals).to_text());
    let parts = [
        titled("rows: true label, columns: predicted (share of the row)", &tables::confusion(evaluation)),
        titled("confidence and how often it was right", &tables::reliability(scores)),
        titled("rows kept by --threshold, and their accuracy", &tables::coverage(scores)),
    ];
    for part in parts {
        text.push('\n');
        text.push_str(&part);
    }
    if !evaluation.slices.is_empty() {
        text.push('\n');
        text.push_str(&tables::slices(evaluation).to_text());
        text.extend(tables::small_slices(evaluation).map(|note| format!("  {note}\n")));
    }
    text
}

fn comparison_text(evaluation: &Evaluation, comparison: &Comparison) -> String {
    let title = format!("against the baseline: {}", tables::comparison_summary(evaluation, comparison));
    titled(&title, &tables::comparison(evaluation, comparison))
}

fn contrasts_text(contrasts: &Contrasts) -> String {
    titled("contrast pairs, passed where all rows get their label", &tables::contrasts(contrasts))
}

fn titled(title: &str, grid: &Grid) -> String {
    format!("{title}\n{}", grid.to_text())
}
