"""The number of a rejected message that a receipt covers, so that those are told from the ones kept up to a limit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both stay empty for messages that are kept already: these go on counting for the limit until they are settled."""
    op.add_column("rejected_message", sa.Column("epoch", sa.BigInteger(), nullable=True))
    op.add_column("rejected_message", sa.Column("seq", sa.BigInteger(), nullable=True))
    where = sa.text("status = 'kept'")
    columns = ["serial", "epoch", "seq"]
    op.create_index("ix_rejected_kept", "rejected_message", columns, sqlite_where=where, postgresql_where=where)
