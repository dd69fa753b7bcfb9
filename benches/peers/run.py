#!/usr/bin/env python3
"""Compares stance with scikit-learn and fastText on the same rows and cores.

See README.md in this folder. Needs Python 3.11 on Linux, cargo, g++, and access
to PyPI and crates.io (or their mirrors); everything else is fetched into a
throw-away folder.
"""

import argparse
import csv
import json
import math
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SKLEARN = HERE / "sklearn_peer.py"
STATEMENTS = ROOT / "data" / "statements.csv"
HELDOUT = ROOT / "data" / "heldout.csv"
FASTTEXT_VERSION = "0.9.3"
STATEMENT = "The militia vowed to strike American bases until the last soldier leaves the country."

# Runs one command and measures it alone: an interpreter of its own, so that neither
# its start nor the driver's memory enters. The child inherits the cores.
WRAPPER = """
import json, os, sys, time
report, cores, stdin, stdout, *command = sys.argv[1:]
if cores:
    os.sched_setaffinity(0, [int(core) for core in cores.split(",")])
files = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
         (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)]
start = time.perf_counter()
pid = os.posix_spawn(command[0], command, os.environ, file_actions=files)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - start
with open(report, "w") as file:
    json.dump({"wall": wall, "user": usage.ru_utime, "system": usage.ru_stime,
               "rss_mb": usage.ru_maxrss * 1024 / 1e6,
               "status": os.waitstatus_to_exitcode(status)}, file)
"""

# The part of the command line that is used, for when it cannot be compiled.
FASTTEXT_SHIM = """
import sys
import fasttext
command, *rest = sys.argv[1:]
if command == "supervised":
    options = dict(zip(rest[::2], rest[1::2]))
    model = fasttext.train_supervised(options["-input"], epoch=int(options["-epoch"]),
        wordNgrams=int(options["-wordNgrams"]), thread=int(options["-thread"]),
        seed=int(options["-seed"]), verbose=0)
    model.save_model(options["-output"] + ".bin")
else:
    path, data, k = rest
    model = fasttext.load_model(path)
    for line in sys.stdin if data == "-" else open(data, encoding="utf-8"):
        found = model.f.predict(line, int(k), 0.0, "strict")
        print(" ".join(f"{label} {p:.6g}" for p, label in found))
"""


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values) if values else float("nan")


def run(command, **options):
    """Runs a command of the preparation; shows what it said if it fails."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        say("FAILED:", " ".join(command), "\n", done.stdout[-2000:], done.stderr[-4000:])
        raise SystemExit(1)
    return done.stdout


class Table:
    """Rows under a title, in aligned columns."""

    def __init__(self, title, header):
        self.title, self.rows = title, [header]

    def row(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def show(self):
        widths = [max(len(row[i]) for row in self.rows) for i in range(len(self.rows[0]))]
        print(f"\n{self.title}")
        for row in self.rows:
            left = row[0].ljust(widths[0])
            print("  " + "  ".join([left] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]))
        sys.stdout.flush()


def seconds(value):
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def number(value):
    return f"{value:,.0f}"


# --- data -------------------------------------------------------------------


def read_csv(path, text_column="text", label_column="label"):
    csv.field_size_limit(1 << 30)
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        missing = {text_column, label_column} - set(rows.fieldnames or ())
        if missing:
            raise SystemExit(f"{path} has no column {', '.join(sorted(missing))}")
        pairs = (((row[text_column] or ""), (row[label_column] or "")) for row in rows)
        # one line a statement, so that every tool sees the same rows
        pairs = ((" ".join(text.split()), label.strip()) for text, label in pairs)
        return [(text, label) for text, label in pairs if text and label]


def write_csv(path, pairs):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(pairs)


APART = str.maketrans({mark: f" {mark} " for mark in ".!?,'/()\""})


def for_fasttext(text):
    """What fastText's tutorial does with sed and tr: lower case, marks apart."""
    return " ".join(text.lower().translate(APART).split())


def label_name(label):
    return "__label__" + re.sub(r"\s+", "_", label)


def write_fasttext(path, pairs, labelled):
    with open(path, "w", encoding="utf-8") as file:
        for text, label in pairs:
            start = f"{label_name(label)} " if labelled else ""
            file.write(f"{start}{for_fasttext(text)}\n")


def statements_sample(pairs, rows, rng):
    """Rows drawn with replacement."""
    return rng.choices(pairs, k=rows)


