//! Tags of words, and negation.
//!
//! A lexicon says of words what they are about: 'American' and 'French' are
//! both foreign, 'withdraw' and 'pack' both leaving. Two tags in their order
//! are then one feature of many sentences that share no word. A tag or stem
//! soon after a negator is another feature than the same without.

use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Location, Result};
use crate::text::{MAX_WORD_BYTES, NUMBER, Normalizer, Token, tokens};

/// Tags of words and the words that negate, as in `data/lexicon.toml`.
///
/// Words are matched by their stems, so `withdraw` stands for `withdrawing`
/// too; `#` stands for every number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// A negator negates this many words after it, up to the next mark of
    /// punctuation; 1 to 20.
    pub scope: u8,
    /// A tagged word makes pairs with this many tagged words after it,
    /// whatever stands between them; 1 to 8.
    pub reach: u8,
    /// Words that negate.
    pub negators: Vec<String>,
    /// The words of each tag; a word may have several tags.
    pub tags: BTreeMap<String, Vec<String>>,
}

impl Lexicon {
    /// Most tags; with both signs they fit one byte.
    const MOST_TAGS: usize = 100;

    /// Reads a lexicon in TOML.
    ///
    /// # Errors
    /// What the system says; a file that is no lexicon, with the line.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        let name = path.display().to_string();
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() as u64 + 1);
            let location = line.map_or_else(|| Location::of(&name), |line| Location::at(&name, line));
            Error::data(location, format!("not a lexicon: {}", error.message()))
        })
    }

    /// What is wrong with it.
    pub(super) fn fault(&self) -> Option<String> {
        if !(1..=20).contains(&self.scope) {
            return Some("scope must be from 1 to 20".into());
        }
        if !(1..=8).contains(&self.reach) {
            return Some("reach must be from 1 to 8".into());
        }
        if !(1..=Self::MOST_TAGS).contains(&self.tags.len()) {
            return Some(format!("it has {} tags; 1 to {} are allowed", self.tags.len(), Self::MOST_TAGS));
        }
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if let Some(tag) = self.tags.keys().find(|tag| tag.is_empty() || !tag.chars().all(name)) {
            return Some(format!("the tag \"{tag}\" has characters other than a to z, 0 to 9 and _"));
        }
        let is_one_word = |word: &str| {
            let mut tokens = tokens(word);
            let whole = tokens.next().is_some_and(|token| token.start == 0 && token.end == word.len());
            word == NUMBER || (whole && word.len() <= MAX_WORD_BYTES)
        };
        let word = self.tags.values().flatten().chain(&self.negators).find(|word| !is_one_word(word));
        word.map(|word| format!("\"{word}\" is not one word"))
    }
}

/// Tag sets of one sign: the word's own, or those of a negated word.
pub(crate) type Symbol = u16;

/// What a lexicon says of a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The number of its set of tags; 0 for none.
    set: u8,
    negates: bool,
}

impl Mark {
    /// Nothing.
    pub const NONE: Self = Self { set: 0, negates: false };

    /// The word's tags with their sign, if it has any.
    #[inline]
    fn symbol(self, negated: bool) -> Option<Symbol> {
        (self.set != 0).then(|| 2 * (Symbol::from(self.set) - 1) + Symbol::from(negated))
    }
}

/// A lexicon, compiled for look-ups.
#[derive(Debug, PartialEq)]
pub(crate) struct Tagger {
    scope: u8,
    reach: usize,
    /// The signed tags.
    names: Vec<String>,
    marks: FxHashMap<String, Mark>,
    /// The tags of each set.
    sets: Vec<Vec<u8>>,
}

impl Tagger {
    /// Before the name of a negated tag, and of a negated stem.
    pub const NOT: &str = "NOT_";

    /// # Errors
    /// More different sets of tags than have numbers.
    pub fn new(lexicon: &Lexicon, normalizer: &Normalizer) -> Result<Self, String> {
        let stem = |word: &String| -> Option<String> {
            let word = if word == NUMBER { word.clone() } else { normalizer.word(word)? };
            Some(normalizer.stem(&word))
        };
        let mut tags_of: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (tag, words) in lexicon.tags.values().enumerate() {
            for stem in words.iter().filter_map(stem) {
                let tags = tags_of.entry(stem).or_default();
                if tags.last() != Some(&(tag as u8)) {
                    tags.push(tag as u8);
                }
            }
        }
        let mut sets: Vec<Vec<u8>> = Vec::new();
        let mut marks: FxHashMap<String, Mark> = FxHashMap::default();
        for (stem, tags) in tags_of {
            let known = sets.iter().position(|set| *set == tags);
            let number = known.unwrap_or(sets.len());
            if known.is_none() {
                sets.push(tags);
            }
            let set = u8::try_from(number + 1)
                .map_err(|_| "its words have more than 255 different sets of tags".to_owned())?;
            marks.insert(stem, Mark { set, negates: false });
        }
        for stem in lexicon.negators.iter().filter_map(stem) {
            marks.entry(stem).or_default().negates = true;
        }
        let names =
            lexicon.tags.keys().flat_map(|tag| [tag.clone(), format!("{}{tag}", Self::NOT)]).collect();
        Ok(Self { scope: lexicon.scope, reach: lexicon.reach.into(), names, marks, sets })
    }

