"""A pump's record keeps the drugs of a mixture, the boluses that the patient may take, and since when it holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """They stay empty for what was recorded before: one drug, no boluses told of."""
    zoned = sa.BigInteger() if op.get_bind().dialect.name == "sqlite" else sa.DateTime(timezone=True)
    as_json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("pump", sa.Column("drugs", as_json, nullable=True))
    op.add_column("pump", sa.Column("boluses", as_json, nullable=True))
    op.add_column("pump", sa.Column("prescribed_at", zoned, nullable=True))
