"""On call: who is told now and next, each rotation's week and gaps, and the policies. Template ``oncall.html``."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import oncall_of
from tracker.actions.messages.preview_alarm import preview_alarm
from tracker.actions.messages.set_oncall import set_oncall
from tracker.actions.messages.view_oncall import view_oncall
from tracker.errors import Invalid, TrackerError
from tracker.oncall.document import to_document
from tracker.oncall.rotation import shifts
from tracker.oncall.values import Rota
from tracker.records.pump import Clinic
from tracker.records.staff import people_of_clinic
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.forms.policy_steps import choices
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.lists.search_terms import sealed_address, to_seal, typed_at
from tracker.web.views.layout import back_to
from tracker.web.views.oncall_week import week
from tracker.web.views.templating import in_words, page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
LONGEST = 100_000
SWAPPABLE = timedelta(days=28)


@router.get("/oncall", response_class=HTMLResponse)
def show(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("oncall.read")],
    pump: Annotated[str, Query(max_length=64)] = "",
    priority: Annotated[str, Query(max_length=8)] = "high",
) -> Response:
    """Who would be told if a pump stalled now, or of another priority; of that pump, or of one without a unit."""
    if (given := to_seal(request, "/oncall")) is not None:
        return RedirectResponse(sealed_address(web.key, person, "/oncall", given), 303)
    pump = typed_at(request, web.key, person, "/oncall", {"pump": pump})["pump"]
    return oncall_page(request, web, person, pump=pump.strip(), priority=priority)


@router.post("/oncall")
def change(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("oncall.change")],
    document: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    """Set policies and rotations. A faulty document changes nothing and names the path of its fault."""
    try:
        try:
            given = json.loads(document)
        except ValueError as wrong:
            raise Invalid(f"this is not JSON: {wrong}", field="document") from None
        with web.database.writing() as session:
            clinic = session.get_one(Clinic, person.clinic_id)
            set_oncall(session, clinic, given, by=person.email, now=web.clock())
    except TrackerError as fault:
        return oncall_page(request, web, person, fault=fault, typed=document)
    return back_to("/oncall", "oncall-changed")


def oncall_page(
    request: Request,
    web: Web,
    person: Person,
    *,
    fault: TrackerError | None = None,
    typed: str = "",
    pump: str = "",
    priority: str = "high",
) -> HTMLResponse:
    """The page; with ``fault``, why a change was refused. ``typed``: the document that was."""
    now = web.clock()
    urgency = next((one for one in Priority if one.name.lower() == priority), Priority.HIGH)
    with web.database.reading() as session:
        unit, unknown = None, ""
        try:
            unit = pump_of(session, person, pump, web.clock()).unit if pump else None
        except TrackerError as missing:
            unknown = missing.detail
        preview = preview_alarm(session, person.clinic_id, unit, urgency, web.clock())
        shown = view_oncall(session, person.clinic_id, web.clock())
        oncall = oncall_of(session, person.clinic_id, {})
        names = {one.email: one.name for one in people_of_clinic(session, person.clinic_id) if one.active}
    return page(
        request,
        person,
        "oncall.html",
        status_code=fault.status if fault else 200,
        oncall=shown,
        preview=preview,
        asked={"pump": pump, "unknown": unknown, "unit": unit},
        document=typed or json.dumps(to_document(oncall), indent=2),
        document_typed=bool(typed),
        names=names,
        told=choices(oncall, list(names.items())),
        weeks={one["name"]: week(one["shifts"], person.timezone) for one in shown["rotas"]},
        swappable={one.name: _swappable(one, names, person.timezone, now) for one in oncall.rotas},
        fault=fault,
    )


def _swappable(rota: Rota, names: dict[str, str], timezone: str, now: datetime) -> list[tuple[str, str]]:
    """The shifts of four weeks, as value and text."""
    return [
        (
            f"{one.start.isoformat()}/{one.end.isoformat()}",
            f"{in_words(one.start, timezone)}: {names.get(one.member, one.member)}",
        )
        for one in shifts(rota, now, now + SWAPPABLE)
        if one.member is not None
    ]
