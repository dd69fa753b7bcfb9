//! `stance-predict`: inputs, outputs, and what every output promises.

mod cli;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use cli::{Folder, column, fails, json_lines, model_path, run, succeeds, table, training_csv};
use serde_json::{Value, json};

const ADDED: [&str; 6] =
    ["predicted", "confidence", "p_neutral", "p_pro-withdrawal", "p_threat", "known_terms"];

/// Some 700 KB of rows, more than one block of input.
fn many_rows() -> String {
    let mut csv = "id,text,note\n".to_owned();
    for i in 0..12_000 {
        let verb = ["leave", "attack", "met", "withdraw", "zzz"][i % 5];
        csv.push_str(&format!("{i},\"The soldiers {verb}\nnear valley {}\",\"n, \"\"{i}\"\"\"\n", i % 97));
    }
    csv
}

/// Printed decimals as millionths: exact, unlike their sum as floats.
fn millionths(printed: &str) -> u32 {
    let (whole, decimals) = printed.split_once('.').expect("a decimal point");
    assert_eq!(decimals.len(), 6, "{printed}");
    whole.parse::<u32>().expect("digits") * 1_000_000 + decimals.parse::<u32>().expect("digits")
}

#[test]
fn a_text_on_the_command_line() {
    let folder = Folder::new();
    let csv = succeeds(folder.predict().args(["--text", "The soldiers, all, \"leave\"\nnow"]));
    assert_eq!(table(&csv, b',').0, [&["text"][..], &ADDED].concat());
    assert_eq!(column(&csv, "text"), ["The soldiers, all, \"leave\"\nnow"]);
    assert_eq!(column(&csv, "predicted"), ["pro-withdrawal"]);
}

#[test]
fn the_model_that_is_built_in() {
    let folder = Folder::new();
    let text = "Foreign troops must leave our country at once.";
    let csv = succeeds(folder.predict_without_model().args(["--text", text]));
    assert_eq!(column(&csv, "predicted"), ["pro-withdrawal"]);
}

#[test]
fn every_input_row_comes_out_once_in_order_with_its_columns() {
    let input = many_rows();
    let folder = Folder::with("x.csv", &input);
    let (header, rows) = table(&input, b',');
    let (out_header, out_rows) = table(&succeeds(folder.predict().arg("x.csv")), b',');
    assert_eq!(out_header, [header.iter().map(String::as_str).collect::<Vec<_>>(), ADDED.to_vec()].concat());
    assert_eq!(out_rows.len(), rows.len());
    for (row, out) in rows.iter().zip(&out_rows) {
        assert_eq!(row[..], out[..3]);
    }
}

#[test]
fn the_columns_are_passed_through_as_they_were_written() {
    let rows = ["007,they leave,,  x ,1.50", "\"8\",\"they go\",\"\",\"a,b\",-0"];
    let folder = Folder::with("x.csv", format!("id,text,empty,space,number\n{}\n", rows.join("\n")));
    let csv = succeeds(folder.predict().arg("x.csv"));
    for (line, row) in csv.lines().skip(1).zip(rows) {
        assert!(line.starts_with(&format!("{row},")), "{line}");
    }
    let lines = json_lines(&succeeds(folder.predict().args(["x.csv", "--format", "jsonl"])));
    assert_eq!(
        (&lines[0]["id"], &lines[0]["space"], &lines[0]["number"]),
        (&json!("007"), &json!("  x "), &json!("1.50"))
    );
    assert_eq!(
        (&lines[1]["id"], &lines[1]["empty"], &lines[1]["space"]),
        (&json!("8"), &json!(""), &json!("a,b"))
    );
}

