//! Stance classification of statements on foreign military presence: who calls
//! for withdrawal, who threatens, who does neither, and how sure one can be.
//!
//! A bag of words (stems, n-grams, characters inside words; TF-IDF) and a
//! multinomial logistic regression, so that every decision can be shown word
//! by word, and the same data gives the same model to the byte.
//!
//! ```
//! use stance::{Corpus, Model, ModelParams};
//!
//! // label with the model that comes along
//! let model = Model::default_english()?;
//! let prediction = model.predict("The occupiers will be fought until the last of them is gone.");
//! assert_eq!(model.labels().name(prediction.class), "threat");
//!
//! // why
//! let explanation = model.explain("They must leave now.", None);
//! let sum: f64 = explanation.contributions.iter().map(|c| c.value).sum();
//! assert!((explanation.intercept + sum - explanation.logit).abs() < 1e-9);
//!
//! // train another on labels of your own
//! let mut corpus = Corpus::default();
//! for i in 0..30 {
//!     corpus.push(format!("They must leave, speaker {i} said."), "leave");
//!     corpus.push(format!("They may stay, speaker {i} said."), "stay");
//! }
//! let own = Model::fit(&ModelParams::default(), &corpus, &|_| ())?;
//! assert_eq!(own.labels().names(), ["leave", "stay"]);
//! # Ok::<(), stance::Error>(())
//! ```
//!
//! The floors, from the ground up: [`text`], [`corpus`] and [`Vectorizer`],
//! [`Classifier`], [`Model`] and [`evaluation`], [`report`] and [`predict`].

pub mod check;
mod classifier;
pub mod corpus;
mod dates;
mod digest;
mod error;
pub mod evaluation;
mod label;
mod linear;
mod model;
pub mod output;
mod page;
pub mod predict;
pub mod prevalence;
pub mod report;
pub mod text;
pub mod trend;
mod vectorizer;

pub use classifier::{ClassWeight, Classifier, ClassifierParams, Convergence, FinishedBy, Solver};
pub use corpus::Corpus;
pub use error::{Error, Location, Result};
pub use label::{ABSTAIN, Labels};
pub use model::{
    Alpha, Contribution, CrossValidation, Explanation, LearningCurve, LearningPoint, LearningStep, Model,
    ModelParams, Prediction, Progress, Provenance, Scorer, VERSION, WeightedTerm, out_of_fold,
};
pub use vectorizer::{Lexicon, NgramRange, Norm, SparseRows, Term, Vectorizer, VectorizerParams, Vocabulary};
