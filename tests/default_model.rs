//! The embedded default model.

use stance::corpus::{Columns, Dialect, Source};
use stance::{Corpus, Model};

fn statements() -> Corpus {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/statements.csv");
    let columns = Columns { group: Some("group".into()), ..Columns::default() };
    Corpus::read(&[Source::new(path)], &columns, Dialect::default()).expect("the corpus reads")
}

#[test]
fn it_loads_and_was_trained_on_the_committed_corpus() {
    let model = Model::default_english().expect("the default model loads");
    assert_eq!(model.provenance().data_sha256, statements().sha256(), "run `just model`");
}

/// The byte-for-byte promise of the README.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes unoptimised; .ci/run retrains and compares")]
fn retraining_gives_the_same_bytes() {
    let model = Model::default_english().expect("the default model loads");
    let again = Model::fit(model.params(), &statements(), &|_| ()).expect("trains");
    let bytes = |model: &Model| {
        let mut bytes = Vec::new();
        model.write_json(&mut bytes).expect("writes");
        bytes
    };
    assert!(bytes(&model) == bytes(&again), "the model differs; run `just model`");
}
