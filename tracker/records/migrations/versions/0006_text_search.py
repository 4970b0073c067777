"""On PostgreSQL an index for the search of pumps, where the server has what it needs."""

from __future__ import annotations

from alembic import op

from tracker.records import text_search

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """SQLite reads a clinic's pumps fast enough without."""
    if op.get_bind().dialect.name == "postgresql":
        text_search.make_index(op.get_bind())
