#!/usr/bin/env python3
"""Accuracy after each lever: the tables of docs/accuracy.md.

Trains a model for each line, with a fixed alpha and no cross-validation, and
evaluates it on data/realworld.csv, data/heldout.csv and data/contrasts.csv.
Needs Python 3.9 and the release binaries (cargo build --release).

    python3 benches/accuracy.py            # all tables, about five minutes on two cores
    python3 benches/accuracy.py corpus     # one of them
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARIES = ROOT / "target" / "release"
STATEMENTS = ROOT / "data" / "statements.csv"
LEXICON = ROOT / "data" / "lexicon.toml"
SHIPPED = ["--min-df", "8", "--alpha", "20", "--lexicon", LEXICON]
BEFORE = ["--window", "none", "--max-features", "12000", "--alpha", "5"]

# rows stand in the order in which they were written
STAGES = [
    (1260, "the start: wire, voices, contrasts"),
    (10660, "+ theatres, contrasts, idiomatic voices"),
    (16927, "+ plain wire sentences and restatements"),
    (23069, "+ look-alikes, indirect threats, theatres, triplets, analyses"),
    (28625, "+ flat agency prose"),
    (None, "+ minimal pairs of negation, target, object, condition"),
]
FEATURES = [
    ("12,000 terms by chi-square, no pairs", BEFORE),
    ("25,000 terms by chi-square, no pairs", [*BEFORE, "--max-features", "25000"]),
    ("no pairs of words", [*SHIPPED, "--window", "none"]),
    ("shipped: all terms of 8 texts, pairs in a window of 3, lexicon", SHIPPED),
    ("no lexicon", [*SHIPPED, "--lexicon", None]),
    ("tags, no negation", [*SHIPPED, "--lexicon", "no-negators"]),
    ("negation, no tags", [*SHIPPED, "--lexicon", "no-tags"]),
    ("tags with the next tagged word alone", [*SHIPPED, "--lexicon", "reach-1"]),
    ("tags with the next 6 tagged words", [*SHIPPED, "--lexicon", "reach-6"]),
    ("negation over 8 words", [*SHIPPED, "--lexicon", "scope-8"]),
    ("window of 2", [*SHIPPED, "--window", "2"]),
    ("window of 5", [*SHIPPED, "--window", "5"]),
    ("all terms of 4 texts", [*SHIPPED, "--min-df", "4"]),
    ("all terms of 2 texts", [*SHIPPED, "--min-df", "2"]),
    ("12,000 terms by chi-square, with pairs", [*SHIPPED, "--max-features", "12000"]),
    ("word 1-3-grams", [*SHIPPED, "--ngrams", "1..3"]),
    ("words alone", [*SHIPPED, "--window", "none", "--ngrams", "1..1", "--char-ngrams", "none"]),
    ("no character n-grams", [*SHIPPED, "--char-ngrams", "none"]),
    ("character n-grams weigh as much as words", [*SHIPPED, "--char-weight", "1"]),
    ("unit Euclidean norm", [*SHIPPED, "--norm", "l2", "--alpha", "0.5"]),
    ("no stemming", [*SHIPPED, "--language", "none"]),
    ("balanced class weights", [*SHIPPED, "--class-weight", "balanced"]),
    ("alpha 5", [*SHIPPED, "--alpha", "5"]),
    ("alpha 10", [*SHIPPED, "--alpha", "10"]),
]


def last_wins(options):
    """Options as a dictionary's pairs, so that a later value replaces an earlier;
    None leaves an option out."""
    pairs = dict(zip(options[::2], options[1::2]))
    return [part for name, value in pairs.items() if value is not None for part in (name, value)]


def lexicons(folder):
    """Writes variants of the lexicon; returns their files by name."""
    text = LEXICON.read_text(encoding="utf-8")
    variants = {
        "no-negators": re.sub(r"negators = \[.*?\]", "negators = []", text, flags=re.S),
        "no-tags": text[: text.index("[tags]")] + '[tags]\nunused = ["unused"]\n',
        "reach-1": text.replace("reach = 3", "reach = 1"),
        "reach-6": text.replace("reach = 3", "reach = 6"),
        "scope-8": text.replace("scope = 4", "scope = 8"),
    }
    for name, variant in variants.items():
        assert variant != text, name
        (folder / name).write_text(variant, encoding="utf-8")
    return {name: folder / name for name in variants}


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed: {done.stderr}")


def figures(folder, data, options):
    model, report = folder / "model.json", folder / "report.json"
    train = [BINARIES / "stance-train", data, "--group-column", "group", "--folds", "0", "--solver", "sparse"]
    run(*train, *last_wins(options), "--output", model)
    evaluate = [BINARIES / "stance-evaluate", "--model", model, "--json", report]
    run(*evaluate, ROOT / "data" / "realworld.csv", "--by", "set", "--contrasts", ROOT / "data" / "contrasts.csv")
    real = json.loads(report.read_text())
    run(*evaluate, ROOT / "data" / "heldout.csv")
    held = json.loads(report.read_text())
    terms = json.loads(model.read_text())["vocabulary"]["document_frequency"]
    return len(terms), real, held


def interval(report, key):
    return f"{report[key]:.3f} ({report[key + '_low']:.3f} to {report[key + '_high']:.3f})"


def row(name, folder, data, options):
    terms, real, held = figures(folder, data, options)
    cells = [
        name,
        f"{terms:,}",
        interval(real, "set=plain.macro_f1"),
        interval(real, "set=hard.macro_f1"),
        f"{real['log_loss']:.3f}",
        f"{held['macro_f1']:.3f}",
        f"{held['log_loss']:.3f}",
        f"{real['contrasts.pass_rate']:.3f}",
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


def header(first):
    print(f"\n| {first} | terms | plain | hard | realworld LL | held-out F1 | held-out LL | contrast pairs |")
    print("|---|---:|---|---|---:|---:|---:|---:|")


def main():
    wanted = sys.argv[1:] or ["corpus", "features"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "corpus" in wanted:
            header("training rows")
            lines = STATEMENTS.read_text(encoding="utf-8").splitlines(keepends=True)
            for rows, what in STAGES:
                data = folder / "statements.csv"
                data.write_text("".join(lines[: rows + 1 if rows else None]), encoding="utf-8")
                row(f"{rows or len(lines) - 1:,} {what}", folder, data, SHIPPED)
        if "features" in wanted:
            header("features")
            files = lexicons(folder)
            for what, options in FEATURES:
                row(what, folder, STATEMENTS, [files.get(option, option) for option in options])


if __name__ == "__main__":
    main()
