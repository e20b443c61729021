"""``wirebell channels``: the ways to people, and whether they work."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, json_option

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.alert import Outcome
    from monitor.channel import Channel
    from monitor.config import Config


@click.group()
def channels() -> None:
    """List the channels, and test one."""


@channels.command("list")
@config_option()
@json_option
def list_channels(*, as_json: bool) -> None:
    """Show every channel of the config, and how it is doing.

    Exit codes: 0 shown; 2 the config or the database cannot be used.
    """
    from monitor.cli import health, invocation, screen

    config, now = invocation.config(), invocation.now()
    rows = invocation.read(config, partial(health.channels, config))
    if as_json:
        screen.document({"schema": "channels.v1", "channels": [health.channel_shape(row) for row in rows]})
    else:
        screen.table(health.CHANNEL_HEADINGS, [health.channel_cells(row, now, config.zone) for row in rows])


@channels.command()
@config_option()
@json_option
@click.argument("name")
def test(*, name: str, as_json: bool) -> None:
    """Send a message that says it is a test to a channel, now, and show what became of it.

    Exit codes: 0 sent; 1 not sent, or nobody knows; 2 there is no such channel, or the config cannot be used.
    """
    from monitor.alert import Sent
    from monitor.cli import invocation, screen

    config, now = invocation.config(), invocation.now()
    channel = _find(config, name)
    results = asyncio.run(_send(channel, config, now))
    if as_json:
        tries: list[dict[str, object]] = [
            {"receiver": to or None, "outcome": _word(got), "reason": _reason(got), "seconds": round(took, 3)}
            for to, got, took in results
        ]
        screen.document({"schema": "test.v1", "channel": name, "tries": tries})
    else:
        for receiver, result, took in results:
            to = f"{name} ({receiver})" if receiver else name
            reason = f": {_reason(result)}" if _reason(result) else ""
            click.echo(f"{to}  {_word(result)} in {took:.1f} s{reason}", err=not isinstance(result, Sent))
    if not all(isinstance(result, Sent) for _, result, _ in results):
        sys.exit(invocation.FINDINGS)


def _find(config: Config, name: str) -> Channel:
    from monitor.cli import invocation

    for channel in config.channels:
        if channel.name == name:
            return channel
    known = ", ".join(each.name for each in config.channels)
    return invocation.fail(f"no channel is called {name!r}; known are {known}")


async def _send(channel: Channel, config: Config, now: datetime) -> list[tuple[str, Outcome, float]]:
    """Return, for each receiver, what became of the message and after how many seconds."""
    from monitor import render
    from monitor.alert import Kind, Notice, derived_id, owed
    from monitor.cli import invocation
    from monitor.runtime import Line

    notice = Notice(
        id=derived_id("test", channel.name, now.isoformat()),
        kind=Kind.HELLO,
        subject=f"wirebell test message for {channel.name}",
        message="This is a test: somebody ran wirebell channels test. Nothing has happened in the world.",
        made_at=now,
    )
    line, results = Line(channel, console=sys.stdout, now=invocation.now), []
    for delivery in owed(notice.id, channel.name, channel.receivers, now):
        result, took = await line.send(render.message(notice, delivery=delivery, zone=config.zone))
        results.append((delivery.receiver, result, took))
    return results


def _word(result: Outcome) -> str:
    return type(result).__name__.lower()


def _reason(result: Outcome) -> str:
    from monitor.alert import Sent

    return result.detail if isinstance(result, Sent) else result.reason
