"""Rejected messages: whole, with the reason."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tracker.records.columns import key
from tracker.records.paging import clinic_count, rejected_page
from tracker.records.rejected import RejectedMessage
from tracker.web.api.values import Cursor, Limit, Page, paged, place_in
from tracker.web.context import Context
from tracker.web.people import Person
from tracker.web.permissions import Role, requires

router = APIRouter(prefix="/api/v1", tags=["rejected"])


class RejectedShown(BaseModel):
    """A message that could not be taken, byte for byte."""

    id: int
    topic: str
    serial: str | None = Field(description="as the topic names it")
    payload: str = Field(description="the bytes in Base64", json_schema_extra={"contentEncoding": "base64"})
    field: str
    reason: str
    received_at: datetime
    status: Literal["kept", "replayed", "discarded"]


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
        nobodys = person.role == Role.ADMINISTRATOR or clinic_count(session) == 1
        rows = rejected_page(
            session, person.clinic_id, limit + 1, place[0] if place else None, nobodys=nobodys, status=status
        )
    web.trail.read(person, "rejected", "list", now, count=min(limit, len(rows)))
    return paged(web, scope, rows, limit, place=lambda row: [key(row.id)], show=_shown)


def _shown(message: RejectedMessage) -> dict[str, Any]:
    shown = {name: getattr(message, name) for name in RejectedShown.model_fields}
    return {**shown, "payload": base64.b64encode(message.payload).decode()}
