"""Who is on call: policies, rotations, and who would be told of an alarm."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tracker.actions.messages.clinic_staff import oncall_of
from tracker.actions.messages.set_oncall import set_oncall
from tracker.actions.messages.take_shift import Asker, swap_shifts, take_shift
from tracker.actions.messages.view_oncall import view_oncall
from tracker.oncall.document import to_document
from tracker.oncall.stand_in import Span
from tracker.records.pump import Clinic
from tracker.web.api.field_types import NO_NUL, Given, Moment, fitting
from tracker.web.app_state import Context
from tracker.web.auth.permissions import may, requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["messages"])
Reader = Annotated[Person, requires("oncall.read")]
Taker = Annotated[Person, requires("oncall.take")]
RotaName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)]


class OncallShown(BaseModel):
    """The clinic's policies and rotations, as they are set; what is not set has defaults."""

    policies: list[dict[str, Any]]
    rotas: list[dict[str, Any]]


class OncallNow(BaseModel):
    """Who is told of what at that time."""

    at: datetime
    policies: list[dict[str, Any]]
    rotas: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    preview: list[dict[str, Any]]


class OncallGiven(Given):
    """The whole document; a fault names its path and changes nothing."""

    policies: list[dict[str, Any]] = Field(default_factory=list, max_length=100)
    rotas: list[dict[str, Any]] = Field(default_factory=list, max_length=100)


class ShiftGiven(Given):
    """From one moment to a later one."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Moment = Field(alias="from", examples=["2026-12-01T13:00:00Z"])
    end: Moment = Field(alias="to", examples=["2026-12-02T13:00:00Z"])

    def span(self) -> Span:
        """The same as the pure part takes it."""
        return Span(self.start, self.end)


class ShiftTaken(ShiftGiven):
    """A span of a rotation that somebody takes."""

    rota: RotaName
    member: Annotated[str, StringConstraints(max_length=254, pattern=NO_NUL)] = Field(
        "", description="who is on call then; left out: you. Another than you only by an administrator"
    )


class ShiftsSwapped(Given):
    """Two shifts of a rotation, whose people get each other's."""

    rota: RotaName
    first: ShiftGiven
    second: ShiftGiven


@router.get("/oncall", response_model=OncallShown)
def oncall(web: Context, person: Reader) -> dict[str, Any]:
    """The policies and rotations of your clinic."""
    with web.database.reading() as session:
        return to_document(oncall_of(session, person.clinic_id, {}))


@router.put("/oncall", response_model=OncallShown)
def put_oncall(
    given: OncallGiven, web: Context, person: Annotated[Person, requires("oncall.change")]
) -> dict[str, Any]:
    """Set the policies and rotations of your clinic, whole."""
    with fitting(), web.database.writing() as session:
        clinic = session.get_one(Clinic, person.clinic_id)
        return to_document(set_oncall(session, clinic, given.model_dump(), by=person.email, now=web.clock()))


@router.post("/oncall/overrides", response_model=OncallShown)
def take_one(given: ShiftTaken, web: Context, person: Taker) -> dict[str, Any]:
    """Be on call for that span of a rotation, in the place of whoever is. Who can't be reached can't take it."""
    with web.database.writing() as session:
        take_shift(session, _asker(person), given.rota, given.span(), web.clock(), given.member)
        return to_document(oncall_of(session, person.clinic_id, {}))


@router.post("/oncall/swaps", response_model=OncallShown)
def swap_two(given: ShiftsSwapped, web: Context, person: Taker) -> dict[str, Any]:
    """Let the people of two shifts have each other's. One of the two is yours, unless you are an administrator."""
    with web.database.writing() as session:
        swap_shifts(session, _asker(person), given.rota, given.first.span(), given.second.span(), web.clock())
        return to_document(oncall_of(session, person.clinic_id, {}))


@router.get("/oncall/now", response_model=OncallNow)
def oncall_now(
    web: Context,
    person: Reader,
    at: Annotated[
        Moment | None, Query(description="another moment than now", examples=["2026-12-01T08:00:00Z"])
    ] = None,
) -> dict[str, Any]:
    """Who is on call, who would be told of an alarm that began now, and when nobody would be."""
    with web.database.reading() as session:
        return view_oncall(session, person.clinic_id, at or web.clock())


def _asker(person: Person) -> Asker:
    return Asker(person.email, person.clinic_id, may(person.role, "oncall.change"))
