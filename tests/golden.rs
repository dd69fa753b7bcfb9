//! Compares with scikit-learn and snowballstemmer, by values that
//! `tests/golden/make_golden.py` and `make_lexicon.py` made; they name the
//! versions.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stance::evaluation::{Confusion, brier_score, expected_calibration_error, log_loss};
use stance::text::{Language, Normalizer, NormalizerParams};
use stance::{
    ClassWeight, ClassifierParams, Lexicon, NgramRange, Norm, Solver, SparseRows, Term, Vectorizer,
    VectorizerParams,
};

fn parse<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).expect("golden file")
}

/// Largest absolute differences, shown when a test fails or with --nocapture.
#[derive(Default)]
struct Largest(f64);

impl Largest {
    fn see(&mut self, ours: f64, theirs: f64) {
        let difference = (ours - theirs).abs();
        // a difference that is not a number must not pass
        self.0 = if difference.is_nan() { f64::INFINITY } else { self.0.max(difference) };
    }

    fn at_most(&self, tolerance: f64, what: &str) {
        eprintln!("{what}: largest difference {:e}, tolerance {tolerance:e}", self.0);
        assert!(self.0 <= tolerance, "{what}: {:e} > {tolerance:e}", self.0);
    }
}

type Rows = Vec<Vec<(u32, f64)>>;

// --- TF-IDF ---

#[derive(Deserialize)]
struct Tfidf {
    texts: Vec<String>,
    cases: Vec<TfidfCase>,
}

#[derive(Deserialize)]
struct TfidfCase {
    word_ngrams: NgramRange,
    char_ngrams: Option<NgramRange>,
    min_df: u32,
    max_df: f64,
    norm: Norm,
    words: Vec<String>,
    characters: Vec<String>,
    rows: Rows,
}

fn plain(norm: Norm) -> VectorizerParams {
    VectorizerParams {
        normalizer: NormalizerParams { language: Language::None, mask_numbers: false },
        word_ngrams: NgramRange::new(1, 2).expect("range"),
        char_ngrams: None,
        char_weight: 1.0,
        window: None,
        lexicon: None,
        min_df: 1,
        max_df: 1.0,
        max_features: None,
        norm,
    }
}

fn terms(vectorizer: &Vectorizer) -> (Vec<String>, Vec<String>) {
    let (mut words, mut characters) = (Vec::new(), Vec::new());
    for feature in 0..vectorizer.vocabulary().len() {
        match vectorizer.vocabulary().term(feature) {
            Term::Words(term) => words.push(term.to_owned()),
            Term::Characters(term) => characters.push(term.to_owned()),
            other => panic!("neither a window nor a lexicon was asked for, but {other:?} was found"),
        }
    }
    (words, characters)
}

fn check_tfidf(wanted: impl Fn(&TfidfCase) -> bool, cases_wanted: usize) {
    let golden: Tfidf = parse(include_str!("golden/tfidf.json"));
    let mut checked = 0;
    for case in golden.cases.iter().filter(|case| wanted(case)) {
        checked += 1;
        let name = format!(
            "words {:?}, characters {:?}, min_df {}, {:?}",
            case.word_ngrams, case.char_ngrams, case.min_df, case.norm
        );
        let params = VectorizerParams {
            word_ngrams: case.word_ngrams,
            char_ngrams: case.char_ngrams,
            char_weight: 1.0,
            min_df: case.min_df,
            max_df: case.max_df,
            ..plain(case.norm)
        };
        let vectorizer = Vectorizer::fit(&params, &golden.texts, &vec![0; golden.texts.len()]).expect("fits");
        let (words, characters) = terms(&vectorizer);
        assert_eq!(words, case.words, "{name}");
        assert_eq!(characters, case.characters, "{name}");

        let rows = vectorizer.transform(&golden.texts);
        assert_eq!(rows.len(), case.rows.len());
        let mut largest = Largest::default();
        for (i, expected) in case.rows.iter().enumerate() {
            let (columns, values) = rows.row(i);
            let expected_columns: Vec<u32> = expected.iter().map(|entry| entry.0).collect();
            assert_eq!(columns, expected_columns, "{name}, text {i}");
            for (&ours, &(_, theirs)) in values.iter().zip(expected) {
                largest.see(ours, theirs);
            }
        }
        largest.at_most(1e-12, &name);
    }
    assert_eq!(checked, cases_wanted);
}

