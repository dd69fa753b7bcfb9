//! Output rows: CSV, JSON lines, a list for people, or items of a page.

use anstyle::Style;
use serde_json::{Map, Value, json};

use super::html::place;
use super::input::{Batch, Input, Item, Origin};
use super::list::{ListItem, label_style};
use super::{PredictOptions, Summary};
use crate::classifier::argmax;
use crate::corpus::invalid_utf8;
use crate::error::{Error, Location, Result};
use crate::label::ABSTAIN;
use crate::model::{Explanation, Model, Prediction, Scorer};
use crate::page::{self, StatementView};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// A list for people.
    Text {
        /// Most characters in a line.
        width: usize,
        /// Whether labels are coloured, by ANSI escape sequences.
        colour: bool,
    },
    /// Delimited, with the input's separator: its columns, then ours.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A page for a browser, with the deciding words shaded.
    Html,
}

/// What is the same for all rows of a run.
pub(super) struct Layout {
    name: String,
    format: OutputFormat,
    header: Vec<u8>,
    columns: Vec<String>,
    index: &'static [&'static str],
    separator: u8,
    /// Names of the columns we add.
    probability_keys: Vec<String>,
}

impl Layout {
    pub fn new(model: &Model, input: &Input, options: &PredictOptions) -> Result<Self> {
        let (columns, separator) =
            input.header().map_or((Vec::new(), b','), |(columns, separator)| (columns.to_vec(), separator));
        let probability_keys: Vec<String> =
            model.labels().names().iter().map(|label| format!("p_{label}")).collect();
        let mut layout = Self {
            name: input.name(),
            format: options.format.unwrap_or(if input.is_jsonl() {
                OutputFormat::Jsonl
            } else {
                OutputFormat::Csv
            }),
            header: Vec::new(),
            columns,
            index: input.index_columns(),
            separator,
            probability_keys,
        };
        let is_page = layout.format == OutputFormat::Html;
        if !is_page
            && let Some(taken) =
                layout.added(options.explain).find(|name| layout.columns.iter().any(|c| c == name))
        {
            return Err(layout.taken(1, taken));
        }
        if layout.format == OutputFormat::Csv {
            let own = layout.columns.iter().map(String::as_str);
            let index = layout.index.iter().copied();
            let text = layout.columns.is_empty().then_some("text");
            let names = own.chain(index).chain(text).chain(layout.added(options.explain));
            let mut header = Vec::new();
            push_fields(&mut header, separator, names);
            layout.header = header;
        }
        Ok(layout)
    }

    /// The input's name, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether rows of this layout can follow those of `first`.
    pub fn check_same(&self, first: &Layout) -> Result<()> {
        if self.header == first.header && self.format == first.format {
            return Ok(());
        }
        let message = format!("has other columns than {}; label the files one by one", first.name);
        Err(Error::data(Location::of(&self.name), message))
    }

    /// The first line of the output.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    fn added(&self, explain: bool) -> impl Iterator<Item = &str> {
        let keys = self.probability_keys.iter().map(String::as_str);
        ["predicted", "confidence"]
            .into_iter()
            .chain(keys)
            .chain(["known_terms"])
            .chain(explain.then_some("explanation"))
    }

    fn taken(&self, line: u64, column: &str) -> Error {
        let message =
            format!("there is a \"{column}\" already, which would be written twice; rename or drop it");
        Error::data(Location::at(&self.name, line), message)
    }
}

/// Scores and formats rows; each thread has its own.
pub(super) struct RowWriter<'m> {
    model: &'m Model,
    layout: &'m Layout,
    options: &'m PredictOptions,
    scorer: Scorer<'m>,
    probabilities: Vec<f64>,
    /// The probabilities as they are written: millionths that sum to a million.
    millionths: Vec<u32>,
    /// Of the statement before, within a batch of an article.
    paragraph: Option<usize>,
}

impl<'m> RowWriter<'m> {
    pub fn new(model: &'m Model, layout: &'m Layout, options: &'m PredictOptions) -> Self {
        let classes = model.labels().len();
        Self {
            model,
            layout,
            options,
            scorer: model.scorer(),
            probabilities: vec![0.0; classes],
            millionths: vec![0; classes],
            paragraph: None,
        }
    }

    /// The output of a batch, and what it counts.
    pub fn write(&mut self, batch: &Batch) -> Result<(Vec<u8>, Summary)> {
        let mut out = Vec::with_capacity(batch.bytes() * 2);
        let mut summary = Summary {
            bytes: batch.bytes() as u64,
            by_class: vec![0; self.probabilities.len()],
            ..Summary::default()
        };
        self.paragraph = None;
        batch.for_each(|item| self.row(&item, &mut out, &mut summary))?;
        Ok((out, summary))
    }

