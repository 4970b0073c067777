"""Pumps: enrol, list, look at one, and how complete its delivery is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from devices.lifecycle import LifecycleState
from devices.models import catalogue
from tracker.actions.pumps.judge_delivery import verdicts
from tracker.broker.credentials import TRACKER_USERNAME
from tracker.errors import NotAllowed
from tracker.records.alarm import open_alarms
from tracker.records.column_types import from_micros, key, to_micros
from tracker.records.determination import newest_determinations
from tracker.records.forecast import Outlook
from tracker.records.pagination import pump_page, reading_page
from tracker.records.pump import Pump, PumpState
from tracker.records.queries.pump_page import delivery_told
from tracker.web.api import pump_schemas as shapes
from tracker.web.api.determination_schemas import DeterminationShown, determination_of
from tracker.web.api.field_types import (
    WHOLE,
    Amount,
    Clash,
    Cursor,
    Day,
    Given,
    Limit,
    Moment,
    Page,
    Serial,
    Short,
    Volume,
    fitting,
    paged,
    place_in,
)
from tracker.web.api.prescription_schemas import Boluses, Drugs
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of, seen_by
from tracker.web.auth.user import Person
from tracker.web.forms import enrol as enrolling

router = APIRouter(prefix="/api/v1", tags=["pumps"])


def _plus_kept(given: object) -> object:
    """A plus that nobody encoded comes out of an address as a space; before an offset it can be nothing else."""
    return given[:-6] + "+" + given[-5:] if isinstance(given, str) and given[-6:-5] == " " else given


_Asked = Annotated[Moment, BeforeValidator(_plus_kept)]
FromTime = Annotated[_Asked | None, Query(alias="from", description="measured at this time or later")]
ToTime = Annotated[_Asked | None, Query(alias="to", description="measured before this time")]


def _known_model(given: str) -> str:
    if catalogue.find(given) is None:
        raise ValueError(f"no model of the catalogue; known are {', '.join(sorted(catalogue.CATALOGUE))}")
    return given


ModelId = Annotated[str, AfterValidator(_known_model), Field(json_schema_extra={"enum": sorted(catalogue.CATALOGUE)})]


class NewPump(Given):
    """A pump to enrol: serial and model; everything else may stay unknown."""

    serial: Annotated[str, StringConstraints(max_length=64, pattern=r"^\.*[A-Za-z0-9_-][A-Za-z0-9._-]*$")] = Field(
        examples=["NGP-000123"], description="letters, digits, `.`, `_` and `-`; not dots alone"
    )
    model: ModelId = Field(examples=["synchromed-ii-20"])
    clinic: Annotated[str, StringConstraints(max_length=120)] | None = Field(None, description="your own, if given")
    udi: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] | None = None
    device_identifier: Short | None = None
    lot: Short | None = None
    manufactured_on: Day | None = Field(None, description="what the UDI says, unless given")
    expires_on: Day | None = Field(None, description="last day for implantation; what the UDI says, unless given")
    patient_reference: Short | None = Field(None, description="the clinic's own number, never a name")
    unit: Short | None = None
    lifecycle: LifecycleState | None = None
    implanted_on: Day | None = None
    drug: Short | None = Field(None, examples=["baclofen"])
    concentration: Amount | None = None
    concentration_unit: Annotated[str, StringConstraints(max_length=16, pattern=r"^[^\x00]*$")] | None = None
    dose_per_day: Amount | None = None
    drugs: Drugs | None = Field(None, description="instead of the four fields above, or in agreement with them")
    boluses: Boluses | None = Field(None, description="the most that the patient may take")
    low_reservoir_ml: Volume | None = None
    refill_cap_days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = None
    report_interval_s: Annotated[int, Field(ge=1, le=90 * 86_400), WHOLE] | None = None


class Credential(BaseModel):
    """A communicator's sign-in on the broker. The password is shown in this answer and kept nowhere."""

    username: str
    password: str | None = Field(description="null for a pump that was taken over: its communicator keeps its login")


class PumpEnrolled(shapes.PumpRecord):
    """The record of a pump that was enrolled now."""

    credential: Credential
    credential_taken_up: bool = Field(description="whether the embedded broker knows the sign-in already")
    taken_over_from: str | None = Field(description="the clinic that handed it over; null for a new pump")


class PumpShown(shapes.PumpListed):
    """One pump: record, latest state, open alarms, latest determination and forecast."""

    open_alarms: list[shapes.AlarmShown]
    determination: DeterminationShown | None
    forecast: shapes.Forecast | None


class Delivery(BaseModel):
    """What has arrived of a pump's messages. `epoch`, `contiguous` and `missing` are those of its newest receipt."""

    received: int = Field(description="messages committed, each once, rejected ones among them")
    duplicates: int = Field(description="messages that came again; no part of `received`")
    rejected: int = Field(description="those of `received` that were refused, and not taken later by a replay")
    epoch: int | None = Field(description="null before the first message")
    contiguous: int = Field(description="every `seq` up to it is committed, save those in `missing`")
    missing: list[Annotated[list[int], Field(min_length=2, max_length=2)]] = Field(
        description="closed ranges of `seq` that have not arrived, at most 64, oldest first"
    )


