"""The list of pumps: search, filters, orders, saved views, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, delete

from devices.lifecycle import LifecycleState
from devices.models import catalogue
from tracker.actions.pumps.judge_delivery import verdicts
from tracker.errors import Invalid
from tracker.records.queries.pump_list import (
    SORTS,
    Matching,
    PumpFilter,
    PumpRow,
    count_pumps,
    models_of,
    place_of_row,
    pump_rows,
    pumps_with_text,
    saved_views,
    urgency_of,
)
from tracker.records.queries.worklist import units
from tracker.records.staff import SavedView
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.lists.exports import by_blocks, csv_text, download
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.lists.search_terms import sealed_address, to_seal, typed_at, unsealed_query
from tracker.web.views.formatting import word
from tracker.web.views.layout import back_to, with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
PAGE = 50
MOST_VIEWS = 30
LINKS = ("connected", "late", "disconnected", "suspended", "never")
_FILTERS = ("q", "unit", "model", "lifecycle", "link", "attention", "sort")


async def wanted_by(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("pumps.read")],
    q: Annotated[str, Query(max_length=500)] = "",
    unit: Annotated[str, Query(max_length=80)] = "",
    model: Annotated[str, Query(max_length=64)] = "",
    lifecycle: Annotated[str, Query(max_length=32)] = "",
    link: Annotated[str, Query(max_length=16)] = "",
    attention: Annotated[str, Query(max_length=8)] = "",
) -> PumpFilter:
    """The filter that the address asks for, at the person's own clinic; what is searched for may be sealed in it."""
    text = typed_at(request, web.key, person, "/pumps", {"q": q})["q"]
    return PumpFilter(person.clinic_id, text.strip(), unit, model, lifecycle, link, attention)


Wanted = Annotated[PumpFilter, Depends(wanted_by)]


@router.get("/pumps")
def pumps(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("pumps.read")],
    wanted: Wanted,
    sort: Annotated[str, Query(max_length=16)] = "newest",
    cursor: Annotated[str | None, Query(max_length=600)] = None,
) -> Response:
    """A page of the list. A search that names exactly one pump's serial or UDI leads straight to it."""
    if (given := to_seal(request, "/pumps")) is not None:
        return RedirectResponse(sealed_address(web.key, person, "/pumps", given), 303)
    sort = sort if sort in SORTS else "newest"
    scope = f"page-pumps:{sort}:{wanted}"
    place = read_cursor(web.key, scope, cursor, (int if SORTS[sort].timed else str, int))
    matching, counted_at = _matching(web, wanted)
    with web.database.reading() as session:
        after = None if place is None else (place[0], place[1])
        rows = pump_rows(session, wanted, sort, PAGE + 1, after, matching=matching)
        shown = rows[:PAGE]
        if cursor is None and len(rows) == 1 and wanted.text and wanted.text in {rows[0].serial, rows[0].udi}:
            return RedirectResponse(f"/pumps/{rows[0].serial}", 303)
        values: dict[str, Any] = {
            "rows": shown,
            "total": max(matching.total, len(shown)),
            "counted_at": counted_at,
            "urgency": urgency_of(session, [row.id for row in shown]),
            "verdicts": {
                one: said.verdict for one, said in verdicts(session, [row.id for row in shown], web.clock()).items()
            },
            "units": [(name, name) for name in units(session, person.clinic_id)],
            "models": [(name, model_name(name)) for name in models_of(session, person.clinic_id)],
            "views": saved_views(session, person.staff_id),
        }
    web.trail.read(person, "pumps", "page", web.clock(), filter=str(wanted), count=len(shown))
    next_url = None
    if len(rows) > PAGE:
        next_url = with_query(request, cursor=write_cursor(web.key, scope, list(place_of_row(shown[-1], sort))))
    return page(
        request,
        person,
        "pumps.html",
        wanted=wanted,
        sort=sort,
        sorts=[(code, one.words) for code, one in SORTS.items()],
        lifecycles=[(str(state), word(state)) for state in LifecycleState],
        links=[(link, word(link)) for link in LINKS],
        model_name=model_name,
        next_url=next_url,
        first=cursor is None,
        query=request.url.query,
        view_addresses={view.id: _address_of(web, person, view.query) for view in values["views"]},
        **values,
    )


@router.get("/pumps.csv")
def pumps_csv(web: Context, person: Annotated[Person, requires("pumps.export")], wanted: Wanted) -> Response:
    """Every pump that matches, as CSV. The export is entered in the audit trail."""
    now = web.clock()
    web.trail.read(person, "pumps", "exported as CSV", now, filter=str(wanted))

    def read(limit: int, after: tuple[str | int, int] | None) -> list[tuple[PumpRow, str]]:
        with web.database.reading() as session:
            rows = pump_rows(session, wanted, "serial", limit, after)
            judged = verdicts(session, [row.id for row in rows], now)
        return [(row, str(judged[row.id].verdict)) for row in rows]

    def blocks() -> Iterator[str]:
        names = PumpRow._fields[1:]  # without the number
        yield csv_text([[*names, "verdict"]])
        for rows in by_blocks(read, lambda row: place_of_row(row[0], "serial")):
            yield csv_text([*row[1:], verdict] for row, verdict in rows)

    return download(blocks(), "text/csv", f"pumps-{now:%Y-%m-%d}.csv")


@router.post("/pumps/views")
def save_view(
    web: Context,
    person: Annotated[Person, requires("self.manage")],
    name: Annotated[str, Form(max_length=80)] = "",
    query: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Keep a filter under a name; the same name again replaces it."""
    opened = unsealed_query(web.key, person, query)
    kept = urlencode([(key, value) for key, value in opened.items() if key in _FILTERS])[:500]
    if not name.strip():
        raise Invalid("give the view a name", field="name")
    with web.database.writing() as session:
        views = saved_views(session, person.staff_id)
        view = next((one for one in views if one.name == name.strip()), None)
        if view is None and len(views) >= MOST_VIEWS:
            raise Invalid(f"at most {MOST_VIEWS} views are kept; remove one first", field="name")
        view = view or SavedView(staff_id=person.staff_id, name=name.strip(), query="")
        view.query = kept
        session.add(view)
    return back_to(_address_of(web, person, kept), "saved")


@router.post("/pumps/views/{view_id}/forget")
def forget_view(web: Context, person: Annotated[Person, requires("self.manage")], view_id: int) -> Response:
    """Remove one of the person's own views."""
    with web.database.writing() as session:
        session.exec(delete(SavedView).where(col(SavedView.id) == view_id, col(SavedView.staff_id) == person.staff_id))
    return back_to("/pumps", "forgotten")


def _address_of(web: Web, person: Person, query: str) -> str:
    return sealed_address(web.key, person, "/pumps", dict(parse_qsl(query)))


def _matching(web: Web, wanted: PumpFilter) -> tuple[Matching, datetime | None]:
    """What is known of the pumps that match, and when they were counted if not just now."""
    if wanted.text:
        with web.database.reading() as session:
            return pumps_with_text(session, wanted), None
    counted = web.kept.get(("pumps", wanted), partial(_counted, wanted))
    return Matching(counted.value), counted.kept_at


def _counted(wanted: PumpFilter, session: Session) -> tuple[int, int]:
    every = PumpFilter(wanted.clinic_id)
    whole = count_pumps(session, every)
    return (whole if wanted == every else count_pumps(session, wanted)), whole


def model_name(model_id: str) -> str:
    """A model's name; its id where the catalogue no longer has it."""
    model = catalogue.find(model_id)
    return model.name if model else model_id
