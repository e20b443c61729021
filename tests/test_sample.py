"""A config that is written for somebody reads back as it was meant, and explains itself."""

from __future__ import annotations

import tomllib

import pytest

from monitor.config import Value, sample
from monitor.config.schema import Whole

HOSTILE = ['a "quote"', "back\\slash", "new\nline", "\x7f and \x01", "#no comment", "НАТО", "'single'"]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_reads_back(text: str) -> None:
    values: dict[str, Value] = {"timezone": text, "rules": {text: text}, "network": {"allow": [text]}}
    assert tomllib.loads(sample(values)) == values


def test_every_key_stands_below_what_the_schema_says_of_it() -> None:
    text = sample({"timezone": "UTC", "channels": {"mail": {"to": "a@b", "port": 25}}})
    assert f"# {Whole.model_fields['timezone'].description}\ntimezone = " in text
    assert '# Mail: who gets it, each a message of their own.\nto = "a@b"\n' in text


def test_keys_that_may_be_wanted_are_shown_with_an_example() -> None:
    text = sample({"feeds": {"un": "https://un.example/rss"}})
    assert '# More keys, as in NAME = { url = …, interval = "2m" }:' in text
    assert '#   language = "en": The language it is written in' in text


def test_no_line_is_too_long_to_read() -> None:
    text = sample({"feeds": {"un": "https://un.example/rss"}, "rules": {"a": "a"}, "channels": {"a": "console:"}})
    assert max(map(len, text.splitlines())) <= 120


def test_a_key_that_the_schema_does_not_know_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError, match="colour"):
        sample({"network": {"colour": "red"}})
