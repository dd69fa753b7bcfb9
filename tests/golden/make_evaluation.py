"""Makes evaluation.json: what tests/golden_evaluation.rs compares with.

Run it in a throw-away virtual environment; it writes the same bytes each time:

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install \
        scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0
    /tmp/golden/bin/python tests/golden/make_evaluation.py

Figures of labels and probabilities are scikit-learn's, McNemar's test is
scipy's binomtest and statsmodels' mcnemar, Wilson's interval is statsmodels'
proportion_confint. Undefined figures are null. Bootstrap intervals are
scipy.stats.bootstrap's and, for groups, a loop in numpy; both draw other
random numbers than we do, so the test compares them loosely.
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, bootstrap
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

PINNED = {"scikit-learn": "1.9.1", "scipy": "1.17.1", "numpy": "2.4.6", "statsmodels": "0.15.0"}
SKILL = 1.3


def drawn(seed, rows, classes, shares, skill=SKILL):
    """Targets and probabilities of a model that is right more often than not."""
    rng = np.random.default_rng(seed)
    targets = rng.choice(classes, rows, p=shares)
    logits = rng.normal(size=(rows, classes)) * 1.2
    logits[np.arange(rows), targets] += skill
    probabilities = np.exp(logits)
    probabilities = np.round(probabilities / probabilities.sum(axis=1, keepdims=True), 4)
    probabilities[:, 0] = 1 - probabilities[:, 1:].sum(axis=1)
    assert probabilities.min() >= 0
    return targets, probabilities


def finite(value):
    return None if np.isnan(value) else float(value)


def figures(name, targets, probabilities, f_avg):
    classes = probabilities.shape[1]
    labels = list(range(classes))
    predicted = probabilities.argmax(axis=1)
    confidence, hit = probabilities.max(axis=1), predicted == targets
    precision, recall, _, support = precision_recall_fscore_support(
        targets, predicted, labels=labels, zero_division=np.nan
    )
    f1 = lambda **options: f1_score(targets, predicted, zero_division=np.nan, **options)
    bins = np.clip(np.searchsorted(np.linspace(0, 1, 11)[1:-1], confidence), 0, 9)
    accuracies, confidences = calibration_curve(hit, confidence, n_bins=10, strategy="uniform")
    counts = np.bincount(bins, minlength=10)
    filled = counts[counts > 0]
    # scikit-learn calls the correlation 0 where it is undefined
    defined = len(set(targets)) > 1 and len(set(predicted)) > 1
    coverage = []
    for step in range(20):
        kept = confidence >= step / 20
        accuracy = float(accuracy_score(targets[kept], predicted[kept])) if kept.any() else None
        coverage.append([step / 20, float(kept.mean()), accuracy])
    return {
        "name": name,
        "classes": classes,
        "f_avg_classes": f_avg,
        "targets": targets.tolist(),
        "probabilities": probabilities.tolist(),
        "predicted": predicted.tolist(),
        "accuracy": float(accuracy_score(targets, predicted)),
        "balanced_accuracy": float(balanced_accuracy_score(targets, predicted)),
        "macro_f1": float(f1(average="macro")),
        "weighted_f1": float(f1(average="weighted")),
        "micro_f1": float(f1(average="micro", labels=labels)),
        "matthews": float(matthews_corrcoef(targets, predicted)) if defined else None,
        "f_avg": finite(f1(average="macro", labels=f_avg)),
        "log_loss": float(log_loss(targets, probabilities, labels=labels)),
        "brier": float(brier_score_loss(targets, probabilities, labels=labels, scale_by_half=False)),
        "ece": float((filled * np.abs(accuracies - confidences)).sum() / len(targets)),
        "precision": [finite(x) for x in precision],
        "recall": [finite(x) for x in recall],
        "f1": [finite(x) for x in f1(average=None, labels=labels)],
        "support": support.tolist(),
        "confusion": confusion_matrix(targets, predicted, labels=labels).tolist(),
        # a row without counts is zeros to scikit-learn
        "normalised": confusion_matrix(targets, predicted, labels=labels, normalize="true").tolist(),
        "reliability": [
            [int(n), float(c), float(a)] for n, c, a in zip(filled, confidences, accuracies)
        ],
        "coverage": coverage,
    }


def mcnemar_values():
    pairs = [(0, 0), (0, 1), (1, 0), (0, 5), (5, 1), (3, 3), (7, 20), (13, 11), (40, 61), (250, 310)]
    values = []
    for b, c in pairs + [(2000, 2100), (0, 900)]:
        theirs = mcnemar([[0, b], [c, 0]], exact=True).pvalue
        if b + c > 0:  # scipy wants at least one trial
            assert abs(binomtest(b, b + c, 0.5).pvalue - theirs) < 1e-12
        values.append([b, c, float(theirs)])
    return values


def wilson_values():
    pairs = [(0, 1), (1, 1), (0, 10), (10, 10), (3, 8), (26, 40), (171, 240), (999, 1000), (1, 100000)]
    return [[k, n, *map(float, proportion_confint(k, n, 0.05, method="wilson"))] for k, n in pairs]


def intervals():
    """Two models on the same rows: intervals of figures and of differences."""
    targets, first = drawn(21, 300, 3, [0.5, 0.3, 0.2], 1.6)
    _, other = drawn(22, 300, 3, [0.5, 0.3, 0.2], 0.0)
    rng = np.random.default_rng(23)
    # the second model mostly agrees with the first
    second = np.where(rng.random((300, 1)) < 0.7, first, other)
    predicted = [p.argmax(axis=1) for p in (first, second)]
    losses = [-np.log(np.maximum(p[np.arange(300), targets], np.finfo(float).eps)) for p in (first, second)]
    groups = rng.integers(0, 60, 300)

    rows = np.arange(300)
    macro_f1 = lambda i, model: f1_score(targets[i], predicted[model][i], average="macro")
    statistics = {
        "accuracy": lambda i: (predicted[0][i] == targets[i]).mean(),
        "macro-f1": lambda i: macro_f1(i, 0),
        "mcc": lambda i: matthews_corrcoef(targets[i], predicted[0][i]),
        "log-loss": lambda i: losses[0][i].mean(),
        "recall:1": lambda i: (predicted[0][i][targets[i] == 1] == 1).mean(),
        "difference of accuracy": lambda i: (
            (predicted[0][i] == targets[i]).mean() - (predicted[1][i] == targets[i]).mean()
        ),
        "difference of macro-f1": lambda i: macro_f1(i, 0) - macro_f1(i, 1),
        "difference of log-loss": lambda i: losses[0][i].mean() - losses[1][i].mean(),
    }
    members = [rows[groups == group] for group in np.unique(groups)]
    result = {}
    for name, statistic in statistics.items():
        of_rows = bootstrap(
            (rows,), lambda i: statistic(i), n_resamples=8000, method="percentile", vectorized=False, rng=5
        ).confidence_interval
        draw = np.random.default_rng(6)
        values = []
        for _ in range(8000):
            chosen = draw.integers(0, len(members), len(members))
            values.append(statistic(np.concatenate([members[group] for group in chosen])))
        of_groups = np.quantile(values, [0.025, 0.975])
        result[name] = {
            "value": float(statistic(rows)),
            "rows": [float(of_rows.low), float(of_rows.high)],
            "groups": of_groups.tolist(),
        }
    return {
        "targets": targets.tolist(),
        "groups": groups.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "statistics": result,
    }


def main():
    found = {name: version(name) for name in PINNED}
    if found != PINNED:
        sys.exit(f"these values are defined by {PINNED}, but here are {found}")
    warnings.simplefilter("ignore")  # undefined figures make scikit-learn warn
    sided = np.array([[0.6, 0.3, 0.1], [0.7, 0.2, 0.1], [0.5, 0.25, 0.25]])
    cases = [
        figures("three classes", *drawn(1, 250, 3, [0.5, 0.3, 0.2]), [1, 2]),
        figures("two classes", *drawn(2, 120, 2, [0.6, 0.4]), [1]),
        figures("seven classes, one rare", *drawn(3, 300, 7, [0.3, 0.2, 0.2, 0.1, 0.1, 0.09, 0.01]), [0, 5, 6]),
        figures("worse than chance", *drawn(4, 80, 3, [0.4, 0.3, 0.3], -1.0), [0, 2]),
        figures("all right", *drawn(5, 60, 3, [0.4, 0.3, 0.3], 30.0), [1, 2]),
        figures("one class predicted, one absent", np.array([0, 1, 1]), sided, [1, 2]),
        figures("one row", np.array([1]), np.array([[0.2, 0.8]]), [0]),
    ]
    parts = {
        "versions": PINNED,
        "figures": cases,
        "mcnemar": mcnemar_values(),
        "wilson": wilson_values(),
        "intervals": intervals(),
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in parts.items()]
    path = Path(__file__).parent / "evaluation.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


main()
