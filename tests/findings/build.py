"""Histories that show nothing wrong; a test adds the one thing that it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devices.models.catalogue import CATALOGUE
from tracker.findings.history import AlarmPast, History, SessionSeen, VisitSeen, VolumeSeen

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


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
        "waits_since": day(ago),
        "cleared_at": None,
        "acknowledged_at": None,
        "closed_at": None,
    } | told
    return AlarmPast(**values)
