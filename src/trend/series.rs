//! Shares of each group and period.

use ndarray::{ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::change::splits;
use super::input::Statements;
use super::significance::{Series, slope, variance};
use super::{Change, Group, PeriodShares, Share, TrendParams};
use crate::classifier::argmax;
use crate::dates::Day;
use crate::error::{Error, Result};
use crate::prevalence::{Quantifier, Redraws, Resamples, interval};

/// Streams of random numbers: cells have the numbers from 0, whole groups and
/// change points of their own ones from these.
const GROUP_STREAMS: u64 = 1 << 40;
const CHANGE_STREAMS: u64 = 1 << 41;

/// Statements of one group and period, or of a whole group.
struct Cell<'a> {
    posteriors: ArrayView2<'a, f64>,
    clusters: Option<&'a [u32]>,
    stream: u64,
}

/// What is estimated from a cell.
struct Estimate {
    shares: Vec<Share>,
    resamples: Resamples,
}

/// Groups by name, each with its periods in order.
pub(super) fn groups(
    params: &TrendParams,
    quantifier: &Quantifier,
    redraws: &Redraws,
    statements: &Statements,
    keep: &[bool],
) -> Result<Vec<Group>> {
    let classes = quantifier.classes();
    let mut by_name: Vec<usize> = (0..statements.names.len()).collect();
    by_name.sort_by(|&a, &b| statements.names[a].cmp(&statements.names[b]));
    let mut rank = vec![0; by_name.len()];
    by_name.iter().enumerate().for_each(|(at, &name)| rank[name] = at);
    let mut rows: Vec<(usize, Day, usize)> = (0..statements.len())
        .filter(|&row| keep[row])
        .map(|row| (rank[statements.groups[row] as usize], params.period.start(statements.days[row]), row))
        .collect();
    rows.par_sort_unstable();
    let mut posteriors = Vec::with_capacity(rows.len() * classes);
    for &(_, _, row) in &rows {
        posteriors.extend_from_slice(&statements.posteriors[row * classes..(row + 1) * classes]);
    }
    let clusters: Option<Vec<u32>> =
        statements.clusters.as_ref().map(|clusters| rows.iter().map(|row| clusters[row.2]).collect());
    let cell = |from: usize, to: usize, stream: u64| -> Result<Cell<'_>> {
        let view = ArrayView2::from_shape((to - from, classes), &posteriors[from * classes..to * classes]);
        let posteriors = view.map_err(|e| Error::Training(e.to_string()))?;
        Ok(Cell { posteriors, clusters: clusters.as_ref().map(|all| &all[from..to]), stream })
    };

    let mut groups = Vec::new();
    let (mut start, mut cells_before) = (0, 0);
    for of_group in rows.chunk_by(|a, b| a.0 == b.0) {
        let (mut cells, mut days) = (Vec::new(), Vec::new());
        let mut from = start;
        for of_period in of_group.chunk_by(|a, b| a.1 == b.1) {
            cells.push(cell(from, from + of_period.len(), cells_before + cells.len() as u64)?);
            days.push(of_period[0].1);
            from += of_period.len();
        }
        cells_before += cells.len() as u64;
        let number = groups.len() as u64;
        let whole = cell(start, from, GROUP_STREAMS + number)?;
        start = from;
        let name = statements.names[by_name[of_group[0].0]].clone();
        groups.push(Input { name, number, days, cells, whole });
    }
    groups.par_iter().map(|input| input.estimate(params, quantifier, redraws)).collect()
}

/// The cells of one group.
struct Input<'a> {
    name: String,
    number: u64,
    /// First day of each period.
    days: Vec<Day>,
    cells: Vec<Cell<'a>>,
    whole: Cell<'a>,
}

impl Input<'_> {
    fn estimate(&self, params: &TrendParams, quantifier: &Quantifier, redraws: &Redraws) -> Result<Group> {
        let of = |cell: &Cell<'_>| cell.estimate(quantifier, redraws, params.seed);
        let (estimates, whole) = rayon::join(
            || self.cells.par_iter().map(of).collect::<Option<Vec<Estimate>>>().unwrap_or_default(),
            || of(&self.whole).map(|estimate| estimate.shares).unwrap_or_default(),
        );
        let periods: Vec<PeriodShares> = self
            .days
            .iter()
            .zip(&self.cells)
            .zip(&estimates)
            .map(|((&start, cell), estimate)| PeriodShares {
                start,
                end: params.period.next(start).before(),
                statements: cell.posteriors.nrows(),
                shares: estimate.shares.clone(),
            })
            .collect();
        let of_label = |label: usize| {
            let slope = slope(&series(&periods, &estimates, label));
            let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
            let classes = quantifier.classes() as u64;
            rng.set_stream(CHANGE_STREAMS + self.number * classes + label as u64);
            let weighted: Vec<(f64, f64)> =
                periods.iter().map(|p| (p.shares[label].share, p.statements as f64)).collect();
            let changes: Vec<Change> = splits(&weighted, &mut rng)
                .into_iter()
                .map(|split| Change {
                    label,
                    from: periods[split.period].start,
                    before: split.before,
                    after: split.after,
                    p: split.p,
                })
                .collect();
            (slope, changes)
        };
        let (slopes, changes): (Vec<_>, Vec<_>) =
            (0..quantifier.classes()).into_par_iter().map(of_label).unzip();
        Ok(Group {
            name: self.name.clone(),
            statements: self.whole.posteriors.nrows(),
            shares: whole,
            periods,
            slopes,
            changes: changes.concat(),
        })
    }
}

impl Cell<'_> {
    /// `None` only without rows.
    fn estimate(&self, quantifier: &Quantifier, redraws: &Redraws, seed: u64) -> Option<Estimate> {
        let shares = quantifier.estimate(self.posteriors)?;
        let resamples = quantifier.resample(self.posteriors, self.clusters, redraws, seed, self.stream)?;
        let mut counted = vec![0usize; shares.len()];
        self.posteriors.rows().into_iter().for_each(|row| counted[argmax(&row.to_vec())] += 1);
        let share = |(label, share): (usize, f64)| {
            let interval = interval(resamples.column(label).iter().copied())?;
            Some(Share { share, interval, counted: counted[label] as f64 / self.posteriors.nrows() as f64 })
        };
        let shares = shares.into_iter().enumerate().map(share).collect::<Option<_>>()?;
        Some(Estimate { shares, resamples })
    }
}

/// A label's series, for the test of its trend.
fn series(periods: &[PeriodShares], estimates: &[Estimate], label: usize) -> Series {
    let resamples = estimates.first().map_or(0, |estimate| estimate.resamples.len_of(Axis(0)));
    let middle = |p: &PeriodShares| f64::from(p.start.number() + p.end.number()) / 2.0 / 365.25;
    let columns: Vec<Vec<f64>> =
        estimates.iter().map(|estimate| estimate.resamples.column(label).to_vec()).collect();
    Series {
        years: periods.iter().map(middle).collect(),
        shares: periods.iter().map(|p| p.shares[label].share).collect(),
        weights: periods.iter().map(|p| p.statements as f64).collect(),
        variances: columns.iter().map(|column| variance(column).unwrap_or(0.0)).collect(),
        resampled: (0..resamples).map(|r| columns.iter().map(|column| column[r]).collect()).collect(),
    }
}
