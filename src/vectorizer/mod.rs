//! From texts to sparse TF-IDF rows.

mod fit;
mod lexicon;
mod matcher;
mod params;
mod rows;
mod selection;
mod terms;
mod vocabulary;

use rayon::prelude::*;

pub use lexicon::Lexicon;
pub(crate) use lexicon::{Mark, Reading, Symbol};
pub(crate) use matcher::{Finder, Joiner, Matcher, NONE, Occurrence, Tags};
pub use params::{NgramRange, Norm, VectorizerParams};
pub use rows::SparseRows;
pub use vocabulary::{Term, Vocabulary};

use crate::error::{Error, Result};

/// Texts per unit of parallel work.
const CHUNK: usize = 256;

/// Units of parallel work whose results are put together at once.
const WAVE: usize = 32;

/// A fitted vectorizer: a vocabulary and how to weigh it.
///
/// The value of a term in a text is its count times its inverse document
/// frequency (and the weight of its kind), divided by the row's [`Norm`]. Everything is learned at fit;
/// a text alone gets the same row as in any batch.
///
/// ```
/// use stance::{Vectorizer, VectorizerParams};
/// let texts = ["Troops must leave.", "The troops stay.", "They must leave now."];
/// let params = VectorizerParams { min_df: 1, ..Default::default() };
/// let vectorizer = Vectorizer::fit(&params, &texts, &[0, 1, 0])?;
/// let rows = vectorizer.transform(&texts);
/// assert_eq!((rows.len(), rows.columns()), (3, vectorizer.vocabulary().len()));
/// # Ok::<(), stance::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Vectorizer {
    params: VectorizerParams,
    vocabulary: Vocabulary,
}

impl Vectorizer {
    /// Learns the vocabulary of `texts`. The `targets` (class numbers, one
    /// per text) matter only for the choice of `max_features`.
    ///
    /// # Errors
    /// Parameters out of range; no term left after pruning.
    pub fn fit<S: AsRef<str> + Sync>(
        params: &VectorizerParams,
        texts: &[S],
        targets: &[usize],
    ) -> Result<Self> {
        params.check()?;
        let vocabulary = fit::vocabulary(params, texts);
        if vocabulary.is_empty() {
            return Err(Error::Training(format!(
                "no term occurs in at least {} of the {} texts; lower --min-df or give more texts",
                params.min_df,
                texts.len()
            )));
        }
        let mut fitted = Self { params: params.clone(), vocabulary };
        if let Some(most) = params.max_features.filter(|&most| most < fitted.vocabulary.len()) {
            let statistic = selection::chi_square(&fitted.transform(texts), targets);
            fitted.vocabulary.retain(&selection::highest(&statistic, most));
        }
        Ok(fitted)
    }

    /// Puts together what was fitted before.
    pub(crate) fn from_parts(params: VectorizerParams, vocabulary: Vocabulary) -> Self {
        Self { params, vocabulary }
    }

    /// The parameters it was fitted with.
    pub fn params(&self) -> &VectorizerParams {
        &self.params
    }

    /// What it learned.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// TF-IDF rows of `texts`, shape (texts, features), in order.
    pub fn transform<S: AsRef<str> + Sync>(&self, texts: &[S]) -> SparseRows {
        let matcher = self.matcher();
        let factors = self.factors();
        let chunk = |(finder, features): &mut (Finder<'_>, Vec<u32>), texts: &[S]| {
            let mut rows = SparseRows::new(self.vocabulary.len());
            for text in texts {
                features.clear();
                let words = finder.occurrences(text.as_ref(), |o| features.push(o.feature));
                features.sort_unstable();
                self.weigh(features, words, &factors, &mut rows);
            }
            rows
        };
        let mut rows = SparseRows::new(self.vocabulary.len());
        // a wave at a time, so that the rows are never in memory twice
        for wave in texts.chunks(CHUNK * WAVE) {
            let chunks: Vec<SparseRows> =
                wave.par_chunks(CHUNK).map_init(|| (Finder::new(&matcher), Vec::new()), chunk).collect();
            for chunk in chunks {
                rows.append(chunk);
            }
        }
        rows
    }

    pub(crate) fn matcher(&self) -> Matcher {
        Matcher::new(&self.params, &self.vocabulary)
    }

    /// What each feature's count is multiplied by.
    pub(crate) fn factors(&self) -> Vec<f64> {
        let mut factors = self.vocabulary.idf();
        for (feature, factor) in factors.iter_mut().enumerate() {
            if matches!(self.vocabulary.term(feature), Term::Characters(_)) {
                *factor *= self.params.char_weight;
            }
        }
        factors
    }

    /// Appends the row of a text of `words` words with the given sorted features.
    fn weigh(&self, features: &[u32], words: usize, factors: &[f64], rows: &mut SparseRows) {
        rows.push(
            features
                .chunk_by(|a, b| a == b)
                .map(|same| (same[0], same.len() as f64 * factors[same[0] as usize])),
        );
        let values = rows.last_values_mut();
        let norm = match self.params.norm {
            Norm::Length => (words as f64).sqrt(),
            Norm::L2 => values.iter().map(|value| value * value).sum::<f64>().sqrt(),
        };
        for value in values {
            *value /= norm;
        }
    }
}
