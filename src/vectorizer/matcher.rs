//! Finds the vocabulary's terms in texts.

use rustc_hash::FxHashMap;

use super::params::{NgramRange, VectorizerParams};
use super::vocabulary::Vocabulary;
use crate::text::{NUMBER, Normalizer, Token, tokens};

/// Stands for "no word", "no n-gram", "no feature".
pub(crate) const NONE: u32 = u32::MAX;

/// What a surface form brings to any text it occurs in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    /// The stem's number, [`NONE`] if no term contains it.
    pub word: u32,
    /// The character n-gram features of the word, with repetitions.
    pub characters: Box<[u32]>,
}

/// The vocabulary, compiled for look-ups.
///
/// Word n-grams form a trie: nodes below `words.len()` are single words, an
/// edge leads from an n-gram and a word to the n-gram that is one longer.
pub(crate) struct Matcher {
    normalizer: Normalizer,
    words: FxHashMap<Box<str>, u32>,
    edges: FxHashMap<(u32, u32), u32>,
    /// One bit for each hash of an edge: most pairs of words are no edge, and
    /// this small table says so without a miss of the cache.
    edge_bits: Box<[u64]>,
    feature_of_node: Vec<u32>,
    characters: FxHashMap<Box<str>, u32>,
    char_ngrams: Option<NgramRange>,
    longest: usize,
}

impl Matcher {
    pub fn new(params: &VectorizerParams, vocabulary: &Vocabulary) -> Self {
        let mut words: FxHashMap<Box<str>, u32> = FxHashMap::default();
        for word in vocabulary.words.iter().flat_map(|term| term.split(' ')) {
            if !words.contains_key(word) {
                words.insert(word.into(), words.len() as u32);
            }
        }
        let mut edges = FxHashMap::default();
        let mut feature_of_node = vec![NONE; words.len()];
        for (feature, term) in vocabulary.words.iter().enumerate() {
            let mut path = term.split(' ').map(|word| words[word]);
            let first = path.next().unwrap_or(NONE);
            let node = path.fold(first, |node, word| {
                *edges.entry((node, word)).or_insert_with(|| {
                    feature_of_node.push(NONE);
                    feature_of_node.len() as u32 - 1
                })
            });
            feature_of_node[node as usize] = feature as u32;
        }
        let mut edge_bits = vec![0; (edges.len() / 4 + 1).next_power_of_two()].into_boxed_slice();
        for &(node, word) in edges.keys() {
            let (place, bit) = edge_bit(&edge_bits, node, word);
            edge_bits[place] |= bit;
        }
        let offset = vocabulary.words.len();
        let characters = vocabulary
            .characters
            .iter()
            .enumerate()
            .map(|(i, term)| (term.as_str().into(), (offset + i) as u32))
            .collect();
        Self {
            normalizer: Normalizer::new(&params.normalizer),
            words,
            edges,
            edge_bits,
            feature_of_node,
            characters,
            char_ngrams: params.char_ngrams,
            longest: params.word_ngrams.longest(),
        }
    }

    /// What a surface form brings.
    pub fn form(&self, surface: &str) -> Form {
        let Some(word) = self.normalizer.word(surface) else {
            return Form { word: NONE, characters: Box::default() };
        };
        let stem = self.normalizer.stem(&word);
        let mut characters = Vec::new();
        if let Some(range) = self.char_ngrams {
            char_ngrams(&word, range, |ngram| characters.extend(self.characters.get(ngram)));
        }
        Form { word: self.words.get(stem.as_str()).copied().unwrap_or(NONE), characters: characters.into() }
    }

    /// The n-gram one word longer than `node`, or [`NONE`].
    #[inline]
    pub fn extend(&self, node: u32, word: u32) -> u32 {
        let (place, bit) = edge_bit(&self.edge_bits, node, word);
        if self.edge_bits[place] & bit == 0 {
            return NONE;
        }
        self.edges.get(&(node, word)).copied().unwrap_or(NONE)
    }

    /// The feature of an n-gram, or [`NONE`].
    #[inline]
    pub fn feature(&self, node: u32) -> u32 {
        self.feature_of_node[node as usize]
    }
}

/// Where the bit of an edge is: 16 to 32 bits for each edge, so that about one
/// pair in 20 is looked up in vain.
#[inline]
fn edge_bit(bits: &[u64], node: u32, word: u32) -> (usize, u64) {
    let mixed = (u64::from(node) << 32 | u64::from(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let place = (mixed >> 32) as usize & (bits.len() - 1);
    (place, 1 << (mixed >> 26 & 63))
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

/// The n-grams that end at the current word, by length.
#[derive(Debug)]
pub(crate) struct Window {
    nodes: [u32; 8],
}

impl Window {
    pub fn new() -> Self {
        Self { nodes: [NONE; 8] }
    }

    /// Moves on to `word` and calls `found(node, length)` for each n-gram of
    /// the trie that ends there, the shortest first.
    #[inline]
    pub fn push(&mut self, matcher: &Matcher, word: u32, mut found: impl FnMut(u32, usize)) {
        if word == NONE {
            self.nodes = [NONE; 8];
            return;
        }
        for length in (2..=matcher.longest).rev() {
            let shorter = self.nodes[length - 2];
            self.nodes[length - 1] = if shorter == NONE { NONE } else { matcher.extend(shorter, word) };
        }
        self.nodes[0] = word;
        for (i, &node) in self.nodes[..matcher.longest].iter().enumerate() {
            if node != NONE {
                found(node, i + 1);
            }
        }
    }
}

/// Matches texts one after another, remembering the forms it has seen.
pub(crate) struct Finder<'m> {
    matcher: &'m Matcher,
    /// Where the form of a surface stands in `forms`.
    places: FxHashMap<Box<str>, u32>,
    forms: Vec<Form>,
    spans: Vec<Token>,
}

/// One occurrence of a feature: the feature and the tokens it covers.
pub(crate) struct Occurrence {
    pub feature: u32,
    pub first: Token,
    pub last: Token,
}

impl<'m> Finder<'m> {
    /// Bounds the memory that unusual forms can take.
    const MOST_FORMS: usize = 1 << 16;

    pub fn new(matcher: &'m Matcher) -> Self {
        Self { matcher, places: FxHashMap::default(), forms: Vec::new(), spans: Vec::new() }
    }

    fn remember(&mut self, surface: &str) -> u32 {
        if self.forms.len() == Self::MOST_FORMS {
            self.places.clear();
            self.forms.clear();
        }
        let place = self.forms.len() as u32;
        self.places.insert(surface.into(), place);
        self.forms.push(self.matcher.form(surface));
        place
    }

    /// Calls `found` with each occurrence of a known term; returns the number
    /// of words in the text.
    pub fn occurrences(&mut self, text: &str, mut found: impl FnMut(Occurrence)) -> usize {
        let mut window = Window::new();
        self.spans.clear();
        for token in tokens(text) {
            self.spans.push(token);
            let surface = &text[token.start..token.end];
            let place = match self.places.get(surface) {
                Some(&place) => place,
                None => self.remember(surface),
            };
            let form = &self.forms[place as usize];
            for &feature in &form.characters {
                found(Occurrence { feature, first: token, last: token });
            }
            window.push(self.matcher, form.word, |node, length| {
                let feature = self.matcher.feature(node);
                if feature != NONE {
                    let first = self.spans[self.spans.len() - length];
                    found(Occurrence { feature, first, last: token });
                }
            });
        }
        self.spans.len()
    }
}
