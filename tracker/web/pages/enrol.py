"""Enroll a pump: type or scan its UDI, complete what it does not say; or a whole list from CSV, tried first."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from devices.identifiers import parse_udi
from devices.lifecycle import LifecycleState
from devices.models.catalogue import MODELS
from devices.udi import Udi, UdiError
from tracker.actions.pumps.read_pump_list import Line, LineFault, columns_left_out, read_pump_list
from tracker.actions.visits.visit_codes import today_in
from tracker.errors import Invalid, TrackerError
from tracker.records.queries.pump_list import model_of_device
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms import staged_upload
from tracker.web.forms.duration_input import interval_seconds
from tracker.web.forms.enrol import TakenOver, Wanted, enrol
from tracker.web.forms.enrol import enrol_one as enrol_one_pump
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.lists.search_terms import sealed_address, to_seal, typed_at
from tracker.web.views.formatting import word
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Enroller = Annotated[Person, requires("pumps.enrol")]
Text = Annotated[str, Form(max_length=120)]
STATES = tuple((str(state), word(state)) for state in (LifecycleState.IMPLANTED, LifecycleState.IN_STOCK))
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as typed."""

    serial: str = ""
    model: str = ""
    udi: str = ""
    device_identifier: str = ""
    lot: str = ""
    patient_reference: str = ""
    unit: str = ""
    lifecycle: str = "implanted"
    implanted_on: str = ""
    drug: str = ""
    concentration: str = ""
    concentration_unit: str = ""
    dose_per_day: str = ""
    low_reservoir_ml: str = ""
    refill_cap_days: str = ""
    report_interval: str = ""


@router.get("/enrol", response_class=HTMLResponse, response_model=None)
def enrol_form(
    request: Request, web: Context, person: Enroller, udi: Annotated[str, Query(max_length=500)] = ""
) -> Response:
    """The form; with a UDI, filled with what the barcode says, and the model that bore its device part before."""
    if (given := to_seal(request, "/enrol")) is not None:
        return RedirectResponse(sealed_address(web.key, person, "/enrol", given), 303)
    udi = typed_at(request, web.key, person, "/enrol", {"udi": udi})["udi"]
    said: Udi | None = None
    fault: str | None = None
    if udi.strip():
        try:
            said = parse_udi(udi)
        except UdiError as refused:
            fault = str(refused)
    typed = Typed(udi=udi.strip())
    if said is not None:
        with web.database.reading() as session:
            model = model_of_device(session, person.clinic_id, said.device_identifier)
        typed = Typed(
            udi=udi.strip(),
            serial=said.serial or "",
            model=model or "",
            device_identifier=said.device_identifier,
            lot=said.lot or "",
        )
    return _show(request, person, typed, said=said, udi_fault=fault)


@router.post("/enrol")
def enrol_one(
    request: Request,
    web: Context,
    person: Enroller,
    serial: Text = "",
    model: Text = "",
    udi: Annotated[str, Form(max_length=500)] = "",
    device_identifier: Text = "",
    lot: Text = "",
    patient_reference: Text = "",
    unit: Text = "",
    lifecycle: Text = "implanted",
    implanted_on: Text = "",
    day_unknown: Text = "",
    drug: Text = "",
    concentration: Text = "",
    concentration_unit: Text = "",
    dose_per_day: Text = "",
    low_reservoir_ml: Text = "",
    refill_cap_days: Text = "",
    report_interval: Text = "",
) -> HTMLResponse:
    """Enrol it, and show the communicator's sign-in this once."""
    typed = Typed(
        serial,
        model,
        udi,
        device_identifier,
        lot,
        patient_reference,
        unit,
        lifecycle,
        implanted_on,
        drug,
        concentration,
        concentration_unit,
        dose_per_day,
        low_reservoir_ml,
        refill_cap_days,
        report_interval,
    )
    try:
        if lifecycle.strip() == "implanted" and not implanted_on.strip() and day_unknown != "yes":
            raise Invalid("say on which day it was implanted, or that the day is not known", field="implanted_on")
        wanted = Wanted(serial.strip(), model, _details(typed))
        made = enrol_one_pump(web.database, person.clinic_id, wanted, by=person.email, now=web.clock())
    except TrackerError as fault:
        return _show(request, person, typed, fault=fault)
    if isinstance(made, TakenOver):
        return page(request, person, "taken_over.html", pump=made.pump, from_clinic=made.from_clinic)
    return page(request, person, "enrolled.html", pump=made.pump, credential=made.credential, taken_up=made.taken_up)


