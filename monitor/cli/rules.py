"""``wirebell rules``: the rules, and what they would ring for."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Duration, config_option, json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.backtest import Given
    from monitor.cli.trial import Trial
    from monitor.config import Config

#: Hits that are shown whole.
_SHOWN = 10


@click.group()
def rules() -> None:
    """List the rules, and try one before it goes live."""


@rules.command("list")
@config_option()
@json_option
def list_rules(*, as_json: bool) -> None:
    """Show every rule of the config.

    Exit codes: 0 shown; 2 the config cannot be used.
    """
    from monitor.cli import invocation, screen, shapes
    from monitor.cli.trial import exception

    config = invocation.config()
    if as_json:
        screen.document({"schema": "rules.v1", "rules": [shapes.rule(watch) for watch in config.watches]})
        return
    screen.table(
        ("rule", "match", "except", "feeds", "notify", "priority", "note"),
        [
            (
                watch.name,
                " | ".join(watch.rule.sources),
                exception(watch.rule),
                ", ".join(watch.feeds) or "all",
                ", ".join(watch.notify) or "default",
                watch.priority.value,
                watch.note,
            )
            for watch in config.watches
        ],
    )


@rules.command("try")
@config_option()
@click.argument("query", metavar="NAME|QUERY")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Try it on this article, whose first line is the headline, in place of what is stored.",
)
@click.option(
    "--since",
    type=Duration(),
    default="7d",
    show_default=True,
    metavar="SPAN",
    help="Try it on stored items that were seen within this time.",
)
@json_option
def try_rule(*, query: str, file: Path | None, since: timedelta, as_json: bool) -> None:
    """Try a rule, or a query that is none yet, on what is stored, and show why it matches.

    Exit codes: 0 it matches; 1 it matches nothing; 2 the query, the config or the database cannot be used.
    """
    from monitor.cli import invocation, screen, shapes

    config, now = invocation.config(), invocation.now()
    trial = _trial(query, config, every_feed=file is not None)
    article = _article(file, now) if file else None
    for given in [article] if article else screen.track(_stored(config, now - since), "judging"):
        trial.judge(given)
    if as_json:
        screen.document(shapes.trial(query, trial, _SHOWN))
    else:
        _print(trial, config, now)
        if article and not trial.hits:
            click.echo("".join(f"\n{screen.plain(reason)}" for reason in trial.reasons(article)))
    sys.exit(0 if trial.hits else invocation.FINDINGS)


def _trial(query: str, config: Config, *, every_feed: bool) -> Trial:
    """Return the trial of the rule of that name, else of the query; end the command where that is no query."""
    from monitor.cli import invocation, trial
    from monitor.errors import RuleError

    watch = next((watch for watch in config.watches if watch.name == query), None)
    try:
        if watch:
            return trial.Trial(replace(watch, feeds=()) if every_feed else watch)
        return trial.of_query(query, config)
    except RuleError as error:
        for fault in error.faults:
            click.echo(f"{fault}\n{fault.caret()}", err=True)
        sys.exit(invocation.USAGE)


def _stored(config: Config, since: datetime) -> Iterator[Given]:
    from monitor.backtest import stored
    from monitor.cli import invocation

    return stored(invocation.kept_items(config, since), {feed.name: feed for feed in config.feeds})


def _article(file: Path, now: datetime) -> Given:
    """Return the file as an item."""
    from monitor.backtest import article
    from monitor.cli import invocation

    try:
        words = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        invocation.fail(f"{file}: is not UTF-8 text")
    return article(file.name, words, now)


def _print(trial: Trial, config: Config, now: datetime) -> None:
    from monitor.cli.screen import count, plain, quote, table, when

    click.echo(f"{count(len(trial.hits), 'match', 'matches')} in {count(trial.items, 'item')}.")
    for hit in trial.hits[:_SHOWN]:
        entry, source = hit.item.entry, plain(hit.item.source)
        moment = when(hit.item.published, now, config.zone)
        click.echo(f"\n{moment}  {plain(entry.headline)}{f'  ({source})' if source else ''}")
        for evidence in hit.match.evidence:
            click.echo(f'  "{quote(evidence)}"')
        click.echo(f"  {hit.match.place}, strength {hit.match.strength:.2f}")
    if len(trial.hits) > _SHOWN:
        click.echo(f"\nand {len(trial.hits) - _SHOWN} more")
    if trial.items and trial.costs:
        click.echo()
        rows = [(cost.word, str(cost.items), str(cost.without)) for cost in trial.costs]
        table(("word", "items that hold it", "matches without it"), rows)
