"""``wirebell alerts``: what rang, and what became of it."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, json_option, jsonl_option

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.alert import Alert, Attempt, Delivery, Digest, Mark
    from monitor.config import Config
    from monitor.store.alerts import Kept
    from monitor.store.database import Tx


@click.group()
def alerts() -> None:
    """List the alerts, show one with its evidence and deliveries, acknowledge one, send one again."""


@alerts.command("list")
@config_option()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="Show so many.")
@click.option("--rule", metavar="NAME", help="Show the alerts of this rule only.")
@json_option
@jsonl_option
def list_alerts(*, limit: int, rule: str | None, as_json: bool, as_jsonl: bool) -> None:
    """Show the newest alerts, newest first.

    Exit codes: 0 shown, even if there are none; 2 the config or the database cannot be used.
    """
    from monitor.cli import invocation, screen, shapes

    config, now = invocation.config(), invocation.now()
    found = invocation.read(config, partial(_listed, limit=limit, rule=rule))
    shaped = (shapes.alert(kept) for kept in found)
    if as_jsonl:
        for each in shaped:
            screen.document(each)
    elif as_json:
        screen.document({"schema": "alerts.v1", "alerts": list(shaped)})
    else:
        rows = [_cells(kept, now, config) for kept in found]
        screen.table(("seen", "rule", "alert", "feed", "headline", "deliveries"), rows)


def _listed(tx: Tx | None, *, limit: int, rule: str | None) -> tuple[Kept, ...]:
    from monitor.store import alerts as alert_rows

    return () if tx is None else alert_rows.listing(tx, limit=limit, rule=rule, notices=False)


@alerts.command()
@config_option()
@json_option
@click.argument("alert", metavar="ID")
def show(*, alert: str, as_json: bool) -> None:
    """Show an alert whole; ID may be any unique beginning of its id, as messages show it.

    Exit codes: 0 shown; 1 no alert has that id, or several have; 2 the config or the database cannot be used.
    """
    from monitor.cli import invocation, screen, shapes

    config, now = invocation.config(), invocation.now()
    found = invocation.read(config, partial(_named, prefix=alert.removeprefix("a-")))
    match found:
        case ():
            invocation.fail(f"no alert has an id that begins with {alert}", invocation.FINDINGS)
        case ((kept, tries),):
            if as_json:
                screen.document(shapes.alert(kept, tries))
            else:
                _print(kept, tries, now, config)
        case several:
            named = ", ".join(kept.what.id for kept, _ in several)
            invocation.fail(f"{alert} is the beginning of several ids: {named}", invocation.FINDINGS)


@alerts.command()
@config_option()
@click.option("--who", required=True, metavar="NAME", help="Who takes care of it.")
@click.argument("alert", metavar="ID")
def ack(*, alert: str, who: str) -> None:
    """Acknowledge an alert, or all of a digest: a channel that would be told next (`escalate`) is not.

    Exit codes: 0 acknowledged, also if somebody else did so before; 1 no alert has that id, or several have; 2 the
    config or the database cannot be used.
    """
    from monitor.cli import invocation, screen

    config, now = invocation.config(), invocation.now()
    if not who.strip():
        invocation.fail("--who is empty; name who takes care of it")
    marks = invocation.write(config, partial(_acknowledge, prefix=alert.removeprefix("a-"), who=who.strip(), now=now))
    if not marks:
        invocation.fail(f"no alert, or more than one, has an id that begins with {alert}", invocation.FINDINGS)
    for mark in marks:
        said = f"acknowledged by {screen.plain(mark.who)} {screen.when(mark.at, now, config.zone)}"
        click.echo(f"a-{mark.alert_id} is {said}.")


def _acknowledge(tx: Tx, *, prefix: str, who: str, now: datetime) -> tuple[Mark, ...]:
    from monitor.policy import alerts_of
    from monitor.store import alerts as alert_rows
    from monitor.store import marks

    found = alert_rows.by_prefix(tx, prefix)
    meant = alerts_of(found[0].what) if len(found) == 1 else ()
    return tuple(marks.acknowledge(tx, each.id, who, now) for each in meant)


@alerts.command()
@config_option()
@click.option("--to", "channel", metavar="CHANNEL", help="Let this channel tell it, in place of those that did not.")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
def resend(*, ids: tuple[str, ...], channel: str | None) -> None:
    """Send alerts once more that reached nobody: those that are undelivered, or withheld by a mute.

    The daemon sends them within a second, at night too and though they are muted; without a daemon, at its next start.

    Exit codes: 0 all go; 1 none does, since there is no such alert or nothing to send again; 2 there is no such
    channel, or the config or the database cannot be used; 4 some go.
    """
    from monitor.cli import invocation
    from monitor.resending import resend as send_again

    config, now = invocation.config(), invocation.now()
    to = None if channel is None else invocation.channel(config, channel)
    answers = [
        answer
        for number in ids
        for answer in invocation.write(
            config, partial(send_again, prefix=number, channels=config.channels, to=to, now=now)
        )
    ]
    for answer in answers:
        click.echo(answer.words, err=not answer.done)
    done = [answer.done for answer in answers]
    if not all(done):
        sys.exit(invocation.PARTLY_FAILED if any(done) else invocation.FINDINGS)


Tries = dict[str, "tuple[Attempt, ...]"]


def _named(tx: Tx | None, *, prefix: str) -> tuple[tuple[Kept, Tries], ...]:
    from monitor.store import alerts as alert_rows
    from monitor.store import deliveries as delivery_rows

    if tx is None:
        return ()
    found = alert_rows.by_prefix(tx, prefix)
    return tuple((kept, {each.id: delivery_rows.attempts(tx, each.id) for each in kept.deliveries}) for kept in found)


def _cells(kept: Kept, now: datetime, config: Config) -> tuple[str, ...]:
    from monitor.alert import Alert
    from monitor.cli.screen import plain, when
    from monitor.render import SHOWN

    what = kept.what
    where = (what.rule, f"a-{what.id[:SHOWN]}", what.feed, what.headline) if isinstance(what, Alert) else ()
    told = ", ".join(f"{each.receiver_name} {each.state}" for each in kept.deliveries)
    return (when(what.made_at, now, config.zone), *map(plain, where), told)


def _print(kept: Kept, tries: Tries, now: datetime, config: Config) -> None:
    from monitor.alert import Alert, Digest, Notice
    from monitor.cli.screen import plain, when

    match kept.what:
        case Alert() as alert:
            _print_alert(alert, now, config)
        case Digest() as digest:
            _print_digest(digest, now, config)
        case Notice() as notice:
            click.echo(f"{plain(notice.subject)}\n\n  {plain(notice.message)}\n\nnotice {notice.id}\n")
    if mark := kept.acknowledged:
        click.echo(f"acknowledged by {plain(mark.who)} {when(mark.at, now, config.zone)}\n")
    for delivery in kept.deliveries:
        click.echo(f"{delivery.receiver_name}  {_state(delivery, now, config)}")
        for attempt in tries[delivery.id]:
            reason = f": {plain(attempt.reason)}" if attempt.reason else ""
            click.echo(f"  {when(attempt.at, now, config.zone)}  attempt {attempt.n} {attempt.outcome}{reason}")


def _print_alert(alert: Alert, now: datetime, config: Config) -> None:
    from monitor.cli.screen import plain, quote, when

    seen, published = when(alert.seen, now, config.zone), when(alert.published, now, config.zone)
    click.echo(f"{plain(alert.headline)}\n{plain(alert.source)}, seen {seen} (published {published})")
    click.echo(f"{plain(alert.link)}\n")
    for evidence in alert.evidence:
        click.echo(f'  "{quote(evidence)}"')
    click.echo(f"\nWhy: {alert.place}, strength {alert.strength:.2f}. Read: {alert.read}.")
    if alert.read_reason:
        click.echo(f"No more could be read: {plain(alert.read_reason)}.")
    click.echo(f"rule {alert.rule}, priority {alert.priority}, alert {alert.id}\n")


def _print_digest(digest: Digest, now: datetime, config: Config) -> None:
    from monitor.cli.screen import plain, when
    from monitor.render import SHOWN

    click.echo(f"{len(digest.alerts)} alerts in one message, {digest.kind}\n")
    for alert in digest.alerts:
        seen = when(alert.seen, now, config.zone)
        click.echo(f"  {seen}  {plain(alert.rule)}: {plain(alert.headline)}  a-{alert.id[:SHOWN]}")
    click.echo(f"\ndigest {digest.id}\n")


def _state(delivery: Delivery, now: datetime, config: Config) -> str:
    from monitor.alert import DeliveryState
    from monitor.cli.screen import plain, when

    if delivery.state is DeliveryState.SENT:
        return f"sent {when(delivery.sent_at, now, config.zone)}"
    words = delivery.state.value
    if delivery.state is DeliveryState.QUEUED:
        words += f", due {when(delivery.due_at, now, config.zone)}"
    return f"{words}: {plain(delivery.reason)}" if delivery.reason else words
