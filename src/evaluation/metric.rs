//! The figures by name.

use crate::error::{Error, Result};
use crate::label::Labels;

/// A figure that gates and comparisons can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Share of rows predicted right.
    Accuracy,
    /// Mean recall.
    BalancedAccuracy,
    /// Mean F1.
    MacroF1,
    /// Mean F1, weighted by support.
    WeightedF1,
    /// F1 of summed counts.
    MicroF1,
    /// Matthews correlation coefficient.
    Matthews,
    /// Mean F1 of a chosen subset of labels.
    FAvg,
    /// Log-loss.
    LogLoss,
    /// Brier score.
    Brier,
    /// Expected calibration error.
    Ece,
    /// Precision of a class.
    Precision(usize),
    /// Recall of a class.
    Recall(usize),
    /// F1 of a class.
    F1(usize),
}

impl Metric {
    /// Those of all rows, with their names on the command line.
    const NAMED: [(&'static str, Self); 10] = [
        ("accuracy", Self::Accuracy),
        ("balanced-accuracy", Self::BalancedAccuracy),
        ("macro-f1", Self::MacroF1),
        ("weighted-f1", Self::WeightedF1),
        ("micro-f1", Self::MicroF1),
        ("mcc", Self::Matthews),
        ("f-avg", Self::FAvg),
        ("log-loss", Self::LogLoss),
        ("brier", Self::Brier),
        ("ece", Self::Ece),
    ];

    /// The figures of all rows, in the order of reports.
    pub(crate) fn of_all_rows() -> impl Iterator<Item = Self> {
        Self::NAMED.into_iter().map(|named| named.1)
    }

    /// The figures that a bootstrap says something about. Not the calibration
    /// error: resampling adds noise that it takes for miscalibration, so that
    /// its interval would lie above the figure.
    pub(super) fn resampled(classes: usize) -> Vec<Self> {
        let all_rows = Self::of_all_rows().filter(|metric| *metric != Self::Ece);
        let of_class = |class| [Self::Precision(class), Self::Recall(class), Self::F1(class)];
        all_rows.chain((0..classes).flat_map(of_class)).collect()
    }

    /// The figure of a name: `accuracy`, `balanced-accuracy`, `macro-f1`,
    /// `weighted-f1`, `micro-f1`, `mcc`, `f-avg`, `log-loss`, `brier`, `ece`,
    /// and `precision:LABEL`, `recall:LABEL`, `f1:LABEL`.
    ///
    /// # Errors
    /// An unknown name; the message lists those there are.
    pub fn parse(name: &str, labels: &Labels) -> Result<Self> {
        let class = |label: &str, metric: fn(usize) -> Self| labels.index_of(label).map(metric);
        let metric = match name.split_once(':') {
            Some(("precision", label)) => class(label, Self::Precision),
            Some(("recall", label)) => class(label, Self::Recall),
            Some(("f1", label)) => class(label, Self::F1),
            _ => Self::NAMED.iter().find(|named| named.0 == name).map(|named| named.1),
        };
        metric.ok_or_else(|| {
            let message = format!(
                "there is no \"{name}\"; there are {}, and precision:LABEL, recall:LABEL, f1:LABEL \
                 with LABEL one of {}",
                Self::NAMED.map(|named| named.0).join(", "),
                labels.names().join(", ")
            );
            Error::parameter("metric", message)
        })
    }

    /// Its name on the command line.
    pub fn name(self, labels: &Labels) -> String {
        match self {
            Self::Precision(class) => format!("precision:{}", labels.name(class)),
            Self::Recall(class) => format!("recall:{}", labels.name(class)),
            Self::F1(class) => format!("f1:{}", labels.name(class)),
            _ => Self::NAMED.iter().find(|named| named.1 == self).map_or("", |named| named.0).to_owned(),
        }
    }

    /// Whether a lower figure is a better one.
    pub fn lower_is_better(self) -> bool {
        matches!(self, Self::LogLoss | Self::Brier | Self::Ece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_metrics() {
        let labels = Labels::from_names(["a", "b"]).expect("two labels");
        let of_classes = [Metric::Precision(0), Metric::Recall(1), Metric::F1(1)];
        for metric in Metric::NAMED.map(|named| named.1).into_iter().chain(of_classes) {
            assert_eq!(Metric::parse(&metric.name(&labels), &labels).expect("a name"), metric);
        }
        for wrong in ["", "f1", "f1:c", "accuracy:a", "Accuracy", "contrasts"] {
            assert!(Metric::parse(wrong, &labels).is_err(), "{wrong}");
        }
    }
}
