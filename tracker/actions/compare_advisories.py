"""What loading a file of advisories would change: nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from tracker.records.views_advisories import advisories_by_reference


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the file beside what is stored under its reference: ``before`` holds the values that would change."""

    entry: Mapping[str, Any]
    new: bool
    before: Mapping[str, Any]

    @property
    def after(self) -> dict[str, Any]:
        """The values that would take the place of those in ``before``; all of them where the advisory is new."""
        return {name: value for name, value in self.entry.items() if self.new or name in self.before}


def compare_advisories(session: Session, entries: Sequence[Mapping[str, Any]]) -> list[Change]:
    """Compare each entry with the advisory that is stored under its reference, in the order of the file."""
    stored = advisories_by_reference(session, (entry["reference"] for entry in entries))
    changes = []
    for entry in entries:
        row = stored.get(entry["reference"])
        before = {} if row is None else {name: now for name in entry if (now := getattr(row, name)) != entry[name]}
        changes.append(Change(entry, row is None, before))
    return changes
