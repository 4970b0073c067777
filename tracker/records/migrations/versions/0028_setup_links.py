"""Links by which people choose their own passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No link waits yet."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "setup_link",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("made_by", sa.String(254), nullable=False),
        sa.Column("made_at", zoned, nullable=False),
        sa.Column("expires_at", zoned, nullable=False),
    )
    op.create_index("ix_setup_link_staff_id", "setup_link", ["staff_id"])
