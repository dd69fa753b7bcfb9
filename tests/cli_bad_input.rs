//! What the programs do with files that are not what they should be.

mod cli;

use cli::{Folder, column, fails, run, succeeds, table, training_csv};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Program {
    Train,
    Evaluate,
    Predict,
}
use Program::{Evaluate, Predict, Train};

const ALL: [Program; 3] = [Train, Evaluate, Predict];
const LABELLED: [Program; 2] = [Train, Evaluate];

/// Each program must refuse the file, and leave the output file and the folder
/// as they were.
fn refuse(programs: &[Program], name: &str, bytes: impl AsRef<[u8]>, parts: &[&str]) {
    let folder = Folder::with(name, bytes);
    folder.write("out", "old");
    refuse_in(&folder, programs, &[name], parts);
}

fn refuse_in(folder: &Folder, programs: &[Program], arguments: &[&str], parts: &[&str]) {
    let before = folder.names();
    for program in programs {
        let mut command = match program {
            Train => folder.train(),
            Evaluate => folder.evaluate(),
            Predict => folder.predict(),
        };
        command.args(arguments).arg(if *program == Evaluate { "--json" } else { "--output" }).arg("out");
        let stdout = fails(&mut command, parts);
        assert_eq!(stdout, "", "{program:?}");
        assert_eq!(folder.text("out"), "old", "{program:?}");
        assert_eq!(folder.names(), before, "{program:?}");
    }
}

#[test]
fn an_empty_file_is_refused() {
    refuse(&ALL, "x.csv", "", &["x.csv", "is empty", "the first row must name the columns"]);
    refuse(&ALL, "x.csv", "\n\n\r\n", &["x.csv", "is empty"]);
    refuse(&ALL, "x.csv", b"\xEF\xBB\xBF", &["x.csv", "is empty"]);
    for name in ["x.jsonl", "x.txt", "x"] {
        refuse(&[Predict], name, "", &[name, "no statements"]);
    }
}

#[test]
fn a_header_without_rows_is_refused() {
    refuse(&LABELLED, "x.csv", "id,text,label\n", &["x.csv", "no rows"]);
    refuse(&[Predict], "x.csv", "id,text,label\n", &["x.csv", "no statements"]);
    refuse(&[Predict], "x.csv", "id,text,label", &["x.csv", "no statements"]);
}

#[test]
fn a_missing_column_lists_the_columns_there_are() {
    let csv = "id,statement,stance\n1,they leave,threat\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:1:", "\"text\"", "id, statement, stance", "--text-column"]);
    let csv = "id,text,stance\n1,they leave,threat\n";
    refuse(&LABELLED, "x.csv", csv, &["x.csv:1:", "\"label\"", "id, text, stance", "--label-column"]);
    let folder = Folder::with("x.csv", training_csv());
    fails(folder.evaluate().args(["x.csv", "--by", "actor"]), &["\"actor\"", "source", "--by"]);
    fails(
        folder.train().args(["x.csv", "-o", "m.json", "--group-column", "actor"]),
        &["\"actor\"", "source", "--group-column"],
    );
}

#[test]
fn a_missing_json_key_lists_the_keys_there_are() {
    let lines = "{\"text\":\"go\"}\n{\"id\":2,\"body\":\"go\"}\n";
    refuse(&[Predict], "x.jsonl", lines, &["x.jsonl:2:", "\"text\"", "id, body", "--text-column"]);
    refuse(&[Predict], "x.jsonl", "{\"text\":3}\n", &["x.jsonl:1:", "not a string"]);
    refuse(&[Predict], "x.jsonl", "{\"text\":\"go\"}\n{\"text\": \n", &["x.jsonl:2:", "JSON"]);
}

#[test]
fn an_empty_text_is_refused_with_its_line() {
    for empty in ["", "   ", "\"\"", "\"\n\""] {
        let csv = format!("id,text,label\n1,they leave,threat\n2,{empty},threat\n");
        refuse(&LABELLED, "x.csv", &csv, &["x.csv:3:", "\"text\"", "empty"]);
        refuse(&[Predict], "x.csv", &csv, &["x.csv:3:", "empty", "--allow-empty"]);
    }
    refuse(&[Predict], "x.jsonl", "{\"text\":\" \"}\n", &["x.jsonl:1:", "empty"]);
    let folder = Folder::new();
    fails(folder.predict().args(["--text", ""]), &["--text", "empty"]);
}

