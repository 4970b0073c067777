"""One pump at a glance: is it well, how fresh is that, and what comes next. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from devices.alarms import AlarmCode, meaning
from devices.lifecycle import FOLLOWED, LifecycleState
from tracker.records.alarm import Alarm
from tracker.records.outlook import Outlook
from tracker.records.pump import Pump, PumpState
from tracker.records.session import MriExam
from tracker.records.worklist import WorklistItem
from tracker.web.words import ago, plural, sign, span, word

PLANNING_WINDOW = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Wellness:
    """The answer to "is it well": the look of its sign, a headline and a sentence."""

    look: str
    headline: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Upcoming:
    """One thing ahead: what, when, how certain, and why."""

    what: str
    at: datetime
    interval: tuple[datetime, datetime] | None
    why: str


def fresh_until(pump: Pump, state: PumpState | None) -> datetime | None:
    """Until when the newest report may be taken for the present: one and a half intervals after it was measured."""
    if state is None or state.measured_at is None:
        return None
    return state.measured_at + timedelta(seconds=pump.report_interval_s * 1.5)


def wellness(
    pump: Pump, state: PumpState | None, items: Sequence[WorklistItem], alarms: Sequence[Alarm], now: datetime
) -> Wellness:
    """Whether the pump is well: what is urgent first, then whether we know at all, then the rest."""
    if LifecycleState(pump.lifecycle) not in FOLLOWED:
        return Wellness(
            "unknown", word(pump.lifecycle), "This pump is not followed here now; nothing is expected of it."
        )
    active = [alarm for alarm in alarms if alarm.cleared_at is None]
    causes = [(item.priority, item.what, item.why) for item in items]
    causes += [(one.priority, meaning(AlarmCode(one.code)).title, meaning(AlarmCode(one.code)).means) for one in active]
    causes.sort(key=lambda cause: -cause[0])
    worst = causes[0][0] if causes else 0
    until = fresh_until(pump, state)
    if worst < 3 and until is None:
        return Wellness("unknown", "Not known: nothing was ever heard of it", "No report has come from this pump yet.")
    if worst < 3 and until is not None and until < now and state is not None:
        return Wellness(
            "unknown",
            f"Not known: its last report is from {ago(state.measured_at, now)}",
            f"A report is expected every {span(timedelta(seconds=pump.report_interval_s))}. "
            "What is shown below is how it was then.",
        )
    if not causes:
        return Wellness("good", "Well", "It reports as expected; no alarm is active and nothing waits for a person.")
    others = plural(len(items) - 1, "other open line") if len(items) > 1 else ""
    sentence = causes[0][2] + (f" And {others}." if others else "")
    return Wellness(sign(worst)[0], causes[0][1], sentence)


def upcoming(pump: Pump, outlook: Outlook | None, mri: Sequence[MriExam]) -> list[Upcoming]:
    """What lies ahead of the pump, the nearest first."""
    ahead = [
        Upcoming("Check after the MRI", exam.check_due_at, None, "The model asks for it after each MRI.")
        for exam in mri
        if exam.checked_at is None
    ]
    if pump.replacement_planned_for:
        ahead.append(
            Upcoming("Replacement surgery", _noon(pump.replacement_planned_for), None, "As planned with the patient.")
        )
    if outlook is not None:
        if outlook.refill_by_at:
            ahead.append(Upcoming("Refill by", outlook.refill_by_at, None, outlook.refill_reason))
        for what, low, median, high, why in (
            (
                "Replacement indicator (ERI)",
                outlook.eri_low_at,
                outlook.eri_median_at,
                outlook.eri_high_at,
                outlook.battery_basis,
            ),
            ("End of service", outlook.eos_low_at, outlook.eos_median_at, outlook.eos_high_at, outlook.battery_basis),
        ):
            if low and median and high:
                ahead.append(Upcoming(what, median, (low, high), why))
        if outlook.eos_median_at and not pump.replacement_planned_for:
            why = "Six months before the expected end of service."
            ahead.append(Upcoming("Begin to plan the replacement", outlook.eos_median_at - PLANNING_WINDOW, None, why))
    return sorted(ahead, key=lambda one: one.at)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
