"""Histories and views that show nothing wrong; a test adds the one thing that it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.alarms import AlarmCode, Priority
from devices.interval import Interval
from devices.models.catalogue import CATALOGUE
from tracker.findings.history import AlarmPast, History, SessionSeen, VisitSeen, VolumeSeen
from tracker.findings.pump_snapshot import (
    AlarmSeen,
    Expectation,
    LinkSeen,
    OutlookSeen,
    PumpSnapshot,
    SettingSeen,
    StateSeen,
)

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def a_view(**told: Any) -> PumpSnapshot:
    """An implanted baclofen pump that reported just now that it runs, with nothing open."""
    view = PumpSnapshot(
        pump_id=7,
        clinic_id=1,
        serial="SN-7",
        model=CATALOGUE["synchromed-ii-20"],
        lifecycle="implanted",
        implanted_on=(NOW - 400 * DAY).date(),
        drug="baclofen",
        report_interval_s=86_400,
        created_at=NOW - 400 * DAY,
        suspended_until=None,
        replacement_planned_for=None,
        refill_cap_days=None,
        state=a_state(),
        link=LinkSeen("connected", NOW - 30 * DAY, NOW),
        outlook=an_outlook(),
        prescribed_ml_per_day=0.3,
    )
    return replace(view, **told)


def a_state(**told: Any) -> StateSeen:
    """A report of now: the pump runs."""
    state = StateSeen(
        epoch=1,
        seq=1,
        measured_at=NOW,
        received_at=NOW,
        battery_percent=80.0,
        battery_indicator="ok",
        reservoir_ml=12.0,
        flow_ml_per_day=0.3,
        infusion="simple_continuous",
        motor="running",
        alarms=frozenset(),
    )
    return replace(state, **told)


def an_outlook(**told: Any) -> OutlookSeen:
    """Nothing due for long; the pump was seen running a day ago."""
    far = Expectation(Interval(NOW + 60 * DAY, NOW + 70 * DAY, NOW + 80 * DAY), "As reported.")
    eos = Expectation(Interval(NOW + 900 * DAY, NOW + 1000 * DAY, NOW + 1100 * DAY), "As reported.")
    return replace(OutlookSeen(eos, eos, far, far, NOW + 60 * DAY, "By volume.", ran_at=NOW - DAY), **told)


def an_open_alarm(code: AlarmCode, **told: Any) -> AlarmSeen:
    """An alarm that came an hour ago, is active, and that nobody has acknowledged."""
    at = NOW - timedelta(hours=1)
    return replace(AlarmSeen(1, code, Priority.HIGH, at, at, NOW, 1, True, None, None, None, None), **told)


def a_setting(by: str, sets: str | None, ago: float, **told: Any) -> SettingSeen:
    """What a visit, draft or session set the pump to, so many days ago."""
    return replace(SettingSeen(by, 1, day(ago), sets), **told)


def day(ago: float) -> datetime:
    """So many days before now."""
    return NOW - ago * DAY


def a_history(days: int = 20, **told: Any) -> History:
    """Two reports a day of a pump that gives 0.3 mL a day from 15 mL, and nothing else."""
    volumes = tuple(
        VolumeSeen(day(days - half / 2), 15.0 - half * 0.15, 0.3, "simple_continuous", 1, half + 1)
        for half in range(2 * days + 1)
    )
    return replace(History(CATALOGUE["synchromed-ii-20"], NOW, drug="morphine", volumes=volumes), **told)


def changed_from(history: History, ago: float, **values: Any) -> History:
    """The history with the reports from that day on changed; ``by_ml`` moves the volume."""
    by_ml = values.pop("by_ml", 0.0)
    volumes = tuple(
        seen if seen.at < day(ago) else replace(seen, reservoir_ml=seen.reservoir_ml + by_ml, **values)
        for seen in history.volumes
    )
    return replace(history, volumes=volumes)


def a_visit(ago: float, **told: Any) -> VisitSeen:
    """A visit at which nothing was done unless told."""
    values: dict[str, Any] = {
        "id": 1,
        "performed_at": day(ago),
        "analysed": False,
        "reprogrammed": False,
        "refilled": False,
        "expected_ml": None,
        "aspirated_ml": None,
        "filled_ml": None,
        "before": None,
        "after": None,
        "codes": (),
    } | told
    return VisitSeen(**values)


def a_session(ago: float, **told: Any) -> SessionSeen:
    """A completed session of the clinic's programmer."""
    values: dict[str, Any] = {
        "id": 1,
        "at": day(ago),
        "completed": True,
        "programmer": "A810-1",
        "operator": "rn",
        "reprogrammed": False,
        "refilled": False,
        "before": None,
        "after": None,
    } | told
    return SessionSeen(**values)


def an_alarm(code: str, ago: float, **told: Any) -> AlarmPast:
    """An alarm that is still active and that nobody has acknowledged."""
    values: dict[str, Any] = {
        "id": 1,
        "code": code,
        "first_seen_at": day(ago),
        "last_seen_at": NOW,
        "waits_since": day(ago),
        "came_at": day(ago),
        "cleared_at": None,
        "acknowledged_at": None,
        "closed_at": None,
    } | told
    return AlarmPast(**values)
