"""What findings must know of the past: the refill dates that were shown, pauses, earlier low marks.

Findings of kinds that are the clinic's or the device's no longer count as signs of neglect.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tracker.records.column_types import JsonColumn

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CLINIC_SIDE = ("alarm_unattended", "handling_against_limits", "prolonged_stop")


def upgrade() -> None:
    """Older outlooks begin with no date shown, so that nothing before the upgrade counts as late."""
    op.add_column("outlook", sa.Column("due_dates", JsonColumn, nullable=False, server_default="[]"))
    op.add_column("pump", sa.Column("pauses", JsonColumn, nullable=True))
    op.add_column("pump", sa.Column("low_marks", JsonColumn, nullable=True))
    finding = sa.table("finding", sa.column("kind"), sa.column("neglect_or_abuse", sa.Boolean()))
    op.execute(finding.update().where(finding.c.kind.in_(CLINIC_SIDE)).values(neglect_or_abuse=sa.false()))
