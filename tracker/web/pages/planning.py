"""Planning: expected replacements for two years, refills for twelve weeks, and both for a calendar or spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.records.views_planning import (
    expected_ends,
    expected_refills,
    expected_replacements,
    first_refills,
    first_replacements,
    refills_before,
)
from tracker.records.views_worklist import units
from tracker.web.calendar_file import Entry, calendar_file
from tracker.web.context import Context
from tracker.web.pages.pumps import csv_cell, model_name
from tracker.web.people import Person
from tracker.web.permissions import requires
from tracker.web.plan import MONTHS, WEEKS, Month, Week, by_month, by_week, week_edges
from tracker.web.rendering import page

router = APIRouter(include_in_schema=False)
LISTED = 100
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
        replacements = first_replacements(session, person.clinic_id, _two_years(now), unit, LISTED)
        refills = first_refills(session, person.clinic_id, _weeks_on(now), unit, LISTED)
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
        replacements=replacements,
        replacement_count=max(told.replacements, len(replacements)),
        refills=refills,
        refill_count=max(told.refills, len(refills)),
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
    ends = expected_ends(session, clinic_id, _two_years(now), unit)
    *before, refills = refills_before(session, clinic_id, [*week_edges(today, zone)[1], _weeks_on(now)], unit)
    told = _Ahead(by_month(ends, today, zone), by_week(before, today, zone), len(ends), refills)
    return told, len(ends) + refills


@router.get("/planning.csv")
def planning_csv(web: Context, person: Exporter, unit: Unit = "") -> Response:
    """Replacements and refills ahead, one line each."""
    now = web.clock()
    with web.database.reading() as session:
        replacements = expected_replacements(session, person.clinic_id, _two_years(now), unit)
        refills = expected_refills(session, person.clinic_id, _weeks_on(now), unit)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["what", "serial", "patient_reference", "unit", "low", "expected", "high", "planned_for", "why"])
    for one in replacements:
        times = (one.eos_low_at.date(), one.eos_median_at.date(), one.eos_high_at.date(), one.planned_for)
        writer.writerow(map(csv_cell, ["replacement", one.serial, one.patient_reference, one.unit, *times, one.basis]))
    for due in refills:
        by = due.refill_by_at.date()
        writer.writerow(
            map(
                csv_cell,
                ["refill", due.serial, due.patient_reference, due.unit, None, by, None, None, due.reason],
            )
        )
    web.trail.read(person, "planning", "exported as CSV", now, unit=unit)
    return _file(text.getvalue(), "text/csv", f"planning-{now:%Y-%m-%d}.csv")


@router.get("/planning.ics")
def planning_calendar(web: Context, person: Exporter, unit: Unit = "") -> Response:
    """The same for a calendar: refills by their day, planned surgery, and when to begin planning."""
    now = web.clock()
    with web.database.reading() as session:
        replacements = expected_replacements(session, person.clinic_id, _two_years(now), unit)
        refills = expected_refills(session, person.clinic_id, _weeks_on(now), unit)
    zone = ZoneInfo(person.timezone)
    entries = [
        Entry(
            f"refill-{one.serial}@pump-tracker",
            one.refill_by_at.astimezone(zone).date(),
            f"Refill by: {one.serial}",
            one.reason,
        )
        for one in refills
    ]
    for one in replacements:
        if one.planned_for:
            entries.append(
                Entry(f"surgery-{one.serial}@pump-tracker", one.planned_for, f"Replacement: {one.serial}", one.basis)
            )
        else:
            day = one.eos_median_at.astimezone(zone).date()
            text = f"80 %: {one.eos_low_at:%Y-%m-%d} to {one.eos_high_at:%Y-%m-%d}. {one.basis}"
            entries.append(Entry(f"end-{one.serial}@pump-tracker", day, f"End of service expected: {one.serial}", text))
    web.trail.read(person, "planning", "exported as iCalendar", now, unit=unit)
    text = calendar_file(f"{person.clinic_name}: pumps", entries, now)
    return _file(text, "text/calendar", f"planning-{now:%Y-%m-%d}.ics")


def _two_years(now: datetime) -> datetime:
    return now + timedelta(days=MONTHS * 31)


def _weeks_on(now: datetime) -> datetime:
    return now + timedelta(weeks=WEEKS)


def _file(text: str, kind: str, name: str) -> Response:
    return Response(text, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
