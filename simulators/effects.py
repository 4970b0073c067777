"""What each happening does to a course, and the running of a course through its agenda."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heappop
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from devices.alarm_code import AlarmCode
from devices.report import Infusion, SessionReservoir
from simulators import events as h
from simulators.bad_messages import flood, garbage
from simulators.pump import fill, programme, recover, remove, stall
from simulators.pump_life import Clock, Course, Dice
from simulators.status_messages import Event, MemoryLost

DOSE_CHANGE_AT_REFILL: Final = 0.25
DOSE_CHANGE_AT_CHECK_UP: Final = 0.45
"""How often a visit changes the dose. Assumption."""
_ASPIRATED_NOISE_SD: Final = 0.08
_STRANGE_PROGRAMMER: Final = "N8840-77120"


def run(course: Course, until: datetime, dice: Dice, *, reports: bool = True) -> Iterator[Event]:
    """Lives through the agenda up to `until`. Without `reports` the same life passes unseen, which is much quicker."""
    while course.agenda and course.agenda[0][0] <= until:
        at, _order, happening = heappop(course.agenda)
        yield from course.pass_time(at, dice)
        if isinstance(happening, h.Report):
            if reports:
                yield from _report(course, happening, dice)
            continue
        yield from EFFECTS[type(happening)](course, happening, dice)
        if reports and course.alarms_changed:
            yield from course.say_status(dice)
    yield from course.pass_time(until, dice)


def _report(course: Course, _: h.Report, dice: Dice) -> Iterator[Event]:
    yield from course.say_status(dice)
    course.plan(course.at + timedelta(seconds=int(course.report_every_hours * 3600 + dice.noise.uniform(-40, 40))), _)


def _refill(course: Course, _: h.Refill, dice: Dice) -> Iterator[Event]:
    if course.absent_until is not None and course.at < course.absent_until:
        course.plan(course.absent_until, h.Refill())
        yield course.fact("refill_missed", until=course.absent_until.isoformat())
        return
    before = course.dose_per_day
    volumes = _volumes(course, dice)
    found = course.state
    course.state = fill(found, volumes.filled_ml or 0.0, dice.life)
    course.filled_at = course.at
    if course.state.unit.model.programmable and dice.life.random() < DOSE_CHANGE_AT_REFILL:
        _change_dose(course, dice.life.uniform(0.9, 1.14))
    yield course.fact(
        "refill",
        aspirated_ml=volumes.aspirated_ml,
        filled_ml=volumes.filled_ml,
        held_ml=round(found.reservoir_ml, 2),
        expected_ml=round(found.expected_ml, 2),
    )
    yield from course.say_session(minutes=15, before=before, reservoir=volumes)
    yield from course.say_status(dice)
    course.plan_refill(dice)


def _volumes(course: Course, dice: Dice) -> SessionReservoir:
    state = course.state
    aspirated = 0.0
    if not state.empty:
        aspirated = min(
            max(dice.noise.gauss(state.reservoir_ml, _ASPIRATED_NOISE_SD), 0.0), state.unit.model.capacity_ml
        )
    return SessionReservoir(round(state.expected_ml, 2), round(aspirated, 1), state.unit.model.capacity_ml)


def _change_dose(course: Course, factor: float) -> None:
    wanted = course.therapy.rounded(course.dose_per_day * Decimal(str(round(factor, 3))))
    course.dose_per_day = wanted
    course.state = programme(course.state, Infusion.SIMPLE_CONTINUOUS, course.therapy.flow_ml_per_day(wanted))


def _check_up(course: Course, _: h.CheckUp, dice: Dice) -> Iterator[Event]:
    before = course.dose_per_day
    changes = dice.life.random() < DOSE_CHANGE_AT_CHECK_UP
    if changes and not course.state.stalled:
        _change_dose(course, dice.life.uniform(0.9, 1.14))
        course.plan_refill(dice)
    yield from course.say_session(minutes=10, before=before)
    course.plan_check_up(dice)


def _refills_missed(course: Course, what: h.RefillsMissed, _: Dice) -> Iterator[Event]:
    course.absent_until = course.at + timedelta(days=what.days)
    yield course.fact("patient_absent", days=what.days)


def _stall(course: Course, what: h.Stall, _: Dice) -> Iterator[Event]:
    course.state = stall(course.state)
    yield course.fact("motor_stall", recovers_after_hours=what.recovers_after_hours)
    if what.recovers_after_hours is not None:
        course.plan_after(what.recovers_after_hours / 24, h.Recovery())


def _recovery(course: Course, _: h.Recovery, __: Dice) -> Iterator[Event]:
    course.state = recover(course.state)
    yield course.fact("motor_recovered")


def _mri(course: Course, what: h.Mri, _: Dice) -> Iterator[Event]:
    yield course.fact("mri")
    if course.state.has_motor:
        course.state = stall(course.state)
        course.plan_after(what.recovers_after_hours / 24, h.Recovery())
    if what.checked_after_hours is not None:
        course.plan_after(what.checked_after_hours / 24, h.PostMriCheck())


def _post_mri_check(course: Course, _: h.PostMriCheck, __: Dice) -> Iterator[Event]:
    yield from course.say_session(minutes=6, before=course.dose_per_day)


def _withdrawal(course: Course, what: h.Withdrawal, _: Dice) -> Iterator[Event]:
    course.state = remove(course.state, what.ml)
    yield course.fact("volume_removed", ml=what.ml)


def _unlogged_refill(course: Course, _: h.UnloggedRefill, dice: Dice) -> Iterator[Event]:
    course.state = fill(course.state, course.state.unit.model.capacity_ml, dice.life)
    course.filled_at = course.at
    yield course.fact("unlogged_refill", filled_ml=course.state.reservoir_ml)
    course.plan_refill(dice)


def _refill_not_done(course: Course, _: h.RefillNotDone, dice: Dice) -> Iterator[Event]:
    yield course.fact("refill_not_done")
    course.filled_at = course.at
    yield from course.say_session(minutes=12, before=course.dose_per_day, reservoir=_volumes(course, dice))
    course.plan_refill(dice)


def _session_cut_short(course: Course, what: h.SessionCutShort, _: Dice) -> Iterator[Event]:
    yield from course.say_session(minutes=8, before=course.dose_per_day, completed=False)
    course.state = programme(course.state, Infusion.STOPPED, course.state.flow_ml_per_day)
    yield course.fact("stopped_by_session", resumed_after_days=what.resumed_after_days)
    if what.resumed_after_days is not None:
        course.plan_after(what.resumed_after_days, h.Resumed())


def _resumed(course: Course, _: h.Resumed, dice: Dice) -> Iterator[Event]:
    flow = course.therapy.flow_ml_per_day(course.dose_per_day)
    course.state = programme(course.state, Infusion.SIMPLE_CONTINUOUS, flow)
    yield course.fact("resumed")
    yield from course.say_session(minutes=10, before=course.dose_per_day)
    course.plan_refill(dice)


def _strange_programmer(course: Course, what: h.StrangeProgrammer, _: Dice) -> Iterator[Event]:
    before = course.dose_per_day
    _change_dose(course, what.factor)
    yield course.fact("strange_programmer", programmer=_STRANGE_PROGRAMMER)
    yield from course.say_session(minutes=4, before=before, programmer=_STRANGE_PROGRAMMER, operator="unknown")


def _unlogged_reprogramming(course: Course, what: h.UnloggedReprogramming, _: Dice) -> Iterator[Event]:
    _change_dose(course, what.factor)
    yield course.fact("unlogged_reprogramming", factor=what.factor)


def _fault(course: Course, what: h.Fault, _: Dice) -> Iterator[Event]:
    course.state = replace(course.state, faults=course.state.faults | {AlarmCode(what.code)})
    yield course.fact("fault", code=what.code)


def _silence(course: Course, what: h.Silence, _: Dice) -> Iterator[Event]:
    course.silent_until = course.at + timedelta(days=what.days)
    yield course.fact("silent", days=what.days)


def _clock_drift(course: Course, what: h.ClockDrift, _: Dice) -> Iterator[Event]:
    course.clock = Clock(course.at, 0.0, what.seconds_per_day)
    yield course.fact("clock_drift", seconds_per_day=what.seconds_per_day)


def _repetition(course: Course, what: h.Repetition, _: Dice) -> Iterator[Event]:
    course.copies = what.copies
    yield course.fact("repeats", copies=what.copies)


def _memory_loss(course: Course, _: h.MemoryLoss, __: Dice) -> Iterator[Event]:
    yield MemoryLost(course.at, course.serial)


def _garbage(course: Course, what: h.GarbageSent, dice: Dice) -> Iterator[Event]:
    yield course.fact("garbage", messages=what.messages)
    yield from garbage(course, what.messages, dice)


def _flood(course: Course, what: h.Flood, dice: Dice) -> Iterator[Event]:
    yield course.fact("flood", messages=what.messages)
    yield from flood(course, what.messages, dice)


_Effect = Callable[[Course, Any, Dice], Iterator[Event]]

EFFECTS: Final[Mapping[type, _Effect]] = MappingProxyType(
    {
        h.Report: _report,
        h.Refill: _refill,
        h.CheckUp: _check_up,
        h.RefillsMissed: _refills_missed,
        h.Stall: _stall,
        h.Recovery: _recovery,
        h.Mri: _mri,
        h.PostMriCheck: _post_mri_check,
        h.Withdrawal: _withdrawal,
        h.UnloggedRefill: _unlogged_refill,
        h.RefillNotDone: _refill_not_done,
        h.SessionCutShort: _session_cut_short,
        h.Resumed: _resumed,
        h.StrangeProgrammer: _strange_programmer,
        h.UnloggedReprogramming: _unlogged_reprogramming,
        h.Fault: _fault,
        h.Silence: _silence,
        h.ClockDrift: _clock_drift,
        h.Repetition: _repetition,
        h.MemoryLoss: _memory_loss,
        h.GarbageSent: _garbage,
        h.Flood: _flood,
    }
)
