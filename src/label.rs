//! The set of labels a model distinguishes.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What stands in place of a label where confidence is below the threshold.
pub const ABSTAIN: &str = "abstain";

/// Distinct label names in ascending order; a label's index is its class number.
///
/// The order is the byte order of the names, so it does not depend on the
/// order of the training rows.
///
/// ```
/// let labels = stance::Labels::from_names(["threat", "neutral", "threat"])?;
/// assert_eq!(labels.names(), ["neutral", "threat"]);
/// assert_eq!(labels.index_of("threat"), Some(1));
/// # Ok::<(), stance::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Labels(Vec<String>);

impl Labels {
    /// Collects the distinct names.
    ///
    /// # Errors
    /// Fewer than two distinct names: there is nothing to tell apart.
    pub fn from_names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        match names.as_slice() {
            [] => Err(Error::Training("there are no labels".into())),
            [only] => Err(Error::Training(format!(
                "every row has the label \"{only}\": a classifier needs at least two labels"
            ))),
            _ if names.iter().any(|name| name == ABSTAIN) => Err(Error::Training(format!(
                "the label \"{ABSTAIN}\" is what a prediction below the threshold says; rename it"
            ))),
            _ => Ok(Self(names)),
        }
    }

    /// The names, in class order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Number of classes, at least 2.
    #[allow(clippy::len_without_is_empty)] // never empty by construction
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The class number of a name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|n| n.as_str().cmp(name)).ok()
    }

    /// The name of a class.
    ///
    /// # Panics
    /// If `class` is not below [`Labels::len`].
    pub fn name(&self, class: usize) -> &str {
        &self.0[class]
    }
}

impl TryFrom<Vec<String>> for Labels {
    type Error = String;

    fn try_from(names: Vec<String>) -> std::result::Result<Self, String> {
        if names.len() < 2 || !names.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err("labels must be at least two distinct names in ascending order".into());
        }
        Ok(Self(names))
    }
}

impl From<Labels> for Vec<String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}
