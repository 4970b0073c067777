"""What each pump uses of its budgets, and since when messages of it are not taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import JsonColumn

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is counted yet."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "pump_budget",
        sa.Column("pump_id", sa.Integer(), sa.ForeignKey("pump.id"), primary_key=True),
        sa.Column("minute_at", zoned, nullable=False),
        sa.Column("minute_used", JsonColumn, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("day_used", JsonColumn, nullable=False),
        sa.Column("over_since", zoned, nullable=True),
        sa.Column("held_at", zoned, nullable=True),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("over_of", sa.String(80), nullable=False),
    )
    held = sa.text("held_at IS NOT NULL")
    op.create_index("ix_pump_budget_held", "pump_budget", ["held_at"], sqlite_where=held, postgresql_where=held)
