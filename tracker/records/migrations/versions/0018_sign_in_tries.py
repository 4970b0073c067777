"""Tries to sign in are counted by account and place, and the browsers known that somebody signed in with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tries counted by the account alone are forgotten: they locked out whoever a stranger aimed at."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "sign_in_try",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("place", sa.String(80), primary_key=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", zoned, nullable=False),
        sa.Column("wait_until", zoned, nullable=True),
    )
    op.create_index("ix_sign_in_try_last_at", "sign_in_try", ["last_at"])
    op.create_table(
        "known_device",
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("first_at", zoned, nullable=False),
        sa.Column("last_at", zoned, nullable=False),
    )
    op.drop_column("staff", "failed_attempts")
    op.drop_column("staff", "locked_until")