#[test]
fn allow_empty_answers_abstain() {
    let folder = Folder::with("x.csv", "id,text\n1,they leave\n2,\n3,  \n");
    let csv = succeeds(folder.predict().args(["x.csv", "--allow-empty"]));
    assert_eq!(column(&csv, "id"), ["1", "2", "3"]);
    assert_eq!(column(&csv, "predicted")[1..], ["abstain", "abstain"]);
    assert_eq!(column(&csv, "known_terms")[1..], ["0", "0"]);
}

#[test]
fn an_empty_label_is_refused_with_its_line() {
    let csv = "id,text,label\n1,they leave,threat\n2,they go, \n";
    refuse(&LABELLED, "x.csv", csv, &["x.csv:3:", "\"label\"", "empty"]);
}

#[test]
fn one_class_only_cannot_be_trained_on() {
    let csv = format!("text,label\n{}", "they leave,threat\n".repeat(20));
    refuse(&[Train], "x.csv", csv, &["threat", "at least two labels"]);
}

#[test]
fn a_label_with_fewer_rows_than_folds_is_named() {
    let csv = format!("{}61,they wait,rare,x\n", training_csv());
    refuse(&[Train], "x.csv", csv, &["\"rare\"", "1 rows", "--folds"]);
}

#[test]
fn an_unknown_label_is_refused_with_its_line_and_the_known_ones() {
    let csv = "text,label\nthey leave,threat\nthey go,treat\n";
    refuse(&[Evaluate], "x.csv", csv, &["x.csv:3:", "\"treat\"", "neutral, pro-withdrawal, threat"]);
}

#[test]
fn a_ragged_row_is_refused_with_its_line() {
    let csv = "id,text,label\n1,\"they\nleave\",threat\n2,they go\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:4:", "2 fields", "3", "quoted"]);
    let csv = "id,text,label\n1,they go, they said,threat\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:2:", "4 fields"]);
}

#[test]
fn line_numbers_are_right_with_windows_line_ends() {
    let csv = "id,text,label\r\n1,they leave,threat\r\n2,they go\r\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:3:", "2 fields"]);
    let csv = "id,text,label\r\n1,they leave,threat\r\n2,,threat\r\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:3:", "empty"]);
}

#[test]
fn line_numbers_are_right_after_blank_lines() {
    let csv = "id,text,label\n1,they leave,threat\n\n\n2,they go\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:5:", "2 fields"]);
}

#[test]
fn line_numbers_are_right_far_into_a_file() {
    let csv = format!("id,text,label\n{}2,they go\n", "1,\"they\nleave the valley\",threat\n".repeat(20_000));
    refuse(&ALL, "x.csv", csv, &["x.csv:40002:", "2 fields"]);
}

#[test]
fn invalid_utf8_is_refused_with_its_place_and_a_hint() {
    let parts = ["x.csv:3:", "0xE9", "byte 4", "UTF-8", "--encoding"];
    refuse(&ALL, "x.csv", b"text,label\nthey go,threat\ncaf\xE9 go,threat\n", &parts);
    refuse(&[Predict], "x.txt", b"They go.\nThe caf\xE9.\n", &["x.txt:2:", "0xE9", "--encoding"]);
    refuse(&[Predict], "x.jsonl", b"{\"text\":\"caf\xE9\"}\n", &["x.jsonl:1:", "0xE9", "--encoding"]);
}

#[test]
fn invalid_utf8_in_the_header_is_refused_with_its_place() {
    let csv = b"text,label,caf\xE9\nthey go,threat,x\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:1:", "0xE9", "byte 4", "--encoding"]);
}

#[test]
fn json_output_never_replaces_bytes_of_another_column_silently() {
    let folder = Folder::with("x.csv", b"id,text,place\n1,they go,caf\xE9\n");
    fails(folder.predict().args(["x.csv", "--format", "jsonl"]), &["x.csv:2:", "0xE9", "--encoding"]);
}

