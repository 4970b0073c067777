"""Forecasts made along simulated lives, each beside what truly came.

A pump is asked about every few weeks from its first report to its replacement indicator, by the functions that the
product uses: `tracker.findings.reading_points` thins the reports, `devices` forecasts from what is left. The battery's
outcome is what the simulated battery did. The clinic refills before the low mark, so the reservoir's outcome is what
the same pump would have come to had nobody visited it from then on, with everything else that befell it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import inf
from random import Random
from typing import Final

from msgspec.structs import replace

from benchmarks.accuracy.truth import DAY, days_to_volume
from devices.battery import BatteryForecast, BatteryPoint, forecast_battery
from devices.interval import Interval
from devices.report import Indicator, Infusion, StatusReport
from devices.reservoir import ReservoirForecast, ReservoirPoint, forecast_reservoir
from simulators import events as h
from simulators.clinic import Clinic, open_clinic
from simulators.effects import run
from simulators.generate_patient import Patient
from simulators.pump_life import Course, Dice
from simulators.status_messages import Fact, Said
from tracker.findings.reading_points import Point, battery_points, moment, reservoir_points
from tracker.records.reading_history import Measured

ASK_EVERY_DAYS: Final = (10.0, 20.0)
BATTERY_EVERY: Final = 2
UNVISITED: Final = (h.Stall, h.Recovery, h.Mri, h.Withdrawal)
"""What still befalls a pump that nobody visits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One forecast and its outcome: days from the asking to the truth, and to the interval's three dates."""

    what: str
    serial: str
    age_days: float
    came: float
    low: float
    median: float
    high: float

    @property
    def covered(self) -> bool:
        """Whether the truth lies in the interval."""
        return self.low <= self.came <= self.high

    @property
    def error_days(self) -> float:
        """By how many days the middle was wrong, early or late."""
        return abs(self.median - self.came)


@dataclass(slots=True)
class Foretold:
    """All that was asked of one clinic's pumps, and how often there was no answer, or nothing ever came."""

    asked: list[Asked]
    pumps: int = 0
    unknown_battery: int = 0
    unknown_reservoir: int = 0
    never_came: int = 0


@dataclass(slots=True)
class _Pump:
    """One pump while it is asked about: readings since the last time, and the points that the tracker would keep."""

    course: Course
    next_at: datetime
    asks: int = 0
    fresh: list[Measured] = field(default_factory=list)
    battery: list[Point] = field(default_factory=list)
    reservoir: list[Point] = field(default_factory=list)
    pending: list[tuple[datetime, BatteryForecast]] = field(default_factory=list)


def foretell(
    seed: int, pumps: int, opened: datetime, until: datetime, tell: Callable[[], None] = lambda: None
) -> Foretold:
    """Ask about every pump of a clinic; `tell` is called once for each patient.

    A battery counts only if it was implanted a whole service life before `until`, so that long lives are not left out.
    """
    found = Foretold([])
    for patient in open_clinic(seed, pumps, opened, until).patients:
        _Life(seed, patient, until, found).live()
        tell()
    return found


