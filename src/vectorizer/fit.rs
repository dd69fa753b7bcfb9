//! Learns a vocabulary: counts how often each term occurs in each text.
//!
//! Texts become sequences of word numbers once; n-grams are then counted
//! length by length, keyed by numbers. An n-gram is only counted if the one
//! that it extends is frequent enough, so rare ones never fill memory. All
//! counts are integers and all orders explicit: threads change nothing.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::columns::SparseColumns;
use super::counting::{Counted, count, count_pairs};
use super::lexicon::{Mark, Reading, Tagger};
use super::matcher::{NONE, SHORTEST_GAP, char_ngrams};
use super::params::VectorizerParams;
use super::sequences::{Interner, Sequences, surfaces};
use super::terms::Terms;
use super::vocabulary::Vocabulary;
use crate::text::{Normalizer, tokens};

/// What learning the vocabulary found.
pub(super) struct Learned {
    pub vocabulary: Vocabulary,
    /// How often each term occurs in each text.
    pub counts: SparseColumns,
    /// Number of words of each text.
    pub lengths: Vec<u32>,
}

/// Learns the vocabulary of `texts`: every term within the document
/// frequency limits of `params`.
pub(super) fn vocabulary<S: AsRef<str> + Sync>(
    params: &VectorizerParams,
    tagger: Option<&Tagger>,
    texts: &[S],
) -> Learned {
    let (mut sequences, surfaces) = surfaces(texts);
    let normalizer = Normalizer::new(&params.normalizer);
    let words: Vec<Option<(String, String)>> = surfaces
        .par_iter()
        .map(|surface| {
            let word = normalizer.word(surface)?;
            let stem = normalizer.stem(&word);
            Some((word, stem))
        })
        .collect();
    let (characters, (negated, tags)) = rayon::join(
        || characters(params, &sequences, &words),
        || readings(params, tagger, texts, &sequences, &words),
    );

    let mut interner = Interner::default();
    let stem_of_surface: Vec<[u32; 1]> =
        words.iter().map(|word| [word.as_ref().map_or(NONE, |(_, stem)| interner.number(stem))]).collect();
    let stem = |surface: u32| &stem_of_surface[surface as usize][..];
    let (frequent, single) = count_numbers(&sequences, interner.strings(), stem, params.min_df);
    // terms of several words consist of frequent ones: from here on there are no others
    let mut number_of = vec![NONE; words.len()];
    frequent.iter().zip(0..).for_each(|(&stem, number)| number_of[stem as usize] = number);
    for number in &mut sequences.numbers {
        let [stem] = stem_of_surface[*number as usize];
        *number = number_of.get(stem as usize).copied().unwrap_or(NONE);
    }
    drop((words, stem_of_surface));
    let (terms, pairs) = rayon::join(
        || word_ngrams(params, &sequences, &single.names),
        || word_pairs(params, &sequences, &single.names),
    );
    let terms = if params.word_ngrams.shortest() == 1 { single.and(terms) } else { terms };
    let lengths = sequences.texts().map(|(_, range)| range.len() as u32).collect();
    drop(sequences);

    let most = (params.max_df * texts.len() as f64).floor() as usize;
    let kinds = [terms, characters, pairs, negated, tags];
    let stored = kinds.iter().flat_map(|kind| &kind.counts).map(SparseColumns::stored).sum();
    let mut counts = SparseColumns::with_capacity(texts.len(), stored);
    let [words, characters, pairs, negated, tags] = kinds.map(|kind| kind.gather(most, &mut counts));
    let document_frequency = (0..counts.columns()).map(|column| counts.column(column).0.len() as u32);
    Learned {
        vocabulary: Vocabulary {
            documents: texts.len() as u32,
            words,
            characters,
            pairs,
            negated,
            tags,
            document_frequency: document_frequency.collect(),
        },
        counts,
        lengths,
    }
}

/// Counts single features: `features` gives those of a number.
fn count_numbers<'f>(
    sequences: &Sequences,
    names: Vec<Box<str>>,
    features: impl Fn(u32) -> &'f [u32] + Copy,
    min_df: u32,
) -> (Vec<u32>, Counted) {
    let each = || {
        sequences.texts().flat_map(move |(text, range)| {
            let features = sequences.numbers[range].iter().flat_map(move |&number| features(number));
            features.map(move |&feature| (feature, text as u32))
        })
    };
    count(sequences.ends.len(), names, each, min_df)
}

/// Character n-grams within words.
fn characters(
    params: &VectorizerParams,
    surfaces: &Sequences,
    words: &[Option<(String, String)>],
) -> Counted {
    let mut interner = Interner::default();
    let mut of_surface: Vec<Vec<u32>> = vec![Vec::new(); words.len()];
    if let Some(range) = params.char_ngrams {
        for (word, numbers) in words.iter().zip(&mut of_surface) {
            if let Some((word, _)) = word {
                char_ngrams(word, range, |ngram| numbers.push(interner.number(ngram)));
            }
        }
    }
    let of_surface = &of_surface;
    count_numbers(surfaces, interner.strings(), |surface| &of_surface[surface as usize], params.min_df).1
}