    fn row(&mut self, item: &Item<'_>, out: &mut Vec<u8>, summary: &mut Summary) -> Result<()> {
        let is_empty = item.text.trim().is_empty();
        if is_empty && !self.options.allow_empty {
            let message = "the text is empty; fill it in, delete the row, or say --allow-empty to have such \
                           rows labelled \"abstain\"";
            return Err(Error::data(Location::at(&self.layout.name, item.origin.number()), message));
        }
        let known = self.scorer.score(item.text, &mut self.probabilities);
        let class = argmax(&self.probabilities);
        round_to_millionths(&self.probabilities, class, &mut self.millionths);
        let below = |threshold| self.probabilities[class] < threshold;
        let abstains = is_empty || self.options.threshold.is_some_and(below);
        summary.rows += 1;
        summary.unknown += u64::from(known == 0);
        if abstains {
            summary.abstained += 1;
        } else {
            summary.by_class[class] += 1;
        }
        let label = if abstains { ABSTAIN } else { self.model.labels().name(class) };
        match self.layout.format {
            OutputFormat::Csv => self.csv(item, label, class, known, out),
            OutputFormat::Jsonl => self.jsonl(item, label, class, known, out)?,
            OutputFormat::Html => self.html(item, class, known, abstains, out)?,
            OutputFormat::Text { width, colour } => {
                let explain = self.options.explain && known > 0;
                let list_item = ListItem {
                    number: item.origin.number(),
                    text: item.text,
                    label,
                    percent: self.millionths[class] / 10_000,
                    known_terms: known,
                    explanation: explain.then(|| self.model.explain(item.text, Some(class))),
                    style: match colour {
                        true => label_style(self.probabilities.len(), class, abstains),
                        false => Style::new(),
                    },
                };
                list_item.push(self.model.labels(), width, out);
            }
        }
        Ok(())
    }

    fn csv(&self, item: &Item<'_>, label: &str, class: usize, known: u32, out: &mut Vec<u8>) {
        let separator = self.layout.separator;
        if let Origin::Row { raw, .. } = item.origin {
            out.extend_from_slice(raw);
        } else {
            for value in item.origin.index() {
                if let Some(value) = value {
                    push_number(out, value);
                }
                out.push(separator);
            }
            push_field(out, separator, item.text);
        }
        out.push(separator);
        push_field(out, separator, label);
        out.push(separator);
        push_millionths(out, self.millionths[class]);
        for &p in &self.millionths {
            out.push(separator);
            push_millionths(out, p);
        }
        out.push(separator);
        push_number(out, known.into());
        if self.options.explain {
            out.push(separator);
            push_field(out, separator, &in_one_line(&self.model.explain(item.text, Some(class))));
        }
        out.push(b'\n');
    }

    fn jsonl(&self, item: &Item<'_>, label: &str, class: usize, known: u32, out: &mut Vec<u8>) -> Result<()> {
        let mut object: Map<String, Value> = match &item.origin {
            Origin::Row { fields, .. } => {
                let value = |field: &[u8]| match std::str::from_utf8(field) {
                    Ok(text) => Ok(json!(text)),
                    Err(e) => {
                        Err(invalid_utf8(&self.layout.name, item.origin.number(), field, e.valid_up_to()))
                    }
                };
                let fields = fields.iter().map(value).collect::<Result<Vec<_>>>()?;
                self.layout.columns.iter().cloned().zip(fields).collect()
            }
            Origin::Object { object, line } => {
                if let Some(taken) =
                    self.layout.added(self.options.explain).find(|key| object.contains_key(*key))
                {
                    return Err(self.layout.taken(*line, taken));
                }
                (*object).clone()
            }
            Origin::Line(_) | Origin::Statement(_) | Origin::Alone => {
                let index = item.origin.index().into_iter().map(|value| json!(value));
                let names = self.layout.index.iter().map(|name| (*name).to_owned());
                names.zip(index).chain([("text".to_owned(), json!(item.text))]).collect()
            }
        };
        let probability = |millionths: u32| json!(f64::from(millionths) / 1e6);
        object.insert("predicted".into(), json!(label));
        object.insert("confidence".into(), probability(self.millionths[class]));
        for (key, &p) in self.layout.probability_keys.iter().zip(&self.millionths) {
            object.insert(key.clone(), probability(p));
        }
        object.insert("known_terms".into(), json!(known));
        if self.options.explain {
            object.insert(
                "explanation".into(),
                in_json(item.text, &self.model.explain(item.text, Some(class))),
            );
        }
        serde_json::to_writer(&mut *out, &object).map_err(|e| Error::Output(e.into()))?;
        out.push(b'\n');
        Ok(())
    }

