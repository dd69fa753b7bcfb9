//! Stance classification of statements on foreign military presence.

mod classifier;
pub mod corpus;
mod error;
pub mod evaluation;
mod label;
mod model;
pub mod output;
pub mod predict;
pub mod report;
pub mod text;
mod vectorizer;

pub use classifier::{ClassWeight, Classifier, ClassifierParams, Convergence, FinishedBy, Solver};
pub use corpus::Corpus;
pub use error::{Error, Location, Result};
pub use label::{ABSTAIN, Labels};
pub use model::{
    Alpha, Contribution, CrossValidation, Explanation, Model, ModelParams, Prediction, Progress, Provenance,
    Scorer, VERSION,
};
pub use vectorizer::{NgramRange, Norm, SparseRows, Term, Vectorizer, VectorizerParams, Vocabulary};
