//! Texts as sequences of numbers.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::text::tokens;

/// Texts per unit of parallel work; fixed, so that results never depend on
/// the number of threads.
const CHUNK: usize = 512;

/// Numbers for strings, in order of first appearance.
#[derive(Default)]
pub(super) struct Interner {
    numbers: FxHashMap<Box<str>, u32>,
}

impl Interner {
    pub fn number(&mut self, string: &str) -> u32 {
        if let Some(&number) = self.numbers.get(string) {
            return number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(string.into(), number);
        number
    }

    pub fn strings(self) -> Vec<Box<str>> {
        let mut strings = vec![Box::default(); self.numbers.len()];
        for (string, number) in self.numbers {
            strings[number as usize] = string;
        }
        strings
    }
}

/// Texts as sequences of numbers, one after another in one array.
pub(super) struct Sequences {
    pub numbers: Vec<u32>,
    pub ends: Vec<usize>,
}

impl Sequences {
    pub fn texts(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        (0..self.ends.len())
            .map(|text| (text, if text == 0 { 0 } else { self.ends[text - 1] }..self.ends[text]))
    }
}

/// Texts as sequences of surface forms, and the distinct forms.
pub(super) fn surfaces<S: AsRef<str> + Sync>(texts: &[S]) -> (Sequences, Vec<&str>) {
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
