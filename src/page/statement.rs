//! One statement on a page: its label, its words, its numbers.

use askama::Template;

use super::words::{Word, shaded_words};
use super::{lang, percent};
use crate::model::{Model, Prediction};

/// Contributions listed below a statement.
const LISTED: usize = 10;

/// A labelled statement, as an item of a list.
#[derive(Template)]
#[template(path = "statement.html")]
pub(crate) struct StatementView<'a> {
    labels: &'a [String],
    probabilities: Vec<f64>,
    class: usize,
    label: &'a str,
    known_terms: u32,
    lang: &'static str,
    words: Vec<Word<'a>>,
    strongest: Vec<(String, String)>,
    /// Whether the confidence is below the threshold, or the text empty.
    pub abstained: bool,
    /// Where the statement comes from.
    pub place: String,
    /// The label that a coder gave it.
    pub truth: Option<&'a str>,
    /// Whether it is the first of a paragraph.
    pub starts_paragraph: bool,
}

impl<'a> StatementView<'a> {
    /// What the model says of a text.
    pub fn new(model: &'a Model, text: &'a str, prediction: Prediction) -> Self {
        let explanation = model.explain(text, Some(prediction.class));
        // what would be written as 0.00 is left out
        let strongest =
            explanation.strongest().into_iter().take_while(|c| c.value.abs() >= 0.005).take(LISTED);
        Self {
            labels: model.labels().names(),
            class: prediction.class,
            label: model.labels().name(prediction.class),
            known_terms: prediction.known_terms,
            probabilities: prediction.probabilities,
            lang: lang(model.language()),
            words: shaded_words(text, &explanation),
            strongest: strongest.map(|c| (c.text.clone(), format!("{:+.2}", c.value))).collect(),
            abstained: false,
            place: String::new(),
            truth: None,
            starts_paragraph: false,
        }
    }

    /// Rounded down: only certainty is 100 %.
    fn confidence(&self) -> String {
        percent((self.probabilities[self.class] * 1000.0).floor() / 1000.0)
    }

    fn probabilities(&self) -> Vec<(&str, String)> {
        let shares = self.probabilities.iter().map(|p| format!("{p:.4}"));
        self.labels.iter().map(String::as_str).zip(shares).collect()
    }
}