    /// What the lexicon says of a stem.
    pub fn mark(&self, stem: &str) -> Mark {
        self.marks.get(stem).copied().unwrap_or_default()
    }

    /// The terms that tags make, in the order of their numbers: each tag and
    /// after it the negated one, then all pairs of these.
    pub fn terms(&self) -> impl Iterator<Item = String> {
        let pairs = self.names.iter().flat_map(|first| self.names.iter().map(move |second| (first, second)));
        self.names.iter().cloned().chain(pairs.map(|(first, second)| format!("{first} {second}")))
    }

    /// Number of symbols.
    pub fn symbols(&self) -> usize {
        2 * self.sets.len()
    }

    /// The numbers of the signed tags of a symbol.
    pub fn tags(&self, symbol: Symbol) -> impl Iterator<Item = usize> + Clone {
        let sign = usize::from(symbol % 2);
        self.sets[usize::from(symbol / 2)].iter().map(move |&tag| 2 * usize::from(tag) + sign)
    }

    /// The numbers of the pairs of tags that two words make.
    pub fn pairs(&self, first: Symbol, second: Symbol) -> impl Iterator<Item = usize> {
        let count = self.names.len();
        self.tags(first).flat_map(move |tag| self.tags(second).map(move |next| count + tag * count + next))
    }
}

/// The tagged and the negated words of a text.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Symbols of the tagged words, and the places of these.
    pub tagged: Vec<(Symbol, u32)>,
    /// Places of the negated words.
    pub negated: Vec<u32>,
    reach: usize,
}

impl Reading {
    /// Reads the words of `text`, each with what the lexicon says of it.
    #[inline]
    pub fn read(&mut self, tagger: &Tagger, text: &str, words: impl Iterator<Item = (Token, Mark)>) {
        self.tagged.clear();
        self.negated.clear();
        self.reach = tagger.reach;
        let mut scope = Scope { length: tagger.scope, left: 0 };
        let mut end = 0;
        for (place, (token, mark)) in words.enumerate() {
            let negated = scope.negates(&text[end..token.start], mark);
            end = token.end;
            if negated {
                self.negated.push(place as u32);
            }
            if let Some(symbol) = mark.symbol(negated) {
                self.tagged.push((symbol, place as u32));
            }
        }
    }

    /// Tagged words with each of the next that they make pairs with, as
    /// places in `tagged`.
    #[inline]
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let reach = self.reach;
        (0..self.tagged.len())
            .flat_map(move |second| (second.saturating_sub(reach)..second).map(move |first| (first, second)))
    }
}

/// Follows a text and says which words are negated.
struct Scope {
    length: u8,
    left: u8,
}

impl Scope {
    /// Whether the next word is negated; `between` stands before it.
    #[inline]
    fn negates(&mut self, between: &str, mark: Mark) -> bool {
        if ends_scope(between) {
            self.left = 0;
        }
        if mark.negates {
            self.left = self.length;
            return false;
        }
        let negated = self.left > 0;
        self.left = self.left.saturating_sub(1);
        negated
    }
}

