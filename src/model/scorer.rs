//! The hot path of prediction.
//!
//! A logit is `b + sum of the features' weights / norm`. With
//! [`Norm::Length`] the norm depends on the number of words alone, so all
//! that one surface form brings (its stem, its character n-grams) is always
//! the same vector: it is summed once and remembered. A word then costs a
//! look-up and a few additions, whatever the number of features behind it.
//!
//! Classes are handled in pages of four: what a form brings to four logits
//! fits one cache line with the form itself, and few label sets have more.

use rustc_hash::FxHashMap;

use super::Model;
use crate::text::{Token, tokens};
use crate::vectorizer::{Finder, Joiner, Mark, Matcher, NONE, Norm, Reading, Symbol, Tags};

/// Classes in a page.
const PAGE: usize = 4;

type Page = [f64; PAGE];

/// The model's parts that every thread shares.
pub(crate) struct Compiled {
    matcher: Matcher,
    /// For each page, each feature's weight times its factor over temperature.
    weights: Vec<Vec<Page>>,
    /// What tags add, page by page.
    tags: Vec<TagSums>,
    /// Intercepts over temperature, one for each class.
    bias: Vec<f64>,
    factors: Vec<f64>,
    norm: Norm,
}

impl Compiled {
    pub fn new(model: &Model) -> Self {
        let factors = model.vectorizer.factors();
        let classes = model.labels.len();
        let page = |number: usize| -> Vec<Page> {
            let rows = model.weights.chunks_exact(classes).zip(&factors);
            rows.map(|(weights, factor)| {
                let mut scaled = [0.0; PAGE];
                for (s, weight) in scaled.iter_mut().zip(&weights[number * PAGE..]) {
                    *s = f64::from(*weight) * factor / model.temperature;
                }
                scaled
            })
            .collect()
        };
        let matcher = model.vectorizer.matcher();
        let weights: Vec<Vec<Page>> = (0..classes.div_ceil(PAGE)).map(page).collect();
        let tags = matcher.tags().map_or_else(Vec::new, |tags| {
            weights.iter().map(|weights| TagSums::new(tags, weights)).collect()
        });
        Self {
            matcher,
            weights,
            tags,
            bias: model.intercept.iter().map(|b| b / model.temperature).collect(),
            factors,
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
    pub fn weights(&self, feature: u32) -> impl Iterator<Item = f64> {
        self.weights.iter().flat_map(move |page| page[feature as usize]).take(self.classes())
    }

    /// The norm of a text of `words` words with the given sorted features.
    pub fn norm(&self, words: usize, features: &[u32]) -> f64 {
        match self.norm {
            Norm::Length => (words.max(1) as f64).sqrt(),
            Norm::L2 => {
                let squares = features
                    .chunk_by(|a, b| a == b)
                    .map(|same| (same.len() as f64 * self.factors[same[0] as usize]).powi(2));
                let norm = squares.sum::<f64>().sqrt();
                if norm > 0.0 { norm } else { 1.0 }
            }
        }
    }

    fn share(&self, page: usize, surface: &str) -> Share {
        let form = self.matcher.form(surface);
        let single = self.matcher.feature(form.word);
        let mut share =
            Share { word: form.word, known: 0, sum: [0.0; PAGE], mark: form.mark, negated: form.negated };
        for &feature in form.characters.iter().chain([&single]).filter(|&&feature| feature != NONE) {
            share.known += 1;
            add(&mut share.sum, &self.weights[page][feature as usize]);
        }
        share
    }
}

#[inline]
fn add(sum: &mut Page, other: &Page) {
    for (s, o) in sum.iter_mut().zip(other) {
        *s += o;
    }
}

/// What a surface form adds to a page of logits of any text it occurs in.
#[derive(Clone, Copy)]
struct Share {
    word: u32,
    known: u32,
    sum: Page,
    mark: Mark,
    negated: u32,
}

/// What the tags of one word, and those of two, add to a page of logits, and
/// how many known terms they are. Words share few sets of tags, so all sums
/// can be made beforehand.
struct TagSums {
    words: Vec<(Page, u32)>,
    /// For each symbol, the pairs that it begins.
    pairs: Vec<Page>,
    known: Vec<u32>,
    symbols: usize,
}

impl TagSums {
    fn new(tags: &Tags, weights: &[Page]) -> Self {
        let sum = |features: &mut dyn Iterator<Item = u32>| {
            let mut sum = ([0.0; PAGE], 0);
            features.for_each(|feature| {
                add(&mut sum.0, &weights[feature as usize]);
                sum.1 += 1;
            });
            sum
        };
        let symbols = tags.tagger.symbols();
        let all = 0..symbols as Symbol;
        let words = all.clone().map(|symbol| sum(&mut tags.of_word(symbol))).collect();
        let pairs = all.clone().flat_map(|first| all.clone().map(move |second| (first, second)));
        let (pairs, known) = pairs.map(|(first, second)| sum(&mut tags.of_pair(first, second))).unzip();
        Self { words, pairs, known, symbols }
    }

    /// Adds what the tags of a text bring; returns how many terms they are.
    fn add(&self, reading: &Reading, sum: &mut Page) -> u32 {
        let mut known = 0;
        for &(symbol, _) in &reading.tagged {
            let (page, terms) = &self.words[usize::from(symbol)];
            add(sum, page);
            known += terms;
        }
        let symbol = |place: usize| usize::from(reading.tagged[place].0);
        for (first, second) in reading.pairs() {
            let pair = symbol(first) * self.symbols + symbol(second);
            add(sum, &self.pairs[pair]);
            known += self.known[pair];
        }
        known
    }
}

/// The shares of the forms seen so far, for one page.
struct Shares {
    /// Open addressing by [`short_key`], a power of two of slots.
    slots: Vec<Slot>,
    used: usize,
    /// Forms that are too long for a key.
    long: FxHashMap<Box<str>, Share>,
}

/// One cache line. Key 0 is an empty slot.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Slot {
    key: u128,
    share: Share,
}

impl Shares {
    const EMPTY: Slot = Slot {
        key: 0,
        share: Share { word: NONE, known: 0, sum: [0.0; PAGE], mark: Mark::NONE, negated: NONE },
    };
    /// Bounds the memory that unusual forms can take.
    const MOST_SLOTS: usize = 1 << 17;

