//! How long each step of the pipeline takes, on `data/statements.csv`.
//!
//! `cargo bench --bench pipeline`, or one group: `cargo bench --bench pipeline -- tokenize`.

#![allow(missing_docs)] // `criterion_group!` makes a function without any

use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use stance::corpus::{Columns, Dialect, Source};
use stance::predict::{InputFormat, PredictOptions, predict};
use stance::text::{Language, NormalizerParams, tokens};
use stance::{
    ClassifierParams, Corpus, Labels, Model, NgramRange, Norm, Result, Solver, Vectorizer, VectorizerParams,
};

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The statements, and what the steps need to know of them.
struct Data {
    corpus: Corpus,
    targets: Vec<usize>,
    bytes: u64,
}

impl Data {
    fn read() -> Result<Self> {
        let source = Source::new(path("data/statements.csv"));
        let corpus = Corpus::read(&[source], &Columns::default(), Dialect::default())?;
        let labels = Labels::from_names(corpus.labels.iter().cloned())?;
        let targets = corpus.targets(&labels)?;
        let bytes = corpus.texts.iter().map(|text| text.len() as u64).sum();
        Ok(Self { corpus, targets, bytes })
    }

    fn texts(&self) -> &[String] {
        &self.corpus.texts
    }
}

fn data() -> Data {
    Data::read().expect("data/statements.csv is part of the project")
}

fn model() -> Model {
    Model::default_english().expect("the default model loads")
}

/// All word 1-2-grams and nothing else, as in `benches/peers`.
fn words_only() -> VectorizerParams {
    VectorizerParams {
        normalizer: NormalizerParams { language: Language::None, mask_numbers: false },
        word_ngrams: NgramRange::new(1, 2).expect("1..2 is a range"),
        char_ngrams: None,
        window: None,
        max_features: None,
        norm: Norm::L2,
        ..VectorizerParams::default()
    }
}

fn tokenize(criterion: &mut Criterion) {
    let data = data();
    let mut group = criterion.benchmark_group("tokenize");
    group.throughput(Throughput::Bytes(data.bytes));
    group.bench_function("statements", |bencher| {
        bencher.iter(|| data.texts().iter().map(|text| tokens(black_box(text)).count()).sum::<usize>());
    });
    group.finish();
}

fn transform(criterion: &mut Criterion) {
    let data = data();
    let mut group = criterion.benchmark_group("transform");
    group.sample_size(20).throughput(Throughput::Bytes(data.bytes));
    for (name, params) in [("default", VectorizerParams::default()), ("words 1..2", words_only())] {
        let vectorizer = Vectorizer::fit(&params, data.texts(), &data.targets).expect("it fits");
        group.bench_function(name, |bencher| {
            bencher.iter(|| vectorizer.transform(black_box(data.texts())));
        });
    }
    group.finish();
}

fn fit(criterion: &mut Criterion) {
    let data = data();
    let mut group = criterion.benchmark_group("fit");
    group.sample_size(10).throughput(Throughput::Elements(data.texts().len() as u64));
    for (name, params) in
        [("vectorizer, default", VectorizerParams::default()), ("vectorizer, words 1..2", words_only())]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Vectorizer::fit(&params, black_box(data.texts()), &data.targets));
        });
    }
    // the L2 strength of the default model, and scikit-learn's default
    for (name, params, alpha) in [
        ("sparse solver, default", VectorizerParams::default(), 20.0),
        ("sparse solver, words 1..2", words_only(), 1.0),
    ] {
        let vectorizer = Vectorizer::fit(&params, data.texts(), &data.targets).expect("it fits");
        let rows = vectorizer.transform(data.texts());
        let params = ClassifierParams { alpha, solver: Solver::Sparse, ..ClassifierParams::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| params.fit_rows(black_box(&rows), &data.targets, None).expect("it converges"));
        });
    }
    group.finish();
}

fn predict_statements(criterion: &mut Criterion) {
    let data = data();
    let model = model();
    let mut group = criterion.benchmark_group("predict");

    let statement = "The militia vowed to strike American bases until the last soldier leaves the country.";
    group.throughput(Throughput::Bytes(statement.len() as u64));
    group.bench_function("single", |bencher| bencher.iter(|| model.predict(black_box(statement))));
    let mut scorer = model.scorer();
    let mut probabilities = vec![0.0; model.labels().len()];
    group.bench_function("single, scorer kept", |bencher| {
        bencher.iter(|| scorer.score(black_box(statement), &mut probabilities));
    });

    group.sample_size(20).throughput(Throughput::Bytes(data.bytes));
    group.bench_function("batch", |bencher| {
        bencher.iter(|| model.predict_batch(black_box(data.texts())));
    });

    let source = [Source::new(path("data/statements.csv"))];
    let size = std::fs::metadata(path("data/statements.csv")).map_or(0, |metadata| metadata.len());
    group.throughput(Throughput::Bytes(size));
    for threads in [1, 2] {
        let options = PredictOptions {
            input: InputFormat::Csv,
            text_column: "text".into(),
            dialect: Dialect::default(),
            format: None,
            threshold: None,
            explain: false,
            allow_empty: false,
            threads,
        };
        group.bench_function(format!("file, threads {threads}"), |bencher| {
            bencher.iter(|| predict(&model, &source, &options, &mut io::sink()).expect("it reads"));
        });
    }
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let json =
        std::fs::read_to_string(path("models/stance-en.json")).expect("the model is part of the project");
    let mut group = criterion.benchmark_group("load");
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("from_json", |bencher| {
        // dropping a model is not part of loading it
        bencher.iter_with_large_drop(|| Model::from_json(black_box(&json), "the default model"));
    });
    group.bench_function("first use", |bencher| {
        bencher.iter_batched(
            model,
            |model| model.predict(black_box("They must leave.")),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, tokenize, transform, fit, predict_statements, load);
criterion_main!(benches);
