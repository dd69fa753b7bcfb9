//! What a confidence threshold costs in rows and brings in accuracy.

use ndarray::ArrayView2;
use serde::Serialize;

use crate::classifier::argmax;

/// The rows whose confidence is at least a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CoveragePoint {
    /// The least confidence, 0 to 1, as for `stance-predict --threshold`.
    pub threshold: f64,
    /// Share of all rows that reach it.
    pub coverage: f64,
    /// Share of those that are predicted right; `None` if there are none.
    pub accuracy: Option<f64>,
}

/// Steps of the sweep.
const STEPS: u32 = 20;

/// The coverage-accuracy curve (the complement of the risk-coverage curve of
/// El-Yaniv and Wiener 2010) at the thresholds 0, 0.05 ... 0.95; empty without
/// rows. Takes probabilities of shape (rows, classes) and the true class of
/// each row.
pub fn coverage_curve(probabilities: ArrayView2<'_, f64>, targets: &[usize]) -> Vec<CoveragePoint> {
    let rows = targets.iter().zip(probabilities.rows()).map(|(&target, p)| {
        let p = p.to_vec();
        let best = argmax(&p);
        (p[best], best == target)
    });
    let rows: Vec<(f64, bool)> = rows.collect();
    let point = |step: u32| {
        let threshold = f64::from(step) / f64::from(STEPS);
        let kept: Vec<bool> = rows.iter().filter(|row| row.0 >= threshold).map(|row| row.1).collect();
        let hits = kept.iter().filter(|hit| **hit).count();
        CoveragePoint {
            threshold,
            coverage: kept.len() as f64 / rows.len() as f64,
            accuracy: (!kept.is_empty()).then(|| hits as f64 / kept.len() as f64),
        }
    };
    if rows.is_empty() { Vec::new() } else { (0..STEPS).map(point).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn a_row_is_kept_when_its_confidence_reaches_the_threshold() {
        let probabilities = array![[0.75, 0.25], [0.4, 0.6], [0.5, 0.5]];
        let curve = coverage_curve(probabilities.view(), &[0, 0, 0]);
        let at = |threshold: f64| *curve.iter().find(|p| p.threshold == threshold).expect("in the sweep");
        assert_eq!((at(0.0).coverage, at(0.0).accuracy), (1.0, Some(2.0 / 3.0)));
        assert_eq!((at(0.6).coverage, at(0.6).accuracy), (2.0 / 3.0, Some(0.5)));
        assert_eq!((at(0.75).coverage, at(0.75).accuracy), (1.0 / 3.0, Some(1.0)));
        assert_eq!((at(0.8).coverage, at(0.8).accuracy), (0.0, None));
    }

    #[test]
    fn without_rows_there_is_no_curve() {
        assert_eq!(coverage_curve(Array2::zeros((0, 2)).view(), &[]), []);
    }
}
