"""Emergency accesses by other clinics to this clinic's pumps: who, from where, why, what was read and done."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from tracker.actions.audit_events import Event
from tracker.actions.pumps.emergency_access import review_access
from tracker.errors import NotFound, TrackerError
from tracker.records.column_types import key
from tracker.records.emergency_access import access_of_clinic, accesses_of_clinic, entries_of_access
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
PAGE = 50
Reader = Annotated[Person, requires("emergency.read")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/emergency/received", response_class=HTMLResponse)
def received(
    request: Request, web: Context, person: Reader, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> HTMLResponse:
    """Every access to the clinic's pumps, newest first."""
    scope = f"page-emergency:{person.clinic_id}"
    place = read_cursor(web.key, scope, cursor, (int,))
    with web.database.reading() as session:
        rows = accesses_of_clinic(session, person.clinic_id, PAGE + 1, place[0] if place else None)
    web.trail.read(person, "emergency accesses", "page", web.clock(), count=min(PAGE, len(rows)))
    more = write_cursor(web.key, scope, [key(rows[PAGE - 1][0].id)]) if len(rows) > PAGE else None
    return page(request, person, "emergency_accesses.html", rows=rows[:PAGE], more=more)


@router.get("/emergency/received/{access_id}", response_class=HTMLResponse)
def one_access(request: Request, web: Context, person: Reader, access_id: Number) -> HTMLResponse:
    """One access with each page that was read and each act that was done by it."""
    return _show(request, web, person, access_id)


@router.post("/emergency/received/{access_id}/review")
def review(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("emergency.review")],
    access_id: Number,
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Record what was found; the task ends with the last access that waits."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            access, pump = review_access(
                session,
                person.clinic_id,
                access_id,
                note=note,
                staff_id=person.staff_id,
                by=person.email,
                now=now,
            )
            subject = f"pump:{pump.serial}"
            told: dict[str, Any] = {"access": access.id, "opened_by": access.opened_by, "note": note}
            enter(session, person, Event.EMERGENCY_ACCESS_REVIEWED, subject, now, **told)
    except NotFound:
        raise
    except TrackerError as fault:
        return _show(request, web, person, access_id, note=note, fault=fault)
    return back_to(f"/emergency/received/{access_id}", "reviewed")


def _show(
    request: Request,
    web: Web,
    person: Person,
    access_id: int,
    *,
    note: str = "",
    fault: TrackerError | None = None,
) -> HTMLResponse:
    web.trail.flush()  # what was read a moment ago is shown too
    with web.database.reading() as session:
        found = access_of_clinic(session, person.clinic_id, access_id)
        if found is None:
            raise NotFound("your clinic has no such emergency access")
        access, pump = found
        entries = entries_of_access(session, access, pump)
    web.trail.read(person, f"pump:{pump.serial}", f"emergency access {access_id}", web.clock())
    return page(
        request,
        person,
        "emergency_access.html",
        status_code=fault.status if fault else 200,
        access=access,
        pump=pump,
        ours=pump.clinic_id == person.clinic_id,
        entries=entries,
        note=note,
        fault=fault,
    )
