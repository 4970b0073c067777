"""What a pump itself told of its battery, apart from projections: indicator, charge, contradictions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_MOMENTS = ("eri_seen_at", "eos_seen_at", "charge_low_at", "charge_high_at", "charge_at", "limit_at")


def upgrade() -> None:
    """They stay empty until the pump is evaluated again."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    for name in _MOMENTS:
        op.add_column("outlook", sa.Column(name, zoned, nullable=True))
    op.add_column("outlook", sa.Column("battery_doubt", sa.String(1000), nullable=False, server_default=""))
