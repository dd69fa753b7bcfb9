//! The hot path of prediction.
//!
//! A logit is `b + sum of the features' weights / norm`. With
//! [`Norm::Length`] the norm depends on the number of words alone, so all
//! that one surface form brings (its stem, its character n-grams) is always
//! the same vector: it is summed once and remembered. A word then costs a
//! look-up and a few additions, whatever the number of features behind it.

use rustc_hash::FxHashMap;

use super::Model;
use crate::text::{Token, tokens};
use crate::vectorizer::{Finder, Matcher, NONE, Norm, Window};

/// The model's parts that every thread shares.
pub(crate) struct Compiled {
    matcher: Matcher,
    /// Weight times inverse document frequency over temperature, shape
    /// (features, classes).
    weights: Vec<f64>,
    /// The same for the intercept.
    bias: Vec<f64>,
    idf: Vec<f64>,
    norm: Norm,
}

impl Compiled {
    pub fn new(model: &Model) -> Self {
        let idf = model.vectorizer.vocabulary().idf();
        let classes = model.labels.len();
        let of_feature =
            |(i, weight): (usize, &f32)| f64::from(*weight) * idf[i / classes] / model.temperature;
        Self {
            matcher: model.vectorizer.matcher(),
            weights: model.weights.iter().enumerate().map(of_feature).collect(),
            bias: model.intercept.iter().map(|b| b / model.temperature).collect(),
            idf,
            norm: model.vectorizer.params().norm,
        }
    }

    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// What one occurrence of a feature adds to each logit, times the norm.
    pub fn weights(&self, feature: u32) -> &[f64] {
        &self.weights[feature as usize * self.bias.len()..][..self.bias.len()]
    }

    /// The norm of a text of `words` words with the given sorted features.
    pub fn norm(&self, words: usize, features: &[u32]) -> f64 {
        match self.norm {
            Norm::Length => (words.max(1) as f64).sqrt(),
            Norm::L2 => {
                let squares = features
                    .chunk_by(|a, b| a == b)
                    .map(|same| (same.len() as f64 * self.idf[same[0] as usize]).powi(2));
                let norm = squares.sum::<f64>().sqrt();
                if norm > 0.0 { norm } else { 1.0 }
            }
        }
    }
}

/// What a surface form adds to the logits of any text it occurs in.
#[derive(Clone, Copy)]
struct Share {
    word: u32,
    known: u32,
    /// Place of its vector in the cache's array.
    vector: u32,
}

/// Scores texts one after another; each thread has its own.
pub struct Scorer<'m> {
    compiled: &'m Compiled,
    /// Forms of at most 16 bytes, which are nearly all, by [`short_key`].
    short: FxHashMap<u128, Share>,
    long: FxHashMap<Box<str>, Share>,
    vectors: Vec<f64>,
    /// For [`Norm::L2`], whose norm depends on the whole row.
    finder: Finder<'m>,
    features: Vec<u32>,
}

impl<'m> Scorer<'m> {
    /// Bounds the memory that unusual forms can take.
    const MOST_FORMS: usize = 1 << 16;

    pub(crate) fn new(compiled: &'m Compiled) -> Self {
        Self {
            compiled,
            short: FxHashMap::default(),
            long: FxHashMap::default(),
            vectors: Vec::new(),
            finder: Finder::new(&compiled.matcher),
            features: Vec::new(),
        }
    }

    /// Number of classes, the length that `probabilities` must have.
    pub fn classes(&self) -> usize {
        self.compiled.classes()
    }

    /// Fills in the probability of each class and returns how many
    /// occurrences of known terms the text has.
    ///
    /// # Panics
    /// If `probabilities` has another length than the number of classes.
    pub fn score(&mut self, text: &str, probabilities: &mut [f64]) -> u32 {
        assert_eq!(probabilities.len(), self.classes(), "one probability per class");
        let known = self.logits(text, probabilities);
        let highest = probabilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for p in probabilities.iter_mut() {
            *p = (*p - highest).exp();
            sum += *p;
        }
        for p in probabilities.iter_mut() {
            *p /= sum;
        }
        known
    }

