"""How Alembic runs a migration: on the connection that ``tracker.records.schema`` hands over."""

from __future__ import annotations

from alembic import context

from tracker.records.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