class _Life:
    """One patient's pumps, one after the other."""

    def __init__(self, seed: int, patient: Patient, until: datetime, found: Foretold) -> None:
        self._seed = seed
        self._patient = patient
        self._until = until
        self._found = found
        self._rng = Random(f"{seed}/asked/{patient.number}")
        self._pump: _Pump | None = None

    def live(self) -> None:
        for event in Clinic(self._seed, [self._patient]).history(self._until):
            course = self._patient.course
            if event.serial != course.serial:
                continue
            if self._pump is None or self._pump.course is not course:
                self._pump = _Pump(course, course.at + self._some_days())
                self._found.pumps += 1
            if isinstance(event, Fact) and event.what == "eri":
                self._settle(self._pump, event.at)
            elif isinstance(event, Said) and isinstance(event.message, StatusReport):
                self._hear(self._pump, event.message, event.at)

    def _some_days(self) -> timedelta:
        return self._rng.uniform(*ASK_EVERY_DAYS) * DAY

    def _hear(self, pump: _Pump, report: StatusReport, at: datetime) -> None:
        pump.fresh.append(_measured(report, at))
        if at < pump.next_at:
            return
        pump.next_at = at + self._some_days()
        pump.asks += 1
        pump.battery = battery_points(pump.battery, pump.fresh)
        pump.reservoir = reservoir_points(pump.reservoir, pump.fresh)
        pump.fresh = []
        self._ask_reservoir(pump, at)
        if pump.asks % BATTERY_EVERY == 0:
            self._ask_battery(pump, at)

    def _ask_battery(self, pump: _Pump, at: datetime) -> None:
        course = pump.course
        model = course.state.unit.model
        life_days = model.service_life_max_days
        if life_days is None or course.implanted_at + life_days * DAY > self._until:
            return
        if course.state.indicator is not Indicator.OK:
            return
        implanted: date = course.implanted_at.date()
        answer = forecast_battery(model, implanted, [_battery_point(point) for point in pump.battery], at)
        if isinstance(answer, BatteryForecast):
            pump.pending.append((at, answer))
        else:
            self._found.unknown_battery += 1

    def _settle(self, pump: _Pump, eri_at: datetime) -> None:
        """The indicator has come on: hold every forecast against it."""
        course = pump.course
        eos_at = course.implanted_at + (course.state.eos_age_days or 0.0) * DAY
        for at, answer in pump.pending:
            self._add("eri", pump, at, eri_at, answer.eri)
            self._add("eos", pump, at, eos_at, answer.eos)
        pump.pending = []

    def _ask_reservoir(self, pump: _Pump, at: datetime) -> None:
        state = pump.course.state
        points = [_reservoir_point(point) for point in pump.reservoir]
        mark = state.low_mark_ml if state.unit.model.low_reservoir_ml is not None else None
        answer = forecast_reservoir(state.unit.model, points, at, mark)
        if not isinstance(answer, ReservoirForecast):
            self._found.unknown_reservoir += 1
            return
        for what, seen, volume_ml, interval in (
            ("low", answer.low_seen, answer.low_mark_ml, answer.low),
            ("empty", answer.empty_seen, 0.0, answer.empty),
        ):
            if seen:
                continue
            came = _reached_at(pump.course, volume_ml, f"{self._seed}/{pump.course.serial}/{at}")
            if came is None:
                self._found.never_came += 1
            else:
                self._add(what, pump, at, came, interval)

    def _add(self, what: str, pump: _Pump, at: datetime, came: datetime, interval: Interval) -> None:
        dates = (came, interval.low, interval.median, interval.high)
        age = (at - pump.course.implanted_at) / DAY
        self._found.asked.append(Asked(what, pump.course.serial, age, *((date - at) / DAY for date in dates)))


def _reached_at(course: Course, volume_ml: float, seed: str) -> datetime | None:
    """When the pump would have come to that volume had nobody visited it; None if it stood still before."""
    agenda = sorted(entry for entry in course.agenda if isinstance(entry[2], UNVISITED))
    course = replace(course, agenda=agenda)
    dice = Dice(seed)
    while True:
        days = days_to_volume(course.state, volume_ml)
        next_at = course.agenda[0][0] if course.agenda else None
        if days < inf and (next_at is None or course.at + days * DAY <= next_at):
            return course.at + days * DAY
        if next_at is None:
            return None
        for _ in run(course, next_at, dice, reports=False):
            course.agenda[:] = sorted(entry for entry in course.agenda if isinstance(entry[2], UNVISITED))


def _measured(report: StatusReport, received_at: datetime) -> Measured:
    battery = report.battery
    return Measured(
        epoch=1,
        seq=0,
        measured_at=report.measured_at,
        received_at=received_at,
        reservoir_ml=report.reservoir_ml,
        flow_ml_per_day=report.flow_ml_per_day,
        infusion=str(report.infusion),
        motor=str(report.motor),
        alarms="",
        battery_percent=None if battery is None else battery.remaining_percent,
        battery_voltage_v=None if battery is None else battery.voltage_v,
        battery_indicator=None if battery is None or battery.indicator is None else str(battery.indicator),
    )


def _battery_point(point: Point) -> BatteryPoint:
    at, percent, volts, indicator, flow = point
    return BatteryPoint(moment(at), volts, percent, None if indicator is None else Indicator(indicator), flow)


def _reservoir_point(point: Point) -> ReservoirPoint:
    return ReservoirPoint(moment(point[0]), point[1], point[2], Infusion(point[3]))
