//! Compares figures with scikit-learn, scipy and statsmodels, by values that
//! `tests/golden/make_evaluation.py` made; it names the versions.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::Deserialize;
use stance::evaluation::{
    Comparison, Evaluation, EvaluationParams, Interval, Metric, mcnemar_exact, wilson_interval,
};
use stance::{Corpus, Labels};

/// The agreement that is asked for.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Golden {
    figures: Vec<Figures>,
    mcnemar: Vec<(u64, u64, f64)>,
    wilson: Vec<(u64, u64, f64, f64)>,
    intervals: Intervals,
}

#[derive(Deserialize)]
struct Figures {
    name: String,
    classes: usize,
    f_avg_classes: Vec<usize>,
    targets: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    predicted: Vec<usize>,
    accuracy: Option<f64>,
    balanced_accuracy: Option<f64>,
    macro_f1: Option<f64>,
    weighted_f1: Option<f64>,
    micro_f1: Option<f64>,
    matthews: Option<f64>,
    f_avg: Option<f64>,
    log_loss: Option<f64>,
    brier: Option<f64>,
    ece: Option<f64>,
    precision: Vec<Option<f64>>,
    recall: Vec<Option<f64>>,
    f1: Vec<Option<f64>>,
    support: Vec<u64>,
    confusion: Vec<Vec<u64>>,
    normalised: Vec<Vec<f64>>,
    /// (rows, mean confidence, accuracy) of the bins that have rows.
    reliability: Vec<(u64, f64, f64)>,
    /// (threshold, coverage, accuracy).
    coverage: Vec<(f64, f64, Option<f64>)>,
}

#[derive(Deserialize)]
struct Intervals {
    targets: Vec<usize>,
    groups: Vec<usize>,
    first: Vec<Vec<f64>>,
    second: Vec<Vec<f64>>,
    statistics: BTreeMap<String, Statistic>,
}

#[derive(Deserialize)]
struct Statistic {
    value: f64,
    rows: (f64, f64),
    groups: (f64, f64),
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/evaluation.json")).expect("golden file")
}

/// An evaluation of given probabilities; labels are the class numbers.
fn evaluation(
    targets: &[usize],
    probabilities: &[Vec<f64>],
    groups: Option<&[usize]>,
    f_avg: &[usize],
) -> Evaluation {
    let classes = probabilities[0].len();
    let labels = Labels::from_names((0..classes).map(|class| class.to_string())).expect("labels");
    let mut corpus = Corpus::default();
    for target in targets {
        corpus.push("text", target.to_string());
    }
    if let Some(groups) = groups {
        corpus.groups = groups.iter().map(usize::to_string).collect();
    }
    let probabilities =
        Array2::from_shape_vec((targets.len(), classes), probabilities.concat()).expect("a matrix");
    let f_avg = f_avg.iter().map(usize::to_string).collect();
    let params = EvaluationParams { f_avg, ..Default::default() };
    Evaluation::of_probabilities(labels, probabilities, &corpus, &params).expect("evaluates")
}

/// Undefined figures must be undefined for both; one that is not a number
/// never agrees.
fn agree(what: &str, ours: Option<f64>, theirs: Option<f64>) {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            assert!((ours - theirs).abs() <= TOLERANCE, "{what}: {ours}, not {theirs}");
        }
        _ => assert_eq!(ours, theirs, "{what}"),
    }
}

/// Against `sklearn.metrics` (`zero_division=nan`).
#[test]
fn figures_of_labels_are_those_of_scikit_learn() {
    let golden = golden();
    assert_eq!(golden.figures.len(), 7);
    for case in &golden.figures {
        let evaluation = evaluation(&case.targets, &case.probabilities, None, &case.f_avg_classes);
        assert_eq!(evaluation.predicted, case.predicted, "{}", case.name);
        let scores = &evaluation.overall;
        assert_eq!(scores.confusion.counts(), case.confusion, "{}", case.name);
        let figures = [
            (Metric::Accuracy, case.accuracy),
            (Metric::BalancedAccuracy, case.balanced_accuracy),
            (Metric::MacroF1, case.macro_f1),
            (Metric::WeightedF1, case.weighted_f1),
            (Metric::MicroF1, case.micro_f1),
            (Metric::Matthews, case.matthews),
            (Metric::FAvg, case.f_avg),
        ];
        for (metric, theirs) in figures {
            agree(&format!("{}: {metric:?}", case.name), scores.figure(metric).0, theirs);
        }
        for class in 0..case.classes {
            let ours = scores.confusion.class(class);
            let name = format!("{}, class {class}", case.name);
            agree(&format!("{name}: precision"), ours.precision, case.precision[class]);
            agree(&format!("{name}: recall"), ours.recall, case.recall[class]);
            agree(&format!("{name}: F1"), ours.f1, case.f1[class]);
            assert_eq!(ours.support, case.support[class], "{name}");
            for (ours, &theirs) in scores.confusion.normalised()[class].iter().zip(&case.normalised[class]) {
                // scikit-learn normalises a row without counts to zeros
                let theirs = (case.support[class] > 0).then_some(theirs);
                agree(&format!("{name}: share of its rows"), *ours, theirs);
            }
        }
    }
}

