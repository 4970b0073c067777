"""Move a pump through its life: implanted, replacement planned, explanted and the rest, each move with who and why."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session

from devices.lifecycle import LifecycleState, MoveNotAllowed, move
from tracker.actions.visit_codes import today_in
from tracker.errors import Conflict, Invalid
from tracker.records.columns import key
from tracker.records.pump import LifecycleEvent, Pump, look_again

OUT = frozenset({LifecycleState.EXPLANTED, LifecycleState.REPLACED})


def move_pump(
    session: Session, pump: Pump, *, to: str, on: date | None = None, reason: str = "", by: str, now: datetime
) -> Pump:
    """Move it. ``on`` is the day of implant or explant, or the one planned for surgery; asked for where it matters.
    A day of implant that is on record stays: another one is refused.

    Raises `Conflict` for a move that a pump can't make, `Invalid` naming the field otherwise. To replace a pump by
    another, use `replace_pump`: the two must be linked.
    """
    if to == LifecycleState.REPLACED:
        raise Conflict("name the pump that takes its place")
    moved(session, pump, to, on=on, reason=reason, by=by, now=now)
    return pump


def moved(
    session: Session, pump: Pump, to: str, *, on: date | None, reason: str, by: str, now: datetime
) -> LifecycleEvent:
    """Carry the move out and append it."""
    try:
        before, after = LifecycleState(pump.lifecycle), LifecycleState(to)
    except ValueError as fault:
        raise Invalid(f"{to!r} is no state of a pump's life", field="to") from fault
    try:
        move(before, after)
    except MoveNotAllowed as fault:
        raise Conflict(str(fault)) from fault
    _check_day(pump, after, on, today_in(session, pump.clinic_id, now))
    if after is LifecycleState.IMPLANTED and pump.implanted_on is None:
        pump.implanted_on = on
    pump.replacement_planned_for = on if after is LifecycleState.REPLACEMENT_PLANNED else None
    if after in OUT:
        pump.explanted_on = on
    pump.lifecycle = after
    row = LifecycleEvent(
        pump_id=key(pump.id), from_state=before, to_state=after, at=now, by=by, reason=_told(reason, on)
    )
    session.add_all([pump, row])
    session.flush()
    look_again(session, [key(pump.id)], now)
    return row


def _check_day(pump: Pump, after: LifecycleState, on: date | None, today: date) -> None:
    if after in OUT and on is None:
        raise Invalid("say on which day it was taken out", field="on")
    if after is LifecycleState.IMPLANTED and pump.implanted_on is None and on is None:
        raise Invalid("say on which day it was implanted", field="on")
    if after is LifecycleState.IMPLANTED and on is not None and on != (pump.implanted_on or on):
        raise Invalid(f"its record says that it was implanted on {pump.implanted_on}; leave the day empty", field="on")
    if on is not None and after is not LifecycleState.REPLACEMENT_PLANNED and on > today:
        raise Invalid(f"{on} lies in the future", field="on")
    if on is not None and after is LifecycleState.REPLACEMENT_PLANNED and on < today:
        raise Invalid(f"{on} is past; surgery is planned for a day to come", field="on")
    if on is not None and pump.implanted_on is not None and after in OUT and on < pump.implanted_on:
        raise Invalid(f"the pump was implanted on {pump.implanted_on}, after that", field="on")


def _told(reason: str, on: date | None) -> str:
    return " ".join(part for part in (reason.strip(), "" if on is None else f"({on})") if part)[:1000]
