"""Import recalls: store them, match them to the pumps, enter it in the audit trail, and say which pumps are covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.advisories.compare_advisories import compare_advisories
from tracker.actions.advisories.load_advisories import load_advisories, match_advisories
from tracker.actions.advisories.recall_entries import Recall
from tracker.actions.audit_events import Event
from tracker.errors import NotAllowed
from tracker.records.advisory import references_elsewhere, references_of_others
from tracker.records.column_types import key
from tracker.records.queries.advisories import CoveredSerial, covered_serials


@dataclass(frozen=True, slots=True)
class Imported:
    """One recall after its import. ``unread``: the words that no program could read."""

    reference: str
    read: Literal["whole", "incompletely"]
    unread: tuple[str, ...]
    pumps: tuple[CoveredSerial, ...]


def import_recalls(
    session: Session,
    recalls: Sequence[Recall],
    *,
    by: str,
    clinic_id: int | None,
    now: datetime,
    via: str,
    seen_by: int | None = None,
) -> list[Imported]:
    """Import them; ``seen_by`` limits the pumps that are named to that clinic's. The caller rolls back a dry run.

    What a clinic (``clinic_id``) loads first is its own; what the operator loads is the installation's from then on.
    Raises ``NotAllowed`` where a clinic would change one that is not its own, or that covers another clinic's pumps:
    nurses there act on it, so that is the operator's to do.
    """
    changes = [change for change in compare_advisories(session, recalls) if change.after]
    if clinic_id is not None:
        known = [change.recall.reference for change in changes if not change.new]
        others = references_of_others(session, known, clinic_id)
        if others:
            raise NotAllowed(
                f"{others[0]} is not your clinic's own: only the operator of this installation changes it, "
                "with `tracker advisories import`"
            )
        elsewhere = references_elsewhere(session, known, clinic_id)
        if elsewhere:
            raise NotAllowed(
                f"{elsewhere[0]} covers pumps of other clinics too: only the operator of this installation changes it, "
                "with `tracker advisories import`"
            )
    facts = [
        audit.Fact(
            now,
            by,
            clinic_id,
            Event.ADVISORY_LOADED if change.new else Event.ADVISORY_CHANGED,
            f"advisory:{change.recall.reference}",
            {"via": via, "before": _plain(change.before), "after": _plain(change.after)},
        )
        for change in changes
    ]
    loaded = load_advisories(session, recalls, now)
    first = {change.recall.reference for change in changes if change.new}
    for row in loaded:
        if clinic_id is None or row.reference in first:
            row.clinic_id = clinic_id
            session.add(row)
    while match_advisories(session, now):
        pass
    audit.record_all(session, facts)
    pumps = covered_serials(session, [key(row.id) for row in loaded], seen_by)
    return [
        Imported(
            row.reference,
            "incompletely" if row.unread_words else "whole",
            tuple(row.unread_words),
            tuple(pumps.get(key(row.id), ())),
        )
        for row in loaded
    ]


def as_json(imported: Sequence[Imported]) -> dict[str, Any]:
    """The answer of the command and of the API."""
    return {
        "recalls": [
            {
                "reference": one.reference,
                "read": one.read,
                "unread": list(one.unread),
                "pumps": [{"serial": pump.serial, "covered": pump.covered} for pump in one.pumps],
            }
            for one in imported
        ]
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if value is None or isinstance(value, str) else str(value) for name, value in values.items()}