#[test]
fn printed_probabilities_sum_to_exactly_one() {
    let folder = Folder::with("x.csv", many_rows());
    let (header, rows) = table(&succeeds(folder.predict().arg("x.csv")), b',');
    let names = model_labels();
    for row in rows {
        let p: Vec<u32> = row[5..8].iter().map(|p| millionths(p)).collect();
        assert_eq!(p.iter().sum::<u32>(), 1_000_000, "{row:?}");
        let confidence = millionths(&row[4]);
        let at = names.iter().position(|name| *name == row[3]).expect("a label");
        assert_eq!(confidence, p[at], "{row:?} of {header:?}");
        assert_eq!(Some(&confidence), p.iter().max(), "{row:?}");
    }
}

fn model_labels() -> [&'static str; 3] {
    cli::LABELS
}

#[test]
fn json_lines_hold_the_same_numbers_as_csv() {
    let folder = Folder::with("x.csv", training_csv());
    let csv = succeeds(folder.predict().arg("x.csv"));
    let lines = json_lines(&succeeds(folder.predict().args(["x.csv", "--format", "jsonl"])));
    for name in ADDED {
        let values: Vec<String> = column(&csv, name);
        assert_eq!(values.len(), lines.len());
        for (value, line) in values.iter().zip(&lines) {
            match &line[name] {
                Value::String(text) => assert_eq!(text, value),
                number => assert_eq!(number.as_f64(), value.parse().ok(), "{name}"),
            }
        }
    }
}

#[test]
fn tsv_stays_tsv() {
    let folder = Folder::with("x.tsv", "id\ttext\tnote\n1\tthey leave, now\ta,b\n2\t\"they\tgo\"\tc\n");
    let (header, rows) = table(&succeeds(folder.predict().arg("x.tsv")), b'\t');
    assert_eq!(header[..4], ["id", "text", "note", "predicted"]);
    assert_eq!(rows[0][..3], ["1", "they leave, now", "a,b"]);
    assert_eq!(rows[1][..3], ["2", "they\tgo", "c"]);
}

#[test]
fn json_lines_stay_json_lines_with_their_keys() {
    let input = "{\"id\": 9007199254740993, \"text\": \"they leave\", \"nested\": {\"a\": [1, null, 0.1]}}\n\n\
                 {\"text\": \"they \\u00e9 attack\", \"id\": \"b\"}\n";
    let folder = Folder::with("x.jsonl", input);
    let lines = json_lines(&succeeds(folder.predict().arg("x.jsonl")));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["id"], json!(9_007_199_254_740_993_u64));
    assert_eq!(lines[0]["nested"], json!({"a": [1, null, 0.1]}));
    assert_eq!(lines[1]["text"], "they \u{e9} attack");
    let keys: Vec<&String> = lines[1].as_object().expect("object").keys().collect();
    assert_eq!(keys, [&["text", "id"][..], &ADDED].concat());
}

#[test]
fn json_lines_as_csv_keep_line_and_text() {
    let folder = Folder::with("x.jsonl", "{\"text\":\"they leave\"}\n\n{\"text\":\"they, attack\"}\n");
    let csv = succeeds(folder.predict().args(["x.jsonl", "--format", "csv"]));
    assert_eq!(column(&csv, "line"), ["1", "3"]);
    assert_eq!(column(&csv, "text"), ["they leave", "they, attack"]);
}

#[test]
fn each_line_is_a_statement() {
    let folder = Folder::with("x.txt", "they leave\n\n  they attack  \r\nthey met");
    let csv = succeeds(folder.predict().args(["x.txt", "--input-format", "lines"]));
    assert_eq!(column(&csv, "line"), ["1", "3", "4"]);
    assert_eq!(column(&csv, "text"), ["they leave", "they attack", "they met"]);
    assert_eq!(column(&csv, "predicted"), ["pro-withdrawal", "threat", "neutral"]);
}

