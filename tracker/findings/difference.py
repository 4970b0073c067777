"""What changed between two determinations: outcome, verdicts, facts, each with what it was and what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs; ``part``: outcome, reading, criterion, fact or missing. ``because``: the later reason."""

    part: str
    name: str
    was: Any
    now: Any
    because: str


def difference(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> tuple[Change, ...]:
    """What differs between two determinations, given as their columns: outcome, readings, criteria, facts, missing."""
    changes = []
    if earlier["outcome"] != later["outcome"]:
        changes.append(Change("outcome", "outcome", earlier["outcome"], later["outcome"], ""))
    for name in sorted({*earlier["readings"], *later["readings"]}):
        was, now = earlier["readings"].get(name), later["readings"].get(name)
        if was != now:
            changes.append(Change("reading", name, was, now, ""))
    changes += _named("criterion", "id", "verdict", earlier["criteria"], later["criteria"])
    changes += _named("fact", "name", "value", earlier["facts"], later["facts"])
    changes += [Change("missing", name, True, False, "") for name in earlier["missing"] if name not in later["missing"]]
    changes += [Change("missing", name, False, True, "") for name in later["missing"] if name not in earlier["missing"]]
    return tuple(changes)


def _named(
    part: str, key: str, value: str, earlier: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]
) -> list[Change]:
    before = {one[key]: one for one in earlier}
    after = {one[key]: one for one in later}
    names = [*before, *(name for name in after if name not in before)]
    return [
        Change(
            part,
            name,
            before.get(name, {}).get(value),
            after.get(name, {}).get(value),
            str(after.get(name, {}).get("because", "")),
        )
        for name in names
        if before.get(name, {}).get(value) != after.get(name, {}).get(value)
    ]
