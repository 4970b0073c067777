"""Indexes for what the pages ask, so that none of them reads a whole clinic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("ix_pump_unit", "pump", ("clinic_id", "unit"), None),
    ("ix_pump_model", "pump", ("clinic_id", "model"), None),
    ("ix_pump_lifecycle", "pump", ("clinic_id", "lifecycle"), None),
    ("ix_pump_search", "pump", ("clinic_id", "serial", "patient_reference", "udi"), None),
    ("ix_pump_state_contact", "pump_state", ("last_contact_at",), None),
    ("ix_pump_state_link", "pump_state", ("link", "pump_id"), "link <> 'connected'"),
    ("ix_outlook_ends", "outlook", ("eos_low_at", "eos_median_at", "eos_high_at", "pump_id"), None),
    ("ix_audit_action", "audit_entry", ("action", "seq"), None),
    ("ix_audit_clinic", "audit_entry", ("clinic_id", "seq"), None),
    ("ix_rejected_clinic", "rejected_message", ("clinic_id", "status", "id"), None),
    ("ix_mri_exam_performed", "mri_exam", ("performed_at", "id"), None),
    ("ix_mri_exam_due", "mri_exam", ("check_due_at", "id"), "checked_at IS NULL"),
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
