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
use super::lexicon::{Mark, Reading, Tagger};
use super::matcher::{NONE, SHORTEST_GAP, char_ngrams};
use super::params::VectorizerParams;
use super::terms::Terms;
use super::vocabulary::Vocabulary;
use crate::text::{Normalizer, tokens};

/// Texts per unit of parallel work; fixed, so that results never depend on
/// the number of threads.
const CHUNK: usize = 512;

/// Numbers for strings, in order of first appearance.
#[derive(Default)]
struct Interner {
    numbers: FxHashMap<Box<str>, u32>,
}

impl Interner {
    fn number(&mut self, string: &str) -> u32 {
        if let Some(&number) = self.numbers.get(string) {
            return number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(string.into(), number);
        number
    }

    fn strings(self) -> Vec<Box<str>> {
        let mut strings = vec![Box::default(); self.numbers.len()];
        for (string, number) in self.numbers {
            strings[number as usize] = string;
        }
        strings
    }
}

/// Texts as sequences of numbers, one after another in one array.
struct Sequences {
    numbers: Vec<u32>,
    ends: Vec<usize>,
}

impl Sequences {
    fn texts(&self) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
        (0..self.ends.len())
            .map(|text| (text, if text == 0 { 0 } else { self.ends[text - 1] }..self.ends[text]))
    }
}

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

/// Terms of at least `min_df` texts, in any order.
struct Counted {
    names: Terms,
    /// Their counts, in several matrices one after another: to put them
    /// together would have them in memory twice.
    counts: Vec<SparseColumns>,
}

impl Counted {
    fn and(mut self, others: Self) -> Self {
        self.names.append(&others.names);
        self.counts.extend(others.counts);
        self
    }

    /// Appends the terms of at most `most` texts to `counts`, by their names.
    fn gather(self, most: usize, counts: &mut SparseColumns) -> Terms {
        let columns =
            self.counts.iter().flat_map(|part| (0..part.columns()).map(move |column| (part, column)));
        let mut terms: Vec<(&str, &SparseColumns, usize)> = self
            .names
            .iter()
            .zip(columns)
            .map(|(name, (part, column))| (name, part, column))
            .filter(|(_, part, column)| part.column(*column).0.len() <= most)
            .collect();
        terms.par_sort_unstable_by_key(|&(name, ..)| name);
        terms.iter().for_each(|(_, part, column)| counts.push_column(part, *column));
        terms.iter().map(|(name, ..)| name).collect()
    }
}

/// Texts as sequences of surface forms, and the distinct forms.
fn surfaces<S: AsRef<str> + Sync>(texts: &[S]) -> (Sequences, Vec<&str>) {
    struct Chunk<'a> {
        distinct: Vec<&'a str>,
        numbers: Vec<u32>,
        lengths: Vec<usize>,
    }
    let chunks: Vec<Chunk<'_>> = texts
        .par_chunks(CHUNK)
        .map(|texts| {
            let mut numbers_of = FxHashMap::default();
            let mut chunk = Chunk { distinct: Vec::new(), numbers: Vec::new(), lengths: Vec::new() };
            for text in texts {
                let text = text.as_ref();
                let before = chunk.numbers.len();
                for token in tokens(text) {
                    let surface = &text[token.start..token.end];
                    let number = *numbers_of.entry(surface).or_insert_with(|| {
                        chunk.distinct.push(surface);
                        chunk.distinct.len() as u32 - 1
                    });
                    chunk.numbers.push(number);
                }
                chunk.lengths.push(chunk.numbers.len() - before);
            }
            chunk
        })
        .collect();

    let mut numbers_of: FxHashMap<&str, u32> = FxHashMap::default();
    let mut distinct = Vec::new();
    let length = chunks.iter().map(|chunk| chunk.numbers.len()).sum();
    let mut all = Sequences { numbers: Vec::with_capacity(length), ends: Vec::with_capacity(texts.len()) };
    for chunk in chunks {
        let global: Vec<u32> = chunk
            .distinct
            .into_iter()
            .map(|surface| {
                *numbers_of.entry(surface).or_insert_with(|| {
                    distinct.push(surface);
                    distinct.len() as u32 - 1
                })
            })
            .collect();
        all.numbers.extend(chunk.numbers.into_iter().map(|local| global[local as usize]));
        for length in chunk.lengths {
            all.ends.push(all.ends.last().copied().unwrap_or(0) + length);
        }
    }
    (all, distinct)
}

/// Counts features text by text.
struct Counter {
    slots: Vec<Slot>,
    found: Vec<u32>,
}

/// A feature while it is counted.
#[derive(Clone)]
struct Slot {
    frequency: u32,
    last_text: u32,
    /// Where its next count goes.
    next: usize,
}

impl Counter {
    const EMPTY: Slot = Slot { frequency: 0, last_text: NONE, next: usize::MAX };

    /// For features below `features`.
    fn new(features: usize) -> Self {
        Self { slots: vec![Self::EMPTY; features], found: Vec::new() }
    }

