//! The training rows as the solver reads them.

use std::ops::Range;

use rayon::prelude::*;

use super::vectors::Real;
use crate::vectorizer::SparseColumns;

/// A sparse matrix, shape (samples, features), cut into tiles of rows; inside
/// a tile the entries stand column by column.
///
/// One layout serves both products. What a product adds to or reads from by
/// row is one tile's rows, which stay in the nearest cache, while weights and
/// entries are read almost in order: most columns of text have very few
/// entries, and the ends of so many short loops cannot be foreseen, so the
/// columns of a stripe stand in the order of their lengths. Tiles and stripes
/// are cut by the data's size alone and every sum has one order, so the number
/// of threads changes no bit.
///
/// Values have 32 bits: their rounding, 6e-8, is beyond what the tolerance of
/// a fit can see, and all solvers get the same rounded values.
pub(crate) struct Matrix {
    rows: usize,
    columns: usize,
    tile_rows: usize,
    tiles: Vec<Tile>,
}

#[derive(Default)]
struct Tile {
    /// One for each stripe, and the end.
    stripes: Vec<Stripe>,
    runs: Vec<Run>,
    /// Columns with entries here, counted from the stripe's first.
    columns: Vec<u16>,
    /// Entries: the row, counted from the tile's first, and the value.
    rows: Vec<u16>,
    values: Vec<f32>,
}

/// Where the runs, columns and entries of a stripe begin.
#[derive(Clone, Copy, Default)]
struct Stripe {
    run: usize,
    column: usize,
    entry: usize,
}

/// Columns that follow one another and have `length` entries each.
struct Run {
    columns: usize,
    length: usize,
}

/// Columns that are sorted by length together, and that one task of a
/// transposed product sums up.
const STRIPE: usize = 4096;

impl Matrix {
    pub fn new(columns: &SparseColumns) -> Self {
        // small enough for the cache, and enough of them to share out; but the
        // smaller, the fewer entries of a column stand together
        let tile_rows = columns.rows().div_ceil(4).clamp(64, 16384);
        let firsts: Vec<usize> = (0..columns.rows()).step_by(tile_rows).collect();
        let tile = |&first: &usize| Tile::new(columns, first..first + tile_rows);
        let tiles = firsts.par_iter().map(tile).collect();
        Self { rows: columns.rows(), columns: columns.columns(), tile_rows, tiles }
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
            for stripe in 0..self.columns.div_ceil(STRIPE) {
                tile.for_each_column(stripe, |column, rows, values| {
                    for (&row, &value) in rows.iter().zip(values) {
                        entry(number * self.tile_rows + row as usize, stripe * STRIPE + column, value);
                    }
                });
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
            for (tile, residuals) in self.tiles.iter().zip(residuals.chunks(self.tile_rows * lanes)) {
                match slice(lanes) {
                    _ if squared => tile.add_transposed::<T, 1>(lanes, stripe, |v| v * v, residuals, out),
                    4 => tile.add_transposed::<T, 4>(lanes, stripe, |v| v, residuals, out),
                    3 => tile.add_transposed::<T, 3>(lanes, stripe, |v| v, residuals, out),
                    2 => tile.add_transposed::<T, 2>(lanes, stripe, |v| v, residuals, out),
                    _ => tile.add_transposed::<T, 1>(lanes, stripe, |v| v, residuals, out),
                }
            }
        });
    }
}

impl Tile {
    fn new(columns: &SparseColumns, range: Range<usize>) -> Self {
        let inside = |column: usize| {
            let (rows, values) = columns.column(column);
            let place = |end: usize| rows.partition_point(|&row| (row as usize) < end);
            let entries = place(range.start)..place(range.end);
            (&rows[entries.clone()], &values[entries])
        };
        let stored = (0..columns.columns()).map(|column| inside(column).0.len()).sum();
        let mut tile = Self {
            rows: Vec::with_capacity(stored),
            values: Vec::with_capacity(stored),
            ..Default::default()
        };
        for first in (0..columns.columns()).step_by(STRIPE) {
            tile.stripes.push(tile.end());
            let inside: Vec<_> = (first..(first + STRIPE).min(columns.columns())).map(inside).collect();
            let mut order: Vec<u16> = (0..inside.len() as u16).collect();
            order.retain(|&column| !inside[column as usize].0.is_empty());
            order.sort_by_key(|&column| inside[column as usize].0.len());
            for run in order.chunk_by(|&a, &b| inside[a as usize].0.len() == inside[b as usize].0.len()) {
                tile.runs.push(Run { columns: run.len(), length: inside[run[0] as usize].0.len() });
                for &column in run {
                    let (rows, values) = inside[column as usize];
                    tile.rows.extend(rows.iter().map(|&row| (row as usize - range.start) as u16));
                    tile.values.extend_from_slice(values);
                }
            }
            tile.columns.extend_from_slice(&order);
        }
        tile.stripes.push(tile.end());
        tile
    }

