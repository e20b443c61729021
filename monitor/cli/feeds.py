"""``wirebell feeds``: the feeds, how each is doing, and how to get more of them."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from monitor.cli.options import config_option, config_path, json_option

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
    """List the feeds, test, find and add them."""


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
def health(*, as_json: bool) -> None:
    """Show the feeds that something is wrong with.

    Exit codes: 0 nothing is; 1 something is; 2 the config or the database cannot be used.
    """
    from monitor.cli import health, invocation, screen

    config, now = invocation.config(), invocation.now()
    rows = invocation.read(config, partial(health.feeds, config))
    ill = [row for row in rows if row.ill]
    if as_json:
        counts = dict(Counter(row.word for row in rows))
        told = [health.feed_shape(row) for row in ill]
        screen.document({"schema": "feeds-health.v1", "ok": not ill, "counts": counts, "feeds": told})
    elif ill:
        screen.table(health.FEED_HEADINGS, [health.feed_cells(row, now, config.zone) for row in ill])
        click.echo(
            f"{len(ill)} of {screen.count(len(rows), 'feed')}; wirebell feeds test NAME shows what one answers now"
        )
    else:
        click.echo(f"Nothing is wrong with {screen.count(len(rows), 'feed')}.")
    sys.exit(invocation.FINDINGS if ill else 0)


@feeds.command()
@config_option()
@json_option
@click.argument("url")
def discover(*, url: str, as_json: bool) -> None:
    """Look for the feeds of a site: those that its page names, else where feeds usually lie.

    Exit codes: 0 found; 1 there is none, or the site does not answer; 2 the config cannot be used.
    """
    from monitor.cli import invocation, screen
    from monitor.cli.discover import discover, shape

    config, now = invocation.config(), invocation.now()
    url = url if "://" in url else f"https://{url}"
    at_first, found = asyncio.run(discover(config, url, now))
    if as_json:
        screen.document(shape(url, found, now))
    else:
        _print_found(at_first, found, config, now)
    sys.exit(0 if found else invocation.FINDINGS)


def _print_found(at_first: Probe, found: Sequence[Probe], config: Config, now: datetime) -> None:
    from monitor.cli.probe import answer_words, content_words
    from monitor.cli.screen import plain

    for probe in found:
        click.echo(f"{plain(probe.feed.url)}\n  {content_words(probe, config, now)}")
    if found:
        click.echo("Watch one: wirebell feeds add NAME URL")
    else:
        click.echo(f"no feed found; the page answered {answer_words(at_first)}", err=True)


@feeds.command()
@config_option()
@click.argument("name")
@click.argument("url")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A word by which rules name it; may be repeated.")
@click.option("--anyway", is_flag=True, help="Add it even if it cannot be read now.")
def add(*, name: str, url: str, tags: Sequence[str], anyway: bool) -> None:
    """Watch one feed more, once it has been read.

    It is written to feeds.d/added.toml beside the config, which is read without being included; a daemon takes it in
    by itself.

    Exit codes: 0 added; 1 it could not be read; 2 the config cannot be used, or not with this feed.
    """
    from monitor import config as configs
    from monitor.cli import adding, invocation
    from monitor.cli.probe import content_words, probe
    from monitor.feed import Failed

    now, text = invocation.now(), configs.with_feed(config_path(), name, url, tags)
    config = adding.tried(config_path(), text)
    new = next(feed for feed in config.feeds if feed.name == name)
    tested = asyncio.run(probe(config, new, now))
    click.echo(content_words(tested, config, now))
    if isinstance(tested.result, Failed) and not anyway:
        hint = "wirebell feeds discover URL looks for one; --anyway adds it all the same"
        invocation.fail(f"{name} is not added; {hint}", invocation.FINDINGS)
    click.echo(f"{name} is added to {adding.write(config_path(), text)}")


@feeds.command("import")
@config_option()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.opml")
def import_feeds(*, file: Path) -> None:
    """Watch the feeds of a list in OPML, as other readers export it; folders become tags.

    They are written to feeds.d/added.toml beside the config, once; a list that is to be watched is named by the key
    opml in the config. Feeds that the config has already are passed over.

    Exit codes: 0 added, or nothing new; 2 the list or the config cannot be used; 4 some were left out, and are named.
    """
    from monitor.cli import adding, invocation, screen

    found = adding.of_list(config_path(), file)
    for fault in found.left_out:
        click.echo(fault, err=True)
    if found.names:
        adding.tried(config_path(), found.text)
        added = screen.count(len(found.names), "feed")
        click.echo(f"{added} added to {adding.write(config_path(), found.text)}")
    click.echo(f"{screen.count(found.known, 'feed')} known, {len(found.left_out)} left out")
    sys.exit(invocation.PARTLY_FAILED if found.left_out else 0)


@feeds.command()
@config_option()
def export() -> None:
    """Print the feeds of the config as a list in OPML, which other readers import; tags become folders.

    What lets a feed in is not in it.

    Exit codes: 0 printed; 2 the config cannot be used.
    """
    from monitor import opml
    from monitor.cli import invocation

    listed = (opml.Outline(name=feed.name, url=feed.url, tags=feed.tags) for feed in invocation.config().feeds)
    click.echo(opml.write(listed), nl=False)


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
    from monitor.cli.probe import access_words, answer_words, content_words
    from monitor.cli.screen import plain, when

    click.echo(f"{tested.feed.name}  {plain(tested.feed.url)}")
    if words := access_words(tested):
        click.echo(f"  asked    {words}")
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
