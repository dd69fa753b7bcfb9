//! How the training data is cut for cross-validation.

use rustc_hash::FxHashMap;

use super::params::ModelParams;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::evaluation::{Split, stratified, time_blocks};
use crate::label::Labels;

/// The training data, and how it is cut for cross-validation.
pub(super) struct Plan<'a> {
    pub params: &'a ModelParams,
    pub corpus: &'a Corpus,
    /// Class number of each row.
    pub targets: &'a [usize],
    pub classes: usize,
    /// The folds of each repeat; all repeats test the same rows.
    pub repeats: Vec<Vec<Split>>,
}

impl<'a> Plan<'a> {
    /// Folds ordered by time where the corpus has dates, else stratified and
    /// with whole groups.
    ///
    /// # Errors
    /// Parameters that do not go with such data, fewer dates than blocks, a
    /// fold that would have to be trained without some label.
    pub fn new(
        params: &'a ModelParams,
        corpus: &'a Corpus,
        targets: &'a [usize],
        labels: &Labels,
    ) -> Result<Self> {
        let classes = labels.len();
        let repeats = if corpus.is_dated() {
            vec![time_ordered(params, corpus)?]
        } else {
            let repeat = |repeat| {
                let fold_of =
                    stratified(targets, &corpus.groups, classes, params.folds, params.seed, repeat as u64);
                Split::rotating(&fold_of, params.folds)
            };
            (0..params.repeats).map(repeat).collect()
        };
        for split in repeats.iter().flatten() {
            let missing = (0..classes).find(|class| split.train.iter().all(|&row| targets[row] != *class));
            if let Some(class) = missing {
                let name = labels.name(class);
                return Err(Error::Training(if corpus.is_dated() {
                    let first = split.test.iter().map(|&row| corpus.dates[row].as_str()).min();
                    format!(
                        "no row before {} has the label \"{name}\", so the fold that begins there has nothing to \
                         learn it from; use fewer folds, or leave out --time-column",
                        first.unwrap_or_default()
                    )
                } else {
                    format!(
                        "all rows with the label \"{name}\" fall into one fold, because they share a group; use \
                         fewer folds or another --group-column"
                    )
                }));
            }
        }
        Ok(Self { params, corpus, targets, classes, repeats })
    }

    /// The rows that are tested, ascending: the same in all repeats.
    pub fn tested(&self) -> Vec<usize> {
        let folds = self.repeats.first().into_iter().flatten();
        let mut rows: Vec<usize> = folds.flat_map(|split| split.test.iter().copied()).collect();
        rows.sort_unstable();
        rows
    }
}

/// As many tested folds as asked for, after a block that is only trained on.
fn time_ordered(params: &ModelParams, corpus: &Corpus) -> Result<Vec<Split>> {
    if params.repeats > 1 {
        return Err(Error::parameter(
            "--repeats",
            "there is only one order of time; leave out --time-column",
        ));
    }
    if corpus.dates.len() != corpus.len() {
        return Err(Error::Training("some rows have a date and others none".into()));
    }
    let mut first_of: FxHashMap<&str, usize> = FxHashMap::default();
    for (row, group) in corpus.groups.iter().enumerate() {
        let first = *first_of.entry(group).or_insert(row);
        if corpus.dates[first] != corpus.dates[row] {
            let message = format!(
                "the group \"{group}\" has rows of {} and of {}, so it cannot be both kept whole and ordered by \
                 time; leave out --group-column or --time-column",
                corpus.dates[first], corpus.dates[row]
            );
            return Err(Error::data(corpus.locations[row].clone(), message));
        }
    }
    let blocks = params.folds.saturating_add(1);
    let block_of = time_blocks(&corpus.dates, blocks).ok_or_else(|| {
        Error::Training(format!(
            "{} folds in the order of time need {blocks} dates or more; lower --folds",
            params.folds
        ))
    })?;
    Ok(Split::forward(&block_of, blocks))
}
