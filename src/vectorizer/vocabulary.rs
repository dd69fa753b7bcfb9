//! The terms a vectorizer knows.

use serde::{Deserialize, Serialize};

use super::terms::Terms;

/// Known terms with their document frequencies.
///
/// Features are numbered: first the word n-grams, then the character
/// n-grams, then the pairs of words, each in byte order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    pub(super) documents: u32,
    pub(super) words: Terms,
    pub(super) characters: Terms,
    #[serde(default)]
    pub(super) pairs: Terms,
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
}

impl Vocabulary {
    /// Number of features.
    pub fn len(&self) -> usize {
        self.words.len() + self.characters.len() + self.pairs.len()
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
        let (words, characters) = (self.words.len(), self.characters.len());
        if feature < words {
            Term::Words(self.words.get(feature))
        } else if feature < words + characters {
            Term::Characters(self.characters.get(feature - words))
        } else {
            Term::Pair(self.pairs.get(feature - words - characters))
        }
    }

    /// In how many training texts a feature's term occurs.
    pub fn document_frequency(&self, feature: usize) -> u32 {
        self.document_frequency[feature]
    }

    /// Inverse document frequency of every feature, smoothed as scikit-learn
    /// does: `ln((1 + n) / (1 + df)) + 1`.
    pub fn idf(&self) -> Vec<f64> {
        let n = f64::from(self.documents);
        self.document_frequency.iter().map(|&df| ((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0).collect()
    }

    /// Keeps the features whose flag is set.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut flags = keep.iter().copied();
        for terms in [&mut self.words, &mut self.characters, &mut self.pairs] {
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
        if ![&self.words, &self.characters, &self.pairs].iter().all(|terms| terms.ascend()) {
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
