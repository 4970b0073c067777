"""Second factors: authenticator apps, passkeys, recovery codes, and which roles must have one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import JsonColumn

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has a factor yet, and no clinic asks for one."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "totp",
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("sealed", sa.String(300), nullable=False),
        sa.Column("added_at", zoned, nullable=False),
        sa.Column("confirmed_at", zoned, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False, unique=True),
        sa.Column("credential", sa.String(8000), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.Column("added_at", zoned, nullable=False),
        sa.Column("used_at", zoned, nullable=True),
    )
    op.create_index("ix_passkey_staff_id", "passkey", ["staff_id"])
    op.create_table(
        "recovery_code",
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("made_at", zoned, nullable=False),
        sa.Column("used_at", zoned, nullable=True),
    )
    op.create_table(
        "pending_step",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("state", JsonColumn, nullable=False),
        sa.Column("expires_at", zoned, nullable=False),
    )
    op.create_index("ix_pending_step_staff_id", "pending_step", ["staff_id"])
    op.add_column("browser_session", sa.Column("opened_by", sa.String(40), nullable=False, server_default="password"))
    op.add_column("browser_session", sa.Column("confirmed_at", zoned, nullable=True))
    op.add_column("clinic", sa.Column("second_factor_roles", sa.String(120), nullable=False, server_default=""))
