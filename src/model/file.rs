//! The model file: JSON. Data only, checked on the way in.
//!
//! Version 2 writes terms as one string and weights as base64 of little-endian
//! 32-bit floats; version 1 wrote lists of strings and numbers. Version 3 adds
//! a lexicon and its terms.

use std::io::Write;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Model;
use super::cross_validation::CrossValidation;
use super::fit::Provenance;
use super::params::ModelParams;
use crate::classifier::{Convergence, MOST_CLASSES};
use crate::digest::sha256;
use crate::error::{Error, Location, Result};
use crate::evaluation::SoftConfusion;
use crate::label::Labels;
use crate::text::STEMMER_VERSION;
use crate::vectorizer::{Vectorizer, Vocabulary};

/// The format version this crate writes; it reads this and older ones.
pub const VERSION: u32 = 3;

const FORMAT: &str = "stance-model";

#[derive(Deserialize)]
struct Header {
    format: Option<String>,
    version: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    format: String,
    version: u32,
    #[serde(rename = "created_by")]
    _created_by: String,
    #[serde(rename = "stemmer")]
    _stemmer: String,
    labels: Labels,
    params: ModelParams,
    provenance: Provenance,
    convergence: Convergence,
    temperature: f64,
    intercept: Vec<f64>,
    vocabulary: Vocabulary,
    #[serde(deserialize_with = "unpack")]
    weights: Vec<f32>,
}

impl Model {
    /// Writes the model file; a failure leaves an older file whole.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// ```
    /// use stance::Model;
    /// let model = Model::default_english()?;
    /// let path = std::env::temp_dir().join("stance-doctest-model.json");
    /// model.save(&path)?;
    /// let loaded = Model::load(&path)?;
    /// assert_eq!(loaded.predict("They must go."), model.predict("They must go."));
    /// # Ok::<(), stance::Error>(())
    /// ```
    pub fn save(&self, path: &Path) -> Result<()> {
        crate::output::write_atomically(path, |writer| self.write_json(writer))
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// What the system says; a file that is no model, damaged, or of a newer
    /// version.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(Self::load_with_sha256(path)?.0)
    }

    /// Reads a model file; also gives the SHA-256 of its bytes, in hexadecimal.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_with_sha256(path: &Path) -> Result<(Self, String)> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        let name = path.display().to_string();
        let text = std::str::from_utf8(&bytes).map_err(|_| refuse(&name, "it is not UTF-8 text".into()))?;
        Ok((Self::from_json(text, &name)?, sha256(&bytes)))
    }

    /// Reads a model from the text of a model file; `name` is used in errors.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_json(text: &str, name: &str) -> Result<Self> {
        let contents: Contents = serde_json::from_str(text).map_err(|e| explain_failure(text, name, &e))?;
        check(&contents).map_err(|fault| refuse(name, fault))?;
        let vectorizer = Vectorizer::from_parts(contents.params.vectorizer.clone(), contents.vocabulary)
            .map_err(|fault| refuse(name, fault.to_string()))?;
        Ok(Self {
            labels: contents.labels,
            vectorizer,
            weights: contents.weights,
            intercept: contents.intercept,
            temperature: contents.temperature,
            params: contents.params,
            convergence: contents.convergence,
            provenance: contents.provenance,
            compiled: Default::default(),
        })
    }

    /// Writes the model as JSON, one line for each top-level key.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_json(&self, writer: &mut dyn Write) -> Result<()> {
        let created_by = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        let mut separator = "{\n";
        let mut field = |name: &str, value: &dyn erased::Json| -> Result<()> {
            write!(writer, "{separator}\"{name}\": ")?;
            separator = ",\n";
            value.write(writer)
        };
        field("format", &FORMAT)?;
        field("version", &VERSION)?;
        field("created_by", &created_by)?;
        field("stemmer", &STEMMER_VERSION)?;
        field("labels", &self.labels)?;
        field("params", &self.params)?;
        field("provenance", &self.provenance)?;
        field("convergence", &self.convergence)?;
        field("temperature", &self.temperature)?;
        field("intercept", &self.intercept)?;
        field("vocabulary", self.vectorizer.vocabulary())?;
        field("weights", &pack(&self.weights))?;
        Ok(writer.write_all(b"\n}\n")?)
    }

    /// SHA-256 of the file that [`Model::save`] writes.
    ///
    /// # Errors
    /// None in practice: memory takes what is written to it.
    pub fn sha256(&self) -> Result<String> {
        let mut bytes = Vec::new();
        self.write_json(&mut bytes)?;
        Ok(sha256(&bytes))
    }
}

