//! `stance-evaluate --contrasts`, on pairs of its own so that no other model
//! changes what is expected, and on the pairs that come with the project.

mod cli;

use cli::{Folder, column, fails, run, succeeds, table};
use serde_json::Value;

/// Two kinds; of the pairs whose label must change one passes, of those whose
/// label must not one passes and one is consistent only.
const PAIRS: &str = "pair,kind,text,label\n\
    a1,verb,The soldiers leave near the base,pro-withdrawal\n\
    a1,verb,The soldiers attack near the base,threat\n\
    a2,verb,They will leave in the end,threat\n\
    a2,verb,They attack and burn the city,threat\n\
    b1,place,They met near the port,neutral\n\
    b1,place,They met near the valley,neutral\n\
    b2,place,They attack and burn the port,neutral\n\
    b2,place,They attack and burn the valley,neutral\n\
    a3,verb,They withdraw and go,pro-withdrawal\n\
    a3,verb,They withdraw and go again,neutral\n\
    a3,verb,They burn and go,threat\n";

fn pairs() -> Folder {
    Folder::with("p.csv", PAIRS)
}

#[test]
fn pass_rates_by_kind() {
    let folder = pairs();
    let text = succeeds(folder.evaluate().args(["--contrasts", "p.csv", "--markdown", "r.md"]));
    insta::assert_snapshot!(text);
    let markdown = folder.text("r.md");
    assert!(markdown.contains("Contrast pairs passed: 2 of 5"), "{markdown}");
    assert!(markdown.contains("| all | either | 5 | 2 | 0.400 |"), "{markdown}");
}

#[test]
fn the_json_report_has_them_flat() {
    let folder = pairs();
    succeeds(folder.evaluate().args(["--contrasts", "p.csv", "--json", "r.json"]));
    insta::assert_snapshot!(folder.text("r.json").replace(model_sha256(&folder).as_str(), "MODEL"));
}

fn model_sha256(folder: &Folder) -> String {
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    report["model_sha256"].as_str().expect("a digest").to_owned()
}

#[test]
fn gates_on_pass_rates() {
    let folder = pairs();
    let gate = |gates: &[&str]| run(folder.evaluate().args(["--contrasts", "p.csv"]).args(gates));
    let passing = gate(&["--min", "contrasts=0.4", "--min", "contrasts:place=0.5", "--max", "contrasts=0.9"]);
    assert_eq!(passing.code, Some(0), "{}", passing.stderr);
    assert!(passing.stderr.contains("gate passed: contrasts is 0.4000"), "{}", passing.stderr);
    let failing = gate(&["--min", "contrasts=0.5"]);
    assert_eq!(failing.code, Some(1), "{}", failing.stderr);
    // Wilson's interval of 2 in 5 begins at 0.118
    assert_eq!(gate(&["--min-lower", "contrasts=0.11"]).code, Some(0));
    assert_eq!(gate(&["--min-lower", "contrasts=0.12"]).code, Some(1));
    fails(
        folder.evaluate().args(["--contrasts", "p.csv", "--min", "contrasts:tense=0"]),
        &["\"tense\"", "place, verb"],
    );
    fails(
        folder.evaluate().args(["--contrasts", "p.csv", "--min", "accuracy=0"]),
        &["only contrasts were measured"],
    );
}

#[test]
fn failing_pairs_are_listed_whole_after_the_errors() {
    let folder = pairs();
    folder.write("x.csv", "text,label\nThey will leave in the end,threat\n");
    succeeds(folder.evaluate().args(["x.csv", "--contrasts", "p.csv", "--errors", "e.csv"]));
    let csv = folder.text("e.csv");
    let (header, _) = table(&csv, b',');
    assert_eq!(header, ["file", "line", "label", "predicted", "confidence", "pair", "kind", "text"]);
    assert_eq!(column(&csv, "pair"), ["", "a2", "a2", "b2", "b2", "a3", "a3", "a3"]);
    assert_eq!(column(&csv, "line"), ["2", "4", "5", "8", "9", "10", "11", "12"]);
    assert_eq!(column(&csv, "file")[..2], ["x.csv", "p.csv"]);
}

#[test]
fn pairs_that_are_none_are_refused_with_their_line() {
    let cases = [
        ("pair,kind,text\n1,a,They go\n", ["p.csv:1:", "\"label\""]),
        ("pair,text,label\n1,They go,threat\n", ["p.csv:1:", "\"kind\""]),
        ("pair,kind,text,label\n", ["p.csv", "no rows"]),
        ("pair,kind,text,label\n1,a,They go,threat\n", ["p.csv:2:", "pair \"1\" has one row"]),
        ("pair,kind,text,label\n1,a,They go,threat\n,a,They go,threat\n", ["p.csv:2:", "one row"]),
        ("pair,kind,text,label\n,a,They go,threat\n,a,They stay,threat\n", ["p.csv:2:", "\"pair\""]),
        ("pair,kind,text,label\n1,,They go,threat\n1,,They stay,threat\n", ["p.csv:2:", "is empty"]),
        ("pair,kind,text,label\n1,a,They go,threat\n1,b,They stay,threat\n", ["p.csv:3:", "of kind \"a\""]),
        ("pair,kind,text,label\n1,a,They go,threat\n1,a,,threat\n", ["p.csv:3:", "\"text\" is empty"]),
        ("pair,kind,text,label\n1,a,They go,threat\n1,a,They stay,treat\n", ["p.csv:3:", "\"treat\""]),
    ];
    for (csv, parts) in cases {
        let folder = Folder::with("p.csv", csv);
        assert_eq!(fails(folder.evaluate().args(["--contrasts", "p.csv"]), &parts), "", "{csv}");
    }
}

#[test]
fn neither_data_nor_contrasts_is_an_error() {
    fails(&mut pairs().evaluate(), &["required"]);
    fails(pairs().evaluate().args(["--contrasts", "p.csv", "--by", "kind"]), &["DATA"]);
}

/// The pairs of the project: 240 of two rows, six kinds, and what the default
/// model makes of them can be reported.
#[test]
fn the_pairs_of_the_project_can_be_run_on_the_default_model() {
    let folder = Folder::with("c.csv", include_str!("../data/contrasts.csv"));
    let mut command = folder.evaluate_without_model();
    let text = succeeds(command.args(["--contrasts", "c.csv", "--json", "r.json"]));
    let report: Value = serde_json::from_slice(&folder.read("r.json")).expect("JSON");
    let count = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key}"));
    assert_eq!((count("contrasts.pairs"), count("contrasts.change.pairs")), (240, 156));
    for kind in ["actor", "attribution", "condition", "negation", "object", "target"] {
        assert_eq!(count(&format!("contrasts:{kind}.pairs")), 40);
        assert!(count(&format!("contrasts:{kind}.change.pairs")) > 0);
        assert!(count(&format!("contrasts:{kind}.stay.pairs")) > 0);
        assert!(text.contains(kind), "{text}");
    }
    let rate = report["contrasts.pass_rate"].as_f64().expect("a rate");
    assert_eq!(rate, count("contrasts.passed") as f64 / 240.0);
}
