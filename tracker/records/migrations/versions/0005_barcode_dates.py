"""What the barcode says beside device, serial and lot: the day of manufacture, and the last day for implantation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both stay empty for pumps that are enrolled already: their barcodes are kept as text."""
    op.add_column("pump", sa.Column("manufactured_on", sa.Date(), nullable=True))
    op.add_column("pump", sa.Column("expires_on", sa.Date(), nullable=True))
