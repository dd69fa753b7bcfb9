//! From a surface form to the word that features are made of.

use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Version of the stemming crate, recorded in model files: another version
/// could stem differently.
pub const STEMMER_VERSION: &str = "rust-stemmers 1.2";

/// The word that stands for any number when numbers are masked.
pub const NUMBER: &str = "#";

/// A form longer than this (in bytes) is no word; it yields no features.
pub const MAX_WORD_BYTES: usize = 64;

/// Language of the texts: it selects the Snowball stemmer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names say it
pub enum Language {
    Arabic,
    Danish,
    Dutch,
    English,
    Finnish,
    French,
    German,
    Greek,
    Hungarian,
    Italian,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Spanish,
    Swedish,
    Tamil,
    Turkish,
    /// No stemming, no rules of any language.
    None,
}

impl Language {
    /// All languages, in alphabetical order, `none` last.
    pub const ALL: [Language; 19] = [
        Language::Arabic,
        Language::Danish,
        Language::Dutch,
        Language::English,
        Language::Finnish,
        Language::French,
        Language::German,
        Language::Greek,
        Language::Hungarian,
        Language::Italian,
        Language::Norwegian,
        Language::Portuguese,
        Language::Romanian,
        Language::Russian,
        Language::Spanish,
        Language::Swedish,
        Language::Tamil,
        Language::Turkish,
        Language::None,
    ];

    /// The name used on the command line and in model files.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// ISO 639-1 code; English where there is no language.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Language::Arabic => "ar",
            Language::Danish => "da",
            Language::Dutch => "nl",
            Language::English | Language::None => "en",
            Language::Finnish => "fi",
            Language::French => "fr",
            Language::German => "de",
            Language::Greek => "el",
            Language::Hungarian => "hu",
            Language::Italian => "it",
            Language::Norwegian => "no",
            Language::Portuguese => "pt",
            Language::Romanian => "ro",
            Language::Russian => "ru",
            Language::Spanish => "es",
            Language::Swedish => "sv",
            Language::Tamil => "ta",
            Language::Turkish => "tr",
        }
    }

    fn algorithm(self) -> Option<Algorithm> {
        Some(match self {
            Language::Arabic => Algorithm::Arabic,
            Language::Danish => Algorithm::Danish,
            Language::Dutch => Algorithm::Dutch,
            Language::English => Algorithm::English,
            Language::Finnish => Algorithm::Finnish,
            Language::French => Algorithm::French,
            Language::German => Algorithm::German,
            Language::Greek => Algorithm::Greek,
            Language::Hungarian => Algorithm::Hungarian,
            Language::Italian => Algorithm::Italian,
            Language::Norwegian => Algorithm::Norwegian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Romanian => Algorithm::Romanian,
            Language::Russian => Algorithm::Russian,
            Language::Spanish => Algorithm::Spanish,
            Language::Swedish => Algorithm::Swedish,
            Language::Tamil => Algorithm::Tamil,
            Language::Turkish => Algorithm::Turkish,
            Language::None => return None,
        })
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Language::ALL.into_iter().find(|l| l.name() == name).ok_or_else(|| {
            let names: Vec<_> = Language::ALL.iter().map(|l| l.name()).collect();
            format!("unknown language; there are {}", names.join(", "))
        })
    }
}

/// How surface forms become words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalizerParams {
    /// Selects the stemmer, and for English the folding of possessive `'s`,
    /// of accents, and of `US`, `U.S.`, `USA` into one word that differs from
    /// the pronoun `us`.
    pub language: Language,
    /// Replace every word that starts with a digit by [`NUMBER`].
    pub mask_numbers: bool,
}

/// Turns surface forms into words and stems. Building one is cheap.
pub struct Normalizer {
    params: NormalizerParams,
    stemmer: Option<Stemmer>,
}

impl Normalizer {
    /// A normalizer with the given parameters.
    pub fn new(params: &NormalizerParams) -> Self {
        Self { params: params.clone(), stemmer: params.language.algorithm().map(Stemmer::create) }
    }

