//! The charts on confidence, and the same in numbers.

use crate::evaluation::{CoveragePoint, ReliabilityBin};
use crate::page::{Axis, Chart, Point, Series, percent};

pub(super) fn coverage_chart(curve: &[CoveragePoint]) -> Chart {
    let reached = || curve.iter().filter_map(|point| Some((point.coverage, point.accuracy?)));
    let drawn = reached().map(|(x, y)| Point { x, y, radius: None, note: String::new() });
    let always_above_half = reached().all(|(_, accuracy)| accuracy >= 0.5);
    let at = |coverage: f64| {
        nearest(curve, coverage).and_then(|point| point.accuracy).map_or(String::new(), percent)
    };
    Chart {
        summary: format!(
            "Coverage-accuracy curve: {} right when all statements are labelled, {} for the most confident half.",
            at(1.0),
            at(0.5)
        ),
        x: Axis::share("share of statements labelled"),
        y: if always_above_half { Axis::upper_half("right") } else { Axis::share("right") },
        series: vec![Series { class: None, points: drawn.collect(), band: Vec::new() }],
        diagonal: false,
        marks: Vec::new(),
    }
}

/// Coverage, threshold and accuracy for some round shares.
pub(super) fn threshold_rows(curve: &[CoveragePoint]) -> Vec<[String; 3]> {
    let points = [1.0, 0.9, 0.75, 0.5, 0.25].into_iter().filter_map(|coverage| nearest(curve, coverage));
    let mut points: Vec<&CoveragePoint> = points.collect();
    points.dedup();
    let row =
        |p: &&CoveragePoint| Some([percent(p.coverage), format!("{:.2}", p.threshold), percent(p.accuracy?)]);
    points.iter().filter_map(row).collect()
}

/// The point with the coverage nearest to a share; of equal ones the lowest
/// threshold.
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
        series: vec![Series { class: None, points, band: Vec::new() }],
        diagonal: true,
        marks: Vec::new(),
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

    fn point(threshold: f64, coverage: f64, accuracy: Option<f64>) -> CoveragePoint {
        CoveragePoint { threshold, coverage, accuracy }
    }

    #[test]
    fn a_threshold_that_no_row_reaches_is_left_out() {
        let curve = [point(0.0, 1.0, Some(0.5)), point(0.8, 0.5, Some(1.0)), point(0.95, 0.0, None)];
        let chart = coverage_chart(&curve);
        let drawn: Vec<(f64, f64)> = chart.series[0].points.iter().map(|point| (point.x, point.y)).collect();
        assert_eq!(drawn, [(1.0, 0.5), (0.5, 1.0)]);
        let rows = threshold_rows(&curve);
        assert_eq!(rows[0], ["100.0\u{a0}%", "0.00", "50.0\u{a0}%"]);
        assert_eq!(rows[1], ["50.0\u{a0}%", "0.80", "100.0\u{a0}%"]);
        assert_eq!(rows.len(), 2);
        assert!(threshold_rows(&[]).is_empty());
    }
}
