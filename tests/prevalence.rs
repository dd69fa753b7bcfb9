//! Compares shares with QuaPy's, by values that
//! `tests/golden/make_prevalence.py` made; it names the versions.

use ndarray::Array2;
use serde::Deserialize;
use stance::prevalence::{Method, Misclassification, Quantifier};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    cc: Vec<f64>,
    pcc: Vec<f64>,
    acc: Adjusted,
    pacc: Adjusted,
    em: Vec<f64>,
    priors: Vec<f64>,
    truth: Vec<usize>,
    posteriors: Vec<Vec<f64>>,
    sample: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Adjusted {
    adjusted: Vec<f64>,
    exact: Option<Vec<f64>>,
    closest: Vec<f64>,
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, k)| rows[row][k])
}

fn close(name: &str, method: Method, ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    let largest = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    eprintln!("{name}, {method:?}: largest difference {largest:e}, tolerance {tolerance:e}");
    assert!(largest <= tolerance, "{name}, {method:?}: {ours:?} instead of {theirs:?}");
}

#[test]
fn shares_are_quapys() {
    let golden: Golden = serde_json::from_str(include_str!("golden/prevalence.json")).expect("golden file");
    assert_eq!(golden.cases.len(), 8);
    let (mut exact, mut on_the_edge) = (0, 0);
    for case in &golden.cases {
        let rates =
            Misclassification::from_rows(&case.truth, matrix(&case.posteriors).view()).expect("rates");
        let sample = matrix(&case.sample);
        let ours = |method| {
            let quantifier = Quantifier::new(method, &rates, &case.priors).expect("quantifier");
            quantifier.estimate(sample.view()).expect("rows")
        };
        close(&case.name, Method::Cc, &ours(Method::Cc), &case.cc, 1e-12);
        close(&case.name, Method::Pcc, &ours(Method::Pcc), &case.pcc, 1e-12);
        close(&case.name, Method::Em, &ours(Method::Em), &case.em, 1e-6);
        for (method, theirs) in [(Method::Acc, &case.acc), (Method::Pacc, &case.pacc)] {
            let ours = ours(method);
            // QuaPy's default search minimises the norm itself and stops early
            close(&case.name, method, &ours, &theirs.adjusted, 1e-3);
            close(&case.name, method, &ours, &theirs.closest, 1e-6);
            match &theirs.exact {
                Some(theirs) => close(&case.name, method, &ours, theirs, 1e-9),
                None => on_the_edge += 1,
            }
            exact += usize::from(theirs.exact.is_some());
        }
    }
    assert!(exact >= 3 && on_the_edge >= 3, "{exact} inside, {on_the_edge} on the edge");
}