    fn new() -> Self {
        Self { slots: vec![Self::EMPTY; 1 << 10], used: 0, long: FxHashMap::default() }
    }

    #[inline]
    fn get(
        &mut self,
        compiled: &Compiled,
        page: usize,
        text: &str,
        token: Token,
        key: Option<u128>,
    ) -> Share {
        let Some(key) = key else {
            return self.get_long(compiled, page, &text[token.start..token.end]);
        };
        let place = self.place(key);
        if self.slots[place].key == key {
            return self.slots[place].share;
        }
        self.insert(compiled, page, &text[token.start..token.end], key)
    }

    /// The slot that holds a key, or the one where it belongs.
    #[inline]
    fn place(&self, key: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mixed = (key as u64 ^ ((key >> 64) as u64).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut place = (mixed >> 40) as usize & mask;
        while self.slots[place].key != key && self.slots[place].key != 0 {
            place = (place + 1) & mask;
        }
        place
    }

    #[cold]
    fn insert(&mut self, compiled: &Compiled, page: usize, surface: &str, key: u128) -> Share {
        if 2 * self.used >= self.slots.len() {
            let more = if self.slots.len() < Self::MOST_SLOTS { 2 * self.slots.len() } else { 1 << 10 };
            let old = std::mem::replace(&mut self.slots, vec![Self::EMPTY; more]);
            self.used = 0;
            if more > old.len() {
                for slot in old.into_iter().filter(|slot| slot.key != 0) {
                    let place = self.place(slot.key);
                    self.slots[place] = slot;
                    self.used += 1;
                }
            }
        }
        let share = compiled.share(page, surface);
        let place = self.place(key);
        self.slots[place] = Slot { key, share };
        self.used += 1;
        share
    }

    #[cold]
    fn get_long(&mut self, compiled: &Compiled, page: usize, surface: &str) -> Share {
        if let Some(&share) = self.long.get(surface) {
            return share;
        }
        if self.long.len() == 1 << 14 {
            self.long.clear();
        }
        let share = compiled.share(page, surface);
        self.long.insert(surface.into(), share);
        share
    }
}

/// Scores texts one after another; each thread has its own.
pub struct Scorer<'m> {
    compiled: &'m Compiled,
    pages: Vec<Shares>,
    /// The words of the current text and their keys.
    words: Vec<(Token, Option<u128>)>,
    word_numbers: Vec<u32>,
    /// What the lexicon says of the words, and the features of the negated.
    marks: Vec<(Mark, u32)>,
    reading: Reading,
    joiner: Joiner,
    /// The current text's terms of more than one word; with [`Norm::L2`],
    /// whose norm depends on the whole row, all of its terms.
    features: Vec<u32>,
    finder: Finder<'m>,
}

impl<'m> Scorer<'m> {
    pub(crate) fn new(compiled: &'m Compiled) -> Self {
        Self {
            compiled,
            pages: compiled.weights.iter().map(|_| Shares::new()).collect(),
            words: Vec::new(),
            word_numbers: Vec::new(),
            marks: Vec::new(),
            reading: Reading::default(),
            joiner: Joiner::default(),
            features: Vec::new(),
            finder: Finder::new(&compiled.matcher),
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

    fn sum_shares(&mut self, text: &str, sums: &mut [f64]) -> (usize, u32) {
        let compiled = self.compiled;
        let mut known = 0;
        // keys first: the look-ups then do not wait for one another
        self.words.clear();
        self.words.extend(tokens(text).map(|token| (token, short_key(text.as_bytes(), token))));
        for ((page, shares), sums) in self.pages.iter_mut().enumerate().zip(sums.chunks_mut(PAGE)) {
            let mut sum = [0.0; PAGE];
            if page == 0 {
                self.word_numbers.clear();
                self.marks.clear();
                for &(token, key) in &self.words {
                    let share = shares.get(compiled, page, text, token, key);
                    known += share.known;
                    add(&mut sum, &share.sum);
                    self.word_numbers.push(share.word);
                    self.marks.push((share.mark, share.negated));
                }
                let features = &mut self.features;
                features.clear();
                if let Some(tags) = compiled.matcher.tags() {
                    let words = self.words.iter().zip(&self.marks).map(|(word, mark)| (word.0, mark.0));
                    self.reading.read(&tags.tagger, text, words);
                    let negated = self.reading.negated.iter().map(|&place| self.marks[place as usize].1);
                    features.extend(negated.filter(|&feature| feature != NONE));
                }
                self.joiner.terms(&compiled.matcher, &self.word_numbers, |feature, _, _| {
                    features.push(feature);
                });
            } else {
                for &(token, key) in &self.words {
                    add(&mut sum, &shares.get(compiled, page, text, token, key).sum);
                }
            }
            for &feature in &self.features {
                add(&mut sum, &compiled.weights[page][feature as usize]);
            }
            if let Some(tags) = compiled.tags.get(page) {
                let of_tags = tags.add(&self.reading, &mut sum);
                known += if page == 0 { of_tags } else { 0 };
            }
            sums.copy_from_slice(&sum[..sums.len()]);
        }
        (self.words.len(), known + self.features.len() as u32)
    }

    fn sum_features(&mut self, text: &str, sums: &mut [f64]) -> (usize, u32) {
        self.features.clear();
        let features = &mut self.features;
        let words = self.finder.occurrences(text, |o| features.push(o.feature));
        features.sort_unstable();
        for &feature in features.iter() {
            for (sum, weight) in sums.iter_mut().zip(self.compiled.weights(feature)) {
                *sum += weight;
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
