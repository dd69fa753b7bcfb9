//! Many short strings in one.

use std::fmt;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Stands between two terms; no word or n-gram of a word holds it.
const SEPARATOR: char = '|';

/// Terms, one after another in one string, which is also their form in a
/// model file: a vocabulary of a hundred thousand loads in a millisecond.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    text: String,
    ends: Vec<u32>,
}

impl Terms {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The term at a place.
    ///
    /// # Panics
    /// If `place` is not below [`Terms::len`].
    pub fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize + SEPARATOR.len_utf8() };
        &self.text[start..self.ends[place] as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|place| self.get(place))
    }

    pub fn ascend(&self) -> bool {
        (1..self.len()).all(|place| self.get(place - 1) < self.get(place))
    }

    pub fn append(&mut self, others: &Self) {
        others.iter().for_each(|term| self.push(term));
    }

    fn push(&mut self, term: &str) {
        if !self.ends.is_empty() {
            self.text.push(SEPARATOR);
        }
        self.text.push_str(term);
        self.ends.push(self.text.len() as u32);
    }
}

/// Terms that can be looked up.
pub(super) struct TermIndex {
    terms: Terms,
    /// Places of terms by open addressing, at most half full.
    slots: Box<[u32]>,
}

impl TermIndex {
    const EMPTY: u32 = u32::MAX;

    /// The terms must be distinct.
    pub fn new(terms: Terms) -> Self {
        let slots = vec![Self::EMPTY; (2 * terms.len() + 1).next_power_of_two()].into_boxed_slice();
        let mut index = Self { terms, slots };
        for place in 0..index.terms.len() {
            let slot = index.slot(index.terms.get(place));
            index.slots[slot] = place as u32;
        }
        index
    }

    /// Where a term stands.
    pub fn position(&self, term: &str) -> Option<usize> {
        let place = self.slots[self.slot(term)];
        (place != Self::EMPTY).then_some(place as usize)
    }

    /// The slot of a term, or the empty one where it belongs.
    fn slot(&self, term: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = FxBuildHasher.hash_one(term) as usize & mask;
        while self.slots[slot] != Self::EMPTY && self.terms.get(self.slots[slot] as usize) != term {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

impl<S: AsRef<str>> FromIterator<S> for Terms {
    fn from_iter<I: IntoIterator<Item = S>>(terms: I) -> Self {
        let mut all = Self::default();
        terms.into_iter().for_each(|term| all.push(term.as_ref()));
        all
    }
}

impl Serialize for Terms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Terms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TermsVisitor)
    }
}

/// Reads one string, or the list of strings of format version 1.
struct TermsVisitor;

impl<'de> Visitor<'de> for TermsVisitor {
    type Value = Terms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "terms separated by {SEPARATOR}, or a list of terms")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Terms, E> {
        if u32::try_from(text.len()).is_err() {
            return Err(E::custom("the terms take more than 4 GB"));
        }
        let mut ends: Vec<u32> =
            memchr::memchr_iter(SEPARATOR as u8, text.as_bytes()).map(|at| at as u32).collect();
        if !text.is_empty() {
            ends.push(text.len() as u32);
        }
        Ok(Terms { text: text.to_owned(), ends })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Terms, A::Error> {
        let mut terms = Terms::default();
        while let Some(term) = list.next_element::<String>()? {
            if term.contains(SEPARATOR) {
                return Err(serde::de::Error::custom(format!("a term holds {SEPARATOR}")));
            }
            terms.push(&term);
        }
        Ok(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn terms_come_back_from_a_file_of_either_version(
            mut terms in prop::collection::vec("[a-z ^$é]{1,5}", 0..20),
        ) {
            terms.sort();
            terms.dedup();
            let packed: Terms = terms.iter().collect();
            prop_assert!(packed.ascend());
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), terms.iter().collect::<Vec<_>>());
            let index = TermIndex::new(packed.clone());
            for (place, term) in terms.iter().enumerate() {
                prop_assert_eq!(index.position(term), Some(place));
            }
            prop_assert_eq!(index.position("zzzzzz"), None);
            let now = serde_json::to_string(&packed).expect("JSON");
            let version_1 = serde_json::to_string(&terms).expect("JSON");
            prop_assert_eq!(&serde_json::from_str::<Terms>(&now).expect("version 2"), &packed);
            prop_assert_eq!(&serde_json::from_str::<Terms>(&version_1).expect("version 1"), &packed);
        }
    }
}