    /// Where the next stripe begins.
    fn end(&self) -> Stripe {
        Stripe { run: self.runs.len(), column: self.columns.len(), entry: self.rows.len() }
    }

    /// Calls `work(column, rows, values)` for the columns of a stripe.
    #[inline(always)]
    fn for_each_column(&self, stripe: usize, mut work: impl FnMut(usize, &[u16], &[f32])) {
        let (start, end) = (self.stripes[stripe], self.stripes[stripe + 1]);
        let mut columns = &self.columns[start.column..end.column];
        let mut rows = &self.rows[start.entry..end.entry];
        let mut values = &self.values[start.entry..end.entry];
        for run in &self.runs[start.run..end.run] {
            let &Run { columns: count, length } = run;
            let (rows, values) = (take(&mut rows, count * length), take(&mut values, count * length));
            let entries = rows.chunks_exact(length).zip(values.chunks_exact(length));
            for (&column, (rows, values)) in take(&mut columns, count).iter().zip(entries) {
                work(column as usize, rows, values);
            }
        }
    }

    /// Adds X w of this tile, `L` lanes at a time; `L` divides `lanes`.
    fn add_product<T: Real, const L: usize>(&self, lanes: usize, weights: &[T], out: &mut [T]) {
        let (out, slices) = (out.as_chunks_mut::<L>().0, lanes / L);
        for (stripe, weights) in weights.chunks(STRIPE * lanes).enumerate() {
            let weights = weights.as_chunks::<L>().0;
            self.for_each_column(stripe, |column, rows, values| {
                for slice in 0..slices {
                    let weights = weights[column * slices + slice];
                    for (&row, &value) in rows.iter().zip(values) {
                        let (out, value) = (&mut out[row as usize * slices + slice], T::from(value));
                        for lane in 0..L {
                            out[lane] += value * weights[lane];
                        }
                    }
                }
            });
        }
    }

    /// Adds X' r of this tile, `L` lanes at a time, for the columns of a
    /// stripe.
    fn add_transposed<T: Real, const L: usize>(
        &self,
        lanes: usize,
        stripe: usize,
        of_value: impl Fn(T) -> T,
        residuals: &[T],
        out: &mut [T],
    ) {
        let (residuals, out) = (residuals.as_chunks::<L>().0, out.as_chunks_mut::<L>().0);
        let slices = lanes / L;
        self.for_each_column(stripe, |column, rows, values| {
            for slice in 0..slices {
                let mut sum = [T::ZERO; L];
                for (&row, &value) in rows.iter().zip(values) {
                    let (residual, value) =
                        (&residuals[row as usize * slices + slice], of_value(T::from(value)));
                    for lane in 0..L {
                        sum[lane] += value * residual[lane];
                    }
                }
                let out = &mut out[column * slices + slice];
                for lane in 0..L {
                    out[lane] += sum[lane];
                }
            }
        });
    }
}

/// Cuts the first `count` elements off.
#[inline(always)]
fn take<'a, T>(from: &mut &'a [T], count: usize) -> &'a [T] {
    let (taken, rest) = from.split_at(count);
    *from = rest;
    taken
}

/// How many lanes a product takes at a time: a number that divides theirs.
/// Known when compiling, it makes the inner loops several times as fast.
fn slice(lanes: usize) -> usize {
    [4, 3, 2].into_iter().find(|slice| lanes.is_multiple_of(*slice)).unwrap_or(1)
}
