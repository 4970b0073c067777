"""Since when an alarm waits to be heard again: one that woke from a long snooze begins anew to wait for an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """It stays empty for alarms that were never woken: they wait since they came in."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.add_column("alarm", sa.Column("unheard_since", zoned, nullable=True))
