"""``wirebell feeds``: the feeds, and how each is doing."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from monitor.cli.options import config_option, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.cli.probe import Probe
    from monitor.config import Config
    from monitor.feed import Feed
    from monitor.item import Entry
    from monitor.rule import Match


@click.group()
def feeds() -> None:
    """List the feeds, and test one."""


@feeds.command("list")
@config_option()
@json_option
def list_feeds(*, as_json: bool) -> None:
    """Show every feed of the config, and how it is doing.

    Exit codes: 0 shown; 2 the config or the database cannot be used.
    """
    from monitor.cli import health, invocation, screen

    config, now = invocation.config(), invocation.now()
    rows = invocation.read(config, partial(health.feeds, config))
    if as_json:
        screen.document({"schema": "feeds.v1", "feeds": [health.feed_shape(row) for row in rows]})
    else:
        screen.table(health.FEED_HEADINGS, [health.feed_cells(row, now, config.zone) for row in rows])


@feeds.command()
@config_option()
@json_option
@click.argument("feed", metavar="NAME|URL")
def test(*, feed: str, as_json: bool) -> None:
    """Poll a feed now, keep nothing, and show what comes and what the rules make of it.

    Exit codes: 0 it is a feed; 1 it could not be read; 2 there is no such feed, or the config cannot be used.
    """
    from monitor.cli import invocation, screen
    from monitor.cli.probe import found, probe, shape
    from monitor.feed import Failed

    config, now = invocation.config(), invocation.now()
    tested = asyncio.run(probe(config, _find(config, feed), now))
    failed = isinstance(tested.result, Failed)
    matches = [] if isinstance(tested.result, Failed) else found(config, tested.feed, tested.result, now)
    if as_json:
        screen.document(shape(tested, matches, config, now))
    else:
        _print(tested, matches, config, now)
    sys.exit(invocation.FINDINGS if failed else 0)


def _find(config: Config, named: str) -> Feed:
    """Return the feed of the config, or one made of an address that the config may not know."""
    from monitor.cli import invocation
    from monitor.feed import Feed

    for feed in config.feeds:
        if named in (feed.name, feed.url):
            return feed
    if urlsplit(named).scheme not in {"http", "https"}:
        known = ", ".join(feed.name for feed in config.feeds)
        invocation.fail(f"no feed is called {named!r}; known are {known}, or give an address")
    return Feed(name=named, url=named, access=config.way)


def _print(tested: Probe, matches: Sequence[tuple[Entry, Match]], config: Config, now: datetime) -> None:
    from monitor.cli.probe import answer_words, content_words
    from monitor.cli.screen import plain, when

    click.echo(f"{tested.feed.name}  {plain(tested.feed.url)}")
    click.echo(f"  answer   {answer_words(tested)}")
    click.echo(f"  content  {content_words(tested, config, now)}")
    for watch in config.watches:
        found = [(entry, match) for entry, match in matches if match.rule == watch.name]
        if not watch.listens(tested.feed):
            click.echo(f"  {watch.name}: does not watch this feed")
        elif not found:
            click.echo(f"  {watch.name}: matches nothing that stands there")
        for entry, match in found:
            moment = when(entry.published, now, config.zone)
            click.echo(f"  {watch.name}: {moment}  {plain(entry.headline)}  ({match.place})")
