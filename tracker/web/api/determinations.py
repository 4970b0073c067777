"""Determinations: ask now, or as of a past time, and look at those that were made."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field

from tracker.actions.audit_events import Event
from tracker.actions.replacement.determine import determine
from tracker.records.column_types import key
from tracker.records.determination import determinations_of
from tracker.web.api.determination_schemas import DeterminationShown, determination_of
from tracker.web.api.field_types import Clash, Cursor, Given, Limit, Moment, Page, Serial, fitting, paged, place_in
from tracker.web.app_state import Context
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["determinations"])


class Question(Given):
    """What to determine; an empty object, or no body at all, asks about now."""

    as_of: Moment | None = Field(None, description="answer with what was received and entered by then")


@router.post("/pumps/{serial}/determinations", status_code=201, response_model=DeterminationShown)
def make(
    serial: Serial,
    web: Context,
    person: Annotated[Person, requires("determinations.make")],
    given: Annotated[Question | None, Body()] = None,
) -> dict[str, Any]:
    """Re-evaluate whether replacing the pump is medically necessary (CMM-210.5)."""
    now = web.clock()
    as_of = given.as_of if given else None
    if as_of is not None and as_of > now:
        raise Clash("what will be known at a later time is not known yet", field="as_of")
    with fitting(), web.database.writing() as session:
        pump = pump_of(session, person, serial, now)
        row = determine(session, pump, cause="staff", now=now, as_of=as_of)
        detail = {"determination": row.id, "outcome": row.outcome, "as_of": as_of}
        enter(session, person, Event.DETERMINATION_MADE, f"pump:{serial}", now, clinic_id=pump.clinic_id, **detail)
    return determination_of(row)


@router.get("/pumps/{serial}/determinations", response_model=Page[DeterminationShown])
def listed(
    serial: Serial,
    web: Context,
    person: Annotated[Person, requires("determinations.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """A pump's determinations, newest first."""
    now = web.clock()
    scope = f"determinations {serial}"
    place = place_in(web, scope, cursor, int)
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = determinations_of(session, key(pump.id), limit + 1, place[0] if place else None)
    web.trail.read(person, f"pump:{serial}", "determinations", now, clinic_id=pump.clinic_id)
    return paged(web, scope, rows, limit, place=lambda row: [key(row.id)], show=determination_of)
