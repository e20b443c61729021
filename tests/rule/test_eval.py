"""Hand-built cases, the first user's article, and wire reports with editors' codes: how well rules do their work."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from monitor import text
from monitor.rule import Rule, RuleSet, compile_rule
from monitor.text import Text
from tests.conftest import SHARED, needs_shared

pytestmark = needs_shared
EVAL = SHARED / "eval"


def lines(name: str) -> list[dict[str, Any]]:
    raw = (EVAL / name).read_bytes()
    unpacked = gzip.decompress(raw) if name.endswith(".gz") else raw
    return [json.loads(row) for row in unpacked.splitlines()]


def group(words: list[str]) -> str:
    quoted = [f'"{word}"' if " " in word else word for word in words]
    return f"({' OR '.join(quoted)})"


def compiled(asked: dict[str, Any]) -> Rule:
    source = asked["q"]
    if asked["type"] == "near":
        source = f"{source[0]} NEAR/{asked['n']} {source[1]}"
    elif asked["type"] == "phrase":
        source = f'"{source}"'
    elif asked["type"] == "exact":
        source = f"={source}"
    for word, aliases in asked.get("aliases", {}).items():
        source = source.replace(word, group([word, *aliases]))
    return compile_rule("case", (source, *asked.get("equiv", {}).values()))


def outcomes() -> Iterator[tuple[dict[str, Any], bool]]:
    for case in lines("cases_dev.jsonl"):
        read = text.read(headline=case["title"], text=case["text"], language=case["lang"])
        yield case, bool(RuleSet([compiled(case["rule"])]).match(read))


@pytest.mark.parametrize("spoken", ["en", "ru"])
def test_hand_built_cases_reach_their_f1(spoken: str) -> None:
    counts = Counter((case["expect"], rang) for case, rang in outcomes() if case["lang"] == spoken)
    f1 = 2 * counts[True, True] / (2 * counts[True, True] + counts[True, False] + counts[False, True])
    assert f1 >= 0.95, counts


def test_no_hand_built_case_is_missed() -> None:
    assert [case["why"] for case, rang in outcomes() if case["expect"] and not rang] == []


def test_no_english_case_of_the_first_users_rule_rings_falsely() -> None:
    false = [
        case["why"]
        for case, rang in outcomes()
        if rang and not case["expect"] and case["lang"] == "en" and "NATO" in case["rule"]["q"]
    ]
    assert false == []


def seed(*, whole: bool) -> Text:
    (row,) = lines("seed.jsonl")
    return text.read(
        headline=row["title"], lead=row["summary"], text=row["text"] if whole else "", language=row["lang"]
    )


def test_the_first_users_rule_rings_for_the_whole_article() -> None:
    (found,) = RuleSet([compile_rule("nato", ("NATO security guarantees",))]).match(seed(whole=True))
    shown = found.evidence[0]
    assert [shown.sentence[start:end] for start, end, _ in shown.spans] == ["NATO", "security", "guarantees"]
    assert found.place == "all words in one sentence, paragraph 11"
    assert found.strength >= 0.6


def test_the_first_users_rule_does_not_ring_for_its_headline_and_lead() -> None:
    assert RuleSet([compile_rule("nato", ("NATO security guarantees",))]).match(seed(whole=False)) == ()


@cache
def reports() -> tuple[tuple[str, Text], ...]:
    """Return the wire reports, read once."""
    rows = [row for row in lines("docs.jsonl.gz") if row["id"].startswith("r")]
    return tuple((row["id"], text.read(headline=row["title"], text=row["text"], language="en")) for row in rows)


def reuters(*, aliases: bool) -> tuple[float, float]:
    """Return micro and macro F1 over the topics of the wire reports."""
    topics = [topic for topic in lines("topics.jsonl") if "relevant" in topic]
    rules = [
        compile_rule(topic["query"], (" ".join(map(group, topic["aliases"])) if aliases else topic["query"],))
        for topic in topics
    ]
    engine, found = RuleSet(rules), {topic["query"]: set[str]() for topic in topics}
    for name, read in reports():
        for match in engine.match(read):
            found[match.rule].add(name)
    counts = [(len(found[t["query"]] & set(t["relevant"])), len(found[t["query"]]), len(t["relevant"])) for t in topics]
    hits, rung, relevant = (sum(column) for column in zip(*counts, strict=True))
    return 2 * hits / (rung + relevant), sum(2 * a / max(1, b + c) for a, b, c in counts) / len(counts)


@pytest.mark.slow
@pytest.mark.parametrize(("aliases", "micro", "macro"), [(False, 0.62, 0.59), (True, 0.58, 0.62)])
def test_wire_reports_are_found_by_their_topics(*, aliases: bool, micro: float, macro: float) -> None:
    """All words anywhere reach .55 and .59 without aliases, .50 and .57 with them, on these reports we tuned by."""
    found = reuters(aliases=aliases)
    assert found[0] >= micro
    assert found[1] >= macro


def test_the_pool_of_the_first_users_rule_rings_for_what_is_on_topic() -> None:
    (pool,) = [topic for topic in lines("topics.jsonl") if "grades" in topic]
    engine = RuleSet([compile_rule("nato", (pool["query"],))])
    rows = [row for row in lines("docs.jsonl.gz") if row["id"].startswith("w")]
    rung = [row["id"] for row in rows if engine.match(text.read(headline=row["title"], text=row.get("text", "")))]
    grades = Counter(pool["grades"].get(each, 0) for each in rung)
    assert grades[2] == sum(grade == 2 for grade in pool["grades"].values())
    assert grades.total() <= grades[2] + 1
