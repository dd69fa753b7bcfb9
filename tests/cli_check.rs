//! `stance-check`: findings with their lines, exit statuses, JSON.

mod cli;

use assert_cmd::Command;
use cli::{Folder, LABELS, csv_of, fails, run, succeeds};
use serde_json::Value;

const CLEAN: &str = "text,label\n\
    They must leave our country now,go\n\
    Talks on trade went on in the capital,neutral\n";

fn check(folder: &Folder) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("stance-check");
    command.current_dir(folder.path()).env_remove("RUST_BACKTRACE");
    command.timeout(std::time::Duration::from_secs(120));
    command
}

/// Five rows a label without anything to warn of.
fn clean() -> String {
    let mut csv = "text,label\n".to_owned();
    for place in ["north", "south", "east", "west", "centre"] {
        csv.push_str(&format!("They must leave the {place} now,go\nTalks in the {place} went on,neutral\n"));
    }
    csv
}

/// Kind, lines and files of the findings in the JSON report.
fn findings(report: &Value) -> Vec<(String, Vec<String>)> {
    let found = report["findings"].as_array().expect("a list");
    let places = |finding: &Value| {
        let places = finding["places"].as_array().expect("a list").iter();
        places.map(|p| format!("{}:{}", p["file"].as_str().expect("file"), p["line"])).collect()
    };
    found.iter().map(|f| (f["kind"].as_str().expect("kind").to_owned(), places(f))).collect()
}

fn json(folder: &Folder) -> Value {
    serde_json::from_slice(&folder.read("r.json")).expect("JSON")
}

#[test]
fn clean_data_has_no_warnings_and_passes() {
    let folder = Folder::with("x.csv", clean());
    let text = succeeds(check(&folder).args(["x.csv", "--no-model", "--fail-on-warnings"]));
    assert!(text.starts_with("x.csv: 10 rows\n"), "{text}");
    assert!(text.ends_with("0 warnings, 0 notes\n"), "{text}");
    assert!(!text.contains("WARNING"), "{text}");
}