#[test]
fn an_article_is_cut_into_sentences_that_its_offsets_point_to() {
    let article = "The minister spoke in São Paulo. “The soldiers must leave,” he said.\n\n\
                   They met 😀 again. We attack!\n";
    let folder = Folder::with("x.txt", article);
    let csv = succeeds(folder.predict().arg("x.txt"));
    let (header, rows) = table(&csv, b',');
    assert_eq!(header[..6], ["sentence", "paragraph", "quote", "char_start", "char_end", "text"]);
    assert!(rows.len() >= 4, "{csv}");
    let characters: Vec<char> = article.chars().collect();
    let mut last_end = 0;
    for row in &rows {
        let (start, end): (usize, usize) = (row[3].parse().expect("start"), row[4].parse().expect("end"));
        assert_eq!(characters[start..end].iter().collect::<String>(), row[5]);
        assert!(start >= last_end, "in order and apart: {csv}");
        last_end = end;
    }
    assert_eq!(rows.last().expect("rows")[1], "2");
}

#[test]
fn the_list_for_people_names_label_share_and_text() {
    let folder = Folder::with("x.csv", "id,text\n1,they leave\n2,zzz qqq\n");
    let text = succeeds(folder.predict().args(["x.csv", "--format", "text"]));
    assert!(text.contains("pro-withdrawal") && text.contains(" %  they leave"), "{text}");
    assert!(text.contains("no known term"), "{text}");
    assert!(!text.contains('\x1b'), "{text:?}");
    let text = succeeds(folder.predict().args(["x.csv", "--format", "text", "--explain"]));
    assert!(text.contains("because: "), "{text}");
}

#[test]
fn below_the_threshold_the_answer_is_abstain() {
    let folder = Folder::with("x.csv", training_csv());
    let plain = succeeds(folder.predict().arg("x.csv"));
    let csv = succeeds(folder.predict().args(["x.csv", "--threshold", "0.6"]));
    let mut abstained = 0;
    for ((before, after), confidence) in
        column(&plain, "predicted").iter().zip(column(&csv, "predicted")).zip(column(&csv, "confidence"))
    {
        if millionths(&confidence) < 600_000 {
            assert_eq!(after, "abstain");
            abstained += 1;
        } else {
            assert_eq!(after, *before);
        }
    }
    assert!((1..60).contains(&abstained), "{abstained}");
    assert_eq!(column(&plain, "p_threat"), column(&csv, "p_threat"));
    let all = succeeds(folder.predict().args(["x.csv", "--threshold", "0"]));
    assert_eq!(all, plain);
}

#[test]
fn a_text_without_known_terms_says_so() {
    let folder = Folder::with("x.csv", "text\nqqq zzz\n!!!\nдом\nthey leave\n");
    let csv = succeeds(folder.predict().arg("x.csv"));
    let known = column(&csv, "known_terms");
    assert_eq!(known[..3], ["0", "0", "0"]);
    assert_ne!(known[3], "0");
    let summary = run(folder.predict().arg("x.csv")).stderr;
    assert!(summary.contains("4 statements") && summary.contains("without a known term 3"), "{summary}");
}

#[test]
fn an_explanation_adds_up_and_points_into_the_text() {
    let text = "😀 Dé soldiers LEAVE near the “base”, the soldiers attack; soldiers leave.";
    let folder = Folder::with("x.jsonl", format!("{}\n", json!({ "text": text })));
    let line = &json_lines(&succeeds(folder.predict().args(["x.jsonl", "--explain"])))[0];
    let explanation = &line["explanation"];
    let number = |value: &Value| value.as_f64().expect("a number");
    let characters: Vec<char> = text.chars().collect();
    let contributions = explanation["contributions"].as_array().expect("a list");
    assert!(contributions.len() > 5, "{line}");
    let mut sum = number(&explanation["intercept"]);
    for c in contributions {
        let (start, end) = (number(&c["start"]) as usize, number(&c["end"]) as usize);
        assert_eq!(json!(characters[start..end].iter().collect::<String>()), c["text"]);
        sum += number(&c["value"]);
    }
    assert!((sum - number(&explanation["logit"])).abs() < 1e-9, "{sum}");
    assert_eq!(explanation["label"], line["predicted"]);

    // and the logit is the one behind the printed probabilities
    let logs: Vec<f64> = ADDED[2..5].iter().map(|name| number(&line[*name]).ln()).collect();
    let centred = number(&line["confidence"]).ln() - logs.iter().sum::<f64>() / 3.0;
    assert!((centred - number(&explanation["logit"])).abs() < 1e-3, "{centred} in {line}");
}

