r"""How well rules find what they mean: topics of wire reports, hand-built cases, and the first user's rule.

    python benchmarks/finding.py [--each]

Reads ../shared/eval, whose texts are others' and never enter the repository. Aliases enter as a person writes them,
``(Iran OR Iranian OR Tehran) (oil OR crude)``, through the same engine as the daemon's. Beside it stand what other
tools do (``\bword\b`` for each word, anywhere) and SQLite's FTS5 with its bm25, whose threshold must be fitted: once on
all topics, which flatters it, and once for each topic on the others. ``--each`` adds a line for each topic.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor import text
from monitor.rule import RuleSet, compile_rule
from monitor.rule.topic import Precision
from monitor.text import Text

EVAL = Path(__file__).parents[2] / "shared" / "eval"
#: Topics found in a collection: the names of documents by the topic's query.
Found = Mapping[str, set[str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A topic, and the documents that are about it."""

    query: str
    #: The words of each part, its own name among them.
    aliases: tuple[tuple[str, ...], ...]
    relevant: frozenset[str]

    def parts(self, *, aliases: bool) -> tuple[tuple[str, ...], ...]:
        """Return the alternatives of each part; without aliases the words of the query."""
        return self.aliases if aliases else tuple((word,) for word in self.query.split())


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How well topics were found: precision, recall and F1 over all decisions, and the mean F1 of a topic."""

    precision: float
    recall: float
    micro: float
    macro: float

    def __str__(self) -> str:
        """Return the four figures as a row."""
        return f"{self.precision:.3f}  {self.recall:.3f}  {self.micro:.3f}  {self.macro:.3f}"


def f1(hits: int, found: int, relevant: int) -> float:
    """Return the harmonic mean of precision and recall; 1 where there was nothing to find, and nothing was found."""
    return 2 * hits / (found + relevant) if found + relevant else 1.0


def ratio(part: int, whole: int) -> float:
    """Return a share; 1 of nothing."""
    return part / whole if whole else 1.0


def quality(topics: Sequence[Asked], found: Found) -> Quality:
    """Return how well the topics were found."""
    counts = [(len(found[t.query] & t.relevant), len(found[t.query]), len(t.relevant)) for t in topics]
    hits, rung, relevant = (sum(column) for column in zip(*counts, strict=True))
    return Quality(
        precision=ratio(hits, rung),
        recall=ratio(hits, relevant),
        micro=f1(hits, rung, relevant),
        macro=sum(f1(*count) for count in counts) / len(counts),
    )


def rows(name: str) -> list[dict[str, Any]]:
    """Return the lines of a file of the collection."""
    raw = (EVAL / name).read_bytes()
    unpacked = gzip.decompress(raw) if name.endswith(".gz") else raw
    return [json.loads(line) for line in unpacked.splitlines()]


def alternatives(options: Sequence[str]) -> str:
    """Return a group as a rule writes it."""
    written = [f'"{option}"' if " " in option else option for option in options]
    return f"({' OR '.join(written)})" if len(written) > 1 else written[0]


def wirebell(topics: Sequence[Asked], read: Mapping[str, Text], precision: Precision, *, aliases: bool) -> Found:
    """Return what the rules of this engine find."""
    sources = {t.query: " ".join(map(alternatives, t.aliases)) if aliases else t.query for t in topics}
    engine = RuleSet(compile_rule(name, (source,), precision=precision) for name, source in sources.items())
    found = defaultdict[str, set[str]](set)
    for document, each in read.items():
        for match in engine.match(each):
            found[match.rule].add(document)
    return found


def words_anywhere(topics: Sequence[Asked], documents: Mapping[str, tuple[str, str]], *, aliases: bool) -> Found:
    """Return what holds each word somewhere, as other tools look for it."""
    found = defaultdict[str, set[str]](set)
    for topic in topics:
        patterns = [
            re.compile(rf"\b(?:{'|'.join(map(re.escape, part))})\b", re.IGNORECASE)
            for part in topic.parts(aliases=aliases)
        ]
        for document, fields in documents.items():
            if all(pattern.search("\n".join(fields)) for pattern in patterns):
                found[topic.query].add(document)
    return found


def ranked(topics: Sequence[Asked], documents: Mapping[str, tuple[str, str]], *, aliases: bool) -> dict[str, Any]:
    """Return for each topic the documents that FTS5 finds, with their bm25, best first."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE d USING fts5(id UNINDEXED, title, body, tokenize = 'porter unicode61')")
    base.executemany("INSERT INTO d VALUES (?, ?, ?)", ((name, *fields) for name, fields in documents.items()))
    found = {}
    for topic in topics:
        parts = (" OR ".join(f'"{option}"' for option in part) for part in topic.parts(aliases=aliases))
        asked = " AND ".join(f"({part})" for part in parts)
        scored = base.execute("SELECT id, -bm25(d, 0, 3, 1) FROM d WHERE d MATCH ? ORDER BY 2 DESC", (asked,))
        found[topic.query] = scored.fetchall()
    return found


def above(scored: Mapping[str, Any], level: Callable[[str], float]) -> Found:
    """Return the documents that score at least their topic's level."""
    return {query: {name for name, score in found if score >= level(query)} for query, found in scored.items()}


def fitted(topics: Sequence[Asked], scored: Mapping[str, Any]) -> float:
    """Return the one level that gives these topics the best mean F1."""
    levels = [step / 4 for step in range(1, 120)]
    return max(levels, key=lambda level: quality(topics, above(scored, lambda _: level)).macro)


