//! One evaluation of a model on labelled statements.

use ndarray::Array2;
use serde::Serialize;

use super::Scores;
use super::outcomes::Outcomes;
use crate::classifier::argmax;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::label::Labels;
use crate::model::Model;

/// What to evaluate besides the figures of all rows.
#[derive(Debug, Clone)]
pub struct EvaluationParams {
    /// Columns to slice by: the names of [`Corpus::others`].
    pub slice_columns: Vec<String>,
    /// Labels whose mean F1 is wanted, such as those of the SemEval-2016
    /// stance task, which leaves out the neutral one (Mohammad et al. 2016);
    /// may be empty.
    pub f_avg: Vec<String>,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for EvaluationParams {
    fn default() -> Self {
        Self { slice_columns: Vec::new(), f_avg: Vec::new(), seed: 7 }
    }
}

/// How well a model does on labelled statements.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The labels, in class order.
    pub labels: Labels,
    /// The classes of [`Scores::f_avg`], ascending; may be empty.
    pub f_avg: Vec<usize>,
    /// Class number of each row's label.
    pub targets: Vec<usize>,
    /// The group of each row, resampled together.
    pub groups: Vec<String>,
    /// Predicted class of each row.
    pub predicted: Vec<usize>,
    /// Probabilities, shape (rows, classes).
    pub probabilities: Array2<f64>,
    /// Scores on all rows.
    pub overall: Scores,
    /// Scores on the rows with the same value in a column.
    pub slices: Vec<Slice>,
}

/// The rows that share a value.
#[derive(Debug, Clone, Serialize)]
pub struct Slice {
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
    /// Scores on them.
    pub scores: Scores,
}

impl Slice {
    /// `column=value`.
    pub fn name(&self) -> String {
        format!("{}={}", self.column, self.value)
    }
}

impl Evaluation {
    /// Evaluates a model on a corpus. Intervals resample whole groups where
    /// the corpus has them.
    ///
    /// # Errors
    /// A label, in the corpus or in [`EvaluationParams::f_avg`], that the
    /// model does not know.
    pub fn new(model: &Model, corpus: &Corpus, params: &EvaluationParams) -> Result<Self> {
        let probabilities = model.predict_proba(&corpus.texts);
        Self::of_probabilities(model.labels().clone(), probabilities, corpus, params)
    }

    /// Evaluates the probabilities that any classifier gave the rows of a
    /// corpus, shape (rows, classes), in the order of `labels`.
    ///
    /// # Errors
    /// As [`Evaluation::new`]; another shape, or a value outside 0 to 1.
    pub fn of_probabilities(
        labels: Labels,
        probabilities: Array2<f64>,
        corpus: &Corpus,
        params: &EvaluationParams,
    ) -> Result<Self> {
        if probabilities.dim() != (corpus.len(), labels.len()) {
            let message = format!("have the shape {:?}, not (rows, labels)", probabilities.dim());
            return Err(Error::parameter("probabilities", message));
        }
        if !probabilities.iter().all(|p| (0.0..=1.0).contains(p)) {
            return Err(Error::parameter("probabilities", "must be between 0 and 1"));
        }
        let f_avg = classes_of(&params.f_avg, &labels)?;
        let targets = corpus.targets(&labels)?;
        let predicted: Vec<usize> =
            probabilities.rows().into_iter().map(|row| argmax(&row.to_vec())).collect();
        let groups = corpus.groups.clone();

        let outcomes = Outcomes::new(&targets, &predicted, probabilities.view(), &groups, &f_avg);
        let all: Vec<usize> = (0..corpus.len()).collect();
        let overall = Scores::of(&outcomes, &all, params.seed);
        let mut slices = Vec::new();
        for (column, values) in params.slice_columns.iter().zip(&corpus.others) {
            let mut distinct: Vec<&String> = values.iter().collect();
            distinct.sort_unstable();
            distinct.dedup();
            for value in distinct {
                let rows: Vec<usize> = all.iter().copied().filter(|&row| &values[row] == value).collect();
                let scores = Scores::of(&outcomes, &rows, params.seed);
                slices.push(Slice { column: column.clone(), value: value.clone(), scores });
            }
        }
        Ok(Self { labels, f_avg, targets, groups, predicted, probabilities, overall, slices })
    }

    pub(super) fn outcomes(&self) -> Outcomes<'_> {
        Outcomes::new(&self.targets, &self.predicted, self.probabilities.view(), &self.groups, &self.f_avg)
    }

    /// Probability of the predicted class of a row.
    pub fn confidence(&self, row: usize) -> f64 {
        self.probabilities[(row, self.predicted[row])]
    }

    /// The rows predicted wrong, most confident first.
    pub fn errors(&self) -> Vec<usize> {
        let wrong = |&row: &usize| self.targets[row] != self.predicted[row];
        let mut rows: Vec<usize> = (0..self.targets.len()).filter(wrong).collect();
        rows.sort_by(|&a, &b| self.confidence(b).total_cmp(&self.confidence(a)));
        rows
    }
}

fn classes_of(names: &[String], labels: &Labels) -> Result<Vec<usize>> {
    let class = |name: &String| {
        let name = name.trim();
        labels.index_of(name).ok_or_else(|| {
            let message =
                format!("the model knows no label \"{name}\"; it knows {}", labels.names().join(", "));
            Error::parameter("--f-avg", message)
        })
    };
    let mut classes: Vec<usize> = names.iter().map(class).collect::<Result<_>>()?;
    classes.sort_unstable();
    classes.dedup();
    Ok(classes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Metric;
    use ndarray::array;

    fn labels() -> Labels {
        Labels::from_names(["a", "b"]).expect("two labels")
    }

    #[test]
    fn probabilities_that_are_none_are_refused() {
        let mut corpus = Corpus::default();
        corpus.push("text", "a");
        let refused = [array![[f64::NAN, 1.0]], array![[2.0, -1.0]], array![[1.0]], Array2::zeros((0, 2))];
        for probabilities in refused {
            let params = EvaluationParams::default();
            assert!(Evaluation::of_probabilities(labels(), probabilities, &corpus, &params).is_err());
        }
    }

    #[test]
    fn no_rows_have_no_figures() {
        let params = EvaluationParams { f_avg: vec!["b".into(), " b".into()], ..Default::default() };
        let nothing =
            Evaluation::of_probabilities(labels(), Array2::zeros((0, 2)), &Corpus::default(), &params)
                .expect("evaluates");
        assert_eq!(nothing.f_avg, [1]);
        for metric in Metric::resampled(2) {
            assert_eq!(nothing.overall.figure(metric), (None, None), "{metric:?}");
        }
        assert_eq!(nothing.overall.ece, None);
        assert!(nothing.overall.is_small() && nothing.overall.coverage_curve.is_empty());
    }

    #[test]
    fn labels_of_the_mean_must_be_known() {
        let params = EvaluationParams { f_avg: vec!["c".into()], ..Default::default() };
        let error =
            Evaluation::of_probabilities(labels(), Array2::zeros((0, 2)), &Corpus::default(), &params)
                .expect_err("no such label");
        assert!(error.to_string().contains("\"c\"; it knows a, b"), "{error}");
    }
}
