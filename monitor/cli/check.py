"""``wirebell check``: what is wrong with the config, before it goes live."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, config_path, json_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.cli.tested import Outcome
    from monitor.config import Config
    from monitor.errors import Fault

#: Stored items that rules are tried on: the newest of this time, until so many seconds have passed.
_RECENT = timedelta(days=7)
_MOST = 2_000
_PATIENCE = 2.0
#: So many rules are told of; the rest is what ``rules try`` and ``backtest`` are for.
_TOLD = 20


@click.command()
@config_option()
@json_option
def check(*, as_json: bool) -> None:
    """Check the config, its rules with their tests, and its channels; nothing is sent.

    Where there is a database, it says too what each rule would have rung for in the last seven days.

    Exit codes: 0 fine, though there may be warnings; 1 faults were found, or a test of a rule fails; 2 there is no such
    file.
    """
    from monitor.cli import invocation, screen

    path = config_path()
    if not path.is_file():
        invocation.fail(f"{path}: there is no such file; name the config with -c FILE, or let wirebell init write one")
    config, faults = _load(path)
    ran = _tests(config) if config else ()
    ok = not faults and all(each.tested.passed for each in ran)
    recent = _recent(config, invocation.now()) if config else None
    if as_json:
        screen.document(_document(path, config, faults, ran, recent, ok=ok))
    else:
        _print(config, faults, ran, recent)
    sys.exit(0 if ok else invocation.FINDINGS)


def _load(path: Path) -> tuple[Config | None, tuple[Fault, ...]]:
    from monitor import loading
    from monitor.cli import invocation
    from monitor.errors import ConfigError

    try:
        return loading.load(path, os.environ, invocation.now().date()), ()
    except ConfigError as error:
        return None, error.faults


def _tests(config: Config) -> tuple[Outcome, ...]:
    """Run the tests of the rules; where there are none, without importing what they need."""
    if not any(watch.tests for watch in config.watches):
        return ()
    from monitor.cli import tested

    return tested.outcomes(config.watches)


# --- what would have rung ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """What the rules would have rung for lately."""

    #: How many of the stored items were judged, and whether these are all.
    items: int
    complete: bool
    hits: Mapping[str, int]


def _recent(config: Config, now: datetime) -> Recent | None:
    """Return what the rules would have rung for, as far as that is soon known; None where nothing is stored."""
    from monitor.cli import given, invocation
    from monitor.errors import StoreError

    if not invocation.has_database(config):
        return None
    try:
        stored = given.newest(config, now - _RECENT, _MOST)
    except StoreError:  # the config is what is checked
        return None
    from monitor.backtest import Tally, judge
    from monitor.judge import Bench

    bench = Bench(watches=config.watches, feeds=config.feeds, channels=config.channels)
    tally, deadline = Tally(bench.watches), monotonic() + _PATIENCE
    for each in stored:
        if monotonic() > deadline:
            break
        tally.add(judge(bench, each, now))
    if not tally.items:
        return None
    hits = {name: rule.hits for name, rule in tally.rules.items()}
    return Recent(items=tally.items, complete=tally.items == len(stored) < _MOST, hits=hits)


# --- output ------------------------------------------------------------------------------------------------------


def _document(  # noqa: PLR0913 - what there is to tell
    path: Path,
    config: Config | None,
    faults: Sequence[Fault],
    ran: Sequence[Outcome],
    recent: Recent | None,
    *,
    ok: bool,
) -> dict[str, object]:
    from monitor.cli import shapes

    return {
        "schema": "check.v1",
        "file": str(path),
        "ok": ok,
        "faults": list(map(_shape, faults)),
        "warnings": list(map(_shape, config.warnings if config else ())),
        "tests": len(ran),
        "failed": [shapes.tested(each) for each in ran if not each.tested.passed],
        "recent": recent
        and {
            "items": recent.items,
            "complete": recent.complete,
            "rules": [{"name": name, "hits": hits} for name, hits in recent.hits.items()],
        },
    }


def _shape(fault: Fault) -> dict[str, object]:
    return {
        "file": fault.file,
        "line": fault.line,
        "key": fault.key,
        "message": fault.message,
        "cure": fault.cure,
        "excerpt": fault.excerpt,
    }


def _print(config: Config | None, faults: Sequence[Fault], ran: Sequence[Outcome], recent: Recent | None) -> None:
    for fault in faults:
        click.echo(str(fault))
    if config is None:
        return
    for warning in config.warnings:
        click.echo(f"warning: {warning}")
    failed = sum(not each.tested.passed for each in ran)
    if failed:
        from monitor.cli.tested import show_failed

        show_failed(ran, config)
    click.echo(_summary(config, len(ran), failed))
    if recent:
        _print_recent(recent)


def _summary(config: Config, tests: int, failed: int) -> str:
    from monitor.cli.screen import count

    parts = [
        count(len(config.feeds), "feed"),
        count(len(config.watches), "rule"),
        count(len(config.channels), "channel"),
    ]
    if failed:
        return f"{config.path.name}: {failed} of {count(tests, 'test')} failed"
    parts += [count(tests, "test")] if tests else []
    return f"{config.path.name} is fine: {', '.join(parts)}"


def _print_recent(recent: Recent) -> None:
    from monitor.cli.screen import count
    from monitor.greeting import times

    read = count(recent.items, "stored item")
    which = f"the {read} of the last seven days" if recent.complete else f"the newest {read}"
    click.echo(f"On {which}:")
    for name, hits in list(recent.hits.items())[:_TOLD]:
        click.echo(f"  {name} would have rung {times(hits)}" if hits else f"  {name} would not have rung")
    if (left := len(recent.hits) - _TOLD) > 0:
        click.echo(f"  and {count(left, 'more rule')}; see wirebell backtest --since 7d")
