//! An assessment for machines; docs/evaluation.md lists the keys.

use serde_json::{Map, Value, json};

use crate::evaluation::{
    Assessment, Comparison, Contrasts, Evaluation, Interval, Metric, PassRate, Scores, Verdict,
};
use crate::label::Labels;

/// An assessment as one JSON object with flat keys in a stable order; `null`
/// where a figure is undefined.
pub fn assessment_json(assessment: &Assessment) -> Value {
    let mut object = Map::new();
    object.insert("model_sha256".into(), json!(assessment.model_sha256));
    if let Some(evaluation) = &assessment.evaluation {
        object.insert("data_sha256".into(), json!(assessment.corpus.sha256()));
        evaluation_fields(&mut object, evaluation);
        if let Some(comparison) = &assessment.comparison {
            object.insert("baseline_sha256".into(), json!(assessment.baseline_sha256));
            comparison_fields(&mut object, comparison, &evaluation.labels);
        }
    }
    if let Some(contrasts) = &assessment.contrasts {
        contrast_fields(&mut object, contrasts);
    }
    let gates = assessment.gates.iter().map(|outcome| {
        let verdict = match outcome.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Undecided => "undecided",
        };
        json!({"gate": outcome.gate.name(), "verdict": verdict, "message": outcome.message})
    });
    object.insert("gates".into(), gates.collect());
    Value::Object(object)
}

fn evaluation_fields(object: &mut Map<String, Value>, evaluation: &Evaluation) {
    let scores = &evaluation.overall;
    score_fields(object, "", &evaluation.labels, scores);
    let f_avg: Vec<&str> = evaluation.f_avg.iter().map(|&class| evaluation.labels.name(class)).collect();
    object.insert("labels".into(), json!(evaluation.labels));
    object.insert("f_avg_labels".into(), json!(f_avg));
    object.insert("confusion".into(), json!(scores.confusion.counts()));
    object.insert("confusion_normalised".into(), json!(scores.confusion.normalised()));
    object.insert("reliability".into(), json!(scores.reliability));
    object.insert("coverage_curve".into(), json!(scores.coverage_curve));
    for slice in &evaluation.slices {
        score_fields(object, &format!("{}.", slice.name()), &evaluation.labels, &slice.scores);
    }
}

fn score_fields(object: &mut Map<String, Value>, prefix: &str, labels: &Labels, scores: &Scores) {
    let mut put = |name: String, value: Value| object.insert(format!("{prefix}{name}"), value);
    put("rows".into(), json!(scores.rows));
    put("groups".into(), json!(scores.groups));
    put("small".into(), json!(scores.is_small()));
    for metric in Metric::of_all_rows() {
        let (value, interval) = scores.figure(metric);
        put(key(metric, "", labels), json!(value));
        if metric != Metric::Ece {
            put(key(metric, "_low", labels), low(interval));
            put(key(metric, "_high", labels), high(interval));
        }
    }
    put("majority_baseline".into(), json!(scores.majority_baseline));
    for (class, label) in labels.names().iter().enumerate() {
        for metric in [Metric::Precision(class), Metric::Recall(class), Metric::F1(class)] {
            let (value, interval) = scores.figure(metric);
            put(key(metric, "", labels), json!(value));
            put(key(metric, "_low", labels), low(interval));
            put(key(metric, "_high", labels), high(interval));
        }
        put(format!("support:{label}"), json!(scores.confusion.support(class)));
    }
}

fn comparison_fields(object: &mut Map<String, Value>, comparison: &Comparison, labels: &Labels) {
    let mut put = |name: String, value: Value| object.insert(format!("baseline.{name}"), value);
    put("changed".into(), json!(comparison.changed.len()));
    put("gained".into(), json!(comparison.gained));
    put("lost".into(), json!(comparison.lost));
    put("both_right".into(), json!(comparison.both_right));
    put("both_wrong".into(), json!(comparison.both_wrong));
    put("mcnemar_p".into(), json!(comparison.mcnemar_p));
    for difference in &comparison.differences {
        let metric = difference.metric;
        put(key(metric, "", labels), json!(difference.baseline));
        put(key(metric, "_change", labels), json!(difference.difference));
        put(key(metric, "_change_low", labels), low(difference.interval));
        put(key(metric, "_change_high", labels), high(difference.interval));
    }
}

fn contrast_fields(object: &mut Map<String, Value>, contrasts: &Contrasts) {
    object.insert("contrasts_sha256".into(), json!(contrasts.corpus.sha256()));
    let mut put =
        |name: &str, PassRate { pairs, passed, consistent }: PassRate, interval, rate: Option<f64>| {
            object.insert(format!("{name}.pairs"), json!(pairs));
            object.insert(format!("{name}.passed"), json!(passed));
            object.insert(format!("{name}.consistent"), json!(consistent));
            object.insert(format!("{name}.pass_rate"), json!(rate));
            object.insert(format!("{name}.pass_rate_low"), low(interval));
            object.insert(format!("{name}.pass_rate_high"), high(interval));
        };
    for kind in [None].into_iter().chain(contrasts.kinds().into_iter().map(Some)) {
        let name = kind.map_or("contrasts".to_owned(), |kind| format!("contrasts:{kind}"));
        for (must, must_change) in [("", None), (".change", Some(true)), (".stay", Some(false))] {
            let rate = contrasts.pass_rate(kind, must_change);
            put(&format!("{name}{must}"), rate, rate.interval(), rate.rate());
        }
    }
}

/// `macro_f1_low`, `f1_low:LABEL`.
fn key(metric: Metric, suffix: &str, labels: &Labels) -> String {
    let name = metric.name(labels);
    match name.split_once(':') {
        Some((name, label)) => format!("{name}{suffix}:{label}"),
        None => format!("{}{suffix}", name.replace('-', "_")),
    }
}

fn low(interval: Option<Interval>) -> Value {
    json!(interval.map(|interval| interval.low))
}

fn high(interval: Option<Interval>) -> Value {
    json!(interval.map(|interval| interval.high))
}
