//! Model files of every version that was ever released keep loading, and keep
//! giving the same answers.

use std::path::Path;

use stance::Model;

/// The probabilities were written down when the fixture was made.
fn answers(file: &str, expected: [(&str, [f64; 3]); 3]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    let model = Model::load(&path).expect("the fixture loads");
    for (text, probabilities) in expected {
        let found = model.predict(text).probabilities;
        for (found, expected) in found.iter().zip(probabilities) {
            assert!((found - expected).abs() < 2e-6, "{text}: {found} instead of {expected}");
        }
    }
}

#[test]
fn version_1_loads_and_answers_as_it_did() {
    let expected = [
        ("The brigades will strike the base if the soldiers stay.", [0.612231, 0.071695, 0.316074]),
        ("The committee met on Tuesday and named no date.", [0.090704, 0.623968, 0.285328]),
        ("Parliament voted to send the foreign troops home.", [0.032153, 0.931723, 0.036124]),
    ];
    answers("model-v1.json", expected);
}

#[test]
fn version_2_loads_and_answers_as_it_did() {
    let expected = [
        ("The brigades will strike the base if the soldiers stay.", [0.209485, 0.072998, 0.717517]),
        ("The committee met on Tuesday and named no date.", [0.158271, 0.767358, 0.074371]),
        ("Parliament voted to send the foreign troops home.", [0.589293, 0.362608, 0.048099]),
    ];
    answers("model-v2.json", expected);
}

/// With a lexicon.
#[test]
fn version_3_loads_and_answers_as_it_did() {
    let expected = [
        ("The brigades will not strike the base if the soldiers stay.", [0.013678, 0.082300, 0.904022]),
        ("The committee met on Tuesday and named no date.", [0.149852, 0.390119, 0.460029]),
        ("Parliament voted to send the foreign troops home.", [0.018020, 0.870811, 0.111169]),
    ];
    answers("model-v3.json", expected);
}
