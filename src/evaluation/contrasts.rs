//! Contrast tests: pairs of almost the same text whose labels must, or must
//! not, differ (contrast sets, Gardner et al. 2020; the directional and
//! invariance tests of CheckList, Ribeiro et al. 2020).

use super::bootstrap::members;
use super::{Interval, wilson_interval};
use crate::corpus::{Columns, Corpus, Dialect, Source, Table};
use crate::error::{Error, Location, Result};
use crate::label::Labels;
use crate::model::Model;

/// How a model does on contrast pairs.
#[derive(Debug, Clone)]
pub struct Contrasts {
    /// The model's labels.
    pub labels: Labels,
    /// The rows of all pairs; a group is a pair.
    pub corpus: Corpus,
    /// Predicted class of each row.
    pub predicted: Vec<usize>,
    /// Its probability.
    pub confidence: Vec<f64>,
    /// The pairs, in the order of their first rows.
    pub pairs: Vec<ContrastPair>,
}

/// Two or more texts that differ in one respect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContrastPair {
    /// Its name.
    pub id: String,
    /// What its texts differ in.
    pub kind: String,
    /// Its rows in [`Contrasts::corpus`].
    pub rows: Vec<usize>,
    /// Whether its texts have different labels.
    pub must_change: bool,
    /// Whether all rows get their label.
    pub passed: bool,
    /// Whether all rows get the same label.
    pub consistent: bool,
}

/// How many of some pairs pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassRate {
    /// The pairs.
    pub pairs: u64,
    /// Those that pass.
    pub passed: u64,
    /// Those whose rows all get one label, right or wrong: consistent where the
    /// label must not change, unmoved where it must.
    pub consistent: u64,
}

impl PassRate {
    /// Share of the pairs that pass; `None` if there are none.
    pub fn rate(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.passed as f64 / self.pairs as f64)
    }

    /// Its 95 % interval, see [`wilson_interval`].
    pub fn interval(&self) -> Option<Interval> {
        wilson_interval(self.passed, self.pairs)
    }
}

impl Contrasts {
    /// Reads pairs from a table with the columns `pair`, `kind`, `text` and
    /// `label`, and has a model label them.
    ///
    /// # Errors
    /// What reading can meet; a missing column, an empty field, a pair with
    /// one row or two kinds; a label that the model does not know.
    pub fn read(model: &Model, source: &Source, dialect: Dialect) -> Result<Self> {
        const COLUMNS: [&str; 4] = ["pair", "kind", "text", "label"];
        let table = Table::open(source, dialect.separator_of(source), dialect.encoding)?;
        if let Some(missing) = COLUMNS.iter().find(|name| !table.header().iter().any(|have| have == *name)) {
            let message = format!(
                "there is no column \"{missing}\" (the columns are: {}); contrast pairs need {}",
                table.header().join(", "),
                COLUMNS.join(", ")
            );
            return Err(Error::data(Location::at(table.name(), 1), message));
        }
        let columns =
            Columns { group: Some("pair".into()), others: vec!["kind".into()], ..Columns::default() };
        Self::of(model, Corpus::read_tables([Ok(table)], &columns)?)
    }

    /// `corpus` has the pair as its group, and the kind as its other column.
    fn of(model: &Model, corpus: Corpus) -> Result<Self> {
        let labels = model.labels().clone();
        let targets = corpus.targets(&labels)?;
        let predictions = model.predict_batch(&corpus.texts);
        let predicted: Vec<usize> = predictions.iter().map(|prediction| prediction.class).collect();
        let pair = |rows: Vec<usize>| -> Result<ContrastPair> {
            let first = rows[0];
            let (id, kind) = (&corpus.groups[first], &corpus.others[0][first]);
            let refuse =
                |row: usize, message: String| Err(Error::data(corpus.locations[row].clone(), message));
            // the corpus numbers rows without a group
            if id.starts_with('\0') || kind.is_empty() {
                return refuse(first, "\"pair\" or \"kind\" is empty; fill it in or delete the row".into());
            }
            if rows.len() < 2 {
                return refuse(first, format!("pair \"{id}\" has one row; a contrast needs two or more"));
            }
            if let Some(&other) = rows.iter().find(|&&row| corpus.others[0][row] != *kind) {
                let also = &corpus.others[0][other];
                return refuse(
                    other,
                    format!("pair \"{id}\" is of kind \"{kind}\" and \"{also}\"; choose one"),
                );
            }
            let same = |classes: &[usize]| rows.iter().all(|&row| classes[row] == classes[first]);
            Ok(ContrastPair {
                id: id.clone(),
                kind: kind.clone(),
                must_change: !same(&targets),
                passed: rows.iter().all(|&row| targets[row] == predicted[row]),
                consistent: same(&predicted),
                rows,
            })
        };
        let pairs = members(&corpus.groups).into_iter().map(pair).collect::<Result<_>>()?;
        let confidence = predictions.iter().map(crate::Prediction::confidence).collect();
        Ok(Self { labels, corpus, predicted, confidence, pairs })
    }

    /// The kinds of pairs, in ascending order.
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.pairs.iter().map(|pair| pair.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Counts the pairs of a kind (`None`: of all kinds), of those whose label
    /// must or must not change (`None`: of both).
    pub fn pass_rate(&self, kind: Option<&str>, must_change: Option<bool>) -> PassRate {
        let mut counts = PassRate { pairs: 0, passed: 0, consistent: 0 };
        for pair in &self.pairs {
            if kind.is_none_or(|kind| kind == pair.kind)
                && must_change.is_none_or(|must_change| must_change == pair.must_change)
            {
                counts.pairs += 1;
                counts.passed += u64::from(pair.passed);
                counts.consistent += u64::from(pair.consistent);
            }
        }
        counts
    }
}
