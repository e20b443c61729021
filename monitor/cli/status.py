"""``wirebell status``: whether the daemon lives, and whether all is well."""

from __future__ import annotations

import sys

import click

from monitor.cli.options import config_option, json_option


@click.command()
@config_option()
@click.option("--live", is_flag=True, help="Ask only whether the daemon makes progress.")
@json_option
def status(*, live: bool, as_json: bool) -> None:
    """Show whether the daemon runs, and how its feeds and channels are doing.

    Exit codes: 0 all is well; 1 a feed or a channel is failing, a message was not delivered, or the daemon cannot use
    its database (a full disk); 2 the config or the database cannot be used; 3 no daemon runs, or it makes no progress.
    """
    from monitor.cli import health, invocation, screen

    config, now = invocation.config(), invocation.now()
    daemon = health.daemon(config, now)
    if live:
        if as_json:
            screen.document({"schema": "live.v1"} | health.daemon_shape(daemon))
        else:
            click.echo(health.daemon_words(daemon, config))
        sys.exit(0 if daemon.alive else invocation.NO_DAEMON)

    feeds, channels = invocation.read(config, lambda tx: (health.feeds(config, tx), health.channels(config, tx)))
    failing = any(feed.failing for feed in feeds) or any(channel.failing for channel in channels)
    troubles = failing or bool(daemon.trouble)
    if as_json:
        screen.document(
            {
                "schema": "status.v1",
                "ok": daemon.alive and not troubles,
                "daemon": health.daemon_shape(daemon),
                "database": config.database_name,
                "feeds": [health.feed_shape(row) for row in feeds],
                "channels": [health.channel_shape(row) for row in channels],
            }
        )
    else:
        click.echo(f"{health.daemon_words(daemon, config)}\n")
        screen.table(health.FEED_HEADINGS, [health.feed_cells(row, now, config.zone) for row in feeds])
        click.echo()
        screen.table(health.CHANNEL_HEADINGS, [health.channel_cells(row, now, config.zone) for row in channels])
    if not daemon.alive:
        sys.exit(invocation.NO_DAEMON)
    sys.exit(invocation.FINDINGS if troubles else 0)
