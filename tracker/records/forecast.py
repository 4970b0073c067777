"""Each pump's newest forecasts, and the thinned history of readings behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy
from sqlalchemy import Index
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from tracker.records.column_types import BigKey, JsonColumn, UtcDateTime


class Outlook(SQLModel, table=True):
    """One pump's forecasts, each date with its 80 % interval and its basis; empty where it can't be told, and why.

    ``battery_points`` and ``reservoir_points`` are the readings thinned out, so that a forecast never reads years of
    rows again: all of ``epoch`` up to ``through_seq`` is in them.
    """

    __tablename__ = "outlook"
    __table_args__ = (
        Index("ix_outlook_eos", "eos_median_at"),
        Index("ix_outlook_refill", "refill_by_at"),
        Index("ix_outlook_ends", "eos_low_at", "eos_median_at", "eos_high_at", "pump_id"),
    )

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    computed_at: datetime = Field(sa_type=UtcDateTime)
    epoch: int | None = Field(default=None, sa_type=BigKey)
    through_seq: int = Field(default=0, sa_type=BigKey)
    battery_points: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[microseconds, percent, volts, flow mL/day], ascending"
    )
    reservoir_points: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[microseconds, mL, flow mL/day] since the last fill"
    )
    filled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the last fill, logged or seen")
    eri_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eri_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eri_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eos_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eos_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eos_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    battery_basis: str = Field(default="", max_length=2000)
    eri_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="first report of the indicator")
    eos_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="first report of the end")
    charge_low_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="end by the charge alone, early"
    )
    charge_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the same, late")
    charge_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="newest report of a charge")
    limit_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="when the model stops")
    battery_doubt: str = Field(
        default="",
        max_length=1000,
        sa_column_kwargs={"server_default": ""},
        description="how the reports of the battery contradict each other",
    )
    low_mark_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    low_mark_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    low_mark_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    empty_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    empty_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    empty_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reservoir_basis: str = Field(default="", max_length=2000)
    refill_by_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refill_reason: str = Field(default="", max_length=2000)
    due_dates: list[Any] = Field(
        default_factory=list,
        sa_type=JsonColumn,
        description="refill dates that the clinic was shown, [from, date] in microseconds",
    )
    unknown: list[Any] | None = Field(
        default=None, sa_type=JsonColumn, description="what keeps a date from being computed, a sentence each"
    )


@dataclass(slots=True)
class Ahead:
    """An outlook as a plain value, field by field as the table has them: quick to read and to write in sets."""

    pump_id: int
    computed_at: datetime
    epoch: int | None = None
    through_seq: int = 0
    battery_points: list[Any] = field(default_factory=list)
    reservoir_points: list[Any] = field(default_factory=list)
    filled_at: datetime | None = None
    eri_low_at: datetime | None = None
    eri_median_at: datetime | None = None
    eri_high_at: datetime | None = None
    eos_low_at: datetime | None = None
    eos_median_at: datetime | None = None
    eos_high_at: datetime | None = None
    battery_basis: str = ""
    eri_seen_at: datetime | None = None
    eos_seen_at: datetime | None = None
    charge_low_at: datetime | None = None
    charge_high_at: datetime | None = None
    charge_at: datetime | None = None
    limit_at: datetime | None = None
    battery_doubt: str = ""
    low_mark_low_at: datetime | None = None
    low_mark_median_at: datetime | None = None
    low_mark_high_at: datetime | None = None
    empty_low_at: datetime | None = None
    empty_median_at: datetime | None = None
    empty_high_at: datetime | None = None
    reservoir_basis: str = ""
    refill_by_at: datetime | None = None
    refill_reason: str = ""
    due_dates: list[Any] = field(default_factory=list)
    unknown: list[Any] | None = None


NAMES = tuple(Ahead.__slots__)


def outlooks(session: Session, pump_ids: Sequence[int]) -> dict[int, Ahead]:
    """The outlook of each of those pumps that has one."""
    return {row[0]: Ahead(*row) for row in session.execute(_OF_PUMPS, {"pumps": list(pump_ids)})}


def computed_at(session: Session, pump_ids: Sequence[int]) -> dict[int, datetime]:
    """When the outlook of each of those pumps was made, for those that have one."""
    return {row[0]: row[1] for row in session.execute(_COMPUTED_AT, {"pumps": list(pump_ids)})}


def keep_outlooks(session: Session, rows: Sequence[Ahead]) -> None:
    """Write the outlooks, each over the one that its pump had."""
    if not rows:
        return
    upsert = _over(session.get_bind().dialect.name)
    session.connection().execute(upsert, [{name: getattr(row, name) for name in NAMES} for row in rows])


@cache
def _over(dialect_name: str) -> Any:
    statement = (sqlite if dialect_name == "sqlite" else postgresql).insert(_OUTLOOK)
    told = {name: statement.excluded[name] for name in NAMES if name != "pump_id"}
    return statement.on_conflict_do_update(index_elements=[_OUTLOOK.c.pump_id], set_=told)


_OUTLOOK: Any = Outlook.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
_IDS: Final[Any] = sqlalchemy.bindparam("pumps", expanding=True)
_OF_PUMPS: Final = sqlalchemy.select(*(col(getattr(Outlook, name)) for name in NAMES)).where(
    col(Outlook.pump_id).in_(_IDS)
)
_COMPUTED_AT: Final = sqlalchemy.select(col(Outlook.pump_id), col(Outlook.computed_at)).where(
    col(Outlook.pump_id).in_(_IDS)
)
