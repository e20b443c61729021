"""What an auditor asks for: the chain of records, and how each feed was watched day by day."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "coverage",
        *(_must(name) for name in ("feed_id", "day", "polls", "answers", "unchanged", "failures")),
        *(_must(name) for name in ("first_at", "last_at")),
        _may("answered_at"),
        _must("gap"),
        _may("gap_from"),
        _must("outage"),
        _may("outage_from"),
        _must("told"),
        sa.PrimaryKeyConstraint("feed_id", "day"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "record",
        _must("seq"),
        _must("at"),
        *(_must(name, sa.Text) for name in ("sort", "body", "previous", "hash")),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_strict=True,
    )


def _must(name: str, kind: type[sa.types.TypeEngine[Any]] = sa.Integer) -> sa.Column[Any]:
    return sa.Column(name, kind(), nullable=False)


def _may(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=True)