/// Whether what stands between two words is punctuation that ends a clause.
#[inline]
fn ends_scope(between: &str) -> bool {
    if between == " " {
        return false;
    }
    between.contains(['.', '!', '?', ',', ';', ':', '(', ')', '\u{2013}', '\u{2014}'])
        || between.contains("--")
        || between.contains(" - ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Language, NormalizerParams};

    fn lexicon() -> Lexicon {
        let tags =
            [("force", &["soldiers", "marine"][..]), ("foreign", &["US", "marine"]), ("leave", &["go", "#"])];
        Lexicon {
            scope: 3,
            reach: 2,
            negators: vec!["not".into(), "won't".into()],
            tags: tags
                .map(|(tag, words)| (tag.into(), words.iter().map(|&word| word.into()).collect()))
                .into(),
        }
    }

    fn normalizer() -> Normalizer {
        Normalizer::new(&NormalizerParams { language: Language::English, mask_numbers: true })
    }

    /// The negated words of a text, and its pairs of tags.
    fn read(text: &str) -> (Vec<&str>, Vec<String>) {
        let (normalizer, mut reading) = (normalizer(), Reading::default());
        let tagger = Tagger::new(&lexicon(), &normalizer).expect("compiles");
        let mark = |token: Token| {
            let word = normalizer.word(&text[token.start..token.end]).expect("a word");
            tagger.mark(&normalizer.stem(&word))
        };
        reading.read(&tagger, text, tokens(text).map(|token| (token, mark(token))));
        let words: Vec<&str> = tokens(text).map(|token| &text[token.start..token.end]).collect();
        let tags = |place: usize| {
            let names = tagger.tags(reading.tagged[place].0).map(|tag| tagger.names[tag].as_str());
            names.collect::<Vec<_>>().join("+")
        };
        (
            reading.negated.iter().map(|&place| words[place as usize]).collect(),
            reading.pairs().map(|(first, second)| format!("{} {}", tags(first), tags(second))).collect(),
        )
    }

    #[test]
    fn a_negator_negates_the_next_words_up_to_punctuation() {
        let negated = |text: &'static str| read(text).0;
        assert_eq!(negated("They do not go to the base today"), ["go", "to", "the"]);
        assert_eq!(negated("They will not go, the base stays"), ["go"]);
        assert_eq!(negated("They won't (ever) go"), [""; 0]);
        for text in
            ["not one -- two", "not one - two", "not one \u{2014} two", "not one; two", "not one. Two"]
        {
            assert_eq!(negated(text), ["one"], "{text}");
        }
        assert_eq!(negated("not \"one\" 'two' well-known"), ["one", "two", "well"]);
        // a second negator is not negated, and starts anew
        assert_eq!(negated("not one not two three four five"), ["one", "two", "three", "four"]);
        assert_eq!(negated("Not"), [""; 0]);
    }

    #[test]
    fn tagged_words_make_pairs_with_the_next_tagged_ones_in_their_order() {
        assert_eq!(read("Soldiers who go").1, ["force leave"]);
        assert_eq!(
            read("Soldiers go. 300 go").1,
            ["force leave", "force leave", "leave leave", "leave leave", "leave leave"]
        );
        assert_eq!(
            read("U.S. marines do not go").1,
            ["foreign force+foreign", "foreign NOT_leave", "force+foreign NOT_leave"]
        );
        assert!(read("The base stays").1.is_empty());
    }

    #[test]
    fn faults_say_what_is_wrong() {
        assert_eq!(lexicon().fault(), None);
        let fault = |change: fn(&mut Lexicon)| {
            let mut changed = lexicon();
            change(&mut changed);
            changed.fault().expect("a fault")
        };
        assert!(fault(|l| l.scope = 0).contains("scope"));
        assert!(fault(|l| l.reach = 9).contains("reach"));
        assert!(fault(|l| l.tags.clear()).contains("0 tags"));
        assert!(fault(|l| _ = l.tags.insert("NOT".into(), vec![])).contains("\"NOT\""));
        assert!(fault(|l| l.negators.push("no longer".into())).contains("\"no longer\" is not one word"));
        assert!(fault(|l| l.negators.push(String::new())).contains("is not one word"));
        assert!(fault(|l| l.negators.push("x".repeat(65))).contains("is not one word"));
    }

    #[test]
    fn too_many_sets_of_tags_are_refused() {
        let mut many = lexicon();
        // word n has the tags of the digits of n in base 2
        for tag in 0..9 {
            let words = (1..400).filter(|n| n >> tag & 1 == 1).map(|n| format!("w{n}x")).collect();
            many.tags.insert(format!("bit{tag}"), words);
        }
        assert_eq!(many.fault(), None);
        assert!(Tagger::new(&many, &normalizer()).expect_err("too many").contains("255"));
    }

    #[test]
    fn a_damaged_file_is_told_by_name_and_line() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "scope = 4\nreach = 3\nnegators = [\"not\"\n").expect("writes");
        let message = Lexicon::load(file.path()).expect_err("damaged").to_string();
        assert!(message.contains(&format!("{}:", file.path().display())), "{message}");
        assert!(message.contains("not a lexicon"), "{message}");
        std::fs::write(file.path(), "scope = 4\nrange = 3\n").expect("writes");
        let message = Lexicon::load(file.path()).expect_err("unknown").to_string();
        assert!(message.contains(":2: not a lexicon: unknown field `range`"), "{message}");
    }
}
