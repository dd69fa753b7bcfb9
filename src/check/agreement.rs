//! How well two coders agree.

use super::finding::{Finding, Kind};
use super::rows::Rows;

/// Agreement of two coders on nominal labels. Figures are of the rows that
/// both labelled; `None` where nothing can be told from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// The labels either used, in ascending order.
    pub labels: Vec<String>,
    /// `counts[i][j]`: rows that are label `i` to the first and `j` to the
    /// second.
    pub counts: Vec<Vec<u64>>,
    /// Rows that only the first labelled, and only the second.
    pub only: [u64; 2],
    /// Rows that neither labelled.
    pub neither: u64,
}

impl Agreement {
    /// Compares two columns of the same rows; an empty field is a missing
    /// label.
    pub fn new(first: &[String], second: &[String]) -> Self {
        let mut labels: Vec<String> = first.iter().chain(second).filter(|l| !l.is_empty()).cloned().collect();
        labels.sort_unstable();
        labels.dedup();
        let mut counts = vec![vec![0; labels.len()]; labels.len()];
        let (mut only, mut neither) = ([0, 0], 0);
        for (a, b) in first.iter().zip(second) {
            // an empty field is not among the labels
            match (labels.binary_search(a), labels.binary_search(b)) {
                (Ok(a), Ok(b)) => counts[a][b] += 1,
                (Ok(_), Err(_)) => only[0] += 1,
                (Err(_), Ok(_)) => only[1] += 1,
                (Err(_), Err(_)) => neither += 1,
            }
        }
        Self { labels, counts, only, neither }
    }

    /// Rows that both labelled.
    pub fn both(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of them on which they agree; `None` without rows.
    pub fn share(&self) -> Option<f64> {
        let agreed: u64 = (0..self.labels.len()).map(|label| self.counts[label][label]).sum();
        (self.both() > 0).then(|| agreed as f64 / self.both() as f64)
    }

    /// Cohen's kappa (Cohen 1960): `(p - e) / (1 - e)` with the share `p` on
    /// which they agree and the share `e` that chance would give, from each
    /// coder's own use of the labels. At most 1; `None` if chance alone would
    /// give 1.
    pub fn kappa(&self) -> Option<f64> {
        let rows = self.both() as f64;
        let margins = (0..self.labels.len()).map(|label| self.margins(label));
        let chance: f64 = margins.map(|[a, b]| (a / rows) * (b / rows)).sum();
        let share = self.share()?;
        self.used_labels_differ().then(|| (share - chance) / (1.0 - chance))
    }

    /// Krippendorff's alpha for nominal labels (Krippendorff 2011, "Computing
    /// Krippendorff's alpha-reliability"): `1 - d / e` with the share `d` of
    /// pairs in a row that differ and the share `e` of all pairs of labels that
    /// do. Rows with a missing label have no pair and do not count. At most 1;
    /// `None` if only one label was used.
    pub fn alpha(&self) -> Option<f64> {
        let labels = 2.0 * self.both() as f64;
        let observed = 1.0 - self.share()?;
        let used = (0..self.labels.len()).map(|label| self.margins(label).iter().sum::<f64>());
        let alike: f64 = used.map(|n| n * (n - 1.0)).sum();
        let expected = 1.0 - alike / (labels * (labels - 1.0));
        self.used_labels_differ().then(|| 1.0 - observed / expected)
    }

    /// How often each coder used a label, in the rows that both labelled.
    fn margins(&self, label: usize) -> [f64; 2] {
        let first: u64 = self.counts[label].iter().sum();
        let second: u64 = self.counts.iter().map(|row| row[label]).sum();
        [first as f64, second as f64]
    }

    fn used_labels_differ(&self) -> bool {
        (0..self.labels.len()).filter(|&label| self.margins(label) != [0.0, 0.0]).count() > 1
    }
}

/// The rows on which the coders differ.
pub(super) fn findings(rows: &Rows) -> Vec<Finding> {
    let Some([first, second]) = &rows.coders else { return Vec::new() };
    let both = (0..rows.corpus.len()).filter(|&row| !first[row].is_empty() && !second[row].is_empty());
    both.filter(|&row| first[row] != second[row])
        .map(|row| Finding {
            kind: Kind::Disagreement,
            places: vec![rows.corpus.locations[row].clone()],
            detail: format!("{}, {}", first[row], second[row]),
            text: rows.corpus.texts[row].clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        a: Vec<String>,
        b: Vec<String>,
        share: Option<f64>,
        kappa: Option<f64>,
        alpha: Option<f64>,
        labels: Vec<String>,
        confusion: Vec<Vec<u64>>,
    }

    #[test]
    fn figures_are_those_of_scikit_learn_and_krippendorff() {
        let golden: Golden =
            serde_json::from_str(include_str!("../../tests/golden/agreement.json")).expect("golden file");
        assert!(golden.cases.len() > 5);
        for case in golden.cases {
            let found = Agreement::new(&case.a, &case.b);
            for (what, ours, theirs) in [
                ("share", found.share(), case.share),
                ("kappa", found.kappa(), case.kappa),
                ("alpha", found.alpha(), case.alpha),
            ] {
                let close = match (ours, theirs) {
                    (Some(ours), Some(theirs)) => (ours - theirs).abs() < 1e-12,
                    _ => ours == theirs,
                };
                assert!(close, "{what} of {}: {ours:?}, not {theirs:?}", case.name);
            }
            assert_eq!((found.labels, found.counts), (case.labels, case.confusion), "{}", case.name);
        }
    }

    #[test]
    fn missing_labels_are_counted_apart() {
        let column = |labels: &[&str]| labels.iter().map(|&l| l.to_owned()).collect::<Vec<_>>();
        let found = Agreement::new(&column(&["a", "", "b", "", "c"]), &column(&["a", "b", "", "", ""]));
        assert_eq!((found.both(), found.only, found.neither), (1, [2, 1], 1));
        assert_eq!((found.share(), found.kappa(), found.alpha()), (Some(1.0), None, None));
        assert_eq!(Agreement::new(&[], &[]).share(), None);
    }
}
