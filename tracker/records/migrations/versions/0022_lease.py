"""The lease that makes one scheduler the leader, and what says whether the leader's jobs get their work done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A scheduler of an older version goes by its own lock: stop it before this one starts."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.create_table(
        "lease",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
    )
    op.add_column("job_run", sa.Column("every_s", sa.Float(), nullable=True))
    op.add_column("job_run", sa.Column("succeeded_at", zoned, nullable=True))
    op.add_column("job_run", sa.Column("at_work_since", zoned, nullable=True))
