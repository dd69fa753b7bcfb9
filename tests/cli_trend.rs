//! `stance-trend`: shares over time from files good and bad.

mod cli;

use assert_cmd::Command;
use cli::{Folder, column, fails, model_path, run, succeeds, table};
use serde_json::Value;

/// `stance-trend` with the small model and few resamples.
fn trend(folder: &Folder) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("stance-trend");
    command.current_dir(folder.path()).env_remove("RUST_BACKTRACE");
    command.timeout(std::time::Duration::from_secs(120));
    command.arg("--model").arg(model_path()).args(["--resamples", "100"]);
    command
}

/// Threats rise from one in ten to nine in ten over 20 months for "rising",
/// and stay at half for "steady"; 20 statements a month each.
fn rising() -> String {
    const NEUTRAL: &str = "The soldiers met near the port";
    const THREAT: &str = "The soldiers attack near the city";
    let mut csv = "id,date,actor,text\n".to_owned();
    for month in 0..20 {
        for n in 0..20 {
            let date = format!("{}-{:02}-{:02}", 2031 + month / 12, month % 12 + 1, n + 1);
            let text = |threats: usize| if n < threats { THREAT } else { NEUTRAL };
            csv.push_str(&format!("{month}.{n},{date},rising,{}\n", text(2 + month * 16 / 19)));
            csv.push_str(&format!("{month}.{n},{date},steady,{}\n", text(10)));
        }
    }
    csv
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&succeeds(command.args(["--format", "json"]))).expect("JSON")
}

fn slope(report: &Value, group: usize, label: &str) -> Value {
    let labels = report["groups"][group]["labels"].as_array().expect("labels");
    labels.iter().find(|value| value["label"] == label).expect("label")["slope"].clone()
}

#[test]
fn a_rise_is_found_and_no_rise_is_not() {
    let folder = Folder::with("x.csv", rising());
    let report = json(trend(&folder).args(["x.csv", "--by", "actor"]));
    let of = |group, label| slope(&report, group, label);
    assert_eq!(report["groups"][0]["group"], "rising");
    assert!(of(0, "threat")["p_holm"].as_f64().expect("p") < 0.01, "{}", of(0, "threat"));
    assert!(of(0, "threat")["per_year"].as_f64().expect("slope") > 0.2);
    assert!(of(1, "threat")["p_holm"].as_f64().expect("p") > 0.2, "{}", of(1, "threat"));
    assert!(report["groups"][0]["changes"].as_array().is_some_and(|changes| !changes.is_empty()));
    assert_eq!(report["groups"][1]["changes"], Value::Array(Vec::new()));
    let counts = &report["groups"][1]["periods"][3]["labels"];
    let sum: f64 = counts.as_array().expect("labels").iter().filter_map(|l| l["count"].as_f64()).sum();
    assert!((sum - 20.0).abs() < 1e-6, "{counts}");
}

#[test]
fn csv_is_long_with_shares_that_sum_to_1_inside_their_intervals() {
    let folder = Folder::with("x.csv", rising());
    for method in ["cc", "pcc", "acc", "pacc", "em"] {
        let csv =
            succeeds(trend(&folder).args(["x.csv", "--period", "quarter", "--method", method, "-f", "csv"]));
        let (header, rows) = table(&csv, b',');
        assert_eq!(
            header.join(","),
            "period_start,period_end,group,label,n,few,share,share_low,share_high,count,count_low,count_high,\
             counted_share"
        );
        assert_eq!(rows.len(), 7 * 3);
        assert_eq!(rows[0][..5], ["2031-01-01", "2031-03-31", "all", "neutral", "120"]);
        let number = |row: &[String], at: usize| row[at].parse::<f64>().expect("a number");
        for period in rows.chunks(3) {
            let sum: f64 = period.iter().map(|row| number(row, 6)).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{method} {period:?}");
            for row in period {
                assert!(number(row, 7) <= number(row, 8) && number(row, 8) <= 1.0, "{method} {row:?}");
                assert!((number(row, 9) - 120.0 * number(row, 6)).abs() < 0.01 || row[4] != "120");
            }
        }
    }
}

