//! The HTML pages of `stance-evaluate` and `stance-predict`. How they look in
//! a browser is for `tests/browser/check.py`.

mod cli;

use cli::{Folder, csv_of, fails, run, succeeds};

const DATA: &str = "text,label,region\n\
    The soldiers leave near the base,pro-withdrawal,north\n\
    They withdraw and go,pro-withdrawal,north\n\
    They attack and burn the city,threat,north\n\
    The soldiers kill near the port,threat,south\n\
    They met and discussed,neutral,south\n\
    They visited the valley,neutral,south\n\
    They will leave in the end,threat,north\n";

/// Markup, quotation marks, right-to-left text, emoji, and known words.
const HOSTILE: &str =
    "<script>alert(\"leave\")</script> & 'burn' \u{5d9}\u{5e6}\u{5d0}\u{5d5} \u{202e}x \u{1f525}\u{1f3fd}";

fn evaluation(csv: &str, arguments: &[&str]) -> String {
    let folder = Folder::with("x.csv", csv);
    succeeds(folder.evaluate().args(["x.csv", "--html", "r.html"]).args(arguments));
    folder.text("r.html")
}

fn prediction(name: &str, input: &str, arguments: &[&str]) -> String {
    let folder = Folder::with(name, input);
    succeeds(folder.predict().args([name, "--format", "html"]).args(arguments))
}

/// Without the style sheet, and without what changes with each version or fit.
fn without_style(page: &str) -> String {
    let (start, end) = (page.find("<style>").expect("a style"), page.find("</style>").expect("its end"));
    let page = format!("{}{}", &page[..start], &page[end + "</style>".len()..]);
    let page = page.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    page.split('>')
        .map(|part| match part.split_once('<') {
            Some((text, tag)) if is_hash(text) => format!("HASH<{tag}"),
            _ => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(">")
}

/// How often tags are opened and closed: what was escaped can do neither.
fn assert_balanced(page: &str) {
    for tag in
        ["html", "main", "section", "table", "tr", "ol", "li", "p", "details", "mark", "bdi", "svg", "g"]
    {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
}

fn assert_self_contained(page: &str) {
    for outside in ["<script", "http://", "https://", "url(", "@import", "src=", "onload"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf "));
    assert_balanced(page);
}

#[test]
fn the_evaluation_page() {
    let page = evaluation(DATA, &["--by", "region"]);
    assert_self_contained(&page);
    insta::assert_snapshot!(without_style(&page));
}

#[test]
fn the_prediction_page() {
    let article = "Talks resume\n\nThe soldiers will leave. \"They burn the city,\" he said.\n";
    let page = prediction("x.txt", article, &["--threshold", "0.5"]);
    assert_self_contained(&page);
    insta::assert_snapshot!(without_style(&page));
}

#[test]
fn what_stands_in_a_text_is_text() {
    let csv = format!("text,label\n\"{}\",neutral\nThey go,threat\n", HOSTILE.replace('"', "\"\""));
    for page in [evaluation(&csv, &[]), prediction("x.csv", &csv, &[])] {
        assert_self_contained(&page);
        assert!(page.contains("&#60;"), "escaped");
        assert!(page.contains("\u{5d9}\u{5e6}\u{5d0}\u{5d5}") && page.contains("\u{1f525}\u{1f3fd}"));
        assert!(page.contains("dir=\"auto\""));
    }
}

#[test]
fn what_stands_in_a_label_a_column_or_a_file_name_is_text() {
    let labels = ["\"q\" onload=x", "<script>", "a&b"];
    let folder = Folder::with("x.csv", csv_of(labels).replace(",source\n", ",\"<i>\"\n"));
    succeeds(folder.train().args(["x.csv", "--output", "m.json", "--solver", "sparse", "--alpha", "0.5"]));
    folder.write("<b>.csv", folder.text("x.csv"));
    let model = ["<b>.csv", "--model", "m.json"];
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("stance-evaluate");
    command.current_dir(folder.path());
    succeeds(command.args(model).args(["--by", "<i>", "--html", "r.html"]));
    let report = folder.text("r.html");
    let labelled = succeeds(folder.predict_without_model().args(model).args(["--format", "html"]));
    for page in [report, labelled] {
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<i>"));
        assert!(!page.contains("\"q\" onload"));
        assert_balanced(&page);
    }
}

#[test]
fn abstentions_and_unknown_texts_are_said() {
    let page =
        prediction("x.csv", "text\nqqq zzz\n\"\"\nThey leave\n", &["--threshold", "0.99", "--allow-empty"]);
    assert_eq!(page.matches("statement abstained").count(), 3);
    assert!(page.contains("2 without a known term"));
    assert_eq!(page.matches("No known term").count(), 2);
    assert!(page.contains("confidence is below 0.99"));
    assert_self_contained(&page);
}

#[test]
fn one_row_gives_a_page_without_invented_figures() {
    let page = evaluation("text,label\nThey leave,pro-withdrawal\n", &[]);
    assert_self_contained(&page);
    assert!(page.contains("There are no errors"));
    assert!(page.contains("<td>-<svg"), "an undefined recall is a dash");
}

#[test]
fn too_much_for_a_page_is_an_error_that_leaves_no_file() {
    let rows = |count: usize| "They leave\n".repeat(count);
    let folder = Folder::with("many.txt", rows(5001));
    let arguments = ["many.txt", "--input-format", "lines", "--format", "html", "--output", "p.html"];
    fails(folder.predict().args(arguments), &["many.txt", "5000", "--format csv"]);
    assert_eq!(folder.names(), ["many.txt"]);
    folder.write("many.txt", rows(5000));
    succeeds(folder.predict().args(arguments));
    assert_eq!(folder.text("p.html").matches("<li class=\"statement").count(), 5000);
}

#[test]
fn several_inputs_share_a_page_and_its_totals() {
    let folder = Folder::with("a.txt", "They leave.");
    folder.write("b.csv", "id,text,predicted\n1,They burn the city,x\n");
    let page = succeeds(folder.predict().args(["a.txt", "b.csv", "--format", "html"]));
    assert_eq!(page.matches("<ol class=\"statements\">").count(), 2);
    assert!(page.contains("<strong>2</strong> statements in <bdi>a.txt, b.csv</bdi>"));
    assert!(page.contains("line 2"));
}

#[test]
fn the_same_run_gives_the_same_page_whatever_the_threads() {
    let lines: String = (0..2000).map(|i| format!("The soldiers leave {i}, they burn the port.\n")).collect();
    let page = |threads| prediction("x.jsonl", &lines, &["--input-format", "lines", "--threads", threads]);
    assert_eq!(page("1"), page("7"));
    assert_eq!(evaluation(DATA, &[]), evaluation(DATA, &[]));
}

#[test]
fn a_page_that_cannot_be_written_is_an_error() {
    let folder = Folder::with("x.csv", DATA);
    assert_eq!(run(folder.evaluate().args(["x.csv", "--html", "no/such/r.html"])).code, Some(2));
}
