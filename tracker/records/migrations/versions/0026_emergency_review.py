"""Emergency access, as the pump's own clinic reviews it: who opened it, from where, and who there has looked at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Accesses of before name no owning clinic: the audit trail has them, and nobody is asked to review them."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    for column in (
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("opened_by", sa.String(254), server_default="", nullable=False),
        sa.Column("from_clinic", sa.String(120), server_default="", nullable=False),
        sa.Column("via", sa.String(16), server_default="", nullable=False),
        sa.Column("address", sa.String(64), server_default="", nullable=False),
        sa.Column("reviewed_at", zoned, nullable=True),
        sa.Column("reviewed_by", sa.String(254), nullable=True),
        sa.Column("review", sa.String(1000), nullable=True),
    ):
        op.add_column("break_glass", column)
    op.create_index("ix_break_glass_clinic", "break_glass", ["clinic_id", "id"])
    waits = sa.text("clinic_id IS NOT NULL AND reviewed_at IS NULL")
    op.create_index("ix_break_glass_waits", "break_glass", ["pump_id"], sqlite_where=waits, postgresql_where=waits)
    op.add_column("browser_session", sa.Column("emergency_confirmed_at", zoned, nullable=True))
