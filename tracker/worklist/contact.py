"""Tasks from silence: a pump without contact, readable data or measurements is not a pump that is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import AlarmCode, Priority, meaning
from devices.check import CLOCK_IS_WRONG
from devices.model import DeviceKind
from tracker.findings.at_risk import dangerous_to_lose, drugs_at_risk, priority_at_risk
from tracker.findings.budget_seen import NOT_TAKEN
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.measured import NEVER_HEARD, measurement_overdue
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

UNHEARD_HARM: Final = timedelta(days=7)
_CALL: Final = "Call the patient: is the communicator plugged in and near? If it stays silent, see the patient."
_SEE: Final = "The pump is not monitored now: call the patient and ask how they are."


@dataclass(frozen=True, slots=True)
class _Cause:
    """What is wrong with the contact, in words."""

    what: str
    since: datetime
    why: str
    next_step: str


def contact_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task where the pump is silent, its reports can't be read, or it is no longer measured.

    A critical alarm that refused text names makes it at once, at the priority of that alarm.
    """
    contact = view.link
    named = tuple(code for code in contact.refused_alarms if contact.state != "never")
    cause = _silence(view, now) or _unmeasured(view, now)
    if cause is None and named and contact.refused_alarms_at is not None:
        fate = "was not taken" if _waits(view) else "was refused"
        why = f"A message that came {time_text(view, contact.refused_alarms_at)} {fate}. {_refused(view)}"
        cause = _Cause("", contact.refused_alarms_at, why, _next_of_unreadable(view))
    if cause is None:
        return []
    item = _item(view, now, cause, named)
    return [] if view.clinic_silent and item.priority < Priority.HIGH else [item]


def _silence(view: PumpSnapshot, now: datetime) -> _Cause | None:
    contact = view.link
    if contact.state == "disconnected" and contact.last_contact_at is not None:
        heard = f"Last contact with the communicator {time_text(view, contact.last_contact_at)}."
        return _Cause("No data from pump", contact.last_contact_at, f"{heard} {_last(view)}", _CALL)
    silent_by_nature = view.model is not None and view.model.kind is DeviceKind.RESERVOIR  # a port sends nothing
    new = view.lifecycle != "implanted" or now - view.created_at <= NEVER_HEARD
    if contact.last_contact_at is None and not new and not silent_by_nature:
        why = f"Enrolled on {day_text(view, view.created_at)} and nothing was ever received."
        return _Cause("The pump has never reported", view.created_at, why, _CALL)
    return None


def _unmeasured(view: PumpSnapshot, now: datetime) -> _Cause | None:
    """The communicator is in contact, and the pump is not measured."""
    reason = measurement_overdue(view, now)
    if reason is None or reason == "silent":
        return None
    since = view.created_at if view.state is None else view.state.measured_at
    what, why, step = {
        "unreadable": ("The pump's reports can't be read", _refused(view), _next_of_unreadable(view)),
        "repeated": (
            "No new measurement: the same one is repeated",
            "The communicator sends the same measurement again, which says nothing of the pump now.",
            f"{_SEE} Is the communicator near the pump? Have it read the pump again, or restart it.",
        ),
        "late": (
            "No new measurement: only older reports arrive",
            "What arrives was measured before the newest report that is known.",
            f"{_SEE} Is the communicator near the pump? Have it read the pump again, or restart it.",
        ),
        "held": (
            "No new measurement: reports wait on the communicator",
            "The communicator sends more than it may, and its reports are not taken until that ends.",
            f"{_SEE} Have the communicator restarted, checked or replaced.",
        ),
        "none": (
            "No new measurement",
            "The communicator is connected and sends no report of the pump.",
            f"{_SEE} Is the communicator near the pump? Have it read the pump again, or restart it.",
        ),
    }[reason]
    return _Cause(what, since, f"{why} {_last(view)}", step)


def _refused(view: PumpSnapshot) -> str:
    because = view.link.refused_because
    if _waits(view):
        return f"It is not stored yet: {because.rstrip('.')}."
    return f"Its message was refused: {because.rstrip('.')}." if because else "Its messages are refused."


def _waits(view: PumpSnapshot) -> bool:
    """Whether the newest message that was not taken is merely over the pump's budget."""
    return view.link.refused_because.startswith(NOT_TAKEN)


def _next_of_unreadable(view: PumpSnapshot) -> str:
    if _waits(view):
        return f"{_SEE} Have the communicator restarted, checked or replaced."
    if CLOCK_IS_WRONG in view.link.refused_because:
        return f"{_SEE} Set the communicator's clock right: its reports are refused until then."
    return f"{_SEE} See the rejected messages, and have the communicator checked or replaced."


def _last(view: PumpSnapshot) -> str:
    if view.state is None:
        return "The pump itself was never measured."
    contact = view.link
    read = ""
    if contact.unmeasured_by == "refused" and contact.understood_at is not None:
        read = f"Last readable data {time_text(view, contact.understood_at)}. "
    measured = time_text(view, view.state.measured_at)
    return f"{read}The pump was last measured {measured}; what it does now is unknown."


def _item(view: PumpSnapshot, now: datetime, cause: _Cause, named: tuple[str, ...]) -> WantedItem:
    """Silence is high where a drug dangerous to lose may run out unseen, medium with any such drug.

    An alarm that refused text names counts as that alarm does.
    """
    empty = None if view.outlook is None else view.outlook.empty.interval
    unseen_empty = empty is not None and empty.low <= now + timedelta(days=1)
    dangerous = dangerous_to_lose(view)
    urgency = Priority.HIGH if unseen_empty and dangerous else Priority.MEDIUM if dangerous else Priority.LOW
    harm_at = cause.since + UNHEARD_HARM if empty is None else min(empty.low, cause.since + UNHEARD_HARM)
    what, why, news_at = cause.what, cause.why, cause.since
    if named:
        titles = ", ".join(dict.fromkeys(_title(code) for code in named))
        at = view.link.refused_alarms_at or cause.since
        urgency = max(urgency, *(_urgency(view, code) for code in named))
        report, message = _NAMED_BY[_waits(view)]
        what, why = f"{report} names: {titles}", f"{message} names: {titles}. {why}"
        harm_at, news_at = min(harm_at, at), max(news_at, at)
    return WantedItem(
        key=f"pump:{view.pump_id}:contact",
        kind="contact",
        priority=urgency,
        harm_at=harm_at,
        what=what[:300],
        why=why.strip(),
        next_step=cause.next_step,
        since=cause.since,
        link=page(view.serial),
        news_at=news_at,
    )


_NAMED_BY: Final = (
    ("A report that can't be read", "The text of a refused message"),
    ("A report that waits", "A message that waits on the communicator"),
)
_AS_ALARM: Final = {"stalled": AlarmCode.MOTOR_STALL, "stopped": AlarmCode.STOPPED_OVER_48H}
"""A motor that is reported as not turning is as urgent as the alarm that would report it."""


def _title(code: str) -> str:
    return "Pump stopped" if code == "stopped" else meaning(_AS_ALARM.get(code) or AlarmCode(code)).title


def _urgency(view: PumpSnapshot, code: str) -> Priority:
    return priority_at_risk(_AS_ALARM.get(code) or AlarmCode(code), drugs_at_risk(view))
