//! Measures the methods of `stance::prevalence` under prior shift, by the
//! artificial-prevalence protocol (Forman 2005; Esuli et al. 2023): true
//! shares are drawn uniformly from the simplex, rows with those shares are
//! drawn from labelled data, and each method estimates the shares.
//!
//!     cargo run --release --example prevalence
//!
//! prints the table of docs/prevalence.md. Options: draws for each size,
//! resamples of each interval (200 300).

#![allow(clippy::print_stdout)]

use ndarray::{Array2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use stance::corpus::{Columns, Dialect, Source};
use stance::prevalence::{Method, Misclassification, Quantifier, interval};
use stance::{Alpha, Corpus, Model, Result, out_of_fold};

const SIZES: [usize; 3] = [50, 200, 1000];
const SEED: u64 = 7;

/// Labelled rows that a classifier that never saw them has scored.
struct Pool {
    targets: Vec<usize>,
    posteriors: Array2<f64>,
}

impl Pool {
    fn select(&self, rows: &[usize]) -> Self {
        let targets = rows.iter().map(|&row| self.targets[row]).collect();
        Self { targets, posteriors: self.posteriors.select(Axis(0), rows) }
    }

    fn rates(&self) -> Result<Misclassification> {
        Misclassification::from_rows(&self.targets, self.posteriors.view())
    }

    /// `n` rows with these shares, with replacement, and the shares they got.
    fn draw(&self, shares: &[f64], n: usize, rng: &mut ChaCha8Rng) -> Self {
        let rows_of: Vec<Vec<usize>> = (0..shares.len())
            .map(|class| (0..self.targets.len()).filter(|&row| self.targets[row] == class).collect())
            .collect();
        let rows: Vec<usize> = (0..n)
            .map(|_| {
                let mut left: f64 = rng.random_range(0.0..1.0);
                let class = shares.iter().position(|share| {
                    left -= share;
                    left < 0.0
                });
                let rows = &rows_of[class.unwrap_or(shares.len() - 1)];
                rows[rng.random_range(0..rows.len())]
            })
            .collect();
        self.select(&rows)
    }
}

/// Uniform on the simplex: gaps between sorted uniform numbers.
fn uniform_shares(classes: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut cuts: Vec<f64> = (1..classes).map(|_| rng.random_range(0.0..1.0)).collect();
    cuts.extend([0.0, 1.0]);
    cuts.sort_by(f64::total_cmp);
    cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Mean absolute error against the shares in the sample and against those it
/// was drawn with, the share of intervals that cover the latter, and their
/// mean width.
fn measure(quantifier: &Quantifier, pool: &Pool, n: usize, draws: u64, resamples: usize) -> Result<[f64; 4]> {
    let redraws = quantifier.redraws(resamples, SEED)?;
    let one = |draw: u64| -> [f64; 4] {
        // the same samples for every method
        let mut rng = ChaCha8Rng::seed_from_u64(SEED + n as u64);
        rng.set_stream(draw);
        let truth = uniform_shares(quantifier.classes(), &mut rng);
        let sample = pool.draw(&truth, n, &mut rng);
        let view = sample.posteriors.view();
        let estimate = quantifier.estimate(view).unwrap_or_default();
        let resampled = quantifier.resample(view, None, &redraws, SEED, draw);
        let mut sums = [0.0; 4];
        for (class, (estimate, truth)) in estimate.iter().zip(&truth).enumerate() {
            let shares = resampled.iter().flat_map(|shares| shares.column(class).to_vec());
            let Some(interval) = interval(shares) else { continue };
            let rows = sample.targets.iter().filter(|&&target| target == class).count();
            sums[0] += (estimate - rows as f64 / n as f64).abs();
            sums[1] += (estimate - truth).abs();
            sums[2] += f64::from(u8::from((interval.low..=interval.high).contains(truth)));
            sums[3] += interval.high - interval.low;
        }
        sums.map(|sum| sum / truth.len() as f64)
    };
    let found: Vec<[f64; 4]> = (0..draws).into_par_iter().map(one).collect();
    Ok(std::array::from_fn(|i| found.iter().map(|values| values[i]).sum::<f64>() / draws as f64))
}

fn table(
    title: &str,
    rates: &Misclassification,
    priors: &[f64],
    pool: &Pool,
    draws: u64,
    resamples: usize,
) -> Result<()> {
    println!(
        "\n{title}\n\n| method | n | MAE | of CC's | MAE, source | coverage | width |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for n in SIZES {
        let mut of_cc = None;
        for method in Method::ALL {
            let quantifier = Quantifier::new(method, rates, priors)?;
            let [error, of_source, coverage, width] = measure(&quantifier, pool, n, draws, resamples)?;
            let of_cc = error / *of_cc.get_or_insert(error);
            println!(
                "| {} | {n} | {error:.4} | {of_cc:.2} | {of_source:.4} | {:.1} % | {width:.3} |",
                method.name(),
                100.0 * coverage
            );
        }
    }
    Ok(())
}

fn halves(pool: &Pool, groups: &[String]) -> (Pool, Pool) {
    let mut names: Vec<&String> = groups.iter().collect();
    names.sort_unstable();
    names.dedup();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let sides: std::collections::HashMap<&String, bool> =
        names.into_iter().map(|name| (name, rng.random_range(0.0..1.0) < 0.5)).collect();
    let (a, b): (Vec<usize>, Vec<usize>) = (0..pool.targets.len()).partition(|&row| sides[&groups[row]]);
    (pool.select(&a), pool.select(&b))
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let draws = numbers.next().unwrap_or(200);
    let resamples = numbers.next().unwrap_or(300) as usize;
    let model = Model::default_english()?;
    let read = |path: &str, group: Option<&str>| {
        let columns = Columns { group: group.map(str::to_owned), ..Columns::default() };
        Corpus::read(&[Source::new(path)], &columns, Dialect::default())
    };

    let corpus = read("data/statements.csv", Some("group"))?;
    let params = stance::ModelParams {
        alpha: Alpha::Fixed(model.params().classifier.alpha),
        ..model.params().clone()
    };
    let (labels, posteriors) = out_of_fold(&params, &corpus, &|what| eprintln!("{what}"))?;
    let pool = Pool { targets: corpus.targets(&labels)?, posteriors };
    let rows = &model.provenance().rows_per_label;
    let priors: Vec<f64> = rows.iter().map(|&n| n as f64 / corpus.len() as f64).collect();

    let (measured, drawn_from) = halves(&pool, &corpus.groups);
    table(
        "out of fold: error rates from one half of the groups, samples from the other",
        &measured.rates()?,
        &priors,
        &drawn_from,
        draws,
        resamples,
    )?;

    // what the size of the held-out set alone does to coverage
    let few: Vec<usize> = (0..priors.len())
        .flat_map(|class| {
            let rows = (0..drawn_from.targets.len()).filter(|&row| drawn_from.targets[row] == class);
            rows.step_by(5).take(334).collect::<Vec<_>>()
        })
        .collect();
    table(
        "out of fold, but samples from no more than 334 rows of each label",
        &measured.rates()?,
        &priors,
        &drawn_from.select(&few),
        draws,
        resamples,
    )?;

    let heldout = read("data/heldout.csv", None)?;
    let held = Pool { targets: heldout.targets(&labels)?, posteriors: model.predict_proba(&heldout.texts) };
    table(
        "held-out set: error rates as the model brings them",
        &pool.rates()?,
        &priors,
        &held,
        draws,
        resamples,
    )
}
