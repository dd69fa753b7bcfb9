//! How honest probabilities are. All take probabilities of shape (rows,
//! classes) and the true class of each row; all are `None` without rows.

use ndarray::ArrayView2;
use serde::Serialize;

/// Mean of `-ln p[true class]`, with probabilities clipped at the smallest
/// positive step of a 64-bit float, as scikit-learn does.
pub fn log_loss(probabilities: ArrayView2<'_, f64>, targets: &[usize]) -> Option<f64> {
    mean(targets.iter().zip(probabilities.rows()).map(|(&target, p)| -p[target].max(f64::EPSILON).ln()))
}

/// Mean over rows of the squared distance between the probabilities and the
/// one-hot truth: 0 to 2 (Brier 1950; no halving for several classes).
pub fn brier_score(probabilities: ArrayView2<'_, f64>, targets: &[usize]) -> Option<f64> {
    mean(targets.iter().zip(probabilities.rows()).map(|(&target, p)| {
        p.iter().enumerate().map(|(k, p)| (p - f64::from(u8::from(k == target))).powi(2)).sum()
    }))
}

/// Rows whose confidence falls into one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Lower end of the bin, exclusive (inclusive for the first).
    pub low: f64,
    /// Upper end, inclusive.
    pub high: f64,
    /// Rows in it.
    pub count: u64,
    /// Their mean confidence; `None` if there are none.
    pub confidence: Option<f64>,
    /// Share of them predicted right.
    pub accuracy: Option<f64>,
}

/// Ten bins of equal width over the confidence (the highest probability).
pub fn reliability(probabilities: ArrayView2<'_, f64>, targets: &[usize]) -> Vec<ReliabilityBin> {
    const BINS: usize = 10;
    let mut sums = [(0u64, 0.0, 0u64); BINS];
    for (&target, p) in targets.iter().zip(probabilities.rows()) {
        let p = p.to_vec();
        let best = crate::classifier::argmax(&p);
        let bin = ((p[best] * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        sums[bin].0 += 1;
        sums[bin].1 += p[best];
        sums[bin].2 += u64::from(best == target);
    }
    let edge = |i: usize| i as f64 / BINS as f64;
    let bins = sums.iter().enumerate().map(|(i, &(count, confidence, hits))| ReliabilityBin {
        low: edge(i),
        high: edge(i + 1),
        count,
        confidence: (count > 0).then(|| confidence / count as f64),
        accuracy: (count > 0).then(|| hits as f64 / count as f64),
    });
    bins.collect()
}

/// Expected calibration error over the ten [`reliability`] bins: the mean gap
/// between confidence and accuracy, weighted by rows (Guo et al. 2017).
pub fn expected_calibration_error(probabilities: ArrayView2<'_, f64>, targets: &[usize]) -> Option<f64> {
    let gaps = reliability(probabilities, targets)
        .iter()
        .filter_map(|bin| Some(bin.count as f64 * (bin.confidence? - bin.accuracy?).abs()))
        .sum::<f64>();
    (!targets.is_empty()).then(|| gaps / targets.len() as f64)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}
