"""How well a clinic's pumps are heard, in numbers, and whether the processes that listen are alive."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from devices.lifecycle import FOLLOWED
from tracker.records.pump import BrokerStatus, Pump, PumpState
from tracker.records.views_pumps import every_pump_has_a_state

_FOLLOWED = tuple(str(state) for state in FOLLOWED)


def link_counts(session: Session, clinic_id: int) -> dict[str, int]:
    """How many of the clinic's followed pumps have each link; a pump without a state was never heard.

    Nearly all are connected: the others are counted by their index, and the connected are the rest.
    """
    followed = (col(Pump.clinic_id) == clinic_id, col(Pump.lifecycle).in_(_FOLLOWED))
    if every_pump_has_a_state(session):
        mine = select(Pump.id).where(col(Pump.id) == col(PumpState.pump_id), *followed)
        others = session.exec(
            select(PumpState.link, func.count())
            .where(col(PumpState.link) != "connected", mine.correlate(PumpState).exists())
            .group_by(col(PumpState.link))
        )
        counts = {str(name): int(count) for name, count in others}
        every = session.exec(select(func.count()).select_from(Pump).where(*followed)).one()
        connected = int(every) - sum(counts.values())
        return {**counts, "connected": connected} if connected else counts
    link = func.coalesce(col(PumpState.link), "never")
    rows = session.exec(
        select(link, func.count())
        .select_from(Pump)
        .join(PumpState, col(PumpState.pump_id) == col(Pump.id), isouter=True)
        .where(*followed)
        .group_by(link)
    )
    return {str(name): int(count) for name, count in rows}


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