#[test]
fn an_explanation_in_csv_is_one_field() {
    let folder = Folder::with("x.csv", "id,text\n1,\"they\nleave, \"\"now\"\"\"\n");
    let csv = succeeds(folder.predict().args(["x.csv", "--explain"]));
    let explanation = &column(&csv, "explanation")[0];
    assert!(explanation.contains("leave +") && !explanation.contains('\n'), "{explanation}");
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let folder = Folder::with("x.csv", many_rows());
    for format in ["csv", "jsonl", "text"] {
        let outputs = ["1", "4"].map(|n| {
            let arguments = ["x.csv", "--threads", n, "--explain", "--format", format];
            succeeds(folder.predict().args(arguments))
        });
        assert!(outputs[0] == outputs[1], "{format}");
    }
}

#[test]
fn a_row_alone_gets_the_numbers_it_has_in_a_batch() {
    let folder = Folder::with("x.csv", training_csv());
    let batch = succeeds(folder.predict().arg("x.csv"));
    let text = &column(&batch, "text")[7];
    let alone = succeeds(folder.predict().args(["--text", text]));
    for name in ADDED {
        assert_eq!(column(&alone, name)[0], column(&batch, name)[7]);
    }
}

#[test]
fn standard_input_is_recognised() {
    let folder = Folder::new();
    let piped = |input: &str| succeeds(folder.predict().write_stdin(input));
    for separator in [",", ";", "\t"] {
        for end in ["\n", "\r\n"] {
            let input =
                ["id,text", "1,they leave", "2,\"they\nattack\"", ""].join(end).replace(',', separator);
            let (header, rows) = table(&piped(&input), separator.as_bytes()[0]);
            assert_eq!(header[..3], ["id", "text", "predicted"]);
            assert_eq!(rows.iter().map(|r| r[2].as_str()).collect::<Vec<_>>(), ["pro-withdrawal", "threat"]);
        }
    }
    assert_eq!(json_lines(&piped("{\"text\":\"they leave\",\"id\":1}\n"))[0]["predicted"], "pro-withdrawal");
    let lines = piped("they leave, now\nthey attack\n");
    assert_eq!(column(&lines, "text"), ["they leave, now", "they attack"]);
    assert_eq!(succeeds(folder.predict().arg("-").write_stdin("they leave\n")), piped("they leave\n"));
}

#[test]
fn standard_input_with_the_text_column_alone_is_recognised() {
    let folder = Folder::new();
    let csv = succeeds(folder.predict().write_stdin("text\nthey leave\nthey attack\n"));
    assert_eq!(column(&csv, "predicted"), ["pro-withdrawal", "threat"]);
}

#[test]
fn standard_input_larger_than_a_block_is_whole() {
    let folder = Folder::with("x.csv", many_rows());
    let from_file = succeeds(folder.predict().arg("x.csv"));
    assert!(succeeds(folder.predict().write_stdin(many_rows())) == from_file);
}

#[test]
fn empty_standard_input_is_refused() {
    let folder = Folder::new();
    fails(folder.predict().write_stdin(""), &["<stdin>", "no statements"]);
}

#[test]
fn several_files_follow_one_another() {
    let folder = Folder::with("a.csv", "id,text\n1,they leave\n");
    folder.write("b.csv", "id,text\n2,they attack\n");
    let csv = succeeds(folder.predict().args(["a.csv", "b.csv", "a.csv"]));
    assert_eq!(column(&csv, "id"), ["1", "2", "1"]);
    folder.write("c.csv", "text,id\nthey met,3\n");
    folder.write("out", "old");
    fails(folder.predict().args(["a.csv", "c.csv", "-o", "out"]), &["c.csv", "other columns", "a.csv"]);
    assert_eq!(folder.text("out"), "old");
}

