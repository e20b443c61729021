"""The tables, as SQLModel classes, and what may stand in their columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import REAL, CheckConstraint, Dialect, Index, Integer, LargeBinary, Text, TypeDecorator, text
from sqlmodel import Field, SQLModel

from monitor.alert import DeliveryState, Priority, Sign
from monitor.feed import Cause, State
from monitor.item import Reading
from monitor.mute import Scope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as whole microseconds since 1970: it sorts, indexes and shifts as the number it is.

    ``DateTime`` on SQLite keeps the wall clock and forgets the zone, so 12:00+03:00 comes back three hours wrong.
    """

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - inherited
        """Return what is kept of the time; a naive one raises TypeError."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - inherited
        """Return the time, in UTC; 1970 for a damaged number that is none, so that what it is due for is due."""
        if value is None:
            return None
        try:
            return _EPOCH + timedelta(microseconds=value)
        except OverflowError:
            return _EPOCH


class Span(TypeDecorator[timedelta]):
    """A span of time, kept as whole microseconds."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - inherited
        """Return what is kept of the span."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - inherited
        """Return the span; none for a damaged number that is none."""
        if value is None:
            return None
        try:
            return timedelta(microseconds=value)
        except OverflowError:
            return timedelta(0)


class Flag(TypeDecorator[bool]):
    """Yes or no; a STRICT table knows no BOOLEAN."""

    impl = Integer
    cache_ok = True

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002 - inherited
        """Return what the number means."""
        return None if value is None else bool(value)


class Json(TypeDecorator[Any]):
    """A document that is read and written whole."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str:  # noqa: ARG002 - inherited
        """Return the document as text."""
        return _ENCODER.encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - any JSON
        """Return the document; None where it is damaged, so that no row keeps others from being read."""
        try:
            return None if value is None else json.loads(value)
        except ValueError:
            return None


Number = Annotated[int | None, Field(primary_key=True)]
Words = Annotated[str, Field(sa_type=Text)]
Bytes = Annotated[bytes, Field(sa_type=LargeBinary)]
MaybeBytes = Annotated[bytes | None, Field(sa_type=LargeBinary)]
Time = Annotated[datetime, Field(sa_type=Instant)]
MaybeWords = Annotated[str | None, Field(sa_type=Text)]
MaybeTime = Annotated[datetime | None, Field(sa_type=Instant)]
MaybeSpan = Annotated[timedelta | None, Field(sa_type=Span)]
Share = Annotated[float, Field(sa_type=REAL)]
YesNo = Annotated[bool, Field(sa_type=Flag)]
Document = Annotated[Any, Field(sa_type=Json, nullable=False)]

#: SQLite keeps any value in any column, and SQLModel's table classes validate nothing: STRICT refuses wrong types, and
#: the checks below wrong words (measured: a feed whose number of failures was the word "notint" was stored).
_STRICT = {"sqlite_strict": True}
_STRICT_BY_KEY = {"sqlite_strict": True, "sqlite_with_rowid": False}


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def _size(column: str, size: int) -> CheckConstraint:
    return CheckConstraint(f"length({column}) = {size}", name=f"{column}_size")


class ConfigRow(SQLModel, table=True):
    """A version of the config that was once in force."""

    __tablename__ = "config"
    __table_args__ = (_STRICT,)
    version: Number = None
    sha256: Words
    toml: Words
    loaded_at: Time


#: Feeds of which people may have to be told something; a condition that stands in the index in the same words.
TO_TELL = "enabled AND (state NOT IN ('new', 'ok') OR told IS NOT NULL OR told_network OR moved_to IS NOT told_move)"


class FeedRow(SQLModel, table=True):
    """A feed, as declared and as remembered between polls."""

    __tablename__ = "feed"
    __table_args__ = (
        _one_of("state", State),
        _one_of("cause", Cause),
        _one_of("told", State),
        Index("feed_due", "next_poll_at", sqlite_where=text("enabled")),
        Index("feed_to_look_at", "look_at", sqlite_where=text("enabled AND look_at IS NOT NULL")),
        Index("feed_to_tell", "state", sqlite_where=text(TO_TELL)),
        _STRICT,
    )
    id: Number = None
    name: Annotated[str, Field(sa_type=Text, unique=True)]
    url: Words
    moved_to: MaybeWords = None
    title: Words = ""
    language: MaybeWords = None
    etag: MaybeWords = None
    modified: MaybeWords = None
    body_hash: MaybeBytes = None
    #: The first eight bytes of each key that its last answer with any entries listed, one behind the other.
    window: MaybeBytes = None
    baseline_at: MaybeTime = None
    polled_at: MaybeTime = None
    next_poll_at: Time
    failures: int = 0
    state: Words = State.NEW
    reason: Words = ""
    cause: MaybeWords = None
    since: MaybeTime = None
    read_at: MaybeTime = None
    told: MaybeWords = None
    told_since: MaybeTime = None
    told_network: YesNo = False
    told_move: MaybeWords = None
    look_at: MaybeTime = None
    changed_at: MaybeTime = None
    returns: int = 0
    within: MaybeSpan = None
    ttl: Annotated[timedelta, Field(sa_type=Span)] = timedelta(0)
    news: Share = 0.0
    watched: Share = 0.0
    slow: YesNo = False
    enabled: YesNo = True
    lease: MaybeWords = None
    leased_until: MaybeTime = None


