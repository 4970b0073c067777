"""What keeps a date from being computed, beside the dates that are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import JsonColumn

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """It stays empty until a pump is evaluated again, a day later at most."""
    op.add_column("outlook", sa.Column("unknown", JsonColumn, nullable=True))
