"""``wirebell demo`` introduces itself and sums up."""

from __future__ import annotations

import logging

import pytest
from click.testing import CliRunner

from monitor import demo
from monitor.cli import wirebell


def test_the_rules_come_first_and_the_sum_last(monkeypatch: pytest.MonkeyPatch) -> None:
    told = demo.Told(items=57, articles=12, alerts={"norvik": 5, "strike": 1}, by_article=2)
    monkeypatch.setattr(demo, "play", lambda _: told)
    handlers = list(logging.getLogger().handlers)
    result = CliRunner().invoke(wirebell, ["demo"])
    logging.getLogger().handlers = handlers
    assert result.exit_code == 0, result.output
    assert 'strike = "port strike"' in result.stdout
    assert "That was the day: 57 items, 6 alerts." in result.stdout
    assert "  strike  1\n" in result.stdout
