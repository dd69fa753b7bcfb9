//! Finds the occurrences of all terms in texts.

use rustc_hash::FxHashMap;

use super::lexicon::Reading;
use super::matcher::{Form, Joiner, Matcher, NONE};
use crate::text::{Token, tokens};

/// Matches texts one after another, remembering the forms it has seen.
pub(crate) struct Finder<'m> {
    matcher: &'m Matcher,
    /// Where the form of a surface stands in `forms`.
    places: FxHashMap<Box<str>, u32>,
    forms: Vec<Form>,
    spans: Vec<Token>,
    words: Vec<u32>,
    /// Places in `forms`, one for each word.
    found: Vec<u32>,
    joiner: Joiner,
    reading: Reading,
}

/// One occurrence of a feature: the feature and the tokens it covers.
pub(crate) struct Occurrence {
    pub feature: u32,
    pub first: Token,
    pub last: Token,
}

impl<'m> Finder<'m> {
    /// Bounds the memory that unusual forms can take.
    const MOST_FORMS: usize = 1 << 16;

    pub fn new(matcher: &'m Matcher) -> Self {
        Self {
            matcher,
            places: FxHashMap::default(),
            forms: Vec::new(),
            spans: Vec::new(),
            words: Vec::new(),
            found: Vec::new(),
            joiner: Joiner::default(),
            reading: Reading::default(),
        }
    }

    /// Calls `found` with each occurrence of a known term, those of one word
    /// first; returns the number of words in the text.
    pub fn occurrences(&mut self, text: &str, mut found: impl FnMut(Occurrence)) -> usize {
        self.spans.clear();
        self.spans.extend(tokens(text));
        if self.forms.len() + self.spans.len() > Self::MOST_FORMS {
            self.places.clear();
            self.forms.clear();
        }
        self.found.clear();
        self.words.clear();
        for &token in &self.spans {
            let surface = &text[token.start..token.end];
            let place = match self.places.get(surface) {
                Some(&place) => place,
                None => {
                    let place = self.forms.len() as u32;
                    self.places.insert(surface.into(), place);
                    self.forms.push(self.matcher.form(surface));
                    place
                }
            };
            let form = &self.forms[place as usize];
            let single = self.matcher.feature(form.word);
            for &feature in form.characters.iter().chain((single != NONE).then_some(&single)) {
                found(Occurrence { feature, first: token, last: token });
            }
            self.words.push(form.word);
            self.found.push(place);
        }
        if let Some(tags) = self.matcher.tags() {
            let forms = self.found.iter().map(|&place| &self.forms[place as usize]);
            let marks = forms.map(|form| form.mark);
            self.reading.read(&tags.tagger, text, self.spans.iter().copied().zip(marks));
            let span = |place: u32| self.spans[place as usize];
            for &place in &self.reading.negated {
                let feature = self.forms[self.found[place as usize] as usize].negated;
                if feature != NONE {
                    found(Occurrence { feature, first: span(place), last: span(place) });
                }
            }
            let tagged = &self.reading.tagged;
            for &(symbol, place) in tagged {
                for feature in tags.of_word(symbol) {
                    found(Occurrence { feature, first: span(place), last: span(place) });
                }
            }
            for (first, second) in self.reading.pairs() {
                let ((first, from), (second, to)) = (tagged[first], tagged[second]);
                for feature in tags.of_pair(first, second) {
                    found(Occurrence { feature, first: span(from), last: span(to) });
                }
            }
        }
        self.joiner.terms(self.matcher, &self.words, |feature, last, length| {
            let (first, last) = (self.spans[last + 1 - length], self.spans[last]);
            found(Occurrence { feature, first, last });
        });
        self.spans.len()
    }
}
