"""Who would be told if a pump had an alarm now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from devices.alarms import Priority
from tracker.actions.messages.preview_alarm import preview_alarm
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1/oncall", tags=["messages"])


class PointShown(BaseModel):
    """A contact point, without its address."""

    id: int
    kind: str
    label: str


class PersonTold(BaseModel):
    """One person who would be told, and where."""

    email: str
    contact_points: list[PointShown]


class TimeShown(BaseModel):
    """One time at which people are told while nobody takes it."""

    at: datetime
    turn: int
    step: int
    digest: bool = Field(description="in that person's daily summary")
    people: list[PersonTold]


class EmptyStep(BaseModel):
    """A step that reaches nobody at its time; the next one is then due at once."""

    step: int
    at: datetime
    tell: list[str]
    reasons: list[str]


class PreviewShown(BaseModel):
    """What would happen to an alarm that began now and that nobody took."""

    pump: str | None
    unit: str | None
    priority: Literal["low", "medium", "high"]
    at: datetime
    reaches_nobody: bool = Field(description="nobody of the clinic can be told")
    times: list[TimeShown]
    empty_steps: list[EmptyStep]


@router.get("/preview", response_model=PreviewShown)
def oncall_preview(
    web: Context,
    person: Annotated[Person, requires("oncall.read")],
    pump: Annotated[
        str | None, Query(min_length=1, max_length=64, description="a serial; without it: a pump of no unit")
    ] = None,
    priority: Annotated[Literal["low", "medium", "high"], Query()] = "high",
) -> dict[str, Any]:
    """If that pump stalled now, these people would be told at these times, by these contact points."""
    now = web.clock()
    with web.database.reading() as session:
        chosen = None if pump is None else pump_of(session, person, pump, now)
        clinic_id, unit = (person.clinic_id, None) if chosen is None else (chosen.clinic_id, chosen.unit)
        found = preview_alarm(session, clinic_id, unit, Priority[priority.upper()], now)
    return found | {"pump": None if chosen is None else chosen.serial, "unit": unit}
