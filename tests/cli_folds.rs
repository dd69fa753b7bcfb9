//! `stance-train --repeats`, `--time-column` and `--learning-curve`.

mod cli;

use assert_cmd::Command;
use cli::{Folder, LABELS, column, fails, labelled_rows, succeeds, training_csv};
use serde_json::Value;
use stance::Model;

const QUICK: [&str; 5] = ["--char-ngrams", "none", "--solver", "sparse", "--output"];

/// Trains on x.csv with a fixed alpha and words alone, which is quick.
fn train(folder: &Folder, output: &str) -> Command {
    let mut command = folder.train();
    command.args(["x.csv", "--alpha", "1"]).args(QUICK).arg(output);
    command
}

fn model_json(folder: &Folder, name: &str) -> Value {
    serde_json::from_slice(&folder.read(name)).expect("the model is JSON")
}

fn confused_rows(cross_validation: &Value) -> u64 {
    let rows = cross_validation["confusion"].as_array().expect("rows");
    rows.iter().flat_map(|row| row.as_array().expect("counts")).map(|n| n.as_u64().expect("a count")).sum()
}

/// The labelled rows on 20 days, three a day, in no order of the file; one
/// label's rows are at the end if asked for.
fn dated_csv(date: impl Fn(usize) -> String) -> String {
    let mut csv = "date,text,label,source\n".to_owned();
    for (i, (text, label)) in labelled_rows(LABELS).into_iter().enumerate() {
        csv.push_str(&format!("{},{text},{label},paper {}\n", date(i), i / 3));
    }
    csv
}

fn day(i: usize) -> String {
    format!("2024-{:02}-{:02}", 1 + i / 3 * 7 % 20 / 10, 1 + i / 3 * 7 % 20)
}

#[test]
fn one_repeat_is_what_there_was_before() {
    let folder = Folder::with("x.csv", training_csv());
    succeeds(&mut train(&folder, "plain.json"));
    succeeds(train(&folder, "one.json").args(["--repeats", "1"]));
    assert_eq!(folder.read("plain.json"), folder.read("one.json"));
    let text = folder.text("plain.json");
    assert!(!text.contains("\"repeats\"") && !text.contains("\"time_ordered\""));
}

#[test]
fn repeats_average_the_figures_and_count_each_row_once() {
    let folder = Folder::with("x.csv", training_csv());
    let stdout = succeeds(train(&folder, "m.json").args(["--repeats", "4", "--group-column", "source"]));
    for part in ["out of fold (5 folds, 4 times, groups kept whole)", "means over the repeats"] {
        assert!(stdout.contains(part), "no {part:?} in {stdout}");
    }
    let model = model_json(&folder, "m.json");
    let cv = &model["provenance"]["cross_validation"];
    assert_eq!((&model["params"]["repeats"], &cv["repeats"]), (&4.into(), &4.into()));
    assert_eq!(confused_rows(cv), 60);

    // the mean of four accuracies in sixtieths; the folds differ, so do the figures
    let quarters = cv["accuracy"].as_f64().expect("a number") * 240.0;
    assert!((quarters - quarters.round()).abs() < 1e-9, "{quarters}");
    succeeds(train(&folder, "one.json").args(["--group-column", "source"]));
    let one = &model_json(&folder, "one.json")["provenance"]["cross_validation"];
    assert_eq!(one["confusion"], cv["confusion"], "the first repeat has the folds of a single one");
    assert_ne!(one["log_loss"], cv["log_loss"]);
    let width = |cv: &Value| {
        let end = |i| cv["accuracy_interval"][i].as_f64().expect("a number");
        end("high") - end("low")
    };
    assert!(width(cv) > 0.6 * width(one), "repeats are no new rows: {} and {}", width(cv), width(one));

    let loaded = Model::load(&folder.path().join("m.json")).expect("loads");
    assert_eq!(loaded.params().repeats, 4);
    let page = ["x.csv", "--model", "m.json", "--html", "page.html"];
    succeeds(folder.evaluate_without_model().args(page));
    assert!(folder.text("page.html").contains("out of 5 folds, 4 times, groups kept whole"));
}

#[test]
fn repeats_choose_alpha_by_their_mean() {
    let folder = Folder::with("x.csv", training_csv());
    let stdout = succeeds(folder.train().args(["x.csv", "--repeats", "3"]).args(QUICK).arg("m.json"));
    assert!(stdout.contains("choice of alpha, 5 folds, 3 times"), "{stdout}");
    let model = model_json(&folder, "m.json");
    let alphas = model["provenance"]["cross_validation"]["alphas"].as_array().expect("a list").clone();
    let loss = |alpha: &Value| alpha[1].as_f64().expect("a number");
    let best = alphas.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).expect("some");
    assert_eq!(best[0], model["params"]["classifier"]["alpha"]);
}

