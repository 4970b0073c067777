"""A pump's moves through its life: implanted, replacement planned, replaced, explanted and the rest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlmodel import Session

from devices.lifecycle import LifecycleState
from tracker.actions.audit_events import Event
from tracker.actions.move_pump import move_pump
from tracker.actions.replace_pump import replace_pump
from tracker.errors import NotFound
from tracker.records.columns import key
from tracker.records.moves import lifecycle_events
from tracker.records.pump import LifecycleEvent, Pump
from tracker.web.api.acting import Told, do
from tracker.web.api.values import Clash, Day, Given, Page, Sentence, Serial, Short
from tracker.web.context import Context
from tracker.web.people import Person
from tracker.web.permissions import requires
from tracker.web.reach import pump_of

router = APIRouter(prefix="/api/v1", tags=["pumps"])


class Move(Given):
    """Where to, on which day, and why."""

    to: LifecycleState
    on: Day | None = Field(None, description="the day of implant or explant, or the one planned for surgery")
    reason: Sentence = ""
    successor: Short | None = Field(None, description="for `replaced`: the serial of the pump that takes its place")


class Moved(BaseModel):
    """A move as it stands on record."""

    id: int
    from_state: str
    to: str
    reason: str = Field(description="as it was given, with the day where one was")
    at: datetime
    by: str


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
    """Move the pump through its life; being replaced names the pump that follows it."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        if given.to is LifecycleState.REPLACED:
            successor, on = _successor(session, person, given, now), _day(given)
            replace_pump(session, pump, successor, on=on, reason=given.reason, by=person.email, now=now)
        else:
            move_pump(session, pump, to=given.to, on=given.on, reason=given.reason, by=person.email, now=now)
        told = _shown(lifecycle_events(session, key(pump.id))[-1])
        return told, {"to": given.to, "on": given.on, "reason": given.reason, "successor": given.successor or ""}

    return do(web, person, serial, Event.PUMP_MOVED, act)


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


def _shown(event: LifecycleEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "from_state": event.from_state,
        "to": event.to_state,
        "reason": event.reason,
        "at": event.at,
        "by": event.by,
    }
