"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Double,
    Integer,
    cast,
    extract,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EVENT_REASON = 1000  # as many characters of a reason as an alarm's or a line's event keeps


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time: how SQLite keeps it. A naive time is an error."""
    if moment.tzinfo is None:
        raise ValueError("a time without its zone can't be stored")
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC time that ``to_micros`` was given."""
    return EPOCH + micros * MICROSECOND


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time: ``timestamptz`` on PostgreSQL, microseconds since 1970 on SQLite, which has no such type."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type of each database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive times; hand each database its own form."""
        if value is None:
            return None
        micros = to_micros(value)
        return micros if dialect.name == "sqlite" else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002 - SQLAlchemy's name
        """Always an aware time in UTC; told in one step, since a sweep reads very many of them."""
        return _of_sqlite if dialect.name == "sqlite" else _of_postgresql


def _of_sqlite(micros: int | None) -> datetime | None:
    return None if micros is None else EPOCH + micros * MICROSECOND


def _of_postgresql(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


#: JSON as the database knows it best.
JsonColumn = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: A key that counts up: SQLite gives row ids to INTEGER alone.
BigKey = BigInteger().with_variant(Integer(), "sqlite")


def in_seconds(session: Session, column: ColumnElement[Any] | Any) -> ColumnElement[Any]:
    """A time's column as seconds since 1970: to be compared, at a fraction of what aware times cost."""
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, BigInteger) / 1e6
    return cast(extract("epoch", column), Double)


def key(value: int | None) -> int:
    """The key of a row that is stored; a row that is not has none, and asking is an error."""
    if value is None:
        raise ValueError("a row that is not stored yet has no key")
    return value