#[test]
fn folds_in_the_order_of_time_leave_the_earliest_rows_untested() {
    let folder = Folder::with("x.csv", dated_csv(day));
    let stdout = succeeds(train(&folder, "m.json").args(["--time-column", "date", "--folds", "4"]));
    for part in ["4 folds in the order of time)", "temperature rest on 48 rows"] {
        assert!(stdout.contains(part), "no {part:?} in {stdout}");
    }
    let model = model_json(&folder, "m.json");
    let cv = &model["provenance"]["cross_validation"];
    assert_eq!(cv["time_ordered"], true);
    assert_eq!(confused_rows(cv), 48);
    assert_eq!(model["provenance"]["rows"], 60);
    Model::load(&folder.path().join("m.json")).expect("loads");

    // the order of the rows in the file is not that of time
    let mut lines: Vec<String> = dated_csv(day).lines().map(str::to_owned).collect();
    lines[1..].sort();
    folder.write("x.csv", lines.join("\n"));
    succeeds(train(&folder, "sorted.json").args(["--time-column", "date", "--folds", "4"]));
    let log_loss = |cv: &Value| cv["log_loss"].as_f64().expect("a number");
    let sorted = &model_json(&folder, "sorted.json")["provenance"]["cross_validation"];
    assert!((log_loss(sorted) - log_loss(cv)).abs() < 1e-3, "{} and {}", log_loss(sorted), log_loss(cv));
}

#[test]
fn a_later_change_of_words_shows_in_the_order_of_time_only() {
    // in the last quarter the labels have other words than before
    let mut csv = "date,text,label\n".to_owned();
    for i in 0..80 {
        let texts = if i < 60 { ["they stay on", "they go home"] } else { ["we camp here", "we quit it"] };
        csv.push_str(&format!("{}-05-01,{},{}\n", 2000 + i / 2, texts[i % 2], ["stay", "go"][i % 2]));
    }
    let folder = Folder::with("x.csv", csv);
    let right = |options: &[&str]| {
        succeeds(train(&folder, "m.json").args(["--folds", "3"]).args(options));
        let cv = &model_json(&folder, "m.json")["provenance"]["cross_validation"];
        [0, 1].map(|class| cv["confusion"][class][class].as_u64().expect("a count")).iter().sum::<u64>()
    };
    assert_eq!(right(&[]), 80);
    // of four blocks of 20 the last has no word that is known: one label is all it gets
    assert_eq!(right(&["--time-column", "date"]), 50);
}

#[test]
fn what_is_no_date_is_refused_with_its_line() {
    for bad in ["", "3 May 2024", "2024-02-30", "2024-5-1", "2024-05-01T10:00"] {
        let folder = Folder::with("x.csv", dated_csv(|i| if i == 5 { bad.into() } else { day(i) }));
        let parts = ["x.csv:7:", "\"date\"", "yyyy-mm-dd"];
        fails(train(&folder, "m.json").args(["--time-column", "date"]), &parts);
        assert_eq!(folder.names(), ["x.csv"]);
    }
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    let folder = Folder::with("x.csv", dated_csv(day));
    folder.write("few.csv", dated_csv(|i| format!("2024-01-0{}", 1 + i % 3)));
    // one label comes up on the last days only
    folder.write("late.csv", dated_csv(|i| format!("20{}-01-{:02}", 10 + i % 3, 1 + i / 3)));
    let cases: [(&str, &[&str], &[&str]); 11] = [
        ("x.csv", &["--repeats", "0"], &["--repeats", "from 1 to 1000"]),
        ("x.csv", &["--repeats", "2", "--folds", "0"], &["--repeats", "--folds 0"]),
        ("x.csv", &["--time-column", "date", "--repeats", "2"], &["--repeats", "only one order"]),
        ("x.csv", &["--time-column", "date", "--folds", "0"], &["--time-column", "--folds 0"]),
        ("x.csv", &["--time-column", "date", "--folds", "1"], &["--folds", "at least 2"]),
        ("x.csv", &["--time-column", "day"], &["x.csv:1:", "--time-column", "date, text, label"]),
        (
            "x.csv",
            &["--time-column", "date", "--group-column", "label"],
            &["x.csv:", "the group", "--group-column"],
        ),
        ("few.csv", &["--time-column", "date", "--folds", "3"], &["3 folds", "4 dates", "--folds"]),
        ("late.csv", &["--time-column", "date", "--folds", "3"], &["no row before 201", "\"", "fewer folds"]),
        ("x.csv", &["--learning-curve", "--folds", "0"], &["--learning-curve", "--folds 0"]),
        ("x.csv", &["--learning-curve=no/such.csv"], &["no/such.csv"]),
    ];
    for (data, options, parts) in cases {
        let mut command = folder.train();
        command.args([data, "--alpha", "1"]).args(QUICK).arg("m.json").args(options);
        assert_eq!(fails(&mut command, parts), "", "{options:?}");
        assert_eq!(folder.names(), ["few.csv", "late.csv", "x.csv"], "{options:?}");
    }
}

