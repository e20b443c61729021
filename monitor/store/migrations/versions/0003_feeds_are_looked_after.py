"""What looking after feeds needs: since when each stands as it does, what people know of it, and what may be lost.

SQLite cannot change a constraint, so the table of feeds is made anew; the program switches foreign keys off meanwhile.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_STRICT = {"sqlite_strict": True}
_STATES = "'new', 'ok', 'failing', 'silent', 'gone', 'odd'"
_CAUSES = (
    "'unreachable', 'name', 'address', 'certificate', 'login', 'forbidden', 'bot wall', 'missing', 'gone', 'busy', "
    "'page', 'empty', 'broken', 'other'"
)
_KEPT = (
    "id, name, url, moved_to, title, language, etag, modified, body_hash, window, baseline_at, polled_at, "
    "next_poll_at, failures, state, reason, slow, enabled"
)
_NEW = "read_at, since, told_network, told_move, look_at, returns, ttl, news, watched"


def upgrade() -> None:
    """Make the table of feeds anew, and one of losses."""
    _feed()
    op.create_table(
        "loss",
        _must("feed_id", sa.Integer),
        _must("until", sa.Integer),
        _must("since", sa.Integer),
        _must("told", sa.Integer),
        sa.PrimaryKeyConstraint("feed_id", "until"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("loss_to_tell", "loss", ["feed_id"], sqlite_where=sa.text("NOT told"))


def _must(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _may(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=True)


def _feed() -> None:
    op.create_table(
        "new_feed",
        _must("id", sa.Integer),
        _must("name"),
        _must("url"),
        _may("moved_to"),
        _must("title"),
        _may("language"),
        _may("etag"),
        _may("modified"),
        _may("body_hash", sa.LargeBinary),
        _may("window", sa.LargeBinary),
        _may("baseline_at", sa.Integer),
        _may("polled_at", sa.Integer),
        _must("next_poll_at", sa.Integer),
        _must("failures", sa.Integer),
        _must("state"),
        _must("reason"),
        _may("cause"),
        _may("since", sa.Integer),
        _may("read_at", sa.Integer),
        _may("told"),
        _may("told_since", sa.Integer),
        _must("told_network", sa.Integer),
        _may("told_move"),
        _may("look_at", sa.Integer),
        _may("changed_at", sa.Integer),
        _must("returns", sa.Integer),
        _may("within", sa.Integer),
        _must("ttl", sa.Integer),
        _must("news", sa.REAL),
        _must("watched", sa.REAL),
        _must("slow", sa.Integer),
        _must("enabled", sa.Integer),
        _may("lease"),
        _may("leased_until", sa.Integer),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        sa.CheckConstraint(f"cause IN ({_CAUSES})", name="cause_known"),
        sa.CheckConstraint(f"told IN ({_STATES})", name="told_known"),
        **_STRICT,
    )
    op.execute(
        f"INSERT INTO new_feed ({_KEPT}, {_NEW}) "  # noqa: S608 - words of ours
        f"SELECT {_KEPT}, polled_at, polled_at, 0, moved_to, polled_at, 0, 0, 0, 0 FROM feed ORDER BY id"
    )
    op.drop_table("feed")
    op.rename_table("new_feed", "feed")
    op.create_index("feed_due", "feed", ["next_poll_at"], sqlite_where=sa.text("enabled"))
    op.create_index("feed_to_look_at", "feed", ["look_at"], sqlite_where=sa.text("enabled AND look_at IS NOT NULL"))
    told = "enabled AND (state NOT IN ('new', 'ok') OR told IS NOT NULL OR told_network OR moved_to IS NOT told_move)"
    op.create_index("feed_to_tell", "feed", ["state"], sqlite_where=sa.text(told))
