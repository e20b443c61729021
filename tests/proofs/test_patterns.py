"""No rule, no config and no text can hang or exhaust wirebell: each is refused with its place, or works in time."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from monitor import config, text
from monitor.config import Config
from monitor.errors import ConfigError, RuleError
from monitor.rule import RuleSet, compile_rule
from tests.conftest import SHARED, needs_shared
from tests.daemon import Daemon
from tests.http_server import HttpServer, Reply
from tests.proofs import proving
from tests.proofs.newsroom import READY, Newsroom, copies, stop, wait_until

#: Seconds of the processor's work in which a config or a rule is read or refused, and what one item may take with one
#: rule; texts that say one thing 25,000 times take longer, and are held to the first.
READ, MATCH = 1.0, 0.05
#: A machine that many share may take longer; alone the promise itself is asked for.
PATIENCE = 2 if proving.WHOLE else 8

FEEDS = '[feeds]\nun = "https://un.example/rss.xml"\n'
RULES = '[rules]\nnato = "NATO security guarantees"\n'
CHANNELS = '[channels]\ndesk = "console:"\n'
WHOLE = FEEDS + RULES + CHANNELS

EVIL_RULES = {
    "deep parentheses": "(" * 10_000 + "glacier" + ")" * 10_000,
    "parentheses that stay open": "(" * 50_000,
    "a NOT before a NOT": "glacier " + "NOT " * 10_000 + "x",
    "100,000 alternatives": " OR ".join(f"glacier{n}" for n in range(100_000)),
    "100,000 words": " ".join(f"word{n}" for n in range(100_000)),
    "alternatives in alternatives": "(a1 OR b1) " * 5_000,
    "nests of NEAR": "(" * 200 + "glacier" + " NEAR/8 road)" * 200,
    "a chain of NEAR": " NEAR/999999999999999999999 ".join(["glacier"] * 1_000),
    "a long phrase": '"' + "glacier " * 20_000 + '"',
    "quotes": '"' * 50_001,
    "fields in fields": "headline:(" * 5_000 + "glacier" + ")" * 5_000,
    "beginnings": " OR ".join(f"gl{chr(97 + n % 26)}*" for n in range(10_000)),
    "asterisks": "gl" + "*" * 10_000,
    "asterisks within": "g*" * 5_000,
    "a long word": "glacier" * 100_000,
    "combining marks": "g" + "\u0301" * 100_000,
    "numbers": "magnitude >=" + "9" * 100_000,
    "lists that name lists": "@nato " * 5_000,
    "a regular expression": "/(a+)+$/",
    "a regular expression that grows": "/((a{1000}){1000}){1000}/",
}
EVIL_CONFIGS = {
    "a byte order mark": "\ufeff" + WHOLE,
    "NUL": WHOLE + "x = '\0'\n",
    "nothing but NUL": "\0" * 100_000,
    "deep lists": "x = " + "[" * 100_000,
    "deep lists that close": "x = " + "[" * 5_000 + "]" * 5_000,
    "deep tables": "x = " + "{a=" * 20_000,
    "a dotted key of 20,000 parts": ".".join(["a"] * 20_000) + " = 1\n",
    "a heading of 20,000 parts": "[" + ".".join(["a"] * 20_000) + "]\n",
    "many dotted keys": "".join(f"a.{'b.' * 50}k{n} = 1\n" for n in range(2_000)),
    "a huge number": WHOLE + "[polling]\nconcurrency = " + "9" * 100_000 + "\n",
    "a large number": WHOLE + "[polling]\nconcurrency = 99999999999999999999999999\n",
    "a number past all floats": WHOLE + "[polling]\nconcurrency = 1e999999\n",
    "a huge duration": WHOLE.replace(
        '"https://un.example/rss.xml"', '{ url = "https://un.example/", interval = "' + "9" * 9_000 + 'h" }'
    ),
    "a long key": "a" * 3_000_000 + " = 1\n",
    "a text that stays open": "x = '''" + "a\n" * 500_000,
    "many headings": "".join(f"[a{n}]\n" for n in range(10_000)),
    "many feeds of one address": "[feeds]\n"
    + "".join(f'f{n} = "https://un.example/"\n' for n in range(10_000))
    + RULES
    + CHANNELS,
    "many unknown keys": WHOLE + "[polling]\n" + "".join(f"interval{n} = 1\n" for n in range(5_000)),
    "globs of feeds": FEEDS + '[rules]\nx = { match = "ice", feeds = ["' + "*a" * 5_000 + '*b"] }\n' + CHANNELS,
    "globs of many asterisks": FEEDS + '[rules]\nx = { match = "ice", feeds = ["' + "****a" * 400 + '"] }\n' + CHANNELS,
    "globs of open sets": FEEDS + '[rules]\nx = { match = "ice", feeds = ["' + "[!" * 5_000 + '"] }\n' + CHANNELS,
    "a zone that is a path": f'timezone = "../../../../../../etc/passwd"\n{WHOLE}',
    "an include of everything": f'include = ["**/*", "{"**/" * 200}*.toml"]\n{WHOLE}',
    "50 MB": WHOLE + "#" * (50 << 20),
}
PLACED = re.compile(r"config\.toml(:\d+)?: .+")


def timed(fn: Callable[[], object]) -> tuple[object, float]:
    """Return what came of it, a fault included, and after how many seconds."""
    began = time.process_time()
    try:
        result: object = fn()
    except (ConfigError, RuleError) as fault:
        result = fault
    return result, time.process_time() - began


def load(folder: Path, written: str) -> Config:
    path = folder / "config.toml"
    path.write_text(written, encoding="utf-8")
    return config.load(path, environment={})


@pytest.mark.parametrize("name", EVIL_RULES)
def test_no_rule_takes_longer_than_a_second_to_be_read_or_refused(name: str, tmp_path: Path) -> None:
    rule = EVIL_RULES[name]
    compiled, alone = timed(lambda: compile_rule("evil", (rule,)))
    written = FEEDS + CHANNELS + f"[rules]\nevil = '''{rule}'''\n"
    result, seconds = timed(lambda: load(tmp_path, written))
    assert isinstance(compiled, RuleError) == isinstance(result, ConfigError)
    assert max(alone, seconds) < READ * PATIENCE, f"{alone:.2f} s alone, {seconds:.2f} s in a config"
    if isinstance(result, ConfigError):
        assert all(re.search(r"config\.toml:\d+: rules\.evil", str(fault)) for fault in result.faults)
        assert max(len(str(fault)) for fault in result.faults) < 1_000
        assert len(result.faults) <= 100
    proving.figures(f"rule, {name}", seconds=f"{max(alone, seconds):.2f}", refused=isinstance(result, ConfigError))


@pytest.mark.parametrize("name", EVIL_CONFIGS)
def test_no_config_takes_longer_than_a_second_to_be_read_or_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(EVIL_CONFIGS[name], encoding="utf-8")
    result, seconds = timed(lambda: config.load(tmp_path / "config.toml", environment={}))
    assert seconds < READ * PATIENCE
    if isinstance(result, ConfigError):
        assert [str(fault)[:200] for fault in result.faults if not PLACED.search(str(fault))] == []
        assert max(len(str(fault)) for fault in result.faults) < 1_000
        assert "passwd" not in str(result) or "root:" not in str(result)
    proving.figures(f"config, {name}", seconds=f"{seconds:.2f}", refused=isinstance(result, ConfigError))


@needs_shared
@pytest.mark.parametrize("name", ["toml_dotted_5k", "toml_nest", "toml_redos", "toml_regex_compile_bomb"])
def test_no_config_of_the_corpus_takes_longer_than_a_second(name: str, tmp_path: Path) -> None:
    body = (SHARED / "corpus" / "hostile" / f"{name}.toml").read_text(encoding="utf-8")
    result, seconds = timed(lambda: load(tmp_path, body))
    assert seconds < READ * PATIENCE
    assert isinstance(result, ConfigError)
    assert [str(fault) for fault in result.faults if not PLACED.search(str(fault))] == []


# --- texts ------------------------------------------------------------------------------------------------------------

SIZE = 200_000
EVIL_TEXTS = {
    "one word": "glacier" * (SIZE // 7),
    "one word again and again": "glacier " * (SIZE // 8),
    "no end of a sentence": "the glacier road of ice near a lake is " * (SIZE // 39),
    "ends of sentences": "glacier. " * (SIZE // 9),
    "dots": "." * SIZE,
    "quotes": '"' * SIZE,
    "open quotes": "“glacier " * (SIZE // 9),
    "blanks": " " * SIZE,
    "ends of lines": "\n" * SIZE,
    "combining marks": "g" + "\u0301" * SIZE,
    "marks on every letter": "g\u0301\u0323" * (SIZE // 3),
    "initials": "G.L." * (SIZE // 4),
    "apostrophes": "l'" * (SIZE // 2),
    "hyphens": "gla-" * (SIZE // 4),
    "numbers": "1.000," * (SIZE // 6),
    "one digit": "9" * SIZE,
    "ideographs": "\u51b0\u5ddd" * (SIZE // 2),
    "look-alikes": "gl\u0430cier " * (SIZE // 8),
    "hidden letters": "gla\u00adcier\u200b " * (SIZE // 9),
    "brackets": "(" * SIZE,
}
RULES_AT_WORK = {
    "a name": "glacier",
    "a topic": "glacier road ice lake",
    "a phrase": '"glacier road of ice"',
    "a phrase of one word": '"' + "glacier " * 12 + '"',
    "NEAR": "glacier NEAR/8 (road OR ice OR lake)",
    "nests of NEAR": "((glacier NEAR/50 road) NEAR/50 (ice NEAR/50 lake)) NEAR/50 (glacier NEAR/50 lake)",
    "BEFORE itself": "glacier BEFORE/50 glacier BEFORE/50 glacier",
    "NOT NEAR": "glacier NOT NEAR/20 (road OR ice)",
    "beginnings": "gla* NEAR/20 ro*",
    "alternatives": " OR ".join(["glacier", *(f"word{n}" for n in range(500))]),
    "exactly": "=glacier =road",
    "a NOT": "glacier NOT (road OR ice)",
    "numbers": ">=6 NEAR/3 <100 NEAR/50 1..1m",
    "a regular expression": "/gl\\w+ (of|road)/",
    "one that runs out of time": "/(\\w+\\W?)+$/",
    "one that is met everywhere": "/\\w/ NEAR/20 /e/",
}


def test_no_text_keeps_a_rule_busy() -> None:
    """What a text costs once is told apart from what each rule costs on it."""
    sets = {name: RuleSet([compile_rule("evil", (rule,))]) for name, rule in RULES_AT_WORK.items()}
    slowest: dict[tuple[str, str], float] = {}
    reading: dict[str, float] = {}
    for kind, written in EVIL_TEXTS.items():
        began = time.process_time()
        read = text.read(headline="Glacier road", lead="Ice on the lake.", text=written, feed="wire")
        reading[kind] = time.process_time() - began
        for name, rules in sets.items():
            spent = []
            for _ in range(2):  # the lesser of two: what else the machine did meanwhile is not the rule's
                began = time.process_time()
                rules.match(read)
                spent.append(time.process_time() - began)
            slowest[kind, name] = min(spent)
    (kind, name), worst = max(slowest.items(), key=lambda each: each[1])
    over = {pair: f"{seconds * 1000:.0f} ms" for pair, seconds in slowest.items() if seconds > MATCH}
    proving.figures(
        "evil texts",
        pairs=len(slowest),
        slowest_match_ms=f"{worst * 1000:.0f} ({name} on {kind})",
        over_50_ms=len(over),
        slowest_read_ms=f"{max(reading.values()) * 1000:.0f} ({max(reading, key=lambda each: reading[each])})",
    )
    assert {pair: spent for pair, spent in slowest.items() if spent > READ * PATIENCE} == {}
    assert max(reading.values()) < READ * PATIENCE


# --- a daemon that runs -----------------------------------------------------------------------------------------------


def has_refused(daemon: Daemon, times: int) -> bool:
    return daemon.said.count("NOT applied") >= times


@pytest.mark.slow
def test_a_daemon_runs_on_under_its_config_whatever_the_file_becomes(
    tmp_path: Path, wire: HttpServer, receiver: HttpServer
) -> None:
    room = Newsroom(tmp_path, wire, receiver.reply("/hook", Reply(status=204)))
    path = tmp_path / "config.toml"
    good = path.read_text(encoding="utf-8")
    names = ("NUL", "deep lists", "a dotted key of 20,000 parts", "a huge number", "50 MB", "globs of open sets")
    with room.run() as daemon:
        daemon.wait_until_it_says(READY)
        for n, name in enumerate(names[: proving.sized(len(names), 3)], 1):
            fresh = tmp_path / "fresh"
            fresh.write_text(EVIL_CONFIGS[name], encoding="utf-8")
            fresh.replace(path)
            daemon.tell(signal.SIGHUP)
            wait_until(partial(has_refused, daemon, n))
            room.publish()
            wait_until(lambda: len(copies(receiver.received)) == len(room.published))
        path.write_text(good, encoding="utf-8")
        os.utime(path)
        daemon.wait_until_it_says("config.toml applied")
        stop(daemon)
    assert [each.headline for each in copies(receiver.received)] == room.published
    assert "Traceback" not in daemon.said
