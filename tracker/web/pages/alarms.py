"""What is done to an alarm on its pump's page: acknowledge it, or snooze it for a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.alarms.snooze_alarm import snooze_alarm
from tracker.actions.audit_events import Event
from tracker.errors import NotFound, TrackerError
from tracker.records.alarm import Alarm
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.pump import show_pump
from tracker.web.views.layout import back_to

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Handler = Annotated[Person, requires("alarms.handle")]


@router.post("/pumps/{serial}/alarms/{alarm_id}/acknowledge")
def acknowledge(
    request: Request,
    web: Context,
    person: Handler,
    serial: str,
    alarm_id: int,
    reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Somebody has looked; what was done is kept with it."""
    return _perform(
        request,
        web,
        person,
        serial,
        alarm_id,
        "acknowledged",
        Event.ALARM_ACKNOWLEDGED,
        lambda session, now: acknowledge_alarm(session, alarm_id, reason=reason, by=person.email, now=now),
    )


@router.post("/pumps/{serial}/alarms/{alarm_id}/snooze")
def snooze(
    request: Request,
    web: Context,
    person: Handler,
    serial: str,
    alarm_id: int,
    hours: Annotated[int, Form(ge=1, le=24 * 7)] = 24,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Leave its line off the worklist for some hours."""
    return _perform(
        request,
        web,
        person,
        serial,
        alarm_id,
        "snoozed",
        Event.ALARM_SNOOZED,
        lambda session, now: snooze_alarm(
            session, alarm_id, until=now + timedelta(hours=hours), reason=reason, by=person.email, now=now
        ),
    )


def _perform(
    request: Request,
    web: Web,
    person: Person,
    serial: str,
    alarm_id: int,
    said: str,
    event: Event,
    act: Callable[[Session, datetime], Any],
) -> Response:
    now = web.clock()
    try:
        with web.database.writing() as session:
            pump = pump_of(session, person, serial, now)
            alarm = session.get(Alarm, alarm_id)
            if alarm is None or alarm.pump_id != pump.id:
                raise NotFound("this pump has no such alarm")
            act(session, now)
            subject = f"pump:{serial}"
            enter(session, person, event, subject, now, clinic_id=pump.clinic_id, alarm=alarm_id, code=alarm.code)
    except TrackerError as fault:
        return show_pump(request, web, person, serial, fault=fault.detail, status_code=fault.status)
    return back_to(f"/pumps/{serial}#alarms", said)
