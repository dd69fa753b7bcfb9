//! Charts as SVG that takes its colours and its font from the page, so that
//! it follows the colour scheme and scales.

use askama::Template;

use super::hundredths;
use crate::evaluation::Interval;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 336.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 236.0;

/// Points and lines over two linear axes.
#[derive(Template)]
#[template(path = "chart.svg")]
pub(crate) struct Chart {
    /// What it shows, in words, for those who do not see it.
    pub summary: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// Whether to draw the line from corner to corner.
    pub diagonal: bool,
    /// Upright lines: where, what stands above them, and what it means.
    pub marks: Vec<(f64, String, String)>,
}

/// A range and where it is marked.
pub(crate) struct Axis {
    pub title: String,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
}

/// Points joined by a line.
pub(crate) struct Series {
    /// The label whose colour it has; `None`: the page's accent.
    pub class: Option<usize>,
    pub points: Vec<Point>,
    /// Shaded intervals behind the line: x, low, high.
    pub band: Vec<(f64, f64, f64)>,
}

/// A point in the units of the axes.
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    /// Of its mark, in units of 1/360 of the chart's width; `None`: no mark.
    pub radius: Option<f64>,
    /// Shown where the pointer rests on it.
    pub note: String,
}

impl Axis {
    /// From 0 to 100 %.
    pub fn share(title: impl Into<String>) -> Self {
        let ticks = [0, 25, 50, 75, 100].map(|p| (f64::from(p) / 100.0, format!("{p}\u{a0}%")));
        Self { title: title.into(), low: 0.0, high: 1.0, ticks: ticks.to_vec() }
    }

    /// From 50 to 100 %, for curves that are never below.
    pub fn upper_half(title: impl Into<String>) -> Self {
        let ticks = [50, 60, 70, 80, 90, 100].map(|p| (f64::from(p) / 100.0, format!("{p}\u{a0}%")));
        Self { title: title.into(), low: 0.5, high: 1.0, ticks: ticks.to_vec() }
    }

    fn place(&self, value: f64, from: f64, to: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        from + (to - from) * if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
    }
}

impl Chart {
    fn px(&self, x: &f64) -> String {
        format!("{:.1}", self.x.place(*x, LEFT, RIGHT))
    }

    fn py(&self, y: &f64) -> String {
        format!("{:.1}", self.y.place(*y, BOTTOM, TOP))
    }

    fn path(&self, series: &Series) -> String {
        let points = series.points.iter().map(|p| format!("{},{}", self.px(&p.x), self.py(&p.y)));
        points.collect::<Vec<_>>().join(" ")
    }

    /// Along the upper ends and back along the lower ones.
    fn outline(&self, series: &Series) -> String {
        let at = |x: f64, y: f64| format!("{},{}", self.px(&x), self.py(&y));
        let there = series.band.iter().map(|&(x, _, high)| at(x, high));
        let back = series.band.iter().rev().map(|&(x, low, _)| at(x, low));
        there.chain(back).collect::<Vec<_>>().join(" ")
    }
}

/// A bar from 0 to 1 for a table's cell, with its interval as a line; the
/// numbers stand beside it.
#[derive(Template)]
#[template(path = "bar.svg")]
pub(crate) struct Bar {
    pub value: Option<f64>,
    pub interval: Option<Interval>,
}

impl Bar {
    fn span(&self, interval: &Interval) -> String {
        format!("M{} 5H{}", hundredths(&interval.low), hundredths(&interval.high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_outside_stay_on_the_edge_and_an_empty_range_is_no_division_by_zero() {
        let axis = Axis::share("x");
        assert_eq!(axis.place(2.0, 0.0, 100.0), 100.0);
        assert_eq!(axis.place(f64::NAN, 0.0, 100.0), 50.0);
        let empty = Axis { low: 3.0, high: 3.0, ..Axis::share("x") };
        assert_eq!(empty.place(3.0, 0.0, 100.0), 50.0);
    }

    #[test]
    fn a_chart_says_what_it_shows_and_hard_codes_no_colour() {
        let point = Point { x: 0.5, y: 1.0, radius: Some(2.0), note: "a < b".into() };
        let series = vec![Series { class: Some(1), points: vec![point], band: vec![(0.5, 0.9, 1.0)] }];
        let chart = Chart {
            summary: "\"all\"".into(),
            x: Axis::share("x"),
            y: Axis::upper_half("y"),
            series,
            diagonal: true,
            marks: vec![(0.0, "1".into(), "a & b".into())],
        };
        let svg = chart.to_string();
        assert!(svg.contains("aria-label=\"&#34;all&#34;\"") && svg.contains("<title>a &#60; b</title>"));
        assert!(svg.contains("cx=\"191.0\" cy=\"22.0\""), "{svg}");
        assert!(
            svg.contains("points=\"191.0,22.0 191.0,64.8\"") && svg.contains("<title>a &#38; b</title>"),
            "{svg}"
        );
        assert!(!svg.contains("fill=") && !svg.contains("stroke=") && !svg.contains("polyline"));
    }
}
