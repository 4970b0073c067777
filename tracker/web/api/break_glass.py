"""Emergency access to another clinic's pump: for two hours, with a reason, in both clinics' audit trails."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from tracker.web.api.values import Given, Sentence, Serial, fitting
from tracker.web.context import Context
from tracker.web.people import Person
from tracker.web.permissions import requires
from tracker.web.reach import break_glass

router = APIRouter(prefix="/api/v1", tags=["pumps"])


class Emergency(Given):
    """Why the record is needed now, in a sentence."""

    reason: Annotated[Sentence, StringConstraints(min_length=10)]


class Access(BaseModel):
    """The access that was opened."""

    serial: str
    reason: str
    opened_at: datetime
    expires_at: datetime


@router.post("/pumps/{serial}/break-glass", status_code=201, response_model=Access)
def open_access(
    serial: Serial, given: Emergency, web: Context, person: Annotated[Person, requires("pumps.break_glass")]
) -> dict[str, Any]:
    """Open emergency access to a pump of another clinic."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        opened = break_glass(session, person, serial, given.reason, now)
    return {
        "serial": serial,
        "reason": opened.reason,
        "opened_at": opened.opened_at,
        "expires_at": opened.expires_at,
    }
