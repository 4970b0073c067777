"""Advisories and recalls: which there are, which of the clinic's pumps they cover, and what was decided for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions.advisories.acknowledge_advisory import acknowledge_advisory
from tracker.actions.advisories.compare_advisories import Change, compare_advisories, serials_of
from tracker.actions.advisories.import_recalls import import_recalls
from tracker.actions.advisories.read_recalls import read_recalls
from tracker.actions.audit_events import Event
from tracker.errors import Invalid, NotFound, TrackerError
from tracker.records.advisory import Advisory, coverage_of
from tracker.records.column_types import key
from tracker.records.queries.advisories import (
    COUNTED_TO,
    Covered,
    advisories_page,
    covered_by_each,
    covered_count,
    covered_pumps,
    match_of_clinic,
    owners_of,
)
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.pages.pumps import model_name
from tracker.web.views.layout import back_to, with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
ADVISORIES = 20
PUMPS = 50
_NONE: Final = Covered(0, 0)
Reader = Annotated[Person, requires("advisories.read")]
Loader = Annotated[Person, requires("advisories.load")]
Number = Annotated[int, Path(ge=1, le=2**53)]
Place = Annotated[str | None, Query(max_length=400)]


@router.get("/advisories", response_class=HTMLResponse)
def advisories(request: Request, web: Context, person: Reader, cursor: Place = None) -> HTMLResponse:
    """Every advisory, the newest first, with the number of the clinic's pumps that it covers."""
    return _list(request, web, person, cursor)


@router.post("/advisories", response_class=HTMLResponse)
def load(
    request: Request,
    web: Context,
    person: Loader,
    file: Annotated[UploadFile | None, File()] = None,
    text: Annotated[str, Form(max_length=65_536)] = "",
    do: Annotated[str, Form(max_length=8)] = "try",
) -> Response:
    """Try a file and show what it would change; or load what was tried, and match it to the pumps at once."""
    now = web.clock()
    try:
        given = _text_of(file) if file is not None and file.filename else text
        if not given.strip():
            raise Invalid("choose a file of advisories", field="file")
        recalls = read_recalls(given)
        if do != "load":
            with web.database.reading() as session:
                changes = compare_advisories(session, recalls)
            return _list(request, web, person, changes=changes, text=given)
        with web.database.writing() as session:
            import_recalls(session, recalls, by=person.email, clinic_id=person.clinic_id, now=now, via=person.via)
    except TrackerError as fault:
        return _list(request, web, person, fault=fault)
    return back_to("/advisories", "advisories-loaded")


@router.get("/advisories/{advisory_id}", response_class=HTMLResponse)
def one_advisory(
    request: Request,
    web: Context,
    person: Reader,
    advisory_id: Number,
    show: Annotated[str, Query(max_length=8)] = "waiting",
    cursor: Place = None,
) -> HTMLResponse:
    """One advisory with the clinic's pumps that it covers: those that wait, or those that somebody has decided on."""
    return _show(request, web, person, advisory_id, show=show, cursor=cursor)


@router.post("/advisories/{advisory_id}/pumps/{match_id}")
def decide(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("advisories.handle")],
    advisory_id: Number,
    match_id: Number,
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Acknowledge the advisory for one pump, with what was decided for its patient."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            found = match_of_clinic(session, person.clinic_id, match_id)
            if found is None or found[0].advisory_id != advisory_id:
                raise NotFound("the advisory covers no such pump of your clinic")
            acknowledge_advisory(session, match_id, note=note, by=person.email, now=now)
            subject = f"pump:{found[1].serial}"
            enter(session, person, Event.ADVISORY_ACKNOWLEDGED, subject, now, advisory=advisory_id, note=note.strip())
    except TrackerError as fault:
        return _show(request, web, person, advisory_id, fault=fault, at_fault=match_id, note=note)
    return back_to(f"/advisories/{advisory_id}", "advised")


def _text_of(file: UploadFile) -> str:
    try:
        return file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("the file is not text in UTF-8", field="file") from None


def _list(
    request: Request,
    web: Web,
    person: Person,
    cursor: str | None = None,
    *,
    changes: list[Change] | None = None,
    text: str = "",
    fault: TrackerError | None = None,
) -> HTMLResponse:
    place = read_cursor(web.key, "page-advisories", cursor, (int, int))
    after = None if place is None else (date.fromordinal(place[0]), place[1])
    with web.database.reading() as session:
        rows = advisories_page(session, ADVISORIES + 1, after)
        covered = coverage_of(session, [key(row.id) for row in rows])
    shown = rows[:ADVISORIES]
    counted = web.kept.get(("advisories", person.clinic_id), partial(_covered, person.clinic_id))
    next_url = None
    if len(rows) > ADVISORIES:
        last = [shown[-1].published_on.toordinal(), key(shown[-1].id)]
        next_url = with_query(request, cursor=write_cursor(web.key, "page-advisories", last))
    counts: dict[int, Covered] = counted.value
    return page(
        request,
        person,
        "advisories.html",
        status_code=fault.status if fault else 200,
        advisories=[(row, counts.get(key(row.id), _NONE), _covers(covered[key(row.id)])) for row in shown],
        counted_at=counted.kept_at,
        next_url=next_url,
        changes=changes,
        covers=_covers,
        text=text,
        fault=fault,
    )


def _covers(rows: Sequence[Any]) -> list[tuple[str, str]]:
    """What a recall covers, in words: serials first, then the models that they are of."""
    by_serials: dict[str, list[str]] = {}
    for model in dict.fromkeys(row.model for row in rows):
        said = serials_of([row for row in rows if row.model == model])
        by_serials.setdefault(said, []).append(model_name(model))
    return [(", ".join(models), said) for said, models in by_serials.items()]


def _covered(clinic_id: int, session: Session) -> tuple[dict[int, Covered], int]:
    counts = covered_by_each(session, clinic_id)
    return counts, sum(one.pumps for one in counts.values())


def _show(
    request: Request,
    web: Web,
    person: Person,
    advisory_id: int,
    *,
    show: str = "waiting",
    cursor: str | None = None,
    fault: TrackerError | None = None,
    at_fault: int | None = None,
    note: str = "",
) -> HTMLResponse:
    waiting = show != "decided"
    scope = f"page-advisory:{person.clinic_id}:{advisory_id}:{waiting}"
    place = read_cursor(web.key, scope, cursor, (int,))
    with web.database.reading() as session:
        advisory = session.get(Advisory, advisory_id)
        if advisory is None:
            raise NotFound("there is no such advisory")
        covered = coverage_of(session, [advisory_id])[advisory_id]
        owner = owners_of(session, [advisory]).get(advisory.clinic_id or 0)
        counts = covered_count(session, person.clinic_id, advisory_id)
        rows = covered_pumps(
            session,
            person.clinic_id,
            advisory_id,
            waiting=waiting,
            limit=PUMPS + 1,
            after_pump=place[0] if place else None,
        )
    web.trail.read(person, f"advisory:{advisory.reference}", "page", web.clock(), count=min(PUMPS, len(rows)))
    next_url = None
    if len(rows) > PUMPS:
        next_url = with_query(request, cursor=write_cursor(web.key, scope, [rows[PUMPS - 1].match.pump_id]))
    return page(
        request,
        person,
        "advisory.html",
        status_code=fault.status if fault else 200,
        advisory=advisory,
        counts=counts,
        counted_to=COUNTED_TO,
        rows=rows[:PUMPS],
        waiting=waiting,
        covers=_covers(covered),
        owner=owner,
        fault=fault,
        at_fault=at_fault,
        note=note,
        next_url=next_url,
    )
