//! The training rows as the solver reads them.

use rayon::prelude::*;

use super::vectors::Real;
use crate::vectorizer::SparseRows;

/// A sparse matrix, shape (samples, features), cut into tiles of rows; inside
/// a tile the entries stand column by column.
///
/// One layout serves both products. What a product adds to or reads from by
/// row is one tile's rows, which stay in the nearest cache, while weights and
/// entries are read in order. Tiles are cut by the data's size alone and every
/// sum has one order, so the number of threads changes no bit.
///
/// Values have 32 bits: their rounding, 6e-8, is beyond what the tolerance of
/// a fit can see, and all solvers get the same rounded values.
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    tile_rows: usize,
    tiles: Vec<Tile>,
}

struct Tile {
    /// Columns with entries here, ascending.
    columns: Vec<u32>,
    /// Where the entries of each of them end.
    ends: Vec<u32>,
    /// Entries: the row, counted from the tile's first, and the value.
    rows: Vec<u16>,
    values: Vec<f32>,
}

/// Columns that one task of a transposed product sums up.
const STRIPE: usize = 4096;

impl Matrix {
    pub fn new(rows: &SparseRows) -> Self {
        // small enough for the cache, and enough of them to share out; but the
        // smaller, the fewer entries of a column stand together
        let tile_rows = rows.len().div_ceil(4).clamp(64, 16384);
        let firsts: Vec<usize> = (0..rows.len()).step_by(tile_rows).collect();
        let tile = |&first: &usize| Tile::new(rows, first..(first + tile_rows).min(rows.len()));
        let tiles = firsts.par_iter().map(tile).collect();
        Self { rows: rows.len(), columns: rows.columns(), tile_rows, tiles }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Calls `entry(row, column, value)` for every stored value.
    pub fn for_each(&self, mut entry: impl FnMut(usize, usize, f32)) {
        for (number, tile) in self.tiles.iter().enumerate() {
            for (column, entries) in tile.columns_in(0..tile.columns.len()) {
                for at in entries {
                    entry(number * self.tile_rows + tile.rows[at] as usize, column, tile.values[at]);
                }
            }
        }
    }

    /// `out` = X w: `weights` has shape (columns, lanes), `out` (rows, lanes).
    pub fn product<T: Real>(&self, lanes: usize, weights: &[T], out: &mut [T]) {
        let tiles = self.tiles.par_iter().zip(out.par_chunks_mut(self.tile_rows * lanes));
        tiles.for_each(|(tile, out)| {
            out.fill(T::ZERO);
            match slice(lanes) {
                4 => tile.add_product::<T, 4>(lanes, weights, out),
                3 => tile.add_product::<T, 3>(lanes, weights, out),
                2 => tile.add_product::<T, 2>(lanes, weights, out),
                _ => tile.add_product::<T, 1>(lanes, weights, out),
            }
        });
    }

    /// `out` = X' r: `residuals` has shape (rows, lanes), `out` (columns,
    /// lanes); with `squared`, the values of X are squared first.
    pub fn transposed_product<T: Real>(&self, lanes: usize, squared: bool, residuals: &[T], out: &mut [T]) {
        out.par_chunks_mut(STRIPE * lanes).enumerate().for_each(|(stripe, out)| {
            out.fill(T::ZERO);
            let first = stripe * STRIPE;
            for (tile, residuals) in self.tiles.iter().zip(residuals.chunks(self.tile_rows * lanes)) {
                match slice(lanes) {
                    _ if squared => tile.add_transposed::<T, 1>(lanes, first, |v| v * v, residuals, out),
                    4 => tile.add_transposed::<T, 4>(lanes, first, |v| v, residuals, out),
                    3 => tile.add_transposed::<T, 3>(lanes, first, |v| v, residuals, out),
                    2 => tile.add_transposed::<T, 2>(lanes, first, |v| v, residuals, out),
                    _ => tile.add_transposed::<T, 1>(lanes, first, |v| v, residuals, out),
                }
            }
        });
    }
}

impl Tile {
    fn new(rows: &SparseRows, range: std::ops::Range<usize>) -> Self {
        let mut next = vec![0u32; rows.columns()];
        for row in range.clone() {
            for &column in rows.row(row).0 {
                next[column as usize] += 1;
            }
        }
        let (mut columns, mut ends, mut stored) = (Vec::new(), Vec::new(), 0);
        for (column, next) in next.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            columns.push(column as u32);
            let start = stored;
            stored += *next;
            ends.push(stored);
            *next = start;
        }
        let mut tile =
            Self { columns, ends, rows: vec![0; stored as usize], values: vec![0.0; stored as usize] };
        for row in range.clone() {
            let (columns, values) = rows.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                let next = &mut next[column as usize];
                tile.rows[*next as usize] = (row - range.start) as u16;
                tile.values[*next as usize] = value as f32;
                *next += 1;
            }
        }
        tile
    }

    /// Each of the given columns with the range of its entries.
    #[inline(always)]
    fn columns_in(
        &self,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> {
        let mut start = if range.start == 0 { 0 } else { self.ends[range.start - 1] as usize };
        self.columns[range.clone()].iter().zip(&self.ends[range]).map(move |(&column, &end)| {
            let entries = start..end as usize;
            start = end as usize;
            (column as usize, entries)
        })
    }

    /// Adds X w of this tile, `L` lanes at a time; `L` divides `lanes`.
    fn add_product<T: Real, const L: usize>(&self, lanes: usize, weights: &[T], out: &mut [T]) {
        let (weights, out) = (weights.as_chunks::<L>().0, out.as_chunks_mut::<L>().0);
        let slices = lanes / L;
        for (column, entries) in self.columns_in(0..self.columns.len()) {
            for slice in 0..slices {
                let weights = weights[column * slices + slice];
                for (&row, &value) in self.rows[entries.clone()].iter().zip(&self.values[entries.clone()]) {
                    let (out, value) = (&mut out[row as usize * slices + slice], T::from(value));
                    for lane in 0..L {
                        out[lane] += value * weights[lane];
                    }
                }
            }
        }
    }

    /// Adds X' r of this tile, `L` lanes at a time, for the columns from
    /// `first` on that `out` holds.
    fn add_transposed<T: Real, const L: usize>(
        &self,
        lanes: usize,
        first: usize,
        of_value: impl Fn(T) -> T,
        residuals: &[T],
        out: &mut [T],
    ) {
        let place = |column: usize| self.columns.partition_point(|&c| (c as usize) < column);
        let columns = place(first)..place(first + out.len() / lanes);
        let (residuals, out) = (residuals.as_chunks::<L>().0, out.as_chunks_mut::<L>().0);
        let slices = lanes / L;
        for (column, entries) in self.columns_in(columns) {
            for slice in 0..slices {
                let mut sum = [T::ZERO; L];
                for (&row, &value) in self.rows[entries.clone()].iter().zip(&self.values[entries.clone()]) {
                    let (residual, value) =
                        (&residuals[row as usize * slices + slice], of_value(T::from(value)));
                    for lane in 0..L {
                        sum[lane] += value * residual[lane];
                    }
                }
                let out = &mut out[(column - first) * slices + slice];
                for lane in 0..L {
                    out[lane] += sum[lane];
                }
            }
        }
    }
}

/// How many lanes a product takes at a time: a number that divides theirs.
/// Known when compiling, it makes the inner loops several times as fast.
fn slice(lanes: usize) -> usize {
    [4, 3, 2].into_iter().find(|slice| lanes.is_multiple_of(*slice)).unwrap_or(1)
}
