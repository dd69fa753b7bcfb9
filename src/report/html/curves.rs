//! The charts on confidence, and the same in numbers.

use crate::evaluation::{Evaluation, ReliabilityBin};
use crate::page::{Axis, Chart, Point, Series, percent};

/// Points drawn of a curve at most.
const DRAWN: usize = 120;

/// Accuracy on the most confident rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CoveragePoint {
    /// The least confidence among them.
    pub threshold: f64,
    /// Their share of all rows.
    pub coverage: f64,
    /// The share of them predicted right.
    pub accuracy: f64,
}

/// One point for each distinct confidence, the highest first.
pub(super) fn coverage_curve(evaluation: &Evaluation) -> Vec<CoveragePoint> {
    let rows = evaluation.predicted.iter().zip(&evaluation.targets).enumerate();
    let mut rows: Vec<(f64, bool)> = rows
        .map(|(row, (&predicted, target))| (evaluation.probabilities[(row, predicted)], predicted == *target))
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut hits = 0;
    let mut curve = Vec::new();
    for (i, &(threshold, hit)) in rows.iter().enumerate() {
        hits += usize::from(hit);
        if rows.get(i + 1).is_none_or(|next| next.0 < threshold) {
            let covered = (i + 1) as f64;
            let coverage = covered / rows.len() as f64;
            curve.push(CoveragePoint { threshold, coverage, accuracy: hits as f64 / covered });
        }
    }
    curve
}

pub(super) fn coverage_chart(curve: &[CoveragePoint]) -> Chart {
    let step = curve.len().div_ceil(DRAWN).max(1);
    // from the end, so that all rows and the overall accuracy are always there
    let drawn = curve.iter().rev().step_by(step).map(|point| Point {
        x: point.coverage,
        y: point.accuracy,
        radius: None,
        note: String::new(),
    });
    let always_above_half = curve.iter().all(|point| point.accuracy >= 0.5);
    let at = |coverage: f64| nearest(curve, coverage).map_or(String::new(), |p| percent(p.accuracy));
    Chart {
        summary: format!(
            "Coverage-accuracy curve: {} right when all statements are labelled, {} for the most confident half.",
            at(1.0),
            at(0.5)
        ),
        x: Axis::share("share of statements labelled"),
        y: if always_above_half { Axis::upper_half("right") } else { Axis::share("right") },
        series: vec![Series { class: None, points: drawn.collect() }],
        diagonal: false,
    }
}

/// Coverage, threshold and accuracy for some round shares.
pub(super) fn threshold_rows(curve: &[CoveragePoint]) -> Vec<[String; 3]> {
    let points = [1.0, 0.9, 0.75, 0.5, 0.25].into_iter().filter_map(|coverage| nearest(curve, coverage));
    let mut points: Vec<&CoveragePoint> = points.collect();
    points.dedup();
    points.iter().map(|p| [percent(p.coverage), format!("{:.3}", p.threshold), percent(p.accuracy)]).collect()
}

fn nearest(curve: &[CoveragePoint], coverage: f64) -> Option<&CoveragePoint> {
    let distance = |point: &CoveragePoint| (point.coverage - coverage).abs();
    curve.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

pub(super) fn reliability_chart(bins: &[ReliabilityBin]) -> Chart {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1) as f64;
    let points = filled(bins).map(|(bin, confidence, accuracy)| Point {
        x: confidence,
        y: accuracy,
        // the area is proportional to the rows
        radius: Some(2.5 + 8.5 * (bin.count as f64 / most).sqrt()),
        note: format!(
            "{} {}: confidence {}, right {}",
            bin.count,
            if bin.count == 1 { "statement" } else { "statements" },
            percent(confidence),
            percent(accuracy)
        ),
    });
    let points: Vec<Point> = points.collect();
    let notes: Vec<&str> = points.iter().map(|point| point.note.as_str()).collect();
    Chart {
        summary: format!("Reliability diagram. {}.", notes.join("; ")),
        x: Axis::share("mean confidence"),
        y: Axis::share("right"),
        series: vec![Series { class: None, points }],
        diagonal: true,
    }
}

/// Confidence range, rows, mean confidence and accuracy of each bin.
pub(super) fn bin_rows(bins: &[ReliabilityBin]) -> Vec<[String; 4]> {
    let rows = filled(bins).map(|(bin, confidence, accuracy)| {
        let span = format!("{:.1} to {:.1}", bin.low, bin.high);
        [span, bin.count.to_string(), percent(confidence), percent(accuracy)]
    });
    rows.collect()
}

fn filled(bins: &[ReliabilityBin]) -> impl Iterator<Item = (&ReliabilityBin, f64, f64)> {
    bins.iter().filter_map(|bin| Some((bin, bin.confidence?, bin.accuracy?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Corpus;
    use crate::model::Model;

    /// An evaluation with the given confidences for the first class, the
    /// first `right` of which is what the coder said.
    fn evaluation(rows: &[(f64, bool)]) -> Evaluation {
        let model = Model::default_english().expect("the model");
        let mut corpus = Corpus::default();
        for _ in rows {
            corpus.push("x", "neutral");
        }
        let mut evaluation = Evaluation::new(&model, &corpus, &[], 7).expect("an evaluation");
        for (row, &(confidence, right)) in rows.iter().enumerate() {
            evaluation.predicted[row] = 0;
            evaluation.probabilities[(row, 0)] = confidence;
            evaluation.targets[row] = usize::from(!right);
        }
        evaluation
    }

    #[test]
    fn the_coverage_curve_takes_rows_of_equal_confidence_together() {
        let curve = coverage_curve(&evaluation(&[(0.5, false), (0.9, true), (0.5, true), (0.8, false)]));
        let point = |threshold, coverage, accuracy| CoveragePoint { threshold, coverage, accuracy };
        assert_eq!(curve, [point(0.9, 0.25, 1.0), point(0.8, 0.5, 0.5), point(0.5, 1.0, 0.5)]);
        assert_eq!(threshold_rows(&curve)[0], ["100.0\u{a0}%", "0.500", "50.0\u{a0}%"]);
        assert_eq!(coverage_curve(&evaluation(&[])), []);
        assert!(threshold_rows(&[]).is_empty());
    }

    #[test]
    fn a_long_curve_is_drawn_with_few_points_and_keeps_its_end() {
        let rows: Vec<_> = (0..1000).map(|i| (0.5 + f64::from(i) / 2000.0, true)).collect();
        let chart = coverage_chart(&coverage_curve(&evaluation(&rows)));
        let points = &chart.series[0].points;
        assert!(points.len() <= DRAWN);
        assert_eq!((points[0].x, points[0].y), (1.0, 1.0));
    }
}
