"""Who is on call: policies, rotations, and who would be told of an alarm."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tracker.actions.messages.clinic_staff import oncall_of
from tracker.actions.messages.set_oncall import set_oncall
from tracker.actions.messages.view_oncall import view_oncall
from tracker.oncall.document import to_document
from tracker.records.pump import Clinic
from tracker.web.api.field_types import Given, Moment, fitting
from tracker.web.app_state import Context
from tracker.web.auth.current_user import Person
from tracker.web.auth.permissions import requires

router = APIRouter(prefix="/api/v1", tags=["messages"])
Reader = Annotated[Person, requires("oncall.read")]


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
