"""``wirebell run``: the daemon."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta

import click

from monitor.cli.options import Duration, config_option, config_path


@click.command()
@config_option()
@click.option("--once", is_flag=True, help="Poll every feed now, read, judge, deliver what is due, and exit.")
@click.option(
    "--catch-up",
    type=Duration(),
    metavar="SPAN",
    help="Ring also for stored items published within this time, such as 24h.",
)
def run(*, once: bool, catch_up: timedelta | None) -> None:
    """Watch the feeds until told to stop.

    Exit codes: 0 stopped, or all of --once worked; 2 the config or the database cannot be used; 3 another daemon holds
    the database; 4 --once: a feed or a delivery failed.
    """
    from monitor.cli import invocation, logs
    from monitor.service import Service, Settings

    async def work() -> bool:
        service = Service(Settings(path=config_path(), environment=os.environ, catch_up=catch_up))
        logs.begin(
            level=service.config.log.level,
            as_json=service.config.log.format == "json",
            zone=service.config.zone,
            stream=sys.stderr,
            environment=os.environ,
        )
        if once:
            return await service.run_once()
        await service.run()
        return True

    if not asyncio.run(work()):
        sys.exit(invocation.PARTLY_FAILED)
