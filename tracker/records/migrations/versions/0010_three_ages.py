"""Contact is not measurement: when data was last readable, why nothing is measured, and which clocks are wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is stored counts as told by a right clock; a pump's newest report as the newest that could be read."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    for name in ("understood_at", "clock_at", "clock_wrong_since", "trusted_at", "refused_alarms_at"):
        op.add_column("pump_state", sa.Column(name, zoned, nullable=True))
    op.add_column("pump_state", sa.Column("clock_behind_s", sa.BigInteger(), nullable=True))
    for name, length, default in (
        ("unmeasured_by", 16, ""),
        ("data_status", 16, "current"),
        ("refused_alarms", 400, ""),
        ("refused_because", 400, ""),
    ):
        op.add_column("pump_state", sa.Column(name, sa.String(length), nullable=False, server_default=default))
    for table in ("reading", "programmer_session"):
        op.add_column(table, sa.Column("clock_wrong", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE pump_state SET understood_at = received_at")
    partial = sa.text("data_status <> 'current'")
    op.create_index(
        "ix_pump_state_data",
        "pump_state",
        ["data_status", "pump_id"],
        unique=False,
        sqlite_where=partial,
        postgresql_where=partial,
    )
