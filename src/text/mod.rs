//! From text to words and sentences: the floor everything else stands on.

mod normalizer;
mod sentences;
mod tokenizer;

pub use normalizer::{Language, MAX_WORD_BYTES, NUMBER, Normalizer, NormalizerParams, STEMMER_VERSION};
pub use sentences::{Statement, statements};
pub use tokenizer::{Token, Tokens, tokens};
