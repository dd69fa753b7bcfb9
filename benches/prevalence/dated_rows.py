"""Writes dated statements for measuring stance-trend at scale.

    python3 benches/prevalence/dated_rows.py 1000000 200 > /tmp/dated.csv

Texts are those of data/statements.csv, drawn with replacement; groups and
days (2021-2030) are drawn evenly, with a fixed seed. Nothing but Python's
standard library.
"""

import csv
import datetime
import random
import sys
from pathlib import Path

rows, groups = int(sys.argv[1]), int(sys.argv[2])
source = Path(__file__).parents[2] / "data" / "statements.csv"
with open(source, newline="", encoding="utf-8") as file:
    texts = [row["text"] for row in csv.DictReader(file)]
rng = random.Random(7)
first = datetime.date(2021, 1, 1)
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["id", "date", "actor", "text"])
for number in range(rows):
    day = first + datetime.timedelta(days=rng.randrange(3652))
    writer.writerow([number, day, f"actor {rng.randrange(groups):03}", rng.choice(texts)])
