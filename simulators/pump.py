"""The pump's physics, pure: drug leaves by the flow, the battery drains, and the pump raises its own alarms.

`step` takes a state, a stretch of time and a seeded generator and gives the state after it; what happens to a pump
from outside (a refill, a stall, an MRI) is a change of state made between two steps.
"""

import random
from datetime import timedelta
from math import inf, sqrt
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from devices.alarm_code import AlarmCode
from devices.battery_drain import DAYS_PER_YEAR, DRAIN_WANDER_PER_SQRT_YEAR, MINIMUM_DRAIN_FACTOR
from devices.report import Indicator, Infusion, Motor
from simulators.unit import DRAINS, Unit

STOPPED_ALARM_AFTER_DAYS: Final = 2.0
FILL_VARIATION_SD: Final = 0.01
"""How far the delivery of one fill differs from the pump's own mean. Assumption."""
_WANDER_EVERY_DAYS: Final = 30.0
_WANDER_SD: Final = DRAIN_WANDER_PER_SQRT_YEAR * sqrt(_WANDER_EVERY_DAYS / DAYS_PER_YEAR)
_A_DAY: Final = timedelta(days=1)


class PumpState(Struct, frozen=True):
    """A pump at one moment, as it truly is.

    `flow_ml_per_day` and `infusion` are the settings; `expected_ml` is what the pump itself computes to be left, while
    `reservoir_ml` is the truth. `stalled` and `halted` say why the motor stands: on its own account, or as programmed.
    `faults` are alarms that no quantity here explains, such as a memory error.
    """

    unit: Unit
    age_days: float
    reservoir_ml: float
    expected_ml: float
    flow_ml_per_day: float
    infusion: Infusion
    low_mark_ml: float
    fill_delivery: float = 1.0
    stalled: bool = False
    still_days: float = 0.0
    battery_percent: float = 100.0
    drain: float = 1.0
    wanders: int = 0
    indicator: Indicator = Indicator.OK
    eri_age_days: float | None = None
    eos_age_days: float | None = None
    faults: frozenset[AlarmCode] = frozenset()

    @property
    def has_battery(self) -> bool:
        """Whether the pump has a battery that drains."""
        return self.unit.model_id in DRAINS

    @property
    def has_motor(self) -> bool:
        """Whether a motor moves the drug; a pump driven by gas, with or without valves, has none and cannot stall."""
        return AlarmCode.MOTOR_STALL in self.unit.model.alarms

    @property
    def turning(self) -> bool:
        """Whether the pump moves drug as it is set to, as far as there is any."""
        return not self.stalled and self.infusion is not Infusion.STOPPED

    @property
    def motor(self) -> Motor:
        """What the motor does."""
        if not self.has_motor:
            return Motor.NONE
        if self.infusion is Infusion.STOPPED:
            return Motor.STOPPED
        return Motor.STALLED if self.stalled else Motor.RUNNING

    @property
    def empty(self) -> bool:
        """Whether nothing is left that the pump could deliver."""
        return self.reservoir_ml <= 0.0


def implanted(
    unit: Unit, filled_ml: float, infusion: Infusion, flow_ml_per_day: float, low_mark_ml: float
) -> PumpState:
    """The pump on the day of its implant, filled and set."""
    return PumpState(
        unit=unit,
        age_days=0.0,
        reservoir_ml=filled_ml,
        expected_ml=filled_ml,
        flow_ml_per_day=flow_ml_per_day,
        infusion=infusion,
        low_mark_ml=low_mark_ml,
        drain=unit.drain,
    )


def step(state: PumpState, elapsed: timedelta, rng: random.Random) -> PumpState:
    """The state after `elapsed`, with every limit taken where it is crossed. Raises ValueError for a negative stretch.

    The drain wanders at fixed ages, so a pump's life does not depend on how often one looks at it.
    """
    days = elapsed / _A_DAY
    if days < 0:
        raise ValueError("time runs forward only")
    left = days
    while left > 0:
        to_wander = max((state.wanders + 1) * _WANDER_EVERY_DAYS - state.age_days, 0.0)
        span = min(left, to_wander, _days_to_next_limit(state))
        state = _advance(state, span)
        if span >= to_wander:
            state = _wander(state, rng)
        left -= span
    return state


def active_alarms(state: PumpState) -> tuple[AlarmCode, ...]:
    """The alarms that the pump itself raises now: none from a model that has none."""
    known = state.unit.model.alarms
    if not known:
        return ()
    active = set(state.faults)
    if state.reservoir_ml <= state.low_mark_ml:
        active.add(AlarmCode.LOW_RESERVOIR)
    if state.empty:
        active.add(AlarmCode.EMPTY_RESERVOIR)
    if state.indicator is Indicator.ERI:
        active.add(AlarmCode.ELECTIVE_REPLACEMENT)
    elif state.indicator is Indicator.EOS:
        active.add(AlarmCode.END_OF_SERVICE)
    if state.stalled:
        active.add(AlarmCode.MOTOR_STALL)
    if state.still_days >= STOPPED_ALARM_AFTER_DAYS:
        active.add(AlarmCode.STOPPED_OVER_48H)
    return tuple(sorted(active & known)) if active else ()


def fill(state: PumpState, filled_ml: float, rng: random.Random) -> PumpState:
    """Empties the reservoir and fills it: the pump counts down from there. Raises ValueError over capacity."""
    if not 0 <= filled_ml <= state.unit.model.capacity_ml:
        raise ValueError(f"{filled_ml} mL does not fit a reservoir of {state.unit.model.capacity_ml} mL")
    return replace(
        state, reservoir_ml=filled_ml, expected_ml=filled_ml, fill_delivery=rng.gauss(1.0, FILL_VARIATION_SD)
    )


