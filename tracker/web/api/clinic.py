"""The clinic itself: its name, the zone of its clock, the longest that a fill may stay, and its own programmers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.pumps.name_programmer import drop_programmer, name_programmer
from tracker.actions.staff.change_clinic import change_clinic
from tracker.errors import NotFound
from tracker.records.programmer_session import programmers_of
from tracker.records.pump import Clinic
from tracker.web.api.field_types import NO_NUL, WHOLE, Clash, Given, Page, fitting
from tracker.web.app_state import Context
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import Role, requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1/clinic", tags=["clinic"])
Reader = Annotated[Person, requires("clinic.read")]
Namer = Annotated[Person, requires("programmers.name")]


class ClinicChanges(Given):
    """The fields to change. One that is left out stays as it is."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NO_NUL)] = Field(default_factory=str)
    timezone: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)] = Field(
        default_factory=str, description="an IANA name", examples=["America/New_York"]
    )
    refill_cap_days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = Field(
        None, description="the longest that a fill may stay; null takes the limit away"
    )
    second_factor_roles: list[Role] = Field(
        default_factory=list, max_length=5, description="roles that sign in with a second factor"
    )
    message_content: Literal["full", "reference", "none"] = Field(
        default_factory=lambda: "reference", description="what messages say of a patient; none: open the tracker"
    )
    messages_per_hour: Annotated[int, Field(ge=1, le=1000), WHOLE] = Field(
        default_factory=int, description="to one person; more is summed up, but for an urgent alarm and its steps"
    )


class ClinicShown(BaseModel):
    """The clinic's settings."""

    name: str
    timezone: str
    refill_cap_days: int | None
    second_factor_roles: list[Role]
    message_content: Literal["full", "reference", "none"]
    messages_per_hour: int


class Programmer(Given):
    """A programmer's own name, as its sessions tell it."""

    programmer: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)] = Field(
        examples=["A810-00231"]
    )


class ProgrammerShown(BaseModel):
    """A programmer that is the clinic's own."""

    programmer: str
    added_by: str
    added_at: datetime


class Dropped(BaseModel):
    """The programmer that is the clinic's own no longer."""

    programmer: str


@router.get("", response_model=ClinicShown)
def settings(web: Context, person: Reader) -> dict[str, Any]:
    """Your clinic's settings."""
    with web.database.reading() as session:
        return _shown(session.get_one(Clinic, person.clinic_id))


@router.patch("", response_model=ClinicShown)
def change(given: ClinicChanges, web: Context, person: Annotated[Person, requires("clinic.change")]) -> dict[str, Any]:
    """Change the settings; what was before stands in the audit trail."""
    now, wanted = web.clock(), given.model_dump(exclude_unset=True)
    with fitting(), web.database.writing() as session:
        home = session.get_one(Clinic, person.clinic_id)
        before = change_clinic(session, home, wanted, now)
        if before:
            after = {name: wanted[name] for name in before}
            enter(session, person, Event.CLINIC_CHANGED, f"clinic:{home.name}", now, before=before, after=after)
    return _shown(home)


@router.get("/programmers", response_model=Page[ProgrammerShown])
def programmers(web: Context, person: Reader) -> dict[str, Any]:
    """The clinic's own programmers by name, all on one page; a session by another one is a finding."""
    with web.database.reading() as session:
        rows = programmers_of(session, person.clinic_id)
    return {"items": [_programmer(row) for row in rows], "next": None}


@router.post("/programmers", status_code=201, response_model=ProgrammerShown)
def name_one(given: Programmer, web: Context, person: Namer) -> dict[str, Any]:
    """Name a programmer that is the clinic's own."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        row = name_programmer(session, person.clinic_id, given.programmer, by=person.email, now=now)
        _enter(session, person, Event.PROGRAMMER_NAMED, row.programmer, now)
    return _programmer(row)


@router.post("/programmers/drop", response_model=Dropped)
def drop_one(given: Programmer, web: Context, person: Namer) -> dict[str, Any]:
    """Take one off the list: its sessions are findings from then on."""
    now, name = web.clock(), given.programmer.strip()
    with fitting(), web.database.writing() as session:
        try:
            drop_programmer(session, person.clinic_id, name, now=now)
        except NotFound as fault:
            raise Clash(fault.detail, field="programmer") from fault
        _enter(session, person, Event.PROGRAMMER_DROPPED, name, now)
    return {"programmer": name}


def _enter(session: Session, person: Person, event: Event, programmer: str, now: datetime) -> None:
    home = session.get_one(Clinic, person.clinic_id)
    enter(session, person, event, f"clinic:{home.name}", now, programmer=programmer)


def _shown(home: Clinic) -> dict[str, Any]:
    roles = [role for role in home.second_factor_roles.split(",") if role]
    own = {name: getattr(home, name) for name in ClinicShown.model_fields if name != "second_factor_roles"}
    return {**own, "second_factor_roles": roles}


def _programmer(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ProgrammerShown.model_fields}