def bm25(topics: Sequence[Asked], documents: Mapping[str, tuple[str, str]], *, aliases: bool) -> dict[str, Found]:
    """Return what FTS5 finds above a level fitted on all topics, and above one fitted on the other topics."""
    scored = ranked(topics, documents, aliases=aliases)
    everywhere = fitted(topics, scored)
    others = {t.query: fitted([other for other in topics if other is not t], scored) for t in topics}
    return {
        f"FTS5 bm25 >= {everywhere:.2f}, fitted here": above(scored, lambda _: everywhere),
        "FTS5 bm25, fitted on the others": above(scored, others.__getitem__),
    }


def print_topics(*, each: bool) -> None:
    """Print how well the topics of the wire reports are found."""
    asked = [
        Asked(query=t["query"], aliases=tuple(map(tuple, t["aliases"])), relevant=frozenset(t["relevant"]))
        for t in rows("topics.jsonl")
        if "relevant" in t
    ]
    documents = {d["id"]: (d["title"], d["text"]) for d in rows("docs.jsonl.gz") if d["id"].startswith("r")}
    read = {name: text.read(headline=a, text=b, language="en") for name, (a, b) in documents.items()}
    for aliases in (False, True):
        found = {r"\bword\b, all anywhere": words_anywhere(asked, documents, aliases=aliases)}
        found |= bm25(asked, documents, aliases=aliases)
        found |= {f"wirebell {level}": wirebell(asked, read, level, aliases=aliases) for level in Precision}
        print(f"\n{len(asked)} topics, {len(read)} reports, {'with' if aliases else 'without'} aliases")
        print(f"{'':34}P      R      micro  macro F1")
        for name, topics in found.items():
            print(f"{name:32}  {quality(asked, topics)}")
        if each:
            print_each(asked, found[f"wirebell {Precision.NORMAL}"])


def print_each(topics: Sequence[Asked], found: Found) -> None:
    """Print a line for each topic."""
    for topic in topics:
        alone = quality([topic], found)
        print(f"  {topic.query:30}  {len(topic.relevant):3} relevant  {alone}")


def rule_of(asked: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the queries of a hand-built case as a config writes them."""
    writers: dict[str, Callable[[Any], str]] = {
        "topic": str,
        "near": lambda pair: f"{pair[0]} NEAR/{asked['n']} {pair[1]}",
        "phrase": lambda written: f'"{written}"',
        "exact": lambda written: f"={written}",
    }
    source = writers[asked["type"]](asked["q"])
    for word, aliases in asked.get("aliases", {}).items():
        source = source.replace(word, alternatives([word, *aliases]))
    return source, *asked.get("equiv", {}).values()


def print_cases() -> None:
    """Print how well the hand-built cases are told, language by language, and each one that is not."""
    counts, wrong = defaultdict[str, Counter[tuple[bool, bool]]](Counter), []
    for case in rows("cases_dev.jsonl"):
        read = text.read(headline=case["title"], text=case["text"], language=case["lang"])
        rang = bool(RuleSet([compile_rule("case", rule_of(case["rule"]))]).match(read))
        for language in (case["lang"], "all"):
            counts[language][case["expect"], rang] += 1
        if rang != case["expect"]:
            wrong.append(f"  {'rang' if rang else 'silent'}: {case['lang']} {case['why']}")
    print("\nhand-built cases       F1     false  missed")
    for language, told in counts.items():
        hits, false, missed = told[True, True], told[False, True], told[True, False]
        score = f1(hits, hits + false, hits + missed)
        print(f"  {language:3} {sum(told.values()):4} cases      {score:.3f}  {false:5}  {missed:6}")
    print(*wrong, sep="\n")


def print_pool() -> None:
    """Print what the first user's rule rings for among the reports that hold its words, and whether for the seed."""
    (pool,) = (topic for topic in rows("topics.jsonl") if "grades" in topic)
    names = {d["id"]: (d["title"], d.get("text", "")) for d in rows("docs.jsonl.gz") if d["id"] in pool["grades"]}
    read = {name: text.read(headline=a, text=b, language="en") for name, (a, b) in names.items()}
    (row,) = rows("seed.jsonl")
    seed = text.read(headline=row["title"], lead=row["summary"], text=row["text"], language=row["lang"])
    on_topic = sum(grade == 2 for grade in pool["grades"].values())  # 1 is related, 0 is not
    print(f"\n{pool['query']}: {len(read)} reports, {on_topic} on topic")
    print("           rings  P      P related  R      seed")
    for precision in Precision:
        engine = RuleSet([compile_rule("pool", (pool["query"],), precision=precision)])
        grades = Counter(pool["grades"][name] for name, each in read.items() if engine.match(each))
        rung, strength = grades.total(), next((match.strength for match in engine.match(seed)), 0.0)
        shares = (ratio(grades[2], rung), ratio(grades[2] + grades[1], rung), ratio(grades[2], on_topic))
        print(f"  {precision:8} {rung:5}  {shares[0]:.3f}  {shares[1]:.3f}      {shares[2]:.3f}  {strength:.2f}")


def main(arguments: Iterable[str]) -> None:
    """Print all three."""
    if not EVAL.is_dir():
        print(f"Nothing to measure: {EVAL} is not here.")
        return
    print_topics(each="--each" in arguments)
    print_cases()
    print_pool()


if __name__ == "__main__":
    main(sys.argv[1:])
