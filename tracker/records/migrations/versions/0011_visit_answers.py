"""A visit keeps what was filled, the credential of who did it, and what was answered to its warnings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """They stay empty for visits of before."""
    as_json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("visit", sa.Column("fill", as_json, nullable=True))
    op.add_column("visit", sa.Column("credential", sa.String(16), nullable=True))
    op.add_column("visit", sa.Column("answers", as_json, nullable=True))
