"""What escalation needs: what people say of alerts, and on which channel nobody said anything."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a column, and the table of marks."""
    op.add_column("delivery", sa.Column("escalated_from", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "mark",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("alert_id", "sign", "who")),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "sign"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], ondelete="CASCADE"),
        sa.CheckConstraint("sign IN ('ack')", name="sign_known"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
