"""Compare what a pump's history shows with the findings on record: what is new, what came back, what was corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tracker.findings.catalogue import CATALOGUE, findings, same_cause
from tracker.findings.history import Finding, History
from tracker.findings.pump_snapshot import FindingSeen
from tracker.records.finding import FindingRecord


@dataclass(frozen=True, slots=True)
class Noted:
    """What changed about one pump's findings: to add, ids resolved, ids shown again, and those whose words changed."""

    new: tuple[Finding, ...] = ()
    resolved: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    changed: tuple[tuple[int, Finding], ...] = ()


def compare(history: History, known: Sequence[FindingSeen], since: datetime) -> Noted:
    """Hold the history against the findings on record. ``since`` is from when on its visits and sessions are complete.

    A finding is resolved where the records, still in view, no longer show it: a refill was logged, a visit amended; its
    kind says what it rests on. One that lies before what is in view stays as it is, unless records answer it. One that
    nobody has reviewed follows what became known since: whom it may relate to, and whether it bears on neglect.
    """
    shown = findings(history)
    by_key = {one.key: one for one in shown}
    stored = [(one.id, one) for one in known if one.id is not None]
    return Noted(
        new=tuple(one for one in shown if not any(_same(one, other) for other in known)),
        resolved=tuple(id_ for id_, one in stored if not one.resolved and _is_over(history, one, shown, since)),
        back=tuple(id_ for id_, one in stored if one.resolved and one.key in by_key),
        changed=tuple(
            (id_, by_key[one.key])
            for id_, one in stored
            if one.ruling is None and one.key in by_key and _reads_otherwise(one, by_key[one.key])
        ),
    )


def _is_over(history: History, stored: FindingSeen, shown: Sequence[Finding], since: datetime) -> bool:
    """Whether the cause of a finding on record is gone, as far as its kind lets the records say so."""
    kind = CATALOGUE.get(stored.kind)
    if kind is None or any(_same(one, stored) for one in shown):
        return False
    if kind.in_view(history, stored.happened_at, since):
        return True
    return kind.answered is not None and stored.happened_at > since and kind.answered(history, stored)


def _same(one: Finding, stored: FindingSeen) -> bool:
    return same_cause(stored.kind, (stored.key, stored.happened_at), one)


def _reads_otherwise(stored: FindingSeen, one: Finding) -> bool:
    return (stored.neglect_or_abuse, stored.points_at, stored.strength) != (
        one.neglect_or_abuse,
        one.points_at,
        one.strength,
    )


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
        resolved=False,
        mend=finding.mend,
    )


def store_findings(session: Session, noted: Sequence[tuple[int, Noted]], now: datetime) -> None:
    """Write what changed. A finding whose cause is on record already is left as it is."""
    rows = [_row(pump_id, finding, now) for pump_id, one in noted for finding in one.new]
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(dialect.insert(FindingRecord).on_conflict_do_nothing(), rows)
    for id_, finding in sorted((one for _, each in noted for one in each.changed), key=lambda one: one[0]):
        session.execute(
            update(FindingRecord)
            .where(col(FindingRecord.id) == id_, col(FindingRecord.ruling).is_(None))
            .values(**_told(finding))
            .execution_options(synchronize_session=False)
        )
    for ids, mended_at in (
        ([one for _, each in noted for one in each.resolved], now),
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
    } | _told(finding)


def _told(finding: Finding) -> dict[str, object]:
    """What a finding says, which may change as long as nobody has reviewed it."""
    return {
        "neglect_or_abuse": finding.neglect_or_abuse,
        "strength": finding.strength,
        "points_at": finding.points_at,
        "sentence": finding.sentence[:2000],
        "evidence": [asdict(one) | {"at": one.at.isoformat()} for one in finding.evidence],
        "explanations": list(finding.explanations),
        "mend": finding.mend,
    }
