"""The quiet hours of whoever asks: in their own night only what is of high priority reaches them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from tracker.actions.messages.own_night import night_of, set_night
from tracker.records.staff import Staff
from tracker.web.api.field_types import NO_NUL, Given, fitting
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1/quiet-hours", tags=["messages"])
Own = Annotated[Person, requires("contacts.manage")]
CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
Clock = Annotated[str, StringConstraints(pattern=CLOCK)]


class QuietHours(Given):
    """From when to when, by the clock in that zone. Both alike: never."""

    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)] = Field(
        description="an IANA name", examples=["America/New_York"]
    )
    night_from: Clock = Field(examples=["21:00"])
    night_to: Clock = Field(examples=["07:00"])


class QuietHoursShown(BaseModel):
    """What holds for you. ``is_own`` false: you have set none, and these are the usual ones in your clinic's zone."""

    time_zone: str
    night_from: str
    night_to: str
    is_own: bool


@router.get("", response_model=QuietHoursShown)
def quiet_hours(web: Context, person: Own) -> dict[str, Any]:
    """Your quiet hours. What is of high priority reaches you all the same."""
    with web.database.reading() as session:
        return night_of(session, session.get_one(Staff, person.staff_id))._asdict()


@router.put("", response_model=QuietHoursShown)
def set_quiet_hours(given: QuietHours, web: Context, person: Own) -> dict[str, Any]:
    """Set your quiet hours, and the zone of the times in your messages."""
    with fitting(), web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        return set_night(session, staff, **given.model_dump(), now=web.clock())._asdict()
