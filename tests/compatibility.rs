//! Model files of every version that was ever released keep loading, and keep
//! giving the same answers.

use std::path::Path;

use stance::Model;

#[test]
fn version_1_loads_and_answers_as_it_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/model-v1.json");
    let model = Model::load(&path).expect("version 1 loads");
    // written down when the fixture was made
    let expected = [
        ("The brigades will strike the base if the soldiers stay.", [0.612231, 0.071695, 0.316074]),
        ("The committee met on Tuesday and named no date.", [0.090704, 0.623968, 0.285328]),
        ("Parliament voted to send the foreign troops home.", [0.032153, 0.931723, 0.036124]),
    ];
    for (text, probabilities) in expected {
        let found = model.predict(text).probabilities;
        for (found, expected) in found.iter().zip(probabilities) {
            assert!((found - expected).abs() < 2e-6, "{text}: {found} instead of {expected}");
        }
    }
}
