//! Times the steps of training inside one process, and writes the feature
//! matrix so that another solver can be given the very same one.
//!
//! `run.py` builds this as a throw-away package; it is no part of the crate.
//! Arguments: CSV file, output folder, alpha, repeats.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use stance::corpus::{Columns, Dialect, Source};
use stance::text::{Language, NormalizerParams};
use stance::{
    ClassifierParams, Corpus, Labels, NgramRange, Norm, Solver, SparseRows, Vectorizer, VectorizerParams,
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64(), result)
}

fn write<const N: usize>(path: &Path, values: impl Iterator<Item = [u8; N]>) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for value in values {
        out.write_all(&value)?;
    }
    Ok(out.flush()?)
}

fn write_matrix(folder: &Path, rows: &SparseRows, targets: &[usize]) -> Outcome<()> {
    let each = || (0..rows.len()).map(|row| rows.row(row));
    let mut end = 0_u64;
    let ends = each().map(|(columns, _)| {
        end += columns.len() as u64;
        end.to_le_bytes()
    });
    write(&folder.join("ends.u64"), ends)?;
    write(
        &folder.join("columns.u32"),
        each().flat_map(|(columns, _)| columns.iter().map(|c| c.to_le_bytes())),
    )?;
    write(&folder.join("values.f64"), each().flat_map(|(_, values)| values.iter().map(|v| v.to_le_bytes())))?;
    write(&folder.join("targets.u32"), targets.iter().map(|&target| (target as u32).to_le_bytes()))
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, data, folder, alpha, repeats] = arguments.as_slice() else {
        return Err("arguments: CSV file, output folder, alpha, repeats".into());
    };
    let (alpha, repeats): (f64, usize) = (alpha.parse()?, repeats.parse()?);
    let folder = PathBuf::from(folder);

    let source = [Source::new(data)];
    let (read, corpus) = timed(|| Corpus::read(&source, &Columns::default(), Dialect::default()));
    let corpus = corpus?;
    let targets = corpus.targets(&Labels::from_names(corpus.labels.iter().cloned())?)?;
    let params = VectorizerParams {
        normalizer: NormalizerParams { language: Language::None, mask_numbers: false },
        word_ngrams: NgramRange::new(1, 2)?,
        char_ngrams: None,
        min_df: 2,
        window: None,
        max_features: None,
        norm: Norm::L2,
        ..VectorizerParams::default()
    };
    let (vectorize, vectorizer) = timed(|| Vectorizer::fit(&params, &corpus.texts, &targets));
    let vectorizer = vectorizer?;
    let (transform, rows) = timed(|| vectorizer.transform(&corpus.texts));

    let params = ClassifierParams { alpha, solver: Solver::Sparse, ..ClassifierParams::default() };
    let mut seconds = Vec::new();
    let mut fitted = None;
    for _ in 0..repeats.max(1) {
        let (time, classifier) = timed(|| params.fit_rows(&rows, &targets, None));
        seconds.push(time);
        fitted = Some(classifier?);
    }
    let classifier = fitted.ok_or("no repeats")?;
    let end = classifier.convergence();
    write_matrix(&folder, &rows, &targets)?;
    println!(
        "{{\"read\": {read}, \"vectorizer\": {vectorize}, \"transform\": {transform}, \"fit\": {seconds:?}, \
         \"objective\": {}, \"iterations\": {}, \"rows\": {}, \"columns\": {}, \"stored\": {}}}",
        end.objective,
        end.iterations,
        rows.len(),
        rows.columns(),
        rows.stored()
    );
    Ok(())
}