@router.post("/pumps", status_code=201, response_model=PumpEnrolled)
def enrol(
    given: NewPump, web: Context, response: Response, person: Annotated[Person, requires("pumps.enrol")]
) -> dict[str, Any]:
    """Enroll a pump, and get the sign-in of its communicator, shown this once.

    A pump that another clinic offers to yours, or to whoever comes, is taken over: the same pump with its history, its
    alarms and its tasks. What you say of it must agree with its record; your own number of the patient, unit and limits
    are taken as given.
    """
    if given.clinic is not None and given.clinic != person.clinic_name:
        raise NotAllowed(f"you enrol pumps at {person.clinic_name}", field="clinic")
    if given.serial == TRACKER_USERNAME:
        raise Clash(f"{given.serial} is the tracker's own name on the broker", field="serial")
    details = given.model_dump(exclude={"serial", "model", "clinic"}, exclude_none=True)
    wanted = enrolling.Wanted(given.serial, given.model, details)
    with fitting():
        made = enrolling.enrol_one(web.database, person.clinic_id, wanted, by=person.email, now=web.clock())
    response.headers["Location"] = f"/api/v1/pumps/{made.pump.serial}"
    login: dict[str, Any] = {"username": made.pump.serial, "password": None}
    if isinstance(made, enrolling.Enrolled):
        login = {"username": made.credential.username, "password": made.credential.password}
    return {
        **shapes.record_of(made.pump),
        "credential": login,
        "credential_taken_up": isinstance(made, enrolling.TakenOver) or made.taken_up,
        "taken_over_from": made.from_clinic if isinstance(made, enrolling.TakenOver) else None,
    }


@router.get("/pumps", response_model=Page[shapes.PumpListed])
def listed(
    web: Context,
    person: Annotated[Person, requires("pumps.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Your clinic's pumps, newest first."""
    scope = f"pumps {person.clinic_id}"
    place = place_in(web, scope, cursor, int, int)
    now = web.clock()
    with web.database.reading() as session:
        rows = pump_page(session, person.clinic_id, limit + 1, (from_micros(place[0]), place[1]) if place else None)
        judged = verdicts(session, [key(pump.id) for pump, _ in rows], now)

    def show(row: tuple[Pump, PumpState | None]) -> dict[str, Any]:
        return {
            **shapes.record_of(row[0]),
            "state": shapes.state_of(row[1]),
            "contact": shapes.contact_of(row[1]),
            "verdict": judged[key(row[0].id)].verdict,
        }

    web.trail.read(person, "pumps", "list", now, count=min(limit, len(rows)))
    return paged(web, scope, rows, limit, place=lambda row: [to_micros(row[0].created_at), key(row[0].id)], show=show)


@router.get("/pumps/{serial}", response_model=PumpShown)
def one(serial: Serial, web: Context, person: Annotated[Person, requires("pumps.read")]) -> dict[str, Any]:
    """One pump: its record, latest state, open alarms, latest determination and forecast."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        pump_id = key(pump.id)
        state = session.get(PumpState, pump_id)
        alarms = open_alarms(session, [pump_id]).get(pump_id, [])
        determination = newest_determinations(session, [pump_id]).get(pump_id)
        outlook = session.get(Outlook, pump_id)
        judged = verdicts(session, [pump_id], now)[pump_id]
    web.trail.read(person, f"pump:{serial}", "record", now, clinic_id=pump.clinic_id)
    return {
        **shapes.record_of(pump),
        "state": shapes.state_of(state),
        "contact": shapes.contact_of(state),
        "verdict": judged.verdict,
        "open_alarms": [shapes.alarm_of(alarm) for alarm in alarms],
        "determination": determination_of(determination) if determination else None,
        "forecast": shapes.forecast_of(outlook),
    }


@router.get("/pumps/{serial}/readings", response_model=Page[shapes.ReadingShown])
def readings(
    serial: Serial,
    web: Context,
    person: Annotated[Person, requires("readings.read")],
    request: Request,
    since: FromTime = None,
    until: ToTime = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """A pump's readings, newest first; `from` is included, `to` is not.

    A clinic that handed the pump over sees what was measured until then.
    """
    now = web.clock()
    scope = f"readings {serial} {request.query_params.get('from')} {request.query_params.get('to')}"
    place = place_in(web, scope, cursor, int, int)
    with web.database.reading() as session:
        seen = seen_by(session, person, serial, now)
        after = (place[0], place[1]) if place else None
        last = min((end for end in (until, seen.until) if end is not None), default=None)
        rows = reading_page(session, key(seen.pump.id), limit + 1, after, since=since, until=last)
    web.trail.read(person, f"pump:{serial}", "readings", now, clinic_id=seen.clinic_id)
    return paged(web, scope, rows, limit, place=lambda row: [row.epoch, row.seq], show=shapes.reading_of)


@router.get("/pumps/{serial}/delivery", response_model=Delivery)
def delivery(serial: Serial, web: Context, person: Annotated[Person, requires("delivery.read")]) -> dict[str, Any]:
    """How complete the delivery of a pump's messages is."""
    now = web.clock()
    with web.database.reading() as session:
        seen = seen_by(session, person, serial, now)
        past = seen.handover.delivery if seen.handover is not None else None
        told = past if past is not None else delivery_told(session, key(seen.pump.id))
    web.trail.read(person, f"pump:{serial}", "delivery", now, clinic_id=seen.clinic_id)
    return told
