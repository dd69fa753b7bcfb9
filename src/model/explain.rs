//! Why a text got its label, word by word.

use serde::Serialize;

use super::Model;
use super::scorer::Compiled;
use crate::classifier::argmax;
use crate::text::tokens;
use crate::vectorizer::{Finder, Occurrence, Tagger, Term};

/// What one stretch of the text adds to the predicted label's logit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// Byte range in the text.
    pub bytes: std::ops::Range<usize>,
    /// The text there.
    pub text: String,
    /// Whether the first and the last word there make the term, and those
    /// between them have no part in it.
    pub pair: bool,
    /// The known terms found there: stems for words and n-grams. For a single
    /// word the sum includes its character n-grams, which are not listed.
    pub term: String,
    /// What it adds to the logit.
    pub value: f64,
}

impl Contribution {
    /// The words that make the term, for people to read.
    pub fn words(&self) -> String {
        let ends = (tokens(&self.text).next(), tokens(&self.text).last());
        match ends {
            (Some(first), Some(last)) if self.pair => {
                format!("{} .. {}", &self.text[first.start..first.end], &self.text[last.start..last.end])
            }
            _ => self.text.replace('\n', " "),
        }
    }
}

/// A term and how much it speaks for a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightedTerm {
    /// Stems joined by one space.
    pub term: String,
    /// What one occurrence adds to the label's centred logit, times the
    /// text's norm.
    pub value: f64,
    /// In how many training texts it occurs.
    pub document_frequency: u32,
}

/// A label's logit, taken apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The label that is explained.
    pub label: String,
    /// Its calibrated logit. Logits are centred: over all labels they sum to
    /// zero, so a positive one speaks for its label.
    pub logit: f64,
    /// The part that is there for any text.
    pub intercept: f64,
    /// What the words and n-grams add, in the order of the text;
    /// `intercept` plus all values is `logit`.
    pub contributions: Vec<Contribution>,
}

impl Explanation {
    /// The contributions by falling size, the text's order among equals.
    pub fn strongest(&self) -> Vec<&Contribution> {
        let mut sorted: Vec<&Contribution> = self.contributions.iter().collect();
        sorted.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        sorted
    }
}

/// Chooses by value times the square root of the document frequency, equal
/// ones in alphabetical order, and sorts the chosen by value. A weight's
/// standard error falls about as that root grows, so this is value over noise;
/// by the value alone the rarest would come first, by its sum over all texts
/// "the" and "and".
pub(super) fn top_terms(model: &Model, compiled: &Compiled, class: usize, count: usize) -> Vec<WeightedTerm> {
    let vocabulary = model.vectorizer.vocabulary();
    let terms = (0..vocabulary.len()).filter_map(|feature| {
        let term = spelled(vocabulary.term(feature))?;
        let weights: Vec<f64> = compiled.weights(feature as u32).collect();
        let value = centred(&weights, class);
        let document_frequency = vocabulary.document_frequency(feature);
        (value > 0.0).then_some(WeightedTerm { term, value, document_frequency })
    });
    let mut terms: Vec<WeightedTerm> = terms.collect();
    let rank = |term: &WeightedTerm| term.value * f64::from(term.document_frequency).sqrt();
    terms.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    terms.truncate(count);
    terms.sort_by(|a, b| b.value.total_cmp(&a.value));
    terms
}

/// A term as people read it; `None` for parts of words.
fn spelled(term: Term<'_>) -> Option<String> {
    match term {
        Term::Words(words) => Some(words.to_owned()),
        Term::Characters(_) => None,
        Term::Pair(pair) => Some(pair.replace(' ', " .. ")),
        Term::Negated(stem) => Some(format!("{}{stem}", Tagger::NOT)),
        Term::Tags(tags) => Some(format!("<{}>", tags.replace(' ', "> .. <"))),
    }
}

/// How far the class's value lies above the mean of all.
fn centred(values: &[f64], class: usize) -> f64 {
    values[class] - values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn explain(model: &Model, compiled: &Compiled, text: &str, class: Option<usize>) -> Explanation {
    let mut finder = Finder::new(compiled.matcher());
    let mut occurrences: Vec<Occurrence> = Vec::new();
    let words = finder.occurrences(text, |occurrence| occurrences.push(occurrence));
    let mut features: Vec<u32> = occurrences.iter().map(|o| o.feature).collect();
    features.sort_unstable();
    let norm = compiled.norm(words, &features);

    let class = class.unwrap_or_else(|| {
        let mut logits = compiled.bias().to_vec();
        for occurrence in &occurrences {
            for (logit, weight) in logits.iter_mut().zip(compiled.weights(occurrence.feature)) {
                *logit += weight / norm;
            }
        }
        argmax(&logits)
    });
    let intercept = centred(compiled.bias(), class);

    // what covers the same words is told together: the character n-grams and
    // the stem of one token, a pair of words and one of their tags
    let vocabulary = model.vectorizer.vocabulary();
    let covered = occurrences.iter().map(|o| {
        let term = vocabulary.term(o.feature as usize);
        let of_two = match term {
            Term::Pair(_) => true,
            Term::Tags(tags) => tags.contains(' '),
            _ => false,
        };
        let pair = of_two && tokens(&text[o.first.end..o.last.start]).next().is_some();
        (o.first.start..o.last.end, pair, term, o.feature)
    });
    let mut covered: Vec<_> = covered.collect();
    covered.sort_by_key(|(bytes, pair, ..)| (bytes.start, bytes.end, *pair));
    let mut contributions: Vec<Contribution> = Vec::new();
    for (bytes, pair, term, feature) in covered {
        let weights: Vec<f64> = compiled.weights(feature).collect();
        let value = centred(&weights, class) / norm;
        let term = spelled(term).unwrap_or_default();
        match contributions.last_mut().filter(|last| last.bytes == bytes && last.pair == pair) {
            Some(same) => {
                same.value += value;
                if !same.term.is_empty() && !term.is_empty() {
                    same.term.push_str(", ");
                }
                same.term.push_str(&term);
            }
            None => {
                let text = text[bytes.clone()].to_owned();
                contributions.push(Contribution { text, bytes, pair, term, value })
            }
        }
    }
    Explanation {
        label: model.labels.name(class).to_owned(),
        logit: intercept + contributions.iter().map(|c| c.value).sum::<f64>(),
        intercept,
        contributions,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Alpha, Corpus, Model, ModelParams};

    #[test]
    fn top_terms_are_words_that_speak_for_the_label_by_falling_value() {
        let mut corpus = Corpus::default();
        for i in 0..12 {
            corpus.push(format!("They must leave, said {i}."), "leave");
            corpus.push(format!("They may stay, said {i}."), "stay");
        }
        let params = ModelParams { folds: 0, alpha: Alpha::Fixed(1.0), ..ModelParams::default() };
        let model = Model::fit(&params, &corpus, &|_| ()).expect("a model");
        let terms = model.top_terms(0, 100);
        let names: Vec<&str> = terms.iter().map(|term| term.term.as_str()).collect();
        assert!(names.contains(&"must") && names.contains(&"must leav"), "{names:?}");
        assert!(!names.contains(&"stay") && !names.iter().any(|name| name.contains(['^', '$'])));
        assert!(terms.iter().all(|term| term.value > 0.0));
        assert!(terms.windows(2).all(|pair| pair[0].value >= pair[1].value));
        assert_eq!(model.top_terms(1, 2).len(), 2);
        assert!(model.top_terms(1, 0).is_empty());
    }
}
