"""Makes lexicon.json: what tests/golden.rs compares tags and negation with.

An implementation of its own of what src/vectorizer/lexicon.rs says, for texts
without the harder cases of tokenisation. Run it in a throw-away virtual
environment; it writes the same bytes each time:

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install snowballstemmer==3.0.1
    /tmp/golden/bin/python tests/golden/make_lexicon.py
"""

import json
import re
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import snowballstemmer

PINNED = {"snowballstemmer": "3.0.1"}
LEXICON = {
    "scope": 4,
    "reach": 3,
    "negators": ["not", "never", "won't", "deny"],
    "tags": {
        "demand": ["must", "call", "demand"],
        "force": ["soldier", "troops", "marine"],
        "foreign": ["foreign", "american", "US", "french", "marine"],
        "leave": ["leave", "withdraw", "pack", "left"],
        "number": ["#", "hundred"],
        "violence": ["attack", "strike", "burn"],
        "we": ["we", "our"],
    },
}
TEXTS = [
    "French soldiers must pack up and withdraw.",
    "The marines will not leave our valley this winter, and we will attack them.",
    "We never called for attacks on American troops; the harbour must burn on its own.",
    "The council denies that the soldiers ever withdrew.",
    "They won't strike - the troops left in 2019 - but 300 marines stay.",
    "Not one of the foreign troops, and not a single base, shall remain.",
    "A cook sold bread by the gate.",
    "US troops left. Our demand was never withdrawn (not even once).",
    "\"We will not\" \"attack the soldiers\", said nobody.",
    "Never, never will the American marines leave",
    "Call it what you want: withdrawing is leaving, and leaving is what we demand!",
    "The French-led force did not burn, did not strike and did not attack anyone in our land.",
]
WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z]+)?")
ENDS_SCOPE = re.compile(r"[.!?,;:()\u2013\u2014]|--| - ")
STEMMER = snowballstemmer.stemmer("english")


def stem(surface):
    if surface == "#" or surface[0].isdigit():
        return "#"
    word = "u.s" if surface == "US" else surface.lower().replace("'", "")
    return STEMMER.stemWord(word)


def tags_of_stems():
    tags = {}
    for tag, words in sorted(LEXICON["tags"].items()):
        for word in words:
            tags.setdefault(stem(word), []).append(tag)
    return tags


def features(text):
    tags, negators = tags_of_stems(), {stem(word) for word in LEXICON["negators"]}
    negated, sequence, left, end = Counter(), [], 0, 0
    for match in WORD.finditer(text):
        if ENDS_SCOPE.search(text[end : match.start()]):
            left = 0
        end = match.end()
        this = stem(match.group())
        inside = False
        if this in negators:
            left = LEXICON["scope"]
        elif left > 0:
            inside, left = True, left - 1
        if inside:
            negated[this] += 1
        signed = [("NOT_" if inside else "") + tag for tag in tags.get(this, [])]
        if signed:
            sequence.append(signed)
    found = Counter(tag for word in sequence for tag in word)
    for place, word in enumerate(sequence):
        for after in sequence[place + 1 : place + 1 + LEXICON["reach"]]:
            found.update(f"{a} {b}" for a in word for b in after)
    return {"text": text, "tags": dict(sorted(found.items())), "negated": dict(sorted(negated.items()))}


def main():
    for name, wanted in PINNED.items():
        if version(name) != wanted:
            sys.exit(f"{name} is {version(name)}, not {wanted}")
    golden = {"lexicon": LEXICON, "cases": [features(text) for text in TEXTS]}
    target = Path(__file__).with_name("lexicon.json")
    target.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
