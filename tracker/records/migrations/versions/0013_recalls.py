"""Recalls of many models and ranges, and serials taken apart, so that their numbers compare as numbers."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from devices.serials import NoRange, open_range, serial_key, serial_parts, serial_range

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each advisory's one range becomes its first row of coverage; what can't be compared is "may be covered"."""
    _serials()
    advisories = op.get_bind().execute(sa.text("SELECT id, model, serial_from, serial_to FROM advisory")).all()
    op.create_table(
        "advisory_coverage",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("advisory_id", sa.Integer(), sa.ForeignKey("advisory.id"), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("prefix", sa.String(64), nullable=False),
        sa.Column("suffix", sa.String(64), nullable=False),
        sa.Column("low", sa.String(64), nullable=False),
        sa.Column("high", sa.String(64), nullable=False),
        sa.Column("text", sa.String(160), nullable=False),
    )
    op.create_index("ix_advisory_coverage_advisory_id", "advisory_coverage", ["advisory_id"])
    op.create_index("ix_advisory_coverage_model", "advisory_coverage", ["model", "kind"])
    op.drop_index("ix_advisory_model", "advisory")
    with op.batch_alter_table("advisory") as table:
        table.add_column(sa.Column("classification", sa.String(40), nullable=True))
        table.add_column(sa.Column("status", sa.String(80), nullable=True))
        table.add_column(sa.Column("ended_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("unread", sa.JSON(), nullable=False, server_default="{}"))
        for column in ("model", "serial_from", "serial_to"):
            table.drop_column(column)
    op.add_column("advisory_match", sa.Column("covered", sa.String(8), nullable=False, server_default="yes"))
    for advisory_id, model, first, last in advisories:
        _cover(advisory_id, model, (first or "").strip(), (last or "").strip())


def _serials() -> None:
    for name, length in (("serial_key", 80), ("serial_prefix", 64), ("serial_digits", 64), ("serial_suffix", 64)):
        op.add_column("pump", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    connection = op.get_bind()
    taken: set[str] = set()
    rows = []
    for pump_id, serial in connection.execute(sa.text("SELECT id, serial FROM pump ORDER BY id")).all():
        spelled = serial_key(serial)
        one = (
            spelled if spelled not in taken else f"{spelled}~{pump_id}"
        )  # a second spelling from before: both are kept
        taken.add(one)
        parts = serial_parts(serial)
        rows.append({"i": pump_id, "k": one, "p": parts.prefix, "d": parts.digits, "s": parts.suffix})
    if rows:
        connection.execute(
            sa.text(
                "UPDATE pump SET serial_key = :k, serial_prefix = :p, serial_digits = :d, serial_suffix = :s WHERE id = :i"
            ),
            rows,
        )
    op.create_index("uq_pump_serial_key", "pump", ["serial_key"], unique=True)
    op.create_index("ix_pump_serial_parts", "pump", ["model", "serial_prefix", "serial_suffix", "serial_digits"])


def _cover(advisory_id: int, model: str, first: str, last: str) -> None:
    row = {"kind": "all", "prefix": "", "suffix": "", "low": "", "high": "", "text": ""}
    unread = "{}"
    if first or last:
        try:
            one = serial_range(first, last) if first and last else open_range(first, last)
            row = {
                "kind": "range",
                **{name: getattr(one, name) for name in ("prefix", "suffix", "low", "high", "text")},
            }
        except NoRange as fault:
            row["kind"] = "maybe"
            unread = json.dumps({"list": [str(fault)]})
    statement = sa.text(
        "INSERT INTO advisory_coverage (advisory_id, origin, model, kind, prefix, suffix, low, high, text) "
        "VALUES (:advisory, 'list', :model, :kind, :prefix, :suffix, :low, :high, :text)"
    )
    op.get_bind().execute(statement, {"advisory": advisory_id, "model": model, **row})
    marked = sa.text("UPDATE advisory SET unread = CAST(:unread AS JSON) WHERE id = :advisory")
    if op.get_bind().dialect.name == "sqlite":
        marked = sa.text("UPDATE advisory SET unread = :unread WHERE id = :advisory")
    op.get_bind().execute(marked, {"unread": unread, "advisory": advisory_id})
