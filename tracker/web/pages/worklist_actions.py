"""What is done to a line of the worklist: claim, release, hand over, done; and marking the list as seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.worklist.claim_item import claim_item
from tracker.actions.worklist.finish_item import finish_item
from tracker.actions.worklist.item_access import check_may_handle
from tracker.actions.worklist.note_item import note_item
from tracker.actions.worklist.reassign_item import reassign_item
from tracker.actions.worklist.release_item import release_item
from tracker.errors import NotFound, TrackerError
from tracker.records.queries.worklist import worklist_line
from tracker.records.staff import Staff
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.worklist import line_page
from tracker.web.views.layout import back_to

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Handler = Annotated[Person, requires("worklist.handle")]
Back = Annotated[str, Form(max_length=2000)]
Reason = Annotated[str, Form(max_length=1000)]


@router.post("/worklist/seen")
def seen(web: Context, person: Annotated[Person, requires("worklist.read")]) -> Response:
    """From now on only what changes later is marked as new."""
    with web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        staff.worklist_seen_at = web.clock()
        session.add(staff)
    return back_to("/", "seen")


@router.post("/worklist/{item_id}/claim")
def claim_line(request: Request, web: Context, person: Handler, item_id: int, back: Back = "/") -> Response:
    """Take the line; of two people who try, the second is told who has it."""
    return _perform(
        request,
        web,
        person,
        item_id,
        back,
        "claimed",
        Event.ITEM_CLAIMED,
        lambda session, now: claim_item(session, item_id, by=person.email, now=now),
    )


@router.post("/worklist/{item_id}/release")
def release_line(request: Request, web: Context, person: Handler, item_id: int, back: Back = "/") -> Response:
    """Let go of the line."""
    return _perform(
        request,
        web,
        person,
        item_id,
        back,
        "released",
        Event.ITEM_RELEASED,
        lambda session, now: release_item(session, item_id, by=person.email, now=now),
    )


@router.post("/worklist/{item_id}/hand-over")
def hand_line_over(
    request: Request,
    web: Context,
    person: Handler,
    item_id: int,
    back: Back = "/",
    to: Annotated[str, Form(max_length=254)] = "",
    reason: Reason = "",
) -> Response:
    """Give the line to a colleague."""
    return _perform(
        request,
        web,
        person,
        item_id,
        back,
        "handed-over",
        Event.ITEM_HANDED_OVER,
        lambda session, now: reassign_item(session, item_id, to=to, reason=reason, by=person.email, now=now),
    )


@router.post("/worklist/{item_id}/done")
def finish_line(
    request: Request, web: Context, person: Handler, item_id: int, back: Back = "/", reason: Reason = ""
) -> Response:
    """Close the line with the reason."""
    return _perform(
        request,
        web,
        person,
        item_id,
        back,
        "done",
        Event.ITEM_DONE,
        lambda session, now: finish_item(session, item_id, reason=reason, by=person.email, now=now),
    )


@router.post("/worklist/{item_id}/note")
def note_line(
    request: Request,
    web: Context,
    person: Handler,
    item_id: int,
    back: Back = "/",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Note what was done so far."""
    return _perform(
        request,
        web,
        person,
        item_id,
        back,
        "noted",
        Event.ITEM_NOTED,
        lambda session, now: note_item(session, item_id, note=note, by=person.email, now=now),
    )


def _perform(
    request: Request,
    web: Web,
    person: Person,
    item_id: int,
    back: str,
    said: str,
    event: Event,
    act: Callable[[Session, datetime], Any],
) -> Response:
    """Do it to a line of the person's own clinic; refused, the line's page says why."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            row = worklist_line(session, person.clinic_id, item_id)
            if row is None:
                raise NotFound("the worklist has no such line")
            check_may_handle(row.item, person.role)
            act(session, now)
            subject = f"pump:{row.pump.serial}" if row.pump else f"worklist:{item_id}"
            enter(session, person, event, subject, now, item=item_id, kind=row.item.kind, what=row.item.what)
    except TrackerError as fault:
        return line_page(request, web, person, item_id, fault=fault.detail, status_code=fault.status)
    return back_to(back, said)
