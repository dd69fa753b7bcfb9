//! What a user can set about the features.

use serde::{Deserialize, Serialize};

use super::lexicon::Lexicon;
use crate::error::{Error, Result};
use crate::text::{Language, NormalizerParams};

/// Lengths of n-grams, both ends included; `1..2` on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u8, u8)", into = "(u8, u8)")]
pub struct NgramRange {
    shortest: u8,
    longest: u8,
}

impl NgramRange {
    /// From 1 to 8, the shortest first.
    ///
    /// # Errors
    /// Anything else.
    pub fn new(shortest: u8, longest: u8) -> Result<Self, String> {
        if (1..=longest).contains(&shortest) && longest <= 8 {
            Ok(Self { shortest, longest })
        } else {
            Err("write LOW..HIGH with 1 <= LOW <= HIGH <= 8, for example 1..2".into())
        }
    }

    /// Length of the shortest n-grams.
    pub fn shortest(self) -> usize {
        self.shortest.into()
    }

    /// Length of the longest n-grams.
    pub fn longest(self) -> usize {
        self.longest.into()
    }
}

impl TryFrom<(u8, u8)> for NgramRange {
    type Error = String;

    fn try_from((shortest, longest): (u8, u8)) -> Result<Self, String> {
        Self::new(shortest, longest)
    }
}

impl From<NgramRange> for (u8, u8) {
    fn from(range: NgramRange) -> Self {
        (range.shortest, range.longest)
    }
}

impl std::str::FromStr for NgramRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        match (low.parse(), high.parse()) {
            (Ok(low), Ok(high)) => Self::new(low, high),
            _ => Self::new(0, 0),
        }
    }
}

/// How a row of TF-IDF values is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// Divided by the square root of the number of words in the text. Each
    /// word then adds the same evidence wherever it stands, up to one common
    /// factor, which is what makes prediction fast and explanations additive.
    /// A text of unknown words stays near zero, and so near the prior.
    Length,
    /// Divided by the row's Euclidean norm, as scikit-learn does by default.
    L2,
}

/// Parameters of a [`Vectorizer`](super::Vectorizer).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorizerParams {
    /// From surface forms to words and stems.
    pub normalizer: NormalizerParams,
    /// n-grams of stems.
    pub word_ngrams: NgramRange,
    /// n-grams of characters inside one word, whose ends are marked `^` and
    /// `$`; `None` for none.
    pub char_ngrams: Option<NgramRange>,
    /// Factor of the character n-grams' values: below 1 they are penalised
    /// more than words, of which each text has far fewer. Above 0, at most 10.
    pub char_weight: f64,
    /// Pairs of stems in their order, 2 to this many words apart, whatever
    /// stands between them; 2 to 8, `None` for none.
    #[serde(default)]
    pub window: Option<u8>,
    /// Tags of words, and negation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lexicon: Option<Lexicon>,
    /// A term must occur in at least this many training texts.
    pub min_df: u32,
    /// A term must occur in at most this share of the training texts, 0 to 1.
    pub max_df: f64,
    /// Keep this many terms, those with the highest chi-square statistic
    /// against the labels; `None` keeps all.
    pub max_features: Option<usize>,
    /// Scaling of the rows.
    pub norm: Norm,
}

impl Default for VectorizerParams {
    fn default() -> Self {
        Self {
            normalizer: NormalizerParams { language: Language::English, mask_numbers: true },
            word_ngrams: NgramRange { shortest: 1, longest: 2 },
            char_ngrams: Some(NgramRange { shortest: 2, longest: 5 }),
            char_weight: 0.3,
            window: Some(3),
            lexicon: None,
            min_df: 2,
            max_df: 1.0,
            max_features: None,
            norm: Norm::Length,
        }
    }
}

impl VectorizerParams {
    /// Checks the ranges.
    ///
    /// # Errors
    /// The first parameter that is out of its range.
    pub fn check(&self) -> Result<()> {
        if self.min_df == 0 {
            return Err(Error::parameter("--min-df", "must be at least 1"));
        }
        if !(self.max_df > 0.0 && self.max_df <= 1.0) {
            return Err(Error::parameter("--max-df", "is a share of the texts: above 0, at most 1"));
        }
        if !(self.char_weight > 0.0 && self.char_weight <= 10.0) {
            return Err(Error::parameter("--char-weight", "must be above 0 and at most 10"));
        }
        if self.window.is_some_and(|window| !(2..=8).contains(&window)) {
            return Err(Error::parameter("--window", "must be from 2 to 8, or none"));
        }
        if let Some(fault) = self.lexicon.as_ref().and_then(Lexicon::fault) {
            return Err(Error::parameter("--lexicon", fault));
        }
        if self.max_features == Some(0) {
            return Err(Error::parameter("--max-features", "must be at least 1"));
        }
        Ok(())
    }
}