#[test]
fn an_output_file_holds_what_standard_output_would() {
    let folder = Folder::with("x.csv", training_csv());
    let expected = succeeds(folder.predict().arg("x.csv"));
    folder.write("out.csv", "old and longer".repeat(10_000));
    let stdout = succeeds(folder.predict().args(["x.csv", "--output", "out.csv"]));
    assert_eq!(stdout, "");
    assert_eq!(folder.text("out.csv"), expected);
    assert_eq!(folder.names(), ["out.csv", "x.csv"]);
}

#[test]
fn the_input_file_can_be_the_output_file() {
    let folder = Folder::with("x.csv", training_csv());
    let expected = succeeds(folder.predict().arg("x.csv"));
    succeeds(folder.predict().args(["x.csv", "--output", "x.csv"]));
    assert_eq!(folder.text("x.csv"), expected);
}

#[test]
fn quiet_leaves_standard_error_empty() {
    let folder = Folder::with("x.csv", training_csv());
    assert_eq!(run(folder.predict().args(["x.csv", "--quiet"])).stderr, "");
    assert!(run(folder.predict().arg("x.csv")).stderr.starts_with("60 statements: "));
}

/// `stance-predict` on x.csv with both outputs piped.
fn piped(folder: &Folder) -> std::process::Child {
    Command::new(assert_cmd::cargo::cargo_bin!("stance-predict"))
        .current_dir(folder.path())
        .arg("x.csv")
        .arg("--model")
        .arg(model_path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let folder = Folder::with("x.csv", many_rows());
    let mut child = piped(&folder);
    let mut first = String::new();
    // the reader is dropped after a line: what `| head -1` does
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    assert!(first.starts_with("id,text,note,predicted"), "{first}");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_closed_standard_error_does_not_make_it_fail() {
    let folder = Folder::with("x.csv", training_csv());
    let mut child = piped(&folder);
    drop(child.stderr.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "2>&1 | head must not end in a panic");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 61);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let folder = Folder::with("x.csv", training_csv());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = Command::new(assert_cmd::cargo::cargo_bin!("stance-predict"))
        .current_dir(folder.path())
        .args(["x.csv", "--model"])
        .arg(model_path())
        .stdout(full)
        .output()
        .expect("the program runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.starts_with("error: ") && stderr.contains("No space left"), "{stderr}");
}

#[test]
fn a_model_is_described() {
    let folder = Folder::new();
    let text = succeeds(folder.predict().arg("--describe"));
    for part in ["rows: ", "\"alpha\": ", "SHA-256", "terms that speak most clearly", "threat", "texts"] {
        assert!(text.contains(part), "no {part} in: {text}");
    }
    fails(folder.predict().args(["--describe", "--text", "go"]), &["cannot be used with"]);
}

#[test]
fn other_shares_of_the_labels_move_the_probabilities() {
    let folder = Folder::new();
    let probability = |priors: &[&str]| -> f64 {
        let mut command = folder.predict();
        command.args(["--text", "The committee met.", "--format", "jsonl"]).args(priors);
        json_lines(&succeeds(&mut command))[0]["p_threat"].as_f64().expect("a number")
    };
    let rare = ["--priors", "threat=0.01,neutral=0.9,pro-withdrawal=0.09"];
    let common = ["--priors", "threat=9,neutral=0.5,pro-withdrawal=0.5"];
    assert!(probability(&rare) < probability(&[]) && probability(&[]) < probability(&common));
    for (priors, part) in [
        ("threat=0.5", "does not name"),
        ("threat=0.5,neutral=0.2,peace=0.3", "peace"),
        ("threat=0.5,neutral=0.2,pro-withdrawal=0", "above 0"),
        ("threat", "LABEL=SHARE"),
    ] {
        fails(folder.predict().args(["--text", "go", "--priors", priors]), &[part]);
    }
}
