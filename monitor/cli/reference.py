"""The page of all commands, made from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from monitor.cli import wirebell

_HEAD = """\
# Commands

<!-- Made by `python -m monitor.cli.reference`; edit the commands, not this page. -->

`-c FILE` may stand before or behind the command. Exit codes are the same everywhere: 0 fine · 1 findings (a failed
check, no match, something that is failing) · 2 the command line, the config or the database cannot be used · 3 no
daemon lives (`status`), or one does already (`run`) · 4 partly failed (`run --once`). What `--json` and `--jsonl`
print is described in [shapes](shapes.md). Colour and drawn tables appear on a terminal only, and no colour where
`NO_COLOR` is set.
"""


def page() -> str:
    """Return the page as Markdown."""
    context = click.Context(wirebell, info_name="wirebell")
    return "\n".join([_HEAD, *_sections(wirebell, context)])


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield _section(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None  # noqa: S101 - it was listed
            yield from _sections(inner, click.Context(inner, info_name=name, parent=context))


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    help_text = inspect.cleandoc(command.help or "")
    parts = [f"## {context.command_path}\n", f"```\n{usage}\n```\n", f"{help_text}\n"]
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    rows = [record for option in options if "--help" not in option.opts and (record := option.get_help_record(context))]
    if rows:
        parts.append("| option | |\n|---|---|")
        parts += [f"| `{name}` | {words} |" for name, words in rows]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    click.echo(page(), nl=False)
