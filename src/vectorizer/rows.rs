//! Sparse feature rows (CSR).

use linfa::dataset::Records;

/// A sparse matrix, shape (samples, features), stored row by row.
///
/// Within a row the column indices ascend and the values are finite.
/// It implements linfa's [`Records`], so that it can be the records of a
/// `linfa::DatasetBase`.
#[derive(Debug, Clone, PartialEq)]
pub struct SparseRows {
    columns: usize,
    ends: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl SparseRows {
    /// No rows yet, of `columns` features.
    pub fn new(columns: usize) -> Self {
        Self { columns, ends: Vec::new(), indices: Vec::new(), values: Vec::new() }
    }

    /// Appends a row; `entries` are (column, value), columns ascending.
    ///
    /// # Panics
    /// In debug builds, if the columns do not ascend or are out of range.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (u32, f64)>) {
        let start = self.indices.len();
        for (column, value) in entries {
            self.indices.push(column);
            self.values.push(value);
        }
        debug_assert!(self.indices[start..].is_sorted_by(|a, b| a < b));
        debug_assert!(self.indices.last().is_none_or(|&c| (c as usize) < self.columns));
        self.ends.push(self.indices.len());
    }

    /// Values of the row appended last.
    pub(super) fn last_values_mut(&mut self) -> &mut [f64] {
        let start = self.ends.len().checked_sub(2).map_or(0, |row| self.ends[row]);
        &mut self.values[start..]
    }

    /// Appends all rows of another matrix with the same number of columns.
    pub(crate) fn append(&mut self, other: SparseRows) {
        debug_assert_eq!(self.columns, other.columns);
        let offset = self.indices.len();
        self.ends.extend(other.ends.iter().map(|end| end + offset));
        self.indices.extend(other.indices);
        self.values.extend(other.values);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of features.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of stored values.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// Column indices and values of a row.
    ///
    /// # Panics
    /// If `row` is not below [`SparseRows::len`].
    #[inline]
    pub fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let range = self.range(row);
        (&self.indices[range.clone()], &self.values[range])
    }

    /// The rows at the given positions, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut selected = Self::new(self.columns);
        for &row in rows {
            let (columns, values) = self.row(row);
            selected.push(columns.iter().copied().zip(values.iter().copied()));
        }
        selected
    }

    /// Where a row's entries stand among all stored ones.
    fn range(&self, row: usize) -> std::ops::Range<usize> {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        start..self.ends[row]
    }
}

impl Records for SparseRows {
    type Elem = f64;

    fn nsamples(&self) -> usize {
        self.len()
    }

    fn nfeatures(&self) -> usize {
        self.columns
    }
}
