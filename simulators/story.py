"""What a story is: one pump, what befalls it, and what that must lead to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from devices.alarm_code import AlarmCode
from devices.battery_drain import drain_factor
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE
from devices.report import Infusion
from simulators.effects import run
from simulators.events import Happening, Report
from simulators.pump import PumpState
from simulators.pump_life import Course, Dice
from simulators.status_messages import Event
from simulators.therapies import MORPHINE, Therapy
from simulators.unit import Unit

NURSE: Final = "rn.alvarez"
PROGRAMMER: Final = "A810-00231"


@dataclass(frozen=True, slots=True)
class Expects:
    """What stands at the story's end when nobody has acted on anything but what the story itself does.

    `alarms` are open: active, or latched and not looked at. `findings` and `worklist` are kinds. `outcome` is that of
    the replacement determination. `rejected`: whether messages are refused; `epochs`: how many the pump has counted in.
    """

    alarms: frozenset[AlarmCode] = frozenset()
    findings: frozenset[str] = frozenset()
    worklist: frozenset[str] = frozenset()
    outcome: str = "needs_information"
    rejected: bool = False
    epochs: int = 1


@dataclass(frozen=True, slots=True)
class Story:
    """A story as data. `script` gives each happening with its day from the start; `days` is the whole length.

    The pump is the median of its model, `age_days` old, with so much in its reservoir (None: full) and battery; with
    `visits` the clinic refills it in time. `constant-flow` models take their flow from the model.
    """

    name: str
    title: str
    days: float
    expects: Expects
    script: tuple[tuple[float, Happening], ...] = ()
    model_id: str = "synchromed-ii-20"
    therapy: Therapy = MORPHINE
    dose_per_day: Decimal = Decimal("7.5")
    age_days: float = 200.0
    reservoir_ml: float | None = None
    battery_percent: float = 92.0
    report_every_hours: float = 12.0
    visits: bool = True

    @property
    def model(self) -> PumpModel:
        """The pump's model."""
        return CATALOGUE[self.model_id]

    def begin(self, serial: str, start: datetime, dice: Dice) -> Course:
        """The pump on the story's first day, with the script on its agenda."""
        model = self.model
        volume = model.capacity_ml if self.reservoir_ml is None else self.reservoir_ml
        drain = drain_factor(model, 0.5) if model.has_battery else 0.0
        state = PumpState(
            unit=Unit(model.id, 1.0, drain, None, None, "1.04" if model.programmable else None),
            age_days=self.age_days,
            reservoir_ml=volume,
            expected_ml=volume,
            flow_ml_per_day=model.fixed_flow_ml_per_day or self.therapy.flow_ml_per_day(self.dose_per_day),
            infusion=Infusion.SIMPLE_CONTINUOUS,
            low_mark_ml=model.low_reservoir_ml or 0.0,
            battery_percent=self.battery_percent,
            drain=drain,
            wanders=int(self.age_days / 30),
        )
        course = Course(
            serial=serial,
            state=state,
            therapy=self.therapy,
            dose_per_day=self.dose_per_day,
            at=start,
            implanted_at=start - timedelta(days=self.age_days),
            report_every_hours=self.report_every_hours,
            nurse=NURSE,
            programmer=PROGRAMMER,
            filled_at=start - timedelta(days=(model.capacity_ml - volume) / state.flow_ml_per_day),
        )
        course.plan_after(0.01, Report())
        for day, happening in self.script:
            course.plan_after(day, happening)
        if self.visits:
            course.plan_refill(dice)
        return course


def tell(story: Story, serial: str, start: datetime, seed: int = 1) -> Iterator[Event]:
    """Everything that is said and done in the story, in order of time. The same seed and start give the same bytes."""
    dice = Dice(f"{seed}/{story.name}/{serial}")
    course = story.begin(serial, start, dice)
    yield from run(course, start + timedelta(days=story.days), dice)
