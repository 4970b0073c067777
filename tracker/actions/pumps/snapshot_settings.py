"""What visits, drafts and sessions set a pump to, from their rows: the values that a stop is explained by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from devices.prescription_json import prescription_or_none
from tracker.findings.at_risk import drugs_in
from tracker.findings.delivery_trace import NOT_RUNNING
from tracker.findings.pump_snapshot import SettingSeen
from tracker.records.column_types import key
from tracker.records.programmer_session import SessionSetting
from tracker.records.visit import Setting, Visit


def seen_settings(
    visits: Sequence[Setting], drafts: Sequence[Visit], sessions: Sequence[SessionSetting]
) -> tuple[SettingSeen, ...]:
    """All of them in order of time. A session counts by itself until a person has confirmed the visit it became.

    One whose visit was withdrawn orders nothing; the drug that it told stays one that may be in the pump. What an
    unfinished session was to set explains no stop: nobody knows how far it came.
    """
    unfinished = {one.visit_id for one in sessions if one.completed is False}
    prescribed_at = max((one.performed_at for one in visits if one.prescription_after), default=None)
    seen = [
        SettingSeen(
            by="visit",
            id=one.id,
            at=one.performed_at,
            sets=_sets(one.prescription_after),
            drugs=drugs_in(one.prescription_after),
            read=one.analysed or one.reprogrammed,
            prescription=prescription_or_none(one.prescription_after),
        )
        for one in visits
    ]
    seen += [
        SettingSeen(
            by="draft",
            id=key(one.id),
            at=one.performed_at,
            sets=_sets(one.prescription_after, unfinished=one.id in unfinished),
            drugs=drugs_in(one.prescription_after),
            prescription=prescription_or_none(one.prescription_after),
        )
        for one in drafts
    ]
    for one in sessions:
        settled = one.visit_status == "confirmed"
        superseded = prescribed_at is not None and prescribed_at >= one.measured_at
        seen.append(
            SettingSeen(
                by="session",
                id=one.id,
                at=one.measured_at,
                sets=None
                if settled or one.visit_status == "withdrawn"
                else _sets(one.prescription_after, unfinished=one.completed is False),
                drugs=() if settled or superseded else drugs_in(one.prescription_after),
                completed=one.completed,
                prescription=None if settled or superseded else prescription_or_none(one.prescription_after),
            )
        )
    return tuple(sorted(seen, key=lambda one: (one.at, one.by, one.id)))


def _sets(prescription: Mapping[str, Any] | None, *, unfinished: bool = False) -> str | None:
    if not prescription:
        return None
    mode = prescription.get("mode")
    sets = mode if mode in NOT_RUNNING else "stopped" if mode is None and _no_dose(prescription) else "running"
    return None if unfinished and sets in NOT_RUNNING else sets


def _no_dose(prescription: Mapping[str, Any]) -> bool:
    """Whether every dose that it says is zero, and it says one."""
    parts = prescription.get("drugs") or [prescription]
    doses = [part.get("dose_per_day") for part in parts if isinstance(part, Mapping)]
    try:
        return bool(doses) and all(dose is not None and Decimal(str(dose)) == 0 for dose in doses)
    except InvalidOperation:
        return False
