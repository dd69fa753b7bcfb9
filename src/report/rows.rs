//! Rows worth reading, as CSV.

use std::io::Write;

use super::csv_error;
use crate::corpus::Corpus;
use crate::error::Result;
use crate::evaluation::{Assessment, Contrasts};

/// The rows predicted wrong, most confident first, then all rows of the
/// contrast pairs that fail, in the order of their file. Columns: file, line,
/// label, predicted, confidence, text; with contrasts, pair and kind come
/// before the text.
///
/// # Errors
/// What the writer says.
pub fn errors_csv(assessment: &Assessment, writer: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(writer);
    let pair_columns = if assessment.contrasts.is_some() { ["pair", "kind"].as_slice() } else { &[] };
    let header = ["file", "line", "label", "predicted", "confidence"].iter();
    csv.write_record(header.chain(pair_columns).chain(&["text"])).map_err(csv_error)?;
    if let Some(evaluation) = &assessment.evaluation {
        for row in evaluation.errors() {
            let mut fields = place(&assessment.corpus, row);
            fields.push(evaluation.labels.name(evaluation.predicted[row]).into());
            fields.push(format!("{:.6}", evaluation.confidence(row)));
            fields.extend(pair_columns.iter().map(|_| String::new()));
            fields.push(assessment.corpus.texts[row].clone());
            csv.write_record(fields).map_err(csv_error)?;
        }
    }
    if let Some(contrasts) = &assessment.contrasts {
        failing_pairs(contrasts, &mut csv)?;
    }
    Ok(csv.flush()?)
}

fn failing_pairs(contrasts: &Contrasts, csv: &mut csv::Writer<&mut dyn Write>) -> Result<()> {
    for pair in contrasts.pairs.iter().filter(|pair| !pair.passed) {
        for &row in &pair.rows {
            let mut fields = place(&contrasts.corpus, row);
            fields.push(contrasts.labels.name(contrasts.predicted[row]).into());
            fields.push(format!("{:.6}", contrasts.confidence[row]));
            fields.extend([pair.id.clone(), pair.kind.clone(), contrasts.corpus.texts[row].clone()]);
            csv.write_record(fields).map_err(csv_error)?;
        }
    }
    Ok(())
}

/// The rows whose prediction differs from the baseline's, in the order of the
/// data: file, line, label, baseline, predicted, confidence, text. A header
/// only, if there is no baseline.
///
/// # Errors
/// What the writer says.
pub fn changes_csv(assessment: &Assessment, writer: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(writer);
    let header = ["file", "line", "label", "baseline", "predicted", "confidence", "text"];
    csv.write_record(header).map_err(csv_error)?;
    if let (Some(evaluation), Some(comparison)) = (&assessment.evaluation, &assessment.comparison) {
        for &row in &comparison.changed {
            let mut fields = place(&assessment.corpus, row);
            for class in [comparison.baseline_predicted[row], evaluation.predicted[row]] {
                fields.push(evaluation.labels.name(class).into());
            }
            fields.push(format!("{:.6}", evaluation.confidence(row)));
            fields.push(assessment.corpus.texts[row].clone());
            csv.write_record(fields).map_err(csv_error)?;
        }
    }
    Ok(csv.flush()?)
}

/// File, line and label of a row.
fn place(corpus: &Corpus, row: usize) -> Vec<String> {
    let location = &corpus.locations[row];
    let line = location.line.map_or(String::new(), |line| line.to_string());
    vec![location.source.clone(), line, corpus.labels[row].clone()]
}
