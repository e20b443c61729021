"""``wirebell evidence``: what was seen, judged and sent, and what was not there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.options import config_option, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.account import Finding
    from monitor.chain import Record, Verdict
    from monitor.config import Config
    from monitor.store.database import Tx

#: The file of an export in its folder.
FILE = "evidence.jsonl"


class Moment(click.ParamType[datetime | timedelta]):
    """A day, a time of day on it, or how long ago: 2026-11-24, 2026-11-24T09:00, 7d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:  # noqa: ANN401 - click's signature
        """Return the time, or the span before now; end the command where the text is neither."""
        from monitor import hours

        try:
            return hours.duration(value)
        except ValueError:
            pass
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-24, 2026-11-24T09:00 or 7d", param, ctx)


@click.command()
@config_option()
@click.option("--since", type=Moment(), metavar="TIME", help="From then: 2026-11-24, 2026-11-24T09:00, 7d.  [1d]")
@click.option("--until", type=Moment(), metavar="TIME", help="Up to then.  [now]")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write it to a folder.")
@json_option
@click.option(
    "--verify", type=click.Path(exists=True, path_type=Path), metavar="FILE", help="Check an export; needs no config."
)
@click.option("--head", metavar="HASH", help="With --verify: the hash that a daily summary told, or its beginning.")
def evidence(  # noqa: PLR0913 - one for each option
    *,
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    out: Path | None,
    as_json: bool,
    verify: Path | None,
    head: str | None,
) -> None:
    """Export what was seen, judged and sent, as records chained by their hashes, or check such an export.

    Exit codes: 0 exported, or the chain holds; 1 the chain does not hold; 2 the config or the database cannot be used.
    """
    if verify is not None:
        _verify(verify, head, as_json=as_json)
    else:
        _export(since or timedelta(days=1), until or timedelta(0), out, as_json=as_json)


def _export(since: datetime | timedelta, until: datetime | timedelta, out: Path | None, *, as_json: bool) -> None:
    from monitor import chain
    from monitor.cli import invocation, screen

    config, now = invocation.config(), invocation.now()
    begin, end = (_moment(each, now, config.zone) for each in (since, until))
    if begin > end:
        invocation.fail("--since is later than --until")
    found = _records(config, begin, end, now)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / FILE).write_text(chain.text(found, begin, end), encoding="ascii", newline="")
    if as_json:
        screen.document(chain.document(found, begin, end))
    else:
        _print(found, config.zone)
    if out is not None:
        click.echo(f"Written to {out / FILE}; check it anywhere: wirebell evidence --verify {out / FILE}", err=as_json)


def _moment(given: datetime | timedelta, now: datetime, zone: tzinfo) -> datetime:
    if isinstance(given, timedelta):
        return now - given
    return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)


def _records(config: Config, since: datetime, until: datetime, now: datetime) -> Sequence[Record]:
    """Return the records of a time; what is counted of today becomes one first."""
    from monitor.cli import invocation
    from monitor.store import coverage, records
    from monitor.store.database import Database

    if not invocation.has_database(config):
        return ()

    def told(tx: Tx) -> Sequence[Record]:
        coverage.tell(tx, now, today=True)
        return records.between(tx, since, until)

    database = Database.open(config.database, migrate=False, check=False)
    try:
        return database.write_now(told)
    finally:
        database.close()


def _verify(file: Path, head: str | None, *, as_json: bool) -> None:
    from monitor import account, chain
    from monitor.cli import invocation, screen

    file = file / FILE if file.is_dir() else file
    try:
        with file.open(encoding="utf-8", errors="replace", newline="") as written:
            verdict = chain.verify(written.read(), head)
    except OSError as error:
        invocation.fail(f"{file} cannot be read: {error.strerror}")
    if as_json:
        screen.document(_document(verdict, account.findings(verdict.records)))
    else:
        for fault in verdict.faults:
            click.echo(f"line {fault.line}: {fault.flaw}")
        if not verdict.faults:
            click.echo("The chain holds.")
            _print(verdict.records, UTC)
    if verdict.faults:
        raise SystemExit(invocation.FINDINGS)


def _document(verdict: Verdict, found: Sequence[Finding]) -> dict[str, Any]:
    return {
        "schema": "verdict.v1",
        "holds": not verdict.faults,
        "records": len(verdict.records),
        "head": verdict.header.get("head"),
        "faults": [{"line": fault.line, "flaw": fault.flaw} for fault in verdict.faults],
        "findings": [
            {
                "what": each.what,
                "feed": each.feed,
                "since": each.since.isoformat(),
                "until": each.until.isoformat(),
                "detail": each.detail,
            }
            for each in found
        ],
    }


def _print(records: Sequence[Record], zone: tzinfo) -> None:
    """Print what the records are about, and what an auditor should look at."""
    from monitor import account
    from monitor.cli import screen

    if not records:
        click.echo("No records of that time.")
        return
    counted = ", ".join(f"{number:,} {sort}" for sort, number in account.counts(records).items())
    click.echo(f"{screen.count(len(records), 'record')}, {records[0].seq} to {records[-1].seq}: {counted}.")
    click.echo(f"Head: {records[-1].hash}")
    for each in account.findings(records):
        since, until = (moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") for moment in (each.since, each.until))
        span = since if since == until else f"{since} - {until}"
        about = f"{screen.plain(each.feed)} {each.what}" if each.feed else each.what
        click.echo(f"  {span}  {about}{f': {screen.plain(each.detail)}' if each.detail else ''}")