def documents(pairs, count, words, rng):
    """Long documents: fragments of 3 to 8 words, 55 % from statements of the
    document's label and the rest from any, one word in ten replaced by one drawn
    from all texts. The cuts and the replaced words make new bigrams in every
    document; the share of the label keeps the labels learnable."""
    by_label, all_words, texts = {}, [], []
    for text, label in pairs:
        split = text.split()
        all_words.extend(split)
        texts.append(split)
        by_label.setdefault(label, []).append(split)
    labels = sorted(by_label)
    for i in range(count):
        label = labels[i % len(labels)]
        length = int(words * rng.uniform(0.6, 1.4))
        document = []
        while len(document) < length:
            source = rng.choice(by_label[label] if rng.random() < 0.55 else texts)
            size = rng.randint(3, 8)
            start = rng.randrange(max(1, len(source) - size + 1))
            document.extend(source[start : start + size])
        for at in range(len(document)):
            if rng.random() < 0.1:
                document[at] = rng.choice(all_words)
        yield " ".join(document), label


def split_rows(pairs, rng):
    """80 % and 20 %, label by label."""
    by_label = {}
    for pair in pairs:
        by_label.setdefault(pair[1], []).append(pair)
    train, test = [], []
    for label in sorted(by_label):
        rows = by_label[label]
        rng.shuffle(rows)
        cut = max(1, round(len(rows) * 0.2))
        test += rows[:cut]
        train += rows[cut:]
    rng.shuffle(train)
    return train, test


