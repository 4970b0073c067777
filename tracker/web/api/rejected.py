"""Rejected messages: whole, with the reason; have one read again, or discard it."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.rejected.discard_rejected import discard_rejected
from tracker.actions.rejected.replay_rejected import replay_rejected
from tracker.errors import NotFound
from tracker.records.column_types import key
from tracker.records.pagination import clinic_count, rejected_page
from tracker.records.queries.rejected import rejected_message
from tracker.records.rejected import RejectedMessage
from tracker.web.api.field_types import Cursor, Given, Limit, Page, RowId, Sentence, fitting, paged, place_in
from tracker.web.app_state import Context
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import Role, requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["rejected"])
Settler = Annotated[Person, requires("rejected.settle")]


class RejectedShown(BaseModel):
    """A message that could not be taken."""

    id: int
    topic: str
    serial: str | None = Field(description="as the topic names it")
    payload: str = Field(
        description="the bytes that are kept, in Base64; none once it is discarded",
        json_schema_extra={"contentEncoding": "base64"},
    )
    length: int = Field(description="how many bytes came")
    is_whole: bool = Field(description="whether all of them are kept")
    digest: str | None = Field(
        description="SHA-256 of what came, in hexadecimal; of more than 64 KiB, of the first 64 KiB"
    )
    field: str
    reason: str
    received_at: datetime
    status: Literal["kept", "replayed", "discarded"]


class Discarding(Given):
    """Reason for discarding."""

    reason: Annotated[Sentence, StringConstraints(min_length=1)]


@router.get("/rejected", response_model=Page[RejectedShown])
def listed(
    web: Context,
    person: Annotated[Person, requires("rejected.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Literal["kept", "replayed", "discarded"] | None, Query()] = None,
) -> dict[str, Any]:
    """Your clinic's rejected messages, newest first.

    Those that name no enrolled pump belong to no clinic: they are shown where there is only one, else to
    administrators.
    """
    now = web.clock()
    scope = f"rejected {person.clinic_id} {status}"
    place = place_in(web, scope, cursor, int)
    with web.database.reading() as session:
        nobodys = _sees_nobodys(session, person)
        rows = rejected_page(
            session, person.clinic_id, limit + 1, place[0] if place else None, nobodys=nobodys, status=status
        )
    web.trail.read(person, "rejected", "list", now, count=min(limit, len(rows)))
    return paged(web, scope, rows, limit, place=lambda row: [key(row.id)], show=_shown)


@router.post("/rejected/{message_id}/replay", response_model=RejectedShown)
def replay(message_id: RowId, web: Context, person: Settler) -> dict[str, Any]:
    """Read it again: after its pump was enrolled, or after an upgrade. It stays as it is where it is still refused."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        _message(session, person, message_id)
        message = replay_rejected(session, message_id, by=person.email, now=now)
        enter(session, person, Event.REJECTED_REPLAYED, f"pump:{message.serial}", now, message=message_id)
    return _shown(message)


@router.post("/rejected/{message_id}/discard", response_model=RejectedShown)
def discard(message_id: RowId, given: Discarding, web: Context, person: Settler) -> dict[str, Any]:
    """Nothing is to be made of it; reason, length and digest stay, the bytes go."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        _message(session, person, message_id)
        message = discard_rejected(session, message_id, reason=given.reason, by=person.email, now=now)
        enter(session, person, Event.REJECTED_DISCARDED, f"pump:{message.serial}", now, message=message_id)
    return _shown(message)


def _message(session: Session, person: Person, message_id: int) -> RejectedMessage:
    nobodys = _sees_nobodys(session, person)
    message = rejected_message(session, person.clinic_id, message_id, nobodys=nobodys)
    if message is None:
        raise NotFound("there is no such message at your clinic")
    return message


def _sees_nobodys(session: Session, person: Person) -> bool:
    return person.role == Role.ADMINISTRATOR or clinic_count(session) == 1


def _shown(message: RejectedMessage) -> dict[str, Any]:
    shown = {name: getattr(message, name) for name in RejectedShown.model_fields}
    return {**shown, "payload": base64.b64encode(message.payload).decode()}
