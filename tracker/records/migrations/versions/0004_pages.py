"""Indexes for the worklist, the pump and visit pages and the advisories, so that none reads a whole clinic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_pump_unit", "pump", ("clinic_id", "unit"), None),
    ("ix_pump_replaced_by", "pump", ("replaced_by_id",), "replaced_by_id IS NOT NULL"),
    ("ix_worklist_tally", "worklist_item", ("clinic_id", "kind", "priority", "snoozed_until"), "closed_at IS NULL"),
    ("ix_worklist_closed", "worklist_item", ("clinic_id", "closed_at"), "closed_at IS NOT NULL"),
    ("ix_programmer_session_visit", "programmer_session", ("visit_id",), "visit_id IS NOT NULL"),
    ("ix_advisory_match_waiting", "advisory_match", ("advisory_id", "pump_id"), "acknowledged_at IS NULL"),
)


def upgrade() -> None:
    """Make the indexes; those with a condition hold only the rows that meet it."""
    for name, table, columns, condition in INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
