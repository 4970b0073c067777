"""The length and the digest of what was rejected, so that not every byte of it need be kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is kept already is whole and has no digest."""
    op.add_column("rejected_message", sa.Column("size", sa.BigInteger(), nullable=True))
    op.add_column("rejected_message", sa.Column("digest", sa.String(64), nullable=True))
