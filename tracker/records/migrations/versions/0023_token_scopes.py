"""Scopes, a last day and a maker for each token; browser and place for each session.

Tokens that are there keep every scope and last a year from the upgrade, so that no clinic's programs stop at once.
Nobody knows any more who made them, so they sign nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give what is there its scopes and its end."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    op.add_column("api_token", sa.Column("scopes", sa.String(300), nullable=False, server_default=""))
    past = "0" if op.get_bind().dialect.name == "sqlite" else "'1970-01-01 00:00+00'"
    op.add_column("api_token", sa.Column("expires_at", zoned, nullable=False, server_default=sa.text(past)))
    op.add_column("api_token", sa.Column("issued_by", sa.String(254), nullable=True))
    tokens = sa.table("api_token", sa.column("scopes", sa.String()), sa.column("expires_at", UtcDateTime()))
    op.execute(tokens.update().values(scopes="all", expires_at=datetime.now(UTC) + timedelta(days=365)))
    op.add_column("browser_session", sa.Column("browser", sa.String(200), nullable=True))
    op.add_column("browser_session", sa.Column("address", sa.String(64), nullable=True))
