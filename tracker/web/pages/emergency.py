"""Emergency access: another clinic's pump for two hours, with a reason and the person's password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tracker.actions.pumps.emergency_access import HOURS
from tracker.errors import TrackerError
from tracker.web.app_state import Context
from tracker.web.auth.current_user import address_of
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import break_glass
from tracker.web.auth.reauthentication import confirm_emergency
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Carer = Annotated[Person, requires("pumps.break_glass")]


@router.get("/emergency")
def show(request: Request, person: Carer) -> HTMLResponse:
    """The form, with what opening it means."""
    return _form(request, person)


@router.post("/emergency")
def open_access(
    *,
    request: Request,
    web: Context,
    person: Carer,
    serial: Annotated[str, Form(max_length=200)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Open the access and go to the pump, or say why not."""
    try:
        confirm_emergency(web, person, password)
        with web.database.writing() as session:
            break_glass(session, person, serial, reason, web.clock(), address=address_of(request))
    except TrackerError as fault:
        return _form(request, person, serial=serial, reason=reason, fault=fault)
    return RedirectResponse(f"/pumps/{serial.strip()}?said=broke-glass", HTTPStatus.SEE_OTHER)


def _form(
    request: Request, person: Person, *, serial: str = "", reason: str = "", fault: TrackerError | None = None
) -> HTMLResponse:
    return page(
        request,
        person,
        "emergency.html",
        status_code=fault.status if fault else 200,
        serial=serial,
        reason=reason,
        hours=HOURS,
        fault=fault.detail if fault else None,
        field=fault.field if fault else None,
    )
