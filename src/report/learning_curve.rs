//! The learning curve as text and CSV.

use std::io::Write;

use super::grid::Grid;
use super::{csv_error, number, range};
use crate::error::Result;
use crate::evaluation::{Interval, SMALL_SAMPLE};
use crate::model::{LearningCurve, LearningPoint, LearningStep};

/// A table of the curve, and a sentence on whether more labels would help.
pub fn learning_curve_text(curve: &LearningCurve) -> String {
    let mut grid = Grid::new(["share", "rows", "macro-F1", "95 %", "log-loss", "95 %"]);
    for point in &curve.points {
        grid.row([
            format!("{:.1} %", 100.0 * point.share),
            format!("{:.0}", point.rows),
            number(Some(point.macro_f1)),
            point.macro_f1_interval.map_or("-".into(), range),
            number(Some(point.log_loss)),
            point.log_loss_interval.map_or("-".into(), range),
        ]);
    }
    format!(
        "\nlearning curve, out of fold, on {} rows\n{}  {}\n",
        curve.tested,
        grid.to_text(),
        advice(curve)
    )
}

/// What the last step of the curve says, and no more.
fn advice(curve: &LearningCurve) -> String {
    let [.., before, last] = &curve.points[..] else {
        return "Whether more labels would help cannot be told: smaller shares have too few rows to train on.".into();
    };
    let intervals = curve.last_step.as_ref().and_then(|step| {
        Some((step, step.macro_f1_interval?, step.log_loss_interval?))
            .filter(|_| curve.groups >= SMALL_SAMPLE)
    });
    let Some((step, f1, loss)) = intervals else {
        return format!(
            "Whether more labels would help cannot be told from {} rows or groups; {SMALL_SAMPLE} are needed.",
            curve.groups
        );
    };
    let measured = measured(step, f1, loss, before, last);
    match (f1, loss) {
        _ if f1.low > 0.0 => format!("More labels like these would probably still help: {measured}."),
        _ if f1.high < 0.0 => format!("More labels like these would not help: {measured}."),
        _ if loss.high < 0.0 => format!(
            "More labels like these would probably help the probabilities; whether they would help the labels \
             cannot be told: {measured}."
        ),
        _ => format!("That more labels like these would help is not shown: {measured}."),
    }
}

fn measured(
    step: &LearningStep,
    f1: Interval,
    loss: Interval,
    before: &LearningPoint,
    last: &LearningPoint,
) -> String {
    format!(
        "{:.1} times the rows ({:.0} instead of {:.0}) changed macro-F1 by {} and log-loss by {}; a next step \
         seldom brings more than the last",
        last.rows / before.rows,
        last.rows,
        before.rows,
        change(step.macro_f1, f1),
        change(step.log_loss, loss),
    )
}

fn change(value: f64, interval: Interval) -> String {
    format!("{value:+.3} ({:+.3} to {:+.3})", interval.low, interval.high)
}

/// One row for each share: share, rows, macro_f1, macro_f1_low, macro_f1_high,
/// log_loss, log_loss_low, log_loss_high; ends of intervals that do not exist
/// are empty.
///
/// # Errors
/// What the writer says.
pub fn learning_curve_csv(curve: &LearningCurve, writer: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(writer);
    let header = [
        "share",
        "rows",
        "macro_f1",
        "macro_f1_low",
        "macro_f1_high",
        "log_loss",
        "log_loss_low",
        "log_loss_high",
    ];
    csv.write_record(header).map_err(csv_error)?;
    for point in &curve.points {
        let ends = |interval: Option<Interval>| [interval.map(|i| i.low), interval.map(|i| i.high)];
        let [f1_low, f1_high] = ends(point.macro_f1_interval);
        let [loss_low, loss_high] = ends(point.log_loss_interval);
        let figures = [Some(point.macro_f1), f1_low, f1_high, Some(point.log_loss), loss_low, loss_high];
        let cells = figures.map(|figure| figure.map_or(String::new(), |figure| format!("{figure:.6}")));
        let sizes = [format!("{:.6}", point.share), format!("{:.1}", point.rows)];
        csv.write_record(sizes.iter().chain(&cells)).map_err(csv_error)?;
    }
    Ok(csv.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two points whose last step has these intervals.
    fn curve(f1: [f64; 2], loss: [f64; 2]) -> LearningCurve {
        let interval = |[low, high]: [f64; 2]| Some(Interval { low, high });
        let point = |rows: f64| LearningPoint {
            rows,
            share: rows / 80.0,
            macro_f1: 0.5,
            macro_f1_interval: None,
            log_loss: 0.7,
            log_loss_interval: None,
        };
        LearningCurve {
            points: vec![point(40.0), point(80.0)],
            last_step: Some(LearningStep {
                macro_f1: (f1[0] + f1[1]) / 2.0,
                macro_f1_interval: interval(f1),
                log_loss: (loss[0] + loss[1]) / 2.0,
                log_loss_interval: interval(loss),
            }),
            tested: 100,
            groups: 100,
        }
    }

    #[test]
    fn the_sentence_says_no_more_than_the_intervals() {
        let cases = [
            ([0.01, 0.03], [-0.2, -0.1], "More labels like these would probably still help"),
            ([0.01, 0.03], [0.1, 0.2], "More labels like these would probably still help"),
            ([-0.01, 0.03], [-0.2, -0.1], "More labels like these would probably help the probabilities"),
            ([-0.01, 0.03], [-0.2, 0.1], "That more labels like these would help is not shown"),
            ([0.0, 0.0], [0.0, 0.0], "That more labels like these would help is not shown"),
            ([-0.03, -0.01], [-0.2, -0.1], "More labels like these would not help"),
        ];
        for (f1, loss, beginning) in cases {
            let sentence = advice(&curve(f1, loss));
            assert!(sentence.starts_with(beginning), "{f1:?} {loss:?}: {sentence}");
            assert!(sentence.contains("2.0 times the rows (80 instead of 40)"), "{sentence}");
        }
        let sentence = advice(&curve([0.01, 0.03], [-0.2, -0.1]));
        assert!(sentence.contains("macro-F1 by +0.020 (+0.010 to +0.030)"), "{sentence}");
    }

    #[test]
    fn small_samples_and_single_points_say_nothing() {
        let mut few = curve([0.01, 0.03], [-0.2, -0.1]);
        few.groups = SMALL_SAMPLE - 1;
        assert!(advice(&few).contains("cannot be told from 29 rows or groups"));
        let mut alone = curve([0.01, 0.03], [-0.2, -0.1]);
        alone.points.remove(0);
        alone.last_step = None;
        assert!(advice(&alone).contains("cannot be told"));
        alone.points.clear();
        assert!(learning_curve_text(&alone).contains("cannot be told"));
    }

    #[test]
    fn ends_that_do_not_exist_are_empty() {
        let mut csv = Vec::new();
        learning_curve_csv(&curve([0.0, 0.1], [0.0, 0.1]), &mut csv).expect("memory takes it");
        let csv = String::from_utf8(csv).expect("UTF-8");
        assert_eq!(csv.lines().nth(1), Some("0.500000,40.0,0.500000,,,0.700000,,"));
    }
}