# --- tools ------------------------------------------------------------------


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work = arguments, work
        self.cores = sorted(os.sched_getaffinity(0))[: arguments.cores]
        if len(self.cores) < arguments.cores:
            say(f"only {len(self.cores)} cores here")
        threads = str(len(self.cores))
        self.threads = threads
        names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON")
        self.environment = os.environ | {f"{name}_NUM_THREADS": threads for name in names}
        if arguments.blas_threads:
            self.set_blas_threads(arguments.blas_threads)
        # colour or a locale of the caller must not change what is written
        self.environment |= {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        self.results = {"notes": []}
        self.report = work / "measured.json"

    def note(self, text):
        if text not in self.results["notes"]:
            self.results["notes"].append(text)
            say("note:", text)

    def set_blas_threads(self, threads):
        for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
            self.environment[f"{name}_NUM_THREADS"] = str(threads)

    # preparation

    def prepare(self):
        self.build_stance()
        if not self.arguments.stance_only:
            self.make_environment()
            self.make_fasttext()
        self.choose_folds()
        floor = self.measure(["/bin/true"])
        self.results["rss_floor_mb"] = floor["rss_mb"]
        if not self.arguments.stance_only and not self.arguments.blas_threads:
            self.choose_blas_threads()
        self.results["versions"] = self.versions()

    def build_stance(self):
        target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
        self.target = Path(target).resolve()
        say("building stance")
        command = ["cargo", "build", "--release", "--bins", "--target-dir", self.target]
        run(command, cwd=ROOT)
        # copies, so that a build elsewhere does not change them under way
        for name in ("stance-train", "stance-predict"):
            shutil.copy2(self.target / "release" / name, self.work / name)
        self.train_bin, self.predict_bin = self.work / "stance-train", self.work / "stance-predict"

    def build_fit(self):
        """The in-process timer, as a package of its own that shares the built crates."""
        package = self.work / "fit"
        (package / "src").mkdir(parents=True)
        shutil.copy(HERE / "fit.rs", package / "src" / "main.rs")
        if (ROOT / "Cargo.lock").exists():
            shutil.copy(ROOT / "Cargo.lock", package / "Cargo.lock")
        profile = re.search(
            r"^\[profile\.release\]\n(?:(?!\[).*\n?)*", (ROOT / "Cargo.toml").read_text(), re.MULTILINE
        )
        (package / "Cargo.toml").write_text(
            '[package]\nname = "stance-peers-fit"\nversion = "0.0.0"\nedition = "2024"\n'
            f"[dependencies]\nstance-classifier = {{ path = {json.dumps(str(ROOT))} }}\n"
            f"[workspace]\n{profile.group() if profile else ''}"
        )
        say("building the timer of the fit")
        run(["cargo", "build", "--release", "--target-dir", self.target], cwd=package)
        built = self.target / "release" / "stance-peers-fit"
        self.fit_bin = self.work / "stance-peers-fit"
        shutil.move(built, self.fit_bin)
        built.with_suffix(".d").unlink(missing_ok=True)

    def make_environment(self):
        folder = Path(self.arguments.env).resolve() if self.arguments.env else self.work / "env"
        self.python = folder / "bin" / "python"
        if not self.python.exists():
            say("making a virtual environment in", folder)
            run([sys.executable, "-m", "venv", folder])
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "-r", HERE / "requirements.txt"])
        self.pip = pip
        # the first start of a fresh environment compiles its modules
        run([self.python, SKLEARN, "versions"])

    def make_fasttext(self):
        """The command line tool from the sources in the PyPI package; else its binding."""
        kept = self.python.parent / "fasttext-cli"
        self.fasttext = [str(kept)]
        self.fasttext_version = f"fastText {FASTTEXT_VERSION}, command line tool compiled by g++ -O3"
        if kept.exists():
            return
        say("compiling fastText")
        sources = self.work / "fasttext"
        sources.mkdir()
        package = f"fasttext=={FASTTEXT_VERSION}"
        try:
            download = [self.python, "-m", "pip", "download", "--quiet", "--no-deps"]
            download += ["--no-binary", "fasttext", "--dest", sources, package]
            subprocess.run(download, check=True, capture_output=True)
            (archive,) = sources.glob("*.tar.gz")
            shutil.unpack_archive(archive, sources, filter="data")
            folder = next(sources.glob("*/src/main.cc")).parent
            # its Makefile's flags; newer compilers want <cstdint> named
            flags = "-O3 -funroll-loops -DNDEBUG -pthread -std=c++17 -march=native -include cstdint"
            files = sorted(folder.glob("*.cc"))
            command = ["g++", *flags.split(), *files, "-o", kept]
            subprocess.run(command, check=True, capture_output=True)
        except (subprocess.CalledProcessError, OSError, ValueError, StopIteration) as error:
            detail = (getattr(error, "stderr", None) or b"").decode(errors="replace")[-300:]
            self.note(
                "the fastText command line tool could not be compiled, its Python binding stands in "
                f"({type(error).__name__} {detail.strip()})"
            )
            for name in ("fasttext-wheel", "fasttext"):
                done = subprocess.run([*self.pip, name], capture_output=True)
                if done.returncode == 0:
                    break
            else:
                self.note("no fastText package could be installed; it is left out")
                self.fasttext = None
                return
            shim = self.work / "fasttext_shim.py"
            shim.write_text(FASTTEXT_SHIM)
            self.fasttext = [str(self.python), str(shim)]
            self.fasttext_version = f"{name} through its Python binding"

    def choose_folds(self):
        """--folds 0, no cross-validation, if this stance knows it."""
        sample = self.work / "probe.csv"
        write_csv(sample, read_csv(STATEMENTS)[:300])
        self.folds = "0"
        command = self.stance_train(sample, self.work / "probe.json")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            if "--folds" not in done.stderr:
                raise SystemExit(f"stance-train failed: {done.stderr}")
            self.folds = "2"
            self.note("this stance-train has no --folds 0: its training times include a 2-fold cross-validation")

    def choose_blas_threads(self):
        """One thread or all cores, whichever trains scikit-learn faster: waiting BLAS
        threads spin, so that more can be slower, and that would not be a fair peer."""
        sample = self.work / "probe.csv"
        pairs = read_csv(STATEMENTS)
        write_csv(sample, statements_sample(pairs, 5000, random.Random(self.arguments.seed)))
        times = {}
        for threads in dict.fromkeys((1, len(self.cores))):
            self.set_blas_threads(threads)
            train = self.sklearn("train", sample, self.work / "probe.joblib")
            times[threads] = min(self.measure(train)["wall"] for _ in range(2))
        best = min(times, key=times.get)
        self.set_blas_threads(best)
        shown = ", ".join(f"{threads}: {seconds(time)} s" for threads, time in times.items())
        self.note(f"scikit-learn runs with {best} BLAS threads, the faster on 5,000 statements ({shown})")

    def versions(self):
        def first_line(*command):
            try:
                return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
            except (OSError, IndexError):
                return "not found"

        cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
        memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
        versions = {
            "stance": first_line(str(self.predict_bin), "--version"),
            "commit": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
            "rustc": first_line("rustc", "--version"),
            "g++": first_line("g++", "--version"),
            "driver python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "processor": cpu.group(1) if cpu else platform.processor(),
            "memory": f"{int(memory.group(1)) / 1e6:.1f} GB" if memory else "unknown",
            "cores used": ",".join(map(str, self.cores)),
            "load at start": f"{os.getloadavg()[0]:.2f}",
        }
        if not self.arguments.stance_only:
            versions |= json.loads(run([self.python, SKLEARN, "versions"]))
            versions["fastText"] = self.fasttext_version if self.fasttext else "left out"
        return versions

    # commands

    def stance_train(self, data, model):
        options = (
            "--ngrams 1..2 --char-ngrams none --window none --max-features all --norm l2 --language none "
            f"--keep-numbers --min-df 2 --alpha 1 --solver sparse --folds {self.folds}"
        )
        return [str(self.train_bin), str(data), "-o", str(model), *options.split(), "--threads", self.threads]

    def stance_predict(self, data, out, model=None):
        command = [str(self.predict_bin), str(data), "-o", str(out), "--quiet", "--threads", self.threads]
        return command + (["-m", str(model)] if model else [])

    def sklearn(self, *arguments):
        return [str(self.python), str(SKLEARN), *map(str, arguments)]

    def fasttext_train(self, data, model):
        options = f"-wordNgrams 2 -epoch 5 -seed 7 -verbose 0 -thread {self.threads}"
        return [*self.fasttext, "supervised", "-input", str(data), "-output", str(model), *options.split()]

    def measure(self, command, stdin="/dev/null", stdout="/dev/null"):
        """Wall time, processor time and peak memory of one command."""
        command = [str(part) for part in command]
        command[0] = shutil.which(command[0]) or command[0]
        cores = ",".join(map(str, self.cores))
        wrapped = [sys.executable, "-I", "-S", "-c", WRAPPER, self.report, cores, stdin, stdout, *command]
        done = subprocess.run(
            [str(part) for part in wrapped], env=self.environment, stderr=subprocess.PIPE, text=True
        )
        measured = json.loads(self.report.read_text()) if done.returncode == 0 else {"status": -1}
        self.report.unlink(missing_ok=True)
        if measured["status"] != 0:
            raise SystemExit(f"failed: {' '.join(command)}\n{done.stderr[-3000:]}")
        return measured

    def peak(self, task, runs):
        """Most memory of the runs. Below the wrapper's own the system reports that;
        GNU time, where it is there, is smaller and gets closer."""
        megabytes = max(measured["rss_mb"] for measured in runs)
        gnu_time = Path("/usr/bin/time")
        if megabytes < self.results["rss_floor_mb"] + 0.5 and gnu_time.exists():
            command, *files = task
            command = [str(part) for part in command]
            command[0] = shutil.which(command[0]) or command[0]
            out = self.work / "peak.txt"
            self.measure([gnu_time, "-f", "%M", "-o", out, *command], *files)
            megabytes = int(out.read_text().split()[-1]) * 1024 / 1e6
            out.unlink()
        return megabytes

    def compare(self, tasks, repeats):
        """Measures tasks (name -> command, stdin, stdout) in turns, so that a slow
        minute of the machine hits all of them."""
        runs = {name: [] for name in tasks}
        for i in range(repeats):
            for name, task in tasks.items():
                say(f"  {i + 1}/{repeats} {name}")
                runs[name].append(self.measure(*task))
        return {
            name: {
                "seconds": median([r["wall"] for r in measured]),
                "fastest": min(r["wall"] for r in measured),
                "slowest": max(r["wall"] for r in measured),
                "cpu_seconds": median([r["user"] + r["system"] for r in measured]),
                "peak_mb": self.peak(tasks[name], measured),
                "runs": [r["wall"] for r in measured],
            }
            for name, measured in runs.items()
        }

    def memory_cell(self, megabytes):
        floor = self.results["rss_floor_mb"]
        if abs(megabytes - floor) < 0.5 and not Path("/usr/bin/time").exists():
            return f"<{floor + 0.5:.0f}"
        return f"{megabytes:.1f}" if megabytes < 100 else f"{megabytes:.0f}"

    # parts

    def training(self, name, data, pairs, repeats):
        """End to end; returns the models."""
        say(f"training on {name}")
        folder = self.work / f"train-{name}"
        folder.mkdir()
        models = {"stance": folder / "stance.json"}
        tasks = {"stance": (self.stance_train(data, models["stance"]),)}
        if not self.arguments.stance_only:
            models["scikit-learn"] = folder / "sklearn.joblib"
            train = self.sklearn("train", data, models["scikit-learn"])
            tasks["scikit-learn"] = (train, "/dev/null", folder / "sklearn.txt")
            if self.fasttext:
                lines = folder / "train.txt"
                write_fasttext(lines, pairs, labelled=True)
                models["fastText"] = folder / "fasttext.bin"
                tasks["fastText"] = (self.fasttext_train(lines, folder / "fasttext"),)
        results = self.compare(tasks, repeats)
        table = Table(
            f"training end to end, word 1-2-grams: {name}, {number(len(pairs))} rows, "
            f"{data.stat().st_size / 1e6:.1f} MB",
            ["", "seconds", "range", "x stance", "CPU s", "rows/s", "peak MB", "model MB", "terms"],
        )
        terms = {"stance": stance_terms(models["stance"])}
        if "scikit-learn" in tasks:
            terms["scikit-learn"] = json.loads((folder / "sklearn.txt").read_text())["features"]
        base = results["stance"]["seconds"]
        for tool, result in results.items():
            result["model_mb"] = models[tool].stat().st_size / 1e6
            result["terms"] = terms.get(tool)
            table.row(
                tool,
                seconds(result["seconds"]),
                f"{seconds(result['fastest'])}-{seconds(result['slowest'])}",
                f"{result['seconds'] / base:.1f}",
                seconds(result["cpu_seconds"]),
                number(len(pairs) / result["seconds"]),
                self.memory_cell(result["peak_mb"]),
                f"{result['model_mb']:.1f}",
                number(terms[tool]) if tool in terms else "-",
            )
        table.show()
        self.results.setdefault("training", {})[name] = results
        return models

    def fit_alone(self, name, data, model, labels):
        """The solvers on one and the same matrix."""
        if labels == 2:
            self.note("with 2 labels scikit-learn's objective is another one: no comparison of the fit alone")
            return
        say(f"fit alone on {name}")
        folder = self.work / f"fit-{name}"
        folder.mkdir()
        repeats = str(self.arguments.repeats)
        out = folder / "out.json"
        self.measure([self.fit_bin, data, folder, "1", repeats], stdout=out)
        stance = json.loads(out.read_text())
        saved = stance_objective(model)
        peer = {}
        if not self.arguments.stance_only:
            self.measure(self.sklearn("fit", folder, 1, stance["objective"], repeats), stdout=out)
            peer = json.loads(out.read_text())
        shutil.rmtree(folder)
        best = min([stance["objective"]] + ([peer["tight"]["objective"]] if peer else []))
        table = Table(
            f"fit alone, the same matrix ({number(stance['rows'])} x {number(stance['columns'])}, "
            f"{number(stance['stored'])} values): {name}",
            ["", "seconds", "x stance", "objective", "above the lowest", "iterations"],
        )
        base = median(stance["fit"])

        def line(label, time, objective, iterations):
            above = f"{(objective - best) / best:.1e}"
            table.row(label, seconds(time), f"{time / base:.1f}", f"{objective:.6f}", above, iterations)

        line("stance, sparse Newton", base, stance["objective"], stance["iterations"])
        if peer:
            first, tight = peer["defaults"][0], peer["tight"]
            time = median([r["seconds"] for r in peer["defaults"]])
            line("scikit-learn, defaults (lbfgs, tol 1e-4)", time, first["objective"], first["iterations"])
            if peer["same"]:
                same = peer["same"][0]
                time = median([r["seconds"] for r in peer["same"]])
                label = f"scikit-learn, as low as stance (lbfgs, tol {same['tol']:.0e})"
                line(label, time, same["objective"], same["iterations"])
            else:
                self.note(f"{name}: lbfgs does not get as low as stance at any tolerance down to 1e-10")
            line("scikit-learn, newton-cg, tol 1e-10", tight["seconds"], tight["objective"], tight["iterations"])
        table.show()
        relative = abs(saved - best) / best
        print(
            f"  objective in stance's model file {saved:.6f}, {relative:.1e} from the lowest; before the fit, stance "
            f"reads in {seconds(stance['read'])} s, learns the vocabulary in {seconds(stance['vectorizer'])} s, "
            f"transforms in {seconds(stance['transform'])} s"
        )
        self.results.setdefault("fit alone", {})[name] = {
            "stance": stance,
            "scikit-learn": peer,
            "model file objective": saved,
            "relative difference": relative,
        }

    def small_models(self, train, data):
        """Models of the statements, for prediction: tool -> (kind, path)."""
        folder = self.work / f"models-{data.stem}"
        folder.mkdir()
        models = {"stance, word 1-2": ("stance", folder / "stance.json")}
        self.measure(self.stance_train(data, folder / "stance.json"))
        if self.arguments.stance_only:
            return models
        for name, extra in {"word 1-2": [], "word 1-2 + char_wb 2-5": ["--chars"]}.items():
            path = folder / f"sklearn{len(extra)}.joblib"
            self.measure(self.sklearn("train", data, path, *extra))
            models[f"scikit-learn, {name}"] = ("sklearn", path)
        if self.fasttext:
            lines = folder / "train.txt"
            write_fasttext(lines, train, labelled=True)
            self.measure(self.fasttext_train(lines, folder / "fasttext"))
            models["fastText, word 1-2"] = ("fasttext", folder / "fasttext.bin")
        return models

    def predict_task(self, model, data, lines, out):
        kind, path = model
        if kind == "stance":
            return (self.stance_predict(data, out, path),)
        if kind == "sklearn":
            return (self.sklearn("predict", path, data, out),)
        return ([*self.fasttext, "predict-prob", path, lines, str(self.label_count)], "/dev/null", out)

    def prediction(self, name, data, pairs, models):
        say(f"prediction on {name}")
        folder = self.work / f"predict-{name}"
        folder.mkdir()
        lines = folder / "lines.txt"
        write_fasttext(lines, pairs, labelled=False)
        tasks = {"wc -w": (["wc", "-w", data],)}
        for tool, model in models.items():
            tasks[tool] = self.predict_task(model, data, lines, folder / f"{len(tasks)}.csv")
        results = self.compare(tasks, self.arguments.repeats)
        shutil.rmtree(folder)
        size = data.stat().st_size
        table = Table(
            f"prediction, file to file: {name}, {number(len(pairs))} rows, {size / 1e6:.1f} MB",
            ["", "seconds", "range", "CPU s", "rows/s", "MB/s", "x wc", "peak MB"],
        )
        wc = results["wc -w"]["seconds"]
        for tool, result in results.items():
            result["rows_per_second"] = len(pairs) / result["seconds"]
            result["mb_per_second"] = size / 1e6 / result["seconds"]
            table.row(
                tool,
                seconds(result["seconds"]),
                f"{seconds(result['fastest'])}-{seconds(result['slowest'])}",
                seconds(result["cpu_seconds"]),
                number(result["rows_per_second"]),
                f"{result['mb_per_second']:.1f}",
                f"{result['seconds'] / wc:.1f}",
                self.memory_cell(result["peak_mb"]),
            )
        table.show()
        self.results.setdefault("prediction", {})[name] = results

    def accuracy(self, title, test, models, cold_runs):
        """Right on rows no model has seen, size on disk, and the time of one statement."""
        say("accuracy and cold start")
        folder = self.work / "accuracy"
        folder.mkdir()
        data, lines = folder / "test.csv", folder / "lines.txt"
        write_csv(data, test)
        write_fasttext(lines, test, labelled=False)
        one = folder / "one.txt"
        one.write_text(for_fasttext(STATEMENT) + "\n")
        labels = [label for _, label in test]
        results, cold = {}, {}
        for tool, model in models.items():
            kind, path = model
            out = folder / "out.csv"
            self.measure(*self.predict_task(model, data, lines, out))
            if kind == "fasttext":
                predicted = [line.split(" ", 1)[0] for line in out.read_text(encoding="utf-8").splitlines()]
                truth = [label_name(label) for label in labels]
                start = ([*self.fasttext, "predict-prob", path, "-", str(self.label_count)], one)
            else:
                with open(out, newline="", encoding="utf-8") as file:
                    predicted = [row["predicted"] for row in csv.DictReader(file)]
                truth = labels
                if kind == "sklearn":
                    start = (self.sklearn("one", path, STATEMENT),)
                else:
                    start = ([self.predict_bin, "--text", STATEMENT, *(["-m", path] if path else [])],)
            if len(predicted) != len(truth):
                raise SystemExit(f"{tool} gave {len(predicted)} labels for {len(truth)} rows")
            path = path or ROOT / "models" / "stance-en.json"
            results[tool] = scores(truth, predicted) | {"model_mb": path.stat().st_size / 1e6}
            cold[tool] = start
        times = self.compare_quietly(cold, cold_runs)
        table = Table(
            f"{title}: {number(len(test))} rows; cold start: one statement, median of {cold_runs} processes",
            ["", "accuracy", "macro-F1", "model MB", "cold start ms", "peak MB"],
        )
        for tool, result in results.items():
            result["cold_start_ms"] = median([r["wall"] for r in times[tool]]) * 1e3
            result["cold_start_peak_mb"] = self.peak(cold[tool], times[tool])
            table.row(
                tool,
                f"{result['accuracy']:.4f}",
                f"{result['macro_f1']:.4f}",
                f"{result['model_mb']:.2f}",
                f"{result['cold_start_ms']:.1f}",
                self.memory_cell(result["cold_start_peak_mb"]),
            )
        table.show()
        self.results["accuracy"] = {"rows": len(test), "tools": results}
        shutil.rmtree(folder)

    def compare_quietly(self, tasks, repeats):
        runs = {name: [] for name in tasks}
        for _ in range(repeats):
            for name, task in tasks.items():
                runs[name].append(self.measure(*task))
        return runs

    def standard(self):
        """Sampled statements and long documents."""
        arguments = self.arguments
        rng = random.Random(arguments.seed)
        pairs = read_csv(STATEMENTS)
        self.label_count = len({label for _, label in pairs})
        corpora = {}
        if arguments.rows:
            corpora["statements"] = statements_sample(pairs, arguments.rows, rng)
        if arguments.documents:
            corpora["documents"] = list(documents(pairs, arguments.documents, arguments.words, rng))
        train = self.work / "statements-train.csv"
        write_csv(train, pairs)
        models = {"stance, default model": ("stance", None), **self.small_models(pairs, train)}
        for name, rows in corpora.items():
            data = self.work / f"{name}.csv"
            write_csv(data, rows)
            self.results.setdefault("corpora", {})[name] = {
                "rows": len(rows),
                "bytes": data.stat().st_size,
                "words": sum(len(text.split()) for text, _ in rows),
            }
            trained = self.training(name, data, rows, arguments.repeats)
            self.fit_alone(name, data, trained["stance"], self.label_count)
            shutil.rmtree(self.work / f"train-{name}")
            self.prediction(name, data, rows, models)
            data.unlink()
        if HELDOUT.exists():
            self.accuracy("held out (data/heldout.csv)", read_csv(HELDOUT), models, arguments.cold_runs)
        else:
            self.note("data/heldout.csv is missing: no accuracy")

    def own_data(self):
        """A file of the caller, split 80 to 20."""
        arguments = self.arguments
        pairs = read_csv(arguments.data, arguments.text_column, arguments.label_column)
        self.label_count = len({label for _, label in pairs})
        rows, test = split_rows(pairs, random.Random(arguments.seed))
        name = "data"
        data, whole = self.work / "data.csv", self.work / "whole.csv"
        write_csv(data, rows)
        write_csv(whole, pairs)
        trained = self.training(name, data, rows, arguments.repeats)
        self.fit_alone(name, data, trained["stance"], self.label_count)
        models = self.small_models(rows, data)
        self.prediction(name, whole, pairs, models)
        self.accuracy(f"20 % of {Path(arguments.data).name}", test, models, arguments.cold_runs)

    def scaling(self):
        """How time grows with the rows, for stance."""
        rng = random.Random(self.arguments.seed)
        pairs = read_csv(STATEMENTS)
        sizes = [10**k for k in range(3, 7) if 10**k <= self.arguments.scaling_rows]
        table = Table(
            "scaling of stance: sampled statements",
            ["rows", "MB", "predict s", "rows/s", "peak MB", "train s", "rows/s", "peak MB"],
        )
        found = []
        for size in sizes:
            data = self.work / "scaling.csv"
            write_csv(data, statements_sample(pairs, size, rng))
            tasks = {
                "predict": (self.stance_predict(data, self.work / "scaling-out.csv"),),
                "train": (self.stance_train(data, self.work / "scaling.json"),),
            }
            say(f"scaling, {size} rows")
            results = self.compare(tasks, self.arguments.repeats)
            predict, train = results["predict"], results["train"]
            found.append({"rows": size, **results})
            cells = []
            for result in (predict, train):
                cells += [seconds(result["seconds"]), number(size / result["seconds"])]
                cells.append(self.memory_cell(result["peak_mb"]))
            table.row(number(size), f"{data.stat().st_size / 1e6:.1f}", *cells)
            for file in ("scaling.csv", "scaling-out.csv", "scaling.json"):
                (self.work / file).unlink()
        table.show()
        exponents = {}
        large = [row for row in found if row["rows"] >= 10_000]
        if len(large) >= 2:
            x = [math.log(row["rows"]) for row in large]
            for task in ("predict", "train"):
                y = [math.log(row[task]["seconds"]) for row in large]
                exponents[task] = statistics.linear_regression(x, y).slope
            shown = ", ".join(f"{task} {value:.3f}" for task, value in exponents.items())
            print(f"  exponent (slope of log time over log rows from 10,000 rows up): {shown}")
        self.results["scaling"] = {"sizes": found, "exponents": exponents}

    def memory(self):
        """Peak memory on a file that is much larger than the program's."""
        pairs = read_csv(STATEMENTS)
        rng = random.Random(self.arguments.seed)
        data, out = self.work / "memory.csv", self.work / "memory-out.csv"
        wanted = int(self.arguments.memory_gb * 1e9)
        say(f"writing {wanted / 1e9:g} GB")
        rows = 0
        with open(data, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text", "label"])
            while file.tell() < wanted:
                writer.writerows(rng.choices(pairs, k=20_000))
                rows += 20_000
        tenth = self.work / "memory-tenth.csv"
        write_csv(tenth, statements_sample(pairs, max(1, rows // 10), rng))
        table = Table("memory of stance: prediction, file to file", ["MB", "rows", "seconds", "MB/s", "peak MB"])
        found = []
        for path, count in ((tenth, max(1, rows // 10)), (data, rows)):
            size = path.stat().st_size
            task = (self.stance_predict(path, out),)
            measured = self.measure(*task)
            measured["rss_mb"] = self.peak(task, [measured])
            out.unlink()
            table.row(
                f"{size / 1e6:.1f}",
                number(count),
                seconds(measured["wall"]),
                f"{size / 1e6 / measured['wall']:.1f}",
                self.memory_cell(measured["rss_mb"]),
            )
            found.append({"bytes": size, "rows": count, **measured})
            path.unlink()
        table.show()
        self.results["memory"] = found


def stance_terms(path):
    """Number of terms of a model file."""
    return len(json.loads(path.read_text(encoding="utf-8"))["vocabulary"]["document_frequency"])


def stance_objective(path):
    return json.loads(path.read_text(encoding="utf-8"))["convergence"]["objective"]


def scores(truth, predicted):
    f1 = []
    for label in sorted(set(truth)):
        right = sum(t == p == label for t, p in zip(truth, predicted))
        f1.append(2 * right / (truth.count(label) + predicted.count(label)))
    accuracy = sum(t == p for t, p in zip(truth, predicted)) / len(truth)
    return {"accuracy": accuracy, "macro_f1": sum(f1) / len(f1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000, help="sampled statements; 0: none [200000]")
    parser.add_argument("--documents", type=int, default=25_000, help="long documents; 0: none [25000]")
    parser.add_argument("--words", type=int, default=230, help="words of a document, about [230]")
    parser.add_argument("--data", help="compare on this CSV file instead")
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--label-column", default="label")
    parser.add_argument("--cores", type=int, default=2, help="cores for every command [2]")
    parser.add_argument("--blas-threads", type=int, help="threads of scikit-learn's BLAS [1 or --cores, whichever is faster]")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each, of which the median counts [3]")
    parser.add_argument("--cold-runs", type=int, default=20, help="runs of the cold start [20]")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scaling", action="store_true", help="also: stance on 10^3 to 10^6 rows")
    parser.add_argument("--scaling-rows", type=int, default=10**6, help="most rows of --scaling [1000000]")
    parser.add_argument("--memory", action="store_true", help="also: peak memory of stance on a large file")
    parser.add_argument("--memory-gb", type=float, default=1.0, help="its size [1]")
    parser.add_argument("--no-compare", action="store_true", help="only --scaling and --memory")
    parser.add_argument("--stance-only", action="store_true", help="leave the others out; nothing is installed")
    parser.add_argument("--env", help="keep the virtual environment in this folder, and use it if it is there")
    parser.add_argument("--temp", help="folder for the temporary files [the system's]")
    parser.add_argument("--output", default="results.json", help="where the numbers go [results.json]")
    arguments = parser.parse_args()
    if min(arguments.cores, arguments.repeats, arguments.cold_runs) < 1:
        parser.error("--cores, --repeats and --cold-runs are at least 1")
    if arguments.no_compare:
        arguments.stance_only = True

    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stance-peers-", dir=arguments.temp) as folder:
        bench = Bench(arguments, Path(folder))
        bench.prepare()
        bench.results["options"] = vars(arguments)
        for name, version in bench.results["versions"].items():
            print(f"{name}: {version}")
        if not arguments.no_compare:
            bench.build_fit()
            bench.own_data() if arguments.data else bench.standard()
        if arguments.scaling:
            bench.scaling()
        if arguments.memory:
            bench.memory()
        bench.results["elapsed"] = time.monotonic() - start
        for note in bench.results["notes"]:
            print("note:", note)
        Path(arguments.output).write_text(json.dumps(bench.results, indent=1) + "\n")
        print(f"\nnumbers written to {arguments.output}")


if __name__ == "__main__":
    main()