#[test]
fn utf16_with_a_byte_order_mark_works() {
    let text = "id,text,label\n1,They\u{2019}ll leave \u{1F600},threat\n";
    let little: Vec<u8> =
        [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        let folder = Folder::with("x.csv", bytes);
        let csv = succeeds(folder.predict().arg("x.csv"));
        assert_eq!(column(&csv, "text"), ["They\u{2019}ll leave \u{1F600}"]);
        succeeds(folder.evaluate().arg("x.csv"));
    }
}

#[test]
fn utf16_without_a_byte_order_mark_is_refused_and_works_by_name() {
    let bytes: Vec<u8> = training_csv().encode_utf16().flat_map(u16::to_le_bytes).collect();
    refuse(&ALL, "x.csv", &bytes, &["x.csv:1:", "NUL", "--encoding utf-16le"]);
    let folder = Folder::with("x.csv", &bytes);
    let csv = succeeds(folder.predict().args(["x.csv", "--encoding", "utf-16le"]));
    assert_eq!(column(&csv, "text").len(), 60);
    succeeds(folder.train().args(["x.csv", "-o", "m.json", "--alpha", "1", "--encoding", "utf-16le"]));
}

#[test]
fn a_nul_byte_is_refused_with_its_line() {
    refuse(&ALL, "x.csv", "text,label\nthey go,threat\nthey \0 go,threat\n", &["x.csv:3:", "NUL"]);
    refuse(&[Predict], "x.txt", "They go.\n\0\n", &["x.txt:2:", "NUL"]);
}

#[test]
fn a_utf8_byte_order_mark_does_not_hide_the_first_column() {
    let folder = Folder::with("x.csv", "\u{FEFF}text,label\nthey leave,pro-withdrawal\n");
    let csv = succeeds(folder.predict().arg("x.csv"));
    assert!(csv.starts_with("text,label,predicted,"), "{csv}");
    succeeds(folder.evaluate().arg("x.csv"));
    folder.write("t.csv", format!("\u{FEFF}{}", training_csv().replace("id,text", "id_,text")));
    succeeds(folder.train().args(["t.csv", "-o", "m.json", "--alpha", "1", "--group-column", "id_"]));
}

#[test]
fn a_quoted_field_that_is_never_closed_is_refused_where_it_starts() {
    let csv =
        format!("id,text,label\n1,\"they\nleave\",threat\n2,\"they go,threat\n{}", "3,x,threat\n".repeat(50));
    refuse(&ALL, "x.csv", csv, &["x.csv:4:", "never closed"]);
}

#[test]
fn ten_megabytes_in_one_field_work() {
    let word = "leave".repeat(2_000_000);
    let words = "they leave now ".repeat(700_000);
    let folder = Folder::with("x.csv", format!("id,text\n1,{word}\n2,\"{words}\"\n3,leave\n"));
    succeeds(folder.predict().args(["x.csv", "-o", "out.csv"]));
    let csv = folder.text("out.csv");
    assert_eq!(column(&csv, "id"), ["1", "2", "3"]);
    assert_eq!(column(&csv, "text")[0], word);
    assert_eq!(column(&csv, "predicted")[1..], ["pro-withdrawal", "pro-withdrawal"]);
}

#[test]
fn a_folder_as_input_is_refused() {
    let folder = Folder::with("out", "old");
    std::fs::create_dir(folder.path().join("data.csv")).expect("folder");
    refuse_in(&folder, &ALL, &["data.csv"], &["data.csv", "directory"]);
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::with("out", "old");
    refuse_in(&folder, &ALL, &["nope.csv"], &["nope.csv", "No such file"]);
}

#[test]
fn a_later_missing_file_leaves_the_output_alone() {
    let folder = Folder::with("out", "old");
    folder.write("x.csv", training_csv());
    refuse_in(&folder, &ALL, &["x.csv", "nope.csv"], &["nope.csv", "No such file"]);
}