@router.post("/pumps/import")
def import_list(
    request: Request,
    web: Context,
    person: Enroller,
    file: Annotated[UploadFile | None, File()] = None,
    tried: Annotated[str, Form(max_length=staged_upload.LONGEST)] = "",
    do: Annotated[str, Form(max_length=8)] = "try",
) -> Response:
    """Try a list, showing every line's fault; or enrol it whole and hand out the sign-ins as CSV.

    The list is the file's, or the one that was ``tried`` just before and stands in the page's form.
    """
    now = web.clock()
    try:
        data = _list_of(web, person, file, tried, now)
        with web.database.reading() as session:
            lines, faults = read_pump_list(session, data, today_in(session, person.clinic_id, now))
        if do == "enrol" and not faults:
            wanted = [Wanted(line.serial, line.model, line.details) for line in lines]
            made = enrol(web.database, person.clinic_id, wanted, by=person.email, now=now)
            rows = [(one.pump.serial, one.credential.username, one.credential.password) for one in made]
            return _sign_ins(rows, f"sign-ins-{now:%Y-%m-%d}.csv")
    except TrackerError as fault:
        return _show(request, person, Typed(), list_fault=fault)
    kept = None if faults else staged_upload.hold(web.key, person.session_digest, data, now)
    left_out = columns_left_out(data)
    refused = do == "enrol"
    return _show(request, person, Typed(), lines=lines, faults=faults, left_out=left_out, tried=kept, refused=refused)


def _list_of(web: Web, person: Person, file: UploadFile | None, tried: str, now: datetime) -> bytes:
    if tried:
        return staged_upload.held(web.key, person.session_digest, tried, now)
    data = file.file.read() if file is not None else b""
    if not data:
        raise Invalid("choose a file that has something in it", field="file")
    return data


def _details(typed: Typed) -> dict[str, Any]:
    details: dict[str, Any] = {
        one.name: text
        for one in fields(typed)
        if one.name not in _READ and one.name not in {"serial", "model"} and (text := getattr(typed, one.name).strip())
    }
    for name, (column, read) in _READ.items():
        text = getattr(typed, name).strip()
        if text:
            details[column] = read(text)
    return details


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("write the day as 2026-11-22", field="implanted_on") from None


def _volume(text: str) -> float:
    return _number(text, "low_reservoir_ml")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Invalid("write a whole number of days", field="refill_cap_days")
    return int(text)


def _number(text: str, field: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise Invalid("write a number", field=field) from None
    if not 0 <= number < 1e6:
        raise Invalid("write a number", field=field)
    return number


_READ: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "implanted_on": ("implanted_on", _day),
    "low_reservoir_ml": ("low_reservoir_ml", _volume),
    "refill_cap_days": ("refill_cap_days", _days),
    "report_interval": ("report_interval_s", interval_seconds),
}


def _sign_ins(rows: list[tuple[str, str, str]], name: str) -> Response:
    text = io.StringIO()
    csv.writer(text).writerows([("serial", "username", "password"), *rows])  # exact: a program reads it
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _show(
    request: Request,
    person: Person,
    typed: Typed,
    *,
    said: Udi | None = None,
    udi_fault: str | None = None,
    fault: TrackerError | None = None,
    list_fault: TrackerError | None = None,
    lines: list[Line] | None = None,
    faults: list[LineFault] | None = None,
    left_out: list[str] | None = None,
    tried: str | None = None,
    refused: bool = False,
) -> HTMLResponse:
    wrong = fault or list_fault
    return page(
        request,
        person,
        "enrol.html",
        status_code=wrong.status if wrong else 422 if refused else 200,
        typed=typed,
        read=said,
        udi_fault=udi_fault,
        fault=fault,
        list_fault=list_fault,
        lines=lines,
        faults=(faults or [])[:_SHOWN],
        fault_count=len(faults or []),
        left_out=left_out,
        tried=tried,
        models=[(model.id, model.name) for model in MODELS],
        states=STATES,
    )
