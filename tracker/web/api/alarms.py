"""Alarms: list a pump's; acknowledge, assign, snooze one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field, StringConstraints

from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.alarms.assign_alarm import assign_alarm
from tracker.actions.alarms.snooze_alarm import snooze_alarm
from tracker.actions.audit_events import Event
from tracker.errors import NotFound
from tracker.records.alarm import Alarm
from tracker.records.column_types import key
from tracker.records.pagination import alarm_page
from tracker.web.api.field_types import (
    NO_NUL,
    Cursor,
    Given,
    Limit,
    Moment,
    Page,
    RowId,
    Sentence,
    Serial,
    fitting,
    paged,
    place_in,
)
from tracker.web.api.pump_schemas import AlarmShown, alarm_of
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["alarms"])

Handle = Annotated[Person, requires("alarms.handle")]


class Acknowledgment(Given):
    """A word on it; may be left out."""

    reason: Sentence = ""


class Assignment(Given):
    """Whose it is."""

    to: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=NO_NUL)] = Field(
        description="the colleague's email", examples=["nurse@clinic.example"]
    )
    reason: Sentence = ""


class Snooze(Given):
    """Until when it can wait, and why."""

    until: Moment
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]


@router.get("/pumps/{serial}/alarms", response_model=Page[AlarmShown])
def listed(
    serial: Serial,
    web: Context,
    person: Annotated[Person, requires("pumps.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """A pump's alarms, newest first, closed ones among them."""
    now = web.clock()
    scope = f"alarms {serial}"
    place = place_in(web, scope, cursor, int)
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = alarm_page(session, key(pump.id), limit + 1, place[0] if place else None)
    web.trail.read(person, f"pump:{serial}", "alarms", now, clinic_id=pump.clinic_id)
    return paged(web, scope, rows, limit, place=lambda row: [key(row.id)], show=alarm_of)


@router.post("/pumps/{serial}/alarms/{alarm_id}/acknowledge", response_model=AlarmShown)
def acknowledge(
    serial: Serial,
    alarm_id: RowId,
    web: Context,
    person: Handle,
    given: Annotated[Acknowledgment | None, Body()] = None,
) -> AlarmShown:
    """Say that you have seen it; a latched alarm that is no longer active closes."""
    reason = given.reason if given else ""
    return _handle(web, person, serial, alarm_id, Event.ALARM_ACKNOWLEDGED, acknowledge_alarm, reason=reason)


@router.post("/pumps/{serial}/alarms/{alarm_id}/assign", response_model=AlarmShown)
def assign(serial: Serial, alarm_id: RowId, given: Assignment, web: Context, person: Handle) -> AlarmShown:
    """Make it a colleague's."""
    return _handle(web, person, serial, alarm_id, Event.ALARM_ASSIGNED, assign_alarm, to=given.to, reason=given.reason)


@router.post("/pumps/{serial}/alarms/{alarm_id}/snooze", response_model=AlarmShown)
def snooze(serial: Serial, alarm_id: RowId, given: Snooze, web: Context, person: Handle) -> AlarmShown:
    """Leave it off the worklist for a while; never one of high priority."""
    return _handle(
        web, person, serial, alarm_id, Event.ALARM_SNOOZED, snooze_alarm, until=given.until, reason=given.reason
    )


def _handle(
    web: Web, person: Person, serial: str, alarm_id: int, event: Event, act: Callable[..., Alarm], **given: Any
) -> AlarmShown:
    now = web.clock()
    with fitting(), web.database.writing() as session:
        pump = pump_of(session, person, serial, now)
        alarm = session.get(Alarm, alarm_id)
        if alarm is None or alarm.pump_id != pump.id:
            raise NotFound("this pump has no such alarm")
        alarm = act(session, alarm_id, by=person.email, now=now, **given)
        detail = {"alarm": alarm_id, "code": alarm.code, **given}
        enter(session, person, event, f"pump:{serial}", now, clinic_id=pump.clinic_id, **detail)
    return alarm_of(alarm)
