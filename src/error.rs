//! One error type for the library; its messages are what the user reads.

use std::fmt;
use std::path::PathBuf;

/// The library's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where in an input something was found. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// File name as the user gave it; `<stdin>` for standard input.
    pub source: String,
    /// Line on which the row starts.
    pub line: Option<u64>,
}

impl Location {
    /// A whole input.
    pub fn of(source: impl Into<String>) -> Self {
        Self { source: source.into(), line: None }
    }

    /// A line of an input.
    pub fn at(source: impl Into<String>, line: u64) -> Self {
        Self { source: source.into(), line: Some(line) }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.source),
            None => f.write_str(&self.source),
        }
    }
}

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The input is not what it should be; the message says what to do.
    #[error("{location}: {message}")]
    Data {
        /// File and line.
        location: Location,
        /// What is wrong and what to do.
        message: String,
    },
    /// A parameter is out of its range.
    #[error("{name}: {message}")]
    Parameter {
        /// The parameter's name as on the command line.
        name: &'static str,
        /// The range it must be in.
        message: String,
    },
    /// The data cannot be trained on.
    #[error("cannot train: {0}")]
    Training(String),
    /// The optimiser stopped before it reached the optimum.
    #[error(
        "the fit did not converge: after {iterations} iterations of the sparse solver the gradient norm is \
         {gradient_norm:.3e}, above the tolerance {tolerance:.3e}; raise --max-iterations, --tolerance or \
         --alpha, or use --solver sparse"
    )]
    NotConverged {
        /// Iterations of the sparse solver; 0 if linfa-logistic worked alone.
        iterations: usize,
        /// Euclidean norm of the objective's gradient at the returned weights.
        gradient_norm: f64,
        /// The norm it had to reach.
        tolerance: f64,
    },
    /// A model file was refused.
    #[error("{location}: not a usable model: {message}")]
    Model {
        /// The file.
        location: Location,
        /// Why.
        message: String,
    },
    /// A gate that nothing can be said about.
    #[error("a gate cannot be decided: {0}")]
    Undecided(String),
    /// Output could not be produced.
    #[error("{0}")]
    Output(#[from] std::io::Error),
    /// A failure inside linfa's own machinery.
    #[error("linfa: {0}")]
    Linfa(#[from] linfa::Error),
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }

    pub(crate) fn data(location: Location, message: impl Into<String>) -> Self {
        Self::Data { location, message: message.into() }
    }

    pub(crate) fn parameter(name: &'static str, message: impl Into<String>) -> Self {
        Self::Parameter { name, message: message.into() }
    }

    /// Whether the reader of our output went away, which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(
            self,
            Self::Output(e) | Self::Io { source: e, .. } if e.kind() == std::io::ErrorKind::BrokenPipe
        )
    }
}
