//! All pairs of sets that are similar, without comparing all pairs.
//!
//! The method is the prefix filter (Chaudhuri, Ganti and Kaushik 2006, "A
//! primitive operator for similarity joins in data cleaning") as AllPairs
//! uses it (Bayardo, Ma and Srikant 2007, "Scaling up all pairs similarity
//! search"), with the index prefix of PPJoin (Xiao, Wang, Lin and Yu 2008).
//! It is exact. Jaccard similarity of at least t asks for an overlap of
//!
//! ```text
//! |x & y| >= t / (1 + t) * (|x| + |y|),   and so   |y| >= t |x|.
//! ```
//!
//! With the elements of all sets in one order, two sets that share `o` of them
//! share at least one among the first `|x| - o + 1` of x and the first
//! `|y| - o + 1` of y. Rare elements come first in the order, so the lists of
//! sets that have an element in their prefix are short; only pairs that meet
//! in such a list are compared. Time grows with those lists and the pairs
//! found: nearly linear in texts that are not copies of each other, quadratic
//! where all are, which is why the search can be given a bound.

use rayon::prelude::*;

/// Two similar sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The position of the first set.
    pub a: usize,
    /// The position of the second, above `a`.
    pub b: usize,
    /// Their Jaccard similarity, up to 1.
    pub similarity: f64,
}

/// The result of [`similar_pairs`].
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// The pairs, by position.
    pub pairs: Vec<Pair>,
    /// Whether they are all there are.
    pub complete: bool,
}

/// Sets looked up at a time: few enough that pairs cannot fill the memory
/// before they are counted.
const CHUNK: usize = 64;

/// Keeps rounding from lifting a bound over the whole number it stands for.
const SLACK: f64 = 1e-9;

/// The pairs of sets whose Jaccard similarity is at least `threshold` (above
/// 0, at most 1), by position. Empty sets are similar to nothing. Once there
/// are `most` pairs or more, the search ends before it is complete.
///
/// Elements are numbers from 0, best without gaps; a set has each once, in
/// any order.
///
/// ```
/// let sets = vec![vec![0, 1, 2], vec![7, 8], vec![2, 0, 1, 3]];
/// let similar = stance::check::similar_pairs(sets, 0.7, 1000);
/// let pair = similar.pairs[0];
/// assert_eq!((pair.a, pair.b, pair.similarity), (0, 2, 0.75));
/// assert!(similar.pairs.len() == 1 && similar.complete);
/// ```
pub fn similar_pairs(mut sets: Vec<Vec<u32>>, threshold: f64, most: usize) -> Similar {
    let (singles, elements) = rank_by_rarity(&mut sets);
    let mut by_size: Vec<usize> = (0..sets.len()).filter(|&set| !sets[set].is_empty()).collect();
    by_size.sort_by_key(|&set| sets[set].len());

    // a set is looked up by sets that are as large or larger: its overlap
    // with them is at least 2t / (1 + t) of its own size
    let index_share = 2.0 * threshold / (1.0 + threshold);
    let mut lists: Vec<Vec<u32>> = vec![Vec::new(); elements];
    for (rank, &set) in by_size.iter().enumerate() {
        for &element in shared_prefix(&sets[set], index_share, singles) {
            lists[element as usize].push(rank as u32);
        }
    }

    let found_by = |rank: usize| {
        let x = &sets[by_size[rank]];
        let least = at_least(threshold * x.len() as f64);
        let mut candidates: Vec<u32> = Vec::new();
        for &element in shared_prefix(x, threshold, singles) {
            // ranks and sizes both rise along a list
            let list = &lists[element as usize];
            let first = list.partition_point(|&y| sets[by_size[y as usize]].len() < least);
            candidates.extend(list[first..].iter().take_while(|&&y| (y as usize) < rank));
        }
        candidates.sort_unstable();
        candidates.dedup();
        let similar = |&y: &u32| {
            let (a, b) = (by_size[rank], by_size[y as usize]);
            let similarity = jaccard(&sets[a], &sets[b], threshold)?;
            Some(Pair { a: a.min(b), b: a.max(b), similarity })
        };
        candidates.iter().filter_map(similar).collect::<Vec<_>>()
    };
    let mut pairs: Vec<Pair> = Vec::new();
    let mut done = 0;
    while done < by_size.len() && pairs.len() < most {
        let end = by_size.len().min(done + CHUNK);
        pairs.par_extend((done..end).into_par_iter().flat_map_iter(found_by));
        done = end;
    }
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    Similar { pairs, complete: done == by_size.len() }
}

