"""Lines of work from silence: a pump that is not heard of is not a pump that is well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.at_risk import dangerous_to_lose
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.line import Line, page
from tracker.findings.view import PumpView

NEVER_HEARD: Final = timedelta(days=3)
UNHEARD_HARM: Final = timedelta(days=7)


def contact_lines(view: PumpView, now: datetime) -> list[Line]:
    """A pump that fell silent, or one that was implanted and has never been heard of."""
    contact = view.link
    if contact.state == "disconnected" and contact.last_contact_at is not None:
        line = _line(view, now, "The pump has fallen silent", contact.last_contact_at, _last(view))
        return [] if view.clinic_silent and line.priority < Priority.HIGH else [line]
    if contact.last_contact_at is None and view.lifecycle == "implanted" and now - view.created_at > NEVER_HEARD:
        why = f"Enrolled on {day_text(view, view.created_at)} and nothing was ever received."
        return [_line(view, now, "The pump has never reported", view.created_at, why)]
    return []


def _last(view: PumpView) -> str:
    heard = view.link.last_contact_at
    contact = "" if heard is None else f"Last contact with the communicator {time_text(view, heard)}."
    if view.state is None:
        return f"{contact} The pump itself was never measured."
    measured = time_text(view, view.state.measured_at)
    return f"{contact} The pump was last measured {measured}; what it does now is unknown."


def _line(view: PumpView, now: datetime, what: str, since: datetime, why: str) -> Line:
    """Silence is high where a drug dangerous to lose may run out unseen, medium with any such drug."""
    empty = None if view.outlook is None else view.outlook.empty.interval
    unseen_empty = empty is not None and empty.low <= now + timedelta(days=1)
    dangerous = dangerous_to_lose(view)
    return Line(
        key=f"pump:{view.pump_id}:contact",
        kind="contact",
        priority=Priority.HIGH if unseen_empty and dangerous else Priority.MEDIUM if dangerous else Priority.LOW,
        harm_at=since + UNHEARD_HARM if empty is None else min(empty.low, since + UNHEARD_HARM),
        what=what,
        why=why.strip(),
        next_step="Call the patient: is the communicator plugged in and near? If it stays silent, see the patient.",
        since=since,
        link=page(view.serial),
        news_at=since,
    )
