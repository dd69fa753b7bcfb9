//! Learns a vocabulary: counts in which texts each term occurs.
//!
//! Texts become sequences of word numbers once; n-grams are then counted
//! length by length, keyed by numbers. An n-gram is only counted if the one
//! that it extends is frequent enough, so rare ones never fill memory. All
//! counts are integers and all orders explicit: threads change nothing.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::lexicon::{Lexicon, Mark, Reading, Tagger};
use super::matcher::{NONE, SHORTEST_GAP, char_ngrams};
use super::params::VectorizerParams;
use super::vocabulary::Vocabulary;
use crate::text::{Normalizer, tokens};

/// Texts per unit of parallel work; fixed, so that results never depend on
/// the number of threads.
const CHUNK: usize = 512;

/// Terms and their document frequencies.
type Counted = Vec<(String, u32)>;

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

/// Learns the vocabulary of `texts`: every term within the document
/// frequency limits of `params`.
pub(super) fn vocabulary<S: AsRef<str> + Sync>(params: &VectorizerParams, texts: &[S]) -> Vocabulary {
    let most = (params.max_df * texts.len() as f64).floor() as u32;
    let frequent = |df: u32| df >= params.min_df && df <= most;
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

    let mut characters = Counted::new();
    if let Some(range) = params.char_ngrams {
        let mut interner = Interner::default();
        let of_surface: Vec<Vec<u32>> = words
            .iter()
            .map(|word| {
                let mut numbers = Vec::new();
                if let Some((word, _)) = word {
                    char_ngrams(word, range, |ngram| numbers.push(interner.number(ngram)));
                }
                numbers
            })
            .collect();
        let strings = interner.strings();
        let frequency = frequencies(&sequences, strings.len(), |surface| &of_surface[surface as usize]);
        let ngrams = strings.into_iter().map(String::from).zip(frequency);
        characters = ngrams.filter(|&(_, df)| frequent(df)).collect();
        characters.sort_unstable();
    }

    let (mut negated, mut tags) = match &params.lexicon {
        Some(lexicon) => readings(lexicon, &normalizer, texts, &sequences, &words),
        None => Default::default(),
    };
    for terms in [&mut negated, &mut tags] {
        terms.retain(|&(_, df)| frequent(df));
        terms.sort_unstable();
    }

    let mut interner = Interner::default();
    let stem_of_surface: Vec<[u32; 1]> =
        words.iter().map(|word| [word.as_ref().map_or(NONE, |(_, stem)| interner.number(stem))]).collect();
    let stems = interner.strings();
    for number in &mut sequences.numbers {
        *number = stem_of_surface[*number as usize][0];
    }
    let mut terms = word_ngrams(params, &sequences, &stems);
    terms.retain(|&(_, df)| frequent(df));
    terms.par_sort_unstable();
    let mut pairs = word_pairs(params, &sequences, &stems);
    pairs.retain(|&(_, df)| frequent(df));
    pairs.par_sort_unstable();

    let names = |terms: &[(String, u32)]| terms.iter().map(|(term, _)| term).collect();
    Vocabulary {
        documents: texts.len() as u32,
        words: names(&terms),
        characters: names(&characters),
        pairs: names(&pairs),
        negated: names(&negated),
        tags: names(&tags),
        document_frequency: [&terms, &characters, &pairs, &negated, &tags]
            .into_iter()
            .flatten()
            .map(|&(_, df)| df)
            .collect(),
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
    let mut all = Sequences { numbers: Vec::new(), ends: Vec::new() };
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

/// In how many texts each of `count` features occurs, where `features` gives
/// the features of a number.
fn frequencies<F: AsRef<[u32]>>(
    sequences: &Sequences,
    count: usize,
    features: impl Fn(u32) -> F,
) -> Vec<u32> {
    let mut counted = DocumentFrequency::new(count);
    for (text, range) in sequences.texts() {
        for &number in &sequences.numbers[range] {
            for &feature in features(number).as_ref() {
                if feature != NONE {
                    counted.count(feature as usize, text);
                }
            }
        }
    }
    counted.frequency
}

/// In how many texts features occur, counted text by text.
struct DocumentFrequency {
    frequency: Vec<u32>,
    last_text: Vec<usize>,
}

impl DocumentFrequency {
    fn new(features: usize) -> Self {
        Self { frequency: vec![0; features], last_text: vec![usize::MAX; features] }
    }

    fn count(&mut self, feature: usize, text: usize) {
        if self.last_text[feature] != text {
            self.last_text[feature] = text;
            self.frequency[feature] += 1;
        }
    }
}

/// Negated stems, and tags with their pairs, and their document frequencies.
fn readings<S: AsRef<str>>(
    lexicon: &Lexicon,
    normalizer: &Normalizer,
    texts: &[S],
    surfaces: &Sequences,
    words: &[Option<(String, String)>],
) -> (Counted, Counted) {
    // its parameters were checked before
    let Ok(tagger) = Tagger::new(lexicon, normalizer) else { return Default::default() };
    let marks: Vec<Mark> = words
        .iter()
        .map(|word| word.as_ref().map_or(Mark::default(), |(_, stem)| tagger.mark(stem)))
        .collect();
    let mut interner = Interner::default();
    let stems: Vec<u32> =
        words.iter().map(|word| word.as_ref().map_or(NONE, |(_, stem)| interner.number(stem))).collect();
    let count = tagger.names().len();
    let mut negated = DocumentFrequency::new(interner.numbers.len());
    let mut tags = DocumentFrequency::new(count + count * count);
    let mut reading = Reading::default();
    for ((text, range), string) in surfaces.texts().zip(texts) {
        let (string, surfaces) = (string.as_ref(), &surfaces.numbers[range]);
        reading.read(
            &tagger,
            string,
            tokens(string).zip(surfaces.iter().map(|&surface| marks[surface as usize])),
        );
        for &place in &reading.negated {
            let stem = stems[surfaces[place as usize] as usize];
            if stem != NONE {
                negated.count(stem as usize, text);
            }
        }
        for &(symbol, _) in &reading.tagged {
            tagger.tags(symbol).for_each(|tag| tags.count(tag, text));
        }
        for (first, second) in reading.pairs() {
            for tag in tagger.tags(reading.tagged[first].0) {
                for next in tagger.tags(reading.tagged[second].0) {
                    tags.count(count + tag * count + next, text);
                }
            }
        }
    }
    let stems = interner.strings().into_iter().map(String::from);
    let names = tagger.names();
    let pairs = names.iter().flat_map(|first| names.iter().map(move |second| format!("{first} {second}")));
    (stems.zip(negated.frequency).collect(), names.iter().cloned().chain(pairs).zip(tags.frequency).collect())
}

/// Word n-grams of the wanted lengths and their document frequencies; those
/// longer than one word occur in at least `min_df` texts.
fn word_ngrams(params: &VectorizerParams, sequences: &Sequences, stems: &[Box<str>]) -> Counted {
    let frequency = frequencies(sequences, stems.len(), |stem| [stem]);
    let mut names: Vec<String> = stems.iter().map(|stem| stem.to_string()).collect();
    let mut found = Counted::new();
    if params.word_ngrams.shortest() == 1 {
        found.extend(names.iter().cloned().zip(frequency.iter().copied()));
    }
    // the n-gram of the current length that starts at each position
    let mut starting: Vec<u32> = sequences
        .numbers
        .iter()
        .map(|&stem| if stem != NONE && frequency[stem as usize] >= params.min_df { stem } else { NONE })
        .collect();
    let frequent_word = starting.clone();
    for length in 2..=params.word_ngrams.longest() {
        let counted = extensions(sequences, &starting, &frequent_word, length, params.min_df);
        let longer: Vec<String> = counted
            .par_iter()
            .map(|&((start, word), _)| format!("{} {}", names[start as usize], stems[word as usize]))
            .collect();
        if length < params.word_ngrams.longest() {
            let number_of: FxHashMap<(u32, u32), u32> =
                counted.iter().enumerate().map(|(number, &(pair, _))| (pair, number as u32)).collect();
            for (_, range) in sequences.texts() {
                for at in range.clone() {
                    let pair = (starting[at], frequent_word.get(at + length - 1).copied().unwrap_or(NONE));
                    let inside = at + length <= range.end;
                    starting[at] = number_of.get(&pair).copied().filter(|_| inside).unwrap_or(NONE);
                }
            }
        }
        if length >= params.word_ngrams.shortest() {
            found.extend(longer.iter().cloned().zip(counted.iter().map(|&(_, df)| df)));
        }
        names = longer;
    }
    found
}

/// Document frequencies of the n-grams of `length` words, as pairs of the
/// n-gram one shorter and the last word; at least `min_df`, in order.
fn extensions(
    sequences: &Sequences,
    starting: &[u32],
    words: &[u32],
    length: usize,
    min_df: u32,
) -> Vec<((u32, u32), u32)> {
    let each = || {
        sequences.texts().flat_map(move |(text, range)| {
            let places = range.start..range.end.saturating_sub(length - 1);
            places.map(move |at| (starting[at], words[at + length - 1], text as u32))
        })
    };
    pair_frequencies(each, min_df)
}

/// Pairs of words with one to `window - 1` words between them and their
/// document frequencies, at least `min_df`.
fn word_pairs(params: &VectorizerParams, sequences: &Sequences, stems: &[Box<str>]) -> Counted {
    let Some(window) = params.window else { return Vec::new() };
    let words = &sequences.numbers;
    let each = || {
        sequences.texts().flat_map(move |(text, range)| {
            let end = range.end;
            range.flat_map(move |at| {
                let seconds = at + SHORTEST_GAP..(at + usize::from(window) + 1).min(end);
                seconds.map(move |second| (words[at], words[second], text as u32))
            })
        })
    };
    let counted = pair_frequencies(each, params.min_df);
    let name = |((first, second), frequency): ((u32, u32), u32)| {
        (format!("{} {}", stems[first as usize], stems[second as usize]), frequency)
    };
    counted.into_par_iter().map(name).collect()
}

/// In how many texts each pair occurs, of the (first, second, text) that
/// `each` gives text by text; at least `min_df`, in order. Pairs with
/// [`NONE`] in them do not count.
///
/// The second numbers are sorted by the first and then counted in one small
/// table after another, which beats one large hash table.
fn pair_frequencies<I: Iterator<Item = (u32, u32, u32)>>(
    each: impl Fn() -> I,
    min_df: u32,
) -> Vec<((u32, u32), u32)> {
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
    (0..ends.len())
        .into_par_iter()
        .with_min_len(256)
        .map_init(
            || vec![(0u32, NONE); seconds],
            |table, first| {
                let from = if first == 0 { 0 } else { ends[first - 1] };
                let mut found = Vec::new();
                for &(second, text) in &entries[from..ends[first]] {
                    let (frequency, last_text) = &mut table[second as usize];
                    if *frequency == 0 {
                        found.push(second);
                    }
                    if *frequency == 0 || *last_text != text {
                        *frequency += 1;
                        *last_text = text;
                    }
                }
                let frequencies = found.iter().map(|&second| {
                    let (frequency, _) = std::mem::replace(&mut table[second as usize], (0, NONE));
                    ((first as u32, second), frequency)
                });
                let mut frequent: Vec<_> =
                    frequencies.filter(|&(_, frequency)| frequency >= min_df).collect();
                frequent.sort_unstable();
                frequent
            },
        )
        .flatten_iter()
        .collect()
}
