"""One pump as it left the factory: what was drawn for it once and holds for its life.

The figures of reliability are those of the published series; where none was found the figure is an assumption and
says so.
"""

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from msgspec import Struct

from devices.battery_drain import battery_percent_per_day, drain_factor
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE

FILM_DEFECT_PROBABILITY: Final = 0.0004
"""Share of pumps whose battery forms a film and ends early: 55 confirmed of about 140,000."""
FILM_DEFECT_AGE_DAYS: Final = (45 * 30.44, 78 * 30.44)
"""The film was seen 45 to 78 months after the implant."""
FILM_DEFECT_NOTICE_DAYS: Final = (10.0, 90.0)
"""From the indicator to the end with a film. Assumption: the notices say shorter than 90 days, not how short."""
FILM_DEFECT_WITHOUT_NOTICE: Final = 1 / 3
"""Share of film defects that reset the pump without any indicator before. Assumption."""

DELIVERY_SD: Final = 0.015
"""How far pumps of a kind differ in the volume delivered by the volume programmed. Assumption."""


class Unit(Struct, frozen=True):
    """What was drawn for one pump. A film defect is the age at which the battery fails early, if it does."""

    model_id: str
    delivery: float
    drain: float
    film_age_days: float | None
    film_notice_days: float | None
    firmware: str | None

    @property
    def model(self) -> PumpModel:
        """The pump's model."""
        return CATALOGUE[self.model_id]


@dataclass(frozen=True)
class Drain:
    """A model's battery as the physics needs it: percent a day for the median pump, and the ages that bound it."""

    model: PumpModel

    @cached_property
    def base(self) -> float:
        """Percent a day with no flow."""
        return battery_percent_per_day(self.model, 0.0)

    @cached_property
    def per_ml(self) -> float:
        """Percent for each mL delivered, beyond the base."""
        return battery_percent_per_day(self.model, 1.0) - self.base

    @cached_property
    def eri_percent(self) -> float:
        """The percentage at which the replacement indicator comes on."""
        return 0.0 if self.model.battery is None else self.model.battery.eri_percent.value

    @cached_property
    def eri_to_eos_days(self) -> float:
        """Days from the indicator to the end of service."""
        return float(self.model.eri_to_eos_days or 0)

    @cached_property
    def latest_eri_age_days(self) -> float:
        """The age at which the indicator comes on whatever the battery says."""
        return float(self.model.service_life_max_days or 0) - self.eri_to_eos_days


DRAINS: Final = {model_id: Drain(model) for model_id, model in CATALOGUE.items() if model.has_battery}


def make_unit(model: PumpModel, rng: random.Random) -> Unit:
    """Draws one pump of the model."""
    delivery = rng.gauss(model.delivered.value, DELIVERY_SD)
    drain = drain_factor(model, rng.random()) if model.has_battery else 0.0
    film_age = notice = None
    if model.has_battery and rng.random() < FILM_DEFECT_PROBABILITY:
        film_age = rng.uniform(*FILM_DEFECT_AGE_DAYS)
        notice = None if rng.random() < FILM_DEFECT_WITHOUT_NOTICE else rng.uniform(*FILM_DEFECT_NOTICE_DAYS)
    firmware = rng.choice(("1.04", "1.06", "2.01")) if model.programmable else None
    return Unit(model.id, delivery, drain, film_age, notice, firmware)
