"""Emergency accesses by other clinics to this clinic's pumps, with what was read and done, and their review."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from tracker.actions.audit_events import Event
from tracker.actions.pumps.emergency_access import review_access
from tracker.errors import NotFound
from tracker.records.column_types import key
from tracker.records.emergency_access import Row, access_of_clinic, accesses_of_clinic, entries_of_access
from tracker.web.api.field_types import Cursor, Given, Limit, Page, RowId, Sentence, fitting, paged, place_in
from tracker.web.app_state import Context
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["emergency access"])
Reader = Annotated[Person, requires("emergency.read")]


class Review(Given):
    """What the owning clinic found."""

    note: Annotated[Sentence, StringConstraints(min_length=1)]


class AccessShown(BaseModel):
    """One access; it waits for a review until `reviewed_at`."""

    id: int
    serial: str
    opened_by: str
    from_clinic: str
    via: str = Field(description="browser or token")
    address: str
    reason: str
    opened_at: datetime
    expires_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    review: str | None


class AccessEntry(BaseModel):
    """One entry of the audit trail: a page that was read, or an act."""

    at: datetime
    action: str
    detail: dict[str, Any]


class AccessWithDeeds(AccessShown):
    """With what was read and done by it, oldest first."""

    entries: list[AccessEntry]


@router.get("/emergency-accesses", response_model=Page[AccessShown])
def listed(
    web: Context,
    person: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    waiting: Annotated[bool, Query(description="only those that nobody has reviewed")] = False,
) -> dict[str, Any]:
    """Accesses by other clinics to your pumps, newest first."""
    scope = f"emergency {person.clinic_id} {waiting}"
    place = place_in(web, scope, cursor, int)
    with web.database.reading() as session:
        rows = accesses_of_clinic(session, person.clinic_id, limit + 1, place[0] if place else None, waiting=waiting)
    web.trail.read(person, "emergency accesses", "list", web.clock(), count=min(limit, len(rows)))
    return paged(web, scope, rows, limit, place=lambda row: [key(row[0].id)], show=_shown)


@router.get("/emergency-accesses/{access_id}", response_model=AccessWithDeeds)
def one_access(access_id: RowId, web: Context, person: Reader) -> dict[str, Any]:
    """One access, with each page that was read and each act that was done by it."""
    web.trail.flush()  # what was read a moment ago is shown too
    with web.database.reading() as session:
        found = access_of_clinic(session, person.clinic_id, access_id)
        if found is None:
            raise NotFound("your clinic has no such emergency access")
        entries = entries_of_access(session, *found)
    web.trail.read(person, f"pump:{found[1].serial}", f"emergency access {access_id}", web.clock())
    told = [{"at": one.at, "action": one.action, "detail": one.detail} for one in entries]
    return {**_shown(found), "entries": told}


@router.post("/emergency-accesses/{access_id}/review", response_model=AccessShown)
def review(
    access_id: RowId, given: Review, web: Context, person: Annotated[Person, requires("emergency.review")]
) -> dict[str, Any]:
    """Record what you found. The task ends with the last access that waits."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        access, pump = review_access(
            session, person.clinic_id, access_id, note=given.note, staff_id=person.staff_id, by=person.email, now=now
        )
        told: dict[str, Any] = {"access": access.id, "opened_by": access.opened_by, "note": given.note}
        enter(session, person, Event.EMERGENCY_ACCESS_REVIEWED, f"pump:{pump.serial}", now, **told)
    return _shown((access, pump))


def _shown(row: Row) -> dict[str, Any]:
    access, pump = row
    fields = (name for name in AccessShown.model_fields if name != "serial")
    return {"serial": pump.serial, **{name: getattr(access, name) for name in fields}}