/// Against `log_loss`, `brier_score_loss(scale_by_half=False)`,
/// `calibration_curve` of the confidence, and `accuracy_score` of the rows
/// above each threshold.
#[test]
fn figures_of_probabilities_are_those_of_scikit_learn() {
    for case in golden().figures {
        let scores = evaluation(&case.targets, &case.probabilities, None, &[]).overall;
        let name = &case.name;
        agree(&format!("{name}: log-loss"), scores.log_loss, case.log_loss);
        agree(&format!("{name}: Brier score"), scores.brier, case.brier);
        agree(&format!("{name}: calibration error"), scores.ece, case.ece);
        let filled: Vec<_> = scores.reliability.iter().filter(|bin| bin.count > 0).collect();
        assert_eq!(filled.len(), case.reliability.len(), "{name}");
        for (bin, (count, confidence, accuracy)) in filled.into_iter().zip(case.reliability) {
            assert_eq!(bin.count, count, "{name}");
            agree(&format!("{name}: confidence of a bin"), bin.confidence, Some(confidence));
            agree(&format!("{name}: accuracy of a bin"), bin.accuracy, Some(accuracy));
        }
        assert_eq!(scores.coverage_curve.len(), case.coverage.len(), "{name}");
        for (point, (threshold, coverage, accuracy)) in scores.coverage_curve.iter().zip(case.coverage) {
            agree(&format!("{name}: threshold"), Some(point.threshold), Some(threshold));
            agree(&format!("{name}: coverage"), Some(point.coverage), Some(coverage));
            agree(&format!("{name}: accuracy at {threshold}"), point.accuracy, accuracy);
        }
    }
}

/// Against `scipy.stats.binomtest` and `statsmodels`' `mcnemar(exact=True)`.
#[test]
fn mcnemars_exact_test_is_that_of_scipy_and_statsmodels() {
    for (b, c, theirs) in golden().mcnemar {
        agree(&format!("{b} and {c}"), Some(mcnemar_exact(b, c)), Some(theirs));
        // far out in the tail an absolute tolerance says nothing
        assert!((mcnemar_exact(b, c) / theirs - 1.0).abs() < 1e-9, "{b} and {c}");
    }
}

/// Against `proportion_confint(method="wilson")` of statsmodels.
#[test]
fn wilsons_interval_is_that_of_statsmodels() {
    for (hits, rows, low, high) in golden().wilson {
        let ours = wilson_interval(hits, rows).expect("rows");
        agree(&format!("{hits} of {rows}, low"), Some(ours.low), Some(low));
        agree(&format!("{hits} of {rows}, high"), Some(ours.high), Some(high));
    }
}

/// Against `scipy.stats.bootstrap(method="percentile")`, and a loop in numpy
/// for groups. The random numbers differ, so an end of an interval may be off
/// by a tenth of its width; values and differences agree to 1e-9.
#[test]
fn bootstrap_intervals_are_about_those_of_scipy() {
    let golden = golden().intervals;
    let labels = Labels::from_names(["0", "1", "2"]).expect("labels");
    for grouped in [false, true] {
        let groups = grouped.then_some(golden.groups.as_slice());
        let first = evaluation(&golden.targets, &golden.first, groups, &[]);
        let second = evaluation(&golden.targets, &golden.second, groups, &[]);
        let comparison = Comparison::new(&first, &second, 7).expect("compares");
        for (name, theirs) in &golden.statistics {
            let (value, interval) = match name.strip_prefix("difference of ") {
                Some(name) => {
                    let metric = Metric::parse(name, &labels).expect("a metric");
                    let difference = comparison.difference(metric).expect("compared");
                    (difference.difference, difference.interval)
                }
                None => first.overall.figure(Metric::parse(name, &labels).expect("a metric")),
            };
            agree(name, value, Some(theirs.value));
            let Interval { low, high } = interval.expect("an interval");
            let (their_low, their_high) = if grouped { theirs.groups } else { theirs.rows };
            let near = (their_high - their_low) / 10.0;
            assert!((low - their_low).abs() < near, "{name}: {low}, not {their_low}");
            assert!((high - their_high).abs() < near, "{name}: {high}, not {their_high}");
        }
    }
}
