//! A report made for a comment on a change: what matters on top, the rest
//! folded away.

use super::grid::Grid;
use super::{class_grid, tables};
use crate::evaluation::{Assessment, Evaluation, Verdict};

/// An assessment as compact GitHub-flavoured Markdown.
pub fn assessment_markdown(assessment: &Assessment) -> String {
    let mut text = format!("### Stance evaluation{}\n\n", verdict(assessment));
    if let Some(evaluation) = &assessment.evaluation {
        text.push_str(&format!("{}\n\n", tables::rows(&evaluation.overall)));
        text.push_str(&tables::brief(evaluation, assessment.comparison.as_ref()).to_markdown());
        if !evaluation.f_avg.is_empty() {
            text.push_str(&format!("\nF-avg: mean F1 of {}\n", tables::f_avg_labels(evaluation)));
        }
        if let Some(comparison) = &assessment.comparison {
            text.push_str(&format!("\n{}\n", tables::comparison_summary(evaluation, comparison)));
        }
    }
    if let Some(contrasts) = &assessment.contrasts {
        let all = contrasts.pass_rate(None, None);
        text.push_str(&format!("\nContrast pairs passed: {} of {}\n", all.passed, all.pairs));
    }
    for outcome in &assessment.gates {
        let verdict = match outcome.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "**FAILED**",
            Verdict::Undecided => "**UNDECIDED**",
        };
        text.push_str(&format!("\n- {verdict}: {}", outcome.message));
    }
    if !assessment.gates.is_empty() {
        text.push('\n');
    }
    if let Some(evaluation) = &assessment.evaluation {
        text.push_str(&details(evaluation));
    }
    if let Some(contrasts) = &assessment.contrasts {
        text.push_str(&folded("Contrast pairs", &[("", tables::contrasts(contrasts))]));
    }
    text
}

/// How the gates went, for the title.
fn verdict(assessment: &Assessment) -> String {
    let count = |verdict| assessment.gates_that(verdict).count();
    match (count(Verdict::Undecided), count(Verdict::Failed), assessment.gates.len()) {
        (_, _, 0) => String::new(),
        (0, 0, all) => format!(": {all} of {all} gates passed"),
        (0, failed, all) => format!(": {failed} of {all} gates FAILED"),
        (undecided, failed, all) => format!(": {failed} of {all} gates FAILED, {undecided} UNDECIDED"),
    }
}

fn details(evaluation: &Evaluation) -> String {
    let scores = &evaluation.overall;
    let mut text = folded(
        "Labels",
        &[
            ("", class_grid(&evaluation.labels, &scores.confusion, &scores.class_intervals)),
            ("Rows: true label, columns: predicted (share of the row)", tables::confusion(evaluation)),
        ],
    );
    if !evaluation.slices.is_empty() {
        let note = tables::small_slices(evaluation).map_or(String::new(), |note| note.replace('*', "\\*"));
        text.push_str(&folded("Slices", &[(&note, tables::slices(evaluation))]));
    }
    let calibration = [
        ("How often a confidence was right", tables::reliability(scores)),
        ("Rows kept by `--threshold`, and their accuracy", tables::coverage(scores)),
    ];
    text + &folded("Confidence and thresholds", &calibration)
}

/// Tables, each with a line above it, behind a summary to click on.
fn folded(summary: &str, grids: &[(&str, Grid)]) -> String {
    let mut text = format!("\n<details><summary>{summary}</summary>\n");
    for (title, grid) in grids {
        if !title.is_empty() {
            text.push_str(&format!("\n{title}\n"));
        }
        text.push_str(&format!("\n{}", grid.to_markdown()));
    }
    text + "\n</details>\n"
}
