"""``wirebell channels``: the ways to people, and whether they work."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, json_option

if TYPE_CHECKING:
    from monitor.cli.trying import Try


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

    What the service answers is shown in its own words, with what to do about it.

    Exit codes: 0 sent; 1 not sent, or nobody knows; 2 there is no such channel, or the config cannot be used.
    """
    from monitor.cli import invocation, screen, trying

    config, now = invocation.config(), invocation.now()
    channel = invocation.channel(config, name)
    tries = asyncio.run(trying.try_channel(channel, "wirebell channels test", now=now, zone=config.zone))
    if as_json:
        screen.document({"schema": "test.v1", "channel": name, "tries": [_shape(each) for each in tries]})
    else:
        for well, line in trying.lines(name, tries):
            click.echo(line, err=not well)
    if not all(each.sent for each in tries):
        sys.exit(invocation.FINDINGS)


def _shape(tried: Try) -> dict[str, object]:
    return {
        "receiver": tried.receiver or None,
        "outcome": tried.word,
        "reason": tried.reason,
        "said": tried.said,
        "cure": tried.cure,
        "seconds": round(tried.seconds, 3),
    }
