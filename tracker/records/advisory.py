"""Recalls and advisories that match a clinic's pumps, and their acknowledgment per pump."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.columns import UtcDateTime, key
from tracker.records.pump import Pump


class Advisory(SQLModel, table=True):
    """A maker's or authority's notice on some pumps. Alone it never meets a criterion of replacement."""

    __tablename__ = "advisory"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, max_length=80)
    model: str = Field(max_length=64, index=True)
    serial_from: str | None = Field(default=None, max_length=64)
    serial_to: str | None = Field(default=None, max_length=64)
    published_on: date
    title: str = Field(max_length=300)
    action: str = Field(max_length=2000)
    source: str = Field(max_length=500)
    loaded_at: datetime = Field(sa_type=UtcDateTime)


class AdvisoryMatch(SQLModel, table=True):
    """An advisory that covers a pump, until somebody acknowledged it for that pump."""

    __tablename__ = "advisory_match"
    __table_args__ = (
        UniqueConstraint("advisory_id", "pump_id", name="uq_advisory_match"),
        Index(
            "ix_advisory_match_waiting",
            "advisory_id",
            "pump_id",
            sqlite_where=text("acknowledged_at IS NULL"),
            postgresql_where=text("acknowledged_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    advisory_id: int = Field(foreign_key="advisory.id")
    pump_id: int = Field(foreign_key="pump.id", index=True)
    matched_at: datetime = Field(sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254)
    note: str | None = Field(default=None, max_length=1000)


def unacknowledged_advisories(
    session: Session, pump_ids: Sequence[int]
) -> dict[int, list[tuple[AdvisoryMatch, Advisory]]]:
    """Each pump's advisories that nobody has acknowledged for it."""
    found: dict[int, list[tuple[AdvisoryMatch, Advisory]]] = {}
    chosen = (
        select(AdvisoryMatch, Advisory)
        .join(Advisory, col(Advisory.id) == col(AdvisoryMatch.advisory_id))
        .where(col(AdvisoryMatch.pump_id).in_(pump_ids), col(AdvisoryMatch.acknowledged_at).is_(None))
    )
    for match, advisory in session.exec(chosen.order_by(col(AdvisoryMatch.id))):
        found.setdefault(match.pump_id, []).append((match, advisory))
    return found


def advisories_of(session: Session, pump_id: int) -> list[tuple[AdvisoryMatch, Advisory]]:
    """Every advisory that covers a pump, acknowledged or not, newest first."""
    chosen = (
        select(AdvisoryMatch, Advisory)
        .join(Advisory, col(Advisory.id) == col(AdvisoryMatch.advisory_id))
        .where(AdvisoryMatch.pump_id == pump_id)
        .order_by(col(Advisory.published_on).desc(), col(Advisory.id).desc())
    )
    return [(match, advisory) for match, advisory in session.exec(chosen)]


def any_advisory(session: Session) -> bool:
    """Whether there is any advisory: asked at every turn of a job, so the statement is made once."""
    return session.execute(_ANY).first() is not None


_ANY = select(Advisory.id).limit(1)


def unmatched_pumps(session: Session, limit: int) -> list[tuple[int, int]]:
    """Pairs of advisory and pump that belong together and are not matched yet; the serial lies within the range."""
    length_fits = (
        col(Advisory.serial_from).is_(None) | (func.length(Advisory.serial_from) == func.length(Pump.serial))
    ) & (col(Advisory.serial_to).is_(None) | (func.length(Advisory.serial_to) == func.length(Pump.serial)))
    in_range = (col(Advisory.serial_from).is_(None) | (col(Pump.serial) >= col(Advisory.serial_from))) & (
        col(Advisory.serial_to).is_(None) | (col(Pump.serial) <= col(Advisory.serial_to))
    )
    chosen = (
        select(Advisory.id, Pump.id)
        .join(Pump, col(Pump.model) == col(Advisory.model))
        .outerjoin(
            AdvisoryMatch,
            (col(AdvisoryMatch.advisory_id) == col(Advisory.id)) & (col(AdvisoryMatch.pump_id) == col(Pump.id)),
        )
        .where(col(AdvisoryMatch.id).is_(None), length_fits, in_range)
        .order_by(col(Advisory.id), col(Pump.id))
        .limit(limit)
    )
    return [(key(advisory_id), key(pump_id)) for advisory_id, pump_id in session.exec(chosen)]
