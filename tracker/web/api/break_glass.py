"""Emergency access to another clinic's pump: for two hours, with a reason, in both clinics' audit trails."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from tracker.web.api.field_types import Given, Sentence, Serial, fitting
from tracker.web.app_state import Context
from tracker.web.auth.current_user import address_of
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import break_glass
from tracker.web.auth.reauthentication import confirm_emergency
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["pumps"])


class Emergency(Given):
    """Why the record is needed now, in a sentence."""

    reason: Annotated[Sentence, StringConstraints(min_length=10)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = Field(
        None, description="the person's own, asked of a browser's session; a program has its token"
    )


class Access(BaseModel):
    """The access that was opened."""

    serial: str
    reason: str
    opened_at: datetime
    expires_at: datetime


@router.post("/pumps/{serial}/break-glass", status_code=201, response_model=Access)
def open_access(
    request: Request,
    serial: Serial,
    given: Emergency,
    web: Context,
    person: Annotated[Person, requires("pumps.break_glass")],
) -> dict[str, Any]:
    """Open emergency access to a pump of another clinic."""
    now = web.clock()
    if given.password is not None or person.via == "browser":
        with fitting():
            confirm_emergency(web, person, given.password or "")
    with fitting(), web.database.writing() as session:
        opened = break_glass(session, person, serial, given.reason, now, address=address_of(request))
    return {
        "serial": serial,
        "reason": opened.reason,
        "opened_at": opened.opened_at,
        "expires_at": opened.expires_at,
    }
