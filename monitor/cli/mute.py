"""``wirebell mute``: what nobody is told for a while."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.cli.options import Duration, config_option, json_option

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from monitor.config import Config
    from monitor.mute import Mute, Scope
    from monitor.store.database import Tx

#: Characters of a mute's id that people see; any unique beginning names it.
_SHOWN = 6
#: So many are listed, with those that are over.
_MOST = 200


@click.group()
def mute() -> None:
    """Keep alerts from being told for a while; what is muted is kept, and can be sent again."""


@mute.command()
@config_option()
@click.option("--rule", metavar="NAME", help="Mute this rule.")
@click.option("--feed", metavar="NAME", help="Mute what this feed brings.")
@click.option("--text", metavar="QUERY", help="Mute alerts whose headline or evidence matches, in the rule language.")
@click.option("--story", metavar="ID", help="Not yet: items are not joined into stories.")
@click.option("--for", "span", type=Duration(), required=True, metavar="SPAN", help="Mute for so long, such as 2h.")
@click.option("--who", default="", metavar="NAME", help="Who wants it so.")
@click.option("--why", default="", metavar="WORDS", help="Why.")
@json_option
def add(*, span: timedelta, who: str, why: str, as_json: bool, **about: str | None) -> None:
    """Mute a rule, a feed or a text.

    What is muted is matched and kept as ever, told to nobody, and shown as withheld: `wirebell alerts resend` sends it.
    What waits for a channel already is muted too.

    Exit codes: 0 muted; 2 there is no such rule or feed, the text is no query, or the config or the database cannot
    be used.
    """
    from monitor import mute as mutes
    from monitor.cli import invocation, screen, shapes

    config, now = invocation.config(), invocation.now()
    scope, what = _scope(about, config)
    number = mutes.mute_id(scope, what, now)
    placed = mutes.Mute(id=number, scope=scope, what=what, made_at=now, until=now + span, who=who, why=why)
    invocation.write(config, partial(_add, placed=placed, now=now))
    if as_json:
        screen.document({"schema": "mute.v1"} | shapes.mute(placed, now))
    else:
        until = screen.when(placed.until, now, config.zone)
        click.echo(f"{placed.words} is muted until {until}. To end it before: wirebell mute end {_short(placed)}")


def _add(tx: Tx, *, placed: Mute, now: datetime) -> None:
    from monitor.store import mutes

    mutes.add(tx, placed, now)


def _scope(about: dict[str, str | None], config: Config) -> tuple[Scope, str]:
    """Return what is to be muted; end the command where that is not one thing which there is."""
    from monitor.cli import invocation
    from monitor.mute import Scope

    if about["story"] is not None:
        invocation.fail("items are not joined into stories yet; mute the rule, the feed or a text of the story")
    given = [(name, what) for name, what in about.items() if what is not None]
    if len(given) != 1:
        invocation.fail("name one of --rule, --feed and --text")
    [(name, what)] = given
    match Scope(name):
        case Scope.RULE:
            invocation.watch(config, what)
        case Scope.FEED:
            _check_feed(config, what)
        case Scope.TEXT:
            _check_query(what)
    return Scope(name), what


def _check_feed(config: Config, name: str) -> None:
    from monitor.cli import invocation

    names = [feed.name for feed in config.feeds]
    if name not in names:
        invocation.fail(f"no feed is called {name!r}; there are {', '.join(names[:8])}{' …' * (len(names) > 8)}")  # noqa: PLR2004 - enough to see what is meant


def _check_query(what: str) -> None:
    from monitor import mute as mutes
    from monitor.cli import invocation
    from monitor.errors import RuleError

    try:
        mutes.query(what)
    except RuleError as error:
        fault = error.faults[0]
        invocation.fail(f"{fault}\n{fault.caret()}")


@mute.command("list")
@config_option()
@click.option("--all", "everything", is_flag=True, help="Show those that are over too.")
@json_option
def list_mutes(*, everything: bool, as_json: bool) -> None:
    """Show what is muted, by whom and why; those that end first stand first.

    Exit codes: 0 shown, even if there are none; 2 the config or the database cannot be used.
    """
    from monitor.cli import invocation, screen, shapes

    config, now = invocation.config(), invocation.now()
    found = invocation.read(config, partial(_listed, now=now, everything=everything))
    if as_json:
        screen.document({"schema": "mutes.v1", "mutes": [shapes.mute(each, now) for each in found]})
    else:
        screen.table(("mute", "what", "until", "who", "why"), [_cells(each, now, config) for each in found])


def _listed(tx: Tx | None, *, now: datetime, everything: bool) -> tuple[Mute, ...]:
    from monitor.store import mutes

    if tx is None:
        return ()
    return mutes.listing(tx, _MOST) if everything else mutes.in_force(tx, now)


def _cells(each: Mute, now: datetime, config: Config) -> tuple[str, ...]:
    from monitor.cli.screen import plain, when

    ends = when(each.until, now, config.zone)
    ended = f"ended {when(each.ended_at, now, config.zone)}" if each.ended_at else ends
    return (_short(each), *map(plain, (each.words, ended, each.who, each.why)))


@mute.command()
@config_option()
@click.argument("number", metavar="ID")
def end(*, number: str) -> None:
    """End a mute before its time; ID may be any unique beginning of its id.

    What it kept back stays so: `wirebell alerts resend` sends it.

    Exit codes: 0 ended; 1 no mute that is in force has that id, or several have; 2 the config or the database cannot
    be used.
    """
    from monitor.cli import invocation

    config, now = invocation.config(), invocation.now()
    match invocation.write(config, partial(_end, prefix=number.removeprefix("m-"), now=now)):
        case ():
            invocation.fail(f"no mute in force has an id that begins with {number}", invocation.FINDINGS)
        case (ended,):
            click.echo(f"{ended.words} is not muted any more.")
        case several:
            named = ", ".join(_short(each) for each in several)
            invocation.fail(f"{number} is the beginning of several ids: {named}", invocation.FINDINGS)


def _end(tx: Tx, *, prefix: str, now: datetime) -> tuple[Mute, ...]:
    """Return the mutes that are meant, having ended it if it is one."""
    from monitor.store import mutes

    found = mutes.by_prefix(tx, prefix, now) if prefix else ()
    for each in found if len(found) == 1 else ():
        mutes.end(tx, each.id, now)
    return found


def _short(each: Mute) -> str:
    return f"m-{each.id[:_SHOWN]}"
