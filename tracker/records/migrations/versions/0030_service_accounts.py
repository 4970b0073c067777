"""Service accounts: a program has an account that is no person's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every account that is there is a person's."""
    op.add_column("staff", sa.Column("responsible_id", sa.Integer(), nullable=True))
