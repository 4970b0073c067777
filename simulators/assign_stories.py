"""Which pumps of a living clinic get the stories that come up within minutes, and what befalls them."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from devices.report import Indicator
from simulators import events as h
from simulators.clinic import Clinic
from simulators.generate_patient import Patient
from simulators.pump import active_alarms
from simulators.pump_life import Course
from simulators.unit import DRAINS

GARBAGE_AFTER_MIN: Final = 0.7
STALL_AFTER_MIN: Final = 1.5
STRANGER_AFTER_MIN: Final = 2.0
LOW_AFTER_MIN: Final = 2.5
SILENT_AFTER_MIN: Final = 3.0
ERI_AFTER_MIN: Final = 4.0
STALL_LASTS_MIN: Final = 45.0
STRANGER_DOSE_FACTOR: Final = 0.5
_NEAR_ERI_PERCENT: Final = 1.5


def cast(clinic: Clinic, done: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Plans each story that has not been played yet on a pump that suits it; gives (story, serial).

    A pump that is well and has no other part is taken; where none suits, the story is left out.
    """
    taken: set[str] = set()
    for name, choose, begin in _PARTS:
        well = [patient for patient in clinic.patients if _is_well(patient) and patient.course.serial not in taken]
        suited = sorted((rank, patient.number) for patient in well if (rank := choose(patient.course)) is not None)
        if name in done or not suited:
            continue
        patient = next(each for each in well if each.number == suited[0][1])
        taken.add(patient.course.serial)
        begin(patient.course)
        yield name, patient.course.serial


def _is_well(patient: Patient) -> bool:
    course = patient.course
    return not (patient.left or patient.reason or course.silent or active_alarms(course.state))


def _nearest_low(course: Course) -> float | None:
    state = course.state
    if not state.has_battery or not state.turning or state.reservoir_ml <= state.low_mark_ml:
        return None
    return (state.reservoir_ml - state.low_mark_ml) / state.flow_ml_per_day


def _nearest_eri(course: Course) -> float | None:
    return course.state.battery_percent if course.state.indicator is Indicator.OK and course.state.has_battery else None


def _with_motor(course: Course) -> float | None:
    return course.state.age_days if course.state.has_motor else None


def _any_with_battery(course: Course) -> float | None:
    return -course.state.age_days if course.state.has_battery else None


def _programmable(course: Course) -> float | None:
    return course.state.age_days if course.state.unit.model.programmable and course.state.turning else None


def _begin_low(course: Course) -> None:
    """The mark is set to what is left, less what flows until then."""
    state = course.state
    flows = state.flow_ml_per_day * state.unit.delivery * state.fill_delivery * LOW_AFTER_MIN / 1440
    course.state = replace(state, low_mark_ml=state.reservoir_ml - flows)


def _begin_eri(course: Course) -> None:
    """A battery that is near its mark is brought next to it; one that is not drains quickly until it gets there."""
    state = course.state
    drain = DRAINS[state.unit.model_id]
    per_minute = state.drain * (drain.base + drain.per_ml * state.flow_ml_per_day) / 1440
    gap = state.battery_percent - drain.eri_percent
    if gap <= _NEAR_ERI_PERCENT:
        course.state = replace(state, battery_percent=drain.eri_percent + per_minute * ERI_AFTER_MIN)
    else:
        course.state = replace(state, drain=state.drain * gap / (per_minute * ERI_AFTER_MIN))


def _begin_stall(course: Course) -> None:
    course.plan(course.at + timedelta(minutes=STALL_AFTER_MIN), h.Stall(round(STALL_LASTS_MIN / 60, 3)))


def _begin_silence(course: Course) -> None:
    course.plan(course.at + timedelta(minutes=SILENT_AFTER_MIN), h.Silence(1.0))


def _begin_garbage(course: Course) -> None:
    for minutes in (GARBAGE_AFTER_MIN, 6.0, 20.0):
        course.plan(course.at + timedelta(minutes=minutes), h.GarbageSent(8))


def _begin_stranger(course: Course) -> None:
    course.plan(course.at + timedelta(minutes=STRANGER_AFTER_MIN), h.StrangeProgrammer(STRANGER_DOSE_FACTOR))


_PARTS: Final[tuple[tuple[str, Callable[[Course], float | None], Callable[[Course], None]], ...]] = (
    ("reservoir_runs_low", _nearest_low, _begin_low),
    ("battery_reaches_eri", _nearest_eri, _begin_eri),
    ("motor_stalls", _with_motor, _begin_stall),
    ("goes_silent", _any_with_battery, _begin_silence),
    ("sends_garbage", _with_motor, _begin_garbage),
    ("unknown_programmer", _programmable, _begin_stranger),
)
