"""Options that several commands share mean the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor.cli.options import Duration, config_option, config_path


@click.group()
@config_option(environment="WIREBELL_CONFIG")
def top() -> None:
    """Stand for wirebell."""


@top.command()
@config_option()
def where() -> None:
    """Print which config is named."""
    click.echo(str(config_path()))


@top.command()
@click.option("--since", type=Duration(), default="7d")
def span(*, since: object) -> None:
    """Print the span."""
    click.echo(str(since))


def said(*arguments: str, environment: dict[str, str] | None = None) -> str:
    result = CliRunner().invoke(top, arguments, env=environment)
    assert result.exit_code == 0, result.output
    return result.output.strip()


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["where"], {}, "config.toml"),
        (["where"], {"WIREBELL_CONFIG": "/etc/a.toml"}, "/etc/a.toml"),
        (["-c", "b.toml", "where"], {"WIREBELL_CONFIG": "/etc/a.toml"}, "b.toml"),
        (["where", "-c", "c.toml"], {"WIREBELL_CONFIG": "/etc/a.toml"}, "c.toml"),
        (["-c", "b.toml", "where", "--config", "c.toml"], {}, "c.toml"),
    ],
)
def test_the_config_is_named_before_or_behind_the_command(
    arguments: list[str], environment: dict[str, str], expected: str
) -> None:
    assert said(*arguments, environment=environment) == str(Path(expected))


def test_a_span_of_time_is_written_as_everywhere() -> None:
    assert said("span", "--since", "36h") == "1 day, 12:00:00"


def test_the_default_span_is_one_too() -> None:
    assert said("span") == "7 days, 0:00:00"


def test_what_is_no_span_ends_the_command() -> None:
    result = CliRunner().invoke(top, ["span", "--since", "a while"])
    assert result.exit_code == 2
    assert "'a while' is not a duration such as 30s, 5m, 2h or 7d" in result.output