#[test]
fn groups_of_one_day_go_with_the_order_of_time() {
    // three rows of one day are one paper
    let folder = Folder::with("x.csv", dated_csv(day));
    let options = ["--time-column", "date", "--group-column", "source"];
    let stdout = succeeds(train(&folder, "m.json").args(options));
    assert!(stdout.contains("in the order of time, groups kept whole"), "{stdout}");
}

/// Many rows with words to learn: 320, two labels.
fn learnable_csv() -> String {
    const PLACES: [&str; 8] = ["base", "border", "city", "port", "valley", "river", "bridge", "school"];
    const LEAVE: [&str; 8] = ["leave", "withdraw", "go", "depart", "retreat", "exit", "vanish", "quit"];
    const STAY: [&str; 8] = ["stay", "remain", "settle", "dwell", "linger", "wait", "camp", "live"];
    let mut csv = "text,label,source\n".to_owned();
    for i in 0..320 {
        let (verbs, label) = if i % 2 == 0 { (LEAVE, "leave") } else { (STAY, "stay") };
        let (verb, place) = (verbs[i / 2 % 8], PLACES[i / 16 % 8]);
        csv.push_str(&format!("They {verb} at the {place},{label},s{}\n", i / 5));
    }
    csv
}

#[test]
fn the_learning_curve_says_what_more_rows_bring() {
    let folder = Folder::with("x.csv", learnable_csv());
    let options = ["--group-column", "source", "--learning-curve=curve.csv"];
    let stdout = succeeds(train(&folder, "m.json").args(options));
    for part in ["learning curve, out of fold, on 320 rows", "times the rows (256 instead of"] {
        assert!(stdout.contains(part), "no {part:?} in {stdout}");
    }
    let csv = folder.text("curve.csv");
    let numbers = |name: &str| -> Vec<f64> {
        column(&csv, name).iter().map(|field| field.parse().expect("a number")).collect()
    };
    let (rows, f1, loss) = (numbers("rows"), numbers("macro_f1"), numbers("log_loss"));
    assert_eq!(rows.len(), 5);
    assert!(rows.is_sorted() && rows[4] == 256.0 && numbers("share")[4] == 1.0, "{rows:?}");
    assert!(f1[0] < f1[4] && loss[0] > loss[4], "{csv}");
    assert_eq!(f1[4], 1.0);
    for (name, figure) in [("macro_f1", &f1), ("log_loss", &loss)] {
        let (low, high) = (numbers(&format!("{name}_low")), numbers(&format!("{name}_high")));
        for i in 0..5 {
            assert!(low[i] <= figure[i] && figure[i] <= high[i], "{name} {i}: {csv}");
        }
    }

    // the last point is what the model measured of itself, and nothing of the curve is in it
    let cv = &model_json(&folder, "m.json")["provenance"]["cross_validation"];
    assert!((cv["log_loss"].as_f64().expect("a number") - loss[4]).abs() < 1e-6, "{csv}");
    succeeds(train(&folder, "plain.json").args(["--group-column", "source"]));
    assert_eq!(folder.read("plain.json"), folder.read("m.json"));
}

#[test]
fn a_curve_goes_with_repeats_and_with_the_order_of_time() {
    let folder = Folder::with("x.csv", dated_csv(day));
    for options in [["--repeats", "2"], ["--time-column", "date"]] {
        let stdout = succeeds(train(&folder, "m.json").arg("--learning-curve").args(options));
        let tested = if options[0] == "--repeats" { 60 } else { 51 };
        assert!(stdout.contains(&format!("learning curve, out of fold, on {tested} rows")), "{stdout}");
    }
}

#[test]
fn too_few_rows_for_a_curve_are_no_verdict() {
    let lines: Vec<String> = training_csv().lines().take(19).map(str::to_owned).collect();
    let folder = Folder::with("x.csv", lines.join("\n"));
    let stdout = succeeds(train(&folder, "m.json").args(["--learning-curve", "--folds", "2"]));
    assert!(stdout.contains("cannot be told"), "{stdout}");
}

#[test]
fn neither_folds_nor_curve_depend_on_the_number_of_threads() {
    let folder = Folder::with("x.csv", dated_csv(day));
    for (name, options) in [("repeats", ["--repeats", "3"]), ("time", ["--time-column", "date"])] {
        let mut results = Vec::new();
        for threads in ["1", "3"] {
            let mut command = train(&folder, "m.json");
            let stdout =
                succeeds(command.args(options).args(["--threads", threads, "--learning-curve=c.csv"]));
            results.push((stdout, folder.read("m.json"), folder.read("c.csv")));
        }
        assert!(results[0] == results[1], "{name}");
    }
}
