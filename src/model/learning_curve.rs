//! How scores grow with the number of labelled rows.

use ndarray::Axis;
use rayon::prelude::*;

use super::calibration::probabilities;
use super::cross_validation::{OutOfFold, mean};
use super::fit::check_folds;
use super::plan::Plan;
use super::search::{Fold, gather};
use super::{Model, Progress};
use crate::classifier::ClassifierParams;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::evaluation::{Interval, Split, intervals_of, log_loss, stratified};

/// Parts that the rows to train on are cut into.
const PARTS: usize = 16;

/// Parts that each point is trained on: each step is a doubling.
const SIZES: [usize; 5] = [1, 2, 4, 8, PARTS];

/// Out-of-fold scores of models trained on growing shares of the rows, tested
/// on the same rows, at one alpha.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningCurve {
    /// From the smallest share; the last is all rows of the folds. Shares on
    /// which some fold cannot be trained are left out.
    pub points: Vec<LearningPoint>,
    /// What the last step brought; `None` with a single point.
    pub last_step: Option<LearningStep>,
    /// Rows tested, of each repeat.
    pub tested: usize,
    /// Groups among them; rows, where they are not grouped.
    pub groups: usize,
}

/// Scores of one share, with 95 % bootstrap intervals over the tested rows
/// (groups); `None` with fewer than two. With repeats, means over them.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningPoint {
    /// Rows trained on, the mean over the folds.
    pub rows: f64,
    /// They as a share of all rows of the folds, above 0 to 1.
    pub share: f64,
    /// Macro-averaged F1.
    pub macro_f1: f64,
    /// Its interval.
    pub macro_f1_interval: Option<Interval>,
    /// Log-loss, each share calibrated by a temperature of its own.
    pub log_loss: f64,
    /// Its interval.
    pub log_loss_interval: Option<Interval>,
}

/// Scores of the last point minus those of the one before, with intervals by
/// the paired bootstrap: the same rows (groups) are drawn for both.
#[derive(Debug, Clone, PartialEq)]
pub struct LearningStep {
    /// Change of macro-F1.
    pub macro_f1: f64,
    /// Its interval.
    pub macro_f1_interval: Option<Interval>,
    /// Change of the log-loss; lower is better.
    pub log_loss: f64,
    /// Its interval.
    pub log_loss_interval: Option<Interval>,
}

impl Model {
    /// The learning curve of the data that this model was trained on, with its
    /// parameters, its alpha, and the folds that it was cross-validated on.
    ///
    /// Shares are nested and drawn with the seed, stratified and with whole
    /// groups. Each is fitted from zero, so the last point can differ from the
    /// model's cross-validated scores by what the solver's tolerance allows.
    ///
    /// # Errors
    /// Another corpus, a model without folds, a fit that does not converge.
    pub fn learning_curve(&self, corpus: &Corpus, progress: &Progress<'_>) -> Result<LearningCurve> {
        if self.params.folds == 0 {
            return Err(Error::parameter("--learning-curve", "needs folds; leave out --folds 0"));
        }
        if corpus.sha256() != self.provenance.data_sha256 {
            return Err(Error::Training(
                "the learning curve needs the data that the model was trained on".into(),
            ));
        }
        // parameters from a file could be anything
        self.params.check()?;
        let targets = corpus.targets(&self.labels)?;
        check_folds(&self.params, corpus, &self.labels, &targets)?;
        let plan = Plan::new(&self.params, corpus, &targets, &self.labels)?;
        let parts: Vec<Vec<Vec<usize>>> =
            plan.repeats.iter().enumerate().map(|(repeat, splits)| parts(&plan, splits, repeat)).collect();
        let mut samples: Vec<Sample> = Vec::new();
        for size in SIZES {
            let splits = shares(&plan, &parts, size);
            let sizes = splits.iter().flatten().map(|split| Some(split.train.len() as f64));
            let rows = mean(sizes).unwrap_or(0.0);
            // a few big groups can make two shares the same
            let is_new = samples.last().is_none_or(|last| last.rows < rows);
            if is_new && splits.iter().flatten().all(|split| has_all_classes(&plan, split)) {
                progress(&format!("learning curve, {rows:.0} rows"));
                match out_of_fold(&plan, &splits, &self.params.classifier) {
                    Ok(out) => samples.push(Sample::new(rows, out)),
                    // too few rows for a term to occur in
                    Err(Error::Training(_)) if size < PARTS => {}
                    Err(error) => return Err(error),
                }
            }
        }
        progress("intervals of the learning curve");
        Ok(scored(&samples, self.params.seed))
    }
}

