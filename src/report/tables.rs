//! The tables of an assessment, for text and Markdown alike.

use super::grid::Grid;
use super::{number, range};
use crate::evaluation::{Comparison, Contrasts, Evaluation, Interval, Metric, SMALL_SAMPLE, Scores};

/// The figures of all rows, with the names people read.
const FIGURES: [(&str, Metric); 10] = [
    ("accuracy", Metric::Accuracy),
    ("balanced accuracy", Metric::BalancedAccuracy),
    ("macro-F1", Metric::MacroF1),
    ("weighted F1", Metric::WeightedF1),
    ("micro-F1", Metric::MicroF1),
    ("Matthews correlation", Metric::Matthews),
    ("F-avg", Metric::FAvg),
    ("log-loss", Metric::LogLoss),
    ("Brier score", Metric::Brier),
    ("calibration error", Metric::Ece),
];

/// Those that a comment has room for.
const BRIEF: [Metric; 6] =
    [Metric::Accuracy, Metric::MacroF1, Metric::FAvg, Metric::Matthews, Metric::LogLoss, Metric::Ece];

/// All figures with their intervals; a mean of chosen labels only if some
/// were chosen.
pub(super) fn figures(evaluation: &Evaluation) -> Grid {
    let scores = &evaluation.overall;
    let mut grid = Grid::new(["", "value", "95 % interval"]);
    for (name, metric) in FIGURES {
        if metric != Metric::FAvg || !evaluation.f_avg.is_empty() {
            let (value, interval) = scores.figure(metric);
            grid.row([name.to_owned(), number(value), cell(interval)]);
        }
    }
    grid.row(["majority baseline".into(), number(scores.majority_baseline), String::new()]);
    grid
}

/// The main figures, beside the baseline's if there is one.
pub(super) fn brief(evaluation: &Evaluation, comparison: Option<&Comparison>) -> Grid {
    let header = ["", "value", "95 %"].into_iter();
    let compared = ["baseline", "change", "95 %"].into_iter().filter(|_| comparison.is_some());
    let mut grid = Grid::new(header.chain(compared));
    let shown =
        |metric: &Metric| BRIEF.contains(metric) && (*metric != Metric::FAvg || !evaluation.f_avg.is_empty());
    for (name, metric) in FIGURES.into_iter().filter(|(_, metric)| shown(metric)) {
        let (value, interval) = evaluation.overall.figure(metric);
        let mut cells = vec![name.to_owned(), number(value), cell(interval)];
        if let Some(comparison) = comparison {
            cells.extend(changes(comparison, metric));
        }
        grid.row(cells);
    }
    grid
}

/// Figures of the baseline and how they changed.
pub(super) fn comparison(evaluation: &Evaluation, comparison: &Comparison) -> Grid {
    let mut grid = Grid::new(["", "baseline", "change", "95 % interval"]);
    for (name, metric) in FIGURES {
        let is_chosen = metric != Metric::FAvg || !evaluation.f_avg.is_empty();
        if is_chosen && comparison.difference(metric).is_some() {
            grid.row(std::iter::once(name.to_owned()).chain(changes(comparison, metric)));
        }
    }
    grid
}

/// Baseline, change and its interval.
fn changes(comparison: &Comparison, metric: Metric) -> [String; 3] {
    let Some(difference) = comparison.difference(metric) else {
        return Default::default();
    };
    [
        number(difference.baseline),
        difference.difference.map_or("-".into(), signed),
        difference.interval.map_or(String::new(), |i| format!("{} to {}", signed(i.low), signed(i.high))),
    ]
}

/// How many rows changed, and what McNemar's test says.
pub(super) fn comparison_summary(evaluation: &Evaluation, comparison: &Comparison) -> String {
    let Comparison { both_right, gained, lost, both_wrong, mcnemar_p, .. } = comparison;
    let p = if *mcnemar_p < 0.0005 { "< 0.001".to_owned() } else { format!("= {mcnemar_p:.3}") };
    let is_grouped = evaluation.overall.groups < evaluation.overall.rows;
    let caution = if is_grouped { " (as if rows were independent)" } else { "" };
    format!(
        "{} of {} predictions changed: {gained} rows gained, {lost} lost, {both_right} right and {both_wrong} \
         wrong with both; McNemar's exact test p {p}{caution}",
        comparison.changed.len(),
        both_right + gained + lost + both_wrong,
    )
}