/// Negated stems, and tags with their pairs.
fn readings<S: AsRef<str>>(
    params: &VectorizerParams,
    tagger: Option<&Tagger>,
    texts: &[S],
    surfaces: &Sequences,
    words: &[Option<(String, String)>],
) -> (Counted, Counted) {
    let (mut negated, mut tagged) = (Vec::new(), Vec::new());
    let mut interner = Interner::default();
    let mut names: Vec<Box<str>> = Vec::new();
    if let Some(tagger) = tagger {
        let of_surface: Vec<(u32, Mark)> = words
            .iter()
            .map(|word| match word {
                Some((_, stem)) => (interner.number(stem), tagger.mark(stem)),
                None => (NONE, Mark::NONE),
            })
            .collect();
        names.extend(tagger.terms().map(Box::from));
        let mut reading = Reading::default();
        for ((text, range), string) in surfaces.texts().zip(texts) {
            let (string, surfaces) = (string.as_ref(), &surfaces.numbers[range]);
            let marks = surfaces.iter().map(|&surface| of_surface[surface as usize].1);
            reading.read(tagger, string, tokens(string).zip(marks));
            for &place in &reading.negated {
                negated.push((of_surface[surfaces[place as usize] as usize].0, text as u32));
            }
            let symbol = |place: usize| reading.tagged[place].0;
            let tags = reading.tagged.iter().flat_map(|&(symbol, _)| tagger.tags(symbol));
            let pairs =
                reading.pairs().flat_map(|(first, second)| tagger.pairs(symbol(first), symbol(second)));
            tagged.extend(tags.chain(pairs).map(|term| (term as u32, text as u32)));
        }
    }
    let (_, negated) = count(texts.len(), interner.strings(), || negated.iter().copied(), params.min_df);
    let (_, tags) = count(texts.len(), names, || tagged.iter().copied(), params.min_df);
    (negated, tags)
}

/// Word n-grams of two words and more, of the wanted lengths.
fn word_ngrams(params: &VectorizerParams, sequences: &Sequences, words: &Terms) -> Counted {
    let (shortest, longest) = (params.word_ngrams.shortest(), params.word_ngrams.longest());
    let mut all = Counted { names: Terms::default(), counts: Vec::new() };
    // names of the n-grams of the current length, and which starts at each place
    let mut names = Cow::Borrowed(words);
    let mut starting = Cow::Borrowed(&sequences.numbers);
    for length in 2..=longest {
        let (pairs, counts) = extensions(sequences, &starting, length, params.min_df);
        if length < longest {
            let number_of: FxHashMap<(u32, u32), u32> = pairs.iter().copied().zip(0..).collect();
            let starting = starting.to_mut();
            for (_, range) in sequences.texts() {
                for at in range.clone() {
                    let last = Some(at + length - 1).filter(|&last| last < range.end);
                    let pair = last.map(|last| (starting[at], sequences.numbers[last]));
                    starting[at] = pair.and_then(|pair| number_of.get(&pair).copied()).unwrap_or(NONE);
                }
            }
        }
        let longer = joined(&names, words, &pairs);
        if length >= shortest {
            all.names.append(&longer);
            all.counts.extend(counts);
        }
        names = Cow::Owned(longer);
    }
    all
}

/// The names of pairs.
fn joined(firsts: &Terms, seconds: &Terms, pairs: &[(u32, u32)]) -> Terms {
    pairs
        .iter()
        .map(|&(first, second)| format!("{} {}", firsts.get(first as usize), seconds.get(second as usize)))
        .collect()
}

/// The n-grams of `length` words, as pairs of the n-gram one shorter and the
/// last word, in order.
fn extensions(
    sequences: &Sequences,
    starting: &[u32],
    length: usize,
    min_df: u32,
) -> (Vec<(u32, u32)>, Vec<SparseColumns>) {
    let words = &sequences.numbers;
    let each = || {
        sequences.texts().flat_map(move |(text, range)| {
            let places = range.start..range.end.saturating_sub(length - 1);
            places.map(move |at| (starting[at], words[at + length - 1], text as u32))
        })
    };
    count_pairs(sequences.ends.len(), each, min_df)
}

/// Pairs of words with one to `window - 1` words between them.
fn word_pairs(params: &VectorizerParams, sequences: &Sequences, names: &Terms) -> Counted {
    let (words, window) = (&sequences.numbers, params.window.map_or(0, usize::from));
    let each = || {
        sequences.texts().flat_map(move |(text, range)| {
            let end = range.end;
            range.flat_map(move |at| {
                let seconds = at + SHORTEST_GAP..(at + window + 1).min(end);
                seconds.map(move |second| (words[at], words[second], text as u32))
            })
        })
    };
    let (pairs, counts) = count_pairs(sequences.ends.len(), each, params.min_df);
    Counted { names: joined(names, names, &pairs), counts }
}