/// The part of each row to train on, for each split of a repeat.
fn parts(plan: &Plan<'_>, splits: &[Split], repeat: usize) -> Vec<Vec<usize>> {
    let of = |split: &Split| {
        let targets: Vec<usize> = split.train.iter().map(|&row| plan.targets[row]).collect();
        let groups: Vec<String> = split.train.iter().map(|&row| plan.corpus.groups[row].clone()).collect();
        stratified(&targets, &groups, plan.classes, PARTS, plan.params.seed, repeat as u64)
    };
    splits.par_iter().map(of).collect()
}

/// The splits with only the first parts of the rows to train on.
fn shares(plan: &Plan<'_>, parts: &[Vec<Vec<usize>>], size: usize) -> Vec<Vec<Split>> {
    let share = |(split, part_of): (&Split, &Vec<usize>)| {
        let rows = split.train.iter().zip(part_of).filter(|(_, part)| **part < size);
        Split { train: rows.map(|(&row, _)| row).collect(), test: split.test.clone() }
    };
    let repeat =
        |(splits, parts): (&Vec<Split>, &Vec<Vec<usize>>)| splits.iter().zip(parts).map(share).collect();
    plan.repeats.iter().zip(parts).map(repeat).collect()
}

fn has_all_classes(plan: &Plan<'_>, split: &Split) -> bool {
    (0..plan.classes).all(|class| split.train.iter().any(|&row| plan.targets[row] == class))
}

fn out_of_fold(plan: &Plan<'_>, repeats: &[Vec<Split>], params: &ClassifierParams) -> Result<OutOfFold> {
    let mut out = OutOfFold::new(plan);
    for splits in repeats {
        let fold = |split| {
            let mut fold = Fold::new(plan, split)?;
            fold.refit(params)?;
            Ok(fold)
        };
        let folds: Vec<Fold<'_>> = splits.par_iter().map(fold).collect::<Result<_>>()?;
        out.logits.push(gather(plan, &folds).select(Axis(0), &out.rows));
    }
    Ok(out)
}

/// What the models of one share said.
struct Sample {
    rows: f64,
    out: OutOfFold,
    predicted: Vec<Vec<usize>>,
    /// Calibrated log-loss of each tested row, the mean over repeats.
    losses: Vec<f64>,
}

impl Sample {
    fn new(rows: f64, out: OutOfFold) -> Self {
        let temperature = out.temperature();
        let calibrated: Vec<_> = out.logits.iter().map(|logits| probabilities(logits, temperature)).collect();
        let loss = |row: usize| {
            let target = &out.targets[row..=row];
            mean(calibrated.iter().map(|p| log_loss(p.row(row).insert_axis(Axis(0)), target))).unwrap_or(0.0)
        };
        let losses = (0..out.rows.len()).map(loss).collect();
        Self { rows, predicted: out.predicted(), losses, out }
    }

    /// Macro-F1 and log-loss of some of the tested rows.
    fn figures(&self, rows: &[usize]) -> [Option<f64>; 2] {
        let macro_f1 = mean(self.predicted.iter().map(|of| self.out.confusion(of, rows).macro_f1()));
        let log_loss = mean(rows.iter().map(|&row| Some(self.losses[row])));
        [macro_f1, log_loss]
    }
}