/// Against `TfidfVectorizer(norm="l2", smooth_idf=True)`: the same terms in
/// the same order, the same values to 1e-12.
#[test]
fn word_tfidf_with_l2_norm_is_that_of_scikit_learn() {
    check_tfidf(|case| case.norm == Norm::L2 && case.char_ngrams.is_none(), 5);
}

/// Against `TfidfVectorizer(norm=None)` divided by the square root of the
/// number of words, to 1e-12.
#[test]
fn word_tfidf_with_length_norm_is_that_of_scikit_learn_rescaled() {
    check_tfidf(|case| case.norm == Norm::Length && case.char_ngrams.is_none(), 2);
}

/// Against `TfidfVectorizer` with a Python re-implementation of the character
/// n-grams as its analyzer, to 1e-12.
#[test]
fn character_ngrams_stay_inside_marked_words() {
    check_tfidf(|case| case.char_ngrams.is_some(), 2);
}

// --- lexicon ---

#[derive(Deserialize)]
struct LexiconGolden {
    lexicon: Lexicon,
    cases: Vec<LexiconCase>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct LexiconCase {
    text: String,
    /// Counts of tags and of pairs of them, and of negated stems.
    tags: BTreeMap<String, u32>,
    negated: BTreeMap<String, u32>,
}

/// Against a Python implementation of its own: counts of tags, pairs of tags
/// and negated stems in each text, exactly.
#[test]
fn tags_and_negation_are_those_of_the_reference() {
    let golden: LexiconGolden = parse(include_str!("golden/lexicon.json"));
    let params = VectorizerParams {
        normalizer: NormalizerParams { language: Language::English, mask_numbers: true },
        lexicon: Some(golden.lexicon),
        ..plain(Norm::Length)
    };
    let texts: Vec<&str> = golden.cases.iter().map(|case| case.text.as_str()).collect();
    let vectorizer = Vectorizer::fit(&params, &texts, &vec![0; texts.len()]).expect("fits");
    let (idf, rows) = (vectorizer.vocabulary().idf(), vectorizer.transform(&texts));
    for (i, case) in golden.cases.iter().enumerate() {
        let words = stance::text::tokens(&case.text).count() as f64;
        let mut found =
            LexiconCase { text: case.text.clone(), tags: BTreeMap::new(), negated: BTreeMap::new() };
        let (columns, values) = rows.row(i);
        for (&column, &value) in columns.iter().zip(values) {
            let count = (value * words.sqrt() / idf[column as usize]).round() as u32;
            match vectorizer.vocabulary().term(column as usize) {
                Term::Tags(tags) => found.tags.insert(tags.to_owned(), count),
                Term::Negated(stem) => found.negated.insert(stem.to_owned(), count),
                _ => None,
            };
        }
        assert_eq!(&found, case);
    }
}

// --- chi-square ---

#[derive(Deserialize)]
struct Selection {
    texts: Vec<String>,
    targets: Vec<usize>,
    cases: Vec<SelectionCase>,
}

#[derive(Deserialize)]
struct SelectionCase {
    norm: Norm,
    k: usize,
    terms: Vec<String>,
}

/// Against `SelectKBest(chi2, k)` on the same matrix: exactly the same terms.
/// The script takes only such k where the statistic falls clearly, so no ties
/// are decided here.
#[test]
fn max_features_keeps_what_select_k_best_keeps() {
    let golden: Selection = parse(include_str!("golden/selection.json"));
    assert!(golden.cases.len() >= 10);
    for case in &golden.cases {
        let params = VectorizerParams { max_features: Some(case.k), ..plain(case.norm) };
        let vectorizer = Vectorizer::fit(&params, &golden.texts, &golden.targets).expect("fits");
        assert_eq!(terms(&vectorizer).0, case.terms, "{:?}, k = {}", case.norm, case.k);
    }
}

// --- logistic regression ---

#[derive(Deserialize)]
struct Logistic {
    #[serde(rename = "2 classes")]
    two: Problem,
    #[serde(rename = "3 classes")]
    three: Problem,
    #[serde(rename = "4 classes")]
    four: Problem,
}

#[derive(Deserialize)]
struct Problem {
    classes: usize,
    features: usize,
    rows: Rows,
    targets: Vec<usize>,
    row_weights: Vec<f32>,
    fits: Vec<ReferenceFit>,
}

#[derive(Deserialize)]
struct ReferenceFit {
    alpha: f64,
    kind: Kind,
    objective: f64,
    probabilities: Vec<Vec<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    RowWeights,
    Balanced,
}

impl Problem {
    /// Fits as the reference did. Relative differences of the objective are
    /// held to 1e-8, probabilities to 1e-6 (linfa-logistic's to 1e-5).
    fn check(&self, solver: Solver, kinds: &[Kind]) {
        let (tolerance, probability_tolerance) =
            if solver == Solver::Linfa { (1e-10, 1e-5) } else { (1e-13, 1e-6) };
        let mut rows = SparseRows::new(self.features);
        for row in &self.rows {
            rows.push(row.iter().copied());
        }
        let (mut objectives, mut probabilities) = (Largest::default(), Largest::default());
        let fits: Vec<_> = self.fits.iter().filter(|fit| kinds.contains(&fit.kind)).collect();
        assert_eq!(fits.len(), 3 * kinds.len());
        for fit in fits {
            let params = ClassifierParams {
                alpha: fit.alpha,
                class_weight: if fit.kind == Kind::Balanced {
                    ClassWeight::Balanced
                } else {
                    ClassWeight::None
                },
                solver,
                tolerance,
                ..Default::default()
            };
            let row_weights = (fit.kind == Kind::RowWeights).then_some(self.row_weights.as_slice());
            let classifier = params.fit_rows(&rows, &self.targets, row_weights).unwrap_or_else(|error| {
                panic!("{} classes, alpha {}, {:?}: {error}", self.classes, fit.alpha, fit.kind)
            });
            objectives.see(classifier.convergence().objective / fit.objective, 1.0);
            let ours = classifier.predict_proba(&rows);
            let theirs = matrix(&fit.probabilities);
            assert_eq!(ours.dim(), theirs.dim());
            for (&ours, &theirs) in ours.iter().zip(&theirs) {
                probabilities.see(ours, theirs);
            }
        }
        let name = format!("{} classes, {solver:?}, {kinds:?}", self.classes);
        objectives.at_most(1e-8, &format!("{name}, objective (relative)"));
        probabilities.at_most(probability_tolerance, &format!("{name}, probabilities"));
    }
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).expect("a matrix")
}

