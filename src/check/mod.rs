//! Looks for what is wrong with labelled data before a model learns it.

mod agreement;
mod duplicates;
mod finding;
mod join;
mod labels;
mod rows;
mod suspects;
mod texts;

pub use agreement::Agreement;
pub(crate) use duplicates::{normal_form, trigram_sets};
pub use finding::{Finding, Kind, Severity};
pub use join::{Pair, Similar, similar_pairs};
pub use rows::{Rows, Statement};
pub use texts::Lengths;

use crate::error::{Error, Result};
use crate::model::{ModelParams, Progress};

/// What to check beyond what is always checked.
#[derive(Debug, Clone)]
pub struct CheckParams {
    /// The labels there should be; empty: any.
    pub labels: Vec<String>,
    /// Jaccard similarity of word trigrams from which two texts are near
    /// duplicates, above 0 and at most 1.
    pub near: f64,
    /// How many suspicious labels to list; 0: train nothing.
    pub suspects: usize,
    /// How the model is trained that suspects labels.
    pub model: ModelParams,
}

/// Everything found about one file, or about two.
#[derive(Debug)]
pub struct Report {
    /// The files, the checked one first.
    pub files: Vec<Rows>,
    /// Their lengths in words; `None` without a row that has a text.
    pub lengths: Vec<Option<Lengths>>,
    /// What was found, in the order of [`Kind::ALL`].
    pub findings: Vec<Finding>,
    /// Pairs of near duplicates that are in one group on purpose.
    pub pairs_in_groups: usize,
    /// Agreement of two coders, where two columns were named.
    pub agreement: Option<Agreement>,
    /// Checks that could not be made, and why.
    pub left_out: Vec<String>,
}

impl Report {
    /// Checks `data`, and what it shares with `other`.
    ///
    /// # Errors
    /// A parameter out of its range, a fit that does not converge.
    pub fn new(
        params: &CheckParams,
        data: Rows,
        other: Option<Rows>,
        progress: &Progress<'_>,
    ) -> Result<Self> {
        if !(params.near > 0.0 && params.near <= 1.0) {
            return Err(Error::parameter("--near", "must be above 0 and at most 1"));
        }
        let files: Vec<Rows> = std::iter::once(data).chain(other).collect();
        let statements: Vec<Statement<'_>> =
            files.iter().enumerate().flat_map(|(number, rows)| rows.statements(number)).collect();

        progress("texts and labels");
        let mut findings = texts::findings(&statements);
        findings.extend(labels::findings(&statements, &params.labels));
        progress("duplicates");
        let duplicates = duplicates::find(&statements, params.near);
        findings.extend(duplicates.findings);

        let mut left_out: Vec<String> = files
            .iter()
            .filter(|file| !file.labelled)
            .map(|file| format!("checks of labels in {}: it has no such column", file.name))
            .collect();
        if !duplicates.complete {
            left_out.push(format!(
                "almost the same texts beyond {} pairs: delete those first, or raise --near",
                duplicates::MOST_PAIRS
            ));
        }
        if params.suspects > 0 && files[0].labelled {
            match suspects::findings(&params.model, &files[0].corpus, params.suspects, progress)? {
                Ok(suspects) => findings.extend(suspects),
                Err(reason) => left_out.push(format!("labels that a model doubts: {reason}")),
            }
        }
        let agreement = files[0].coders.as_ref().map(|[a, b]| Agreement::new(a, b));
        findings.extend(agreement::findings(&files[0]));
        findings.sort_by_key(|finding| finding.kind);
        let lengths = files.iter().map(|file| Lengths::of(&file.corpus)).collect();
        let pairs_in_groups = duplicates.in_groups;
        Ok(Self { lengths, findings, pairs_in_groups, agreement, left_out, files })
    }

    /// The findings of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.kind == kind)
    }

    /// How many findings have a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.kind.severity() == severity).count()
    }
}
