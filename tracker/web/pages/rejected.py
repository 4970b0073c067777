"""Rejected messages: look at each whole, have it read again, or discard it with a reason."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.rejected.discard_rejected import discard_rejected
from tracker.actions.rejected.replay_rejected import replay_rejected
from tracker.errors import NotFound, TrackerError
from tracker.records.pagination import clinic_count
from tracker.records.queries.rejected import rejected_counts, rejected_message, rejected_messages
from tracker.records.rejected import RejectedMessage
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import Role, requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.lists.search_terms import sealed_address, to_seal, typed_at
from tracker.web.views.layout import back_to, with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
PAGE = 50
STATUSES = ("kept", "replayed", "discarded")
_SHOWN_BYTES = 4096
Reader = Annotated[Person, requires("rejected.read")]
Settler = Annotated[Person, requires("rejected.settle")]


@router.get("/rejected", response_class=HTMLResponse, response_model=None)
def rejected(
    request: Request,
    web: Context,
    person: Reader,
    status: Annotated[str, Query(max_length=16)] = "kept",
    serial: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """A page of messages of one status."""
    if (given := to_seal(request, "/rejected")) is not None:
        return RedirectResponse(sealed_address(web.key, person, "/rejected", given), 303)
    serial = typed_at(request, web.key, person, "/rejected", {"serial": serial})["serial"]
    status = status if status in STATUSES else "kept"
    scope = f"page-rejected:{person.clinic_id}:{status}:{serial}"
    place = read_cursor(web.key, scope, cursor, (int,))
    with web.database.reading() as session:
        nobodys = sees_nobodys(session, person)
        rows = rejected_messages(
            session,
            person.clinic_id,
            nobodys=nobodys,
            status=status,
            serial=serial.strip(),
            limit=PAGE + 1,
            before_id=place[0] if place else None,
        )
        counts = rejected_counts(session, person.clinic_id, nobodys=nobodys)
    web.trail.read(person, "rejected", "page", web.clock(), count=min(PAGE, len(rows)))
    next_url = None
    if len(rows) > PAGE:
        next_url = with_query(request, cursor=write_cursor(web.key, scope, [rows[PAGE - 1].id]))
    return page(
        request,
        person,
        "rejected.html",
        messages=rows[:PAGE],
        counts=counts,
        status=status,
        statuses=STATUSES,
        serial=serial,
        next_url=next_url,
    )


@router.get("/rejected/{message_id}", response_class=HTMLResponse)
def one_message(request: Request, web: Context, person: Reader, message_id: int) -> HTMLResponse:
    """One message, byte for byte."""
    return _show(request, web, person, message_id)


@router.post("/rejected/{message_id}/replay")
def replay(request: Request, web: Context, person: Settler, message_id: int) -> Response:
    """Read it again: after its pump was enrolled, or after an upgrade."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            message = _message(session, person, message_id)
            replay_rejected(session, message_id, by=person.email, now=now)
            enter(session, person, Event.REJECTED_REPLAYED, f"pump:{message.serial}", now, message=message_id)
    except TrackerError as fault:
        return _show(request, web, person, message_id, fault)
    return back_to("/rejected", "replayed")


@router.post("/rejected/{message_id}/discard")
def discard(
    request: Request,
    web: Context,
    person: Settler,
    message_id: int,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Nothing is to be made of it; reason, length and digest stay, the bytes go."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            message = _message(session, person, message_id)
            discard_rejected(session, message_id, reason=reason, by=person.email, now=now)
            enter(session, person, Event.REJECTED_DISCARDED, f"pump:{message.serial}", now, message=message_id)
    except TrackerError as fault:
        return _show(request, web, person, message_id, fault)
    return back_to("/rejected", "discarded")


def sees_nobodys(session: Session, person: Person) -> bool:
    """Whether messages of pumps that are not enrolled are for this person: in an only clinic, or to administrators."""
    return person.role == Role.ADMINISTRATOR or clinic_count(session) == 1


def readable(payload: bytes) -> str:
    """The payload as text: JSON laid out, other text as it is, anything else as hexadecimal with its length."""
    cut = payload[:_SHOWN_BYTES]
    try:
        text = cut.decode()
    except UnicodeDecodeError:
        return cut.hex(" ")
    try:
        told = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        return told.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair is no letter
    except (ValueError, RecursionError):
        return text if all(character.isprintable() or character in "\n\t" for character in text) else cut.hex(" ")


def _message(session: Session, person: Person, message_id: int) -> RejectedMessage:
    nobodys = sees_nobodys(session, person)
    message = rejected_message(session, person.clinic_id, message_id, nobodys=nobodys)
    if message is None:
        raise NotFound("there is no such message at your clinic")
    return message


def _show(
    request: Request, web: Web, person: Person, message_id: int, fault: TrackerError | None = None
) -> HTMLResponse:
    with web.database.reading() as session:
        message = _message(session, person, message_id)
    web.trail.read(person, f"pump:{message.serial}", f"rejected message {message_id}", web.clock())
    return page(
        request,
        person,
        "rejected_message.html",
        status_code=fault.status if fault else 200,
        message=message,
        text=readable(message.payload),
        fault=fault.detail if fault else None,
    )
