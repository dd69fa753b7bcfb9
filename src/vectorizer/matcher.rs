//! The vocabulary, compiled for look-ups.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::lexicon::{Mark, Symbol, Tagger};
use super::pair_map::PairMap;
use super::params::{NgramRange, VectorizerParams};
use super::terms::{TermIndex, Terms};
use super::vocabulary::Vocabulary;
use crate::text::{NUMBER, Normalizer};

/// Stands for "no word", "no n-gram", "no feature".
pub(crate) const NONE: u32 = u32::MAX;

/// Words of a pair are at least this far apart; neighbours are n-grams.
pub(super) const SHORTEST_GAP: usize = 2;

/// What a surface form brings to any text it occurs in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// The stem's number, [`NONE`] if no term contains it.
    pub word: u32,
    /// The character n-gram features of the word, with repetitions.
    pub characters: Box<[u32]>,
    /// What the lexicon says of it.
    pub mark: Mark,
    /// The feature of the negated word, [`NONE`] if it is no term.
    pub negated: u32,
}

/// The lexicon, and the features of its tags.
pub(crate) struct Tags {
    pub tagger: Arc<Tagger>,
    /// The feature of each of the tagger's terms, or [`NONE`].
    features: Vec<u32>,
}

impl Tags {
    fn new(tagger: Arc<Tagger>, tags: Terms, first_feature: usize) -> Self {
        let tags = TermIndex::new(tags);
        let feature = |term: String| tags.position(&term).map_or(NONE, |at| (first_feature + at) as u32);
        let features = tagger.terms().map(feature).collect();
        Self { tagger, features }
    }

    /// The features of a tagged word.
    pub fn of_word(&self, symbol: Symbol) -> impl Iterator<Item = u32> {
        self.known(self.tagger.tags(symbol))
    }

    /// The features of two tagged words.
    pub fn of_pair(&self, first: Symbol, second: Symbol) -> impl Iterator<Item = u32> {
        self.known(self.tagger.pairs(first, second))
    }

    fn known(&self, terms: impl Iterator<Item = usize>) -> impl Iterator<Item = u32> {
        terms.map(|term| self.features[term]).filter(|&feature| feature != NONE)
    }
}

/// The vocabulary, compiled for look-ups.
///
/// Word n-grams form a trie: nodes below `stems.len()` are single words, an
/// edge leads from an n-gram and a word to the n-gram that is one longer.
pub(crate) struct Matcher {
    normalizer: Normalizer,
    /// All words that terms consist of.
    stems: TermIndex,
    edges: PairMap,
    /// Pairs of words to their features.
    pairs: PairMap,
    /// Words of a pair are at most this far apart.
    window: usize,
    feature_of_node: Vec<u32>,
    characters: TermIndex,
    first_character: usize,
    negated: TermIndex,
    first_negated: usize,
    tags: Option<Tags>,
    char_ngrams: Option<NgramRange>,
    longest: usize,
}

impl Matcher {
    pub fn new(params: &VectorizerParams, vocabulary: &Vocabulary, tagger: Option<Arc<Tagger>>) -> Self {
        let Spelling { stems, words_of_terms } = Spelling::of(vocabulary);
        let mut spelled = words_of_terms.chunk_by(|&a, _| a != NONE).map(|words| &words[..words.len() - 1]);

        let mut edges = PairMap::with_capacity(vocabulary.words.len());
        let mut feature_of_node = vec![NONE; stems.len()];
        for (feature, words) in spelled.by_ref().take(vocabulary.words.len()).enumerate() {
            let node = words[1..].iter().fold(words[0], |node, &word| {
                let next = feature_of_node.len() as u32;
                let node = edges.get_or_insert((node, word), next);
                if node == next {
                    feature_of_node.push(NONE);
                }
                node
            });
            feature_of_node[node as usize] = feature as u32;
        }
        let first_character = vocabulary.words.len();
        let first_pair = first_character + vocabulary.characters.len();
        let mut pairs = PairMap::with_capacity(vocabulary.pairs.len());
        for (number, words) in spelled.enumerate() {
            if let &[first, second] = words {
                pairs.get_or_insert((first, second), (first_pair + number) as u32);
            }
        }
        let first_negated = first_pair + vocabulary.pairs.len();
        let first_tag = first_negated + vocabulary.negated.len();
        let tags = tagger.map(|tagger| Tags::new(tagger, vocabulary.tags.clone(), first_tag));
        Self {
            normalizer: Normalizer::new(&params.normalizer),
            negated: TermIndex::new(vocabulary.negated.clone()),
            first_negated,
            tags,
            stems: TermIndex::new(stems),
            edges,
            pairs,
            window: params.window.map_or(0, usize::from),
            feature_of_node,
            characters: TermIndex::new(vocabulary.characters.clone()),
            first_character,
            char_ngrams: params.char_ngrams,
            longest: params.word_ngrams.longest(),
        }
    }

