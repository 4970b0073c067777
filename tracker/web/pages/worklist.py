"""The worklist: the first page after signing in, and what is done to its lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from tracker.actions.worklist.note_look import looked_before, note_look
from tracker.errors import NotFound
from tracker.records.column_types import from_micros, to_micros
from tracker.records.queries.worklist import (
    WorklistFilter,
    WorklistLine,
    colleagues,
    place_of,
    units,
    worklist_closed_since,
    worklist_line,
    worklist_lines,
    worklist_opened_since,
    worklist_tally,
)
from tracker.records.staff import Staff, services_left_alone
from tracker.records.worklist import worklist_events
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import may, requires
from tracker.web.auth.user import Person
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.views.formatting import word
from tracker.web.views.layout import with_query
from tracker.web.views.templating import page

router = APIRouter()
PAGE = 50
LOOKS_APART = timedelta(minutes=1)
Reader = Annotated[Person, requires("worklist.read")]


@dataclass(frozen=True, slots=True)
class News:
    """What became of the list since the person last marked it as seen."""

    opened: int
    changed: int
    closed: list[WorklistLine]


@router.get("/", response_class=HTMLResponse)
def worklist(
    request: Request,
    web: Context,
    person: Reader,
    whose: Annotated[str, Query(max_length=8)] = "all",
    unit: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """Open lines, most urgent first."""
    now = web.clock()
    wanted = WorklistFilter(
        clinic_id=person.clinic_id,
        claimed_by=person.email if whose == "mine" else None,
        unclaimed=whose == "free",
        unit=unit or None,
        kind=kind or None,
    )
    scope = f"page-worklist:{wanted}"
    place = read_cursor(web.key, scope, cursor, (int, int, int))
    with web.database.reading() as session:
        after = None if place is None else (place[0], from_micros(place[1]), place[2])
        lines = worklist_lines(session, wanted, now, PAGE + 1, after)
        staff = colleagues(session, person.clinic_id)
        me = session.get(Staff, person.staff_id)
        seen_at = looked_before(me, now) if me else None
        news = _news(session, person, seen_at)
        tally = worklist_tally(session, person.clinic_id, now)
        values: dict[str, Any] = {
            "lines": lines[:PAGE],
            "tally": tally.priorities,
            "kinds": [(code, f"{word(code)} ({count})") for code, count in tally.kinds.items()],
            "units": [(name, name) for name in units(session, person.clinic_id)],
            "colleagues": [(one.email, f"{one.name} ({word(one.role)})") for one in staff],
            "names": {one.email: one.name for one in staff},
            "alone": services_left_alone(session, person.clinic_id) if may(person.role, "staff.manage") else [],
        }
    if me is not None and not person.refreshing and _is_a_new_look(me, now):
        with web.database.writing() as session:
            note_look(session, person.staff_id, now)
    web.trail.read(person, "worklist", "list", now, count=len(values["lines"]))
    next_url = None
    if len(lines) > PAGE:
        priority, harm_at, item_id = place_of(lines[PAGE - 1].item)
        next_url = with_query(request, cursor=write_cursor(web.key, scope, [priority, to_micros(harm_at), item_id]))
    back = with_query(request)
    return page(
        request,
        person,
        "worklist.html",
        whose=whose,
        unit=unit,
        kind=kind,
        seen_at=seen_at,
        news=news,
        next_url=next_url,
        back=back,
        fault=None,
        **values,
    )


@router.get("/worklist/{item_id}", response_class=HTMLResponse)
def worklist_item(request: Request, web: Context, person: Reader, item_id: int) -> HTMLResponse:
    """One line with all that happened to it."""
    return line_page(request, web, person, item_id)


def line_page(
    request: Request, web: Web, person: Person, item_id: int, fault: str | None = None, status_code: int = 200
) -> HTMLResponse:
    """The page of one line; with ``fault``, why an action on it was refused."""
    with web.database.reading() as session:
        row = worklist_line(session, person.clinic_id, item_id)
        if row is None:
            raise NotFound("the worklist has no such line")
        events = worklist_events(session, item_id)
        staff = colleagues(session, person.clinic_id)
    subject = f"pump:{row.pump.serial}" if row.pump else f"worklist:{item_id}"
    web.trail.read(person, subject, "worklist line", web.clock())
    return page(
        request,
        person,
        "worklist_item.html",
        status_code=status_code,
        row=row,
        events=events,
        names={one.email: one.name for one in staff},
        colleagues=[(one.email, f"{one.name} ({word(one.role)})") for one in staff],
        back="/",
        fault=fault,
    )


def _is_a_new_look(me: Staff, now: datetime) -> bool:
    """Whether to write this look down: one a minute is enough."""
    return me.worklist_looked_at is None or now - me.worklist_looked_at >= LOOKS_APART


def _news(session: Session, person: Person, seen_at: datetime | None) -> News | None:
    if seen_at is None:
        return None
    opened, changed = worklist_opened_since(session, person.clinic_id, seen_at)
    closed = worklist_closed_since(session, person.clinic_id, seen_at)
    return News(opened, changed, closed) if opened or changed or closed else None
