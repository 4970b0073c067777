"""Items from the reservoir: a refill that comes due, or whose day nothing tells."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from devices.model import DeviceKind
from tracker.findings.at_risk import dangerous_to_lose
from tracker.findings.clinic_day import day_text
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

REFILL_NOTICE: Final = timedelta(days=10)
REFILL_URGENT: Final = timedelta(days=3)
FIRST_REPORT_WITHIN: Final = timedelta(days=3)
"""A pump that meters may have said nothing for so long after its enrolment; then it is asked about. Assumed."""
TELL_WITHIN: Final = timedelta(days=7)
"""How soon somebody is to say how long a fill may stay where nothing else tells. Assumed."""


def reservoir_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """A refill that is due within ten days, or overdue; the reason is the earliest of volume, stability and cap."""
    ahead = view.outlook
    if ahead is None or ahead.refill_by is None or ahead.refill_by - now > REFILL_NOTICE:
        return []
    empty = ahead.empty.interval
    runs_out = ahead.refill_by if empty is None else empty.low
    overdue = ahead.refill_by <= now
    dangerous = dangerous_to_lose(view)
    urgent = dangerous and empty is not None and empty.low - now <= REFILL_URGENT
    by = day_text(view, ahead.refill_by)
    return [
        WantedItem(
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


def refill_basis_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """A pump that may run empty with nobody knowing when: no volume to go by, and no limit of the clinic's.

    That the drug is stable for half a year says nothing of how long it lasts. A pump that does not turn runs out of
    nothing, and one that never reported has an item of its own.
    """
    ahead = view.outlook
    if ahead is None or view.model is None or view.lifecycle == "in_stock" or ahead.low_mark.interval is not None:
        return []
    capped = view.refill_cap_days is not None
    if (capped and ahead.refill_by is not None) or _stands_still(view):
        return []
    if view.model.kind is not DeviceKind.RESERVOIR and (
        view.link.last_contact_at is None or now - view.created_at <= FIRST_REPORT_WITHIN
    ):
        return []
    dangerous = dangerous_to_lose(view)
    steps = [
        *([] if capped else ["Set the longest stay of a fill for this pump, by how long a fill lasts this patient."]),
        *([] if ahead.refill_by is not None else ["Log the last refill."]),
    ]
    why = ahead.refill_reason
    if ahead.refill_by is not None:
        why = f"{ahead.low_mark.basis} {why} It may run out before the drug spoils."
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:refill_date",
            kind="reservoir",
            priority=Priority.MEDIUM if dangerous else Priority.LOW,
            harm_at=view.created_at + TELL_WITHIN,
            what="No refill date: set one",
            why=why,
            next_step=" ".join(steps),
            since=view.created_at,
            link=page(view.serial, "visits/new" if capped else "record"),
        )
    ]


def _stands_still(view: PumpSnapshot) -> bool:
    return view.state is not None and view.state.flow_ml_per_day == 0
