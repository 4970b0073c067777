"""Signs that more than one device uses a communicator's login."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import JsonColumn

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was seen yet."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "shared_sign_in",
        sa.Column("pump_id", sa.Integer(), sa.ForeignKey("pump.id"), primary_key=True),
        sa.Column("recent", JsonColumn, nullable=False),
        sa.Column("recent_at", zoned, nullable=False),
        sa.Column("since", zoned, nullable=True),
        sa.Column("newest", zoned, nullable=True),
        sa.Column("signs", sa.String(80), nullable=False),
    )
