"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor import hours

Command = TypeVar("Command", bound=Callable[..., Any])
#: Where the context keeps the path of the config, for the group's option as for a command's own.
_CONFIG = "monitor.config"


class Duration(click.ParamType[timedelta]):
    """A span of time such as 30s, 5m, 2h or 7d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - click's signature
        """Return the span; end the command where the text is none."""
        if isinstance(value, timedelta):
            return value
        try:
            return hours.duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _remember(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[_CONFIG] = value


def config_option(environment: str | None = None) -> Callable[[Command], Command]:
    """Return ``-c FILE``, which may stand before the command as well as behind it."""
    return click.option(
        "-c",
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        envvar=environment,
        show_envvar=environment is not None,
        expose_value=False,
        is_eager=True,
        callback=_remember,
        help="The configuration.  [default: config.toml]",
    )


def config_path() -> Path:
    """Return which config the command line names."""
    path: Path = click.get_current_context().meta.get(_CONFIG, Path("config.toml"))
    return path


def items_option(help_text: str) -> Callable[[Command], Command]:
    """Return ``--items FILE``."""
    return click.option(
        "--items",
        "items",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE.jsonl[.gz]",
        help=help_text,
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
jsonl_option = click.option("--jsonl", "as_jsonl", is_flag=True, help="Print one JSON document per line.")
