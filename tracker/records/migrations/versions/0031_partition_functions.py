"""Months of readings are made and dropped by two functions, so that the running processes own no table."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_MAKE = """
CREATE FUNCTION make_reading_month(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    name text := format('reading_%s', to_char(first, 'YYYY_MM'));
BEGIN
    EXECUTE format(
        'CREATE TABLE {schema}.%I PARTITION OF {schema}.reading FOR VALUES FROM (%L) TO (%L)',
        name, first || ' 00:00:00+00', (first + interval '1 month')::date || ' 00:00:00+00'
    );
    RETURN true;
EXCEPTION WHEN check_violation THEN
    RETURN false;
END $$
"""
_DROP = """
CREATE FUNCTION drop_reading_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TABLE {schema}.%I', format('reading_%s', to_char(month, 'YYYY_MM')));
END $$
"""


def upgrade() -> None:
    """PostgreSQL alone has partitions. Nobody but the owner may call the functions until `db upgrade --role`."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for function in (_MAKE, _DROP):
        connection.exec_driver_sql(function.replace("%", "%%").replace("{schema}", schema))
    for name in ("make_reading_month", "drop_reading_month"):
        op.execute(f"REVOKE ALL ON FUNCTION {name}(date) FROM PUBLIC")