#[test]
fn neither_threads_nor_the_order_of_options_change_a_byte() {
    let folder = Folder::with("x.csv", rising());
    let bytes = |threads: &str, seed: &str| {
        let options = ["x.csv", "--by", "actor", "-f", "json", "--threads", threads, "--seed", seed];
        succeeds(trend(&folder).args(options))
    };
    assert_eq!(bytes("1", "7"), bytes("3", "7"));
    assert_ne!(bytes("1", "7"), bytes("1", "8"));
}

#[test]
fn predicted_columns_give_what_classifying_gives() {
    let folder = Folder::with("x.csv", rising());
    succeeds(folder.predict().args(["x.csv", "--output", "labelled.csv"]));
    let direct = succeeds(trend(&folder).args(["x.csv", "-f", "csv"]));
    let read = succeeds(trend(&folder).args(["labelled.csv", "-f", "csv", "--predicted"]));
    let shares = |csv: &str| -> Vec<f64> {
        column(csv, "share").iter().map(|share| share.parse().expect("number")).collect()
    };
    for (a, b) in shares(&direct).iter().zip(shares(&read)) {
        // stance-predict rounds
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
    fails(trend(&folder).args(["x.csv", "--predicted"]), &["p_neutral", "id, date, actor, text"]);
    folder.write("bad.csv", "date,p_neutral,p_pro-withdrawal,p_threat\n2031-01-01,0.5,0.5,0.5\n");
    fails(trend(&folder).args(["bad.csv", "--predicted"]), &["bad.csv:2", "sum to 1.5"]);
    folder.write("bad.csv", "date,p_neutral,p_pro-withdrawal,p_threat\n2031-01-01,0.5,x,0.5\n");
    fails(trend(&folder).args(["bad.csv", "--predicted"]), &["bad.csv:2", "no probability"]);
}

#[test]
fn the_chart_fits_80_columns_and_marks_events() {
    let folder = Folder::with("x.csv", rising());
    for period in ["day", "week", "month", "quarter"] {
        let options = ["x.csv", "--by", "actor", "--period", period, "--event", "2032-01-15=Elections"];
        let text = succeeds(trend(&folder).args(options));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(
            text.contains("^ 2032-01-15  Elections") && text.contains("rising, 400 statements"),
            "{text}"
        );
        assert!(!text.contains('\x1b'));
    }
}

#[test]
fn the_page_needs_nothing_else_and_escapes_what_is_put_into_it() {
    let folder = Folder::with("x.csv", rising().replace(",steady,", ",<b>&x,"));
    let options = ["x.csv", "--by", "actor", "--event", "2031-06-01=<i>Vote", "-f", "html", "-o", "t.html"];
    succeeds(trend(&folder).args(options));
    let page = folder.text("t.html");
    for part in [
        "&#60;b&#62;&#38;x",
        "&#60;i&#62;Vote",
        "rising: threat rises by",
        "class=\"band\"",
        "class=\"mark\"",
    ] {
        assert!(page.contains(part), "no {part:?}");
    }
    for part in ["<b>", "<i>", "<script", "http:", "https:", "url(", "@import"] {
        assert!(!page.contains(part), "{part:?}");
    }
    assert_eq!(page.matches("class=\"chart\"").count(), 2);
    assert_eq!(page.matches("class=\"band\"").count(), 6);
}

#[test]
fn copies_count_once_and_are_counted() {
    let copies = "date,actor,text\n\
        2031-01-05,a,\"We will attack the base near the city if the soldiers stay there, the leader said\"\n\
        2031-01-06,a,\"We will attack the base near the city if the soldiers stay there, the leader said.\"\n\
        2031-01-07,a,\"WE will attack the base near the city if the soldiers stay there, the leader said twice\"\n\
        2031-01-20,a,\"We will attack the base near the city if the soldiers stay there, the leader said\"\n\
        2031-01-06,b,\"We will attack the base near the city if the soldiers stay there, the leader said\"\n";
    let folder = Folder::with("x.csv", copies);
    let report = json(trend(&folder).args(["x.csv", "--by", "actor", "--deduplicate"]));
    assert_eq!((&report["folded"], &report["statements"]), (&2.into(), &3.into()));
    let report = json(trend(&folder).args(["x.csv", "--by", "actor"]));
    assert_eq!((&report["folded"], &report["statements"]), (&Value::Null, &5.into()));
    let text = succeeds(trend(&folder).args(["x.csv", "--deduplicate"]));
    assert!(text.contains("copies folded"), "{text}");
}

#[test]
fn statements_of_one_cluster_are_drawn_together() {
    let mut csv = "date,article,text\n".to_owned();
    for n in 0..60 {
        let text = if n / 10 % 2 == 0 { "attack near the city" } else { "met near the port" };
        csv.push_str(&format!("2031-01-05,{},The soldiers {text}\n", n / 10));
    }
    let folder = Folder::with("x.csv", csv);
    let width = |options: &[&str]| -> f64 {
        let csv = succeeds(trend(&folder).args(["x.csv", "-f", "csv"]).args(options));
        let ends =
            ["share_high", "share_low"].map(|name| column(&csv, name)[2].parse::<f64>().expect("number"));
        ends[0] - ends[1]
    };
    assert!(width(&["--cluster-column", "article"]) > 1.5 * width(&[]));
}

#[test]
fn what_is_no_table_of_dates_is_refused() {
    let folder = Folder::with("x.csv", "");
    fails(trend(&folder).arg("x.csv"), &["x.csv", "is empty"]);
    folder.write("x.csv", "date,text\n");
    fails(trend(&folder).arg("x.csv"), &["x.csv", "no rows"]);
    folder.write("x.csv", "day,text\n2031-01-01,they leave\n");
    fails(trend(&folder).arg("x.csv"), &["\"date\"", "day, text", "--date-column"]);
    folder.write("x.csv", "date,text\n2031-01-01,they leave\n");
    fails(trend(&folder).args(["x.csv", "--by", "actor"]), &["\"actor\"", "--by"]);
    folder.write("y.csv", "date,text\n2031-01-01,they leave\n");
    folder.write("x.csv", "date,text\n2031-01-01,they leave\n2031-01-01,\n");
    fails(trend(&folder).arg("x.csv"), &["x.csv:3", "empty"]);
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("stance-trend");
    fails(command.current_dir(folder.path()).args(["y.csv", "--resamples", "5"]), &["--resamples", "100"]);
    for (option, value) in [("--date-format", "%d/%m"), ("--event", "soon=x"), ("--event", "2031-01-01=")] {
        let outcome = run(trend(&folder).args(["x.csv", option, value]));
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    }
}

#[test]
fn mixed_formats_are_listed_by_row_and_never_dropped_silently() {
    let mut csv = "date,text\n2031-01-01,they leave\n".to_owned();
    for day in 1..=12 {
        csv.push_str(&format!("{day:02}/05/2031,they leave\n"));
    }
    let folder = Folder::with("x.csv", csv);
    let parts = ["12 of 13 rows", "line 3: \"01/05/2031\"", "line 12:", "and 2 more", "--date-format"];
    assert_eq!(fails(trend(&folder).args(["x.csv"]), &parts), "");
    let outcome = run(trend(&folder).args(["x.csv", "--skip-bad-dates", "-f", "csv"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("line 3: \"01/05/2031\"") && outcome.stderr.contains("and 2 more"));
    assert!(outcome.stderr.contains("12 rows without a date"), "{}", outcome.stderr);
    fails(trend(&folder).args(["x.csv", "--date-format", "%d/%m/%Y"]), &["1 of 13 rows", "line 2"]);
    folder.write("x.csv", "date,text\nsoon,they leave\n");
    fails(trend(&folder).args(["x.csv", "--skip-bad-dates"]), &["1 of 1 rows", "soon"]);
}

#[test]
fn a_zone_never_moves_the_day() {
    let csv = "date,text\n2031-01-31T23:59:00-11:00,they leave\n2031-02-01T00:01:00+14:00,they leave\n\
        2031-02-01T12:00:00Z,they leave\n";
    let folder = Folder::with("x.csv", csv);
    for zone in ["UTC", "Pacific/Kiritimati"] {
        let csv = succeeds(trend(&folder).args(["x.csv", "-f", "csv"]).env("TZ", zone));
        let (starts, n) = (column(&csv, "period_start"), column(&csv, "n"));
        assert_eq!((starts[0].as_str(), n[0].as_str()), ("2031-01-01", "1"));
        assert_eq!((starts[3].as_str(), n[3].as_str()), ("2031-02-01", "2"));
    }
}

#[test]
fn what_is_thin_is_said() {
    let folder =
        Folder::with("x.csv", "date,actor,text\n2031-01-01,a,they leave\n2031-01-02,a,they attack\n");
    let text = succeeds(trend(&folder).args(["x.csv"]));
    assert!(text.contains("all statements are of one month: there is no trend to see"), "{text}");
    assert!(text.contains("fewer than 30 statements in all"), "{text}");

    let mut csv = rising();
    csv.push_str(
        "x,2031-03-05,tiny,they attack\nx,2031-04-05,tiny,they attack\nx,2031-05-05,tiny,they leave\n",
    );
    csv.push_str("x,2131-05-05,rising,they attack\n");
    folder.write("x.csv", csv);
    let report = json(trend(&folder).args(["x.csv", "--by", "actor"]));
    let warnings = report["warnings"].to_string();
    for part in [
        "fewer than 4 periods, so no trend is tested: \\\"tiny\\\"",
        "in all: \\\"tiny\\\"",
        "2131-05-05 or later",
    ] {
        assert!(warnings.contains(part), "no {part} in {warnings}");
    }
    assert_eq!(slope(&report, 2, "threat"), Value::Null);
    // one statement still has an interval, and a wide one
    let label = &report["groups"][2]["periods"][0]["labels"][2];
    assert!(label["high"].as_f64().expect("high") - label["low"].as_f64().expect("low") > 0.3, "{label}");
}

#[test]
fn pacc_says_what_an_old_model_lacks() {
    let folder = Folder::with("x.csv", rising());
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/model-v1.json");
    let with = |method: &str| {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("stance-trend");
        command.current_dir(folder.path()).args(["x.csv", "--model", old, "--method", method]);
        command
    };
    fails(
        &mut with("pacc"),
        &["pacc needs mean out-of-fold probabilities", "train the model again", "acc or em"],
    );
    succeeds(&mut with("acc"));
    succeeds(&mut with("em"));
}

/// The mean absolute error of shares by quarter over all actors, against the
/// true labels.
fn error_on_the_example(method: &str) -> f64 {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/examples/statements-timeline.csv");
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("stance-trend");
    command.args([path, "--period", "quarter", "--method", method, "-f", "csv", "--resamples", "100"]);
    let csv = succeeds(&mut command);
    let rows = std::fs::read_to_string(path).expect("example");
    let (dates, labels) = (column(&rows, "date"), column(&rows, "label"));
    let (starts, ends) = (column(&csv, "period_start"), column(&csv, "period_end"));
    let (of, shares) = (column(&csv, "label"), column(&csv, "share"));
    let errors: Vec<f64> = (0..shares.len())
        .map(|i| {
            let inside: Vec<usize> =
                (0..dates.len()).filter(|&row| (&starts[i]..=&ends[i]).contains(&&dates[row])).collect();
            let hits = inside.iter().filter(|&&row| labels[row] == of[i]).count();
            (shares[i].parse::<f64>().expect("share") - hits as f64 / inside.len() as f64).abs()
        })
        .collect();
    errors.iter().sum::<f64>() / errors.len() as f64
}

#[test]
fn the_example_is_closer_to_the_truth_when_corrected() {
    let (counted, corrected) = (error_on_the_example("cc"), error_on_the_example("em"));
    assert!(corrected < counted, "{corrected} {counted}");
    assert!(corrected < 0.12, "{corrected}");
}
