//! `stance-evaluate`: reports and gates.

mod cli;

use cli::{Folder, column, run, succeeds, table};
use serde_json::Value;

/// Eight rows of which the small model gets six right.
const DATA: &str = "id,text,label,region\n\
    1,The soldiers leave near the base,pro-withdrawal,north\n\
    2,They withdraw and go,pro-withdrawal,north\n\
    3,They attack and burn the city,threat,north\n\
    4,The soldiers kill near the port,threat,south\n\
    5,They met and discussed,neutral,south\n\
    6,They visited the valley,neutral,south\n\
    7,They will leave in the end,threat,north\n\
    8,The soldiers destroy near the border,neutral,south\n";

fn data() -> Folder {
    Folder::with("x.csv", DATA)
}

#[test]
fn the_text_report() {
    insta::assert_snapshot!(succeeds(data().evaluate().args(["x.csv", "--by", "region"])));
}

#[test]
fn the_markdown_report() {
    let folder = data();
    succeeds(folder.evaluate().args(["x.csv", "--by", "region", "--markdown", "r.md"]));
    insta::assert_snapshot!(folder.text("r.md"));
}

#[test]
fn the_json_report_has_flat_keys_with_numbers() {
    let folder = data();
    succeeds(folder.evaluate().args(["x.csv", "--by", "region", "--json", "r.json"]));
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    let number = |key: &str| report[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", report[key]));
    assert_eq!((number("rows"), number("accuracy")), (8.0, 0.75));
    assert_eq!((number("region=north.rows"), number("region=north.accuracy")), (4.0, 0.75));
    assert_eq!(number("support:threat"), 3.0);
    assert_eq!(number("precision:pro-withdrawal"), 2.0 / 3.0);
    assert_eq!(number("recall:neutral"), 2.0 / 3.0);
    for key in ["macro_f1", "macro_f1_low", "accuracy_high", "log_loss", "brier", "ece", "balanced_accuracy"]
    {
        assert!(number(key) >= 0.0, "{key}");
    }
    assert_eq!(report["confusion"], serde_json::json!([[2, 0, 1], [0, 2, 0], [0, 1, 2]]));
    for key in ["model_sha256", "data_sha256"] {
        assert_eq!(report[key].as_str().map(str::len), Some(64), "{key}");
    }
}

/// Whoever reads the file goes by these names; docs/evaluation.md explains them.
#[test]
fn the_keys_of_the_json_report_and_their_order() {
    let folder = data();
    folder.write("small.json", cli::model_text());
    let arguments = ["x.csv", "--baseline", "small.json", "--min", "accuracy=0", "--json", "r.json"];
    succeeds(folder.evaluate().args(arguments));
    let report: serde_json::Map<String, Value> =
        serde_json::from_slice(&folder.read("r.json")).expect("an object");
    insta::assert_snapshot!(report.keys().cloned().collect::<Vec<_>>().join("\n"));
}

/// The digest is that of the file, whatever else wrote it.
#[test]
fn the_model_is_named_by_the_digest_of_its_file() {
    let folder = data();
    folder.write("same.json", cli::model_text() + "\n");
    let digest = |model: &str| {
        let mut command = folder.evaluate_without_model();
        succeeds(command.args(["x.csv", "--model", model, "--json", "r.json"]));
        let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
        report["model_sha256"].as_str().expect("a digest").to_owned()
    };
    let of_bytes = |bytes: Vec<u8>| -> String {
        use sha2::Digest;
        sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(digest("same.json"), of_bytes(folder.read("same.json")));
}

#[test]
fn slices_with_few_rows_or_groups_are_marked() {
    let folder = Folder::new();
    let rows = |region: &str, groups: usize| -> String {
        (0..40).map(|i| format!("They leave,pro-withdrawal,{region},{region}{}\n", i % groups)).collect()
    };
    folder.write("x.csv", format!("text,label,region,paper\n{}{}", rows("a", 40), rows("b", 29)));
    let text = |options: &[&str]| succeeds(folder.evaluate().args(["x.csv", "--by", "region"]).args(options));
    assert!(!text(&[]).contains('*'));
    let grouped = text(&["--group-column", "paper"]);
    assert!(grouped.starts_with("80 rows in 69 groups\n"), "{grouped}");
    assert!(grouped.contains("region=b *") && grouped.contains("region=a  "), "{grouped}");
    assert!(grouped.contains("* fewer than 30 rows or groups"), "{grouped}");
}

#[test]
fn figures_that_resampling_does_not_move_have_no_interval() {
    let rows = "They leave,pro-withdrawal\n".repeat(40);
    let folder = Folder::with("x.csv", format!("text,label\n{rows}"));
    let text = succeeds(folder.evaluate().arg("x.csv"));
    let accuracy = text.lines().find(|line| line.contains("accuracy")).expect("a figure");
    assert_eq!(accuracy.split_whitespace().collect::<Vec<_>>(), ["accuracy", "1.000"]);
}

#[test]
fn the_same_run_gives_the_same_reports() {
    let folder = data();
    for name in ["a", "b"] {
        let (json, markdown) = (format!("{name}.json"), format!("{name}.md"));
        succeeds(folder.evaluate().args(["x.csv", "--json", &json, "--markdown", &markdown]));
    }
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
    assert_eq!(folder.read("a.md"), folder.read("b.md"));
}

#[test]
fn the_error_list_has_the_wrong_rows_with_their_lines() {
    let folder = data();
    succeeds(folder.evaluate().args(["x.csv", "--errors", "e.csv"]));
    let csv = folder.text("e.csv");
    let (header, rows) = table(&csv, b',');
    assert_eq!(header, ["file", "line", "label", "predicted", "confidence", "text"]);
    let mut found: Vec<[&str; 4]> =
        rows.iter().map(|r| [r[0].as_str(), r[1].as_str(), r[2].as_str(), r[3].as_str()]).collect();
    found.sort_unstable();
    assert_eq!(found, [["x.csv", "8", "threat", "pro-withdrawal"], ["x.csv", "9", "neutral", "threat"]]);
    let confidence: Vec<f64> =
        column(&csv, "confidence").iter().map(|c| c.parse().expect("a number")).collect();
    assert!(confidence[0] >= confidence[1], "most confident first: {confidence:?}");
}

#[test]
fn gates_that_pass_end_with_0() {
    let folder = data();
    let gates =
        ["--min", "accuracy=0.75", "--min", "recall:threat=0.6", "--max", "log-loss=2", "--max", "ece=1"];
    let outcome = run(folder.evaluate().arg("x.csv").args(gates));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("passed").count(), 4, "{}", outcome.stderr);
    assert!(outcome.text().starts_with("8 rows"));
}

#[test]
fn one_gate_that_fails_ends_with_1_and_says_by_how_much() {
    let folder = data();
    let gates = ["--min", "accuracy=0.76", "--min", "macro-f1=0.1", "--json", "r.json"];
    let outcome = run(folder.evaluate().arg("x.csv").args(gates));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("FAILED: accuracy is 0.7500, must be at least 0.76"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("passed: macro-f1"), "{}", outcome.stderr);
    assert!(outcome.text().starts_with("8 rows"));
    assert_eq!(folder.names(), ["r.json", "x.csv"]);
    assert_eq!(run(folder.evaluate().args(["x.csv", "--max", "brier=0.0"])).code, Some(1));
}

#[test]
fn an_unknown_metric_is_an_error_that_lists_those_there_are() {
    let folder = data();
    for metric in ["accurracy=0.5", "recall:treat=0.5", "f1=0.5"] {
        let parts = ["macro-f1", "recall:LABEL", "pro-withdrawal"];
        cli::fails(folder.evaluate().args(["x.csv", "--min", metric]), &parts);
    }
}

#[test]
fn a_metric_that_is_undefined_on_the_data_is_an_error_not_a_pass() {
    let folder = Folder::with("x.csv", "text,label\nThe soldiers leave near the base,pro-withdrawal\n");
    cli::fails(
        folder.evaluate().args(["x.csv", "--min", "recall:threat=0"]),
        &["recall:threat", "undefined"],
    );
}

#[test]
fn undefined_figures_are_null_in_json_and_a_dash_in_text() {
    let folder = Folder::with("x.csv", "text,label\nThe soldiers leave near the base,pro-withdrawal\n");
    let text = succeeds(folder.evaluate().args(["x.csv", "--json", "r.json", "--markdown", "r.md"]));
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    assert_eq!(report["recall:threat"], Value::Null);
    for text in [text, folder.text("r.md")] {
        assert!(!text.contains("NaN") && text.contains('-'), "{text}");
    }
}

#[test]
fn slices_by_several_columns_cover_all_rows() {
    let folder = data();
    let text = succeeds(folder.evaluate().args(["x.csv", "--by", "region,label"]));
    for slice in ["region=north", "region=south", "label=neutral", "label=pro-withdrawal", "label=threat"] {
        assert!(text.contains(slice), "no {slice} in {text}");
    }
}

#[test]
fn a_slice_with_a_bar_or_a_line_break_does_not_break_the_markdown_table() {
    let csv = "text,label,region\nThey leave,pro-withdrawal,\"a|b\nc\"\nThey attack,threat,d\n";
    let folder = Folder::with("x.csv", csv);
    succeeds(folder.evaluate().args(["x.csv", "--by", "region", "--markdown", "r.md"]));
    let markdown = folder.text("r.md");
    let slices = markdown.lines().skip_while(|line| !line.contains("| slice |"));
    let table: Vec<&str> = slices.take_while(|line| line.starts_with('|')).collect();
    assert_eq!(table.len(), 4, "a header, a rule, two slices: {markdown}");
    for line in table {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 8, "{line}");
    }
}

#[test]
fn several_files_and_standard_input_count_together() {
    let folder = data();
    let text = succeeds(folder.evaluate().args(["x.csv", "-"]).write_stdin(DATA));
    assert!(text.starts_with("16 rows"), "{text}");
}

#[test]
fn data_without_errors_gives_a_header_only() {
    let folder = Folder::with("x.csv", "text,label\nThe soldiers leave near the base,pro-withdrawal\n");
    succeeds(folder.evaluate().args(["x.csv", "--errors", "e.csv"]));
    assert_eq!(folder.text("e.csv"), "file,line,label,predicted,confidence,text\n");
}