    fn html(
        &mut self,
        item: &Item<'_>,
        class: usize,
        known_terms: u32,
        abstained: bool,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let paragraph = match item.origin {
            Origin::Statement(statement) => Some(statement.paragraph),
            _ => None,
        };
        let prediction = Prediction { class, probabilities: self.probabilities.clone(), known_terms };
        let mut view = StatementView::new(self.model, item.text, prediction);
        view.abstained = abstained;
        view.place = place(&item.origin);
        view.starts_paragraph = self.paragraph.is_some() && paragraph != self.paragraph;
        self.paragraph = paragraph;
        page::write(&view, out)
    }
}

/// Rounds so that the sum stays exact: down, and the remainder goes to
/// `class`, the highest, which so stays the highest.
fn round_to_millionths(probabilities: &[f64], class: usize, millionths: &mut [u32]) {
    const ALL: u32 = 1_000_000;
    let mut others = 0;
    for (k, (m, p)) in millionths.iter_mut().zip(probabilities).enumerate() {
        *m = (p * f64::from(ALL)).floor() as u32;
        if k != class {
            others += *m;
        }
    }
    millionths[class] = ALL.saturating_sub(others);
}

/// The strongest contributions in one line.
pub(super) fn in_one_line(explanation: &Explanation) -> String {
    let strongest = explanation.strongest();
    let parts = strongest.iter().take(6).map(|c| format!("{} {:+.2}", c.words(), c.value));
    parts.collect::<Vec<_>>().join("; ")
}

/// All contributions, with character offsets into the text.
fn in_json(text: &str, explanation: &Explanation) -> Value {
    let char_starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let chars = |byte: usize| char_starts.partition_point(|&start| start < byte);
    let contributions: Vec<Value> = explanation
        .contributions
        .iter()
        .map(|c| {
            json!({
                "text": c.text, "pair": c.pair, "term": c.term, "start": chars(c.bytes.start),
                "end": chars(c.bytes.end), "value": c.value,
            })
        })
        .collect();
    json!({
        "label": explanation.label, "logit": explanation.logit, "intercept": explanation.intercept,
        "contributions": contributions,
    })
}

fn push_fields<'a>(out: &mut Vec<u8>, separator: u8, fields: impl Iterator<Item = &'a str>) {
    for (i, field) in fields.enumerate() {
        if i > 0 {
            out.push(separator);
        }
        push_field(out, separator, field);
    }
    out.push(b'\n');
}

/// A field, quoted where it must be.
fn push_field(out: &mut Vec<u8>, separator: u8, field: &str) {
    if field.bytes().any(|b| b == separator || matches!(b, b'"' | b'\n' | b'\r')) {
        out.push(b'"');
        out.extend_from_slice(field.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(field.as_bytes());
    }
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Six decimals, without the detour over floating-point formatting.
fn push_millionths(out: &mut Vec<u8>, millionths: u32) {
    let mut digits = *b"0.000000";
    digits[0] += (millionths / 1_000_000) as u8;
    let mut rest = millionths % 1_000_000;
    for digit in digits[2..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn written_probabilities_sum_to_one(values in proptest::collection::vec(0.0f64..1.0, 2..6)) {
            let sum: f64 = values.iter().sum::<f64>() + 1e-9;
            let probabilities: Vec<f64> = values.iter().map(|v| (v + 1e-9 / values.len() as f64) / sum).collect();
            let class = argmax(&probabilities);
            let mut millionths = vec![0; values.len()];
            round_to_millionths(&probabilities, class, &mut millionths);
            prop_assert_eq!(millionths.iter().sum::<u32>(), 1_000_000);
            let mut out = Vec::new();
            push_millionths(&mut out, millionths[class]);
            let read: f64 = std::str::from_utf8(&out).expect("ASCII").parse().expect("a number");
            prop_assert!((read - probabilities[class]).abs() < 1e-5);
        }
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        push_fields(&mut out, b';', ["a,b", "c;d", "say \"no\"", "x\ny"].into_iter());
        assert_eq!(out, b"a,b;\"c;d\";\"say \"\"no\"\"\";\"x\ny\"\n");
    }
}
