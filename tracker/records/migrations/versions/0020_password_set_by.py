"""Who set a person's password, where it was not the person: nothing is signed until it is changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Passwords that are there already count as their persons' own."""
    op.add_column("staff", sa.Column("password_set_by", sa.String(254), nullable=True))
