//! The only reader of data files: sources, encodings, tables, rows.

mod blocks;
mod labelled;
mod source;
mod table;

pub use blocks::{Block, Blocks, RowEnd};
pub use labelled::{Columns, Corpus, Dialect};
pub(crate) use source::invalid_utf8;
pub use source::{Source, Utf8Reader, encoding};
pub use table::{Row, RowBlock, Table};
