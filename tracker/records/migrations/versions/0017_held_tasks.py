"""Why a task can't be closed now, and when each person last looked at the worklist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Open tasks say nothing of it until they are evaluated next; closing asks anew in any case."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.add_column("worklist_item", sa.Column("holds", sa.String(500), nullable=False, server_default=""))
    op.add_column("staff", sa.Column("worklist_looked_at", zoned, nullable=True))
