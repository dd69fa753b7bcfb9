//! Counts of terms, text by text.

use rayon::prelude::*;

use super::columns::SparseColumns;
use super::matcher::NONE;
use super::terms::Terms;

/// First numbers of pairs per unit of parallel work.
const CHUNK: usize = 512;

/// Terms of at least `min_df` texts, in any order.
pub(super) struct Counted {
    pub names: Terms,
    /// Their counts, in several matrices one after another: to put them
    /// together would have them in memory twice.
    pub counts: Vec<SparseColumns>,
}

impl Counted {
    pub fn and(mut self, others: Self) -> Self {
        self.names.append(&others.names);
        self.counts.extend(others.counts);
        self
    }

    /// Appends the terms of at most `most` texts to `counts`, by their names.
    pub fn gather(self, most: usize, counts: &mut SparseColumns) -> Terms {
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

/// Counts the features with the given names; returns the frequent ones.
pub(super) fn count<I: Iterator<Item = (u32, u32)>>(
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

/// Pairs of at least `min_df` texts, in order, of the (first, second, text)
/// that `each` gives text by text. Pairs with [`NONE`] in them do not count.
///
/// The second numbers are sorted by the first and then counted in one small
/// table after another, which beats one large hash table.
pub(super) fn count_pairs<I: Iterator<Item = (u32, u32, u32)>>(
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