/// Rows: true label, columns: predicted; counts with the share of the row.
pub(super) fn confusion(evaluation: &Evaluation) -> Grid {
    let (labels, confusion) = (&evaluation.labels, &evaluation.overall.confusion);
    let mut grid = Grid::new(std::iter::once("").chain(labels.names().iter().map(String::as_str)));
    for ((name, counts), shares) in labels.names().iter().zip(confusion.counts()).zip(confusion.normalised())
    {
        let cells = counts.iter().zip(shares).map(|(count, share)| match share {
            Some(share) => format!("{count} ({share:.2})"),
            None => count.to_string(),
        });
        grid.row(std::iter::once(name.clone()).chain(cells));
    }
    grid
}

/// One line for each slice; small ones are marked.
pub(super) fn slices(evaluation: &Evaluation) -> Grid {
    let mut grid = Grid::new(["slice", "rows", "accuracy", "95 %", "macro-F1", "95 %", "ECE"]);
    for slice in &evaluation.slices {
        let scores = &slice.scores;
        let mark = if scores.is_small() { " *" } else { "" };
        grid.row([
            slice.name() + mark,
            scores.rows.to_string(),
            number(scores.accuracy),
            cell(scores.accuracy_interval),
            number(scores.macro_f1),
            cell(scores.macro_f1_interval),
            number(scores.ece),
        ]);
    }
    grid
}

/// What the mark of small slices means, if one is.
pub(super) fn small_slices(evaluation: &Evaluation) -> Option<String> {
    let small = evaluation.slices.iter().any(|slice| slice.scores.is_small());
    small.then(|| {
        format!("* fewer than {SMALL_SAMPLE} rows or groups: a hint at best, with intervals too short")
    })
}

/// The bins of confidence that have rows.
pub(super) fn reliability(scores: &Scores) -> Grid {
    let mut grid = Grid::new(["confidence", "rows", "mean", "accuracy"]);
    for bin in scores.reliability.iter().filter(|bin| bin.count > 0) {
        grid.row([
            format!("{:.1} to {:.1}", bin.low, bin.high),
            bin.count.to_string(),
            number(bin.confidence),
            number(bin.accuracy),
        ]);
    }
    grid
}

/// The sweep of thresholds, from the last that leaves no row out.
pub(super) fn coverage(scores: &Scores) -> Grid {
    let mut grid = Grid::new(["threshold", "coverage", "accuracy"]);
    let whole = scores.coverage_curve.iter().rposition(|point| point.coverage >= 1.0).unwrap_or(0);
    for point in &scores.coverage_curve[whole.min(scores.coverage_curve.len())..] {
        grid.row([format!("{:.2}", point.threshold), number(Some(point.coverage)), number(point.accuracy)]);
    }
    grid
}

/// Pass rates of each kind, of pairs whose label must change and of those
/// whose label must not; and how many get one label, right or wrong.
pub(super) fn contrasts(contrasts: &Contrasts) -> Grid {
    let mut grid = Grid::new(["kind", "label must", "pairs", "passed", "rate", "95 %", "same label"]);
    let kinds = contrasts.kinds().into_iter().map(Some).chain([None]);
    for kind in kinds {
        for (must, must_change) in [("change", Some(true)), ("stay", Some(false)), ("either", None)] {
            let rate = contrasts.pass_rate(kind, must_change);
            if rate.pairs > 0 && (must_change.is_some() || kind.is_none()) {
                grid.row([
                    kind.unwrap_or("all").to_owned(),
                    must.to_owned(),
                    rate.pairs.to_string(),
                    rate.passed.to_string(),
                    number(rate.rate()),
                    cell(rate.interval()),
                    rate.consistent.to_string(),
                ]);
            }
        }
    }
    grid
}

/// `8 rows`, with their groups, and a word of caution where they are few.
pub(super) fn rows(scores: &Scores) -> String {
    let groups =
        if scores.groups < scores.rows { format!(" in {} groups", scores.groups) } else { String::new() };
    let caution = if scores.is_small() {
        format!(", fewer than {SMALL_SAMPLE}: a hint at best, with intervals too short")
    } else {
        String::new()
    };
    format!("{} rows{groups}{caution}", scores.rows)
}

/// `pro-withdrawal, threat`: whose mean F1 the F-avg is.
pub(super) fn f_avg_labels(evaluation: &Evaluation) -> String {
    let names: Vec<&str> = evaluation.f_avg.iter().map(|&class| evaluation.labels.name(class)).collect();
    names.join(", ")
}

fn cell(interval: Option<Interval>) -> String {
    interval.map_or(String::new(), range)
}

fn signed(value: f64) -> String {
    format!("{value:+.3}")
}
