"""How well a clinic's pumps are heard, in numbers, and whether the processes that listen are alive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import func, literal_column
from sqlmodel import Session, col, select

from devices.lifecycle import FOLLOWED
from tracker.records.credential import BrokerStatus
from tracker.records.pump import Pump, PumpState

_FOLLOWED = tuple(str(state) for state in FOLLOWED)


def link_counts(session: Session, clinic_id: int) -> dict[str, int]:
    """How many of the clinic's followed pumps have each link; a pump without a state was never heard.

    It looks at each of them.
    """
    link = func.coalesce(col(PumpState.link), "never")
    rows = session.exec(
        select(link, func.count())
        .select_from(Pump)
        .join(PumpState, col(PumpState.pump_id) == col(Pump.id), isouter=True)
        .where(col(Pump.clinic_id) == clinic_id, col(Pump.lifecycle).in_(_FOLLOWED))
        .group_by(link)
    )
    return {str(name): int(count) for name, count in rows}


class Unmeasured(NamedTuple):
    """A pump whose communicator is heard and that is not measured: since when, and what comes instead."""

    pump_id: int
    serial: str
    model: str
    patient_reference: str | None
    unit: str | None
    data_status: str
    heard_at: datetime | None
    understood_at: datetime | None
    measured_at: datetime | None


def unmeasured_pumps(session: Session, clinic_id: int, most: int) -> tuple[list[Unmeasured], int]:
    """The clinic's followed pumps that are heard and not measured, longest first, ``most`` of them; and how many."""
    columns = (Pump.id, Pump.serial, Pump.model, Pump.patient_reference, Pump.unit, PumpState.data_status)
    times = (PumpState.last_contact_at, PumpState.understood_at, PumpState.measured_at)
    mine = (
        col(PumpState.data_status) != literal_column("'current'"),  # so that the index of such pumps alone is used
        col(Pump.clinic_id) == clinic_id,
        col(Pump.lifecycle).in_(_FOLLOWED),
    )
    joined = sqlalchemy.select(*map(col, columns), *map(col, times)).join(Pump, col(Pump.id) == col(PumpState.pump_id))
    order = (func.coalesce(col(PumpState.measured_at), col(Pump.created_at)), col(Pump.id))
    rows = [Unmeasured._make(row) for row in session.execute(joined.where(*mine).order_by(*order).limit(most + 1))]
    if len(rows) <= most:
        return rows, len(rows)
    counted = sqlalchemy.select(func.count()).select_from(PumpState)
    total = session.execute(counted.join(Pump, col(Pump.id) == col(PumpState.pump_id)).where(*mine)).scalar_one()
    return rows[:most], total


class Messages(NamedTuple):
    """Messages of all of a clinic's pumps, and how many pumps that are."""

    received: int
    repeated: int
    rejected: int
    pumps: int


def message_totals(session: Session, clinic_id: int) -> Messages:
    """Messages received, repeated and rejected of all the clinic's pumps. It looks at each of them."""
    row = session.exec(
        select(
            func.coalesce(func.sum(PumpState.received), 0),
            func.coalesce(func.sum(PumpState.duplicates), 0),
            func.coalesce(func.sum(PumpState.rejected), 0),
            func.count(),
        )
        .join(Pump, col(Pump.id) == col(PumpState.pump_id))
        .where(col(Pump.clinic_id) == clinic_id)
    ).one()
    return Messages(*(int(number) for number in row))


def broker_status(session: Session) -> BrokerStatus | None:
    """The embedded broker's sign of life; None where none ever ran."""
    return session.get(BrokerStatus, 1)


def pumps_with_link(session: Session, clinic_id: int | None = None) -> Iterator[tuple[Pump, str, datetime | None]]:
    """Every pump (of that clinic), newest first, with its link and last contact; a thousand in memory at a time."""
    chosen = select(Pump, PumpState.link, PumpState.last_contact_at).join(
        PumpState, col(PumpState.pump_id) == col(Pump.id)
    )
    if clinic_id is not None:
        chosen = chosen.where(Pump.clinic_id == clinic_id)
    ordered = chosen.order_by(col(Pump.created_at).desc(), col(Pump.id).desc())
    yield from session.exec(ordered.execution_options(yield_per=1000))
