"""A config says what is written in it, and no slip of the pen passes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import config
from monitor.config import Config
from monitor.errors import ConfigError
from monitor.hours import duration
from tests.properties.laws import law

Tables = dict[str, dict[str, Any]]

NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True), min_size=1, max_size=5, unique=True)
SPANS = st.integers(1, 48).map("{}m".format)
MATCHES = st.sampled_from(["harbour strike", "Norvik", '"price cap"', "(ferry OR bridge) closed"])


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    """Draw the tables of a config, each of one feed, rule or channel in its long form."""
    feeds, rules, channels = draw(NAMES), draw(NAMES), draw(NAMES)
    made: Tables = {"polling": {"timeout": "20s", "concurrency": draw(st.integers(1, 1000))}, "log": {"level": "info"}}
    for name in feeds:
        made[f"feeds.{name}"] = {
            "url": f"https://{name.replace('_', '-').strip('-')}x.example/{name}",
            "interval": draw(SPANS),
            "tags": ["wire"],
            "enabled": True,
        }
    for name in rules:
        made[f"rules.{name}"] = {
            "match": draw(MATCHES),
            "feeds": draw(st.lists(st.sampled_from(feeds), min_size=1, unique=True)),
            "notify": draw(st.lists(st.sampled_from(channels), min_size=1, unique=True)),
            "priority": draw(st.sampled_from(["low", "normal", "high", "urgent"])),
        }
    for name in channels:
        made[f"channels.{name}"] = {"url": "console:", "default": True, "quiet": "22:00-07:00", "wake": "high"}
    return made


def written(made: Tables) -> str:
    lines = ['timezone = "Europe/Berlin"', 'database = "sqlite:///news.db"']
    for heading, table in made.items():
        lines += [f"[{heading}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines)


@contextmanager
def file(text: str) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text, encoding="utf-8")
        yield path


def load(text: str) -> Config:
    with file(text) as path:
        return config.load(path, environment={})


def named(made: Tables, kind: str) -> dict[str, dict[str, Any]]:
    return {heading.removeprefix(f"{kind}."): table for heading, table in made.items() if heading.startswith(kind)}


@law
@given(tables())
def test_a_config_is_what_is_written(made: Tables) -> None:
    loaded = load(written(made))
    assert {feed.name: (feed.url, feed.interval) for feed in loaded.feeds} == {
        name: (table["url"], duration(table["interval"])) for name, table in named(made, "feeds").items()
    }
    assert {w.name: (list(w.feeds), list(w.notify), w.priority.value) for w in loaded.watches} == {
        name: (table["feeds"], table["notify"], table["priority"]) for name, table in named(made, "rules").items()
    }
    assert [channel.name for channel in loaded.channels] == list(named(made, "channels"))
    assert (loaded.zone_name, loaded.database_name) == ("Europe/Berlin", "news.db")
    assert loaded.polling.concurrency == made["polling"]["concurrency"]


@law
@given(tables())
def test_a_config_that_was_kept_is_the_same_again(made: Tables) -> None:
    with file(written(made)) as path:
        loaded = config.load(path, environment={})
        again = config.kept(loaded.toml, path=path, environment={})
    assert (again.feeds, again.watches, again.channels) == (loaded.feeds, loaded.watches, loaded.channels)
    assert again.sha256 == loaded.sha256


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str, int]:
    """Draw a config with a slip of the pen in one key; return it with that key's dotted name and its line."""
    made = draw(tables())
    heading = draw(st.sampled_from(list(made)))
    key = draw(st.sampled_from(list(made[heading])))
    place = draw(st.integers(0, len(key)))
    cut = draw(st.integers(0, 1))
    slip = key[:place] + draw(st.sampled_from(["x", "_", "q", ""])) + key[place + cut :]
    spoilt = {
        name: {slip if (name, each) == (heading, key) else each: value for each, value in table.items()}
        for name, table in made.items()
    }
    text = written(spoilt)
    lines = text.split("\n")
    number = lines.index(f"[{heading}]") + 2 + list(made[heading]).index(key)
    return text, f"{heading}.{slip}", number


@law
@given(slips())
def test_a_slip_in_a_key_is_told_with_its_name_and_line(slip: tuple[str, str, int]) -> None:
    text, key, line = slip
    known = {"feeds": "language full_text catch_up", "rules": "except precision where note", "channels": "to user"}
    keys = {"url", "interval", "tags", "enabled", "match", "feeds", "notify", "priority", "default", "quiet", "wake"}
    last = key.rpartition(".")[2]
    if not last or last in keys | {"timeout", "concurrency", "level"} | set(" ".join(known.values()).split()):
        return
    with pytest.raises(ConfigError) as refused:
        load(text)
    assert (key, line) in [(fault.key, fault.line) for fault in refused.value.faults]
