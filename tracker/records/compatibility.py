"""Which programs may work with the schema as it stands: one row, written by whoever brought it there.

A program that was started before an upgrade meets a schema that it can't know. What the newer program wrote here tells
it whether the new schema only added to what it reads and writes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, insert, inspect, select, update
from sqlmodel import Field, SQLModel, col

_THE_ROW: Final = 1


class SchemaCompatibility(SQLModel, table=True):
    """The one row."""

    __tablename__ = "schema_compatibility"

    id: int = Field(default=_THE_ROW, primary_key=True)
    oldest_program: str = Field(max_length=32, description="the revision of the oldest program that may work with it")


def oldest_program(connection: Connection) -> str | None:
    """The revision of the oldest program that may work with the schema; None where nobody has said."""
    if not inspect(connection).has_table(SchemaCompatibility.__tablename__):
        return None
    chosen = select(col(SchemaCompatibility.oldest_program)).where(col(SchemaCompatibility.id) == _THE_ROW)
    found: str | None = connection.execute(chosen).scalar()
    return found


def say_oldest_program(connection: Connection, revision: str) -> None:
    """Write down the oldest program that may work with the schema; nothing where that stands there already."""
    said = oldest_program(connection)
    if said == revision:
        return
    row = {"oldest_program": revision}
    if said is None:
        connection.execute(insert(SchemaCompatibility).values(id=_THE_ROW, **row))
    else:
        connection.execute(update(SchemaCompatibility).where(col(SchemaCompatibility.id) == _THE_ROW).values(**row))
