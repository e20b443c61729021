"""``wirebell check``: what is wrong with the config, before it goes live."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, config_path, json_option

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.errors import Fault


@click.command()
@config_option()
@json_option
def check(*, as_json: bool) -> None:
    """Check the config, its rules and its channels; nothing is sent.

    Exit codes: 0 fine, though there may be warnings; 1 faults were found; 2 there is no such file.
    """
    from monitor.cli import invocation, screen

    path = config_path()
    if not path.is_file():
        invocation.fail(f"{path}: there is no such file; name the config with -c FILE")
    config, faults = _load(path)
    warnings = config.warnings if config else ()
    if as_json:
        screen.document(
            {
                "schema": "check.v1",
                "file": str(path),
                "ok": not faults,
                "faults": list(map(_shape, faults)),
                "warnings": list(map(_shape, warnings)),
            }
        )
    else:
        _print(config, faults, warnings)
    sys.exit(invocation.FINDINGS if faults else 0)


def _load(path: Path) -> tuple[Config | None, tuple[Fault, ...]]:
    from monitor import loading
    from monitor.cli import invocation
    from monitor.errors import ConfigError

    try:
        return loading.load(path, os.environ, invocation.now().date()), ()
    except ConfigError as error:
        return None, error.faults


def _shape(fault: Fault) -> dict[str, object]:
    return {
        "file": fault.file,
        "line": fault.line,
        "key": fault.key,
        "message": fault.message,
        "cure": fault.cure,
        "excerpt": fault.excerpt,
    }


def _print(config: Config | None, faults: tuple[Fault, ...], warnings: tuple[Fault, ...]) -> None:
    from monitor.cli.screen import count

    for fault in (*faults, *(f"warning: {warning}" for warning in warnings)):
        click.echo(str(fault))
    if config and not faults:
        parts = (
            count(len(config.feeds), "feed"),
            count(len(config.watches), "rule"),
            count(len(config.channels), "channel"),
        )
        click.echo(f"{config.path.name} is fine: {', '.join(parts)}")
