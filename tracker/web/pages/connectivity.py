"""Connectivity: which pumps are heard, which are late or silent, and whether the listening processes are alive."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from tracker.recent import is_recent
from tracker.records.job import ALIVE_FOR, workers
from tracker.records.queries.connectivity import (
    Messages,
    broker_status,
    link_counts,
    message_totals,
    unmeasured_pumps,
)
from tracker.records.queries.pump_list import Matching, PumpFilter, place_of_row, pump_rows
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.pages.pumps import LINKS, model_name
from tracker.web.views.layout import with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
PAGE = 50
UNMEASURED = 200
REASONS = MappingProxyType(
    {
        "unreadable": "Data can't be read",
        "repeated": "Same measurement repeated",
        "late": "Only older reports arrive",
        "held": "Sends more than it may: reports wait",
        "none": "No data",
    }
)
"""Why a pump is not measured although its communicator is heard."""


@router.get("/connectivity", response_class=HTMLResponse)
def connectivity(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("connectivity.read")],
    link: Annotated[str, Query(max_length=16)] = "disconnected",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """The links of the clinic's followed pumps in numbers, and those of one kind, the longest silent first."""
    now = web.clock()
    link = link if link in LINKS else "disconnected"
    sort = "serial" if link == "never" else "contact"
    wanted = PumpFilter(person.clinic_id, link=link, followed=True)
    scope = f"page-connectivity:{wanted}"
    place = read_cursor(web.key, scope, cursor, (str if sort == "serial" else int, int))
    counted = web.kept.get(("connectivity", person.clinic_id), partial(_counted, person.clinic_id))
    counts, messages = counted.value
    with web.database.reading() as session:
        after = None if place is None else (place[0], place[1])
        rows = pump_rows(session, wanted, sort, PAGE + 1, after, matching=Matching(counts.get(link, 0)))
        processes, broker = workers(session), broker_status(session)
        unmeasured, unmeasured_count = unmeasured_pumps(session, person.clinic_id, UNMEASURED)
    web.trail.read(person, "connectivity", "page", now)
    next_url = None
    if len(rows) > PAGE:
        next_url = with_query(request, cursor=write_cursor(web.key, scope, list(place_of_row(rows[PAGE - 1], sort))))
    return page(
        request,
        person,
        "connectivity.html",
        rows=rows[:PAGE],
        link=link,
        links=LINKS,
        counts=counts,
        messages=messages,
        unmeasured=unmeasured,
        unmeasured_count=unmeasured_count,
        reasons=REASONS,
        counted_at=counted.kept_at,
        broker_lives=broker is not None and is_recent(broker.beat_at, now, ALIVE_FOR),
        model_name=model_name,
        next_url=next_url,
        workers=processes,
        broker=broker,
    )


def _counted(clinic_id: int, session: Session) -> tuple[tuple[dict[str, int], Messages], int]:
    messages = message_totals(session, clinic_id)
    return (link_counts(session, clinic_id), messages), messages.pumps
