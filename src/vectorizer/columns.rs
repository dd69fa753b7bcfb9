//! Sparse feature columns (CSC).

use super::rows::SparseRows;

/// A sparse matrix, shape (samples, features), stored column by column.
///
/// Within a column the row indices ascend. Learning a vocabulary finds the
/// texts of each term together, and the solver reads them so.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SparseColumns {
    rows: usize,
    ends: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl SparseColumns {
    /// No columns yet, of `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self { rows, ends: Vec::new(), indices: Vec::new(), values: Vec::new() }
    }

    /// No columns yet, with space for `stored` values.
    pub(super) fn with_capacity(rows: usize, stored: usize) -> Self {
        let (indices, values) = (Vec::with_capacity(stored), Vec::with_capacity(stored));
        Self { rows, ends: Vec::new(), indices, values }
    }

    /// Gives back memory that was kept for more columns.
    pub(super) fn shrink_to_fit(&mut self) {
        self.indices.shrink_to_fit();
        self.values.shrink_to_fit();
    }

    /// Appends a column of `stored` zeros in row 0, to be filled in; returns
    /// where its values begin.
    pub(super) fn push_zeros(&mut self, stored: usize) -> usize {
        let start = self.indices.len();
        self.indices.resize(start + stored, 0);
        self.values.resize(start + stored, 0.0);
        self.ends.push(start + stored);
        start
    }

    /// The stored entry at a place.
    #[inline]
    pub(super) fn entry_mut(&mut self, place: usize) -> (&mut u32, &mut f32) {
        (&mut self.indices[place], &mut self.values[place])
    }

    /// Appends a column of another matrix with the same number of rows.
    pub(super) fn push_column(&mut self, other: &Self, column: usize) {
        debug_assert_eq!(self.rows, other.rows);
        let (rows, values) = other.column(column);
        self.indices.extend_from_slice(rows);
        self.values.extend_from_slice(values);
        self.ends.push(self.indices.len());
    }

    /// Keeps the columns whose flag is set.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut kept = Self::new(self.rows);
        (0..self.columns()).filter(|&column| keep[column]).for_each(|column| kept.push_column(self, column));
        *self = kept;
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.ends.len()
    }

    /// Number of stored values.
    pub(super) fn stored(&self) -> usize {
        self.values.len()
    }

    /// Row indices and values of a column.
    #[inline]
    pub fn column(&self, column: usize) -> (&[u32], &[f32]) {
        let range = self.range(column);
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Row indices of a column, and its values to be changed.
    pub(super) fn column_mut(&mut self, column: usize) -> (&[u32], &mut [f32]) {
        let range = self.range(column);
        (&self.indices[range.clone()], &mut self.values[range])
    }

    fn range(&self, column: usize) -> std::ops::Range<usize> {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        start..self.ends[column]
    }
}

impl From<&SparseRows> for SparseColumns {
    fn from(rows: &SparseRows) -> Self {
        let mut stored = vec![0; rows.columns()];
        for row in 0..rows.len() {
            rows.row(row).0.iter().for_each(|&column| stored[column as usize] += 1);
        }
        let mut columns = Self::new(rows.len());
        let mut next: Vec<usize> = stored.into_iter().map(|stored| columns.push_zeros(stored)).collect();
        for row in 0..rows.len() {
            let (indices, values) = rows.row(row);
            for (&column, &value) in indices.iter().zip(values) {
                let next = &mut next[column as usize];
                let (index, stored) = columns.entry_mut(*next);
                (*index, *stored) = (row as u32, value as f32);
                *next += 1;
            }
        }
        columns
    }
}
