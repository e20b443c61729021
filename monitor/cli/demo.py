"""``wirebell demo``: a day of news in a minute, without a network, an account or a config."""

from __future__ import annotations

import os
import sys
from datetime import UTC

import click


@click.command()
def demo() -> None:
    """Watch an invented day of three wires in a minute: no network, no account, no config.

    It ends by itself, or with Ctrl-C, and leaves nothing behind.

    Exit code: 0.
    """
    from monitor import demo as show
    from monitor.cli import logs, screen

    click.echo("An invented day of three wires, told in a minute, on this machine alone. These are its rules:\n")
    click.echo("".join(f"    {line}\n" for line in show.RULES.splitlines()))
    logs.begin(level="warning", as_json=False, zone=UTC, stream=sys.stderr, environment=os.environ)
    told = show.play(sys.stdout)
    rang = screen.count(sum(told.alerts.values()), "alert")
    click.echo(f"\nThat was the day: {screen.count(told.items, 'item')}, {rang}.")
    for rule, count in told.alerts.items():
        click.echo(f"  {rule:<8}{count}")
    click.echo(
        f"{screen.count(told.articles, 'article')} read; {screen.count(told.by_article, 'alert')} of what neither"
        " headline nor lead said.\n"
        "Next: wirebell init, which asks what you want to hear of and writes the config; then wirebell run."
    )
