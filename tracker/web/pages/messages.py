"""Messages: what left the tracker, to whom, and where each stands. Template ``messages.html``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from tracker.records.column_types import from_micros, to_micros
from tracker.records.message import State, messages_page
from tracker.records.queries.message_people import recipients_of
from tracker.records.queries.messages import pump_of_clinic
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.views.layout import with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
PAGE = 50
DELIVERED = "delivered"


@router.get("/messages", response_class=HTMLResponse)
def messages(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("messages.read")],
    state: Annotated[str, Query(max_length=16)] = "",
    pump: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """The clinic's messages, newest first; with ``pump``, those about it."""
    shown = state if state in {*map(str, State), DELIVERED} else ""
    chosen, delivered = _wanted(shown)
    scope = f"page-messages:{person.clinic_id}:{shown}:{pump}"
    place = read_cursor(web.key, scope, cursor, (int, str))
    after = (from_micros(place[0]), str(place[1])) if place else None
    with web.database.reading() as session:
        about = pump_of_clinic(session, person.clinic_id, pump) if pump else None
        rows = messages_page(
            session, person.clinic_id, PAGE + 1, after, state=chosen, delivered=delivered, pump_id=about
        )
        people = recipients_of(session, rows)
    web.trail.read(person, f"pump:{pump}" if pump else "messages", "messages", web.clock(), count=min(PAGE, len(rows)))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    more = write_cursor(web.key, scope, [to_micros(last.created_at), last.id]) if last else None
    next_url = with_query(request, cursor=more) if more else None
    return page(
        request, person, "messages.html", rows=rows[:PAGE], people=people, next_url=next_url, state=shown, pump=pump
    )


def _wanted(shown: str) -> tuple[State | None, bool | None]:
    """The state, and whether the recipient's own end took it: a mail server's word is not the recipient's."""
    if shown == DELIVERED:
        return State.SENT, True
    if shown == State.SENT:
        return State.SENT, False
    return (State(shown) if shown else None), None