    /// The word a surface form stands for, in lower case; `None` if it is
    /// longer than [`MAX_WORD_BYTES`] or nothing is left of it.
    ///
    /// ```
    /// use stance::text::{Language, Normalizer, NormalizerParams};
    /// let english = NormalizerParams { language: Language::English, mask_numbers: true };
    /// let normalizer = Normalizer::new(&english);
    /// assert_eq!(normalizer.word("Shi\u{2019}ite").as_deref(), Some("shiite"));
    /// assert_eq!(normalizer.word("U.S").as_deref(), Some("u.s"));
    /// assert_eq!(normalizer.word("5,000").as_deref(), Some("#"));
    /// ```
    pub fn word(&self, surface: &str) -> Option<String> {
        if surface.len() > MAX_WORD_BYTES {
            return None;
        }
        let english = self.params.language == Language::English;
        if english && matches!(surface, "US" | "U.S" | "USA" | "U.S.A") {
            return Some("u.s".to_owned());
        }
        if self.params.mask_numbers && surface.starts_with(|c: char| c.is_numeric()) {
            return Some(NUMBER.to_owned());
        }
        let mut word: String = if surface.is_ascii() {
            surface.to_ascii_lowercase()
        } else if english {
            surface.nfkd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase).collect()
        } else {
            surface.nfkc().flat_map(char::to_lowercase).collect()
        };
        if word.contains(['\'', '\u{2019}', '.']) {
            if english && let Some(owner) = word.strip_suffix("'s").or(word.strip_suffix("\u{2019}s")) {
                word = owner.to_owned();
            }
            if !word.starts_with(|c: char| c.is_numeric()) {
                word.retain(|c| !matches!(c, '\'' | '\u{2019}' | '.'));
            }
        }
        // some ligatures decompose into several words; terms are joined by spaces
        word.retain(|c| !c.is_whitespace());
        (!word.is_empty()).then_some(word)
    }

    /// The stem of a word from [`Normalizer::word`].
    pub fn stem(&self, word: &str) -> String {
        match &self.stemmer {
            Some(stemmer) if word != NUMBER => match stemmer.stem(word) {
                // the Arabic stemmer leaves nothing of a lone vowel mark
                stem if stem.is_empty() => word.to_owned(),
                stem => stem.into_owned(),
            },
            _ => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english() -> Normalizer {
        Normalizer::new(&NormalizerParams { language: Language::English, mask_numbers: true })
    }

    #[test]
    fn no_stem_is_empty() {
        let arabic = Normalizer::new(&NormalizerParams { language: Language::Arabic, mask_numbers: true });
        let word = arabic.word("\u{FE70}").expect("a word");
        assert_eq!(arabic.stem(&word), word);
    }

    #[test]
    fn english_forms_fold_together() {
        let n = english();
        for (surface, word) in [
            ("Iraq's", "iraq"),
            ("Iraq\u{2019}s", "iraq"),
            ("won't", "wont"),
            ("USA", "u.s"),
            ("us", "us"),
            ("U.N", "un"),
            ("café", "cafe"),
            ("2nd", "#"),
            ("\u{FDFB}", "جلجلاله"),
        ] {
            assert_eq!(n.word(surface).as_deref(), Some(word), "{surface}");
        }
        assert_eq!(n.word(&"x".repeat(65)), None);
        assert_eq!(n.stem("withdrawing"), n.stem("withdraw"));
        assert_eq!(n.stem(NUMBER), NUMBER);
    }

    #[test]
    fn other_languages_keep_their_accents() {
        let n = Normalizer::new(&NormalizerParams { language: Language::French, mask_numbers: false });
        assert_eq!(n.word("Été").as_deref(), Some("été"));
        assert_eq!(n.word("3.5").as_deref(), Some("3.5"));
    }

    #[test]
    fn language_names_round_trip() {
        for language in Language::ALL {
            assert_eq!(language.name().parse::<Language>(), Ok(language));
        }
        assert!("klingon".parse::<Language>().is_err());
    }
}