fn logistic() -> Logistic {
    parse(include_str!("golden/logistic.json"))
}

const ALL_KINDS: [Kind; 3] = [Kind::Plain, Kind::RowWeights, Kind::Balanced];

/// Against `LogisticRegression(C=1/alpha)` with 3 and 4 classes, without and
/// with `sample_weight` and with `class_weight="balanced"`: objective to 1e-8
/// (relative), probabilities to 1e-6.
#[test]
fn the_sparse_solver_finds_scikit_learns_optimum() {
    let golden = logistic();
    golden.three.check(Solver::Sparse, &ALL_KINDS);
    golden.four.check(Solver::Sparse, &ALL_KINDS);
}

/// The same for `Solver::Auto`, which ends in linfa-logistic where there are
/// no weights.
#[test]
fn the_auto_solver_finds_scikit_learns_optimum() {
    let golden = logistic();
    golden.three.check(Solver::Auto, &ALL_KINDS);
    golden.four.check(Solver::Auto, &ALL_KINDS);
}

/// The same for `Solver::Linfa`, which has no weights. Its L-BFGS stops when
/// the objective changes by less than the step of a 64-bit float, which is
/// before the gradient is as small as the other solvers can make it: a wider
/// tolerance, and probabilities to 1e-5 only.
#[test]
fn the_linfa_solver_finds_scikit_learns_optimum() {
    let golden = logistic();
    golden.three.check(Solver::Linfa, &[Kind::Plain]);
    golden.four.check(Solver::Linfa, &[Kind::Plain]);
}

/// Two classes, against `LogisticRegression(C=2/alpha)`.
///
/// scikit-learn then fits one vector `w`, the difference of our two, with the
/// penalty `|w|^2 / (2 C)`. At our optimum the two are `-w/2` and `w/2` (of all
/// pairs with the same difference they have the least norm), so our penalty is
/// `alpha/2 * (|w/2|^2 + |w/2|^2) = alpha/4 * |w|^2`. These are equal if
/// `C = 2 / alpha`, twice the C of three classes and more.
#[test]
fn two_classes_are_scikit_learns_with_twice_the_c() {
    let golden = logistic();
    golden.two.check(Solver::Sparse, &ALL_KINDS);
    golden.two.check(Solver::Auto, &ALL_KINDS);
    golden.two.check(Solver::Linfa, &[Kind::Plain]);
}

// --- metrics ---

