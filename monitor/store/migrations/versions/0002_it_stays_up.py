"""What staying up needs: summaries that carry others, channels that stand in, how long a channel has been failing.

SQLite cannot change a constraint, so two tables are made anew; the program switches foreign keys off meanwhile.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_STRICT = {"sqlite_strict": True}


def upgrade() -> None:
    """Add columns, and let alerts be of kinds to come and deliveries be bundled."""
    op.add_column("channel", _may("failing_since", sa.Integer))
    op.add_column("feed", _may("window", sa.LargeBinary))
    op.add_column("seen", sa.Column("at", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE seen SET at = coalesce((SELECT seen_at FROM item WHERE item.id = seen.item_id), 0)")
    _alert()
    _delivery()


def _must(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _may(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=True)


def _replace(table: str, columns: str, values: str) -> None:
    """Fill the new table from the old one and let it take its place."""
    op.execute(f"INSERT INTO new_{table} ({columns}) SELECT {values} FROM {table} ORDER BY seq")  # noqa: S608
    op.drop_table(table)
    op.rename_table(f"new_{table}", table)


def _alert() -> None:
    op.create_table(
        "new_alert",
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
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority_known"),
        sa.UniqueConstraint("id"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], ondelete="SET NULL"),
        **_STRICT,
    )
    columns = "seq, id, kind, rule, item_id, version, priority, body, made_at"
    _replace("alert", columns, columns)
    op.create_index("alert_of_item", "alert", ["item_id"], sqlite_where=sa.text("item_id IS NOT NULL"))
    op.create_index("alert_made", "alert", ["made_at"])


def _delivery() -> None:
    op.create_table(
        "new_delivery",
        _must("seq", sa.Integer),
        _must("id"),
        _must("alert_id"),
        _must("channel"),
        _must("receiver"),
        _must("instead_of"),
        _may("bundle"),
        _must("handed_on", sa.Integer),
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
            "state IN ('queued', 'sending', 'sent', 'unknown', 'undelivered', 'withheld', 'bundled')",
            name="state_known",
        ),
        sa.UniqueConstraint("id"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"]),
        sa.ForeignKeyConstraint(["bundle"], ["alert.id"]),
        **_STRICT,
    )
    kept = "state, reason, due_at, made_at, attempts, unknown, pauses, turn, leased_until, first_tried_at, sent_at"
    _replace(
        "delivery",
        f"seq, id, alert_id, channel, receiver, instead_of, bundle, handed_on, {kept}",
        f"seq, id, alert_id, channel, receiver, '', NULL, 0, {kept}",
    )
    op.create_index("delivery_of_alert", "delivery", ["alert_id"])
    op.create_index("delivery_in_bundle", "delivery", ["bundle"], sqlite_where=sa.text("bundle IS NOT NULL"))
    op.create_index(
        "delivery_line", "delivery", ["channel", "turn", "seq", "due_at"], sqlite_where=sa.text("state = 'queued'")
    )
    op.create_index("delivery_sending", "delivery", ["leased_until"], sqlite_where=sa.text("state = 'sending'"))
