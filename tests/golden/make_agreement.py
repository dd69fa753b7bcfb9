"""Makes agreement.json: what the unit tests of src/check/agreement.rs compare with.

Run it in a throw-away virtual environment; it writes the same bytes each time:

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install scikit-learn==1.9.1 krippendorff==0.9.0 numpy==2.4.6
    /tmp/golden/bin/python tests/golden/make_agreement.py

All labels are drawn from a seeded generator. An empty string is a missing
label; undefined figures are null.
"""

import json
import random
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score, confusion_matrix

PINNED = {"scikit-learn": "1.9.1", "krippendorff": "0.9.0", "numpy": "2.4.6"}
LABELS = ["neutral", "pro-withdrawal", "threat"]


def drawn(seed, rows, agree, missing, labels=LABELS, weights=None):
    rng = random.Random(seed)
    a = rng.choices(labels, weights, k=rows)
    b = [x if rng.random() < agree else rng.choice(labels) for x in a]
    gaps = lambda column: ["" if rng.random() < missing else x for x in column]
    return gaps(a), gaps(b)


def case(name, a, b):
    labels = sorted({x for x in a + b if x})
    both = [(x, y) for x, y in zip(a, b) if x and y]
    kappa = alpha = share = None
    if both:
        share = sum(x == y for x, y in both) / len(both)
    if len({x for pair in both for x in pair}) > 1:
        kappa = float(cohen_kappa_score(*zip(*both)))
        number = lambda column: [labels.index(x) if x else np.nan for x in column]
        alpha = float(krippendorff.alpha([number(a), number(b)], level_of_measurement="nominal"))
    confusion = confusion_matrix(*zip(*both), labels=labels).tolist()
    return {
        "name": name, "share": share, "kappa": kappa, "alpha": alpha,
        "labels": labels, "confusion": confusion, "a": a, "b": b,
    }


def main():
    for name, wanted in PINNED.items():
        if version(name) != wanted:
            sys.exit(f"{name} is {version(name)}, not {wanted}")
    warnings.simplefilter("ignore")  # one label alone makes scikit-learn warn
    cases = [
        case("good agreement", *drawn(1, 60, 0.9, 0.0)),
        case("fair agreement", *drawn(2, 60, 0.5, 0.0)),
        case("chance", *drawn(3, 60, 0.0, 0.0)),
        case("missing labels", *drawn(4, 80, 0.8, 0.2)),
        case("uneven labels", *drawn(5, 90, 0.7, 0.05, weights=[20, 2, 1])),
        case("two labels", *drawn(6, 30, 0.8, 0.0, labels=["no", "yes"])),
        case("never alike", ["a", "b", "c", "a"], ["b", "c", "a", "c"]),
        case("always alike", ["a", "b", "a", ""], ["a", "b", "a", "b"]),
        case("one coder uses one label", ["a", "a", "a", "a"], ["a", "b", "a", "a"]),
        case("one label", ["a", "a", "a"], ["a", "a", "a"]),
        case("a label that only half a row has", ["a", "b", "c", "a"], ["a", "b", "", "b"]),
    ]
    result = {"made_by": "make_agreement.py", "versions": PINNED, "cases": cases}
    path = Path(__file__).parent / "agreement.json"
    lines = ",\n".join(json.dumps(case) for case in result.pop("cases"))
    path.write_text(json.dumps(result)[:-1] + ', "cases": [\n' + lines + "\n]}\n")


main()