#[derive(Deserialize)]
struct Metrics {
    classes: usize,
    targets: Vec<usize>,
    predicted: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    accuracy: f64,
    balanced_accuracy: f64,
    macro_f1: f64,
    log_loss: f64,
    brier: f64,
    ece: f64,
    precision: Vec<Option<f64>>,
    recall: Vec<Option<f64>>,
    f1: Vec<Option<f64>>,
    support: Vec<u64>,
    confusion: Vec<Vec<u64>>,
}

/// Against `sklearn.metrics` (undefined figures by `zero_division=nan`), to
/// 1e-12; counts exactly. One class is never predicted, one never true, one
/// neither.
#[test]
fn scores_of_labels_are_those_of_scikit_learn() {
    let golden: Metrics = parse(include_str!("golden/metrics.json"));
    let pairs = golden.targets.iter().copied().zip(golden.predicted.iter().copied());
    let confusion = Confusion::of(golden.classes, pairs);
    assert_eq!(confusion.counts(), golden.confusion);
    let mut largest = Largest::default();
    let mut see = |what: &str, ours: Option<f64>, theirs: Option<f64>| match (ours, theirs) {
        (Some(ours), Some(theirs)) => largest.see(ours, theirs),
        _ => assert_eq!(ours, theirs, "{what}"),
    };
    see("accuracy", confusion.accuracy(), Some(golden.accuracy));
    see("balanced accuracy", confusion.balanced_accuracy(), Some(golden.balanced_accuracy));
    see("macro F1", confusion.macro_f1(), Some(golden.macro_f1));
    for class in 0..golden.classes {
        let scores = confusion.class(class);
        see(&format!("precision {class}"), scores.precision, golden.precision[class]);
        see(&format!("recall {class}"), scores.recall, golden.recall[class]);
        see(&format!("F1 {class}"), scores.f1, golden.f1[class]);
        assert_eq!(scores.support, golden.support[class]);
    }
    largest.at_most(1e-12, "scores of labels");
}

/// Against `log_loss`, `brier_score_loss(scale_by_half=False)` and an
/// expected calibration error in plain numpy, to 1e-12.
#[test]
fn scores_of_probabilities_are_those_of_scikit_learn() {
    type Score = fn(ArrayView2<'_, f64>, &[usize]) -> Option<f64>;
    let golden: Metrics = parse(include_str!("golden/metrics.json"));
    let probabilities = matrix(&golden.probabilities);
    let scores: [(&str, Score, f64); 3] = [
        ("log-loss", log_loss, golden.log_loss),
        ("Brier score", brier_score, golden.brier),
        ("expected calibration error", expected_calibration_error, golden.ece),
    ];
    for (name, score, theirs) in scores {
        let mut largest = Largest::default();
        largest.see(score(probabilities.view(), &golden.targets).expect("rows"), theirs);
        largest.at_most(1e-12, name);
    }
}

// --- stems ---

/// Words that rust-stemmers 1.2.0 stems differently from snowballstemmer
/// 3.1.1, with the stem it gives. It was generated from an older english.sbl;
/// since then Snowball
///
/// * keeps `even` + `-ing` whole (as `inning`, which both keep);
/// * does not undouble a consonant after a lone first `a`, `e` or `o`;
/// * takes `-ogist` for a suffix;
/// * lets the suffixes begin only after `emerg`, `inter`, `organ`, `univers`
///   (as after `arsen`, `commun`, `gener`, which both have).
const OTHER_STEMS: [(&str, &str); 11] = [
    ("evening", "even"),
    ("evenings", "even"),
    ("added", "ad"),
    ("egged", "eg"),
    ("ideologist", "ideologist"),
    ("geologist", "geologist"),
    ("university", "univers"),
    ("organization", "organ"),
    ("emergency", "emerg"),
    ("internal", "intern"),
    ("international", "intern"),
];

/// Against snowballstemmer's English (Porter 2) stemmer, exactly, save the
/// words listed above.
#[test]
fn english_stems_are_those_of_snowball() {
    let golden: serde_json::Map<String, serde_json::Value> = parse(include_str!("golden/stems.json"));
    assert!(golden.len() >= 60);
    let english = NormalizerParams { language: Language::English, mask_numbers: true };
    let normalizer = Normalizer::new(&english);
    let mut differing = Vec::new();
    for (word, theirs) in &golden {
        let ours = normalizer.stem(word);
        if Some(ours.as_str()) != theirs.as_str() {
            differing.push((word.clone(), ours));
        }
    }
    let listed = OTHER_STEMS.map(|(word, stem)| (word.to_owned(), stem.to_owned()));
    assert_eq!(differing, listed);
}
