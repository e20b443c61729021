"""What policies need: mutes, which rule a delivery is of, what was sent, and what was asked for by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns and the table of mutes."""
    op.add_column("delivery", sa.Column("rule", sa.Text(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("by_hand", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("message", sa.Text(), nullable=True))
    op.execute("UPDATE delivery SET rule = coalesce((SELECT rule FROM alert WHERE alert.id = alert_id), '')")
    op.create_index(
        "delivery_told",
        "delivery",
        ["channel", "rule", "receiver", "sent_at"],
        sqlite_where=sa.text("sent_at IS NOT NULL AND bundle IS NULL"),
    )
    op.create_table(
        "mute",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "scope", "what")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("made_at", "until")),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("who", "why")),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("scope IN ('rule', 'feed', 'text')", name="scope_known"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("mute_in_force", "mute", ["until"], sqlite_where=sa.text("ended_at IS NULL"))
