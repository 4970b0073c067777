"""The audit trail of one's own clinic, to be searched: who did or read what, when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tracker.actions.origin import BROWSER, COMMAND, LINK, TOKEN
from tracker.errors import Invalid
from tracker.records.audit import search_entries
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.lists.search_terms import sealed_address, to_seal, typed_at
from tracker.web.views.formatting import from_field_time
from tracker.web.views.layout import with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
PAGE = 100
WAYS = ((BROWSER, "A browser"), (TOKEN, "A token"), (COMMAND, "A command"), (LINK, "A link in a message"))


@router.get("/audit", response_class=HTMLResponse, response_model=None)
def audit_trail(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("audit.read")],
    actor: Annotated[str, Query(max_length=254)] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    via: Annotated[str, Query(max_length=16)] = "",
    session_reference: Annotated[str, Query(alias="session", max_length=16)] = "",
    address: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[str, Query(max_length=20)] = "",
    until: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Entries, the newest first, narrowed by each of their parts and by days of the clinic's calendar."""
    if (given := to_seal(request, "/audit")) is not None:
        return RedirectResponse(sealed_address(web.key, person, "/audit", given), 303)
    typed = typed_at(
        request,
        web.key,
        person,
        "/audit",
        {
            "actor": actor,
            "subject": subject,
            "action": action,
            "session": session_reference,
            "address": address,
        },
    )
    wanted = {**typed, "via": via, "since": since, "until": until}
    scope = f"page-audit:{person.clinic_id}:{':'.join(wanted.values())}"
    place = read_cursor(web.key, scope, cursor, (int,))
    begin, end = _start(since, "since", person.timezone), _start(until, "until", person.timezone, days_on=1)
    web.trail.flush()  # what was read a moment ago is shown too
    with web.database.reading() as session:
        entries = search_entries(
            session,
            person.clinic_id,
            actor=typed["actor"] or None,
            subject=typed["subject"].strip() or None,
            action=typed["action"].strip() or None,
            via=via or None,
            browser_session=typed["session"].strip() or None,
            address=typed["address"].strip() or None,
            since=begin,
            until=end,
            before_seq=place[0] if place else None,
            limit=PAGE + 1,
        )
    web.trail.read(person, "audit", "page", web.clock(), of=typed["actor"], on=typed["subject"])
    next_url = None
    if len(entries) > PAGE:
        next_url = with_query(request, cursor=write_cursor(web.key, scope, [entries[PAGE - 1].seq]))
    return page(
        request,
        person,
        "audit.html",
        entries=entries[:PAGE],
        wanted=wanted,
        ways=WAYS,
        next_url=next_url,
    )


def _start(text: str, field: str, zone: str, days_on: int = 0) -> datetime | None:
    """When that day of the clinic's calendar began, or one so many days on: a day need not have 24 hours."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=days_on)
        return from_field_time(f"{day}T00:00", zone)
    except (ValueError, OverflowError):
        raise Invalid("a day is written as 2026-11-22", field=field) from None
