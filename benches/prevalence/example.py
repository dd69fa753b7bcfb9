#!/usr/bin/env python3
"""How far the estimated shares of data/examples/statements-timeline.csv are from
the true ones: the tables of docs/trends.md and README.md.

Needs Python 3.9 and the release binaries (cargo build --release).
"""

import csv
import io
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "data" / "examples" / "statements-timeline.csv"
TREND = ROOT / "target" / "release" / "stance-trend"
METHODS = ["cc", "pcc", "acc", "pacc", "em"]
SETTINGS = [
    ("all actors, by month", False, "month"),
    ("all actors, by quarter", False, "quarter"),
    ("by actor and quarter", True, "quarter"),
]


def period_of(date, period):
    year, month, _ = date.split("-")
    return f"{year}-{month}-01" if period == "month" else f"{year}-{(int(month) - 1) // 3 * 3 + 1:02}-01"


def truth(by_actor, period):
    """Counts of labels by period and group."""
    counts = defaultdict(Counter)
    with EXAMPLE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            group = row["actor"] if by_actor else "all"
            counts[period_of(row["date"], period), group][row["label"]] += 1
    return counts


def estimate(by_actor, period, method):
    command = [TREND, EXAMPLE, "--period", period, "--method", method, "--format", "csv"]
    command += ["--by", "actor"] if by_actor else []
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return list(csv.DictReader(io.StringIO(done.stdout)))


def main():
    print("| | " + " | ".join(f"`{method}`" for method in METHODS) + " |")
    print("|---|" + "---|" * len(METHODS))
    for name, by_actor, period in SETTINGS:
        counts, cells = truth(by_actor, period), []
        for method in METHODS:
            errors, held = [], 0
            for row in estimate(by_actor, period, method):
                labels = counts[row["period_start"], row["group"]]
                share = labels[row["label"]] / sum(labels.values())
                errors.append(abs(float(row["share"]) - share))
                held += float(row["share_low"]) - 1e-9 <= share <= float(row["share_high"]) + 1e-9
            cells.append(f"{sum(errors) / len(errors):.3f} ({100 * held / len(errors):.0f} %)")
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\nshare of pro-withdrawal by quarter, all actors")
    counts = truth(False, "quarter")
    shares = {"true": [c["pro-withdrawal"] / sum(c.values()) for _, c in sorted(counts.items())]}
    for method in ["em", "cc"]:
        rows = estimate(False, "quarter", method)
        shares[method] = [float(row["share"]) for row in rows if row["label"] == "pro-withdrawal"]
    for name, values in shares.items():
        print(f"| {name} | " + " | ".join(f"{100 * value:.0f} %" for value in values) + " |")


if __name__ == "__main__":
    main()
