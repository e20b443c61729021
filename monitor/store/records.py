"""The chain of evidence: facts are added in the transaction of what they tell, and read for an export."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from monitor import chain
from monitor.chain import ROOT, Record
from monitor.record import Fact, Sort
from monitor.store.database import AnyRow, Tx
from monitor.store.prepared import Statement
from monitor.store.tables import record

_HEAD = select(record.c.seq, record.c.hash).order_by(record.c.seq.desc()).limit(1)
_ADD = Statement(insert(record), ("seq", "at", "sort", "body", "previous", "hash"))


def add(tx: Tx, facts: Sequence[Fact]) -> None:
    """Link facts to the chain; the lock that every writer holds keeps two from following one record."""
    if not facts:
        return
    found = tx.execute(_HEAD).first()
    seq, head = (found.seq, found.hash) if found else (0, ROOT)
    written = zip(facts, chain.written(facts, seq, head), strict=True)
    _ADD.run_each(tx, [_row(each, body, fact.at) for fact, (each, body) in written])


def head(tx: Tx) -> str | None:
    """Return the hash of the newest record."""
    found = tx.execute(_HEAD).first()
    return found.hash if found else None


def between(tx: Tx, since: datetime, until: datetime) -> tuple[Record, ...]:
    """Return the records from the first of that time to the last, and to the last that counts polls of its days.

    They follow one another without a gap also where the clock was set.
    """
    in_time = select(func.min(record.c.seq), func.max(record.c.seq))
    first, last = tx.execute(in_time.where(record.c.at >= since, record.c.at <= until)).one()
    if first is None:
        return ()
    day = func.json_extract(record.c.body, "$.day")
    days = since.date().isoformat(), until.date().isoformat()
    counts = select(func.max(record.c.seq)).where(record.c.sort == Sort.COVERAGE, day.between(*days))
    end = max(last, tx.execute(counts).scalar() or 0)
    rows = tx.execute(select(record).where(record.c.seq.between(first, end)).order_by(record.c.seq))
    return tuple(map(_record, rows))


def drop(tx: Tx, before: datetime, most: int) -> int:
    """Drop the oldest records that are from before a time, so many at the most; what is left is still one chain."""
    oldest: Sequence[AnyRow] = tx.execute(select(record.c.seq, record.c.at).order_by(record.c.seq).limit(most)).all()
    numbers = [row.seq for row in oldest if row.at < before]
    return tx.execute(delete(record).where(record.c.seq.in_(numbers))).rowcount if numbers else 0


def _row(linked: Record, body: str, at: datetime) -> dict[str, Any]:
    return {
        "seq": linked.seq,
        "at": at,
        "sort": linked.sort,
        "body": body,
        "previous": linked.previous,
        "hash": linked.hash,
    }


def _record(row: AnyRow) -> Record:
    return Record(
        seq=row.seq,
        at=row.at.astimezone(UTC).isoformat(),
        sort=row.sort,
        body=json.loads(row.body),
        previous=row.previous,
        hash=row.hash,
    )