/// Replaces each element by its rank, the rarest first, and sorts the sets.
/// Elements below the first number returned occur in one set only; the second
/// is how many elements there are.
fn rank_by_rarity(sets: &mut [Vec<u32>]) -> (u32, usize) {
    let elements = sets.iter().flatten().max().map_or(0, |&most| most as usize + 1);
    let mut frequency = vec![0u32; elements];
    sets.iter().flatten().for_each(|&element| frequency[element as usize] += 1);
    let mut order: Vec<u32> = (0..elements as u32).collect();
    order.sort_by_key(|&element| frequency[element as usize]);
    let mut rank = vec![0; elements];
    order.iter().zip(0..).for_each(|(&element, at)| rank[element as usize] = at);
    sets.par_iter_mut().for_each(|set| {
        set.iter_mut().for_each(|element| *element = rank[*element as usize]);
        set.sort_unstable();
    });
    (order.partition_point(|&element| frequency[element as usize] <= 1) as u32, elements)
}

/// The prefix of a set that shares `share` of itself with another, without
/// the elements that no other set has.
fn shared_prefix(set: &[u32], share: f64, singles: u32) -> &[u32] {
    let end = set.len() + 1 - at_least(share * set.len() as f64);
    let start = set.partition_point(|&element| element < singles);
    &set[start.min(end)..end]
}

/// The least whole number that is not below `bound`, at least 1.
fn at_least(bound: f64) -> usize {
    ((bound - SLACK).ceil() as usize).max(1)
}

/// The similarity of two sorted sets, if it is at least `threshold`.
fn jaccard(x: &[u32], y: &[u32], threshold: f64) -> Option<f64> {
    let both = x.len() + y.len();
    let needed = at_least(threshold / (1.0 + threshold) * both as f64);
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < x.len() && j < y.len() {
        if shared + (x.len() - i).min(y.len() - j) < needed {
            return None;
        }
        match x[i].cmp(&y[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                (i, j, shared) = (i + 1, j + 1, shared + 1);
            }
        }
    }
    let similarity = shared as f64 / (both - shared) as f64;
    (similarity >= threshold).then_some(similarity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn brute_force(sets: &[BTreeSet<u32>], threshold: f64) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for a in 0..sets.len() {
            for b in a + 1..sets.len() {
                let union = sets[a].union(&sets[b]).count();
                let similarity = sets[a].intersection(&sets[b]).count() as f64 / union as f64;
                if similarity >= threshold {
                    pairs.push(Pair { a, b, similarity });
                }
            }
        }
        pairs
    }

    fn same(sets: &[BTreeSet<u32>], threshold: f64) {
        let vectors = sets.iter().map(|set| set.iter().rev().copied().collect()).collect();
        let found = similar_pairs(vectors, threshold, usize::MAX);
        assert!(found.complete);
        assert_eq!(found.pairs, brute_force(sets, threshold));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_join_finds_what_comparing_all_pairs_finds(
            sets in proptest::collection::vec(proptest::collection::btree_set(0u32..14, 0..12), 0..30),
            percent in 1u32..=100,
        ) {
            // thresholds such as 0.5, 0.7 and 0.8, which similarities hit exactly
            same(&sets, f64::from(percent) / 100.0);
            same(&sets, f64::from(percent.div_ceil(10)) / 10.0);
        }

        #[test]
        fn copies_with_changes_are_found(
            base in proptest::collection::btree_set(0u32..1000, 20..40),
            changes in proptest::collection::vec((0u32..40, 1000u32..1010), 0..60),
            thirds in 1u32..=3,
        ) {
            let mut copies = vec![base];
            for (gone, new) in changes {
                let mut copy = copies[gone as usize % copies.len()].clone();
                let out = copy.iter().nth(gone as usize % copy.len()).copied();
                copy.remove(&out.expect("in range"));
                copy.insert(new);
                copies.push(copy);
            }
            same(&copies, f64::from(thirds) / 3.0);
        }
    }

    #[test]
    fn a_similarity_that_is_the_threshold_counts() {
        let sets: Vec<Vec<u32>> = vec![(0..10).collect(), (0..7).collect(), (0..6).collect()];
        let pairs = similar_pairs(sets, 0.7, usize::MAX).pairs;
        assert_eq!(pairs.iter().map(|pair| (pair.a, pair.b)).collect::<Vec<_>>(), [(0, 1), (1, 2)]);
        assert_eq!(pairs[0].similarity, 0.7);
        assert!(similar_pairs(Vec::new(), 0.7, 9).pairs.is_empty());
        assert!(similar_pairs(vec![Vec::new(), Vec::new()], 0.7, 9).pairs.is_empty());
    }

    #[test]
    fn the_search_ends_where_there_are_too_many_pairs() {
        let sets: Vec<Vec<u32>> = (0..1000).map(|_| vec![0, 1, 2]).collect();
        let found = similar_pairs(sets, 0.7, 5000);
        assert!(!found.complete && (5000..100_000).contains(&found.pairs.len()), "{}", found.pairs.len());
    }
}
