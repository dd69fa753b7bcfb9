"""scikit-learn's side of the comparison; run.py runs it in the virtual environment.

    sklearn_peer.py train DATA.csv MODEL [--chars]
    sklearn_peer.py predict MODEL DATA.csv OUT.csv
    sklearn_peer.py one MODEL TEXT
    sklearn_peer.py fit FOLDER ALPHA OBJECTIVE REPEATS
    sklearn_peer.py versions
"""

import csv
import json
import sys
import time


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    header = rows.pop(0)
    text, label = header.index("text"), header.index("label")
    return header, rows, [row[text] for row in rows], [row[label] for row in rows]


def train(data, path, chars):
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    _, _, texts, labels = read(data)
    features = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
    if chars:
        features = make_union(
            features, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2)
        )
    model = make_pipeline(features, LogisticRegression(C=1.0, max_iter=1000))
    model.fit(texts, labels)
    joblib.dump(model, path)
    print(json.dumps({"features": int(model[-1].coef_.shape[1])}))


def predict(path, data, out):
    import joblib

    model = joblib.load(path)
    header, rows, texts, _ = read(data)
    probabilities = model.predict_proba(texts)
    names = list(model.classes_)
    best = probabilities.argmax(axis=1).tolist()
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header + ["predicted"] + [f"p_{name}" for name in names])
        for row, k, p in zip(rows, best, probabilities.tolist()):
            writer.writerow(row + [names[k]] + [f"{x:.6f}" for x in p])


def one(path, text):
    import joblib

    model = joblib.load(path)
    probabilities = model.predict_proba([text])[0]
    print(model.classes_[probabilities.argmax()], probabilities.tolist())


def fit(folder, alpha, target, repeats):
    """Fits to the matrix that fit.rs wrote; times the fits only."""
    import warnings

    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.special import logsumexp
    from sklearn.linear_model import LogisticRegression

    warnings.simplefilter("ignore")  # a solver that stops early shows in the objective
    y = np.fromfile(f"{folder}/targets.u32", "<u4").astype(int)
    ends = np.fromfile(f"{folder}/ends.u64", "<u8").astype(np.int64)
    columns = np.fromfile(f"{folder}/columns.u32", "<u4").astype(np.int32)
    values = np.fromfile(f"{folder}/values.f64", "<f8")
    starts = np.concatenate([[0], ends])
    starts = starts.astype(np.int32) if starts[-1] < 2**31 else starts
    x = csr_matrix((values, columns, starts), shape=(len(y), int(columns.max()) + 1))

    def run(solver, tol, max_iter):
        model = LogisticRegression(C=1 / alpha, solver=solver, tol=tol, max_iter=max_iter)
        start = time.perf_counter()
        model.fit(x, y)
        seconds = time.perf_counter() - start
        logits = x @ model.coef_.T + model.intercept_
        loss = float((logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]).sum())
        objective = loss + alpha / 2 * float((model.coef_**2).sum())
        return {
            "solver": solver,
            "tol": tol,
            "seconds": seconds,
            "objective": objective,
            "iterations": int(np.max(model.n_iter_)),
        }

    defaults = [run("lbfgs", 1e-4, 1000) for _ in range(repeats)]
    tight = run("newton-cg", 1e-10, 1000)
    # the loosest tolerance with which lbfgs gets as low as stance did (up to a millionth)
    same = None
    for tol in (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10):
        first = run("lbfgs", tol, 20000)
        if first["objective"] <= target * (1 + 1e-6):
            same = [first] + [run("lbfgs", tol, 20000) for _ in range(repeats - 1)]
            break
    print(json.dumps({"defaults": defaults, "tight": tight, "same": same}))


def versions():
    import joblib
    import numpy
    import scipy
    import sklearn

    modules = (sklearn, numpy, scipy, joblib)
    names = ("scikit-learn", "numpy", "scipy", "joblib")
    print(json.dumps({name: module.__version__ for name, module in zip(names, modules)}))


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    csv.field_size_limit(1 << 30)
    if command == "train":
        train(rest[0], rest[1], "--chars" in rest)
    elif command == "predict":
        predict(*rest)
    elif command == "one":
        one(*rest)
    elif command == "fit":
        fit(rest[0], float(rest[1]), float(rest[2]), int(rest[3]))
    elif command == "versions":
        versions()
    else:
        sys.exit(__doc__)
