"""What was true of a simulated pump when something was said of it, and whether a warning's harm would have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Final

from devices.report import Indicator
from simulators.pump import PumpState
from simulators.pump_life import Course
from simulators.status_messages import Fact
from simulators.unit import DRAINS

DAY: Final = timedelta(days=1)
REFILL_GRACE_DAYS: Final = 17.0
"""A refill line comes ten days ahead; the low mark or the drug's last day within a week after that bears it out."""

BATTERY_GRACE_DAYS: Final = 365.0
"""The battery's line comes six months ahead of the early end of the interval; an end within a year bears it out."""

FINDING_GRACE: Final = timedelta(days=14)

CAUSES: Final[Mapping[str, frozenset[str]]] = {
    "late_refill": frozenset({"refill_missed", "patient_absent"}),
    "ran_dry": frozenset({"empty"}),
    "volume_vanished": frozenset({"volume_removed"}),
    "volume_discrepancy": frozenset({"volume_removed", "motor_stall", "stopped_by_session", "mri", "empty"}),
    "unlogged_refill": frozenset({"unlogged_refill", "refill_untold"}),
    "refill_not_seen": frozenset({"refill_not_done"}),
    "unlogged_reprogramming": frozenset({"unlogged_reprogramming", "strange_programmer", "reprogramming_untold"}),
    "session_not_completed": frozenset({"stopped_by_session"}),
    "unknown_programmer": frozenset({"strange_programmer"}),
    "prolonged_stop": frozenset({"stopped_by_session", "motor_stall", "eos"}),
    "alarm_unattended": frozenset({"alarm_unattended"}),
    "code_contradicted": frozenset(),
    "handling_against_limits": frozenset({"mri"}),
}
"""What must truly have happened for a finding to be right. Nobody leaves an alarm unattended in these clinics.

What was done while the communicator was silent never reached the records, so that it is truly unlogged there.
"""

LONG_CAUSES: Final = frozenset({"volume_discrepancy", "late_refill"})
"""Findings about a whole fill: the cause may lie as far back as the last one."""
A_FILL: Final = timedelta(days=190)

FILLS: Final = frozenset({"refill", "unlogged_refill"})

STOPS: Final = frozenset({"motor_stall", "stopped_by_session", "mri", "eos"})


@dataclass(frozen=True, slots=True)
class Truth:
    """One pump as it truly was at a moment: days until each harm, had nobody acted; infinite where it never comes."""

    low_in_days: float
    eos_in_days: float
    filled_at: datetime
    first_fill: bool = False


def truth_of(course: Course, filled_at: datetime) -> Truth:
    """What was ahead of the pump at the moment that its course has reached."""
    first = filled_at == course.implanted_at
    return Truth(days_to_volume(course.state, course.state.low_mark_ml), _days_to_eos(course.state), filled_at, first)


def days_to_volume(state: PumpState, volume_ml: float) -> float:
    """After how many days that volume is reached by what truly flows."""
    if not state.turning or state.flow_ml_per_day <= 0:
        return inf
    delivered = state.flow_ml_per_day * state.unit.delivery * state.fill_delivery
    return max((state.reservoir_ml - volume_ml) / delivered, 0.0)


def _days_to_eos(state: PumpState) -> float:
    if not state.has_battery:
        return inf
    if state.indicator is not Indicator.OK:
        return max((state.eos_age_days or state.age_days) - state.age_days, 0.0)
    drain = DRAINS[state.unit.model_id]
    per_day = state.drain * (drain.base + drain.per_ml * state.flow_ml_per_day)
    by_charge = (state.battery_percent - drain.eri_percent) / per_day
    by_film = inf if state.unit.film_age_days is None else state.unit.film_age_days - state.age_days
    return max(min(by_charge, drain.latest_eri_age_days - state.age_days, by_film), 0.0) + drain.eri_to_eos_days


def happened(facts: Sequence[Fact], what: frozenset[str], since: datetime, until: datetime) -> bool:
    """Whether one of those things happened between two moments."""
    return any(fact.what in what and since <= fact.at <= until for fact in facts)


def silent_at(facts: Sequence[Fact], at: datetime) -> bool:
    """Whether the communicator had truly said nothing before that moment, the days just after included."""
    spans = [(fact.at, fact.at + float(fact.detail["days"] or 0) * DAY) for fact in facts if fact.what == "silent"]
    return any(start <= at <= end + DAY for start, end in spans)
