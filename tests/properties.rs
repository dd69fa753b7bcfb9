//! What holds for any text, checked on generated ones.

use std::path::Path;
use std::sync::OnceLock;

use ndarray::Array1;
use proptest::prelude::*;
use proptest::sample::select;
use stance::text::{Language, NormalizerParams};
use stance::{
    Alpha, Corpus, Lexicon, Model, ModelParams, NgramRange, Norm, Prediction, SparseRows, Term, Vectorizer,
    VectorizerParams,
};

/// Few cases: each of them tries whole texts or whole batches.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..Default::default() }
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::default_english().expect("the default model loads"))
}

/// The default model with the other norm, whose way of scoring is another.
fn l2_model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        let mut contents: serde_json::Value = serde_json::from_str(&json(model())).expect("JSON");
        contents["params"]["vectorizer"]["norm"] = "l2".into();
        Model::from_json(&contents.to_string(), "with L2 norm").expect("a model")
    })
}

fn json(model: &Model) -> String {
    let mut bytes = Vec::new();
    model.write_json(&mut bytes).expect("writes to memory");
    String::from_utf8(bytes).expect("UTF-8")
}

/// Words the default model knows, words it does not, and what stands between.
const PIECES: &str = "troops Troops TROOPS must leave our country withdraw withdrawal from the U.S. US us \
    U.N.-led base attack we will burn Iraq\u{2019}s don't 5,000 2031 soldiers talks not never resumed ministers said \
    foreign occupation zzyzx cafe\u{301} caf\u{e9} \u{1F600} \u{627}\u{644}\u{642}\u{648}\u{627}\u{62A} \
    \u{130}stanbul STRA\u{DF}E \u{FB01}ght \u{FF34}roops \u{37A} \u{FDFA} \u{200D} \u{301} \u{2460} - ... \"";

/// Sentences of such pieces, any strings, strings of visible characters, and
/// the empty one.
fn short_text() -> impl Strategy<Value = String> {
    prop_oneof![6 => sentence(25), 2 => any::<String>(), 2 => "\\PC{0,120}", 1 => Just(String::new())]
}

/// Also long ones.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![10 => short_text(), 1 => sentence(600)]
}

fn sentence(most: usize) -> impl Strategy<Value = String> {
    let separator = select(vec![" ", " ", " ", " ", ", ", ". ", " - ", "--", " (", "\n", "\t", "", "'", "."]);
    prop::collection::vec((select(PIECES.split(' ').collect::<Vec<_>>()), separator), 0..most)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, gap)| [piece, gap]).collect())
}

fn lexicon() -> Lexicon {
    Lexicon::load(Path::new("data/lexicon.toml")).expect("the lexicon")
}

fn kind_and_name(term: Term<'_>) -> (u8, &str) {
    match term {
        Term::Words(name) => (0, name),
        Term::Characters(name) => (1, name),
        Term::Pair(name) => (2, name),
        Term::Negated(name) => (3, name),
        Term::Tags(name) => (4, name),
    }
}

fn bits(prediction: &Prediction) -> (usize, u32, Vec<u64>) {
    let probabilities = prediction.probabilities.iter().map(|p| p.to_bits()).collect();
    (prediction.class, prediction.known_terms, probabilities)
}

fn row_bits(rows: &SparseRows, row: usize) -> Vec<(u32, u64)> {
    let (columns, values) = rows.row(row);
    columns.iter().copied().zip(values.iter().map(|value| value.to_bits())).collect()
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|e| e / sum).collect()
}

fn check_distribution(prediction: &Prediction) -> Result<(), TestCaseError> {
    let p = &prediction.probabilities;
    prop_assert_eq!(p.len(), model().labels().len());
    prop_assert!(p.iter().all(|p| p.is_finite() && (0.0..=1.0).contains(p)), "{:?}", p);
    prop_assert!((p.iter().sum::<f64>() - 1.0).abs() <= 1e-12, "{:?}", p);
    prop_assert!(p.iter().all(|&other| other <= prediction.confidence()), "{:?}", prediction);
    Ok(())
}

fn check_explanation(model: &Model, text: &str) -> Result<(), TestCaseError> {
    let prediction = model.predict(text);
    let mut logits = Vec::new();
    for class in 0..model.labels().len() {
        let explanation = model.explain(text, Some(class));
        prop_assert_eq!(&explanation.label, model.labels().name(class));
        let sum: f64 = explanation.contributions.iter().map(|c| c.value).sum();
        prop_assert!((explanation.intercept + sum - explanation.logit).abs() <= 1e-9);
        for contribution in &explanation.contributions {
            prop_assert_eq!(text.get(contribution.bytes.clone()), Some(contribution.text.as_str()));
        }
        logits.push(explanation.logit);
    }
    prop_assert!(logits.iter().sum::<f64>().abs() <= 1e-9, "not centred: {:?}", logits);
    let probabilities = softmax(&logits);
    for (explained, predicted) in probabilities.iter().zip(&prediction.probabilities) {
        prop_assert!((explained - predicted).abs() <= 1e-9, "{:?} {:?}", probabilities, prediction);
    }
    let mut sorted = prediction.probabilities.clone();
    sorted.sort_by(f64::total_cmp);
    // where the two best are equal up to rounding, either may be explained
    if sorted[sorted.len() - 1] - sorted[sorted.len() - 2] > 1e-9 {
        prop_assert_eq!(model.explain(text, None).label, model.labels().name(prediction.class));
    }
    Ok(())
}

