"""The tests of rules, run and shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from monitor.cli.why import show_tree
from monitor.judge import Watch
from monitor.rule import Tested, run_tests

if TYPE_CHECKING:
    from monitor.config import Config

#: Of a test's text, so many characters name it.
_NAMED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A test, which of its rule's it is, and what became of it."""

    #: From 1.
    number: int
    tested: Tested


def outcomes(watches: Iterable[Watch]) -> tuple[Outcome, ...]:
    """Run every test of the rules."""
    return tuple(
        Outcome(number=number, tested=tested)
        for watch in watches
        for number, tested in enumerate(run_tests(watch.rule, watch.tests), 1)
    )


def show_failed(ran: Iterable[Outcome], config: Config) -> None:
    """Print each test that failed, with its line in the config and why it did."""
    for outcome in ran:
        tested = outcome.tested
        if tested.passed:
            continue
        click.echo(str(config.fault("rules", tested.rule, "tests", message=_words(outcome))))
        for explanation in tested.explanations:
            if explanation.held or not tested.matched:
                show_tree(explanation, indent=4)


def _words(outcome: Outcome) -> str:
    from monitor.cli.screen import plain

    test = outcome.tested.test
    title = plain(test.title)
    named = title if len(title) <= _NAMED else f"{title[:_NAMED]}…"
    asked = "must match, and does not" if test.match else "must not match, and does"
    return f'test {outcome.number} fails: "{named}" {asked}'
