"""Fewer messages: an hourly limit for each person, and an end that is said once it lasts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is held back yet, and every end so far was said at once."""
    op.add_column("clinic", sa.Column("messages_per_hour", sa.Integer(), server_default="12", nullable=False))
    op.add_column("notification", sa.Column("resolve_at", UtcDateTime(), nullable=True))
    op.add_column("notification", sa.Column("came_back", sa.Integer(), server_default="0", nullable=False))
    waits = sa.text("resolve_at IS NOT NULL")
    op.create_index(
        "ix_notification_resolve", "notification", ["resolve_at"], sqlite_where=waits, postgresql_where=waits
    )
    op.add_column("notification_recipient", sa.Column("held_until", UtcDateTime(), nullable=True))
    held = sa.text("held_until IS NOT NULL")
    op.create_index(
        "ix_notification_recipient_held",
        "notification_recipient",
        ["held_until"],
        sqlite_where=held,
        postgresql_where=held,
    )
