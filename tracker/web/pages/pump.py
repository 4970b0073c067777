"""One pump's page: is it well, what is next, what happened. And the values behind its chart."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse
from sqlmodel import Session

from devices.alarms import AlarmCode, meaning
from devices.models import catalogue
from tracker.actions.pumps.judge_delivery import verdicts
from tracker.actions.pumps.snapshot_device import seen_budget
from tracker.errors import Invalid
from tracker.records.column_types import from_micros, key
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump
from tracker.records.queries.chart import (
    BUCKETS,
    Bucket,
    Span,
    charted_alarms,
    charted_visits,
    reading_buckets,
    whole_course,
)
from tracker.records.queries.pump_page import missing_of, pump_record
from tracker.records.queries.worklist import WorklistLine, colleagues
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import reach
from tracker.web.auth.user import Person
from tracker.web.views.formatting import word
from tracker.web.views.pump_chart import SPANS, chart_values, plain_lines, programmed_course, table_of
from tracker.web.views.pump_summary import fresh_until, upcoming, wellness
from tracker.web.views.pump_timeline import pump_timeline
from tracker.web.views.record_links import source_link
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
TIMELINE = 30
PLAIN_BUCKETS = 250  #: of the drawing for paper and for those without scripts
_YOUNG = timedelta(days=30)
Reader = Annotated[Person, requires("pumps.read")]
SpanName = Annotated[str, Query(alias="span", max_length=4)]


@router.get("/pumps/{serial}", response_class=HTMLResponse)
def pump_page(request: Request, web: Context, person: Reader, serial: str, span_name: SpanName = "1y") -> HTMLResponse:
    """The pump's one screen."""
    return show_pump(request, web, person, serial, span_name)


def show_pump(
    request: Request,
    web: Web,
    person: Person,
    serial: str,
    span_name: str = "1y",
    fault: str | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    """The pump's screen; with ``fault``, why an action on it was refused."""
    now = web.clock()
    span_name = span_name if span_name in SPANS else "1y"
    with web.database.reading() as session:
        reached = reach(session, person, serial, now)
        record = pump_record(session, reached.pump, now, TIMELINE)
        judged = verdicts(session, [key(reached.pump.id)], now)[key(reached.pump.id)]
        shown, buckets = _course(session, reached.pump, record.outlook, span_name, now, PLAIN_BUCKETS)
        staff = colleagues(session, person.clinic_id)
    web.trail.read(person, f"pump:{serial}", "page", now, clinic_id=reached.pump.clinic_id)
    model = catalogue.find(reached.pump.model)
    values: dict[str, Any] = {
        "record": record,
        "pump": reached.pump,
        "state": record.state,
        "outlook": record.outlook,
        "model": model,
        "break_glass": reached.break_glass,
        "well": wellness(reached.pump, record.state, judged, len(record.items), now),
        "fresh_until": fresh_until(reached.pump, record.state),
        "ahead": upcoming(reached.pump, record.outlook, record.mri),
        "lines": [WorklistLine(item, None) for item in record.items],
        "names": {one.email: one.name for one in staff},
        "colleagues": [(one.email, f"{one.name} ({word(one.role)})") for one in staff],
        "happened": pump_timeline(
            serial,
            alarms=record.alarms,
            visits=record.visits,
            sessions=record.sessions,
            moves=record.moves,
            outcomes=record.outcomes,
            findings=record.findings,
            mri=record.mri,
            limit=TIMELINE,
        ),
        "over": seen_budget(record.budget, now),
        "gaps": [(mark, missing_of(mark)) for mark in record.marks],
    }
    return page(
        request,
        person,
        "pump.html",
        status_code=status_code,
        fault=fault,
        span_name=span_name,
        spans=[(code, words) for code, (words, _) in SPANS.items()],
        shown=shown,
        plain=plain_lines(buckets, shown),
        values_table=table_of(buckets),
        alarm_meaning=lambda code: meaning(AlarmCode(code)),
        source_link=lambda source: source_link(serial, source),
        back=f"/pumps/{serial}",
        **values,
    )


@router.get("/pumps/{serial}/chart")
def chart(
    web: Context,
    person: Reader,
    serial: str,
    span_name: SpanName = "1y",
    since: Annotated[float | None, Query(alias="from", ge=0, le=4e9, allow_inf_nan=False)] = None,
    until: Annotated[float | None, Query(alias="to", ge=0, le=4e9, allow_inf_nan=False)] = None,
) -> JSONResponse:
    """The chart's values for a span: a named one, or from and to in seconds since 1970 (how zooming asks)."""
    now = web.clock()
    with web.database.reading() as session:
        pump = reach(session, person, serial, now).pump
        outlook = session.get(Outlook, pump.id)
        if since is not None and until is not None:
            shown = _between(since, until, now)
            buckets = reading_buckets(session, pump.id or 0, shown)
        else:
            shown, buckets = _course(session, pump, outlook, span_name if span_name in SPANS else "1y", now)
        alarms = charted_alarms(session, pump.id or 0, shown)
        visits = charted_visits(session, pump.id or 0, shown)
    web.trail.read(person, f"pump:{serial}", "chart", now, clinic_id=pump.clinic_id)
    model = catalogue.find(pump.model)
    course = programmed_course(visits, pump, model, min(now, shown.end))
    values = chart_values(
        buckets=buckets,
        course=course,
        alarms=alarms,
        visits=visits,
        outlook=outlook,
        model=model,
        span=shown,
        now=now,
    )
    return JSONResponse(values)


def _course(
    session: Session, pump: Pump, outlook: Outlook | None, name: str, now: datetime, buckets: int = BUCKETS
) -> tuple[Span, list[Bucket]]:
    """The named span and its readings. ``all`` goes from the first reading to the end of service's far limit."""
    length = SPANS[name][1]
    if length is not None:
        shown = Span(now - length, now)
        return shown, reading_buckets(session, pump.id or 0, shown, buckets)
    far = outlook.eos_high_at if outlook else None
    end = max(now, far) if far else now
    found = whole_course(session, pump.id or 0, _probable_start(pump, outlook, now), end, buckets)
    return Span(min(found[0].first_at if found else pump.created_at, now), end), found


def _probable_start(pump: Pump, outlook: Outlook | None, now: datetime) -> datetime:
    """When the pump's readings probably begin: with its record, its implantation or what its forecast remembers."""
    starts = [pump.created_at, now - _YOUNG]
    if pump.implanted_on is not None:
        starts.append(datetime.combine(pump.implanted_on, time(), now.tzinfo))
    if outlook is not None and outlook.battery_points:
        starts.append(from_micros(outlook.battery_points[0][0]))
    return min(starts)


def _between(since: float, until: float, now: datetime) -> Span:
    if since >= until:
        raise Invalid("the chart's span ends before it begins", field="to")
    return Span(datetime.fromtimestamp(since, now.tzinfo), datetime.fromtimestamp(until, now.tzinfo))
