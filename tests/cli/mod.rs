//! What the tests of the command line share: a folder to work in, the three
//! programs, and what a good refusal looks like.

#![allow(dead_code)] // no test file uses all of it

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;

/// A folder of one test's own; the programs run in it, so messages name files
/// without a path.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("temporary folder"))
    }

    pub fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = Self::new();
        folder.write(name, bytes);
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).expect("write");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).expect("read")
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("UTF-8")
    }

    /// The names of all files, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("folder");
        let mut names: Vec<String> =
            entries.map(|e| e.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn prepare(&self, mut command: Command) -> Command {
        command.current_dir(self.path()).env_remove("RUST_BACKTRACE");
        // no measurement: only a hang becomes a failure
        command.timeout(Duration::from_secs(120));
        command
    }

    pub fn train(&self) -> Command {
        self.prepare(cargo_bin_cmd!("stance-train"))
    }

    /// `stance-predict` with the small model.
    pub fn predict(&self) -> Command {
        let mut command = self.predict_without_model();
        command.arg("--model").arg(model_path());
        command
    }

    pub fn predict_without_model(&self) -> Command {
        self.prepare(cargo_bin_cmd!("stance-predict"))
    }

    /// `stance-evaluate` with the small model.
    pub fn evaluate(&self) -> Command {
        let mut command = self.evaluate_without_model();
        command.arg("--model").arg(model_path());
        command
    }

    pub fn evaluate_without_model(&self) -> Command {
        self.prepare(cargo_bin_cmd!("stance-evaluate"))
    }
}

/// What a program did.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Outcome {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("UTF-8 on standard output")
    }
}

pub fn run(command: &mut Command) -> Outcome {
    let output = command.output().expect("the program runs");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8 on standard error");
    assert!(!stderr.contains("panicked"), "a panic:\n{stderr}");
    Outcome { code: output.status.code(), stdout: output.stdout, stderr }
}

/// Runs what must end with status 0; returns standard output.
pub fn succeeds(command: &mut Command) -> String {
    let outcome = run(command);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome.text().to_owned()
}

/// Runs what must end with status 2 and one clear message that has all of
/// `parts` in it; returns standard output.
pub fn fails(command: &mut Command, parts: &[&str]) -> String {
    let outcome = run(command);
    let stderr = &outcome.stderr;
    assert_eq!(outcome.code, Some(2), "stdout: {}\nstderr: {stderr}", outcome.text());
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.lines().count() <= 20 && stderr.len() < 2000, "more than a screenful: {stderr}");
    assert!(!stderr.contains('\x1b'), "escape sequences outside a terminal: {stderr:?}");
    for part in parts {
        assert!(stderr.contains(part), "no {part:?} in: {stderr}");
    }
    outcome.text().to_owned()
}

/// Labelled rows, `(text, label)`, 20 a label: the labels have words of their
/// own, but one text in five has another label's.
pub fn labelled_rows(labels: [&'static str; 3]) -> Vec<(String, &'static str)> {
    const VERBS: [[&str; 4]; 3] = [
        ["met", "discussed", "visited", "reported"],
        ["leave", "withdraw", "go", "depart"],
        ["attack", "kill", "burn", "destroy"],
    ];
    const PLACES: [&str; 5] = ["base", "border", "city", "port", "valley"];
    (0..60)
        .map(|i| {
            let (class, n) = (i % 3, i / 3);
            let words = if n % 5 == 4 { (class + 1) % 3 } else { class };
            let text = format!("The soldiers {} near the {}", VERBS[words][n % 4], PLACES[(n + class) % 5]);
            (text, labels[class])
        })
        .collect()
}

pub const LABELS: [&str; 3] = ["neutral", "pro-withdrawal", "threat"];

/// The labelled rows as CSV with the columns id, text, label, source.
pub fn training_csv() -> String {
    csv_of(LABELS)
}

pub fn csv_of(labels: [&'static str; 3]) -> String {
    let mut csv = "id,text,label,source\n".to_owned();
    for (i, (text, label)) in labelled_rows(labels).into_iter().enumerate() {
        csv.push_str(&format!("{i},{text},{label},paper {}\n", i / 6));
    }
    csv
}

/// The file of the small model: trained on the labelled rows, word n-grams
/// only, once for each process.
pub fn model_path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let name = concat!(env!("CARGO_CRATE_NAME"), "-model.json");
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let options = ["--char-ngrams", "none", "--alpha", "0.5", "--solver", "sparse"];
        let folder = Folder::with("x.csv", training_csv());
        succeeds(folder.train().arg("x.csv").args(options).arg("--output").arg(&path));
        path
    })
}

pub fn model_text() -> String {
    std::fs::read_to_string(model_path()).expect("the small model")
}

/// Fields of delimited text; every row must have as many as the header.
pub fn table(text: &str, separator: u8) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = fields(reader.headers().expect("header"));
    let rows =
        reader.records().map(|record| fields(&record.expect("as many fields as the header"))).collect();
    (header, rows)
}

/// The values of one column of CSV.
pub fn column(csv: &str, name: &str) -> Vec<String> {
    let (header, rows) = table(csv, b',');
    let at =
        header.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}: {header:?}"));
    rows.into_iter().map(|row| row[at].clone()).collect()
}

pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}
