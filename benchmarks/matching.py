"""What 1,000 rules cost per document: this engine against a loop of one regular expression per word and rule.

    python benchmarks/matching.py [DOCS.jsonl.gz] [RULES]

Rules are drawn from the documents' own words, rare and frequent ones alike. Both sides take turns, so that a noisy
neighbour slows both; medians of the turns are compared.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from math import exp, log
from pathlib import Path
from statistics import median

from monitor import text
from monitor.language import ANY_FUNCTION_WORD
from monitor.rule import RuleSet, compile_rule

SHARED = Path(__file__).parents[2] / "shared"
DOCUMENTS = 200
TURNS = 7
#: The loop is slow; it takes turns on this many of the documents.
LOOPED = 20


def documents(path: Path) -> list[tuple[str, str]]:
    """Return headlines and texts of some length, in a fixed order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    long = [(row["title"], row["text"]) for row in rows if len(row.get("text", "")) >= 300]
    random.Random(7).shuffle(long)  # noqa: S311
    return long


def rules(texts: list[tuple[str, str]], count: int) -> list[list[str]]:
    """Return rules of two to four words, drawn evenly over the logarithm of how frequent words are."""
    counts = Counter(word for _, body in texts for word in set(re.findall(r"[a-z]{4,}", body.lower())))
    by_frequency = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))  # not by the order of a set
    ranked: list[str] = [word for word, times in by_frequency if times > 1 and word not in ANY_FUNCTION_WORD]
    draw = random.Random(11)  # noqa: S311

    def word() -> str:
        return ranked[int(exp(draw.uniform(log(40), log(len(ranked))))) - 1]

    return [[word() for _ in range(draw.choice((2, 3, 4)))] for _ in range(count)]


def loop(patterns: list[list[re.Pattern[str]]], title: str, body: str) -> list[int]:
    """Return the rules whose words all occur, as a loop over regular expressions finds them."""
    whole = f"{title}\n{body}"
    return [i for i, words in enumerate(patterns) if all(word.search(whole) for word in words)]


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Return how long one of so many pieces of work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000 / times


def main() -> None:
    """Print milliseconds per document and the ratio."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "eval" / "docs.jsonl.gz"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    texts = documents(path)
    drawn = rules(texts, count)
    texts = texts[:DOCUMENTS]
    engine = RuleSet(compile_rule(str(i), (" ".join(words),)) for i, words in enumerate(drawn))
    patterns = [[re.compile(rf"\b{word}\b", re.IGNORECASE) for word in words] for words in drawn]
    read = [text.read(headline=title, text=body, language="en") for title, body in texts]
    matches = sum(len(engine.match(each)) for each in read)  # also warms the memo, as a daemon's is
    reading, matching, looping = [], [], []
    for _ in range(TURNS):
        reading.append(
            milliseconds(lambda: [text.read(headline=a, text=b, language="en") for a, b in texts], len(texts))
        )
        matching.append(milliseconds(lambda: [engine.match(each) for each in read], len(texts)))
        looping.append(milliseconds(lambda: [loop(patterns, a, b) for a, b in texts[:LOOPED]], LOOPED))
    ours = median(a + b for a, b in zip(reading, matching, strict=True))
    words = sum(len(each.words) for each in read) / len(read)
    print(f"{count} rules, {words:.0f} words a document, {matches / len(texts):.2f} matches a document")
    print(f"read     {median(reading):8.3f} ms")
    print(f"match    {median(matching):8.3f} ms")
    print(f"loop     {median(looping):8.3f} ms   x {median(looping) / ours:.0f} of read and match")


if __name__ == "__main__":
    main()
