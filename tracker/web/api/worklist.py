"""The worklist: what needs a person, most urgent first; claim, hand over, release, finish a line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.worklist.claim_item import claim_item as claim
from tracker.actions.worklist.finish_item import finish_item as finish
from tracker.actions.worklist.item_access import area_of_item, check_may_handle
from tracker.actions.worklist.note_item import note_item
from tracker.actions.worklist.reassign_item import reassign_item as hand_over
from tracker.actions.worklist.release_item import release_item as release
from tracker.errors import NotFound
from tracker.records.column_types import from_micros, key, to_micros
from tracker.records.pump import pumps_by_id
from tracker.records.worklist import WorklistItem, worklist_page
from tracker.web.api.field_types import NO_NUL, Cursor, Given, Limit, Page, RowId, Sentence, fitting, paged, place_in
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.worklist.areas import Area

router = APIRouter(prefix="/api/v1", tags=["worklist"])

_DERIVED = frozenset({"serial", "area", "held_because"})
Handle = Annotated[Person, requires("worklist.handle")]


class ItemShown(BaseModel):
    """One line: what, why, since when, what to do next."""

    id: int
    serial: str | None = Field(description="null where the line concerns the whole clinic")
    kind: str
    priority: Literal["low", "medium", "high"]
    what: str
    why: str
    next_step: str
    link: str
    area: Area = Field(description="whose work it is: only their roles claim, hand over, note on and close it")
    held_because: str = Field(description="why nobody can close it now; empty where a person may")
    since: datetime
    harm_at: datetime = Field(description="when harm is to be expected")
    opened_at: datetime
    changed_at: datetime
    claimed_by: str | None
    claimed_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    closed_reason: str | None


class HandOver(Given):
    """To whom, and why."""

    to: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=NO_NUL)] = Field(
        description="the colleague's email", examples=["nurse@clinic.example"]
    )
    reason: Sentence = ""


class Why(Given):
    """Why; may be left out."""

    reason: Sentence = ""


class Done(Given):
    """What was done, or why nothing needs to be."""

    reason: Annotated[Sentence, StringConstraints(min_length=1)]


class Note(Given):
    """What was done so far."""

    note: Annotated[Sentence, StringConstraints(min_length=1)]


@router.get("/worklist", response_model=Page[ItemShown])
def listed(
    web: Context,
    person: Annotated[Person, requires("worklist.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
    mine: Annotated[bool, Query(description="only the lines that you have claimed")] = False,
    kind: Annotated[str | None, Query(max_length=40, pattern=NO_NUL)] = None,
) -> dict[str, Any]:
    """What needs a person at your clinic, most urgent first."""
    now = web.clock()
    scope = f"worklist {person.clinic_id} {person.email if mine else ''} {kind}"
    place = place_in(web, scope, cursor, int, int, int)
    with web.database.reading() as session:
        rows = worklist_page(
            session,
            person.clinic_id,
            now,
            limit + 1,
            (place[0], from_micros(place[1]), place[2]) if place else None,
            claimed_by=person.email if mine else None,
            kind=kind,
        )
        pumps = pumps_by_id(session, [row.pump_id for row in rows if row.pump_id is not None])
    serials = {pump_id: pump.serial for pump_id, pump in pumps.items()}
    web.trail.read(person, "worklist", "list", now, count=min(limit, len(rows)))
    return paged(
        web,
        scope,
        rows,
        limit,
        place=lambda row: [row.priority, to_micros(row.harm_at), key(row.id)],
        show=lambda row: _shown(row, serials.get(row.pump_id or 0)),
    )


@router.post("/worklist/{item_id}/claim", response_model=ItemShown)
def claim_item(item_id: RowId, web: Context, person: Handle) -> dict[str, Any]:
    """Take a line; of two who try at once, one gets it."""
    return _handle(web, person, item_id, Event.ITEM_CLAIMED, claim)


@router.post("/worklist/{item_id}/hand-over", response_model=ItemShown)
def hand_over_item(item_id: RowId, given: HandOver, web: Context, person: Handle) -> dict[str, Any]:
    """Give a line to a colleague."""
    return _handle(web, person, item_id, Event.ITEM_HANDED_OVER, hand_over, to=given.to, reason=given.reason)


@router.post("/worklist/{item_id}/release", response_model=ItemShown)
def release_item(
    item_id: RowId, web: Context, person: Handle, given: Annotated[Why | None, Body()] = None
) -> dict[str, Any]:
    """Give a claimed line back to all."""
    return _handle(web, person, item_id, Event.ITEM_RELEASED, release, reason=given.reason if given else "")


@router.post("/worklist/{item_id}/note", response_model=ItemShown)
def note(item_id: RowId, given: Note, web: Context, person: Handle) -> dict[str, Any]:
    """Note what was done so far; the task stays open."""
    return _handle(web, person, item_id, Event.ITEM_NOTED, note_item, note=given.note)


@router.post("/worklist/{item_id}/done", response_model=ItemShown)
def finish_item(item_id: RowId, given: Done, web: Context, person: Handle) -> dict[str, Any]:
    """Close a task. 409 while `held_because` is not empty; others come back if their cause still stands later."""
    return _handle(web, person, item_id, Event.ITEM_DONE, finish, reason=given.reason)


def _handle(
    web: Web, person: Person, item_id: int, event: Event, act: Callable[..., WorklistItem], **given: Any
) -> dict[str, Any]:
    now = web.clock()
    with fitting(), web.database.writing() as session:
        check_may_handle(_own(session, person, item_id), person.role)
        item = act(session, item_id, by=person.email, now=now, **given)
        pump = pumps_by_id(session, [item.pump_id]).get(item.pump_id) if item.pump_id is not None else None
        subject = f"pump:{pump.serial}" if pump else f"worklist:{item_id}"
        enter(session, person, event, subject, now, item=item_id, kind=item.kind, what=item.what, **given)
    return _shown(item, pump.serial if pump else None)


def _own(session: Session, person: Person, item_id: int) -> WorklistItem:
    item = session.get(WorklistItem, item_id)
    if item is None or item.clinic_id != person.clinic_id:
        raise NotFound("your clinic's worklist has no such line")
    return item


def _shown(item: WorklistItem, serial: str | None) -> dict[str, Any]:
    shown = {name: getattr(item, name) for name in ItemShown.model_fields if name not in _DERIVED}
    return {
        **shown,
        "serial": serial,
        "area": area_of_item(item),
        "held_because": item.holds,
        "priority": {1: "low", 2: "medium", 3: "high"}[item.priority],
    }