/// What the model file says, by the public parts: transform, weights,
/// intercepts from the file, temperature.
fn slow_probabilities(model: &Model, texts: &[String]) -> Vec<Vec<f64>> {
    let contents: serde_json::Value = serde_json::from_str(&json(model)).expect("JSON");
    let intercept: Vec<f64> = serde_json::from_value(contents["intercept"].clone()).expect("numbers");
    let rows = model.vectorizer().transform(texts);
    (0..texts.len())
        .map(|i| {
            let mut logits = Array1::from(intercept.clone());
            let (columns, values) = rows.row(i);
            for (&column, value) in columns.iter().zip(values) {
                for (class, logit) in logits.iter_mut().enumerate() {
                    *logit += value * model.weight(column as usize, class);
                }
            }
            softmax(&(logits / model.temperature()).to_vec())
        })
        .collect()
}

fn check_fast_path(model: &Model, texts: &[String]) -> Result<(), TestCaseError> {
    for (slow, fast) in slow_probabilities(model, texts).iter().zip(model.predict_batch(texts)) {
        for (slow, fast) in slow.iter().zip(&fast.probabilities) {
            prop_assert!((slow - fast).abs() <= 1e-9, "{} {}", slow, fast);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(32))]

    /// Bit by bit: alone, in a batch, in another order, after other texts in
    /// the same scorer, and as a row of a transform.
    #[test]
    fn a_text_alone_is_the_same_as_in_any_batch(
        texts in prop::collection::vec(text(), 1..12),
        shuffled in any::<prop::sample::Index>(),
        copies in 1usize..3,
    ) {
        // more than one unit of parallel work
        let mut batch: Vec<String> = (0..copies * 600 / texts.len()).flat_map(|_| texts.clone()).collect();
        let turn = shuffled.index(batch.len());
        batch.rotate_left(turn);
        batch.reverse();
        for model in [model(), l2_model()] {
            let rows = model.vectorizer().transform(&batch);
            let predictions = model.predict_batch(&batch);
            let probabilities = model.predict_proba(&batch);
            prop_assert_eq!((rows.len(), predictions.len()), (batch.len(), batch.len()));
            let mut scorer = model.scorer();
            for text in &texts {
                let alone = model.predict(text);
                let row = row_bits(&model.vectorizer().transform(&[text]), 0);
                let mut scored = vec![0.0; scorer.classes()];
                let known_terms = scorer.score(text, &mut scored);
                prop_assert_eq!(known_terms, alone.known_terms);
                prop_assert_eq!(&scored, &alone.probabilities);
                for (i, _) in batch.iter().enumerate().filter(|(_, other)| *other == text) {
                    prop_assert_eq!(bits(&predictions[i]), bits(&alone));
                    prop_assert_eq!(probabilities.row(i).to_vec(), alone.probabilities.clone());
                    prop_assert_eq!(&row_bits(&rows, i), &row);
                }
            }
        }
    }

    /// Every term that training finds is found again where it was: as many
    /// rows have it as its document frequency says. And the model file's rule
    /// of distinct, ascending terms holds.
    #[test]
    fn transform_finds_what_fit_counted(
        texts in prop::collection::vec(short_text(), 2..6),
        language in select(vec![Language::English, Language::Arabic, Language::None]),
        mask_numbers in any::<bool>(),
        longest in 1u8..5,
        characters in any::<bool>(),
        tagged in any::<bool>(),
    ) {
        let params = VectorizerParams {
            normalizer: NormalizerParams { language, mask_numbers },
            word_ngrams: NgramRange::new(1, longest).expect("range"),
            char_ngrams: characters.then(|| NgramRange::new(1, 4).expect("range")),
            char_weight: 1.0,
            window: Some(3),
            lexicon: tagged.then(lexicon),
            min_df: 1,
            max_df: 1.0,
            max_features: None,
            norm: Norm::L2,
        };
        let Ok(vectorizer) = Vectorizer::fit(&params, &texts, &vec![0; texts.len()]) else {
            return Ok(()); // no words at all
        };
        let vocabulary = vectorizer.vocabulary();
        let rows = vectorizer.transform(&texts);
        let mut found = vec![0; vocabulary.len()];
        for row in 0..rows.len() {
            let (columns, values) = rows.row(row);
            prop_assert!(values.iter().all(|value| value.is_finite() && *value > 0.0));
            columns.iter().for_each(|&column| found[column as usize] += 1);
        }
        for (feature, &found) in found.iter().enumerate() {
            let term = vocabulary.term(feature);
            prop_assert_eq!(found, vocabulary.document_frequency(feature), "{:?}", term);
            if feature > 0 {
                let ascending = kind_and_name(vocabulary.term(feature - 1)) < kind_and_name(term);
                prop_assert!(ascending, "{:?} after {:?}", term, vocabulary.term(feature - 1));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn probabilities_are_a_distribution(text in text()) {
        check_distribution(&model().predict(&text))?;
        check_distribution(&l2_model().predict(&text))?;
    }

    /// `intercept` plus the values is the logit, the logits of all classes
    /// give the predicted probabilities (to 1e-9), and each contribution
    /// quotes the text.
    #[test]
    fn an_explanation_adds_up_to_the_prediction(text in text()) {
        check_explanation(model(), &text)?;
        check_explanation(l2_model(), &text)?;
    }

    /// Prediction sums what each word brings; the definition is transform
    /// times weights. The same to 1e-9.
    #[test]
    fn the_fast_path_equals_the_definition(texts in prop::collection::vec(text(), 1..4)) {
        check_fast_path(model(), &texts)?;
        check_fast_path(l2_model(), &texts)?;
    }
}

/// More distinct words than a scorer remembers: it forgets and goes on.
#[test]
fn a_text_of_very_many_words_is_scored_by_the_definition() {
    let mut long: String = (0..70_000).map(|i| format!("w{i} ")).collect();
    long.push_str("Foreign troops must leave our country at once.");
    let texts = [long, "Foreign troops must leave.".to_owned()];
    check_fast_path(model(), &texts).expect("the same");
    let mut scorer = model().scorer();
    let mut probabilities = vec![0.0; scorer.classes()];
    for text in texts.iter().chain(&texts) {
        scorer.score(text, &mut probabilities);
        assert_eq!(probabilities, model().predict(text).probabilities);
    }
}

/// A ligature that stands for words with spaces between them is still one
/// word; it must not become equal to an n-gram of those words, or the model
/// file could not be read again.
#[test]
fn a_ligature_of_two_words_trains_a_model_that_loads() {
    let mut corpus = Corpus::default();
    for i in 0..12 {
        corpus.push(format!("\u{FDFB} {i} soldiers stay"), "neutral");
        corpus
            .push(format!("\u{62C}\u{644} \u{62C}\u{644}\u{627}\u{644}\u{647} {i} soldiers leave"), "other");
    }
    let mut params = small_params();
    params.vectorizer.normalizer.language = Language::None;
    let model = Model::fit(&params, &corpus, &|_| ()).expect("trains");
    let text = json(&model);
    let loaded = Model::from_json(&text, "just written").expect("what was written can be read");
    assert_eq!(json(&loaded), text);
}

fn small_params() -> ModelParams {
    ModelParams { alpha: Alpha::Fixed(1.0), folds: 3, ..Default::default() }
}

fn small_corpus(rows: usize) -> Corpus {
    const SPEAKERS: [&str; 7] = ["deputy", "fighter", "minister", "villager", "teacher", "envoy", "driver"];
    const PLACES: [&str; 5] = ["valley", "harbour", "capital", "border", "airfield"];
    let mut corpus = Corpus::default();
    for i in 0..rows {
        let (speaker, place) = (SPEAKERS[i % 7], PLACES[i / 3 % 5]);
        let (text, label) = match (i + i / 11) % 3 {
            0 => {
                (format!("The foreign troops must leave the {place}, the {speaker} said."), "pro-withdrawal")
            }
            1 => (format!("We will attack the base at the {place}, warned the {speaker} {i}."), "threat"),
            _ => (format!("The {speaker} met the troops at the {place} on day {i}."), "neutral"),
        };
        corpus.push(text, label);
    }
    corpus
}

#[test]
fn a_model_file_written_and_read_is_the_same_bytes() {
    let trained = Model::fit(&small_params(), &small_corpus(90), &|_| ()).expect("trains");
    for model in [model(), l2_model(), &trained] {
        let first = json(model);
        let second = json(&Model::from_json(&first, "first").expect("reads"));
        assert!(first == second, "the bytes differ");
    }
}

/// More rows than one unit of parallel work, threads that do not divide it.
#[test]
fn the_number_of_threads_does_not_change_a_trained_model() {
    let corpus = small_corpus(1100);
    let train = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        json(&pool.install(|| Model::fit(&small_params(), &corpus, &|_| ()).expect("trains")))
    };
    assert!(train(1) == train(3), "the bytes differ");
}
