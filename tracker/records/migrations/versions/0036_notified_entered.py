"""Whether the audit trail has an entry of who was told by a step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was told before stays without an entry: the messages themselves say it."""
    op.add_column(
        "notification_recipient", sa.Column("audit_due", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    waits = sa.text("audit_due")
    op.create_index(
        "ix_notification_recipient_audit",
        "notification_recipient",
        ["id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
