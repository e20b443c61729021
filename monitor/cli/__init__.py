"""The command line: one file for each group of commands, imported only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from monitor.cli.invocation import NO_DAEMON, USAGE
from monitor.cli.options import config_option
from monitor.errors import AlreadyRunning, ConfigError, WirebellError

#: Commands in the order in which help shows them; each is the attribute of its name in the module of its name.
_COMMANDS = (
    *("run", "check", "init", "demo", "backtest", "status", "feeds", "rules", "alerts", "channels", "mute", "evidence"),
    "db",
)


class Ended(click.ClickException):
    """A command that wirebell itself ended, with what people need to know."""

    def __init__(self, error: WirebellError) -> None:
        super().__init__(str(error))
        self.exit_code = NO_DAEMON if isinstance(error, AlreadyRunning) else USAGE  # type: ignore[misc] # as click says
        self._faults = isinstance(error, ConfigError)

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the faults of a config as they are, anything else as an error."""
        click.echo(self.message if self._faults else f"Error: {self.message}", err=True)


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of their use."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Return the command, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"monitor.cli.{cmd_name}"), cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what wirebell raises becomes a message and an exit code."""
        try:
            return super().invoke(ctx)
        except WirebellError as error:
            raise Ended(error) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@config_option(environment="WIREBELL_CONFIG")
@click.version_option(package_name="wirebell")
def wirebell() -> None:
    """Watch news feeds, and ring when a story on your topic breaks."""


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that knows no Cyrillic shows escapes instead of ending us
            stream.reconfigure(errors="backslashreplace")
    wirebell(prog_name="wirebell")
