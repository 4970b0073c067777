"""Lines of work from what is ahead: a refill that comes due, a battery that nears its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from devices.drugs import DANGEROUS_TO_LOSE, withdrawal_risk
from tracker.findings.line import Line, page
from tracker.findings.view import PumpView

REFILL_NOTICE: Final = timedelta(days=10)
REFILL_URGENT: Final = timedelta(days=3)
PLANNING_NOTICE: Final = timedelta(days=183)
"""Planning opens six months before the end of service that is expected."""
SOON: Final = timedelta(days=30)


def reservoir_lines(view: PumpView, now: datetime) -> list[Line]:
    """A refill that is due within ten days, or overdue; the reason is the earliest of volume, stability and cap."""
    ahead = view.outlook
    if ahead is None or ahead.refill_by is None or ahead.refill_by - now > REFILL_NOTICE:
        return []
    empty = ahead.empty.interval
    runs_out = ahead.refill_by if empty is None else empty.low
    overdue = ahead.refill_by <= now
    dangerous = withdrawal_risk(view.drug) in DANGEROUS_TO_LOSE
    urgent = dangerous and empty is not None and empty.low - now <= REFILL_URGENT
    by = f"{ahead.refill_by:%Y-%m-%d}"
    return [
        Line(
            key=f"pump:{view.pump_id}:reservoir",
            kind="reservoir",
            priority=Priority.HIGH if urgent else Priority.MEDIUM if overdue or empty is not None else Priority.LOW,
            harm_at=runs_out,
            what=f"Refill overdue since {by}" if overdue else f"Refill by {by}",
            why=ahead.refill_reason,
            next_step="Call the patient and book the refill at once." if overdue or urgent else "Book the refill.",
            since=ahead.refill_by - REFILL_NOTICE,
            link=page(view.serial, "visits/new"),
        )
    ]


def battery_lines(view: PumpView, now: datetime) -> list[Line]:
    """A replacement to plan, from six months before the expected end of service on."""
    ahead = view.outlook
    if ahead is None or ahead.eos.interval is None or view.replacement_planned_for is not None:
        return []
    eos = ahead.eos.interval
    if eos.low - now > PLANNING_NOTICE:
        return []
    near = eos.low - now <= SOON
    return [
        Line(
            key=f"pump:{view.pump_id}:battery",
            kind="battery",
            priority=Priority.MEDIUM if near else Priority.LOW,
            harm_at=eos.low,
            what=f"Plan the replacement: service ends about {eos.median:%Y-%m}",
            why=f"80 % between {eos.low:%Y-%m-%d} and {eos.high:%Y-%m-%d}. {ahead.eos.basis}",
            next_step="Complete the replacement's documents and set a date for surgery.",
            since=min(eos.low - PLANNING_NOTICE, now),
            link=page(view.serial, "replacement"),
        )
    ]
