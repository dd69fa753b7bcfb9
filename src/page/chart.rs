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
