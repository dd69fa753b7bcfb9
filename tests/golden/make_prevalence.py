"""Makes prevalence.json: what tests/prevalence.rs compares with.

Run it in a throw-away virtual environment; it writes the same bytes each time:

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install QuaPy==0.2.3 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    /tmp/golden/bin/python tests/golden/make_prevalence.py

QuaPy's own functions give every value. `adjusted` is its default, a search by
SLSQP that ends between 1e-3 and 1e-8; `exact` is its exact solver and is given where that
solution lies on the simplex; `closest` is the same search on the squared norm
to 1e-15. EM runs to 1e-12 in place of QuaPy's 1e-4.
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from quapy.method.aggregative import ACC, EMQ, PACC
from scipy import optimize

PINNED = {"QuaPy": "0.2.3", "numpy": "2.4.6", "scipy": "1.17.1", "scikit-learn": "1.9.1"}


def rows(rng, classes, n, weights, sharpness):
    truth = rng.choice(classes, size=n, p=weights)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), truth] += sharpness
    p = np.exp(logits)
    p = np.round(p / p.sum(axis=1, keepdims=True), 6)
    p[:, -1] = np.abs(np.round(1 - p[:, :-1].sum(axis=1), 6))
    return truth, p


def closest(rates, observed):
    k = len(observed)
    result = optimize.minimize(
        lambda x: np.sum((rates @ x - observed) ** 2), np.full(k, 1 / k), method="SLSQP",
        jac=lambda x: 2 * rates.T @ (rates @ x - observed),
        bounds=[(0, 1)] * k, constraints={"type": "eq", "fun": lambda x: 1 - x.sum(), "jac": lambda x: -np.ones(k)},
        options={"ftol": 1e-15, "maxiter": 1000})
    return result.x


def adjusted(rates, observed):
    solve = lambda solver: ACC.solve_adjustment(rates, observed, method="inversion", solver=solver)
    exact = solve("exact-raise")
    on_simplex = exact.min() >= 0
    return {
        "adjusted": solve("minimize").tolist(),
        "exact": exact.tolist() if on_simplex else None,
        "closest": closest(rates, observed).tolist(),
    }


def case(name, seed, classes, train, test, n_test, sharpness):
    rng = np.random.default_rng(seed)
    truth, posteriors = rows(rng, classes, 400, train, sharpness)
    _, sample = rows(rng, classes, n_test, test, sharpness)
    labels = np.arange(classes)
    hard = ACC.getPteCondEstim(labels, truth, posteriors.argmax(axis=1))
    soft = PACC.getPteCondEstim(labels, truth, posteriors)
    cc = np.bincount(sample.argmax(axis=1), minlength=classes) / n_test
    pcc = sample.mean(axis=0)
    priors = np.bincount(truth, minlength=classes) / len(truth)
    EMQ.MAX_ITER = 10_000
    em, _ = EMQ.EM(priors, sample, epsilon=1e-12)
    return {
        "name": name, "cc": cc.tolist(), "pcc": pcc.tolist(), "acc": adjusted(hard, cc),
        "pacc": adjusted(soft, pcc), "em": em.tolist(), "priors": priors.tolist(),
        "truth": truth.tolist(), "posteriors": posteriors.tolist(), "sample": sample.tolist(),
    }


def main():
    for name, wanted in PINNED.items():
        if version(name) != wanted:
            sys.exit(f"{name} is {version(name)}, not {wanted}")
    warnings.simplefilter("error")
    cases = [
        case("no shift", 1, 3, [0.4, 0.3, 0.3], [0.4, 0.3, 0.3], 120, 2.0),
        case("strong shift", 2, 3, [0.4, 0.3, 0.3], [0.05, 0.15, 0.8], 150, 2.0),
        case("a label that is absent", 3, 3, [0.4, 0.3, 0.3], [0.0, 0.3, 0.7], 80, 1.0),
        case("two labels", 4, 2, [0.7, 0.3], [0.2, 0.8], 60, 1.5),
        case("five labels", 5, 5, [0.2] * 5, [0.4, 0.2, 0.2, 0.1, 0.1], 200, 2.0),
        case("on an edge", 7, 4, [0.25] * 4, [0.97, 0.01, 0.01, 0.01], 60, 1.0),
        case("in a corner", 8, 3, [0.4, 0.3, 0.3], [0.0, 0.0, 1.0], 90, 1.0),
        case("few rows", 6, 3, [0.4, 0.3, 0.3], [0.9, 0.05, 0.05], 7, 1.5),
    ]
    lines = ",\n".join(json.dumps(case) for case in cases)
    head = json.dumps({"made_by": "make_prevalence.py", "versions": PINNED})[:-1]
    (Path(__file__).parent / "prevalence.json").write_text(head + ', "cases": [\n' + lines + "\n]}\n")


main()
