//! What a model did with rows, and the figures of any choice of them.

use ndarray::{ArrayView2, Axis};

use super::{Confusion, Metric, brier_score, log_loss};

/// What a model did with labelled rows.
pub(super) struct Outcomes<'a> {
    /// The classes of [`Metric::FAvg`].
    pub f_avg: &'a [usize],
    /// True class of each row.
    pub targets: &'a [usize],
    /// Predicted class of each row.
    pub predicted: &'a [usize],
    /// Group of each row.
    pub groups: &'a [String],
    /// Shape (rows, classes).
    pub probabilities: ArrayView2<'a, f64>,
    /// Log-loss and Brier score of each row.
    losses: Vec<[f64; 2]>,
}

impl<'a> Outcomes<'a> {
    pub fn new(
        targets: &'a [usize],
        predicted: &'a [usize],
        probabilities: ArrayView2<'a, f64>,
        groups: &'a [String],
        f_avg: &'a [usize],
    ) -> Self {
        let rows = probabilities.rows().into_iter().zip(targets.chunks(1));
        let losses = rows.map(|(p, target)| {
            let p = p.insert_axis(Axis(0));
            [log_loss(p, target).unwrap_or(0.0), brier_score(p, target).unwrap_or(0.0)]
        });
        Self { losses: losses.collect(), f_avg, targets, predicted, groups, probabilities }
    }

    pub fn classes(&self) -> usize {
        self.probabilities.ncols()
    }

    pub fn confusion(&self, rows: &[usize]) -> Confusion {
        Confusion::of(self.classes(), rows.iter().map(|&row| (self.targets[row], self.predicted[row])))
    }

    /// Resampled figures of some rows, which may repeat.
    pub fn figures(&self, metrics: &[Metric], rows: &[usize]) -> Vec<Option<f64>> {
        let confusion = self.confusion(rows);
        let mean = |loss: usize| {
            let sum: f64 = rows.iter().map(|&row| self.losses[row][loss]).sum();
            (!rows.is_empty()).then(|| sum / rows.len() as f64)
        };
        let figure = |metric: &Metric| match *metric {
            Metric::Accuracy => confusion.accuracy(),
            Metric::BalancedAccuracy => confusion.balanced_accuracy(),
            Metric::MacroF1 => confusion.macro_f1(),
            Metric::WeightedF1 => confusion.weighted_f1(),
            Metric::MicroF1 => confusion.micro_f1(),
            Metric::Matthews => confusion.matthews(),
            Metric::FAvg => confusion.mean_f1(self.f_avg),
            Metric::LogLoss => mean(0),
            Metric::Brier => mean(1),
            Metric::Ece => None,
            Metric::Precision(class) => confusion.class(class).precision,
            Metric::Recall(class) => confusion.class(class).recall,
            Metric::F1(class) => confusion.class(class).f1,
        };
        metrics.iter().map(figure).collect()
    }
}
