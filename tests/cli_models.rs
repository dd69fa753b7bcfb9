//! Model files that are damaged or made to do harm.

mod cli;

use base64::prelude::{BASE64_STANDARD, Engine};
use cli::{Folder, fails, json_lines, model_text, succeeds};
use serde_json::{Value, json};
use stance::Model;

/// `stance-predict` must refuse the model file, and say so.
fn refused(model: impl AsRef<[u8]>, parts: &[&str]) {
    let folder = Folder::with("m.json", model);
    folder.write("out", "old");
    let mut command = folder.predict_without_model();
    command.args(["--text", "They must leave.", "--model", "m.json", "--output", "out"]);
    let stdout = fails(&mut command, &[&["m.json"], parts].concat());
    assert_eq!(stdout, "");
    assert_eq!(folder.text("out"), "old");
    assert_eq!(folder.names(), ["m.json", "out"]);
}

/// The small model with a change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut model: Value = serde_json::from_str(&model_text()).expect("the small model is JSON");
    change(&mut model);
    model.to_string()
}

/// The small model, its terms and weights as lists, with a change.
fn changed_lists(change: impl FnOnce(&mut Value)) -> String {
    changed(|model| {
        for terms in ["words", "characters", "pairs"] {
            let text = model["vocabulary"][terms].as_str().expect("terms");
            let list: Vec<&str> = text.split('|').filter(|term| !term.is_empty()).collect();
            model["vocabulary"][terms] = json!(list);
        }
        let bytes = BASE64_STANDARD.decode(model["weights"].as_str().expect("weights")).expect("base64");
        let weights = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        model["weights"] = json!(weights.collect::<Vec<f32>>());
        change(model);
    })
}

#[test]
fn the_unchanged_model_is_accepted() {
    let folder = Folder::with("m.json", changed(|_| ()));
    let predict =
        || succeeds(folder.predict_without_model().args(["--text", "They must leave.", "--model", "m.json"]));
    let answer = predict();
    folder.write("m.json", changed_lists(|_| ()));
    assert_eq!(predict(), answer);
}

#[test]
fn a_missing_model_or_a_folder_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("models")).expect("folder");
    for (path, part) in [("nope.json", "No such file"), ("models", "directory")] {
        fails(folder.predict_without_model().args(["--text", "go", "--model", path]), &[path, part]);
    }
}

#[test]
fn an_empty_or_truncated_file_is_refused() {
    refused("", &["not a usable model", "cut short"]);
    let text = model_text();
    refused(&text[..text.len() / 2], &["not a usable model", "cut short"]);
    refused(&text[..text.len() - 3], &["not a usable model", "cut short"]);
}

#[test]
fn what_is_no_model_is_refused() {
    refused("They must leave.", &["not a model that stance-train wrote"]);
    refused(b"\xFF\xFE\0\0", &["not UTF-8"]);
    for json in ["{}", "[]", "null", "3", "{\"format\": \"other\", \"version\": 1}"] {
        refused(json, &["not a model that stance-train wrote"]);
    }
}

#[test]
fn a_newer_version_is_refused_with_what_to_do() {
    refused(changed(|m| m["version"] = json!(99)), &["version is 99", "newer", "update"]);
    refused(changed(|m| m["version"] = json!(0)), &["version is 0"]);
    let with_more = changed(|m| {
        m["version"] = json!(99);
        m["neurons"] = json!([1, 2, 3]);
    });
    refused(with_more, &["version is 99", "newer", "update"]);
}