class LossRow(SQLModel, table=True):
    """A time in which entries of a feed may have rolled off unseen."""

    __tablename__ = "loss"
    __table_args__ = (Index("loss_to_tell", "feed_id", sqlite_where=text("NOT told")), _STRICT_BY_KEY)
    feed_id: Annotated[int, Field(primary_key=True, foreign_key="feed.id")]
    until: Annotated[datetime, Field(sa_type=Instant, primary_key=True)]
    since: Time
    told: YesNo = False


class SeenRow(SQLModel, table=True):
    """What is known of an entry by its key: enough to tell new, changed and same; it outlives the item."""

    __tablename__ = "seen"
    __table_args__ = (_size("key", 16), _size("digest", 8), _STRICT_BY_KEY)
    feed_id: Annotated[int, Field(primary_key=True, foreign_key="feed.id")]
    key: Annotated[bytes, Field(sa_type=LargeBinary, primary_key=True)]
    #: No foreign key: the item may be dropped long before its key is forgotten.
    item_id: int
    digest: Bytes
    #: When it was first seen.
    at: Annotated[datetime, Field(sa_type=Instant, sa_column_kwargs={"server_default": "0"})]


class ItemRow(SQLModel, table=True):
    """An item; what is large stands last, so that reading the rest does not touch it."""

    __tablename__ = "item"
    __table_args__ = (
        _one_of("reading", Reading),
        _size("key", 16),
        Index("item_of_feed", "feed_id"),
        Index("item_link", "link"),
        Index("item_seen", "seen_at"),
        Index("item_to_judge", "judge_due_at", sqlite_where=text("judge_due_at IS NOT NULL")),
        Index("item_to_read", "read_due_at", sqlite_where=text("read_due_at IS NOT NULL")),
        _STRICT,
    )
    #: Order of arrival.
    id: Number = None
    feed_id: Annotated[int, Field(foreign_key="feed.id")]
    key: Bytes
    version: int = 1
    seen_at: Time
    published: MaybeTime = None
    baseline: YesNo
    judge_due_at: MaybeTime = None
    judged_by: Annotated[int | None, Field(foreign_key="config.version")] = None
    reading: Words
    reading_reason: Words = ""
    reading_tries: int = 0
    read_due_at: MaybeTime = None
    lease: MaybeWords = None
    leased_until: MaybeTime = None
    guid: Words
    link: Words
    headline: Words
    author: Words
    categories: Document
    lead: Words
    body: Words
    text: MaybeWords = None


class RevisionRow(SQLModel, table=True):
    """The words of an item before they changed."""

    __tablename__ = "revision"
    __table_args__ = (_STRICT_BY_KEY,)
    item_id: Annotated[int, Field(primary_key=True, foreign_key="item.id", ondelete="CASCADE")]
    version: Annotated[int, Field(primary_key=True)]
    #: When the next version was seen.
    at: Time
    headline: Words
    lead: Words
    body: Words


class MatchRow(SQLModel, table=True):
    """A rule that an item meets, with the sentences that show it."""

    __tablename__ = "match"
    __table_args__ = (_STRICT,)
    item_id: Annotated[int, Field(primary_key=True, foreign_key="item.id", ondelete="CASCADE")]
    rule: Annotated[str, Field(sa_type=Text, primary_key=True)]
    version: int
    strength: Annotated[float, Field(sa_type=REAL)]
    place: Words
    evidence: Document
    at: Time


