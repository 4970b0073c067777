"""Tasks from delivery that is interrupted by the pump's own report, whether or not an alarm code came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from devices.alarms import AlarmCode, Priority
from tracker.findings.clinic_day import day_text
from tracker.findings.delivery import Condition, Interruption, interrupted, priority_of
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.findings.verdict import Cause
from tracker.worklist.alarms import ACT_WITHIN
from tracker.worklist.item import WantedItem, page

TITLES: Final[Mapping[Interruption, str]] = {
    Interruption.STOPPED: "Pump is stopped",
    Interruption.STALLED: "Motor stalled",
    Interruption.MOTOR_STOPPED: "Motor stopped while the pump should deliver",
    Interruption.MINIMUM_RATE: "Pump is at its minimum rate",
    Interruption.NO_FLOW: "Pump reports no flow",
    Interruption.VOLUME_STANDS: "Reservoir volume does not fall",
    Interruption.SESSION_UNFINISHED: "Programming session was not finished",
}
_CALL: Final = "Call the patient now, ask about withdrawal, and interrogate the pump."
NEXT_STEPS: Final[Mapping[Interruption, str]] = {
    Interruption.STOPPED: f"{_CALL} If the stop was ordered, log the visit that ordered it with the mode stopped.",
    Interruption.STALLED: "Ask about an MRI in the last day and about withdrawal, interrogate the pump, and have the "
    "patient seen if it does not recover.",
    Interruption.MOTOR_STOPPED: _CALL,
    Interruption.MINIMUM_RATE: f"{_CALL} If that was ordered, log the visit that ordered it with its mode.",
    Interruption.NO_FLOW: _CALL,
    Interruption.VOLUME_STANDS: f"{_CALL} If the pump runs, check how it reports its volume.",
    Interruption.SESSION_UNFINISHED: "Find out whether the pump runs: finish the session or interrogate the pump, "
    "and call the patient if that can't be done today.",
}
TOLD_BY: Final[Mapping[Interruption, frozenset[AlarmCode]]] = {
    Interruption.STOPPED: frozenset({AlarmCode.END_OF_SERVICE}),
    Interruption.MOTOR_STOPPED: frozenset({AlarmCode.END_OF_SERVICE}),
    Interruption.NO_FLOW: frozenset({AlarmCode.END_OF_SERVICE, AlarmCode.EMPTY_RESERVOIR}),
    Interruption.VOLUME_STANDS: frozenset({AlarmCode.EMPTY_RESERVOIR}),
    Interruption.STALLED: frozenset({AlarmCode.MOTOR_STALL}),
    Interruption.MINIMUM_RATE: frozenset({AlarmCode.LOW_BATTERY_RESET}),
}
"""Active alarms that say the same and more: their task stands already, as urgent and as hard to close."""


def delivery_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task for a pump that does not deliver, with every reason known; none where a confirmed visit ordered it."""
    lasting = [one for one in interrupted(view) if not _told_by_alarm(view, one, now)]
    if not lasting:
        return []
    first = max(lasting, key=lambda one: priority_of(one, view, now))
    priority = priority_of(first, view, now)
    words = in_words(first, view, now)
    others = [one.evidence for one in lasting if one is not first]
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:delivery",
            kind="delivery",
            priority=priority,
            harm_at=first.since + ACT_WITHIN[priority],
            what=words.what,
            why=" ".join([words.why, *others]),
            next_step=_next_step(first),
            since=min(one.since for one in lasting),
            link=page(view.serial) if first.order is None else _where(view, first),
            news_at=max(one.since for one in lasting),
            holds="The pump does not deliver as prescribed. This stays open until a report shows that it runs, or a "
            "confirmed visit that ordered the stop is on record.",
        )
    ]


def in_words(condition: Condition, view: PumpSnapshot, now: datetime) -> Cause:
    """The condition in words, with what explains it."""
    title, order = TITLES[condition.kind], condition.order
    if order is None:
        return Cause(int(priority_of(condition, view, now)), "delivery", title, condition.evidence)
    day = day_text(view, order.at)
    if condition.ordered:
        how = "At minimum rate" if condition.kind is Interruption.MINIMUM_RATE else "Stopped"
        return Cause(
            int(Priority.LOW),
            "delivery",
            f"{how} as ordered on {day}",
            f"{condition.evidence} A visit of {day} ordered it.",
        )
    source = "draft visit" if order.by == "draft" else "programmer session"
    why = f"{condition.evidence} A {source} of {day} set it so, and nobody has confirmed that."
    return Cause(int(priority_of(condition, view, now)), "delivery", f"{title}: was it ordered?", why)


def _next_step(condition: Condition) -> str:
    if condition.order is None:
        return NEXT_STEPS[condition.kind]
    return f"Confirm the visit if it was ordered. If not: {NEXT_STEPS[condition.kind]}"


def _where(view: PumpSnapshot, condition: Condition) -> str:
    order = condition.order
    return page(view.serial, f"visits/{order.id}") if order is not None and order.by == "draft" else page(view.serial)


def _told_by_alarm(view: PumpSnapshot, condition: Condition, now: datetime) -> bool:
    codes = TOLD_BY.get(condition.kind, frozenset())
    asked = priority_of(condition, view, now)
    return any(one.active and one.code in codes and one.priority >= asked for one in view.alarms)
