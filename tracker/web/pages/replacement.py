"""Replacement: the criteria with their sources, findings to rule on, facts to document, the clinician's attestation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from devices.lifecycle import LifecycleState, allowed
from tracker.actions.pumps.move_pump import undone_state
from tracker.actions.replacement.attest import EVIDENT, NONE_EVIDENT
from tracker.errors import NotFound, TrackerError
from tracker.records.determination import (
    AS_OF,
    Determination,
    determination_of_the_present,
    determinations_of,
)
from tracker.records.handover import open_handover
from tracker.records.pump import Pump
from tracker.records.queries.replacement import replacement_record
from tracker.records.queries.worklist import colleagues
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.views.determination_diff import changes_between
from tracker.web.views.formatting import field_time, word
from tracker.web.views.record_links import mend_link, source_link
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
Reader = Annotated[Person, requires("determinations.read")]
FACTS = (
    ("battery_nearing_end", "The battery is nearing its end"),
    ("impending_failure_notice", "A built-in component gave notice of failure"),
    ("no_longer_beneficial", "The pump is no longer of benefit"),
    ("repairable", "It can be repaired"),
    ("components_functional", "Its components still work"),
)
RULINGS = (("upheld", "Confirmed"), ("explained", "Explained"), ("not_relevant", "Not relevant"))
_HISTORY = 40


@router.get("/pumps/{serial}/replacement", response_class=HTMLResponse)
def replacement(
    request: Request,
    web: Context,
    person: Reader,
    serial: str,
    determination: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """The newest determination, or the one that is named, with all that bears on it."""
    return show_replacement(request, web, person, serial, determination)


def show_replacement(
    request: Request,
    web: Web,
    person: Person,
    serial: str,
    chosen_id: int | None = None,
    fault: TrackerError | None = None,
) -> HTMLResponse:
    """The page; with ``fault``, why an action on it was refused."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = determinations_of(session, pump.id or 0, _HISTORY)
        chosen = _chosen(session, pump, rows, chosen_id)
        before = _before(session, rows, chosen)
        record = replacement_record(session, pump.id or 0)
        staff = colleagues(session, person.clinic_id)
        undoes, offer = undone_state(session, pump), open_handover(session, pump.id or 0)
    web.trail.read(person, f"pump:{serial}", "replacement", now, clinic_id=pump.clinic_id)
    values: dict[str, Any] = {"names": {one.email: one.name for one in staff}}
    return page(
        request,
        person,
        "replacement.html",
        status_code=fault.status if fault else 200,
        pump=pump,
        determination=chosen,
        history=rows,
        changes=changes_between(before, chosen),
        record=record,
        fault=fault,
        fact_choices=FACTS,
        facts_asked=[text for name, text in FACTS if chosen is not None and name in chosen.missing],
        rulings=RULINGS,
        meanings=((False, NONE_EVIDENT), (True, EVIDENT)),
        moves=[(str(state), word(state)) for state in sorted(allowed(LifecycleState(pump.lifecycle)))],
        undoes=undoes,
        offer=offer,
        today=field_time(now, person.timezone)[:10],
        moment=field_time(now, person.timezone),
        source_link=lambda source: source_link(serial, source),
        mend_link=lambda finding: mend_link(serial, finding),
        **values,
    )


def _chosen(session: Session, pump: Pump, rows: list[Determination], chosen_id: int | None) -> Determination | None:
    if chosen_id is None:
        shown = next((one for one in rows if one.cause != AS_OF), None)
        return shown or determination_of_the_present(session, pump.id or 0)
    found = session.get(Determination, chosen_id)
    if found is None or found.pump_id != pump.id:
        raise NotFound("this pump has no such determination")
    return found


def _before(session: Session, rows: list[Determination], chosen: Determination | None) -> Determination | None:
    """The determination before it, to tell what changed."""
    if chosen is None or chosen.id is None:
        return None
    shown = next((one for one in rows if one.cause != AS_OF and (one.id or 0) < chosen.id), None)
    return shown or determination_of_the_present(session, chosen.pump_id, chosen.id)
