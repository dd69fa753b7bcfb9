//! Classifies an input as a stream: reads, scores and writes in batches,
//! across threads, in order, in memory that does not grow with the input. A
//! page, which has its totals on top, is bounded instead.

mod html;
mod input;
mod list;
mod writer;

use std::io::Write;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

pub use html::MOST_ON_PAGE;
pub use input::InputFormat;
use input::{Batch, Input};
pub use writer::OutputFormat;
use writer::{Layout, RowWriter};

use crate::corpus::{Dialect, Source};
use crate::error::{Error, Location, Result};
use crate::model::Model;

/// How to classify an input.
#[derive(Debug, Clone)]
pub struct PredictOptions {
    /// How to read it.
    pub input: InputFormat,
    /// Column or key of the text.
    pub text_column: String,
    /// How delimited input is written.
    pub dialect: Dialect,
    /// What to write; `None`: JSON lines for JSON lines, else delimited.
    pub format: Option<OutputFormat>,
    /// Below this confidence the label is [`ABSTAIN`](crate::ABSTAIN).
    pub threshold: Option<f64>,
    /// Add what decided.
    pub explain: bool,
    /// Answer an empty text with [`ABSTAIN`](crate::ABSTAIN) instead of stopping.
    pub allow_empty: bool,
    /// Threads that score.
    pub threads: usize,
}

/// What was classified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows.
    pub rows: u64,
    /// Bytes of input.
    pub bytes: u64,
    /// Rows per predicted class.
    pub by_class: Vec<u64>,
    /// Rows below the threshold, or empty.
    pub abstained: u64,
    /// Rows in which no known term occurs.
    pub unknown: u64,
    /// Wall time.
    pub elapsed: Duration,
}

impl Summary {
    fn add(&mut self, other: &Summary) {
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.abstained += other.abstained;
        self.unknown += other.unknown;
        self.by_class.resize(self.by_class.len().max(other.by_class.len()), 0);
        for (sum, n) in self.by_class.iter_mut().zip(&other.by_class) {
            *sum += n;
        }
    }
}

/// One batch on its way to a scoring thread, and where its output is awaited.
struct Job {
    batch: Batch,
    done: Sender<Result<(Vec<u8>, Summary)>>,
}

/// More threads than this are not started.
const MOST_THREADS: usize = 256;

/// Batches between the reader and the writer at any time, for each thread.
const IN_FLIGHT: usize = 3;

/// Classifies all rows of the inputs, one input after another, and writes one
/// output row for each input row, in its order.
///
/// # Errors
/// What reading and writing can meet; an input without rows, or with other
/// columns than the first; an input column that has the name of an output
/// column; more than [`MOST_ON_PAGE`] statements for a page.
pub fn predict(
    model: &Model,
    sources: &[Source],
    options: &PredictOptions,
    out: &mut dyn Write,
) -> Result<Summary> {
    let start = Instant::now();
    let mut total = Summary { by_class: vec![0; model.labels().len()], ..Summary::default() };
    if options.format == Some(OutputFormat::Html) {
        html::predict_page(model, sources, options, &mut total, out)?;
    } else {
        predict_rows(model, sources, options, &mut total, out)?;
    }
    out.flush()?;
    total.elapsed = start.elapsed();
    Ok(total)
}

fn predict_rows(
    model: &Model,
    sources: &[Source],
    options: &PredictOptions,
    total: &mut Summary,
    out: &mut dyn Write,
) -> Result<()> {
    let mut first: Option<Layout> = None;
    for source in sources {
        let input = Input::open(source, model.language(), options)?;
        let layout = Layout::new(model, &input, options)?;
        match &first {
            None => out.write_all(layout.header())?,
            Some(first) => layout.check_same(first)?,
        }
        run(model, input, &layout, options, &mut |bytes, counts| {
            total.add(counts);
            Ok(out.write_all(bytes)?)
        })?;
        first.get_or_insert(layout);
    }
    Ok(())
}

/// Takes the output of one batch and what it counts.
type Sink<'a> = dyn FnMut(&[u8], &Summary) -> Result<()> + 'a;

/// Reads on one thread, scores on several, writes on this one. An input
/// without rows is an error.
fn run(
    model: &Model,
    mut input: Input,
    layout: &Layout,
    options: &PredictOptions,
    sink: &mut Sink<'_>,
) -> Result<()> {
    type Awaited = Receiver<Result<(Vec<u8>, Summary)>>;
    let mut rows = 0;
    let threads = options.threads.clamp(1, MOST_THREADS);
    model.warm_up();
    std::thread::scope(|scope| -> Result<()> {
        let (jobs, queue): (Sender<Job>, Receiver<Job>) = bounded(threads);
        let (announce, in_order): (Sender<Result<Awaited>>, _) = bounded(threads * IN_FLIGHT);
        for _ in 0..threads {
            let queue = queue.clone();
            scope.spawn(move || {
                let mut writer = RowWriter::new(model, layout, options);
                for Job { batch, done } in queue {
                    // nobody waits any more once an error was met
                    let _ = done.send(writer.write(&batch));
                }
            });
        }
        drop(queue);
        scope.spawn(move || {
            loop {
                let batch = match input.next_batch() {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break,
                    Err(error) => {
                        let _ = announce.send(Err(error));
                        break;
                    }
                };
                let (done, awaited) = bounded(1);
                if announce.send(Ok(awaited)).is_err() || jobs.send(Job { batch, done }).is_err() {
                    break;
                }
            }
        });
        for awaited in in_order {
            let outcome = awaited?.recv();
            let (bytes, counts) =
                outcome.unwrap_or_else(|_| Err(Error::Training("a thread ended".into())))?;
            rows += counts.rows;
            sink(&bytes, &counts)?;
        }
        Ok(())
    })?;
    if rows == 0 {
        return Err(Error::data(Location::of(layout.name()), "has no statements"));
    }
    Ok(())
}