/// One bootstrap for all points and the last step, so that all see the same
/// resamples.
fn scored(samples: &[Sample], seed: u64) -> LearningCurve {
    let figures = |rows: &[usize]| -> Vec<Option<f64>> {
        let mut figures: Vec<Option<f64>> = samples.iter().flat_map(|sample| sample.figures(rows)).collect();
        if let [.., f1_before, loss_before, f1, loss] = figures[..] {
            let change = |now: Option<f64>, before: Option<f64>| Some(now? - before?);
            figures.extend([change(f1, f1_before), change(loss, loss_before)]);
        }
        figures
    };
    let (groups, tested) =
        samples.last().map_or((&[][..], 0), |sample| (&sample.out.groups[..], sample.out.rows.len()));
    let found = figures(&(0..tested).collect::<Vec<_>>());
    let intervals = intervals_of(groups, seed, figures);
    let figure = |at: usize| found.get(at).copied().flatten().unwrap_or(0.0);
    let interval = |at: usize| intervals.get(at).copied().flatten();
    let all = samples.last().map_or(1.0, |sample| sample.rows);
    let point = |(i, sample): (usize, &Sample)| LearningPoint {
        rows: sample.rows,
        share: sample.rows / all,
        macro_f1: figure(2 * i),
        macro_f1_interval: interval(2 * i),
        log_loss: figure(2 * i + 1),
        log_loss_interval: interval(2 * i + 1),
    };
    let step = 2 * samples.len();
    let distinct: std::collections::HashSet<&String> = groups.iter().collect();
    LearningCurve {
        points: samples.iter().enumerate().map(point).collect(),
        last_step: (samples.len() > 1).then(|| LearningStep {
            macro_f1: figure(step),
            macro_f1_interval: interval(step),
            log_loss: figure(step + 1),
            log_loss_interval: interval(step + 1),
        }),
        tested,
        groups: distinct.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::label::Labels;
    use crate::model::{Alpha, ModelParams};

    proptest! {
        #[test]
        fn shares_are_nested_stratified_and_have_whole_groups(
            rows in proptest::collection::vec((0usize..2, 0usize..60), 150..300), grouped: bool, seed in 0u64..9
        ) {
            let mut corpus = Corpus::default();
            for &(class, group) in &rows {
                corpus.push("text", ["a", "b"][class]);
                if let (true, Some(last)) = (grouped, corpus.groups.last_mut()) {
                    *last = group.to_string();
                }
            }
            let labels = Labels::from_names(["a", "b"]).expect("two labels");
            let targets = corpus.targets(&labels).expect("known");
            let params = ModelParams { folds: 3, repeats: 2, seed, ..ModelParams::default() };
            let plan = Plan::new(&params, &corpus, &targets, &labels).expect("every fold has both labels");
            let parts: Vec<_> =
                plan.repeats.iter().enumerate().map(|(repeat, splits)| parts(&plan, splits, repeat)).collect();
            let mut smaller: Option<Vec<Vec<Split>>> = None;
            for size in SIZES {
                let shares = shares(&plan, &parts, size);
                for (share, whole) in shares.iter().flatten().zip(plan.repeats.iter().flatten()) {
                    prop_assert_eq!(&share.test, &whole.test);
                    let cut = |group: &String| {
                        let of = |rows: &[usize]| rows.iter().filter(|&&row| corpus.groups[row] == *group).count();
                        of(&share.train) != 0 && of(&share.train) != of(&whole.train)
                    };
                    prop_assert!(!corpus.groups.iter().any(cut));
                    for class in 0..2 {
                        let of = |rows: &[usize]| rows.iter().filter(|&&row| targets[row] == class).count() as f64;
                        let wanted = of(&whole.train) * size as f64 / PARTS as f64;
                        // a part has at most one row more of a label than another
                        let off = (of(&share.train) - wanted).abs();
                        prop_assert!(grouped || off <= size as f64, "{off} rows off");
                    }
                }
                if let Some(smaller) = smaller.replace(shares.clone()) {
                    for (small, large) in smaller.iter().flatten().zip(shares.iter().flatten()) {
                        prop_assert!(small.train.iter().all(|row| large.train.contains(row)));
                    }
                }
                prop_assert!(size < PARTS || shares == plan.repeats);
            }
        }
    }

    #[test]
    fn it_needs_folds_and_the_data_of_the_model() {
        let mut corpus = Corpus::default();
        for i in 0..20 {
            corpus.push(format!("They must leave now, speaker {i} said."), "go");
            corpus.push(format!("The talks went on in room {i}."), "neutral");
        }
        let mut params = ModelParams { alpha: Alpha::Fixed(1.0), folds: 2, ..ModelParams::default() };
        let model = Model::fit(&params, &corpus, &|_| ()).expect("trains");
        assert!(model.learning_curve(&corpus, &|_| ()).is_ok());
        corpus.push("They may stay.", "neutral");
        assert!(matches!(model.learning_curve(&corpus, &|_| ()), Err(Error::Training(_))));
        params.folds = 0;
        let model = Model::fit(&params, &corpus, &|_| ()).expect("trains");
        assert!(matches!(model.learning_curve(&corpus, &|_| ()), Err(Error::Parameter { .. })));
    }
}
