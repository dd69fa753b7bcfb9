//! What is in a model, for people.

use super::grid::Grid;
use super::training;
use crate::error::{Error, Result};
use crate::model::Model;

/// Terms shown for each label.
const TERMS: usize = 15;

/// What `stance-predict --describe` prints: data, scores and fit as at
/// training, the parameters, and the terms that speak for each label.
///
/// # Errors
/// None in practice: parameters that were read can be written.
pub fn description(model: &Model) -> Result<String> {
    let names = model.labels().names();
    let mut text = training(model);
    text.push_str(&format!("trained on texts and labels with SHA-256 {}\n", model.provenance().data_sha256));
    // word lists read better as lines of words
    let mut params = model.params().clone();
    let lexicon = params.vectorizer.lexicon.take();
    let params =
        serde_json::to_string_pretty(&params).map_err(|e| Error::Output(std::io::Error::other(e)))?;
    text.push_str(&format!("\nparameters {params}\n"));
    if let Some(lexicon) = lexicon {
        text.push_str(&format!("\nlexicon, scope {}, reach {}\n", lexicon.scope, lexicon.reach));
        let tags = lexicon.tags.iter().map(|(tag, words)| (format!("<{tag}>"), words));
        for (name, words) in std::iter::once(("negators".to_owned(), &lexicon.negators)).chain(tags) {
            text.push_str(&format!("  {name}: {}\n", words.join(" ")));
        }
    }
    text.push_str(
        "\nterms that speak most clearly for a label, with their weight and the texts they occur in\n",
    );
    for (class, name) in names.iter().enumerate() {
        let mut grid = Grid::new([name.as_str(), "weight", "texts"]);
        for term in model.top_terms(class, TERMS) {
            grid.row([term.term, format!("{:+.2}", term.value), term.document_frequency.to_string()]);
        }
        text.push_str(&grid.to_text());
        text.push('\n');
    }
    Ok(text)
}
