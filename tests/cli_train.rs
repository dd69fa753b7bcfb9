//! `stance-train`: what it writes, what it prints, and that both repeat.

mod cli;

use assert_cmd::Command;
use cli::{Folder, LABELS, column, csv_of, succeeds, training_csv};
use serde_json::Value;
use stance::Model;

/// Trains on x.csv with a fixed alpha, which is quick.
fn train(folder: &Folder, output: &str) -> Command {
    let mut command = folder.train();
    command.args(["x.csv", "--alpha", "1", "--output", output]);
    command
}

fn model_json(folder: &Folder, name: &str) -> Value {
    serde_json::from_slice(&folder.read(name)).expect("the model is JSON")
}

#[test]
fn the_scores_are_printed_and_the_model_can_be_loaded() {
    let folder = Folder::with("x.csv", training_csv());
    let stdout = succeeds(&mut train(&folder, "m.json"));
    let parts =
        ["60 rows", "neutral 20", "threat 20", "accuracy", "macro-F1", "precision", "support", "m.json"];
    for part in parts {
        assert!(stdout.contains(part), "no {part:?} in {stdout}");
    }
    let model = Model::load(&folder.path().join("m.json")).expect("the model loads");
    assert_eq!(model.labels().names(), LABELS);
    assert_eq!(model.provenance().rows, 60);
    assert_eq!(folder.names(), ["m.json", "x.csv"]);
}

#[test]
fn two_runs_give_the_same_bytes() {
    let folder = Folder::with("x.csv", training_csv());
    let mut stdout = Vec::new();
    for name in ["a.json", "b.json"] {
        stdout.push(succeeds(&mut train(&folder, name)).replace(name, "m.json"));
    }
    assert_eq!(stdout[0], stdout[1]);
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let folder = Folder::with("x.csv", training_csv());
    for threads in ["1", "4"] {
        let output = format!("{threads}.json");
        succeeds(folder.train().args(["x.csv", "--threads", threads, "--output", &output]));
    }
    assert_eq!(folder.read("1.json"), folder.read("4.json"));
}

#[test]
fn neither_name_nor_folder_of_the_data_is_in_the_model() {
    let folder = Folder::with("x.csv", training_csv());
    folder.write("y.csv", training_csv());
    succeeds(&mut train(&folder, "x.json"));
    succeeds(folder.train().args(["./y.csv", "--alpha", "1", "--output", "y.json"]));
    assert_eq!(folder.read("x.json"), folder.read("y.json"));
}

#[test]
fn another_seed_is_recorded() {
    let folder = Folder::with("x.csv", training_csv());
    succeeds(train(&folder, "m.json").args(["--seed", "8"]));
    assert_eq!(model_json(&folder, "m.json")["params"]["seed"], 8);
}

#[test]
fn auto_prints_the_choice_of_alpha() {
    let folder = Folder::with("x.csv", training_csv());
    let stdout = succeeds(folder.train().args(["x.csv", "--output", "m.json"]));
    assert!(stdout.contains("choice of alpha"), "{stdout}");
    assert_eq!(stdout.lines().filter(|line| line.ends_with(" <")).count(), 1, "{stdout}");
}

#[test]
fn a_label_set_of_ones_own_works_from_end_to_end() {
    let labels = ["Frieden", "Krieg", "später \"mal\", vielleicht"];
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["id", "text", "label"]).expect("write");
    for (i, (text, label)) in cli::labelled_rows(labels).iter().enumerate() {
        csv.write_record([&i.to_string(), text.as_str(), label]).expect("write");
    }
    let folder = Folder::with("x.csv", csv.into_inner().expect("flush"));
    succeeds(&mut train(&folder, "m.json"));
    let csv = succeeds(folder.predict_without_model().args(["x.csv", "--model", "m.json"]));
    let (truth, predicted) = (column(&csv, "label"), column(&csv, "predicted"));
    let right = truth.iter().zip(&predicted).filter(|(t, p)| t == p).count();
    assert!(right >= 45, "{right} of 60 right");
    assert_eq!(column(&csv, "p_später \"mal\", vielleicht").len(), 60);
}

