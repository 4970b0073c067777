"""Whether a pump is measured: contact with its communicator is not contact with the pump."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.lifecycle import FOLLOWED
from tracker.findings.pump_snapshot import PumpSnapshot

SILENT_AFTER: Final = 3.0
"""Nothing for this many report intervals, and a pump counts as silent, or as no longer measured. Assumed."""
SHORTEST_INTERVAL: Final = timedelta(seconds=60)
NEVER_HEARD: Final = timedelta(days=3)
"""So long after its enrolment a pump may be without any report. Assumed."""
_REASONS: Final = {"refused": "unreadable", "repeated": "repeated", "late": "late", "held": "held"}


def silence_limit(view: PumpSnapshot) -> timedelta:
    """How long a pump may be silent, unread or unmeasured: three of its report intervals, at least three minutes."""
    return SILENT_AFTER * max(timedelta(seconds=view.report_interval_s), SHORTEST_INTERVAL)


def measurement_overdue(view: PumpSnapshot, now: datetime) -> str | None:
    """Why the pump has not been measured for longer than the silence limit; None where it has, or none is expected.

    ``silent``: nothing comes at all. ``unreadable``: what comes is refused. ``repeated``: the same measurement, or the
    same message, comes again. ``late``: only reports of earlier times come. ``held``: what comes is over the pump's
    budget and waits on the communicator. ``none``: the communicator is heard, and no
    report comes. The silence job names the same in ``pump_state.data_status``, but for ``silent``.
    """
    link = view.link
    if link.state == "suspended":
        return None
    measured_at = None if view.state is None else view.state.measured_at
    if measured_at is not None:
        overdue = now - measured_at > silence_limit(view)
    else:
        limit = silence_limit(view) if link.unmeasured_by == "refused" else max(silence_limit(view), NEVER_HEARD)
        overdue = view.lifecycle in FOLLOWED and now - view.created_at > limit
    if not overdue:
        return None
    if link.state in {"never", "disconnected"} or link.heard_at is None:
        return "silent"
    return _REASONS.get(link.unmeasured_by, "none")