#[test]
fn an_output_that_cannot_be_written_is_refused() {
    let folder = Folder::with("x.csv", training_csv());
    std::fs::create_dir(folder.path().join("taken")).expect("folder");
    for (path, part) in [("no/such/out", "No such file"), ("taken", "directory")] {
        for report in ["--json", "--markdown", "--errors", "--junit"] {
            fails(folder.evaluate().args(["x.csv", report, path]), &[path, part]);
        }
        assert_eq!(fails(folder.predict().args(["x.csv", "--output", path]), &[path, part]), "");
        assert_eq!(
            fails(folder.train().args(["x.csv", "--alpha", "1", "--output", path]), &[path, part]),
            ""
        );
    }
    assert_eq!(folder.names(), ["taken", "x.csv"]);
    assert_eq!(std::fs::read_dir(folder.path().join("taken")).expect("folder").count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = Folder::with("x.csv", training_csv());
    fails(folder.predict().args(["x.csv", "--output", "/dev/full"]), &["/dev/full", "No space left"]);
}

#[test]
fn columns_of_the_same_name_are_refused() {
    let csv = "text,label,text\nthey go,threat,again\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:1:", "two columns", "\"text\"", "column 3"]);
}

#[test]
fn a_column_that_predict_would_add_is_refused() {
    for taken in ["predicted", "confidence", "known_terms", "p_threat"] {
        let csv = format!("text,{taken}\nthey go,x\n");
        refuse(&[Predict], "x.csv", csv, &["x.csv:1:", taken, "rename or drop"]);
        let line = format!("{{\"text\":\"they go\"}}\n{{\"text\":\"they go\",\"{taken}\":1}}\n");
        refuse(&[Predict], "x.jsonl", line, &["x.jsonl:2:", taken, "rename or drop"]);
    }
}

#[test]
fn another_separator_is_guessed_in_the_message_and_works_by_option() {
    let csv = "id;text;label\n1;they leave, they said;pro-withdrawal\n";
    refuse(&ALL, "x.csv", csv, &["x.csv:1:", "id;text;label", "--separator ';'"]);
    refuse(&ALL, "x.csv", csv.replace(';', "\t"), &["x.csv:1:", "--separator tab"]);

    let folder = Folder::with("x.csv", csv);
    succeeds(folder.evaluate().args(["x.csv", "--separator", ";"]));
    let out = succeeds(folder.predict().args(["x.csv", "--separator", ";"]));
    let (header, rows) = table(&out, b';');
    assert_eq!(header[..4], ["id", "text", "label", "predicted"]);
    assert_eq!(rows[0][..3], ["1", "they leave, they said", "pro-withdrawal"]);
}

#[test]
fn windows_1252_works_by_name() {
    let folder = Folder::with("x.csv", b"id,text,label\n1,They\x92ll leave caf\xE9,threat\n");
    let csv = succeeds(folder.predict().args(["x.csv", "--encoding", "windows-1252"]));
    assert_eq!(column(&csv, "text"), ["They\u{2019}ll leave caf\u{E9}"]);
    succeeds(folder.evaluate().args(["x.csv", "--encoding", "latin1"]));
}

#[test]
fn windows_line_ends_change_nothing() {
    let folder = Folder::with("unix.csv", training_csv());
    folder.write("windows.csv", training_csv().replace('\n', "\r\n"));
    let unix = succeeds(folder.predict().arg("unix.csv"));
    assert_eq!(succeeds(folder.predict().arg("windows.csv")), unix);
    assert!(!unix.contains('\r'));
    for name in ["unix", "windows"] {
        let (data, model) = (format!("{name}.csv"), format!("{name}.json"));
        succeeds(folder.train().args([data.as_str(), "-o", &model, "--alpha", "1"]));
    }
    assert_eq!(folder.read("unix.json"), folder.read("windows.json"));
}

#[test]
fn quoted_line_breaks_and_quotes_are_kept() {
    let texts = ["they\nleave", "they \"leave\", now", "a\r\nb leave"];
    let fields: Vec<String> = texts.iter().map(|t| format!("\"{}\"", t.replace('"', "\"\""))).collect();
    let folder =
        Folder::with("x.csv", format!("text,n\n{},1\n{},2\n{},3\n", fields[0], fields[1], fields[2]));
    let csv = succeeds(folder.predict().arg("x.csv"));
    assert_eq!(column(&csv, "text"), texts);
    assert_eq!(column(&csv, "n"), ["1", "2", "3"]);
    let lines = cli::json_lines(&succeeds(folder.predict().args(["x.csv", "--format", "jsonl"])));
    assert_eq!(lines.iter().map(|l| l["text"].as_str().expect("text")).collect::<Vec<_>>(), texts);
}

