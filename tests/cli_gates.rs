//! `stance-evaluate`: comparison with a baseline, gates, and what they end
//! with.

mod cli;

use cli::{Folder, column, csv_of, fails, run, succeeds, table, training_csv};
use serde_json::Value;

/// 60 rows, the small model, and a weak one that takes some words for neutral.
fn data() -> Folder {
    let folder = Folder::with("x.csv", training_csv());
    folder.write("small.json", cli::model_text());
    let mislabelled: String = training_csv()
        .lines()
        .map(|line| {
            let misled = line.contains("burn") || line.contains("depart");
            let line = if misled { line.replace(",threat,", ",neutral,") } else { line.to_owned() };
            (if misled { line.replace(",pro-withdrawal,", ",neutral,") } else { line }) + "\n"
        })
        .collect();
    folder.write("mislabelled.csv", mislabelled);
    let options = ["--char-ngrams", "none", "--alpha", "1", "--folds", "0", "--solver", "sparse"];
    succeeds(folder.train().args(["mislabelled.csv", "--output", "weak.json"]).args(options));
    folder
}

fn with_status(folder: &Folder, arguments: &[&str], code: i32, parts: &[&str]) -> String {
    let outcome = run(folder.evaluate().args(arguments));
    assert_eq!(outcome.code, Some(code), "{arguments:?}: {}", outcome.stderr);
    for part in parts {
        assert!(outcome.stderr.contains(part), "no {part:?} in: {}", outcome.stderr);
    }
    outcome.text().to_owned()
}

#[test]
fn the_comparison_as_text_and_markdown() {
    let folder = data();
    let text = succeeds(folder.evaluate().args(["x.csv", "--baseline", "weak.json", "--markdown", "r.md"]));
    let (_, comparison) = text.split_once("against the baseline").expect("a comparison");
    insta::assert_snapshot!(comparison);
    insta::assert_snapshot!(folder.text("r.md").split_once("<details>").expect("folded parts").0);
}

#[test]
fn the_rows_that_changed_are_those_that_differ() {
    let folder = data();
    let files = ["--changes", "c.csv", "--json", "r.json"];
    succeeds(folder.evaluate().args(["x.csv", "--baseline", "weak.json"]).args(files));
    let csv = folder.text("c.csv");
    let (header, rows) = table(&csv, b',');
    assert_eq!(header, ["file", "line", "label", "baseline", "predicted", "confidence", "text"]);
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    let count = |key: &str| report[format!("baseline.{key}")].as_u64().expect("a count") as usize;
    assert_eq!(rows.len(), count("changed"));
    assert!(!rows.is_empty());
    assert_eq!(rows.iter().filter(|r| r[2] == r[4]).count(), count("gained"));
    assert_eq!(rows.iter().filter(|r| r[2] == r[3]).count(), count("lost"));
    assert!(rows.iter().all(|r| r[3] != r[4]), "{csv}");
    assert_eq!(count("both_right") + count("gained") + count("lost") + count("both_wrong"), 60);
    let mut lines: Vec<usize> = column(&csv, "line").iter().map(|l| l.parse().expect("a line")).collect();
    lines.dedup();
    assert!(lines.is_sorted() && lines.len() == rows.len());
}

#[test]
fn a_lower_end_that_clears_the_bound_passes_and_one_that_does_not_fails() {
    let folder = data();
    let passing = with_status(&folder, &["x.csv", "--min-lower", "accuracy=0.5"], 0, &["gate passed"]);
    assert!(passing.starts_with("60 rows"));
    // the figure itself would clear it
    let both = ["x.csv", "--min", "accuracy=0.8", "--min-lower", "accuracy=0.8"];
    with_status(
        &folder,
        &both,
        1,
        &["gate passed: accuracy is 0.8000", "gate FAILED: accuracy is 0.8000 (95 %:"],
    );
}

#[test]
fn a_lower_end_that_is_undefined_decides_nothing() {
    let folder = data();
    folder.write("one.csv", "text,label\nThe soldiers leave near the base,pro-withdrawal\n");
    for gate in ["accuracy=0", "recall:threat=0", "ece=0", "log-loss=0"] {
        with_status(&folder, &["one.csv", "--min-lower", gate], 2, &["error: "]);
    }
    // one group says nothing about noise, however many its rows
    let grouped = training_csv().replace(",paper ", ",the paper,");
    folder.write("group.csv", grouped.replace("source", "source,page"));
    let arguments = ["group.csv", "--group-column", "source", "--min-lower", "accuracy=0"];
    with_status(&folder, &arguments, 2, &["error: a gate cannot be decided: accuracy has no interval"]);
    // nor do 29 rows say enough
    let few: Vec<String> = training_csv().lines().take(30).map(str::to_owned).collect();
    folder.write("few.csv", few.join("\n"));
    with_status(&folder, &["few.csv", "--min-lower", "accuracy=0"], 2, &["fewer than 30 rows"]);
    with_status(&folder, &["few.csv", "--no-worse-than", "small.json"], 2, &["fewer than 30 rows"]);
}

