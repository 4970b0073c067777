"""Suspend the expectation of reports: a pump whose silence is announced is not silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from tracker.errors import Conflict, Invalid, at_most
from tracker.findings.reading_points import micros
from tracker.records.column_types import key
from tracker.records.pump import Pump, look_again

LONGEST: Final = timedelta(days=180)
_PAUSES_KEPT: Final = 20


def suspend_reporting(session: Session, pump: Pump, *, until: datetime, reason: str, now: datetime) -> Pump:
    """Expect no reports until then. Raises `Invalid` for more than 180 days, a time that is past, or no reason."""
    if not now < until <= now + LONGEST:
        raise Invalid(f"silence can be announced for {LONGEST.days} days at the most", field="until")
    if not reason.strip():
        raise Invalid("say why no reports are expected", field="reason")
    at_most(500, reason.strip(), "reason")
    pump.suspended_until, pump.suspended_reason = until, reason.strip()
    pump.pauses = [*_ended(pump, now), [micros(now), micros(until)]][-_PAUSES_KEPT:]
    session.add(pump)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return pump


def resume_reporting(session: Session, pump: Pump, *, now: datetime) -> Pump:
    """Expect reports again from now on. Raises `Conflict` where they are expected already."""
    if pump.suspended_until is None or pump.suspended_until <= now:
        raise Conflict("reports are expected already")
    pump.suspended_until, pump.suspended_reason = None, None
    pump.pauses = _ended(pump, now)
    session.add(pump)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return pump


def _ended(pump: Pump, now: datetime) -> list[list[int]]:
    """The pauses of the pump's reports, none of them longer than until now."""
    return [[start, min(end, micros(now))] for start, end in pump.pauses or []]