/// Weights as base64 of little-endian 32-bit floats.
fn pack(weights: &[f32]) -> String {
    let bytes: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}

/// The inverse of [`pack`]; a list of numbers too, as in version 1.
fn unpack<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<f32>, D::Error> {
    struct Weights;

    impl<'de> Visitor<'de> for Weights {
        type Value = Vec<f32>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("base64 of 32-bit floats, or a list of numbers")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Vec<f32>, E> {
            let bytes = BASE64_STANDARD.decode(text).map_err(E::custom)?;
            match bytes.as_chunks::<4>() {
                (floats, []) => Ok(floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
                _ => Err(E::custom("the weights do not have 4 bytes each")),
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Vec<f32>, A::Error> {
            let mut weights = Vec::new();
            while let Some(weight) = list.next_element()? {
                weights.push(weight);
            }
            Ok(weights)
        }
    }

    deserializer.deserialize_any(Weights)
}

/// Lets fields of different types pass through one closure.
mod erased {
    use super::{Error, Result, Serialize, Write};

    pub(super) trait Json {
        fn write(&self, writer: &mut dyn Write) -> Result<()>;
    }

    impl<T: Serialize> Json for T {
        fn write(&self, writer: &mut dyn Write) -> Result<()> {
            serde_json::to_writer(writer, self).map_err(|e| Error::Output(e.into()))
        }
    }
}

fn refuse(name: &str, message: String) -> Error {
    Error::Model { location: Location::of(name), message }
}

/// Why a text could not be read as a model, in the user's terms.
fn explain_failure(text: &str, name: &str, error: &serde_json::Error) -> Error {
    let header = serde_json::from_str::<Header>(text).ok();
    let message = match header {
        Some(Header { format: Some(format), version: Some(version) })
            if format == FORMAT && !(1..=VERSION).contains(&version) =>
        {
            other_version(version)
        }
        Some(Header { format: Some(format), .. }) if format == FORMAT => format!("it is damaged: {error}"),
        Some(_) => "it is JSON, but not a model that stance-train wrote".into(),
        None if error.is_eof() => format!("it is cut short: {error}"),
        None => format!("it is not a model that stance-train wrote: {error}"),
    };
    refuse(name, message)
}

fn other_version(version: u32) -> String {
    if version > VERSION {
        format!(
            "its format version is {version}, newer than {VERSION}, the newest this program reads; update it"
        )
    } else {
        format!("its format version is {version}, which never was; this program reads 1 to {VERSION}")
    }
}

fn check(contents: &Contents) -> std::result::Result<(), String> {
    if contents.format != FORMAT {
        return Err("it is not a model that stance-train wrote".into());
    }
    if !(1..=VERSION).contains(&contents.version) {
        return Err(other_version(contents.version));
    }
    let (classes, features) = (contents.labels.len(), contents.vocabulary.len());
    if contents.intercept.len() != classes || contents.weights.len() != features * classes {
        return Err(format!(
            "shapes differ: {features} terms and {classes} labels, but {} intercepts and {} weights",
            contents.intercept.len(),
            contents.weights.len()
        ));
    }
    if !contents.weights.iter().all(|w| w.is_finite()) || !contents.intercept.iter().all(|b| b.is_finite()) {
        return Err("a weight is not finite".into());
    }
    if !(0.01..=100.0).contains(&contents.temperature) {
        return Err("the temperature is not between 0.01 and 100".into());
    }
    if classes > MOST_CLASSES {
        return Err(format!("there are {classes} labels, more than {MOST_CLASSES}"));
    }
    let provenance = &contents.provenance;
    let square =
        |counts: &Vec<Vec<u64>>| counts.len() == classes && counts.iter().all(|row| row.len() == classes);
    let soft_fits = |cv: &CrossValidation| match (&cv.soft_confusion, &cv.soft_squares) {
        (None, None) => true,
        (Some(sums), Some(squares)) => SoftConfusion::fits(sums, squares, classes),
        _ => false,
    };
    if provenance.rows_per_label.len() != classes
        || provenance.cross_validation.as_ref().is_some_and(|cv| !square(&cv.confusion) || !soft_fits(cv))
    {
        return Err("its provenance does not fit its labels".into());
    }
    contents.params.vectorizer.check().map_err(|e| e.to_string())?;
    contents.vocabulary.fault().map_or(Ok(()), Err)
}