#[test]
fn two_labels_and_other_column_names_work() {
    let csv = csv_of(["no", "yes", "yes"]).replace("text,label", "statement,answer");
    let folder = Folder::with("x.csv", csv);
    succeeds(train(&folder, "m.json").args(["--text-column", "statement", "--label-column", "answer"]));
    let model = Model::load(&folder.path().join("m.json")).expect("the model loads");
    assert_eq!(model.labels().names(), ["no", "yes"]);
}

#[test]
fn groups_are_kept_whole() {
    let folder = Folder::with("x.csv", training_csv());
    let stdout = succeeds(train(&folder, "m.json").args(["--group-column", "source"]));
    assert!(stdout.contains("groups kept whole"), "{stdout}");
    assert_eq!(model_json(&folder, "m.json")["provenance"]["cross_validation"]["grouped"], true);
    succeeds(&mut train(&folder, "other.json"));
    assert_eq!(model_json(&folder, "other.json")["provenance"]["cross_validation"]["grouped"], false);
}

#[test]
fn groups_that_leave_a_fold_without_a_label_are_no_panic() {
    let folder = Folder::with("x.csv", training_csv());
    folder.write("one.csv", training_csv().replace(",paper ", ",paper,").replace("source", "source,n"));
    for (data, column) in [("x.csv", "label"), ("one.csv", "source")] {
        let mut command = folder.train();
        command.args([data, "--alpha", "1", "-o", "m.json", "--group-column", column]);
        let outcome = cli::run(&mut command);
        match outcome.code {
            Some(0) => {}
            Some(2) => assert!(outcome.stderr.contains("group"), "what to do? {}", outcome.stderr),
            other => panic!("{other:?}: {}", outcome.stderr),
        }
    }
}

#[test]
fn balanced_weights_help_the_rare_label() {
    let mut lines: Vec<String> = training_csv().lines().map(str::to_owned).collect();
    let mut threats = 0;
    lines.retain(|line| {
        threats += usize::from(line.contains(",threat,"));
        !line.contains(",threat,") || threats <= 6
    });
    let folder = Folder::with("x.csv", lines.join("\n"));
    let threat_of = |options: &[&str]| -> f64 {
        succeeds(train(&folder, "m.json").args(options));
        let args = ["--text", "The soldiers wait", "--model", "m.json"];
        let csv = succeeds(folder.predict_without_model().args(args));
        column(&csv, "p_threat")[0].parse().expect("a number")
    };
    let (none, balanced) = (threat_of(&[]), threat_of(&["--class-weight", "balanced"]));
    assert!(balanced > none, "{balanced} against {none}");
}

#[test]
fn all_solvers_agree() {
    let folder = Folder::with("x.csv", training_csv());
    let mut predictions: Vec<Vec<f64>> = Vec::new();
    for (solver, part) in [("sparse", "sparse"), ("auto", "linfa"), ("linfa", "linfa")] {
        let stdout = succeeds(train(&folder, "m.json").args(["--solver", solver]));
        assert!(stdout.contains(part), "{solver}: {stdout}");
        let csv = succeeds(folder.predict_without_model().args(["x.csv", "--model", "m.json"]));
        predictions.push(column(&csv, "p_threat").iter().map(|p| p.parse().expect("a number")).collect());
    }
    for other in &predictions[1..] {
        for (a, b) in predictions[0].iter().zip(other) {
            assert!((a - b).abs() < 1e-3, "{a} against {b}");
        }
    }
}

#[test]
fn several_files_are_one_data_set() {
    let folder = Folder::with("x.csv", training_csv());
    let csv = training_csv();
    let (header, rows) = csv.split_once('\n').expect("a header");
    let at = rows.match_indices('\n').nth(29).expect("rows").0 + 1;
    folder.write("one.csv", format!("{header}\n{}", &rows[..at]));
    // other columns in another order are fine, as long as the named ones are there
    folder.write("two.csv", format!("{header}\n{}", &rows[at..]));
    succeeds(&mut train(&folder, "whole.json"));
    succeeds(folder.train().args(["one.csv", "two.csv", "--alpha", "1", "-o", "parts.json"]));
    assert_eq!(folder.read("whole.json"), folder.read("parts.json"));
}

