"""One pump's simulated life from its implant on: where it stands, what will happen to it, what is said of it.

A course is a plain value that changes as time runs; with its agenda it can be written down and taken up again. What
each happening does to it stands in `effects`.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heapify, heappush
from typing import Final

from msgspec import Struct, field

from devices.alarm_code import AlarmCode
from devices.report import Indicator, Infusion, ProgrammerSession, SessionReservoir
from simulators.events import CheckUp, Happening, Refill
from simulators.numbering import NOT_NUMBERED, Message
from simulators.pump import PumpState, active_alarms, step
from simulators.status_messages import Fact, Said, prescription, status_report
from simulators.therapies import Therapy

_CLINIC_OPENS_UTC: Final = 13
_CLINIC_HOURS: Final = 8
_MARGIN_DAYS: Final = 8.0
_MARGIN_ML: Final = 0.5
_KEEPS_MARGIN_DAYS: Final = 4.0


class Dice:
    """Two generators for one pump: what happens to it, and the errors of what is measured of it.

    They are apart so that the same things happen however often anybody measures.
    """

    def __init__(self, seed: str) -> None:
        self.life = random.Random(f"{seed}/life")
        self.noise = random.Random(f"{seed}/noise")


class Clock(Struct, frozen=True):
    """The communicator's clock: its error at one moment and what it gains in a day, in seconds."""

    since: datetime
    error_s: float
    gains_s_per_day: float

    def shows(self, at: datetime) -> datetime:
        """What it shows at this moment, to the second."""
        error = self.error_s + self.gains_s_per_day * ((at - self.since) / timedelta(days=1))
        return at + timedelta(seconds=round(error))


class Course(Struct):
    """One pump's life so far. `at` is the simulated time reached, `agenda` what is to come, soonest first.

    `filled_at` is the last fill by the clinic's own books; None stands for the one at the implant.
    """

    serial: str
    state: PumpState
    therapy: Therapy
    dose_per_day: Decimal
    at: datetime
    implanted_at: datetime
    report_every_hours: float
    nurse: str
    programmer: str
    agenda: list[tuple[datetime, int, Happening]] = field(default_factory=list)
    order: int = 0
    told_alarms: tuple[AlarmCode, ...] = ()
    clock: Clock | None = None
    copies: int = 1
    silent_until: datetime | None = None
    absent_until: datetime | None = None
    filled_at: datetime | None = None

    def plan(self, at: datetime, happening: Happening) -> None:
        """Puts a happening on the agenda; what is planned for one moment happens in the order of planning."""
        self.order += 1
        heappush(self.agenda, (max(at, self.at), self.order, happening))

    def plan_after(self, days: float, happening: Happening) -> None:
        """Puts a happening on the agenda so many days from now, to the second."""
        self.plan(self.at + timedelta(seconds=round(days * 86_400)), happening)

    def plan_refill(self, dice: Dice) -> None:
        """Books the next refill in clinic hours: ahead of the low mark, and while the drug is stable."""
        state = self.state
        self.agenda[:] = [entry for entry in self.agenda if not isinstance(entry[2], Refill)]
        heapify(self.agenda)
        flow = max(state.flow_ml_per_day, 0.001)
        usable = state.expected_ml - state.low_mark_ml - max(_MARGIN_ML, 0.0 if state.low_mark_ml else 0.1)
        by_volume = usable / flow - _MARGIN_DAYS
        held_days = (self.at - (self.filled_at or self.implanted_at)) / timedelta(days=1)
        days = max(min(by_volume, self.therapy.keeps_days - held_days - _KEEPS_MARGIN_DAYS), 2.0)
        self.plan(appointment(self.at + timedelta(days=days), dice.life), Refill())

    def plan_check_up(self, dice: Dice) -> None:
        """Books the next visit without a refill."""
        self.plan(appointment(self.at + timedelta(days=dice.life.uniform(120, 330)), dice.life), CheckUp())

    def pass_time(self, to: datetime, dice: Dice) -> Iterator[Fact]:
        """Lets the pump run to that moment; gives what truly came about on the way."""
        before = self.state
        self.state = after = step(before, to - self.at, dice.life)
        self.at = to
        if after.indicator is not before.indicator:
            if before.indicator is Indicator.OK:
                yield self.fact("eri", at=self._at_age(after.eri_age_days))
            if after.indicator is Indicator.EOS:
                yield self.fact("eos", at=self._at_age(after.eos_age_days))
        if after.empty and not before.empty:
            yield self.fact("empty")

    def say_status(self, dice: Dice) -> Iterator[Said]:
        """A status report, unless the communicator is silent."""
        self.told_alarms = active_alarms(self.state)
        if not self.silent:
            yield self._said(status_report(self.state, self.shown_time(), dice.noise))

    def say_session(
        self,
        *,
        minutes: int,
        before: Decimal,
        completed: bool = True,
        programmer: str | None = None,
        operator: str | None = None,
        reservoir: SessionReservoir | None = None,
    ) -> Iterator[Said | Fact]:
        """A programmer session that ends now; `before` is the daily dose that it found.

        A silent communicator never tells of it: then the truth alone has what was done.
        """
        if self.silent:
            if reservoir is not None:
                yield self.fact("refill_untold")
            if before != self.dose_per_day:
                yield self.fact("reprogramming_untold")
            return
        state = self.state
        now = self.shown_time()
        programmable = state.unit.model.programmable
        mode = state.infusion if programmable else Infusion.SIMPLE_CONTINUOUS
        session = ProgrammerSession(
            model=state.unit.model_id,
            epoch=NOT_NUMBERED,
            seq=NOT_NUMBERED,
            measured_at=now,
            started_at=now - timedelta(minutes=minutes),
            completed=completed,
            programmer=programmer or self.programmer,
            operator=operator or self.nurse,
            analysed=programmable,
            reprogrammed=programmable and before != self.dose_per_day and completed,
            refilled=reservoir is not None,
            reservoir=reservoir,
            before=prescription(self.therapy, before, mode),
            after=prescription(self.therapy, self.dose_per_day, mode) if completed else None,
        )
        yield self._said(session)

    def fact(self, what: str, at: datetime | None = None, **detail: str | float | None) -> Fact:
        """A line of truth about this pump."""
        return Fact(at or self.at, self.serial, what, detail)

    def shown_time(self) -> datetime:
        """What the communicator's clock shows now."""
        return self.at if self.clock is None else self.clock.shows(self.at)

    @property
    def silent(self) -> bool:
        """Whether the communicator says nothing now."""
        return self.silent_until is not None and self.at < self.silent_until

    @property
    def alarms_changed(self) -> bool:
        """Whether the pump's alarms differ from those reported last."""
        return active_alarms(self.state) != self.told_alarms

    def _said(self, message: Message) -> Said:
        percent = self.state.battery_percent if self.state.has_battery else None
        return Said(self.at, self.serial, message, self.state.reservoir_ml, percent, self.copies)

    def _at_age(self, age_days: float | None) -> datetime:
        return self.at if age_days is None else self.implanted_at + timedelta(seconds=round(age_days * 86_400))


def appointment(near: datetime, rng: random.Random) -> datetime:
    """A moment in clinic hours on that day, or on the Friday before a weekend."""
    day = near - timedelta(days=max(near.weekday() - 4, 0))
    minutes = rng.randrange(_CLINIC_HOURS * 12) * 5
    return day.replace(hour=_CLINIC_OPENS_UTC, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)
