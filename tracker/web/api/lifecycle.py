"""A pump's moves through its life: implanted, replacement planned, replaced, explanted and the rest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from devices.lifecycle import LifecycleState
from tracker.actions.audit_events import Event
from tracker.actions.pumps.hand_over_pump import offer_pump
from tracker.actions.pumps.move_pump import move_pump, undo_move
from tracker.actions.pumps.replace_pump import replace_pump
from tracker.errors import NotFound
from tracker.records.column_types import key
from tracker.records.handover import Handover
from tracker.records.lifecycle_events import LifecycleEvent, lifecycle_events
from tracker.records.pump import Pump
from tracker.web.api.acting import Told, do
from tracker.web.api.field_types import Answer, Clash, Day, Given, Page, Sentence, Serial, Short
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["pumps"])


class Move(Given):
    """Where to, on which day, and why."""

    to: LifecycleState
    on: Day | None = Field(None, description="the day of implant or explant, or the one planned for surgery")
    reason: Sentence = ""
    day_unknown: Answer = Field(False, description="for `implanted`: nobody knows the day of implant")
    successor: Short | None = Field(None, description="for `replaced`: the serial of the pump that takes its place")


class Undoing(Given):
    """Why the last move was a mistake."""

    reason: Annotated[Sentence, StringConstraints(min_length=1)]


class Moved(BaseModel):
    """A move as it stands on record."""

    id: int
    from_state: str
    to: str
    reason: str = Field(description="as it was given, with the day where one was")
    at: datetime
    by: str
    handover: int | None = Field(None, description="for `transferred`: the offer that another clinic is to accept")


@router.get("/pumps/{serial}/lifecycle", response_model=Page[Moved])
def listed(serial: Serial, web: Context, person: Annotated[Person, requires("pumps.read")]) -> dict[str, Any]:
    """Every move of the pump's life, newest first; there are few, so all stand on one page."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        events = lifecycle_events(session, key(pump.id))
    web.trail.read(person, f"pump:{serial}", "lifecycle", now, clinic_id=pump.clinic_id)
    return {"items": [_shown(event) for event in reversed(events)], "next": None}


@router.post("/pumps/{serial}/lifecycle", status_code=201, response_model=Moved)
def move(
    serial: Serial, given: Move, web: Context, person: Annotated[Person, requires("pumps.lifecycle")]
) -> dict[str, Any]:
    """Move the pump through its life; being replaced names the pump that follows it.

    To be transferred is an offer to another clinic: the pump stays where it is, followed here, until it is accepted.
    """

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        if given.to is LifecycleState.TRANSFERRED:
            offer = offer_pump(session, pump, reason=given.reason, by=person.email, now=now)
            return _offered(offer, pump), {"handover": offer.id, "reason": given.reason}
        if given.to is LifecycleState.REPLACED:
            successor, on = _successor(session, person, given, now), _day(given)
            replace_pump(session, pump, successor, on=on, reason=given.reason, by=person.email, now=now)
        else:
            about: dict[str, Any] = given.model_dump(exclude={"successor"})
            move_pump(session, pump, **about, by=person.email, now=now)
        told = _shown(lifecycle_events(session, key(pump.id))[-1])
        return told, {"to": given.to, "on": given.on, "reason": given.reason, "successor": given.successor or ""}

    offers = given.to is LifecycleState.TRANSFERRED
    return do(web, person, serial, Event.HANDOVER_OFFERED if offers else Event.PUMP_MOVED, act)


@router.post("/pumps/{serial}/lifecycle/undo", status_code=201, response_model=Moved)
def undo(
    serial: Serial, given: Undoing, web: Context, person: Annotated[Person, requires("pumps.lifecycle")]
) -> dict[str, Any]:
    """Undo the last move, which was a mistake: the pump is followed as before, and both moves stay on record."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        event = undo_move(session, pump, reason=given.reason, by=person.email, now=now)
        return _shown(event), {"from": event.from_state, "to": event.to_state, "reason": given.reason}

    return do(web, person, serial, Event.PUMP_MOVE_UNDONE, act)


def _successor(session: Session, person: Person, given: Move, now: datetime) -> Pump:
    if not given.successor or not given.successor.strip():
        raise Clash("name the serial of the new pump", field="successor")
    try:
        return pump_of(session, person, given.successor.strip(), now)
    except NotFound as fault:
        raise Clash(fault.detail, field="successor") from fault


def _day(given: Move) -> date:
    if given.on is None:
        raise Clash("say on which day it was replaced", field="on")
    return given.on


def _offered(offer: Handover, pump: Pump) -> dict[str, Any]:
    return {
        "id": offer.id,
        "from_state": pump.lifecycle,
        "to": LifecycleState.TRANSFERRED,
        "reason": offer.reason,
        "at": offer.offered_at,
        "by": offer.offered_by,
        "handover": offer.id,
    }


def _shown(event: LifecycleEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "from_state": event.from_state,
        "to": event.to_state,
        "reason": event.reason,
        "at": event.at,
        "by": event.by,
    }