#[test]
fn reports_are_written_also_when_a_gate_is_undecided() {
    let folder = data();
    folder.write("one.csv", "text,label\nThe soldiers leave near the base,pro-withdrawal\n");
    let arguments = ["one.csv", "--min", "accuracy=0.5", "--min", "recall:threat=0", "--min", "accuracy=1.1"];
    let files = ["--json", "r.json", "--junit", "r.xml", "--markdown", "r.md"];
    let text = with_status(&folder, &[&arguments[..], &files].concat(), 2, &["recall:threat is undefined"]);
    assert!(text.starts_with("1 rows"));
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    let verdicts: Vec<&str> =
        report["gates"].as_array().expect("gates").iter().filter_map(|g| g["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["passed", "undecided", "failed"]);
    assert!(folder.text("r.md").starts_with("### Stance evaluation: 1 of 3 gates FAILED, 1 UNDECIDED\n"));
    insta::assert_snapshot!(folder.text("r.xml"));
}

#[test]
fn no_worse_than_itself_passes() {
    let arguments = ["x.csv", "--no-worse-than", "small.json"];
    with_status(&data(), &arguments, 0, &["gate passed: macro-f1 changed by +0.0000"]);
}

#[test]
fn no_worse_than_goes_by_the_end_of_the_interval_that_would_be_worse() {
    let folder = data();
    let better = ["x.csv", "--no-worse-than", "weak.json", "--margin", "0", "--margin", "log-loss=0"];
    with_status(&folder, &better, 0, &["passed: macro-f1 changed by +", "passed: log-loss changed by -"]);
    for margin in ["0.01", "accuracy=0.01", "log-loss=0.01"] {
        let worse = ["x.csv", "--model", "weak.json", "--no-worse-than", "small.json", "--margin", margin];
        let mut command = folder.evaluate_without_model();
        let outcome = run(command.args(worse));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("gate FAILED"), "{}", outcome.stderr);
    }
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let folder = data();
    folder.write("others.csv", csv_of(["for", "against", "neither"]));
    let options = ["--folds", "0", "--alpha", "1", "--solver", "sparse", "--output", "others.json"];
    succeeds(folder.train().arg("others.csv").args(options));
    let compare = |data: &str, baseline: &str, parts: &[&str]| {
        fails(folder.evaluate().args([data, "--no-worse-than", baseline]), parts);
    };
    compare("x.csv", "others.json", &["against, for, neither"]);
    compare("x.csv", "nope.json", &["nope.json"]);
    compare("x.csv", "x.csv", &["x.csv: not a usable model"]);
    folder.write("none.csv", "text,label\n");
    compare("none.csv", "weak.json", &["none.csv", "no rows"]);
    folder.write("one.csv", "text,label\nThe soldiers leave near the base,pro-withdrawal\n");
    compare("one.csv", "weak.json", &["cannot be compared"]);
    let neutral: Vec<String> =
        training_csv().lines().map(|line| line.replace(",threat,", ",neutral,")).collect();
    folder.write("neutral.csv", neutral.join("\n"));
    for margin in ["recall:threat=0.1", "ece=0.1"] {
        let undefined = ["neutral.csv", "--no-worse-than", "weak.json", "--margin", margin];
        fails(folder.evaluate().args(undefined), &["cannot be compared"]);
    }
}

#[test]
fn gates_that_make_no_sense_are_errors() {
    let folder = data();
    let cases: [(&[&str], &str); 10] = [
        (&["--min", "f-avg=0.5"], "--f-avg"),
        (&["--min-lower", "log-loss=0.5"], "lower is better"),
        (&["--min", "contrasts=0.5"], "--contrasts"),
        (&["--min", "accuracy=inf"], "METRIC=VALUE"),
        (&["--margin", "0.1"], "--no-worse-than"),
        (&["--no-worse-than", "weak.json", "--margin=-0.1"], "at least 0"),
        (&["--no-worse-than", "weak.json", "--margin", "contrasts=0.1"], "no \"contrasts\""),
        (&["--no-worse-than", "weak.json", "--baseline", "small.json"], "cannot be used with"),
        (&["--changes", "c.csv"], "--baseline"),
        (&["--f-avg", "threat,treat"], "\"treat\""),
    ];
    let before = folder.names();
    for (arguments, part) in cases {
        fails(folder.evaluate().arg("x.csv").args(arguments), &[part]);
    }
    assert_eq!(folder.names(), before);
}

#[test]
fn the_mean_of_chosen_labels_is_reported_and_gated() {
    let folder = data();
    let chosen = ["x.csv", "--f-avg", "threat, pro-withdrawal", "--json", "r.json"];
    let text = with_status(&folder, &[&chosen[..], &["--min", "f-avg=0.5"]].concat(), 0, &["passed: f-avg"]);
    assert!(text.contains("(F-avg: mean F1 of pro-withdrawal, threat)"), "{text}");
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    let f1 = |label: &str| report[format!("f1:{label}")].as_f64().expect("a number");
    assert_eq!(report["f_avg"].as_f64(), Some((f1("pro-withdrawal") + f1("threat")) / 2.0));
    assert_eq!(report["f_avg_labels"], serde_json::json!(["pro-withdrawal", "threat"]));
}

#[test]
fn the_comparison_is_the_same_whatever_the_number_of_threads() {
    let folder = data();
    let mut reports = Vec::new();
    for threads in ["1", "3"] {
        let arguments = ["x.csv", "--group-column", "source", "--baseline", "weak.json", "--json", "r.json"];
        succeeds(folder.evaluate().args(arguments).env("RAYON_NUM_THREADS", threads));
        reports.push(folder.read("r.json"));
    }
    assert_eq!(reports[0], reports[1]);
}
