"""Evaluate a batch of pumps; on a failure, bisect, defer the failing pump for an hour and finish the others."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import update
from sqlmodel import col, select

from tracker.actions.pumps.evaluate_pumps import Evaluation, evaluate_pumps
from tracker.records.database import Database
from tracker.records.database_errors import Fault, kind_of
from tracker.records.pump import Pump, PumpState

_LOG = structlog.get_logger(__name__)
PUT_OFF_FOR: Final = timedelta(hours=1)

Due = Sequence[tuple[int, datetime]]


@dataclass(frozen=True, slots=True)
class PutOff:
    """A pump that can't be evaluated, as text alone: text travels between processes, which not every exception can."""

    serial: str
    fault: str
    trace: str


@dataclass(slots=True)
class Swept:
    """What a sweep did: how many pumps were recorded, and which were put off."""

    recorded: int = 0
    put_off: list[PutOff] = field(default_factory=list)

    def add(self, recorded: int, put_off: Sequence[PutOff] = ()) -> None:
        """Take in what was done with a set, and log each pump that was deferred."""
        self.recorded += recorded
        self.put_off.extend(put_off)
        for one in put_off:
            _LOG.error("a pump can't be evaluated and is put off", serial=one.serial, exception=one.trace)


def evaluate_isolated(database: Database, due: Due, now: datetime) -> tuple[list[Evaluation], list[PutOff]]:
    """Evaluate those pumps; put off, by an hour, each one at which that fails.

    A set in which something fails is halved until the pump at fault is alone. A fault of the database belongs to no
    pump: it is raised, and all stay due.
    """
    try:
        with database.reading() as session:
            return evaluate_pumps(session, due, now), []
    except Exception as fault:
        if kind_of(fault) is not Fault.DATA:
            raise
        if len(due) == 1:
            return [], [_put_off(database, due[0], fault, now)]
    middle = len(due) // 2
    evaluations, put_off = evaluate_isolated(database, due[:middle], now)
    more_evaluations, more_put_off = evaluate_isolated(database, due[middle:], now)
    return evaluations + more_evaluations, put_off + more_put_off


def _put_off(database: Database, due: tuple[int, datetime], fault: Exception, now: datetime) -> PutOff:
    """Have the pump looked at again in an hour, unless it reports something new before."""
    pump_id, since = due
    with database.writing() as session:
        serial = session.exec(select(Pump.serial).where(Pump.id == pump_id)).one()
        session.execute(
            update(PumpState)
            .where(col(PumpState.pump_id) == pump_id, col(PumpState.evaluate_at) == since)
            .values(evaluate_at=now + PUT_OFF_FOR)
            .execution_options(synchronize_session=False)
        )
    return PutOff(serial, f"{type(fault).__name__}: {fault}"[:300], "".join(traceback.format_exception(fault)))
