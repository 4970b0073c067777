"""Move a pump through its life: implanted, replacement planned, explanted and the rest, each move with who and why."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session

from devices.lifecycle import LifecycleState, MoveNotAllowed, move
from tracker.actions.pumps.hand_over_pump import OFFERABLE, withdraw_offer
from tracker.actions.visits.visit_codes import today_in
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.handover import open_handover
from tracker.records.lifecycle_events import LifecycleEvent, lifecycle_events
from tracker.records.pump import Pump, look_again

OUT = frozenset({LifecycleState.EXPLANTED, LifecycleState.REPLACED})
UNDOABLE = OUT | {
    LifecycleState.DECEASED,
    LifecycleState.LOST_TO_FOLLOW_UP,
    LifecycleState.RETURNED,
    LifecycleState.TRANSFERRED,
}
"""States whose entry by mistake takes a pump off the list: each can be undone. The others have moves of their own."""


def move_pump(
    session: Session,
    pump: Pump,
    *,
    to: str,
    on: date | None = None,
    day_unknown: bool = False,
    reason: str = "",
    by: str,
    now: datetime,
) -> Pump:
    """Move it. ``on`` is the day of implant or explant, or the one planned for surgery; asked for where it matters.
    A day of implant that is on record stays: another one is refused. ``day_unknown``: a person says that the day of
    implant is not known; an empty day alone does not say so.

    Raises `Conflict` for a move that a pump can't make, `Invalid` naming the field otherwise. To replace a pump by
    another, use `replace_pump`: the two must be linked.
    """
    if to == LifecycleState.REPLACED:
        raise Conflict("name the pump that takes its place")
    if to == LifecycleState.TRANSFERRED:
        raise Conflict("offer it to the other clinic: it stays yours until that one has accepted it", field="to")
    moved(session, pump, to, on=on, day_unknown=day_unknown, reason=reason, by=by, now=now)
    return pump


def undone_state(session: Session, pump: Pump) -> LifecycleState | None:
    """Where undoing the last move leads: the state before it; None where the pump was never moved here.

    A move out of stock is not undone: a pump that was in a patient does not go back on the shelf.
    """
    events = lifecycle_events(session, key(pump.id))
    if not events or events[-1].to_state != pump.lifecycle or LifecycleState(pump.lifecycle) not in UNDOABLE:
        return None
    return LifecycleState(events[-1].from_state)


def undo_move(session: Session, pump: Pump, *, reason: str, by: str, now: datetime) -> LifecycleEvent:
    """Go back to the state before a move that was a mistake; both stay on record. The pump is followed as before.

    Raises `Conflict` where there is nothing to undo, `Invalid` without a reason. A pump that had taken its place stays
    as it is, and the link between the two ends.
    """
    if not reason.strip():
        raise Invalid("say why", field="reason")
    back = undone_state(session, pump)
    if back is None:
        raise Conflict(f"there is no change of status of {pump.serial} to undo")
    row = LifecycleEvent(
        pump_id=key(pump.id),
        from_state=pump.lifecycle,
        to_state=back,
        at=now,
        by=by,
        reason=f"undone: {reason.strip()}"[:1000],
    )
    if LifecycleState(pump.lifecycle) in OUT:
        pump.explanted_on, pump.replaced_by_id = None, None
    pump.lifecycle = back
    session.add_all([pump, row])
    session.flush()
    look_again(session, [key(pump.id)], now)
    return row


def moved(
    session: Session,
    pump: Pump,
    to: str,
    *,
    on: date | None,
    day_unknown: bool = False,
    reason: str,
    by: str,
    now: datetime,
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
    _check_day(pump, after, on, today_in(session, pump.clinic_id, now), day_unknown=day_unknown)
    if after is LifecycleState.IMPLANTED and pump.implanted_on is None:
        pump.implanted_on = on
    pump.replacement_planned_for = on if after is LifecycleState.REPLACEMENT_PLANNED else None
    if after in OUT:
        pump.explanted_on = on
    pump.lifecycle = after
    offer = open_handover(session, key(pump.id))
    if offer is not None and after not in OFFERABLE:
        withdraw_offer(session, offer, reason=f"the pump is {after}", by=by, now=now)
    row = LifecycleEvent(
        pump_id=key(pump.id), from_state=before, to_state=after, at=now, by=by, reason=_told(reason, on)
    )
    session.add_all([pump, row])
    session.flush()
    look_again(session, [key(pump.id)], now)
    return row


def _check_day(pump: Pump, after: LifecycleState, on: date | None, today: date, *, day_unknown: bool) -> None:
    if after in OUT and on is None:
        raise Invalid("say on which day it was taken out", field="on")
    if after is LifecycleState.IMPLANTED and pump.implanted_on is None and on is None and not day_unknown:
        raise Invalid("say on which day it was implanted, or that the day is not known", field="on")
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
