//! From texts to sparse TF-IDF rows.

mod columns;
mod counting;
mod finder;
mod fit;
mod lexicon;
mod matcher;
mod pair_map;
mod params;
mod rows;
mod selection;
mod sequences;
mod terms;
mod vocabulary;

use std::sync::Arc;

use rayon::prelude::*;

pub(crate) use columns::SparseColumns;
pub(crate) use finder::{Finder, Occurrence};
pub use lexicon::Lexicon;
pub(crate) use lexicon::{Mark, Reading, Symbol, Tagger};
pub(crate) use matcher::{Joiner, Matcher, NONE, Tags};
pub use params::{NgramRange, Norm, VectorizerParams};
pub use rows::SparseRows;
pub use vocabulary::{Term, Vocabulary};

use crate::error::{Error, Result};
use crate::text::Normalizer;

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
    tagger: Option<Arc<Tagger>>,
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
        Ok(Self::fit_transform(params, texts, targets)?.0)
    }

    /// [`Vectorizer::fit`], and the TF-IDF values of the same texts with 32
    /// bits: what [`Vectorizer::transform`] gives, without looking for the
    /// terms again.
    pub(crate) fn fit_transform<S: AsRef<str> + Sync>(
        params: &VectorizerParams,
        texts: &[S],
        targets: &[usize],
    ) -> Result<(Self, SparseColumns)> {
        params.check()?;
        let tagger = Self::tagger(params)?;
        let fit::Learned { vocabulary, mut counts, lengths } =
            fit::vocabulary(params, tagger.as_deref(), texts);
        if vocabulary.is_empty() {
            return Err(Error::Training(format!(
                "no term occurs in at least {} of the {} texts; lower --min-df or give more texts",
                params.min_df,
                texts.len()
            )));
        }
        let mut fitted = Self { params: params.clone(), vocabulary, tagger };
        if let Some(most) = params.max_features.filter(|&most| most < fitted.vocabulary.len()) {
            let (factors, norms) = fitted.scaling(&counts, &lengths);
            let value = |feature: usize, row: usize, count| f64::from(count) * factors[feature] / norms[row];
            let keep = selection::highest(&selection::chi_square(&counts, value, targets), most);
            fitted.vocabulary.retain(&keep);
            counts.retain(&keep);
        }
        let (factors, norms) = fitted.scaling(&counts, &lengths);
        for (feature, factor) in factors.iter().enumerate() {
            let (rows, values) = counts.column_mut(feature);
            for (&row, value) in rows.iter().zip(values) {
                *value = (f64::from(*value) * factor / norms[row as usize]) as f32;
            }
        }
        Ok((fitted, counts))
    }

    /// The factor of each feature's counts, and the norm of each row.
    fn scaling(&self, counts: &SparseColumns, lengths: &[u32]) -> (Vec<f64>, Vec<f64>) {
        let factors = self.factors();
        let norms = match self.params.norm {
            Norm::Length => lengths.iter().map(|&words| f64::from(words).sqrt()).collect(),
            Norm::L2 => {
                let mut squares = vec![0.0; lengths.len()];
                for (feature, factor) in factors.iter().enumerate() {
                    let (rows, counts) = counts.column(feature);
                    for (&row, &count) in rows.iter().zip(counts) {
                        let value = f64::from(count) * factor;
                        squares[row as usize] += value * value;
                    }
                }
                squares.into_iter().map(f64::sqrt).collect()
            }
        };
        (factors, norms)
    }

    /// Puts together what was fitted before.
    ///
    /// # Errors
    /// A lexicon that cannot be compiled.
    pub(crate) fn from_parts(params: VectorizerParams, vocabulary: Vocabulary) -> Result<Self> {
        let tagger = Self::tagger(&params)?;
        Ok(Self { params, vocabulary, tagger })
    }

    fn tagger(params: &VectorizerParams) -> Result<Option<Arc<Tagger>>> {
        let normalizer = Normalizer::new(&params.normalizer);
        let compile = |lexicon| Tagger::new(lexicon, &normalizer).map(Arc::new);
        let tagger = params.lexicon.as_ref().map(compile).transpose();
        tagger.map_err(|fault| Error::parameter("--lexicon", fault))
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
        Matcher::new(&self.params, &self.vocabulary, self.tagger.clone())
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn text() -> impl Strategy<Value = String> {
        let words = "troops leave must not never our country U.S. 5,000 burn. (talks) said, - will";
        let words = select(words.split(' ').collect::<Vec<_>>());
        prop::collection::vec(words, 0..20).prop_map(|words| words.join(" "))
    }

    /// Their beginnings need places too: the map was full, and a look-up never ended.
    #[test]
    fn long_n_grams_without_their_beginnings_are_found() {
        let words = |from: usize| (from..from + 9).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
        let texts: Vec<String> = (0..40).map(|i| words(i % 20 * 10)).collect();
        let params = VectorizerParams {
            normalizer: crate::text::NormalizerParams {
                language: crate::text::Language::None,
                mask_numbers: false,
            },
            word_ngrams: NgramRange::new(8, 8).expect("a range"),
            char_ngrams: None,
            window: None,
            ..Default::default()
        };
        let vectorizer = Vectorizer::fit(&params, &texts, &[0; 40]).expect("fits");
        let rows = vectorizer.transform(&["w1 w2", texts[3].as_str()]);
        assert_eq!((rows.row(0).0.len(), rows.row(1).0.len()), (0, 2));
    }

    proptest! {
        /// Bit by bit what looking for the terms in the texts again gives.
        #[test]
        fn the_values_that_fitting_found_are_those_of_transform(
            texts in prop::collection::vec(text(), 4..30),
            (shortest, longest) in select(vec![(1, 1), (1, 2), (1, 3), (2, 4)]),
            window in select(vec![None, Some(2), Some(4)]),
            norm in select(vec![Norm::Length, Norm::L2]),
            max_features in select(vec![None, Some(15)]),
            max_df in select(vec![0.6, 1.0]),
            lexicon in any::<bool>(),
        ) {
            let path = std::path::Path::new("data/lexicon.toml");
            let params = VectorizerParams {
                word_ngrams: NgramRange::new(shortest, longest).expect("a range"),
                window,
                lexicon: lexicon.then(|| Lexicon::load(path).expect("the lexicon")),
                max_df,
                max_features,
                norm,
                ..Default::default()
            };
            let targets: Vec<usize> = (0..texts.len()).map(|text| text % 2).collect();
            if let Ok((vectorizer, values)) = Vectorizer::fit_transform(&params, &texts, &targets) {
                prop_assert_eq!(values, SparseColumns::from(&vectorizer.transform(&texts)));
            }
        }
    }
}
