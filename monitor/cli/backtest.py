"""``wirebell backtest``: rules on items from a file, or on what is stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Duration, config_option, json_option, jsonl_option

if TYPE_CHECKING:
    from monitor.backtest import BadLine, Given, Tally
    from monitor.config import Config

#: How many bad lines of a file are named one by one.
_NAMED = 20


@click.command()
@config_option()
@click.option(
    "--items",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.jsonl[.gz]",
    help="Judge the items of this file, one JSON document per line, in place of what is stored.",
)
@click.option(
    "--since",
    type=Duration(),
    default="30d",
    show_default=True,
    metavar="SPAN",
    help="Judge stored items that were seen within this time.",
)
@json_option
@jsonl_option
def backtest(*, file: Path | None, since: timedelta, as_json: bool, as_jsonl: bool) -> None:
    """Try the rules of the config on items, and send nothing.

    Each line of a file is an item: {"id", "title", "summary"?, "text"?, "feed"?, "link"?, "time"?, "lang"?}. Feeds that
    the config does not name are watched by the rules that watch every feed.

    --jsonl prints what became of each item, --json what became of each rule.

    Exit codes: 0 done; 2 the config, the database or a line of the file cannot be used.
    """
    from monitor.backtest import Tally, judge
    from monitor.cli import invocation, screen, shapes
    from monitor.judge import Bench

    config, now = invocation.config(), invocation.now()
    bench = Bench(watches=config.watches, feeds=config.feeds, channels=config.channels)
    tally, complaints = Tally(bench.watches), Complaints()
    given = complaints.sift(_from_file(file, config, now)) if file else _stored(config, now - since)
    for item in given if as_jsonl else screen.track(given, "judging"):
        judged = judge(bench, item, now)
        tally.add(judged)
        if as_jsonl:
            screen.document(shapes.judged(judged))
    if as_json:
        screen.document(shapes.backtest(tally))
    elif not as_jsonl:
        _show(tally, config)
    sys.exit(complaints.code)


class Complaints:
    """Lines that are no items, each named on stderr up to a number of them."""

    def __init__(self) -> None:
        self._count = 0

    def sift(self, lines: Iterator[Given | BadLine]) -> Iterator[Given]:
        """Yield the items, and complain about the rest."""
        from monitor.backtest import BadLine

        for line in lines:
            if not isinstance(line, BadLine):
                yield line
                continue
            self._count += 1
            if self._count <= _NAMED:
                click.echo(str(line), err=True)
        if self._count > _NAMED:
            click.echo(f"{self._count - _NAMED} more lines are no items", err=True)

    @property
    def code(self) -> int:
        """Return the exit code that follows."""
        from monitor.cli.invocation import USAGE

        return USAGE if self._count else 0


def _from_file(file: Path, config: Config, now: datetime) -> Iterator[Given | BadLine]:
    from monitor.backtest import read

    return read(file, {feed.name: feed for feed in config.feeds}, now)


def _stored(config: Config, since: datetime) -> Iterator[Given]:
    from monitor.backtest import stored
    from monitor.cli import invocation

    return stored(reversed(invocation.kept_items(config, since)), {feed.name: feed for feed in config.feeds})


def _show(tally: Tally, config: Config) -> None:
    from monitor.cli import screen

    span = ""
    if tally.first and tally.last:
        first, last = (moment.astimezone(config.zone) for moment in (tally.first, tally.last))
        span = f", published {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    click.echo(f"{screen.count(tally.items, 'item')}{span}.\n")
    screen.table(("rule", "rang", "a day", "most in a day"), (_row(tally, name) for name in tally.rules))
    for name, rule in tally.rules.items():
        if rule.samples:
            click.echo(f"\n{name}, newest:")
        for sample in reversed(rule.samples):
            entry = sample.item.entry
            moment = f"{entry.published.astimezone(config.zone):%Y-%m-%d %H:%M}" if entry.published else "-"
            click.echo(f"  {moment}  {screen.plain(entry.headline)}  ({sample.match.place})")


def _row(tally: Tally, name: str) -> tuple[str, str, str, str]:
    rule, a_day = tally.rules[name], tally.a_day(name)
    busiest = max(rule.days.items(), key=lambda day: (day[1], day[0]), default=None)
    return (
        name,
        str(rule.hits),
        "-" if a_day is None else f"{a_day:.2g}",
        f"{busiest[1]} ({busiest[0]})" if busiest else "-",
    )
