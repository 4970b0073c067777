"""What is known of one pump over time: the value that findings are made from, and a finding itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from devices.model import PumpModel
from tracker.findings.pump_snapshot import FindingSeen
from tracker.findings.reading_points import Point, moment


class Direction(StrEnum):
    """What a finding is about, which decides what may explain it: more or less than expected, too early or too late."""

    MORE = "more"
    LESS = "less"
    EARLY = "early"
    LATE = "late"
    OTHER = "other"


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
    """A visit that was not withdrawn. ``confirmed``: a person says so; ``drafted``: a programmer session told it."""

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
    confirmed: bool = True
    drafted: bool = False


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
    """An alarm, over or not. ``waits_since`` is when the clinic could know of it, or was last told of it again.

    ``last_seen_at``: the last report that carried it. ``came_at``: what was done from then on may answer it.
    """

    id: int
    code: str
    first_seen_at: datetime
    waits_since: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    closed_at: datetime | None
    last_seen_at: datetime
    came_at: datetime


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
    ``refill_by``: by when the fill is past its known limit. ``due_dates``: the refill dates that the clinic was shown,
    each from when on. ``low_mark_ml``: the mark now; ``low_marks``: what it was, each until when.
    ``paused``: when no report was asked for. ``surgery_on``: the day of a planned replacement.
    ``boluses_ml_per_day``: the most that the patient may take beside the programmed flow.
    ``since``: from when on visits and sessions are all there; None where they are from the first.
    ``known``: the findings on record, whose readings may no longer be in view.
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
    due_dates: tuple[tuple[datetime, datetime], ...] = ()
    low_mark_ml: float | None = None
    low_marks: tuple[tuple[datetime, float | None], ...] = ()
    paused: tuple[tuple[datetime, datetime], ...] = ()
    surgery_on: date | None = None
    boluses_ml_per_day: float = 0.0
    report_interval: timedelta = timedelta(days=1)
    known: tuple[FindingSeen, ...] = ()
    since: datetime | None = None
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
    return replace(history, volumes=kept, alarms=alarms, since=since, cut=history.cut or len(kept) < len(told))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One record that a finding rests on."""

    kind: str
    id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """What the records show. ``key`` names the cause within the pump; ``mend`` is the fix that a page offers.

    ``neglect_or_abuse``: whether this case bears on CMM-210.5's second criterion; a person rules on it.
    ``explanations``: what to exclude first; the catalogue adds them by kind, ``direction`` and model.
    """

    kind: str
    key: str
    happened_at: datetime
    strength: str
    points_at: str
    sentence: str
    evidence: tuple[Evidence, ...]
    mend: str | None = None
    direction: Direction = Direction.OTHER
    neglect_or_abuse: bool = False
    explanations: tuple[str, ...] = ()


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
