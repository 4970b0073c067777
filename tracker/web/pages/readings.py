"""Every report of a pump, one by one; or the one that a determination rests on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from tracker.records.pagination import reading_page
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.views.layout import with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
PAGE = 100


@router.get("/pumps/{serial}/readings", response_class=HTMLResponse)
def readings(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("readings.read")],
    serial: str,
    report: Annotated[str, Query(max_length=40, pattern=r"^(\d{1,18}/\d{1,18})?$")] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """A page of reports, the newest first; ``report`` (epoch/seq) begins with that one and marks it."""
    now = web.clock()
    scope = f"page-readings:{serial}:{report}"
    place = read_cursor(web.key, scope, cursor, (int, int))
    after = None if place is None else (place[0], place[1])
    if after is None and report:
        epoch, seq = report.split("/")
        after = (int(epoch), int(seq) + 1)
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = reading_page(session, pump.id or 0, PAGE + 1, after)
    web.trail.read(person, f"pump:{serial}", "readings", now, clinic_id=pump.clinic_id)
    next_url = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        next_url = with_query(request, cursor=write_cursor(web.key, scope, [last.epoch, last.seq]))
    return page(request, person, "readings.html", pump=pump, readings=rows[:PAGE], report=report, next_url=next_url)
