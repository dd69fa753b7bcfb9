"""Makes the golden values in this directory: what tests/golden.rs compares with.

Run it in a throw-away virtual environment; it writes the *.json files next to
itself, the same bytes each time:

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install \
        scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 snowballstemmer==3.1.1
    /tmp/golden/bin/python tests/golden/make_golden.py

The values in the repository were made with exactly these versions (PINNED below),
under CPython 3.11. All texts are invented; all numbers are drawn from
a seeded generator or worked out by the reference implementation.
"""

import json
import re
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import snowballstemmer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

PINNED = {"scikit-learn": "1.9.1", "scipy": "1.17.1", "numpy": "2.4.6", "snowballstemmer": "3.1.1"}
HERE = Path(__file__).parent

# No apostrophes, abbreviations or grouped digits: there our tokenizer means to
# differ from scikit-learn's pattern.
TEXTS = [
    "The foreign troops must leave our country, and they must leave now.",
    "All foreign troops should withdraw before the end of the year 2031.",
    "We ask the government to close the foreign base and send the troops home.",
    "The people of this valley want the soldiers to go; go home, soldiers!",
    "If the troops stay, our fighters will attack the base again and again.",
    "We will attack every convoy until the last foreign soldier is gone.",
    "The base will burn. The convoy will burn. Our rockets are ready.",
    "Stay one more month and our rockets will strike the base at night.",
    "The ministers met on Monday to discuss the status of the foreign base.",
    "Talks on the troops resumed; the ministers will meet again in 3 weeks.",
    "The base opened in 2009 and hosts about 700 soldiers, the ministry said.",
    "A convoy of 12 trucks left the base on Monday night, the ministry said.",
]
TARGETS = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
PATTERN = r"(?u)\b\w+\b"


