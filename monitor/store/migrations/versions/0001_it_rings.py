"""The first tables: config, feed, seen, item, revision, match, alert, delivery, attempt, channel."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_STRICT = {"sqlite_strict": True}
_BY_KEY = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    """Create the tables in an empty database."""
    _config_and_channel()
    _feed_and_seen()
    _item()
    _revision_and_match()
    _alert()
    _delivery_and_attempt()


def _must(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _may(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=True)


def _config_and_channel() -> None:
    op.create_table(
        "config",
        _must("version", sa.Integer),
        _must("sha256"),
        _must("toml"),
        _must("loaded_at", sa.Integer),
        sa.PrimaryKeyConstraint("version"),
        **_STRICT,
    )
    op.create_table(
        "channel",
        _must("name"),
        _may("paused_until", sa.Integer),
        _must("failures", sa.Integer),
        _may("last_sent_at", sa.Integer),
        sa.PrimaryKeyConstraint("name"),
        **_BY_KEY,
    )


def _feed_and_seen() -> None:
    op.create_table(
        "feed",
        _must("id", sa.Integer),
        _must("name"),
        _must("url"),
        _may("moved_to"),
        _must("title"),
        _may("language"),
        _may("etag"),
        _may("modified"),
        _may("body_hash", sa.LargeBinary),
        _may("baseline_at", sa.Integer),
        _may("polled_at", sa.Integer),
        _must("next_poll_at", sa.Integer),
        _must("failures", sa.Integer),
        _must("state"),
        _must("reason"),
        _must("slow", sa.Integer),
        _must("enabled", sa.Integer),
        _may("lease"),
        _may("leased_until", sa.Integer),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("state IN ('new', 'ok', 'failing', 'gone')", name="state_known"),
        sa.UniqueConstraint("name"),
        **_STRICT,
    )
    op.create_index("feed_due", "feed", ["next_poll_at"], sqlite_where=sa.text("enabled"))
    op.create_table(
        "seen",
        _must("feed_id", sa.Integer),
        _must("key", sa.LargeBinary),
        _must("item_id", sa.Integer),
        _must("digest", sa.LargeBinary),
        sa.PrimaryKeyConstraint("feed_id", "key"),
        sa.CheckConstraint("length(key) = 16", name="key_size"),
        sa.CheckConstraint("length(digest) = 8", name="digest_size"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        **_BY_KEY,
    )


def _item() -> None:
    op.create_table(
        "item",
        _must("id", sa.Integer),
        _must("feed_id", sa.Integer),
        _must("key", sa.LargeBinary),
        _must("version", sa.Integer),
        _must("seen_at", sa.Integer),
        _may("published", sa.Integer),
        _must("baseline", sa.Integer),
        _may("judge_due_at", sa.Integer),
        _may("judged_by", sa.Integer),
        _must("reading"),
        _must("reading_reason"),
        _must("reading_tries", sa.Integer),
        _may("read_due_at", sa.Integer),
        _may("lease"),
        _may("leased_until", sa.Integer),
        _must("guid"),
        _must("link"),
        _must("headline"),
        _must("author"),
        _must("categories"),
        _must("lead"),
        _must("body"),
        _may("text"),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("reading IN ('not wanted', 'due', 'read', 'failed')", name="reading_known"),
        sa.CheckConstraint("length(key) = 16", name="key_size"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sa.ForeignKeyConstraint(["judged_by"], ["config.version"]),
        **_STRICT,
    )
    op.create_index("item_of_feed", "item", ["feed_id"])
    op.create_index("item_link", "item", ["link"])
    op.create_index("item_seen", "item", ["seen_at"])
    op.create_index("item_to_judge", "item", ["judge_due_at"], sqlite_where=sa.text("judge_due_at IS NOT NULL"))
    op.create_index("item_to_read", "item", ["read_due_at"], sqlite_where=sa.text("read_due_at IS NOT NULL"))


def _revision_and_match() -> None:
    op.create_table(
        "revision",
        _must("item_id", sa.Integer),
        _must("version", sa.Integer),
        _must("at", sa.Integer),
        _must("headline"),
        _must("lead"),
        _must("body"),
        sa.PrimaryKeyConstraint("item_id", "version"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], ondelete="CASCADE"),
        **_BY_KEY,
    )
    op.create_table(
        "match",
        _must("item_id", sa.Integer),
        _must("rule"),
        _must("version", sa.Integer),
        _must("strength", sa.REAL),
        _must("place"),
        _must("evidence"),
        _must("at", sa.Integer),
        sa.PrimaryKeyConstraint("item_id", "rule"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], ondelete="CASCADE"),
        **_STRICT,
    )


def _alert() -> None:
    op.create_table(
        "alert",
        _must("seq", sa.Integer),
        _must("id"),
        _must("kind"),
        _may("rule"),
        _may("item_id", sa.Integer),
        _may("version", sa.Integer),
        _may("priority"),
        _must("body"),
        _must("made_at", sa.Integer),
        sa.PrimaryKeyConstraint("seq"),
        sa.CheckConstraint("kind IN ('new', 'hello', 'reload')", name="kind_known"),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority_known"),
        sa.UniqueConstraint("id"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], ondelete="SET NULL"),
        **_STRICT,
    )
    op.create_index("alert_of_item", "alert", ["item_id"], sqlite_where=sa.text("item_id IS NOT NULL"))


def _delivery_and_attempt() -> None:
    op.create_table(
        "delivery",
        _must("seq", sa.Integer),
        _must("id"),
        _must("alert_id"),
        _must("channel"),
        _must("receiver"),
        _must("state"),
        _must("reason"),
        _must("due_at", sa.Integer),
        _must("made_at", sa.Integer),
        _must("attempts", sa.Integer),
        _must("unknown", sa.Integer),
        _must("pauses", sa.Integer),
        _must("turn", sa.Integer),
        _may("leased_until", sa.Integer),
        _may("first_tried_at", sa.Integer),
        _may("sent_at", sa.Integer),
        sa.PrimaryKeyConstraint("seq"),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'unknown', 'undelivered', 'withheld')", name="state_known"
        ),
        sa.UniqueConstraint("id"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"]),
        **_STRICT,
    )
    op.create_index("delivery_of_alert", "delivery", ["alert_id"])
    op.create_index(
        "delivery_line", "delivery", ["channel", "turn", "seq", "due_at"], sqlite_where=sa.text("state = 'queued'")
    )
    op.create_index("delivery_sending", "delivery", ["leased_until"], sqlite_where=sa.text("state = 'sending'"))
    op.create_table(
        "attempt",
        _must("delivery_id"),
        _must("n", sa.Integer),
        _must("at", sa.Integer),
        _must("outcome"),
        _must("reason"),
        sa.PrimaryKeyConstraint("delivery_id", "n"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"]),
        **_BY_KEY,
    )
    op.create_index("attempt_at", "attempt", ["at"])
