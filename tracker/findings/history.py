"""What is known of one pump over time: the value that findings are made from, and a finding itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from devices.model import PumpModel
from tracker.findings.trend import Point, moment

NEGLECT_KINDS: Final = frozenset(
    {
        "late_refill",
        "ran_dry",
        "alarm_unattended",
        "volume_vanished",
        "unknown_programmer",
        "prolonged_stop",
        "handling_against_limits",
    }
)
"""Kinds that bear on CMM-210.5's second criterion; the others say that records and readings disagree."""


@dataclass(frozen=True, slots=True)
class VolumeSeen:
    """One report of the reservoir, with the number that names it."""

    at: datetime
    reservoir_ml: float
    flow_ml_per_day: float | None
    infusion: str
    epoch: int
    seq: int

    @property
    def name(self) -> str:
        """The report's epoch and number."""
        return f"{self.epoch}/{self.seq}"


def volumes(points: list[Point]) -> tuple[VolumeSeen, ...]:
    """The reports that stored points hold, in order of measurement."""
    return tuple(VolumeSeen(moment(point[0]), *point[1:]) for point in points)


@dataclass(frozen=True, slots=True)
class VisitSeen:
    """A visit that was not withdrawn."""

    id: int
    performed_at: datetime
    analysed: bool
    reprogrammed: bool
    refilled: bool
    expected_ml: float | None
    aspirated_ml: float | None
    filled_ml: float | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """A programmer session as the communicator told it."""

    id: int
    at: datetime
    completed: bool | None
    programmer: str | None
    operator: str | None
    reprogrammed: bool | None
    refilled: bool | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class AlarmPast:
    """An alarm, over or not. ``waits_since`` is when the clinic could know of it, or was last told of it anew."""

    id: int
    code: str
    first_seen_at: datetime
    waits_since: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class MriPast:
    """An MRI that was logged."""

    id: int
    performed_at: datetime
    emptied_before: bool | None


@dataclass(frozen=True, slots=True)
class History:
    """One pump over time. ``known_programmers`` empty: the clinic has not said which are its own.

    ``vanished_at``: when volume was found to vanish earlier, which the volumes in view may no longer show.
    ``ended_at``: when this clinic ceased to answer for the pump, as by its explant; None while it does.
    ``zone``: the clinic's time zone by its IANA name.
    ``cut``: the pump had reported before what is in view, so that what its first volume shows may have begun earlier.
    """

    model: PumpModel
    now: datetime
    zone: str = "UTC"
    drug: str | None = None
    volumes: tuple[VolumeSeen, ...] = ()
    visits: tuple[VisitSeen, ...] = ()
    sessions: tuple[SessionSeen, ...] = ()
    alarms: tuple[AlarmPast, ...] = ()
    mri: tuple[MriPast, ...] = ()
    vanished_at: tuple[datetime, ...] = ()
    known_programmers: frozenset[str] = frozenset()
    filled_at: datetime | None = None
    refill_by: datetime | None = None
    low_mark_at: datetime | None = None
    ended_at: datetime | None = None
    cut: bool = False

    @property
    def until(self) -> datetime:
        """Up to when the clinic answered for the pump: now, unless that has ended. Nothing is late after it."""
        return self.now if self.ended_at is None else min(self.now, self.ended_at)


def in_view(history: History, since: datetime) -> History:
    """The history with the volumes left out that its visits and sessions, complete from ``since`` on, do not explain.

    What a pump says once the clinic no longer answers for it is left out too: it lies on a tray, or is another's.
    """
    end = history.ended_at
    told = [seen for seen in history.volumes if end is None or seen.at <= end]
    kept = tuple(seen for seen in told if seen.at >= since)
    alarms = tuple(one for one in history.alarms if end is None or one.first_seen_at <= end)
    return replace(history, volumes=kept, alarms=alarms, cut=history.cut or len(kept) < len(told))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record that a finding rests on."""

    kind: str
    id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What the records show. ``key`` names the cause within the pump; ``mend`` is the fix that a page offers."""

    kind: str
    key: str
    happened_at: datetime
    strength: str
    points_at: str
    sentence: str
    evidence: tuple[Evidence, ...]
    explanations: tuple[str, ...]
    mend: str | None = None

    @property
    def neglect_or_abuse(self) -> bool:
        """Whether it bears on abuse or neglect; a person rules on it."""
        return self.kind in NEGLECT_KINDS


def report(seen: VolumeSeen) -> Evidence:
    """A report as evidence."""
    flow = "" if seen.flow_ml_per_day is None else f", {seen.flow_ml_per_day:.3g} mL a day"
    return Evidence("reading", seen.name, f"{seen.reservoir_ml:.2f} mL{flow}, {seen.infusion}", seen.at)


def visit(seen: VisitSeen) -> Evidence:
    """A visit as evidence."""
    done = [name for name in ("analysed", "reprogrammed", "refilled") if getattr(seen, name)]
    return Evidence("visit", str(seen.id), ", ".join([*done, *seen.codes]) or "nothing done", seen.performed_at)


def session(seen: SessionSeen) -> Evidence:
    """A programmer session as evidence."""
    text = f"programmer {seen.programmer or 'not named'}, operator {seen.operator or 'not named'}"
    return Evidence("session", str(seen.id), text, seen.at)


def alarm(seen: AlarmPast) -> Evidence:
    """An alarm as evidence."""
    return Evidence("alarm", str(seen.id), seen.code, seen.first_seen_at)


def near(at: datetime, start: datetime, end: datetime, margin: timedelta) -> bool:
    """Whether a moment lies between two others, give or take."""
    return start - margin <= at <= end + margin
