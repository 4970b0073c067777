"""Hand-overs of pumps between clinics: a pump that is offered stays followed until another clinic has accepted it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OPEN = sa.text("accepted_at IS NULL AND withdrawn_at IS NULL")


def upgrade() -> None:
    """A new table. A pump that is marked as transferred already keeps that mark."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("pump_id", sa.Integer(), sa.ForeignKey("pump.id"), nullable=False),
        sa.Column("from_clinic_id", sa.Integer(), sa.ForeignKey("clinic.id"), nullable=False),
        sa.Column("to_clinic_id", sa.Integer(), sa.ForeignKey("clinic.id"), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("offered_by", sa.String(254), nullable=False),
        sa.Column("offered_at", zoned, nullable=False),
        sa.Column("accepted_by", sa.String(254), nullable=True),
        sa.Column("accepted_at", zoned, nullable=True),
        sa.Column("outside", sa.String(200), nullable=True),
        sa.Column("patient_reference", sa.String(80), nullable=True),
        sa.Column("delivery", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("withdrawn_by", sa.String(254), nullable=True),
        sa.Column("withdrawn_at", zoned, nullable=True),
        sa.Column("withdrawn_reason", sa.String(1000), nullable=True),
    )
    op.create_index(
        "uq_handover_open", "handover", ["pump_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_handover_from", "handover", ["from_clinic_id", "id"])
    op.create_index("ix_handover_to", "handover", ["to_clinic_id", "id"])
    op.create_index("ix_handover_pump_id", "handover", ["pump_id"])
