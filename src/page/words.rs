//! A text cut into words, each with what it adds to a label's logit.

use crate::model::Explanation;
use crate::text::tokens;

/// A word, or what stands between two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word<'a> {
    pub text: &'a str,
    /// What it adds to the logit: its own contribution, and its share of the
    /// n-grams it is part of. `None` where no known term covers it.
    pub value: Option<f64>,
    /// The contributions it has a part in, whole.
    parts: Vec<(String, f64)>,
}

impl Word<'_> {
    /// From these sizes on a word is shaded, and darker.
    const STEPS: [f64; 4] = [0.15, 0.35, 0.7, 1.2];

    /// Whether it speaks for the label or against it; `None` where it weighs
    /// next to nothing.
    pub fn is_for(&self) -> Option<bool> {
        self.value.filter(|value| value.abs() >= Self::STEPS[0]).map(|value| value > 0.0)
    }

    /// Style classes for sign and size.
    pub fn shade(&self) -> Option<String> {
        let size = self.value?.abs();
        let strength = Self::STEPS.iter().filter(|&&step| size >= step).count();
        let sign = if self.is_for()? { "for" } else { "against" };
        Some(format!("{sign} s{strength}"))
    }

    /// The numbers behind the shade.
    pub fn note(&self) -> String {
        let mut note = format!("{} {:+.2}", self.text, self.value.unwrap_or(0.0));
        if self.parts.len() > 1 {
            let parts = self.parts.iter().map(|(text, value)| format!("{text} {value:+.2}"));
            note.push_str(&format!(" (its share of {})", parts.collect::<Vec<_>>().join("; ")));
        }
        note
    }
}

/// Cuts `text` into words and what stands between them; together they are the
/// text. A contribution is shared out evenly among the words that make its term,
/// so that the values add up to the explanation's.
pub(crate) fn shaded_words<'a>(text: &'a str, explanation: &Explanation) -> Vec<Word<'a>> {
    let plain = |text| Word { text, value: None, parts: Vec::new() };
    let spans: Vec<_> = tokens(text).collect();
    let mut words: Vec<Word<'a>> = spans.iter().map(|token| plain(&text[token.start..token.end])).collect();
    for contribution in &explanation.contributions {
        let range = &contribution.bytes;
        let first = spans.partition_point(|token| token.start < range.start);
        let last = spans.partition_point(|token| token.end <= range.end);
        let inside = words.get_mut(first..last).unwrap_or_default();
        let step = if contribution.pair { inside.len().saturating_sub(1).max(1) } else { 1 };
        let share = contribution.value / inside.len().div_ceil(step).max(1) as f64;
        for word in inside.iter_mut().step_by(step) {
            *word.value.get_or_insert(0.0) += share;
            word.parts.push((contribution.words(), contribution.value));
        }
    }
    let mut pieces = Vec::with_capacity(words.len() * 2 + 1);
    let mut end = 0;
    for (token, word) in spans.iter().zip(words) {
        if token.start > end {
            pieces.push(plain(&text[end..token.start]));
        }
        end = token.end;
        pieces.push(word);
    }
    if end < text.len() {
        pieces.push(plain(&text[end..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Contribution;
    use crate::{Corpus, Model, ModelParams};
    use proptest::prelude::*;

    fn explanation(contributions: &[(std::ops::Range<usize>, f64)]) -> Explanation {
        let contributions = contributions.iter().map(|(bytes, value)| Contribution {
            bytes: bytes.clone(),
            text: "They must go, now"[bytes.clone()].to_owned(),
            pair: false,
            term: String::new(),
            value: *value,
        });
        Explanation { label: "x".into(), logit: 0.0, intercept: 0.0, contributions: contributions.collect() }
    }

    #[test]
    fn a_pair_is_shared_out_between_its_ends() {
        let mut explanation = explanation(&[(0..12, 1.0)]);
        explanation.contributions[0].pair = true;
        let words = shaded_words("They must go, now", &explanation);
        assert_eq!([words[0].value, words[2].value, words[4].value], [Some(0.5), None, Some(0.5)]);
        assert_eq!(explanation.contributions[0].words(), "They .. go");
    }

    #[test]
    fn an_n_gram_is_shared_out_among_its_words() {
        let words = shaded_words("They must go, now", &explanation(&[(5..9, 0.1), (5..12, 1.0)]));
        let found: Vec<_> = words.iter().map(|word| (word.text, word.value)).collect();
        let expected = [
            ("They", None),
            (" ", None),
            ("must", Some(0.6)),
            (" ", None),
            ("go", Some(0.5)),
            (", ", None),
            ("now", None),
        ];
        assert_eq!(found, expected);
        assert_eq!(words[2].note(), "must +0.60 (its share of must +0.10; must go +1.00)");
        assert_eq!(words[4].shade().as_deref(), Some("for s2"));
    }

    #[test]
    fn the_shade_has_sign_and_size() {
        let shade = |value| Word { text: "x", value, parts: Vec::new() }.shade();
        assert_eq!(shade(None), None);
        assert_eq!(shade(Some(0.1)), None);
        assert_eq!(shade(Some(-0.2)).as_deref(), Some("against s1"));
        assert_eq!(shade(Some(-9.0)).as_deref(), Some("against s4"));
    }

    proptest! {
        #[test]
        fn words_are_the_text_and_values_add_up(
            text in "(They |must |leave |never, |their |bases |\u{1f600}|\u{5d0}\u{5d1} |<b>|\n){0,12}"
        ) {
            thread_local!(static MODEL: Model = small_model());
            MODEL.with(|model| {
                let explanation = model.explain(&text, None);
                let words = shaded_words(&text, &explanation);
                prop_assert_eq!(words.iter().map(|word| word.text).collect::<String>(), text.as_str());
                let sum: f64 = words.iter().filter_map(|word| word.value).sum();
                prop_assert!((sum + explanation.intercept - explanation.logit).abs() < 1e-9);
                Ok(())
            })?;
        }
    }

    fn small_model() -> Model {
        let mut corpus = Corpus::default();
        for i in 0..12 {
            corpus.push(format!("They must leave their bases, said {i}."), "leave");
            corpus.push(format!("They never must leave their bases, said {i}."), "stay");
        }
        let mut params = ModelParams { folds: 0, ..ModelParams::default() };
        params.alpha = crate::Alpha::Fixed(1.0);
        Model::fit(&params, &corpus, &|_| ()).expect("a model")
    }
}
