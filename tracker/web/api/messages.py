"""The messages that left, and those that wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tracker.records.column_types import from_micros, to_micros
from tracker.records.message import Message, State, messages_page
from tracker.records.queries.message_people import recipients_of
from tracker.records.queries.messages import pump_of_clinic
from tracker.web.api.field_types import Cursor, Limit, Page, paged, place_in
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["messages"])


class MessageShown(BaseModel):
    """One message: what it says, to whom, and where it stands."""

    id: str
    type: str
    state: Literal["queued", "sent", "failed", "acknowledged"]
    to: str
    channel: str
    number: int = Field(description="counted up per contact point, without gaps")
    priority: Literal["low", "medium", "high"]
    pump: str | None
    patient: str | None
    what: str
    why: str
    next_step: str
    since: datetime | None
    step: int | None
    created_at: datetime
    sent_at: datetime | None
    delivered: bool
    attempts: int
    fault: str | None
    acknowledged_at: datetime | None


@router.get("/messages", response_model=Page[MessageShown])
def messages(
    web: Context,
    person: Annotated[Person, requires("messages.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
    state: Annotated[State | None, Query(description="only those that stand so")] = None,
    delivered: Annotated[
        bool | None, Query(description="only those that the recipient's own end took, or that it did not")
    ] = None,
    pump: Annotated[str | None, Query(max_length=64, description="only those about the pump with this serial")] = None,
) -> dict[str, Any]:
    """Your clinic's messages, newest first."""
    scope = f"messages {person.clinic_id} {state} {delivered} {pump}"
    place = place_in(web, scope, cursor, int, str)
    after = (from_micros(place[0]), place[1]) if place else None
    with web.database.reading() as session:
        about = pump_of_clinic(session, person.clinic_id, pump) if pump else None
        rows = messages_page(
            session, person.clinic_id, limit + 1, after, state=state, delivered=delivered, pump_id=about
        )
        named = recipients_of(session, rows)
    web.trail.read(person, "messages", "list", web.clock(), count=min(limit, len(rows)))
    return paged(
        web,
        scope,
        rows,
        limit,
        place=lambda row: [to_micros(row.created_at), row.id],
        show=lambda row: _message(row, *named[row.id]),
    )


def message_fields(row: Message, to: str, channel: str) -> dict[str, Any]:
    """A message as the API and a rehearsal show it."""
    return _message(row, to, channel)


def _message(row: Message, to: str, channel: str) -> dict[str, Any]:
    own = (
        "id",
        "type",
        "state",
        "number",
        "created_at",
        "sent_at",
        "delivered",
        "attempts",
        "fault",
        "acknowledged_at",
    )
    told = ("pump", "patient", "what", "why", "next_step", "since", "step", "priority")
    shown = {name: row.data.get(name) for name in told} | {name: getattr(row, name) for name in own}
    return shown | {"to": to, "channel": channel}
