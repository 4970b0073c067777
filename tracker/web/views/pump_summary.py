"""One pump at a glance: is it well, how fresh is that, and what comes next. Pure: values in, words out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tracker.findings.verdict import Cause, Judged, Verdict
from tracker.findings.verdict import fresh_until as verdict_fresh
from tracker.records.forecast import Outlook
from tracker.records.programmer_session import MriExam
from tracker.records.pump import Pump, PumpState
from tracker.web.views.formatting import ago, plural, sign, span, word

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
    """Until when the newest report may be taken for the present."""
    return None if state is None else verdict_fresh(state.measured_at, timedelta(seconds=pump.report_interval_s))


def wellness(pump: Pump, state: PumpState | None, judged: Judged, tasks: int, now: datetime) -> Wellness:
    """The verdict in words; ``tasks`` is how many stand open."""
    cause = judged.cause
    others = plural(tasks - 1, "other open task") if tasks > 1 else ""
    match judged.verdict:
        case Verdict.WELL:
            return Wellness("good", "No problems found", "Reporting on time. No alarms. No open tasks.")
        case Verdict.NOT_FOLLOWED:
            return Wellness(
                "unknown", word(pump.lifecycle), "This pump is not followed here now; nothing is expected of it."
            )
        case Verdict.UNKNOWN:
            return _unknown(pump, state, cause, now)
        case _ if cause is not None:
            sentence = cause.why + (f" And {others}." if others else "")
            return Wellness(sign(cause.priority)[0], cause.what, sentence)
    mode = "Not known" if state is None or state.infusion is None else word(state.infusion)
    motor = "not known" if state is None or state.motor is None else word(state.motor).lower()
    return Wellness("medium", f"{mode}, motor {motor}", "The newest report does not show a pump that runs as usual.")


def _unknown(pump: Pump, state: PumpState | None, cause: Cause | None, now: datetime) -> Wellness:
    """Why nothing is known of the pump as it is now."""
    if state is None or state.measured_at is None:
        return Wellness("unknown", "Not known: no data yet", "No report has come from this pump yet.")
    until = fresh_until(pump, state)
    every = span(timedelta(seconds=pump.report_interval_s))
    then = f"A report is expected every {every}. What is shown below is how it was then."
    if until is not None and until < now:
        return Wellness("unknown", f"Not known: its last report is from {ago(state.measured_at, now)}", then)
    if cause is not None:
        return Wellness("unknown", f"Not known: {cause.what}", cause.why)
    if state.link == "suspended":
        return Wellness("unknown", "Not known: monitoring is paused", then)
    return Wellness("unknown", "Not known: the pump is not heard of now", then)


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
