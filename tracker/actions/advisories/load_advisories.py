"""Load recalls and advisories, and match them to the pumps that they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col

from tracker.actions.advisories.recall_entries import NO_ACTION, Recall
from tracker.records.advisory import (
    Advisory,
    AdvisoryCoverage,
    AdvisoryMatch,
    Covered,
    matches_of,
    pumps_covered,
    unmatched_pumps,
)
from tracker.records.column_types import key
from tracker.records.pump import look_again
from tracker.records.queries.advisories import advisories_by_reference

AT_ONCE: Final = 5000
_TEXTS: Final = ("published_on", "title", "action", "source", "classification", "status", "ended_on")
_SAID_BEST_BY: Final[Mapping[str, tuple[str, ...]]] = {"enforcement": ("classification",)}
"""openFDA's enforcement report alone knows the class; of a recall that is stored already it changes nothing else."""


def load_advisories(session: Session, recalls: Sequence[Recall], now: datetime) -> list[Advisory]:
    """Store those that are new, by their reference, and bring known ones up to date. Matching is another step.

    Of a known one the coverage that the same kind of file gave before is replaced. A pump that nobody has decided on
    and that the recall no longer covers is released; one that is decided on keeps its decision.
    """
    stored = dict(advisories_by_reference(session, (recall.reference for recall in recalls)))
    loaded: dict[str, Advisory] = {}
    for recall in recalls:
        row = stored.get(recall.reference)
        if row is None:
            row = stored[recall.reference] = Advisory(
                reference=recall.reference,
                published_on=recall.published_on,
                title=recall.title,
                action=recall.action or NO_ACTION,
                source=recall.source,
                loaded_at=now,
            )
        for name, value in values_after(row, recall).items():
            setattr(row, name, value)
        row.unread = {**row.unread, recall.origin: list(recall.unread)}
        row.loaded_at = now
        session.add(row)
        session.flush()
        _replace_coverage(session, key(row.id), recall)
        loaded[recall.reference] = row
    _release(session, [key(row.id) for row in loaded.values()], now)
    return list(loaded.values())


def values_after(row: Advisory, recall: Recall) -> dict[str, Any]:
    """The columns that the recall would set on the stored row, by name."""
    given = {name: getattr(recall, name) for name in _TEXTS if getattr(recall, name) is not None}
    known_from_other = [origin for origin in row.unread if origin != recall.origin]
    if recall.origin in _SAID_BEST_BY and known_from_other:
        best = _SAID_BEST_BY[recall.origin]
        given = {name: value for name, value in given.items() if name in best or getattr(row, name) is None}
    return given


def match_advisories(session: Session, now: datetime) -> int:
    """Match every advisory to the pumps it covers and that it is not matched to yet, some thousands at the most.

    A pump that might be covered and now surely is, by a newer text, is asked about again. Returns how many matches
    were added or changed.
    """
    pairs = unmatched_pumps(session, AT_ONCE)
    if not pairs:
        return 0
    known = matches_of(session, [(advisory, pump) for advisory, pump, _ in pairs])
    new = [
        {"advisory_id": advisory, "pump_id": pump, "covered": covered, "matched_at": now}
        for advisory, pump, covered in pairs
        if (advisory, pump) not in known
    ]
    if new:
        session.execute(insert(AdvisoryMatch), new)
    if known:
        session.execute(
            update(AdvisoryMatch)
            .where(col(AdvisoryMatch.id).in_(list(known.values())))
            .values(covered=Covered.YES, matched_at=now, acknowledged_at=None, acknowledged_by=None, note=None)
            .execution_options(synchronize_session=False)
        )
    look_again(session, sorted({pump for _, pump, _ in pairs}), now)
    return len(pairs)


def _replace_coverage(session: Session, advisory_id: int, recall: Recall) -> None:
    own = (col(AdvisoryCoverage.advisory_id) == advisory_id) & (col(AdvisoryCoverage.origin) == recall.origin)
    session.execute(delete(AdvisoryCoverage).where(own).execution_options(synchronize_session=False))
    rows = [{**asdict(one), "advisory_id": advisory_id, "origin": recall.origin} for one in recall.coverage]
    if rows:
        session.execute(insert(AdvisoryCoverage), rows)


def _release(session: Session, advisory_ids: Sequence[int], now: datetime) -> None:
    """Take back what nobody has decided on and is no longer covered; what is no longer sure becomes "may be"."""
    covered = pumps_covered(session, advisory_ids)
    waiting = matches_of(session, None, advisory_ids)
    gone = [match for pair, match in waiting.items() if pair not in covered]
    unsure = [match for pair, match in waiting.items() if covered.get(pair) is Covered.MAYBE]
    for start in range(0, len(gone), AT_ONCE):
        some = gone[start : start + AT_ONCE]
        session.execute(
            delete(AdvisoryMatch).where(col(AdvisoryMatch.id).in_(some)).execution_options(synchronize_session=False)
        )
    for start in range(0, len(unsure), AT_ONCE):
        session.execute(
            update(AdvisoryMatch)
            .where(col(AdvisoryMatch.id).in_(unsure[start : start + AT_ONCE]))
            .values(covered=Covered.MAYBE)
            .execution_options(synchronize_session=False)
        )
    look_again(session, sorted({pump for (_, pump) in waiting}), now)
