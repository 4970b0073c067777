"""Compare what a pump's history shows with the findings on record: what is new, what came back, what was mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tracker.findings.catalogue import findings, same_cause
from tracker.findings.history import Finding, History
from tracker.findings.view import FindingSeen
from tracker.records.finding import FindingRecord

OF_READINGS: Final = frozenset({"unlogged_refill", "unlogged_reprogramming", "volume_vanished"})
OF_RECORDS: Final = frozenset(
    {
        "refill_not_seen",
        "volume_discrepancy",
        "code_contradicted",
        "session_not_completed",
        "unknown_programmer",
        "handling_against_limits",
    }
)


@dataclass(frozen=True, slots=True)
class Noted:
    """What changed about one pump's findings: those to add, and the ids of those mended or shown again."""

    new: tuple[Finding, ...] = ()
    mended: tuple[int, ...] = ()
    back: tuple[int, ...] = ()


def compare(history: History, known: Sequence[FindingSeen], since: datetime) -> Noted:
    """Hold the history against the findings on record. ``since`` is from when on its visits and sessions are complete.

    A finding is mended where the records, still in view, no longer show it: a refill was logged, a visit amended. One
    that lies before what is in view stays as it is.
    """
    shown = findings(history)
    new = tuple(one for one in shown if not any(_same(one, stored) for stored in known))
    mended = [
        stored.id
        for stored in known
        if stored.id is not None
        and not stored.mended
        and _in_view(history, stored, since)
        and not any(_same(one, stored) for one in shown)
    ]
    back = [
        stored.id
        for stored in known
        if stored.id is not None and stored.mended and any(one.key == stored.key for one in shown)
    ]
    return Noted(new, tuple(mended), tuple(back))


def _same(one: Finding, stored: FindingSeen) -> bool:
    likeness = Finding(stored.kind, stored.key, stored.happened_at, "", "", "", (), ())
    return same_cause(one, likeness)


def _in_view(history: History, stored: FindingSeen, since: datetime) -> bool:
    if stored.kind in OF_READINGS and ":session:" not in stored.key:
        return len(history.volumes) > 1 and stored.happened_at > history.volumes[1].at
    return stored.kind in OF_RECORDS | OF_READINGS and stored.happened_at > since


def as_seen(finding: Finding, now: datetime) -> FindingSeen:
    """A new finding, as it will be once it is stored."""
    return FindingSeen(
        id=None,
        key=finding.key,
        kind=finding.kind,
        sentence=finding.sentence,
        found_at=now,
        happened_at=finding.happened_at,
        neglect_or_abuse=finding.neglect_or_abuse,
        strength=finding.strength,
        points_at=finding.points_at,
        ruling=None,
        ruled_at=None,
        ruled_by=None,
        mended=False,
        mend=finding.mend,
    )


def store_findings(session: Session, noted: Sequence[tuple[int, Noted]], now: datetime) -> None:
    """Write what changed. A finding whose cause is on record already is left as it is."""
    rows = [_row(pump_id, finding, now) for pump_id, one in noted for finding in one.new]
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(dialect.insert(FindingRecord).on_conflict_do_nothing(), rows)
    for ids, mended_at in (
        ([one for _, each in noted for one in each.mended], now),
        ([one for _, each in noted for one in each.back], None),
    ):
        if ids:
            session.execute(
                update(FindingRecord)
                .where(col(FindingRecord.id).in_(ids))
                .values(mended_at=mended_at)
                .execution_options(synchronize_session=False)
            )


def _row(pump_id: int, finding: Finding, now: datetime) -> dict[str, object]:
    return {
        "pump_id": pump_id,
        "kind": finding.kind,
        "key": finding.key[:200],
        "found_at": now,
        "happened_at": finding.happened_at,
        "neglect_or_abuse": finding.neglect_or_abuse,
        "strength": finding.strength,
        "points_at": finding.points_at,
        "sentence": finding.sentence[:2000],
        "evidence": [asdict(one) | {"at": one.at.isoformat()} for one in finding.evidence],
        "explanations": list(finding.explanations),
        "mend": finding.mend,
    }