#[test]
fn an_error_in_a_later_row_leaves_only_whole_rows_on_standard_output() {
    let folder = Folder::with("x.csv", "id,text\n1,they leave\n2\n");
    let outcome = run(folder.predict().arg("x.csv"));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.text().is_empty() || outcome.text().ends_with('\n'));
    table(outcome.text(), b',');
}

#[test]
fn unknown_option_values_are_refused_with_what_is_possible() {
    let folder = Folder::with("x.csv", training_csv());
    let train: [(&[&str], &str); 20] = [
        (&["--solver", "magic"], "auto"),
        (&["--class-weight", "heavy"], "balanced"),
        (&["--norm", "l7"], "l2"),
        (&["--language", "klingon"], "english"),
        (&["--ngrams", "2..1"], "LOW..HIGH"),
        (&["--ngrams", "0..1"], "LOW..HIGH"),
        (&["--ngrams", "1..9"], "LOW..HIGH"),
        (&["--ngrams", "1..300"], "LOW..HIGH"),
        (&["--char-ngrams", "many"], "--char-ngrams"),
        (&["--min-df", "0"], "--min-df"),
        (&["--max-df", "0"], "--max-df"),
        (&["--max-df", "NaN"], "--max-df"),
        (&["--max-features", "0"], "--max-features"),
        (&["--alpha", "0"], "above 0"),
        (&["--alpha", "NaN"], "above 0"),
        (&["--alpha", "inf"], "above 0"),
        (&["--folds", "1"], "--folds"),
        (&["--tolerance", "0"], "tolerance"),
        (&["--tolerance", "NaN"], "tolerance"),
        (&["--max-iterations", "0"], "iterations"),
    ];
    for (options, part) in train {
        // an option given twice would be refused for that
        let alpha: &[&str] = if options[0] == "--alpha" { &[] } else { &["--alpha", "1"] };
        let stdout = fails(folder.train().args(["x.csv", "-o", "m.json"]).args(alpha).args(options), &[part]);
        assert_eq!(stdout, "", "{options:?}");
    }
    // without folds there is nothing to choose alpha by
    fails(folder.train().args(["x.csv", "-o", "m.json", "--folds", "0"]), &["--alpha"]);
    let predict: [(&[&str], &str); 9] = [
        (&["--format", "xml"], "jsonl"),
        (&["--input-format", "pdf"], "article"),
        (&["--threshold", "1.5"], "from 0 to 1"),
        (&["--threshold", "NaN"], "from 0 to 1"),
        (&["--threads", "many"], "--threads"),
        (&["--encoding", "klingon"], "windows-1252"),
        (&["--separator", "ab"], "one character"),
        (&["--separator", "\""], "one character"),
        (&["--text", "they go"], "cannot be used with"),
    ];
    for (options, part) in predict {
        assert_eq!(fails(folder.predict().arg("x.csv").args(options), &[part]), "", "{options:?}");
    }
    for gate in ["accuracy", "accuracy=", "accuracy=high", "accuracy=NaN"] {
        fails(folder.evaluate().args(["x.csv", "--min", gate]), &["METRIC=VALUE"]);
    }
    assert_eq!(folder.names(), ["x.csv"]);
}

#[test]
fn a_separator_that_occurs_in_numbers_is_refused_or_quoted() {
    let folder = Folder::with("x.csv", "id.text\n1.they leave\n");
    let outcome = run(folder.predict().args(["x.csv", "--separator", "."]));
    if outcome.code == Some(0) {
        table(outcome.text(), b'.');
    } else {
        assert_eq!(outcome.code, Some(2));
    }
}

#[test]
fn an_absurd_number_of_threads_is_no_panic() {
    let folder = Folder::with("x.csv", training_csv());
    let outcome = run(folder.predict().args(["x.csv", "--threads", "18446744073709551615"]));
    assert!(matches!(outcome.code, Some(0 | 2)), "{:?}", outcome.code);
}
