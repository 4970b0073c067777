"""Where each audited act came from: browser, token or command, the session and the address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Entries that are there say nothing of it, and keep their digests."""
    for name, length in (("via", 16), ("token", 120), ("session", 16), ("address", 64)):
        op.add_column("audit_entry", sa.Column(name, sa.String(length), nullable=True))
    for name in ("via", "session", "address"):
        op.create_index(f"ix_audit_{name}", "audit_entry", [name, "seq"])
