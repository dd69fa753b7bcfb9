//! The terms a vectorizer knows.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::terms::Terms;

/// Known terms with their document frequencies.
///
/// Features are numbered: first the word n-grams, then the character
/// n-grams, the pairs of words, the negated words and the tags with their
/// pairs, each in byte order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    pub(super) documents: u32,
    pub(super) words: Terms,
    pub(super) characters: Terms,
    #[serde(default)]
    pub(super) pairs: Terms,
    #[serde(default)]
    pub(super) negated: Terms,
    #[serde(default)]
    pub(super) tags: Terms,
    pub(super) document_frequency: Vec<u32>,
}

/// A term and what kind of feature it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term<'a> {
    /// Stems joined by one space.
    Words(&'a str),
    /// Characters within one word; `^` and `$` mark its ends.
    Characters(&'a str),
    /// Two stems, joined by one space, with other words between them.
    Pair(&'a str),
    /// A stem in the scope of a negator.
    Negated(&'a str),
    /// A tag of the lexicon, or two in their order, joined by one space;
    /// `NOT_` stands before a negated one.
    Tags(&'a str),
}

impl<'a> Term<'a> {
    /// In the order of [`Vocabulary::kinds`].
    const KINDS: [fn(&'a str) -> Self; 5] =
        [Self::Words, Self::Characters, Self::Pair, Self::Negated, Self::Tags];
}

impl Vocabulary {
    /// Number of features.
    pub fn len(&self) -> usize {
        self.kinds().iter().map(|terms| terms.len()).sum()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of texts the frequencies were counted in.
    pub fn documents(&self) -> u32 {
        self.documents
    }

    /// The term of a feature.
    ///
    /// # Panics
    /// If `feature` is not below [`Vocabulary::len`].
    pub fn term(&self, feature: usize) -> Term<'_> {
        let mut place = feature;
        for (terms, term) in self.kinds().into_iter().zip(Term::KINDS) {
            if place < terms.len() {
                return term(terms.get(place));
            }
            place -= terms.len();
        }
        panic!("feature {feature} of {}", self.len())
    }

    /// The terms of each kind, in the order of their numbers.
    fn kinds(&self) -> [&Terms; 5] {
        [&self.words, &self.characters, &self.pairs, &self.negated, &self.tags]
    }

    /// In how many training texts a feature's term occurs.
    pub fn document_frequency(&self, feature: usize) -> u32 {
        self.document_frequency[feature]
    }

    /// Inverse document frequency of every feature, smoothed as scikit-learn
    /// does: `ln((1 + n) / (1 + df)) + 1`.
    pub fn idf(&self) -> Vec<f64> {
        // rare frequencies are many, and few differ: most logarithms are taken once
        let mut known: FxHashMap<u32, f64> = FxHashMap::default();
        let n = f64::from(self.documents);
        let mut of =
            |df: u32| *known.entry(df).or_insert_with(|| ((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0);
        self.document_frequency.iter().map(|&df| of(df)).collect()
    }

    /// Keeps the features whose flag is set.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut flags = keep.iter().copied();
        for terms in
            [&mut self.words, &mut self.characters, &mut self.pairs, &mut self.negated, &mut self.tags]
        {
            *terms = terms.iter().filter(|_| flags.next().unwrap_or(false)).collect();
        }
        let mut flags = keep.iter().copied();
        self.document_frequency.retain(|_| flags.next().unwrap_or(false));
    }

    /// What is wrong with a vocabulary that was read from a file.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.document_frequency.len() != self.len() {
            return Some(format!(
                "{} terms but {} document frequencies",
                self.len(),
                self.document_frequency.len()
            ));
        }
        if !self.kinds().iter().all(|terms| terms.ascend()) {
            return Some("terms are not distinct and in ascending order".into());
        }
        if self
            .words
            .iter()
            .chain(self.characters.iter())
            .any(|t| t.is_empty() || memchr::memchr_iter(b' ', t.as_bytes()).count() > 7)
        {
            return Some("a term is empty or longer than 8 words".into());
        }
        if self.pairs.iter().any(|pair| pair.split(' ').filter(|word| !word.is_empty()).count() != 2) {
            return Some("a pair does not have two words".into());
        }
        if self.document_frequency.iter().any(|&df| df == 0 || df > self.documents) {
            return Some("a document frequency is 0 or above the number of documents".into());
        }
        None
    }
}