class AlertRow(SQLModel, table=True):
    """An alert; or, without a rule, a notice or a summary of other alerts."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("priority IN ({})".format(", ".join(f"'{p}'" for p in Priority)), name="priority_known"),
        Index("alert_of_item", "item_id", sqlite_where=text("item_id IS NOT NULL")),
        Index("alert_made", "made_at"),
        _STRICT,
    )
    #: Order in which they were made.
    seq: Number = None
    id: Annotated[str, Field(sa_type=Text, unique=True)]
    kind: Words
    rule: MaybeWords = None
    item_id: Annotated[int | None, Field(foreign_key="item.id", ondelete="SET NULL")] = None
    version: int | None = None
    priority: MaybeWords = None
    #: The snapshot that is shown and sent.
    body: Document
    made_at: Time


class DeliveryRow(SQLModel, table=True):
    """An alert or notice owed to a channel."""

    __tablename__ = "delivery"
    __table_args__ = (
        _one_of("state", DeliveryState),
        Index("delivery_of_alert", "alert_id"),
        Index("delivery_in_bundle", "bundle", sqlite_where=text("bundle IS NOT NULL")),
        # The line of a channel in its order; due_at makes the index answer alone, however long the line is.
        Index("delivery_line", "channel", "turn", "seq", "due_at", sqlite_where=text("state = 'queued'")),
        # What a receiver was told of a rule lately, each digest as one.
        Index(
            "delivery_told",
            *("channel", "rule", "receiver", "sent_at"),
            sqlite_where=text("sent_at IS NOT NULL AND bundle IS NULL"),
        ),
        Index("delivery_sending", "leased_until", sqlite_where=text("state = 'sending'")),
        _STRICT,
    )
    seq: Number = None
    id: Annotated[str, Field(sa_type=Text, unique=True)]
    alert_id: Annotated[str, Field(sa_type=Text, foreign_key="alert.id")]
    channel: Words
    receiver: Words
    #: The channel in whose place this one tells it; empty where it was owed to this one from the start.
    instead_of: Words = ""
    #: The channel on which nobody acknowledged it in time; empty where it was owed from the start.
    escalated_from: Annotated[str, Field(sa_type=Text, sa_column_kwargs={"server_default": ""})] = ""
    #: The rule that rang; empty for a notice, and for a digest of several rules.
    rule: Annotated[str, Field(sa_type=Text, sa_column_kwargs={"server_default": ""})] = ""
    by_hand: Annotated[bool, Field(sa_type=Flag, sa_column_kwargs={"server_default": "0"})] = False
    #: The summary that carries it.
    bundle: Annotated[str | None, Field(sa_type=Text, foreign_key="alert.id")] = None
    #: Whether another channel was asked to tell it in this one's place.
    handed_on: YesNo = False
    state: Words
    reason: Words
    due_at: Time
    made_at: Time
    attempts: int
    unknown: int
    pauses: int
    #: How often it has gone behind the others of its channel: once for three pauses on it.
    turn: int
    leased_until: MaybeTime = None
    first_tried_at: MaybeTime = None
    sent_at: MaybeTime = None
    #: Its text as it was sent; it stands last, so that reading the rest does not touch it.
    message: MaybeWords = None


class AttemptRow(SQLModel, table=True):
    """One try to deliver."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_at", "at"), _STRICT_BY_KEY)
    delivery_id: Annotated[str, Field(sa_type=Text, primary_key=True, foreign_key="delivery.id")]
    n: Annotated[int, Field(primary_key=True)]
    at: Time
    outcome: Words
    reason: Words


class ChannelRow(SQLModel, table=True):
    """A channel as remembered between messages."""

    __tablename__ = "channel"
    __table_args__ = (_STRICT_BY_KEY,)
    name: Annotated[str, Field(sa_type=Text, primary_key=True)]
    paused_until: MaybeTime = None
    failures: int = 0
    failing_since: MaybeTime = None
    last_sent_at: MaybeTime = None


class MuteRow(SQLModel, table=True):
    """What nobody is told for a while."""

    __tablename__ = "mute"
    __table_args__ = (
        _one_of("scope", Scope),
        Index("mute_in_force", "until", sqlite_where=text("ended_at IS NULL")),
        _STRICT_BY_KEY,
    )
    id: Annotated[str, Field(sa_type=Text, primary_key=True)]
    scope: Words
    what: Words
    made_at: Time
    until: Time
    ended_at: MaybeTime = None
    who: Words = ""
    why: Words = ""


class CoverageRow(SQLModel, table=True):
    """How a feed was watched on a day of UTC."""

    __tablename__ = "coverage"
    __table_args__ = (_STRICT_BY_KEY,)
    feed_id: Annotated[int, Field(primary_key=True, foreign_key="feed.id")]
    #: Days since 1970.
    day: Annotated[int, Field(primary_key=True)]
    polls: int
    answers: int
    #: Answers that brought nothing: not modified, or the same bytes.
    unchanged: int
    failures: int
    first_at: Time
    last_at: Time
    #: The newest answer, that day or before.
    answered_at: MaybeTime = None
    #: The longest time between two polls that ended on that day, in microseconds, and when it began.
    gap: int = 0
    gap_from: MaybeTime = None
    #: The longest time without an answer while the feed was asked, and when it began.
    outage: int = 0
    outage_from: MaybeTime = None
    #: How many polls there were when this was last told in a record.
    told: int = 0


class RecordRow(SQLModel, table=True):
    """A link of the chain of evidence; it never changes, and only the oldest ever go."""

    __tablename__ = "record"
    __table_args__ = (_STRICT,)
    seq: Number = None
    at: Time
    sort: Words
    #: Canonical JSON.
    body: Words
    previous: Words
    hash: Words


class MarkRow(SQLModel, table=True):
    """What somebody said of an alert."""

    __tablename__ = "mark"
    __table_args__ = (_one_of("sign", Sign), _STRICT_BY_KEY)
    alert_id: Annotated[str, Field(sa_type=Text, primary_key=True, foreign_key="alert.id", ondelete="CASCADE")]
    sign: Annotated[str, Field(sa_type=Text, primary_key=True)]
    who: Words
    at: Time


metadata = SQLModel.metadata
config, feed, seen, item, revision = (metadata.tables[n] for n in ("config", "feed", "seen", "item", "revision"))
match, alert, delivery = (metadata.tables[name] for name in ("match", "alert", "delivery"))
attempt, channel, loss, mute, mark = (metadata.tables[n] for n in ("attempt", "channel", "loss", "mute", "mark"))
coverage, record = metadata.tables["coverage"], metadata.tables["record"]