def write(name, value):
    # one line for each entry of the outermost object: short, and readable as a diff
    lines = [f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in value.items()]
    (HERE / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def rows_of(matrix):
    """CSR as [[[column, value], ...], ...]; columns ascend."""
    matrix = sp.csr_matrix(matrix)
    matrix.sort_indices()
    ends = zip(matrix.indptr, matrix.indptr[1:])
    return [
        [[int(c), float(v)] for c, v in zip(matrix.indices[a:b], matrix.data[a:b])] for a, b in ends
    ]


# --- 1. TF-IDF -------------------------------------------------------------


def words_of(text):
    return re.findall(PATTERN, text.lower())


def our_analyzer(word_range, char_range):
    """Word n-grams, then the character n-grams of each word marked ^ and $.

    The prefixes keep the two kinds apart and put the words first.
    """

    def analyze(text):
        words = words_of(text)
        for n in range(word_range[0], word_range[1] + 1):
            for i in range(len(words) - n + 1):
                yield "0" + " ".join(words[i : i + n])
        for word in words:
            marked = f"^{word}$"
            for n in range(char_range[0], char_range[1] + 1):
                for i in range(len(marked) - n + 1):
                    yield "1" + marked[i : i + n]

    return analyze


def tfidf_case(word_range, char_range, min_df, max_df, norm):
    options = dict(min_df=min_df, max_df=max_df, norm="l2" if norm == "l2" else None, smooth_idf=True)
    if char_range is None:
        vectorizer = TfidfVectorizer(
            token_pattern=PATTERN, lowercase=True, ngram_range=word_range, **options
        )
    else:
        vectorizer = TfidfVectorizer(analyzer=our_analyzer(word_range, char_range), **options)
    matrix = sp.csr_matrix(vectorizer.fit_transform(TEXTS))
    if norm == "length":
        lengths = [len(words_of(text)) for text in TEXTS]
        matrix = sp.csr_matrix(sp.diags([1 / np.sqrt(n) for n in lengths]) @ matrix)
    terms = [str(term) for term in vectorizer.get_feature_names_out()]
    words, characters = terms, []
    if char_range is not None:
        words = [term[1:] for term in terms if term[0] == "0"]
        characters = [term[1:] for term in terms if term[0] == "1"]
    return {
        "word_ngrams": word_range,
        "char_ngrams": char_range,
        "min_df": min_df,
        "max_df": max_df,
        "norm": norm,
        "words": words,
        "characters": characters,
        "rows": rows_of(matrix),
    }


def tfidf():
    cases = [
        tfidf_case((1, longest), None, min_df, 0.7, "l2") for longest in (2, 3) for min_df in (1, 2)
    ]
    cases.append(tfidf_case((2, 3), None, 2, 0.7, "l2"))
    cases.append(tfidf_case((1, 2), None, 1, 0.7, "length"))
    cases.append(tfidf_case((1, 3), None, 2, 1.0, "length"))
    cases.append(tfidf_case((1, 2), (2, 5), 2, 0.7, "length"))
    cases.append(tfidf_case((1, 1), (1, 3), 3, 0.7, "l2"))
    write("tfidf.json", {"texts": TEXTS, "cases": cases})


# --- 2. chi-square ---------------------------------------------------------


def selection():
    cases = []
    for norm in ("l2", "length"):
        vectorizer = TfidfVectorizer(
            token_pattern=PATTERN, ngram_range=(1, 2), norm="l2" if norm == "l2" else None
        )
        matrix = vectorizer.fit_transform(TEXTS)
        if norm == "length":
            matrix = sp.csr_matrix(
                sp.diags([1 / np.sqrt(len(words_of(text))) for text in TEXTS]) @ matrix
            )
        terms = vectorizer.get_feature_names_out()
        ranked = np.sort(chi2(matrix, TARGETS)[0])[::-1]
        # only where the k-th and the next statistic differ clearly
        clear = [k for k in range(1, 60) if ranked[k - 1] > ranked[k] * (1 + 1e-3)]
        for k in clear[:: max(1, len(clear) // 8)]:
            kept = SelectKBest(chi2, k=k).fit(matrix, TARGETS).get_support()
            cases.append({"norm": norm, "k": k, "terms": [str(t) for t in terms[kept]]})
    write("selection.json", {"texts": TEXTS, "targets": TARGETS, "cases": cases})


# --- 3. logistic regression ------------------------------------------------


def objective(matrix, targets, row_weights, weights, intercept, alpha):
    """Ours: the weighted sum of log-losses plus alpha / 2 * |W|^2; W is (classes, features)."""
    logits = matrix @ weights.T + intercept
    highest = logits.max(axis=1, keepdims=True)
    log_sum = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    losses = log_sum - logits[np.arange(len(targets)), targets]
    return float((row_weights * losses).sum() + alpha / 2 * (weights**2).sum())


def reference_fit(matrix, targets, classes, alpha, row_weights, class_weight, solver):
    # With two classes scikit-learn fits one vector w = W1 - W0 with penalty
    # 1 / (2 C) |w|^2. We fit both; by symmetry W1 = -W0 = w / 2 at the optimum,
    # so that our penalty alpha / 2 (|W0|^2 + |W1|^2) is alpha / 4 |w|^2.
    # They are the same function if 1 / (2 C) = alpha / 4: C = 2 / alpha.
    c = (2 if classes == 2 else 1) / alpha
    model = LogisticRegression(
        C=c, tol=1e-12, max_iter=100_000, solver=solver, class_weight=class_weight
    ).fit(matrix, targets, sample_weight=row_weights)
    weights, intercept = model.coef_, model.intercept_
    if classes == 2:
        weights = np.vstack([-weights / 2, weights / 2])
        intercept = np.array([-intercept[0] / 2, intercept[0] / 2])
    loss_weights = np.ones(len(targets)) if row_weights is None else np.array(row_weights)
    if class_weight == "balanced":
        loss_weights = loss_weights * (len(targets) / (classes * np.bincount(targets)))[targets]
    value = objective(matrix, targets, loss_weights, weights, intercept, alpha)
    return value, model.predict_proba(matrix)


def logistic():
    problems = []
    for classes, seed in ((2, 21), (3, 31), (4, 41)):
        rng = np.random.default_rng(seed)
        count, features = 40, 12
        dense = np.round(rng.uniform(0.1, 1.5, (count, features)), 3)
        dense[rng.uniform(size=dense.shape) > 0.3] = 0.0
        # uneven classes, noisy but not random
        scores = dense @ rng.normal(size=(features, classes)) + rng.gumbel(size=(count, classes))
        scores += np.linspace(0.8, 0.0, classes)
        targets = scores.argmax(axis=1)
        assert np.bincount(targets, minlength=classes).min() >= 3
        # multiples of 1/8 are the same in 32 and 64 bits; one row counts nothing
        row_weights = rng.integers(1, 24, count) / 8
        row_weights[5] = 0.0
        matrix = sp.csr_matrix(dense)
        fits = []
        for alpha in (0.1, 1.0, 10.0):
            for kind in ("plain", "row_weights", "balanced"):
                arguments = (
                    matrix,
                    targets,
                    classes,
                    alpha,
                    row_weights if kind == "row_weights" else None,
                    "balanced" if kind == "balanced" else None,
                )
                value, probabilities = reference_fit(*arguments, "newton-cg")
                # the reference is only worth anything if it is at the optimum
                other, other_probabilities = reference_fit(*arguments, "newton-cholesky")
                assert abs(value - other) <= 1e-13 * value, (value, other)
                assert np.abs(probabilities - other_probabilities).max() < 1e-10
                # lbfgs stops earlier, by the change of the objective
                assert abs(value - reference_fit(*arguments, "lbfgs")[0]) <= 1e-11 * value
                fits.append(
                    {
                        "alpha": alpha,
                        "kind": kind,
                        "objective": value,
                        "probabilities": np.round(probabilities, 11).tolist(),
                    }
                )
        problems.append(
            {
                "classes": classes,
                "features": features,
                "rows": rows_of(matrix),
                "targets": targets.tolist(),
                "row_weights": row_weights.tolist(),
                "fits": fits,
            }
        )
    write("logistic.json", {f"{p['classes']} classes": p for p in problems})


# --- 4. metrics ------------------------------------------------------------


def expected_calibration_error(targets, probabilities, bins=10):
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == targets
    total = 0.0
    for i in range(bins):
        low, high = i / bins, (i + 1) / bins
        inside = (confidence <= high) & ((confidence > low) | (i == 0))
        if inside.any():
            total += inside.sum() * abs(confidence[inside].mean() - hit[inside].mean())
    return float(total / len(targets))


def metrics():
    # class 2 is never predicted, class 3 never true, class 4 neither
    classes, count = 5, 200
    rng = np.random.default_rng(7)
    targets = rng.choice([0, 1, 2], count, p=[0.5, 0.3, 0.2])
    logits = rng.normal(size=(count, classes)) * 1.5 + np.array([0.4, 0.2, -1.0, 0.0, -2.0])
    logits[np.arange(count), targets] += 1.2
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    probabilities = np.round(probabilities, 4)
    probabilities[:, 0] = 1 - probabilities[:, 1:].sum(axis=1)
    targets[:4] = [0, 1, 0, 0]
    probabilities[0] = [1, 0, 0, 0, 0]
    probabilities[1] = [1, 0, 0, 0, 0]  # log-loss clips
    probabilities[2] = [0.5, 0.5, 0, 0, 0]  # a tie, on the edge of a bin
    probabilities[3] = [0.25, 0.25, 0.25, 0.25, 0]
    assert probabilities.min() >= 0
    shown = probabilities.copy()
    shown[:, [2, 4]] = -1
    predicted = shown.argmax(axis=1)
    assert set(predicted) == {0, 1, 3} and set(targets) == {0, 1, 2}

    def undefined_as_none(values):
        return [None if np.isnan(x) else float(x) for x in values]

    labels = list(range(classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, _, support = precision_recall_fscore_support(
            targets, predicted, labels=labels, zero_division=np.nan
        )
        f1 = f1_score(targets, predicted, labels=labels, average=None, zero_division=np.nan)
        values = {
            "accuracy": accuracy_score(targets, predicted),
            "balanced_accuracy": balanced_accuracy_score(targets, predicted),
            "macro_f1": f1_score(targets, predicted, average="macro"),
            "log_loss": log_loss(targets, probabilities, labels=labels),
            "brier": brier_score_loss(targets, probabilities, labels=labels, scale_by_half=False),
            "ece": expected_calibration_error(targets, probabilities),
        }
    by_hand = ((probabilities - np.eye(classes)[targets]) ** 2).sum(axis=1).mean()
    assert abs(by_hand - values["brier"]) < 1e-14
    write(
        "metrics.json",
        {
            "classes": classes,
            "targets": targets.tolist(),
            "predicted": predicted.tolist(),
            "probabilities": probabilities.tolist(),
            **{name: float(value) for name, value in values.items()},
            "precision": undefined_as_none(precision),
            "recall": undefined_as_none(recall),
            "f1": undefined_as_none(f1),
            "support": support.tolist(),
            "confusion": confusion_matrix(targets, predicted, labels=labels).tolist(),
        },
    )


# --- 5. stems --------------------------------------------------------------

WORDS = """
    troops soldiers withdraw withdrawing withdrawal withdrew occupation occupiers occupied
    occupying foreign foreigners military militias armies bases base attacks attacked attacking
    threatened threatening threats leave leaving leaves departure deployed deployment presence
    sovereignty sovereign nations nationalist national government governments independence liberation
    liberated resistance fighters fighting killing killed dying lying news generally early only
    invasions violation violates agreement agreements expelled expulsion strategically ministry
    ministries skies happily hopping hoping relational proceed succeeded inning evening evenings
    past over added egged ideologist geologist apology sensibly cosmology universe university
    intensely replied cries organization organisations responsible y yes communism communities
    generous generation aging amazed amazing transitional tied ties gas this callousness hostess
    bus us used abused eyeing eyed noted emergency emerging arsenal internal international
    """.split()


def stems():
    stemmer = snowballstemmer.stemmer("english")
    write("stems.json", {word: stemmer.stemWord(word) for word in dict.fromkeys(WORDS)})


if __name__ == "__main__":
    found = {name: version(name) for name in PINNED}
    if found != PINNED:
        sys.exit(f"these values are defined by {PINNED}, but here are {found}")
    tfidf()
    selection()
    logistic()
    metrics()
    stems()
