"""Whose an advisory is: one clinic's, or the installation's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Advisories that are there are the installation's."""
    op.add_column("advisory", sa.Column("clinic_id", sa.Integer(), nullable=True))