    fn logits(&mut self, text: &str, logits: &mut [f64]) -> u32 {
        logits.fill(0.0);
        let (words, known) = match self.compiled.norm {
            Norm::Length => self.sum_shares(text, logits),
            Norm::L2 => self.sum_features(text, logits),
        };
        let norm = self.compiled.norm(words, &self.features);
        for (logit, bias) in logits.iter_mut().zip(&self.compiled.bias) {
            *logit = bias + *logit / norm;
        }
        known
    }

    fn sum_shares(&mut self, text: &str, sum: &mut [f64]) -> (usize, u32) {
        let compiled = self.compiled;
        let classes = sum.len();
        let mut window = Window::new();
        let (mut words, mut known) = (0, 0);
        for token in tokens(text) {
            words += 1;
            let share = self.share(text, token);
            known += share.known;
            let vector = &self.vectors[share.vector as usize..][..classes];
            for (s, v) in sum.iter_mut().zip(vector) {
                *s += v;
            }
            window.push(&compiled.matcher, share.word, |node, length| {
                let feature = compiled.matcher.feature(node);
                if length > 1 && feature != NONE {
                    known += 1;
                    for (s, w) in sum.iter_mut().zip(compiled.weights(feature)) {
                        *s += w;
                    }
                }
            });
        }
        (words, known)
    }

    #[inline]
    fn share(&mut self, text: &str, token: Token) -> Share {
        let key = short_key(text.as_bytes(), token);
        let known = match key {
            Some(key) => self.short.get(&key),
            None => self.long.get(&text[token.start..token.end]),
        };
        match known {
            Some(&share) => share,
            None => self.remember(&text[token.start..token.end], key),
        }
    }

    #[cold]
    fn remember(&mut self, surface: &str, key: Option<u128>) -> Share {
        if self.short.len() + self.long.len() == Self::MOST_FORMS {
            self.short.clear();
            self.long.clear();
            self.vectors.clear();
        }
        let compiled = self.compiled;
        let form = compiled.matcher.form(surface);
        let start = self.vectors.len();
        self.vectors.resize(start + compiled.classes(), 0.0);
        let single = if form.word == NONE { NONE } else { compiled.matcher.feature(form.word) };
        let mut known = 0;
        for &feature in form.characters.iter().chain([&single]).filter(|&&feature| feature != NONE) {
            known += 1;
            for (v, w) in self.vectors[start..].iter_mut().zip(compiled.weights(feature)) {
                *v += w;
            }
        }
        let share = Share { word: form.word, known, vector: start as u32 };
        match key {
            Some(key) => self.short.insert(key, share),
            None => self.long.insert(surface.into(), share),
        };
        share
    }

    fn sum_features(&mut self, text: &str, sum: &mut [f64]) -> (usize, u32) {
        self.features.clear();
        let features = &mut self.features;
        let words = self.finder.occurrences(text, |o| features.push(o.feature));
        features.sort_unstable();
        for &feature in features.iter() {
            for (s, w) in sum.iter_mut().zip(self.compiled.weights(feature)) {
                *s += w;
            }
        }
        (words, features.len() as u32)
    }
}

/// A token's bytes as one number; `None` if there are more than 16. No token
/// holds a zero byte, so the zeros that fill up are no token's own.
#[inline]
fn short_key(text: &[u8], token: Token) -> Option<u128> {
    let length = token.end - token.start;
    if length > 16 {
        return None;
    }
    // where 16 bytes can be read at once, the ones too many are masked out
    match text.get(token.start..token.start + 16).and_then(|bytes| bytes.try_into().ok()) {
        Some(bytes) => Some(u128::from_le_bytes(bytes) & (u128::MAX >> (128 - 8 * length))),
        None => {
            let mut bytes = [0; 16];
            bytes[..length].copy_from_slice(&text[token.start..token.end]);
            Some(u128::from_le_bytes(bytes))
        }
    }
}
