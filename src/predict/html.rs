//! Labelled statements as a page: `templates/prediction.html`.
//!
//! The totals stand on top, so the statements are kept until all are known,
//! and their number is bounded.

use std::io::Write;

use askama::Template;

use super::input::{Input, Origin};
use super::writer::Layout;
use super::{PredictOptions, Summary, run};
use crate::corpus::Source;
use crate::error::{Error, Location, Result};
use crate::label::ABSTAIN;
use crate::model::Model;
use crate::page::{self, Bar, label_class, percent, shape};

/// Statements on a page at most.
pub const MOST_ON_PAGE: u64 = 5000;

/// Bytes of them as HTML at most.
const MOST_BYTES: usize = 64 << 20;

#[derive(Template)]
#[template(path = "prediction.html")]
struct PredictionPage {
    statements: u64,
    totals: Vec<Total>,
    threshold: Option<f64>,
    unknown: u64,
    sources: Vec<SourceItems>,
    provenance: Vec<(&'static str, String)>,
}

struct Total {
    name: String,
    style: String,
    shape: &'static str,
    count: u64,
    share: String,
    bar: Bar,
}

/// The statements of one input.
struct SourceItems {
    name: String,
    /// As HTML.
    items: String,
}

impl PredictionPage {
    fn names(&self) -> String {
        self.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Classifies the inputs into one page.
pub(super) fn predict_page(
    model: &Model,
    inputs: &[Source],
    options: &PredictOptions,
    total: &mut Summary,
    out: &mut dyn Write,
) -> Result<()> {
    let mut sources = Vec::with_capacity(inputs.len());
    let mut bytes = 0;
    for source in inputs {
        let input = Input::open(source, model.language(), options)?;
        let layout = Layout::new(model, &input, options)?;
        let mut items = Vec::new();
        run(model, input, &layout, options, &mut |html, counts| {
            total.add(counts);
            bytes += html.len();
            if total.rows > MOST_ON_PAGE || bytes > MOST_BYTES {
                return Err(too_much(layout.name()));
            }
            items.extend_from_slice(html);
            Ok(())
        })?;
        let items = String::from_utf8(items).map_err(|e| Error::Output(std::io::Error::other(e)))?;
        sources.push(SourceItems { name: layout.name().to_owned(), items });
    }
    let page = PredictionPage {
        statements: total.rows,
        totals: totals(model, total),
        threshold: options.threshold,
        unknown: total.unknown,
        sources,
        provenance: vec![
            ("SHA-256 of the model file", model.sha256()?),
            ("Trained on", format!("{} rows", model.provenance().rows)),
            ("SHA-256 of training texts and labels", model.provenance().data_sha256.clone()),
            ("Program", format!("stance-classifier {}", page::VERSION)),
        ],
    };
    page::write(&page, out)
}

fn too_much(name: &str) -> Error {
    let message = format!(
        "is too much for one page, which holds {MOST_ON_PAGE} statements and {} MiB; say --format csv, or give \
         fewer statements",
        MOST_BYTES >> 20
    );
    Error::data(Location::of(name), message)
}

fn totals(model: &Model, total: &Summary) -> Vec<Total> {
    let line = |name: &str, style: String, shape, count| {
        let share = count as f64 / total.rows.max(1) as f64;
        let bar = Bar { value: Some(share), interval: None };
        Total { name: name.to_owned(), style, shape, count, share: percent(share), bar }
    };
    let names = model.labels().names().iter().zip(&total.by_class).enumerate();
    let mut lines: Vec<Total> =
        names.map(|(class, (name, &count))| line(name, label_class(&class), shape(&class), count)).collect();
    if total.abstained > 0 {
        lines.push(line(ABSTAIN, "abstained".into(), "", total.abstained));
    }
    lines
}

/// Where a statement stands, for people.
pub(super) fn place(origin: &Origin<'_>) -> String {
    match origin {
        Origin::Row { line, .. } | Origin::Object { line, .. } | Origin::Line(line) => format!("line {line}"),
        Origin::Statement(statement) => match statement.quote {
            Some(quote) => format!("sentence {}, quotation {quote}", statement.sentence),
            None => format!("sentence {}", statement.sentence),
        },
        Origin::Alone => String::new(),
    }
}