    /// What a surface form brings.
    pub fn form(&self, surface: &str) -> Form {
        let Some(word) = self.normalizer.word(surface) else {
            return Form { word: NONE, characters: Box::default(), mark: Mark::NONE, negated: NONE };
        };
        let stem = self.normalizer.stem(&word);
        let mut characters = Vec::new();
        if let Some(range) = self.char_ngrams {
            char_ngrams(&word, range, |ngram| {
                characters
                    .extend(self.characters.position(ngram).map(|at| (self.first_character + at) as u32));
            });
        }
        let word = self.stems.position(&stem).map_or(NONE, |number| number as u32);
        let mark = self.tags.as_ref().map_or(Mark::NONE, |tags| tags.tagger.mark(&stem));
        let negated = self.negated.position(&stem).map_or(NONE, |at| (self.first_negated + at) as u32);
        Form { word, characters: characters.into(), mark, negated }
    }

    /// The lexicon, if there is one.
    pub fn tags(&self) -> Option<&Tags> {
        self.tags.as_ref()
    }

    /// The feature of an n-gram, or [`NONE`].
    #[inline]
    pub fn feature(&self, node: u32) -> u32 {
        self.feature_of_node.get(node as usize).copied().unwrap_or(NONE)
    }
}

/// The words of all terms.
struct Spelling {
    /// Distinct words, in order.
    stems: Terms,
    /// The numbers of the words of each word n-gram and then of each pair,
    /// with [`NONE`] after each term.
    words_of_terms: Vec<u32>,
}

impl Spelling {
    fn of(vocabulary: &Vocabulary) -> Self {
        let terms = || vocabulary.words.iter().chain(vocabulary.pairs.iter());
        let mut number_of: FxHashMap<&str, u32> = FxHashMap::default();
        let mut found: Vec<&str> = Vec::new();
        let mut words_of_terms = Vec::with_capacity(3 * terms().count());
        // terms are in order, so most begin with the word that the last began with
        let mut last = ("", NONE);
        for term in terms() {
            let mut rest = term;
            while let Some(end) =
                memchr::memchr(b' ', rest.as_bytes()).or((!rest.is_empty()).then_some(rest.len()))
            {
                let word = &rest[..end];
                if word != last.0 {
                    let next = found.len() as u32;
                    let number = *number_of.entry(word).or_insert(next);
                    if number == next {
                        found.push(word);
                    }
                    words_of_terms.push(number);
                    if rest.len() == term.len() {
                        last = (word, number);
                    }
                } else {
                    words_of_terms.push(last.1);
                }
                rest = rest.get(end + 1..).unwrap_or("");
            }
            words_of_terms.push(NONE);
        }
        let mut order: Vec<u32> = (0..found.len() as u32).collect();
        order.sort_unstable_by_key(|&number| found[number as usize]);
        let mut rank = vec![0; order.len()];
        for (place, &number) in order.iter().enumerate() {
            rank[number as usize] = place as u32;
        }
        for number in words_of_terms.iter_mut().filter(|number| **number != NONE) {
            *number = rank[*number as usize];
        }
        let stems = order.iter().map(|&number| found[number as usize]).collect();
        Self { stems, words_of_terms }
    }
}

/// Calls `found` with each character n-gram of a word.
pub(super) fn char_ngrams(word: &str, range: NgramRange, mut found: impl FnMut(&str)) {
    if word == NUMBER {
        return;
    }
    let marked = format!("^{word}$");
    let bounds: Vec<usize> = marked.char_indices().map(|(at, _)| at).chain([marked.len()]).collect();
    for length in range.shortest()..=range.longest() {
        for window in bounds.windows(length + 1) {
            found(&marked[window[0]..window[length]]);
        }
    }
}

/// Finds the terms of more than one word in a text.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    /// The n-gram that ends at each word, and those one word longer.
    ending: Vec<u32>,
    longer: Vec<u32>,
    candidates: Vec<u32>,
}

impl Joiner {
    /// Calls `found(feature, last, length)` for each known term of more than
    /// one word: the place of its last word and how many words it covers.
    /// n-grams come first, the shortest before longer ones, then pairs, the
    /// nearest first.
    #[inline]
    pub fn terms(&mut self, matcher: &Matcher, words: &[u32], mut found: impl FnMut(u32, usize, usize)) {
        if matcher.longest > 2 {
            self.ending.clear();
            self.ending.extend_from_slice(words);
        }
        for length in 2..=matcher.longest {
            let ending = if length == 2 { words } else { &self.ending };
            let longer = &mut self.longer;
            if matcher.longest > 2 {
                longer.clear();
                longer.resize(words.len(), NONE);
            }
            let pair_ending_after = |at: usize| (ending[at], words[at + 1]);
            let places = words.len().saturating_sub(1);
            matcher.edges.find_all(places, pair_ending_after, &mut self.candidates, |at, node| {
                if matcher.longest > 2 {
                    longer[at + 1] = node;
                }
                if matcher.feature(node) != NONE {
                    found(matcher.feature(node), at + 1, length);
                }
            });
            std::mem::swap(&mut self.ending, &mut self.longer);
        }
        for distance in SHORTEST_GAP..=matcher.window {
            let places = words.len().saturating_sub(distance);
            let pair = |at: usize| (words[at], words[at + distance]);
            matcher.pairs.find_all(places, pair, &mut self.candidates, |at, feature| {
                found(feature, at + distance, distance + 1);
            });
        }
    }
}