#[test]
fn standard_input_is_read_by_a_dash() {
    let folder = Folder::with("x.csv", training_csv());
    succeeds(&mut train(&folder, "file.json"));
    succeeds(folder.train().args(["-", "--alpha", "1", "-o", "stdin.json"]).write_stdin(training_csv()));
    assert_eq!(folder.read("file.json"), folder.read("stdin.json"));
}

#[test]
fn an_older_model_is_replaced() {
    let folder = Folder::with("x.csv", training_csv());
    folder.write("m.json", "x".repeat(1_000_000));
    succeeds(&mut train(&folder, "m.json"));
    Model::load(&folder.path().join("m.json")).expect("only the new model is in the file");
}

#[test]
fn no_terms_left_says_what_to_lower() {
    let folder = Folder::with("x.csv", training_csv());
    cli::fails(train(&folder, "m.json").args(["--min-df", "1000"]), &["--min-df"]);
    assert_eq!(folder.names(), ["x.csv"]);
}

const LEXICON: &str = r#"
scope = 4
reach = 3
negators = ["not", "won't"]

[tags]
foreign = ["French", "American"]
force = ["soldiers", "troops"]
leave = ["leave", "pack"]
"#;

#[test]
fn a_lexicon_is_learned_from_stored_and_shown() {
    let folder = Folder::with("x.csv", training_csv());
    let mut tagged = String::from("text,label\n");
    for i in 0..20 {
        tagged.push_str(&format!("French soldiers must pack said town {i},pro-withdrawal\n"));
        tagged.push_str(&format!("French soldiers must not pack said town {i},neutral\n"));
    }
    folder.write("y.csv", tagged);
    folder.write("lexicon.toml", LEXICON);
    let stdout = succeeds(train(&folder, "m.json").args(["y.csv", "--lexicon", "lexicon.toml"]));
    assert!(stdout.contains("100 rows"), "{stdout}");
    let model = model_json(&folder, "m.json");
    assert_eq!(
        model["params"]["vectorizer"]["lexicon"]["tags"]["leave"],
        serde_json::json!(["leave", "pack"])
    );

    let described = succeeds(folder.predict_without_model().args(["--describe", "--model", "m.json"]));
    for part in ["lexicon, scope 4, reach 3", "negators: not won't", "<foreign>: French American"] {
        assert!(described.contains(part), "no {part:?} in {described}");
    }

    // no training row has these words, but their tags
    let text = ["--text", "American troops leave", "--explain", "--format", "jsonl"];
    let explained = succeeds(folder.predict_without_model().args(["--model", "m.json"]).args(text));
    assert!(explained.contains("<foreign> .. <force>"), "{explained}");
    assert!(explained.contains("\"predicted\":\"pro-withdrawal\""), "{explained}");
}

#[test]
fn a_lexicon_that_cannot_be_read_leaves_the_old_model_whole() {
    let folder = Folder::with("x.csv", training_csv());
    folder.write("m.json", "old");
    let no_words = LEXICON.replace("\"won't\"]", "3]");
    let two_words = LEXICON.replace("\"pack\"", "\"pull out\"");
    for (name, contents, parts) in [
        ("a.toml", no_words, ["a.toml:4: not a lexicon", "string"]),
        ("b.toml", two_words, ["--lexicon", "\"pull out\" is not one word"]),
    ] {
        folder.write(name, contents);
        cli::fails(train(&folder, "m.json").args(["--lexicon", name]), &parts);
    }
    cli::fails(train(&folder, "m.json").args(["--lexicon", "none.toml"]), &["none.toml"]);
    assert_eq!(folder.text("m.json"), "old");
}
