//! Stance classification of statements on foreign military presence.

mod classifier;
mod error;
mod label;
pub mod text;
mod vectorizer;

pub use classifier::{ClassWeight, Classifier, ClassifierParams, Convergence, FinishedBy, Solver};
pub use error::{Error, Location, Result};
pub use label::Labels;
pub use vectorizer::{NgramRange, Norm, SparseRows, Term, Vectorizer, VectorizerParams, Vocabulary};
