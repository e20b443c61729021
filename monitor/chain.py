"""The chain of evidence: each record holds the hash of the one before, so that none can be changed, lost or moved.

A record is one line of canonical JSON, and its hash the SHA-256 of that line without the hash. Whoever knows the hash
of the newest record, the head, can tell whether any record up to it is another than it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from monitor.record import Fact

#: What stands in the place of the hash before the first record.
ROOT = "0" * 64
SCHEMA = "evidence.v1"
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False)


class Flaw(StrEnum):
    """What is wrong with a chain; the values are the words shown to people."""

    NOT_JSON = "is no record"
    NOT_CANONICAL = "is written in another way than records are"
    CHANGED = "was changed: its hash is another"
    BROKEN = "does not follow the record before it"
    HEAD = "the header does not fit the records"
    MISSING = "holds no record with the hash that was asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A fact in its place in the chain."""

    #: 1 for the first, and one more for each that follows.
    seq: int
    at: str
    sort: str
    body: Mapping[str, Any]
    #: The hash of the record before.
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A flaw, and the line of the export that has it, from 1."""

    line: int
    flaw: Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an export proves."""

    header: Mapping[str, Any]
    records: tuple[Record, ...]
    faults: tuple[Fault, ...]


def canonical(document: Mapping[str, Any]) -> str:
    """Return the one way to write a document: keys in order, no blanks, ASCII."""
    return _ENCODER.encode(document)


def linked(facts: Iterable[Fact], seq: int, head: str) -> Iterator[Record]:
    """Yield the facts as the records that follow the one of that number and hash."""
    return (record for record, _ in written(facts, seq, head))


def written(facts: Iterable[Fact], seq: int, head: str) -> Iterator[tuple[Record, str]]:
    """Yield the records that ``linked`` yields, each with its body as it is written."""
    for number, fact in enumerate(facts, seq + 1):
        at, body, previous = fact.at.astimezone(UTC).isoformat(), canonical(fact.body), head
        # The canonical form of all but the hash, put together: a body that was written again took as long as its hash.
        line = f'{{"at":"{at}","body":{body},"previous":"{previous}","seq":{number},"sort":"{fact.sort}"}}'
        head = sha256(line.encode()).hexdigest()
        yield Record(seq=number, at=at, sort=fact.sort, body=fact.body, previous=previous, hash=head), body


def _hash(document: Mapping[str, Any]) -> str:
    return sha256(canonical(document).encode()).hexdigest()


def _fields(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in ("seq", "at", "sort", "body", "previous", "hash")}


# --- exports -----------------------------------------------------------------------------------------------------


def header(records: Sequence[Record], since: datetime, until: datetime) -> dict[str, Any]:
    """Return what an export begins with: which records it has, and a hash that seals it."""
    said = {
        "schema": SCHEMA,
        "since": since.astimezone(UTC).isoformat(),
        "until": until.astimezone(UTC).isoformat(),
        "records": len(records),
        "first": records[0].seq if records else None,
        "last": records[-1].seq if records else None,
        "head": records[-1].hash if records else None,
    }
    return {**said, "hash": _hash(said)}


def lines(records: Sequence[Record], since: datetime, until: datetime) -> Iterator[str]:
    """Yield the lines of an export: the header, and the records in their order."""
    yield canonical(header(records, since, until))
    for record in records:
        yield canonical(_fields(record))


def document(records: Sequence[Record], since: datetime, until: datetime) -> dict[str, Any]:
    """Return an export as one document."""
    return {**header(records, since, until), "chain": [_fields(record) for record in records]}


def text(records: Sequence[Record], since: datetime, until: datetime) -> str:
    """Return an export as the text of a file."""
    return "".join(f"{line}\n" for line in lines(records, since, until))


def verify(written: str, head: str | None = None) -> Verdict:
    """Return what the text of an export proves; ``head`` is a hash that a record must have, such as a summary told.

    Nothing else is needed, neither config nor database.
    """
    first, *rest = written.split("\n")
    end = rest.pop() if rest else "x"
    said = _parsed(first) or {}
    faults = [] if _is_sound(said, first) else [Fault(line=1, flaw=Flaw.HEAD)]
    records: list[Record] = []
    for number, line in enumerate(rest, 2):
        record, flaw = _read(line, records[-1] if records else None)
        faults += [Fault(line=number, flaw=flaw)] if flaw else []
        records += [record] if record else []
    if end:
        faults.append(Fault(line=len(rest) + 2, flaw=Flaw.NOT_JSON))
    if not faults and not _fits(said, records):
        faults.append(Fault(line=1, flaw=Flaw.HEAD))
    if head and not any(record.hash.startswith(head) for record in records):
        faults.append(Fault(line=1, flaw=Flaw.MISSING))
    return Verdict(header=said, records=tuple(records), faults=tuple(faults))


def _parsed(line: str) -> dict[str, Any] | None:
    """Return the document of a line; None where it is none, or holds what no record can."""
    try:
        found = json.loads(line)
        canonical(found)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_sound(said: Mapping[str, Any], line: str) -> bool:
    unsealed = {name: value for name, value in said.items() if name != "hash"}
    return said.get("schema") == SCHEMA and said.get("hash") == _hash(unsealed) and canonical(said) == line


def _fits(said: Mapping[str, Any], records: Sequence[Record]) -> bool:
    ends = (records[0].seq, records[-1].seq, records[-1].hash) if records else (None, None, None)
    return (said.get("records"), said.get("first"), said.get("last"), said.get("head")) == (len(records), *ends)


def _read(line: str, previous: Record | None) -> tuple[Record | None, Flaw | None]:
    """Return the record that a line holds, and what is wrong with it."""
    found = _parsed(line)
    if found is None or found.keys() != Record.__annotations__.keys():
        return None, Flaw.NOT_JSON
    if _hash({name: value for name, value in found.items() if name != "hash"}) != found["hash"]:
        return None, Flaw.CHANGED
    record = Record(**found)
    if canonical(found) != line:
        return record, Flaw.NOT_CANONICAL
    follows = previous is None or (record.previous, record.seq) == (previous.hash, previous.seq + 1)
    return record, None if follows else Flaw.BROKEN
