//! A map from pairs of numbers, for many look-ups at once.

use super::matcher::NONE;

/// Numbers of pairs of numbers.
pub(super) struct PairMap {
    /// Pairs and their numbers by open addressing, at most two thirds full.
    slots: Box<[(u32, u32, u32)]>,
    /// One bit for each hash of a pair: most pairs are not in the map, and
    /// this small table says so without a miss of the cache.
    bits: Box<[u64]>,
    /// Pairs in the map.
    used: usize,
}

impl PairMap {
    const EMPTY: (u32, u32, u32) = (NONE, NONE, NONE);

    /// With space for `pairs` before it has to grow.
    pub fn with_capacity(pairs: usize) -> Self {
        Self {
            slots: vec![Self::EMPTY; (pairs + pairs / 2 + 1).next_power_of_two()].into_boxed_slice(),
            bits: vec![0; (pairs / 4 + 1).next_power_of_two()].into_boxed_slice(),
            used: 0,
        }
    }

    /// The number of a pair, which is `number` if it had none.
    pub fn get_or_insert(&mut self, pair: (u32, u32), number: u32) -> u32 {
        let slot = self.slot(pair);
        if self.slots[slot] != Self::EMPTY {
            return self.slots[slot].2;
        }
        // a look-up ends at an empty slot, so there must always be some
        if 3 * (self.used + 1) > 2 * self.slots.len() {
            let full = std::mem::replace(self, Self::with_capacity(2 * self.used + 1));
            for &(first, second, number) in full.slots.iter().filter(|&&slot| slot != Self::EMPTY) {
                self.insert((first, second), number);
            }
        }
        self.insert(pair, number);
        number
    }

    /// Adds a pair that is not there yet.
    fn insert(&mut self, pair: (u32, u32), number: u32) {
        let (place, bit) = self.bit(pair);
        self.bits[place] |= bit;
        let slot = self.slot(pair);
        self.slots[slot] = (pair.0, pair.1, number);
        self.used += 1;
    }

    /// Calls `found(place, number)` for each of the first `places` places whose
    /// pair has a number. Pairs with [`NONE`] in them have none.
    ///
    /// First all that may be there, then whether they are: no step waits for
    /// the memory that the one before it asked for.
    #[inline]
    pub fn find_all(
        &self,
        places: usize,
        pair_at: impl Fn(usize) -> (u32, u32),
        candidates: &mut Vec<u32>,
        mut found: impl FnMut(usize, u32),
    ) {
        candidates.clear();
        candidates.resize(places, 0);
        let mut count = 0;
        for at in 0..places {
            let pair = pair_at(at);
            let (place, bit) = self.bit(pair);
            candidates[count] = at as u32;
            count += usize::from((self.bits[place] & bit != 0) & (pair.0 != NONE) & (pair.1 != NONE));
        }
        for &at in &candidates[..count] {
            let (_, _, number) = self.slots[self.slot(pair_at(at as usize))];
            if number != NONE {
                found(at as usize, number);
            }
        }
    }

    #[inline]
    fn mix(pair: (u32, u32)) -> u64 {
        (u64::from(pair.0) << 32 | u64::from(pair.1)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    /// The slot of a pair, or the empty one where it belongs.
    #[inline]
    fn slot(&self, pair: (u32, u32)) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (Self::mix(pair) >> 32) as usize & mask;
        while (self.slots[slot].0, self.slots[slot].1) != pair && self.slots[slot] != Self::EMPTY {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Where the bit of a pair is: 16 to 32 bits for each pair of the map, so
    /// that about one other pair in 20 is looked up in vain.
    #[inline]
    fn bit(&self, pair: (u32, u32)) -> (usize, u64) {
        let mixed = Self::mix(pair);
        ((mixed >> 32) as usize & (self.bits.len() - 1), 1 << (mixed >> 26 & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_made_too_small_grows() {
        for capacity in [0, 1, 7, 200] {
            let mut map = PairMap::with_capacity(capacity);
            for number in 0..100 {
                assert_eq!(map.get_or_insert((number, number + 1), number), number);
                assert_eq!(map.get_or_insert((number, number + 1), 1000), number);
            }
            let mut found = Vec::new();
            let pair = |at: usize| (at as u32, at as u32 + 1);
            map.find_all(150, pair, &mut Vec::new(), |at, number| found.push((at, number)));
            assert_eq!(found, (0..100).map(|n| (n as usize, n)).collect::<Vec<_>>());
        }
    }
}
