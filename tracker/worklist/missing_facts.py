"""Tasks from facts of the record that are missing, where something can't be known or computed without them.

What the programme was (concentration, dose) is not asked for: volume and flow are known without it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from devices.lifecycle import FOLLOWED, LifecycleState
from tracker.findings.at_risk import drugs_at_risk
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

ASK_AFTER: Final = timedelta(days=1)
"""A record that was made now may be completed in peace so long. Assumed."""
WITHIN: Final = timedelta(days=30)


def fact_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task for all that is missing: the implant date where the model's service life is limited; the drug."""
    if LifecycleState(view.lifecycle) not in FOLLOWED or now - view.created_at < ASK_AFTER:
        return []
    limited = view.model is not None and view.model.service_life_max_days is not None
    missing = []
    if view.implanted_on is None and limited:
        missing.append(("the implant date", "Without the implant date nobody knows when its service life ends."))
    if view.state is not None and not drugs_at_risk(view):
        missing.append(("the drug", "Without the drug each interruption counts as dangerous, and no fill has a limit."))
    if not missing:
        return []
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:record",
            kind="record",
            priority=Priority.LOW,
            harm_at=view.created_at + WITHIN,
            what=f"Missing from the record: {' and '.join(name for name, _ in missing)}",
            why=" ".join(why for _, why in missing),
            next_step="Enter it on the pump's record.",
            since=view.created_at + ASK_AFTER,
            link=page(view.serial, "record"),
        )
    ]
