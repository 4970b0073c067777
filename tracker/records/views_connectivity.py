"""How well a clinic's pumps are heard, in numbers, and whether the processes that listen are alive."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from devices.lifecycle import FOLLOWED
from tracker.records.pump import BrokerStatus, Pump, PumpState

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
