"""Planning: expected replacements for two years, refills for twelve weeks, and both for a calendar or spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.records.queries.planning import (
    End,
    Expected,
    Place,
    Refill,
    expected_ends,
    refills,
    refills_before,
    replacements,
)
from tracker.records.queries.worklist import units
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.lists.exports import by_blocks, csv_text, download
from tracker.web.lists.icalendar import Entry, calendar_begin, calendar_end, calendar_entry
from tracker.web.pages.pumps import model_name
from tracker.web.views.planning_charts import MONTHS, WEEKS, Month, Week, by_month, by_week, week_edges
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
LISTED = 100
_HEADINGS: Final = ("what", "serial", "patient_reference", "unit", "low", "expected", "high", "planned_for", "why")
Unit = Annotated[str, Query(max_length=80)]
Exporter = Annotated[Person, requires("planning.export")]


@router.get("/planning", response_class=HTMLResponse)
def planning(
    request: Request, web: Context, person: Annotated[Person, requires("planning.read")], unit: Unit = ""
) -> HTMLResponse:
    """The two charts with the tables behind them, and the pumps concerned."""
    now = web.clock()
    today = now.astimezone(ZoneInfo(person.timezone)).date()
    ahead = web.kept.get(
        ("planning", person.clinic_id, unit, today, person.timezone),
        partial(_ahead, person.clinic_id, unit, now, today, person.timezone),
    )
    with web.database.reading() as session:
        ends = replacements(session, person.clinic_id, _two_years(now), unit, LISTED)
        due = refills(session, person.clinic_id, _weeks_on(now), unit, LISTED)
        named = units(session, person.clinic_id)
    web.trail.read(person, "planning", "page", now)
    told: _Ahead = ahead.value
    return page(
        request,
        person,
        "planning.html",
        months=told.months,
        weeks=told.weeks,
        counted_at=ahead.kept_at,
        replacements=ends,
        replacement_count=max(told.replacements, len(ends)),
        refills=due,
        refill_count=max(told.refills, len(due)),
        unit=unit,
        units=[(name, name) for name in named],
        model_name=model_name,
    )


class _Ahead(NamedTuple):
    """The two charts, and how many pumps are behind each."""

    months: list[Month]
    weeks: list[Week]
    replacements: int
    refills: int


def _ahead(clinic_id: int, unit: str, now: datetime, today: date, zone: str, session: Session) -> tuple[_Ahead, int]:
    count = 0

    def ends() -> Iterator[End]:
        nonlocal count
        for one in expected_ends(session, clinic_id, _two_years(now), unit):
            count += 1
            yield one

    months = by_month(ends(), today, zone)
    *before, due = refills_before(session, clinic_id, [*week_edges(today, zone)[1], _weeks_on(now)], unit)
    return _Ahead(months, by_week(before, today, zone), count, due), count + due


@router.get("/planning.csv")
def planning_csv(web: Context, person: Exporter, unit: Unit = "") -> Response:
    """Replacements and refills ahead, one line each. The export is entered in the audit trail."""
    now = web.clock()
    zone = ZoneInfo(person.timezone)
    web.trail.read(person, "planning", "exported as CSV", now, unit=unit)

    def blocks() -> Iterator[str]:
        yield csv_text([_HEADINGS])
        for ends in _replacements(web, person.clinic_id, now, unit):
            yield csv_text(_replacement_cells(one, zone) for one in ends)
        for due in _refills(web, person.clinic_id, now, unit):
            yield csv_text(_refill_cells(one, zone) for one in due)

    return download(blocks(), "text/csv", f"planning-{now:%Y-%m-%d}.csv")


@router.get("/planning.ics")
def planning_calendar(web: Context, person: Exporter, unit: Unit = "") -> Response:
    """The same for a calendar: refills by their day, planned surgery, and the expected end where none is planned."""
    now = web.clock()
    zone = ZoneInfo(person.timezone)
    web.trail.read(person, "planning", "exported as iCalendar", now, unit=unit)

    def blocks() -> Iterator[str]:
        yield calendar_begin(f"{person.clinic_name}: pumps")
        for due in _refills(web, person.clinic_id, now, unit):
            yield "".join(calendar_entry(_refill_entry(one, zone), now) for one in due)
        for ends in _replacements(web, person.clinic_id, now, unit):
            yield "".join(calendar_entry(_replacement_entry(one, zone), now) for one in ends)
        yield calendar_end()

    return download(blocks(), "text/calendar", f"planning-{now:%Y-%m-%d}.ics")


def _replacements(web: Web, clinic_id: int, now: datetime, unit: str) -> Iterator[Sequence[Expected]]:
    def read(limit: int, after: Place | None) -> Sequence[Expected]:
        with web.database.reading() as session:
            return replacements(session, clinic_id, _two_years(now), unit, limit, after)

    return by_blocks(read, lambda one: one.place)


def _refills(web: Web, clinic_id: int, now: datetime, unit: str) -> Iterator[Sequence[Refill]]:
    def read(limit: int, after: Place | None) -> Sequence[Refill]:
        with web.database.reading() as session:
            return refills(session, clinic_id, _weeks_on(now), unit, limit, after)

    return by_blocks(read, lambda one: one.place)


def _replacement_cells(one: Expected, zone: ZoneInfo) -> list[Any]:
    days = [moment.astimezone(zone).date() for moment in (one.eos_low_at, one.eos_median_at, one.eos_high_at)]
    return ["replacement", one.serial, one.patient_reference, one.unit, *days, one.planned_for, one.basis]


def _refill_cells(due: Refill, zone: ZoneInfo) -> list[Any]:
    by = due.refill_by_at.astimezone(zone).date()
    return ["refill", due.serial, due.patient_reference, due.unit, None, by, None, None, due.reason]


def _refill_entry(due: Refill, zone: ZoneInfo) -> Entry:
    day = due.refill_by_at.astimezone(zone).date()
    return Entry(f"refill-{due.serial}@pump-tracker", day, f"Refill by: {due.serial}", due.reason)


def _replacement_entry(one: Expected, zone: ZoneInfo) -> Entry:
    if one.planned_for:
        uid = f"surgery-{one.serial}@pump-tracker"
        return Entry(uid, one.planned_for, f"Replacement: {one.serial}", one.basis)
    low, day, high = (at.astimezone(zone).date() for at in (one.eos_low_at, one.eos_median_at, one.eos_high_at))
    text = f"80%: {low} to {high}. {one.basis}"
    return Entry(f"end-{one.serial}@pump-tracker", day, f"End of service expected: {one.serial}", text)


def _two_years(now: datetime) -> datetime:
    return now + timedelta(days=MONTHS * 31)


def _weeks_on(now: datetime) -> datetime:
    return now + timedelta(weeks=WEEKS)
