"""Messages: what left the tracker, to whom, and where each stands. Template ``messages.html``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from tracker.records.column_types import from_micros, to_micros
from tracker.records.message import State, messages_page
from tracker.records.queries.message_people import recipients_of
from tracker.web.app_state import Context
from tracker.web.auth.current_user import Person
from tracker.web.auth.permissions import requires
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
PAGE = 50


@router.get("/messages", response_class=HTMLResponse)
def messages(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("messages.read")],
    state: Annotated[str, Query(max_length=16)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """The clinic's messages, newest first."""
    chosen = State(state) if state in set(State) else None
    scope = f"page-messages:{person.clinic_id}:{chosen}"
    place = read_cursor(web.key, scope, cursor, (int, str))
    after = (from_micros(place[0]), str(place[1])) if place else None
    with web.database.reading() as session:
        rows = messages_page(session, person.clinic_id, PAGE + 1, after, state=chosen)
        people = recipients_of(session, rows)
    web.trail.read(person, "messages", "page", web.clock(), count=min(PAGE, len(rows)))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    more = write_cursor(web.key, scope, [to_micros(last.created_at), last.id]) if last else None
    return page(request, person, "messages.html", rows=rows[:PAGE], people=people, more=more, state=chosen)