def stall(state: PumpState) -> PumpState:
    """The motor stands still. Raises ValueError for a pump without one."""
    if not state.has_motor:
        raise ValueError(f"a {state.unit.model.name} has no motor that could stall")
    return replace(state, stalled=True)


def recover(state: PumpState) -> PumpState:
    """The motor turns again, unless the pump is at its end or programmed to stand."""
    return replace(state, stalled=False, still_days=0.0 if state.infusion is not Infusion.STOPPED else state.still_days)


def programme(state: PumpState, infusion: Infusion, flow_ml_per_day: float) -> PumpState:
    """Sets mode and flow. A pump at its end of service stays stopped."""
    if state.indicator is Indicator.EOS:
        return state
    still = state.still_days if infusion is Infusion.STOPPED or state.stalled else 0.0
    return replace(state, infusion=infusion, flow_ml_per_day=flow_ml_per_day, still_days=still)


def remove(state: PumpState, ml: float) -> PumpState:
    """Drug leaves by another way than the catheter: the truth falls, what the pump expects does not."""
    return replace(state, reservoir_ml=max(state.reservoir_ml - ml, 0.0))


def _delivery_per_day(state: PumpState) -> float:
    return state.flow_ml_per_day * state.unit.delivery * state.fill_delivery if state.turning else 0.0


def _drain_per_day(state: PumpState) -> float:
    drain = DRAINS[state.unit.model_id]
    return state.drain * (drain.base + drain.per_ml * (state.flow_ml_per_day if state.turning else 0.0))


def _days_to_next_limit(state: PumpState) -> float:
    """How long the rates stay as they are: until the reservoir is empty or the battery reaches its next mark."""
    delivery = _delivery_per_day(state)
    nearest = state.reservoir_ml / delivery if delivery > 0 and state.reservoir_ml > 0 else inf
    if not state.has_battery or state.indicator is Indicator.EOS:
        return nearest
    if state.indicator is Indicator.ERI:
        return min(nearest, max((state.eos_age_days or state.age_days) - state.age_days, 0.0))
    return min(nearest, _days_to_eri(state))


def _days_to_eri(state: PumpState) -> float:
    drain = DRAINS[state.unit.model_id]
    by_charge = (state.battery_percent - drain.eri_percent) / _drain_per_day(state)
    by_age = drain.latest_eri_age_days - state.age_days
    by_film = inf if state.unit.film_age_days is None else state.unit.film_age_days - state.age_days
    return max(min(by_charge, by_age, by_film), 0.0)


def _advance(state: PumpState, days: float) -> PumpState:
    """Lets time pass with constant rates, then takes the limit that is reached at its end."""
    delivery = _delivery_per_day(state)
    left = state.reservoir_ml - delivery * days
    expected = state.expected_ml - (state.flow_ml_per_day * days if state.infusion is not Infusion.STOPPED else 0.0)
    percent = state.battery_percent
    due = False
    if state.has_battery:
        percent = max(percent - _drain_per_day(state) * days, 0.0)
        due = state.indicator is not Indicator.EOS and days >= _mark_after(state)
    age = state.age_days + days
    state = PumpState(
        unit=state.unit,
        age_days=age,
        reservoir_ml=left if left > 1e-9 else 0.0,
        expected_ml=expected if expected > 0 else 0.0,
        flow_ml_per_day=state.flow_ml_per_day,
        infusion=state.infusion,
        low_mark_ml=state.low_mark_ml,
        fill_delivery=state.fill_delivery,
        stalled=state.stalled,
        still_days=0.0 if state.turning else state.still_days + days,
        battery_percent=percent,
        drain=state.drain,
        wanders=state.wanders,
        indicator=state.indicator,
        eri_age_days=state.eri_age_days,
        eos_age_days=state.eos_age_days,
        faults=state.faults,
    )
    return _take_mark(state) if due else state


def _wander(state: PumpState, rng: random.Random) -> PumpState:
    drain = max(state.drain + rng.gauss(0.0, _WANDER_SD), MINIMUM_DRAIN_FACTOR)
    return replace(state, drain=drain, wanders=state.wanders + 1)


def _mark_after(state: PumpState) -> float:
    if state.indicator is Indicator.ERI:
        return max((state.eos_age_days or state.age_days) - state.age_days, 0.0)
    return _days_to_eri(state)


def _take_mark(state: PumpState) -> PumpState:
    """The battery reaches its next mark: the indicator, then the end of service, at which the pump stops."""
    if state.indicator is Indicator.ERI:
        return replace(state, indicator=Indicator.EOS, infusion=Infusion.STOPPED, stalled=False)
    drain = DRAINS[state.unit.model_id]
    film = state.unit.film_age_days is not None and state.age_days >= state.unit.film_age_days - 1e-6
    if film and state.unit.film_notice_days is None:
        return replace(
            state,
            indicator=Indicator.EOS,
            infusion=Infusion.STOPPED,
            eri_age_days=state.age_days,
            eos_age_days=state.age_days,
            faults=state.faults | {AlarmCode.LOW_BATTERY_RESET},
        )
    notice = state.unit.film_notice_days if film else None
    days = drain.eri_to_eos_days if notice is None else notice
    return replace(state, indicator=Indicator.ERI, eri_age_days=state.age_days, eos_age_days=state.age_days + days)
