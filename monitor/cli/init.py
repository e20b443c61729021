"""``wirebell init``: from four answers to a config that has been tried."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import config_option, config_path

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.cli.asking import Questions
    from monitor.cli.draft import Draft
    from monitor.cli.probe import Probe
    from monitor.cli.trying import Try
    from monitor.config import Config


@click.command()
@config_option()
@click.option("--topic", metavar="WORDS", help="What to watch for, in the rule language.")
@click.option("--to", metavar="ADDRESS", help="Who is told: a mail address, a chat's address, or console:.")
@click.option("--feed", "feeds", metavar="NAME|URL", multiple=True, help="A feed; may be given several times.")
@click.option("--zone", metavar="NAME", help="The time zone, such as Europe/Berlin.")
@click.option("--smtp", metavar="HOST[:PORT]", help="Mail: the server that takes it; guessed for large providers.")
@click.option("--security", type=click.Choice(["starttls", "tls", "none"]), help="Mail: how the connection is secured.")
@click.option("--user", metavar="NAME", help="Mail: the name to log in with, - for none.")
@click.option("--password-file", metavar="FILE", type=click.Path(path_type=Path), help="Mail: what holds the password.")
@click.option("--allow", metavar="RANGE", multiple=True, help="Addresses of an intranet that feeds may be read from.")
@click.option("--yes", is_flag=True, help="Ask nothing: guess what no option says.")
def init(*, security: str | None, **answers: object) -> None:
    """Ask four questions, send a test message, and write the config.

    What you want to hear of, who is told, which feeds are watched, and where you live. A password, and the address of a
    chat, go into a file beside the config that only you can read. No file is ever overwritten, and none is written
    before a test message has arrived, unless you say so.

    Exit codes: 0 written; 1 the test message was not sent, and nothing is written; 2 the config is there already, or an
    answer cannot be used.
    """
    from monitor.channel import Security
    from monitor.cli import invocation
    from monitor.cli.asking import Given, Questions

    path, now = config_path(), invocation.now()
    _check_place(path)
    given = Given(security=Security(security) if security else None, **answers)  # type: ignore[arg-type] # as declared
    if not given.yes:
        click.echo("Four questions, and a test. Enter takes what stands in brackets; Ctrl-C leaves nothing behind.\n")
    questions = Questions(given, path.parent, os.environ)
    draft = questions.draft()
    click.echo()
    draft = _polled(draft, path, now)
    draft = _tested(draft, questions, path, now)
    _write(draft, path)
    click.echo(f"\nWritten: {', '.join(_files(draft, path))}.\nNext: wirebell run{_named(path)}")


def _check_place(path: Path) -> None:
    from monitor.cli import invocation

    if os.path.lexists(path):
        invocation.fail(f"{path} is there already, and no file is overwritten; edit it, or name another with -c FILE")
    if not path.parent.is_dir():
        invocation.fail(f"{path.parent}: there is no such folder; make it first")


def _loaded(draft: Draft, path: Path) -> Config:
    """Return the config as the daemon will read it; its secret lies apart as long as nothing is written."""
    from monitor import config

    with tempfile.TemporaryDirectory() as folder:
        if draft.secret:
            name, secret = draft.secret
            _create(Path(folder, name), secret, 0o600)
        credentials = {**os.environ, "CREDENTIALS_DIRECTORY": folder}
        return config.kept(draft.toml(), path, environment=credentials)


# --- feeds ---------------------------------------------------------------------------------------------------------


def _polled(draft: Draft, path: Path, now: datetime) -> Draft:
    """Show what each feed holds, and return the draft; where a page is named, the feed that it leads to is taken."""
    from monitor.cli.probe import content_words
    from monitor.cli.screen import plain

    config, feeds, failed = _loaded(draft, path), [], []
    for wire, (first, found) in zip(draft.feeds, asyncio.run(_discovered(config, now)), strict=True):
        probe = found[0] if found else first
        feeds.append(replace(wire, url=probe.feed.url))
        click.echo(f"  {wire.name}  {content_words(probe, config, now)}", err=not found)
        if probe.feed.url != wire.url:
            click.echo(f"    by the feed that it names, {plain(probe.feed.url)}")
        failed += [] if found else [wire.name]
    if failed:
        click.echo(f"  kept all the same: {', '.join(failed)}; look again with wirebell feeds test NAME", err=True)
    return replace(draft, feeds=tuple(feeds))


async def _discovered(config: Config, now: datetime) -> Sequence[tuple[Probe, tuple[Probe, ...]]]:
    from monitor.cli.discover import discover

    return await asyncio.gather(*(discover(config, feed.url, now) for feed in config.feeds))


# --- the test message ----------------------------------------------------------------------------------------------


def _tested(draft: Draft, questions: Questions, path: Path, now: datetime) -> Draft:
    """Return the draft whose test message arrived, or which is wanted all the same; else end the command."""
    from monitor.cli import invocation, trying

    while True:
        tries = _try(_loaded(draft, path), now)
        for well, line in trying.lines("  test", tries):
            click.echo(line, err=not well)
        if all(each.sent for each in tries):
            return draft
        match "stop" if questions.silent else _what_now():
            case "write":
                return draft
            case "again":
                draft = questions.again(draft)
            case _:
                invocation.fail("the test message was not sent, so nothing is written", invocation.FINDINGS)


def _try(config: Config, now: datetime) -> tuple[Try, ...]:
    from monitor.cli.trying import try_channel

    (channel,) = config.channels
    return asyncio.run(try_channel(channel, "wirebell init", now=now, zone=config.zone))


def _what_now() -> str:
    choice: str = click.prompt(
        "Ask again who is told, write it as it is, or stop?",
        type=click.Choice(["again", "write", "stop"]),
        default="again",
    )
    return choice


# --- files ---------------------------------------------------------------------------------------------------------


def _write(draft: Draft, path: Path) -> None:
    from monitor.cli import invocation

    written: list[Path] = []
    try:
        if draft.secret:
            name, secret = draft.secret
            written.append(_create(path.with_name(name), secret, 0o600))
        _create(path, draft.toml(), 0o644)
    except OSError as error:
        for file in written:
            file.unlink()
        invocation.fail(f"{error.filename} cannot be written: {error.strerror}; nothing is written")


def _create(path: Path, text: str, mode: int) -> Path:
    """Write a file that is not there yet; raise FileExistsError where one is."""
    path.touch(mode, exist_ok=False)
    try:
        path.write_bytes(f"{text.rstrip()}\n".encode("utf-8", "surrogateescape"))  # what was typed, whatever it was
    except OSError:
        path.unlink()
        raise
    return path


def _files(draft: Draft, path: Path) -> list[str]:
    beside = [f"{path.with_name(draft.secret[0])} (for nobody else to read)"] if draft.secret else []
    return [str(path), *beside]


def _named(path: Path) -> str:
    return "" if path == Path("config.toml") else f" -c {path}"
