"""What tables alone can't say: records that are only ever appended to, and PostgreSQL's partitions of readings."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPENDED = (
    "audit_entry",
    "determination",
    "alarm_event",
    "lifecycle_event",
    "visit_amendment",
    "ruling_event",
    "worklist_event",
)


def upgrade() -> None:
    """Refuse UPDATE and DELETE on appended tables; give PostgreSQL a home for readings of no known month."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPENDED:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is only ever appended to'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is only ever appended to', TG_TABLE_NAME; END $$"
    )
    for table in APPENDED:
        op.execute(
            f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute("CREATE TABLE reading_default PARTITION OF reading DEFAULT")
