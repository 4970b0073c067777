"""What loading recalls would change: texts and serials before and after. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from tracker.actions.advisories.load_advisories import values_after
from tracker.actions.advisories.recall_entries import NO_ACTION, Recall
from tracker.records.advisory import AdvisoryCoverage, coverage_of
from tracker.records.column_types import key
from tracker.records.queries.advisories import advisories_by_reference


@dataclass(frozen=True, slots=True)
class Change:
    """A recall of the file beside what is stored under its reference: ``before`` holds the values that would change."""

    recall: Recall
    new: bool
    before: dict[str, Any]
    after: dict[str, Any]


def compare_advisories(session: Session, recalls: Sequence[Recall]) -> list[Change]:
    """Compare each recall with the advisory that is stored under its reference, in the order of the file."""
    stored = advisories_by_reference(session, (recall.reference for recall in recalls))
    covered = coverage_of(session, [key(row.id) for row in stored.values()])
    changes = []
    for recall in recalls:
        row = stored.get(recall.reference)
        if row is None:
            after = {"title": recall.title, "action": recall.action or NO_ACTION, "source": recall.source}
            changes.append(Change(recall, True, {}, {**after, "serials": serials_of(recall.coverage)}))
            continue
        after = {name: value for name, value in values_after(row, recall).items() if getattr(row, name) != value}
        before = {name: getattr(row, name) for name in after}
        own = serials_of([one for one in covered[key(row.id)] if one.origin == recall.origin])
        if own != serials_of(recall.coverage):
            before["serials"], after["serials"] = own, serials_of(recall.coverage)
        unread = [str(words) for words in row.unread.get(recall.origin, [])]
        if unread != list(recall.unread):
            before["unread"], after["unread"] = "; ".join(unread), "; ".join(recall.unread)
        changes.append(Change(recall, False, before, after))
    return changes


def serials_of(rows: Sequence[Any] | Sequence[AdvisoryCoverage]) -> str:
    """The serials that rows of coverage name, in one text, each once, whatever the models."""
    words = {"all": "all serials", "maybe": "others may be covered"}
    return ", ".join(dict.fromkeys(words.get(row.kind) or row.text for row in rows))