#[test]
fn findings_have_their_lines_and_say_what_to_do() {
    let mut csv = clean();
    csv.push_str(concat!(
        ",go\n",                                                     // 12
        "Nobody said what this is,\n",                               // 13
        "\"They must\nleave the NORTH, now!\",go\n",                 // 14, a duplicate of 2
        "They must leave the south now,neutral\n",                   // 16, contradicts 4
        "Nothing new to say here,Go\n",                              // 17
        "Leave!,go\n",                                               // 18
        "The old minister said twice that talks were over,go\n",     // 19
        "The old minister said twice that talks were over now,go\n", // 20, nearly 19
    ));
    csv.push_str(&format!("{},go\n", "word ".repeat(101))); // 21
    let folder = Folder::with("x.csv", &csv);
    let outcome = run(check(&folder).args(["x.csv", "--no-model", "--json", "r.json", "--fail-on-warnings"]));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let expected = [
        ("empty-text", vec!["x.csv:12"]),
        ("empty-label", vec!["x.csv:13"]),
        ("label-spelling", vec!["x.csv:17"]),
        ("conflict", vec!["x.csv:4", "x.csv:16"]),
        ("duplicate", vec!["x.csv:2", "x.csv:14"]),
        ("near-duplicate", vec!["x.csv:19", "x.csv:20"]),
        ("short-text", vec!["x.csv:18"]),
        ("long-text", vec!["x.csv:21"]),
    ];
    let report = json(&folder);
    let expected = expected.map(|(kind, places)| {
        (kind.to_owned(), places.iter().map(|&place| place.to_owned()).collect::<Vec<_>>())
    });
    assert_eq!(findings(&report), expected);
    let text = outcome.text();
    for part in [
        "WARNING: empty texts (1)\n  Fill them in or delete the rows.\n  x.csv:12\n",
        "  x.csv:4, :16: go, neutral\n    They must leave the south now\n",
        "\"Go\" (1 row), next to \"go\" (11 rows)",
        "0.88 similar",
        "1 word\n",
        "8 warnings, 0 notes\n",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn warnings_alone_end_with_0() {
    let folder = Folder::with("x.csv", CLEAN);
    let text = succeeds(check(&folder).args(["x.csv"]));
    assert!(text.contains("labels with fewer than 5 rows (2)"), "{text}");
    assert!(
        text.contains("left out: labels that a model doubts: there are no two labels with 5 rows"),
        "{text}"
    );
}

#[test]
fn unknown_labels_are_listed() {
    let folder = Folder::with("x.csv", clean() + "Nothing new to say here,treat\n");
    let arguments = ["x.csv", "--no-model", "--labels", "go, neutral,threat", "--json", "r.json"];
    let text = succeeds(check(&folder).args(arguments));
    assert!(text.contains("labels that --labels does not name (1)"), "{text}");
    assert_eq!(findings(&json(&folder)), [("unknown-label".to_owned(), vec!["x.csv:12".to_owned()])]);
}

#[test]
fn leaks_into_another_file_are_found_without_its_labels() {
    let folder = Folder::with("x.csv", clean() + "The old minister said twice that talks were over,go\n");
    folder.write(
        "y.csv",
        "text\nThey must LEAVE the north now.\n\
            The old minister said twice that talks were over now\nA new text\n",
    );
    let text = succeeds(check(&folder).args(["x.csv", "y.csv", "--no-model", "--json", "r.json"]));
    assert!(text.contains("  x.csv:2, y.csv:2\n"), "{text}");
    assert!(text.contains("  x.csv:12, y.csv:3: 0.88 similar\n"), "{text}");
    assert!(text.contains("left out: checks of labels in y.csv"), "{text}");
    let report = json(&folder);
    assert_eq!(
        (&report["counts"]["leak"], &report["counts"]["near-leak"], &report["warnings"]),
        (&1.into(), &1.into(), &2.into())
    );
    let strict = succeeds(check(&folder).args(["x.csv", "y.csv", "--no-model", "--near", "0.9"]));
    assert!(!strict.contains("similar"), "{strict}");
}

#[test]
fn near_duplicates_of_one_group_are_where_they_belong() {
    let csv = "text,label,set\n\
        The old minister said twice that talks were over,go,a\n\
        The old minister said twice that talks were over now,go,a\n";
    let folder = Folder::with("x.csv", csv);
    let arguments = ["x.csv", "--no-model", "--group-column", "set"];
    let text = succeeds(check(&folder).args(arguments));
    assert!(text.contains("1 pair of almost the same text share a group"), "{text}");
    assert!(text.contains("1 group with 2 rows"), "{text}");
    assert!(!text.contains("similar"), "{text}");
}

#[test]
fn a_wrong_label_is_the_first_suspect_and_only_a_note() {
    let mut csv = clean();
    for i in 0..20 {
        csv.push_str(&format!("They must leave our land at once says number {i},go\n"));
        csv.push_str(&format!("Talks on trade and grain went on in room {i},neutral\n"));
    }
    csv.push_str("Talks on trade and grain went on in the old palace,go\n"); // 52
    let folder = Folder::with("x.csv", csv);
    let arguments = ["x.csv", "--suspects", "1", "--near", "1", "--fail-on-warnings", "--json", "r.json"];
    let text = succeeds(check(&folder).args(arguments));
    assert_eq!(findings(&json(&folder)), [("suspect".to_owned(), vec!["x.csv:52".to_owned()])]);
    assert!(text.contains("  x.csv:52: go (0.") && text.contains("rather neutral (0."), "{text}");
    assert!(text.ends_with("0 warnings, 1 note\n"), "{text}");
}

#[test]
fn a_label_of_one_group_leaves_the_model_out_and_the_rest_in() {
    let mut csv = clean().replace(",go", ",go,a").replace(",neutral", ",neutral,");
    csv = csv.replace("text,label", "text,label,set") + "Leave!,go,a\n";
    let folder = Folder::with("x.csv", csv);
    let text = succeeds(check(&folder).args(["x.csv", "--group-column", "set"]));
    assert!(text.contains("left out: labels that a model doubts: "), "{text}");
    assert!(text.contains("x.csv:12: 1 word\n"), "{text}");
}

#[test]
fn coders_need_no_label_column() {
    let csv = "text,a,b\nOne text of one kind,x,x\nAnother of two kinds,x,y\nHalf of a row here,x,\n\
        A row of no one,,\nThe last one of all,y,y\n";
    let folder = Folder::with("x.csv", csv);
    let text = succeeds(check(&folder).args(["x.csv", "--coders", "a,b", "--json", "r.json"]));
    for part in ["3 rows labelled by a and b, 1 by one of them, 1 by neither", "66.7 %", "0.400", "0.444"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let report = json(&folder);
    assert_eq!(report["agreement"]["confusion"], serde_json::json!([[1, 1], [0, 1]]));
    assert_eq!(findings(&report), [("disagreement".to_owned(), vec!["x.csv:3".to_owned()])]);
}

#[test]
fn the_json_report_has_its_keys() {
    let folder = Folder::with("x.csv", csv_of(LABELS));
    succeeds(check(&folder).args(["x.csv", "--by", "source", "--json", "r.json"]));
    let report = json(&folder);
    let keys: Vec<&str> = report.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected =
        ["warnings", "notes", "counts", "files", "agreement", "pairs_in_groups", "left_out", "findings"];
    assert_eq!(keys, expected);
    let file = &report["files"][0];
    assert_eq!((&file["file"], &file["rows"]), (&"x.csv".into(), &60.into()));
    assert_eq!(file["labels"]["threat"], 20);
    assert_eq!(file["by"]["source"]["paper 0"]["threat"], 2);
    assert_eq!(file["words"]["shortest"], 6);
}

#[test]
fn long_lists_are_cut_in_the_text_and_whole_in_json() {
    let csv = clean() + &",go\n".repeat(25);
    let folder = Folder::with("x.csv", csv);
    let text = succeeds(check(&folder).args(["x.csv", "--no-model", "--json", "r.json"]));
    assert!(text.contains("empty texts (25)") && text.contains("  and 5 more\n"), "{text}");
    assert!(text.contains("x.csv:31") && !text.contains("x.csv:32"), "{text}");
    assert_eq!(findings(&json(&folder)).len(), 25);
}

#[test]
fn other_dialects_and_standard_input() {
    let folder = Folder::new();
    let latin = b"satz;art\nDas hei\xDFt nichts Gutes;a\n".to_vec();
    let arguments = ["-", "--separator", ";", "--encoding", "windows-1252", "--no-model"];
    let columns = ["--text-column", "satz", "--label-column", "art"];
    let text = succeeds(check(&folder).args(arguments).args(columns).write_stdin(latin));
    assert!(text.contains("<stdin>:2: \"a\" (1 row)"), "{text}");
}

#[test]
fn what_cannot_be_checked_is_an_error() {
    let folder = Folder::with("x.csv", CLEAN);
    folder.write("empty.csv", "text,label\n");
    fails(
        check(&folder).args(["x.csv", "--label-column", "lable"]),
        &["x.csv:1", "\"lable\"", "--label-column"],
    );
    fails(check(&folder).args(["x.csv", "--by", "region"]), &["\"region\"", "--by"]);
    fails(check(&folder).args(["x.csv", "--coders", "a,b"]), &["\"a\"", "--coders"]);
    fails(check(&folder).args(["x.csv", "--near", "0"]), &["--near", "above 0"]);
    fails(check(&folder).args(["x.csv", "--near", "NaN"]), &["--near", "above 0"]);
    fails(check(&folder).args(["empty.csv"]), &["empty.csv", "no rows"]);
    fails(check(&folder).args(["no.csv"]), &["no.csv"]);
    fails(check(&folder).args(["x.csv", "no.csv"]), &["no.csv"]);
    let outcome = run(check(&folder).args(["x.csv", "--coders", "a"]));
    assert_eq!(outcome.code, Some(2));
}
