"""``wirebell rules``: the rules, their tests, what they would ring for, and why they rang or did not."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Duration, config_option, items_option, json_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.backtest import Given, Sample
    from monitor.cli.given import Complaints
    from monitor.cli.trial import Trial
    from monitor.config import Config
    from monitor.judge import Watch
    from monitor.rule import Precision, Where

#: Hits that are shown whole.
_SHOWN = 10


@click.group()
def rules() -> None:
    """List the rules, test and try them, and see why one rang or did not."""


@rules.command("list")
@config_option()
@json_option
def list_rules(*, as_json: bool) -> None:
    """Show every rule of the config.

    Exit codes: 0 shown; 2 the config cannot be used.
    """
    from monitor.cli import invocation, screen, shapes

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
                watch.rule.how.excepted,
                ", ".join(watch.feeds) or "all",
                _notified(watch),
                watch.priority.value,
                watch.note,
            )
            for watch in config.watches
        ],
    )


def _notified(watch: Watch) -> str:
    from monitor.cli import invocation

    if watch.trial or watch.has_ended(invocation.now()):
        return f"nobody: {'on trial' if watch.trial else 'it has ended'}"
    return ", ".join(watch.notify) or "default"


# --- test --------------------------------------------------------------------------------------------------------


@rules.command("test")
@config_option()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
def test_rules(*, names: tuple[str, ...], as_json: bool) -> None:
    """Run the tests that rules carry, of all rules or of those named, and explain what fails.

    Exit codes: 0 all pass; 1 some fail, or there are none; 2 there is no such rule, or the config cannot be used.
    """
    from monitor.cli import invocation, screen, shapes, tested

    config = invocation.config()
    watches = [invocation.watch(config, name) for name in names] if names else config.watches
    ran = tested.outcomes(watches)
    failed = sum(not each.tested.passed for each in ran)
    if as_json:
        screen.document(shapes.tests(ran))
    else:
        tested.show_failed(ran, config)
        passed = screen.count(len(ran) - failed, "test passes", "tests pass")
        click.echo(f"{passed}, {failed} {'fails' if failed == 1 else 'fail'}." if ran else 'No rule has "tests".')
    sys.exit(0 if ran and not failed else invocation.FINDINGS)


# --- try ---------------------------------------------------------------------------------------------------------


@rules.command("try")
@config_option()
@click.argument("query", metavar="NAME|QUERY")
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Try it on this article, whose first line is the headline, in place of what is stored; may be repeated.",
)
@items_option("Try it on the items of this file, one JSON document per line, in place of what is stored.")
@click.option(
    "--since",
    type=Duration(),
    default="7d",
    show_default=True,
    metavar="SPAN",
    help="Try it on stored items that were seen within this time.",
)
@click.option(
    "--precision",
    type=click.Choice(["broad", "normal", "precise"]),
    help="Try it at this precision in place of its own.",
)
@click.option(
    "--where", type=click.Choice(["headline", "lead", "anywhere"]), help="Read so much of an item in place of its own."
)
@click.option("--passing", is_flag=True, help="Show also items that name all of it and are not about it.")
@json_option
def try_rule(  # noqa: PLR0913 - one for each option
    *,
    query: str,
    files: tuple[Path, ...],
    items: Path | None,
    since: timedelta,
    precision: str | None,
    where: str | None,
    passing: bool,
    as_json: bool,
) -> None:
    """Try a rule, or a query that is none yet, on what is stored, and show why it matches.

    Exit codes: 0 it matches; 1 it matches nothing; 2 the query, the config, the database or a line of the file cannot
    be used.
    """
    from monitor.cli import invocation, screen, shapes
    from monitor.cli.given import Complaints
    from monitor.rule import Precision, Where

    config, now, complaints = invocation.config(), invocation.now(), Complaints()
    trial = _trial(
        query,
        config,
        precision=Precision(precision) if precision else None,
        where=Where(where) if where else None,
        every_feed=bool(files or items),
    )
    articles = [_article(file, now) for file in files]
    given, total = _given(articles, items, config, now, since, complaints)
    for each in screen.track(given, "judging", total):
        trial.judge(each)
    if as_json:
        screen.document(shapes.trial(query, trial, _SHOWN))
    else:
        _print(trial, config, now, passing=passing)
        _explain(trial, articles)
    sys.exit(complaints.code or (0 if trial.hits else invocation.FINDINGS))


def _trial(query: str, config: Config, *, precision: Precision | None, where: Where | None, every_feed: bool) -> Trial:
    """Return the trial of the rule of that name, else of the query; end the command where that is no query."""
    from monitor.cli import invocation, trial
    from monitor.errors import RuleError

    watch = next((watch for watch in config.watches if watch.name == query), None)
    try:
        if watch:
            return trial.of_watch(watch, precision=precision, where=where, every_feed=every_feed)
        return trial.of_query(query, config, precision=precision, where=where)
    except RuleError as error:
        for fault in error.faults:
            click.echo(f"{fault}\n{fault.caret()}", err=True)
        sys.exit(invocation.USAGE)


def _given(  # noqa: PLR0913, PLR0917 - what items may come from
    articles: list[Given],
    items: Path | None,
    config: Config,
    now: datetime,
    since: timedelta,
    complaints: Complaints,
) -> tuple[Iterable[Given], int | None]:
    """Return what to try on: the articles and items in hand, else what is stored; and how many that are, if known."""
    from monitor.cli import given

    if items:
        return chain(articles, complaints.sift(given.from_file(items, config, now))), None
    if articles:
        return articles, len(articles)
    stored = given.stored(config, now - since, newest_first=True)
    return stored, len(stored)


def _article(file: Path, now: datetime) -> Given:
    """Return the file as an item."""
    from monitor.backtest import article
    from monitor.cli import invocation

    try:
        words = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        invocation.fail(f"{file}: is not UTF-8 text")
    return article(file.name, words, now)


def _print(trial: Trial, config: Config, now: datetime, *, passing: bool) -> None:
    from monitor.cli.screen import count

    click.echo(f"{count(len(trial.hits), 'match', 'matches')} in {count(trial.items, 'item')}.")
    _samples(trial.hits, config, now)
    if trial.unjudged:
        click.echo(f"\nnot judged, since a regular expression ran out of time: {trial.unjudged:,} more")
    if trial.passing:
        more = "" if passing else "   (shown with --passing)"
        click.echo(f"\nnamed only in passing: {trial.passing:,} more{more}")
        if passing:
            _samples(trial.passing_samples, config, now, of=trial.passing)
    _costs(trial)


def _samples(samples: list[Sample], config: Config, now: datetime, *, of: int = 0) -> None:
    from monitor.cli.screen import plain, quote, when

    for hit in samples[:_SHOWN]:
        entry, source = hit.item.entry, plain(hit.item.source)
        dated = entry.published or hit.item.feed_id  # else it is of a file, and was not seen at any time
        moment = when(hit.item.published if dated else None, now, config.zone)
        click.echo(f"\n{moment}  {plain(entry.headline)}{f'  ({source})' if source else ''}")
        for evidence in hit.match.evidence:
            click.echo(f'  "{quote(evidence)}"')
        click.echo(f"  {hit.match.place}, strength {hit.match.strength:.2f}")
    if (left := max(of, len(samples)) - _SHOWN) > 0:
        click.echo(f"\nand {left:,} more")


def _costs(trial: Trial) -> None:
    from monitor.cli.screen import table

    if trial.items and trial.costs:
        click.echo()
        rows = [
            (cost.word, str(cost.items), str(cost.without), f"{cost.hides} of {cost.without}") for cost in trial.costs
        ]
        table(("word", "items that hold it", "matches without it", "it hides"), rows)


def _explain(trial: Trial, articles: list[Given]) -> None:
    """Print, of each article in hand that does not match, why not."""
    from monitor.cli.screen import plain
    from monitor.cli.why import show_tree

    hits = {hit.name for hit in trial.hits}
    for article in articles:
        if article.name in hits:
            continue
        for explanation in trial.explain(article):
            click.echo(f"\n{plain(article.name)}: {plain(explanation.source)}: {plain(explanation.reason)}")
            show_tree(explanation, above=explanation.reason)


# --- why ---------------------------------------------------------------------------------------------------------


@rules.command()
@config_option()
@click.argument("rule", metavar="RULE")
@click.argument("item", metavar="ITEM")
@json_option
def why(*, rule: str, item: str, as_json: bool) -> None:
    """Show why a rule rang for an item or did not, stage by stage.

    ITEM is the id of an item or of an alert, a link, or a file that holds an article, whose first line is the headline.

    Exit codes: 0 explained; 1 no such item is stored; 2 there is no such rule, or the config or the database cannot
    be used.
    """
    from monitor.cli import invocation, screen, shapes
    from monitor.cli import why as asking

    config, now = invocation.config(), invocation.now()
    watch, file = invocation.watch(config, rule), Path(item)
    if "://" not in item and not item.isdecimal() and file.is_file():
        answer = asking.of_text(watch, _article(file, now))
    elif (found := asking.of_stored(watch, item, config, now)) is not None:
        answer = found
    else:
        invocation.fail(f"{item} is no item, no alert, no link and no file that is there", invocation.FINDINGS)
    if as_json:
        screen.document(shapes.why(answer))
    else:
        asking.show(answer)
    sys.exit(0 if answer.known else invocation.FINDINGS)