    /// Appends to `counts` a column for each feature of at least `min_df`
    /// texts, of the (feature, text) that `each` gives text by text; returns
    /// these features, ascending. Feature [`NONE`] does not count.
    fn count<I: Iterator<Item = (u32, u32)>>(
        &mut self,
        each: impl Fn() -> I,
        min_df: u32,
        counts: &mut SparseColumns,
    ) -> Vec<u32> {
        let each = || each().filter(|&(feature, _)| feature != NONE);
        self.found.clear();
        for (feature, text) in each() {
            let slot = &mut self.slots[feature as usize];
            if slot.frequency == 0 {
                self.found.push(feature);
            }
            if slot.last_text != text {
                slot.frequency += 1;
                slot.last_text = text;
            }
        }
        self.found.sort_unstable();
        let mut frequent = Vec::new();
        for &feature in &self.found {
            let slot = &mut self.slots[feature as usize];
            slot.last_text = NONE;
            if slot.frequency >= min_df {
                slot.next = counts.push_zeros(slot.frequency as usize);
                frequent.push(feature);
            }
        }
        for (feature, text) in each() {
            let slot = &mut self.slots[feature as usize];
            if slot.next == usize::MAX {
                continue;
            }
            if slot.last_text != text {
                slot.last_text = text;
                slot.next += 1;
            }
            let (row, count) = counts.entry_mut(slot.next - 1);
            *row = text;
            *count += 1.0;
        }
        for &feature in &self.found {
            self.slots[feature as usize] = Self::EMPTY;
        }
        frequent
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

/// Counts the features with the given names; returns the frequent ones.
fn count<I: Iterator<Item = (u32, u32)>>(
    texts: usize,
    names: Vec<Box<str>>,
    each: impl Fn() -> I,
    min_df: u32,
) -> (Vec<u32>, Counted) {
    let mut counts = SparseColumns::new(texts);
    let frequent = Counter::new(names.len()).count(each, min_df, &mut counts);
    counts.shrink_to_fit();
    let names = frequent.iter().map(|&feature| &names[feature as usize]).collect();
    (frequent, Counted { names, counts: vec![counts] })
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
        let count = tagger.names().len();
        names.extend(tagger.names().iter().map(|name| name.as_str().into()));
        for first in tagger.names() {
            names.extend(tagger.names().iter().map(|second| format!("{first} {second}").into()));
        }
        let mut reading = Reading::default();
        for ((text, range), string) in surfaces.texts().zip(texts) {
            let (string, surfaces) = (string.as_ref(), &surfaces.numbers[range]);
            let marks = surfaces.iter().map(|&surface| of_surface[surface as usize].1);
            reading.read(tagger, string, tokens(string).zip(marks));
            for &place in &reading.negated {
                negated.push((of_surface[surfaces[place as usize] as usize].0, text as u32));
            }
            let tags = |place: usize| tagger.tags(reading.tagged[place].0);
            for place in 0..reading.tagged.len() {
                tagged.extend(tags(place).map(|tag| (tag as u32, text as u32)));
            }
            for (first, second) in reading.pairs() {
                for tag in tags(first) {
                    let pairs = tags(second).map(|next| (count + tag * count + next) as u32);
                    tagged.extend(pairs.map(|pair| (pair, text as u32)));
                }
            }
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

/// Pairs of at least `min_df` texts, in order, of the (first, second, text)
/// that `each` gives text by text. Pairs with [`NONE`] in them do not count.
///
/// The second numbers are sorted by the first and then counted in one small
/// table after another, which beats one large hash table.
fn count_pairs<I: Iterator<Item = (u32, u32, u32)>>(
    texts: usize,
    each: impl Fn() -> I,
    min_df: u32,
) -> (Vec<(u32, u32)>, Vec<SparseColumns>) {
    let each = || each().filter(|&(first, second, _)| first != NONE && second != NONE);
    let mut ends: Vec<usize> = Vec::new();
    let mut seconds = 0;
    for (first, second, _) in each() {
        if ends.len() <= first as usize {
            ends.resize(first as usize + 1, 0);
        }
        ends[first as usize] += 1;
        seconds = seconds.max(second as usize + 1);
    }
    let mut total = 0;
    for end in &mut ends {
        // for now, where the next entry goes
        total += std::mem::replace(end, total);
    }
    let mut entries = vec![(0u32, 0u32); total];
    for (first, second, text) in each() {
        entries[ends[first as usize]] = (second, text);
        ends[first as usize] += 1;
    }
    let count_firsts = |counter: &mut Counter, firsts: std::ops::Range<usize>| {
        let (mut pairs, mut counts) = (Vec::new(), SparseColumns::new(texts));
        for first in firsts {
            let from = if first == 0 { 0 } else { ends[first - 1] };
            let entries = &entries[from..ends[first]];
            let seconds = counter.count(|| entries.iter().copied(), min_df, &mut counts);
            pairs.extend(seconds.into_iter().map(|second| (first as u32, second)));
        }
        counts.shrink_to_fit();
        (pairs, counts)
    };
    let chunks: Vec<_> = (0..ends.len().div_ceil(CHUNK))
        .into_par_iter()
        .map_init(
            || Counter::new(seconds),
            |counter, chunk| count_firsts(counter, chunk * CHUNK..((chunk + 1) * CHUNK).min(ends.len())),
        )
        .collect();
    let (pairs, counts): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
    (pairs.concat(), counts)
}
