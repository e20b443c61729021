"""``wirebell backtest``: rules on items from a file, or on what is stored."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Duration, config_option, items_option, json_option, jsonl_option

if TYPE_CHECKING:
    from monitor.backtest import Comparison, Given, Judged, Sample, Tally
    from monitor.cli.given import Complaints
    from monitor.config import Config
    from monitor.feed import Feed
    from monitor.judge import Bench, Watch

#: Alerts that would appear, or vanish, and pairs of rules that overlap, are listed up to so many.
_LISTED = 20
_PAIRS = 10


@click.command()
@config_option()
@items_option("Judge the items of this file, one JSON document per line, in place of what is stored.")
@click.option(
    "--since",
    type=Duration(),
    default="30d",
    show_default=True,
    metavar="SPAN",
    help="Judge stored items that were seen within this time.",
)
@click.option("--rule", "names", metavar="NAME", multiple=True, help="Judge by this rule only; may be repeated.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.toml",
    help="Show which alerts would appear or vanish if this were the config.",
)
@json_option
@jsonl_option
def backtest(  # noqa: PLR0913 - one for each option
    *,
    items: Path | None,
    since: timedelta,
    names: tuple[str, ...],
    against: Path | None,
    as_json: bool,
    as_jsonl: bool,
) -> None:
    """Try the rules of the config on items, and send nothing.

    Each line of a file is an item: {"id", "title", "summary"?, "text"?, "feed"?, "link"?, "time"?, "lang"?}. Feeds that
    the config does not name are watched by the rules that watch every feed. Rules on trial are judged as all others,
    and marked.

    --jsonl prints what became of each item, --json what became of each rule.

    Exit codes: 0 done; 2 a config, the database, a rule's name or a line of the file cannot be used.
    """
    from monitor.backtest import Tally
    from monitor.cli import given, invocation, screen, shapes

    config, now, complaints = invocation.config(), invocation.now(), given.Complaints()
    watches = [invocation.watch(config, name) for name in names] if names else config.watches
    replay = Replay(config, watches, _other(against, names) if against else None, now=now, passing=not as_jsonl)
    tally = Tally(watch.name for watch in watches)
    judging = _given(items, config, now, since, complaints)
    for judged, other in replay.judge(judging if as_jsonl else screen.track(judging, "judging", _count(judging))):
        tally.add(judged)
        if as_jsonl:
            screen.document(shapes.judged(judged) | (shapes.changed(judged, other) if other else {}))
    compared = (str(against), replay.comparison) if against else None
    if as_json:
        screen.document(shapes.backtest(tally, (watch.name for watch in watches if watch.trial), compared))
    elif not as_jsonl:
        _show(tally, watches, config)
        if compared:
            _show_comparison(*compared, config)
    sys.exit(complaints.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """The config to compare with."""

    bench: Bench
    feeds: dict[str, Feed]


class Replay:
    """Judges items by one config, and by another one beside it where there is one."""

    def __init__(
        self, config: Config, watches: Sequence[Watch], other: Other | None, *, now: datetime, passing: bool
    ) -> None:
        from monitor.backtest import Comparison, with_passing
        from monitor.judge import Bench

        judged_by = with_passing(watches) if passing else watches
        self._bench = Bench(watches=judged_by, feeds=config.feeds, channels=config.channels)
        self._feeds = {feed.name: feed for feed in config.feeds}
        self._other, self._now = other, now
        self.comparison: Comparison = Comparison()

    def judge(self, items: Iterable[Given]) -> Iterator[tuple[Judged, Judged | None]]:
        """Yield what becomes of each item, and what the other config would make of it."""
        from monitor.backtest import judge, of_feeds

        for given in items:
            judged = judge(self._bench, given, self._now)
            if self._other is None:
                yield judged, None
                continue
            there = of_feeds(given, self._feeds, self._other.feeds)
            other = judge(self._other.bench, there, self._now)
            self.comparison.add(judged, other)
            yield judged, other


def _other(path: Path, names: Sequence[str]) -> Other:
    """Return the config in the file, with the rules of these names only where any are given; raise ConfigError."""
    from monitor import config as configs
    from monitor.cli import invocation
    from monitor.judge import Bench

    loaded = configs.load(path, environment=os.environ, today=invocation.now().date())
    watches = [watch for watch in loaded.watches if not names or watch.name in names]
    bench = Bench(watches=watches, feeds=loaded.feeds, channels=loaded.channels)
    return Other(bench=bench, feeds={feed.name: feed for feed in loaded.feeds})


def _given(
    items: Path | None, config: Config, now: datetime, since: timedelta, complaints: Complaints
) -> Iterable[Given]:
    from monitor.cli import given

    if items:
        return complaints.sift(given.from_file(items, config, now))
    return given.stored(config, now - since, newest_first=False)


def _count(items: Iterable[Given]) -> int | None:
    return len(items) if isinstance(items, list) else None


# --- for people --------------------------------------------------------------------------------------------------


def _show(tally: Tally, watches: Sequence[Watch], config: Config) -> None:
    from monitor.cli import screen

    span = ""
    if tally.first and tally.last:
        first, last = (moment.astimezone(config.zone) for moment in (tally.first, tally.last))
        span = f", published {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    click.echo(f"{screen.count(tally.items, 'item')}{span}.\n")
    headings = ("rule", "rang", "a day", "most in a day", "in passing")
    screen.table(headings, (_row(tally, watch) for watch in watches))
    for name, rule in tally.rules.items():
        if rule.samples:
            click.echo(f"\n{name}, newest:")
        for each in reversed(rule.samples):
            click.echo(f"  {_line(each, config)}  ({each.match.place})")
        if rule.unjudged:
            unknown = screen.count(rule.unjudged, "item")
            click.echo(f"\n{name} was not judged on {unknown}: a regular expression ran out of time")
    _show_overlaps(tally)


def _row(tally: Tally, watch: Watch) -> tuple[str, ...]:
    rule, a_day = tally.rules[watch.name], tally.a_day(watch.name)
    busiest = max(rule.days.items(), key=lambda day: (day[1], day[0]), default=None)
    return (
        f"{watch.name} (on trial)" if watch.trial else watch.name,
        str(rule.hits),
        "-" if a_day is None else f"{a_day:.2g}",
        f"{busiest[1]} ({busiest[0]})" if busiest else "-",
        str(rule.passing),
    )


def _line(what: Sample, config: Config) -> str:
    from monitor.cli.screen import plain

    published = what.item.entry.published
    moment = f"{published.astimezone(config.zone):%Y-%m-%d %H:%M}" if published else "-"
    return f"{moment}  {plain(what.item.entry.headline)}"


def _show_overlaps(tally: Tally) -> None:
    from monitor.cli.screen import count, table

    if not tally.overlaps:
        return
    click.echo("\nRules that ring for the same items:")
    rows = [(" and ".join(each.rules), str(each.shared), f"{each.share:.0%}") for each in tally.overlaps[:_PAIRS]]
    table(("rules", "shared", "of the smaller one"), rows)
    if (left := len(tally.overlaps) - _PAIRS) > 0:
        click.echo(f"and {count(left, 'more pair')}")


def _show_comparison(file: str, found: Comparison, config: Config) -> None:
    from monitor.cli.screen import count

    click.echo(f"\nWith {file} {count(len(found.appear), 'alert')} would appear, {len(found.vanish):,} would vanish.")
    for sign, samples in (("+", found.appear), ("-", found.vanish)):
        for each in samples[:_LISTED]:
            click.echo(f"  {sign} {each.match.rule}: {_line(each, config)}")
        if len(samples) > _LISTED:
            click.echo(f"  {sign} {len(samples) - _LISTED:,} more")