#[test]
fn wrong_shapes_are_refused() {
    let drop_last = |key: &str| {
        changed_lists(|m| {
            m[key].as_array_mut().expect("a list").pop();
        })
    };
    for key in ["weights", "intercept", "labels"] {
        refused(drop_last(key), &["shapes differ"]);
    }
    refused(changed(|m| m["weights"] = json!([])), &["shapes differ"]);
    refused(changed(|m| m["weights"] = json!({"0": 1})), &["damaged"]);
    refused(changed(|m| m["vocabulary"]["document_frequency"] = json!([])), &["document frequencies"]);
    refused(changed(|m| m["labels"] = json!(["threat", "neutral", "a"])), &["ascending order"]);
    refused(changed(|m| m["labels"] = json!(["neutral", "threat", "threat"])), &["distinct"]);
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    for (key, from) in [("weights", "["), ("intercept", "[")] {
        for number in ["1e999", "-1e999", "NaN", "null"] {
            let text = changed_lists(|_| ());
            let at = text.find(&format!("\"{key}\":{from}")).expect("the key") + key.len() + 4;
            let end = at + text[at..].find([',', ']']).expect("a list");
            refused(format!("{}{number}{}", &text[..at], &text[end..]), &["not a usable model"]);
        }
    }
    // within the range of 64 bits, beyond that of 32
    refused(changed_lists(|m| m["weights"][0] = json!(1e39)), &["not a usable model"]);
    let packed = |first: f32| {
        changed(|m| {
            let mut bytes = BASE64_STANDARD.decode(m["weights"].as_str().expect("weights")).expect("base64");
            bytes[..4].copy_from_slice(&first.to_le_bytes());
            m["weights"] = json!(BASE64_STANDARD.encode(bytes));
        })
    };
    refused(packed(f32::NAN), &["not finite"]);
    refused(packed(f32::INFINITY), &["not finite"]);
}

#[test]
fn weights_that_are_not_base64_of_whole_numbers_are_refused() {
    for weights in ["?", "AAA", "AAAAAAA="] {
        refused(changed(|m| m["weights"] = json!(weights)), &["not a usable model"]);
    }
}

#[test]
fn terms_that_are_not_in_order_are_refused() {
    let swapped = changed_lists(|m| m["vocabulary"]["words"].as_array_mut().expect("terms").swap(0, 1));
    refused(swapped, &["ascending order"]);
    let doubled = changed_lists(|m| m["vocabulary"]["words"][1] = m["vocabulary"]["words"][0].clone());
    refused(doubled, &["distinct"]);
    refused(changed_lists(|m| m["vocabulary"]["words"][0] = json!("")), &["empty"]);
    refused(changed_lists(|m| m["vocabulary"]["words"][0] = json!("a|b")), &["a term holds |"]);
    for pair in ["lonely", "one two three", "one ", " "] {
        refused(changed_lists(|m| m["vocabulary"]["pairs"][0] = json!(pair)), &["not a usable model"]);
    }
    let packed = |words: &str| changed(|m| m["vocabulary"]["words"] = json!(words));
    refused(packed("b|a"), &["not a usable model"]);
    refused(packed("||"), &["not a usable model"]);
    refused(packed(""), &["not a usable model"]);
    refused(changed_lists(|m| m["vocabulary"]["documents"] = json!(0)), &["document frequency"]);
    refused(changed_lists(|m| m["vocabulary"]["document_frequency"][0] = json!(0)), &["document frequency"]);
}

#[test]
fn parameters_out_of_range_are_refused() {
    for range in
        [json!([1, 255]), json!([200, 255]), json!([0, 0]), json!([2, 1]), json!([1, 4_000_000_000u32])]
    {
        refused(
            changed(|m| m["params"]["vectorizer"]["word_ngrams"] = range.clone()),
            &["not a usable model"],
        );
        refused(
            changed(|m| m["params"]["vectorizer"]["char_ngrams"] = range.clone()),
            &["not a usable model"],
        );
    }
    for (key, value) in
        [("min_df", json!(0)), ("max_df", json!(-1)), ("max_features", json!(0)), ("norm", json!("l9"))]
    {
        refused(changed(|m| m["params"]["vectorizer"][key] = value), &["not a usable model"]);
    }
    refused(changed(|m| m["params"]["vectorizer"]["surprise"] = json!(1)), &["surprise"]);
    refused(changed(|m| m["surprise"] = json!(1)), &["surprise"]);
}

#[test]
fn a_temperature_that_is_not_above_zero_is_refused() {
    for temperature in [json!(-1), json!(0), json!(-0.0)] {
        refused(changed(|m| m["temperature"] = temperature), &["temperature"]);
    }
}

#[test]
fn weights_that_overflow_when_scaled_are_refused_or_stay_finite() {
    for temperature in [5e-324, 1e-300] {
        let folder = Folder::with("m.json", changed(|m| m["temperature"] = json!(temperature)));
        let mut command = folder.predict_without_model();
        command.args(["--text", "They must leave.", "--model", "m.json", "--explain", "--format", "jsonl"]);
        let outcome = cli::run(&mut command);
        if outcome.code == Some(0) {
            let line = &json_lines(outcome.text())[0];
            assert!(line["explanation"]["logit"].is_f64(), "{line}");
        } else {
            assert_eq!(outcome.code, Some(2));
        }
    }
}

#[test]
fn probabilities_of_very_many_labels_can_be_written() {
    let labels: Vec<String> = (0..2300).map(|i| format!("label {i:04}")).collect();
    let many = changed(|m| {
        m["labels"] = json!(labels);
        m["intercept"] = json!(vec![0.0; labels.len()]);
        m["weights"] = json!([]);
        m["vocabulary"] = json!({"documents": 60, "words": [], "characters": [], "document_frequency": []});
    });
    let folder = Folder::with("m.json", many);
    let mut command = folder.predict_without_model();
    let outcome = cli::run(command.args(["--text", "They must leave.", "--model", "m.json"]));
    assert!(matches!(outcome.code, Some(0 | 2)), "{:?}", outcome.code);
    if outcome.code == Some(0) {
        let confidence: f64 = cli::column(outcome.text(), "confidence")[0].parse().expect("a number");
        assert!((0.0..=1.0).contains(&confidence), "{confidence}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    for deep in ["[".repeat(200_000), "{\"a\":".repeat(200_000)] {
        refused(&deep, &["not a usable model"]);
        refused(
            format!("{{\"format\": \"stance-model\", \"version\": 1, \"params\": {deep}"),
            &["not a usable model"],
        );
    }
}

#[test]
fn provenance_of_another_shape_is_refused_or_can_be_reported() {
    let fewer = changed(|m| {
        m["provenance"]["cross_validation"]["confusion"].as_array_mut().expect("rows").pop();
    });
    let ragged = changed(|m| m["provenance"]["cross_validation"]["confusion"][0] = json!([]));
    for text in [fewer, ragged] {
        if let Ok(model) = Model::from_json(&text, "m.json") {
            stance::report::training(&model);
        }
    }
}

#[test]
fn sums_of_probabilities_are_optional_but_must_fit() {
    let cv = |change: fn(&mut Value)| changed(|m| change(&mut m["provenance"]["cross_validation"]));
    let without = cv(|cv| {
        let cv = cv.as_object_mut().expect("an object");
        assert!(cv.remove("soft_confusion").is_some() && cv.remove("soft_squares").is_some());
    });
    assert!(Model::from_json(&without, "m.json").is_ok());
    refused(cv(|cv| cv["soft_squares"] = Value::Null), &["provenance does not fit"]);
    refused(cv(|cv| cv["soft_confusion"][0] = json!([1.0])), &["provenance does not fit"]);
    refused(cv(|cv| cv["soft_confusion"][0][0] = json!(-1.0)), &["provenance does not fit"]);
}

/// A damaged model may be refused or may still be one; it must not panic.
fn try_model(text: &str) {
    if let Ok(model) = Model::from_json(text, "m.json") {
        let prediction = model.predict("The soldiers must leave near the 2 bases.");
        assert!(prediction.probabilities.iter().all(|p| p.is_finite()), "{prediction:?} of {text}");
        model.explain("The soldiers must leave near the 2 bases.", None);
    }
}

#[test]
fn a_model_cut_at_any_byte_never_panics() {
    let text = model_text();
    for end in 0..text.len() {
        assert!(Model::from_json(&text[..end], "m.json").is_err() || text[end..].trim().is_empty(), "{end}");
    }
}

#[test]
fn a_model_with_any_byte_changed_never_panics() {
    let text = model_text();
    let replacements = [b'0', b'9', b'-', b'"', b','];
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = replacements[at % replacements.len()];
        try_model(&String::from_utf8(bytes).expect("ASCII"));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 200, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn a_model_with_a_stretch_cut_out_or_doubled_never_panics(
        start in 0.0f64..1.0, length in 1usize..200, doubled in proptest::bool::ANY
    ) {
        let text = model_text();
        let start = (start * text.len() as f64) as usize;
        let end = (start + length).min(text.len());
        let (before, after) = (&text[..if doubled { end } else { start }], &text[if doubled { start } else { end }..]);
        try_model(&format!("{before}{after}"));
    }
}
