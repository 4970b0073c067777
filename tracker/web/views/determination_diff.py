"""What changed from one kept determination to the next, in sentences. Pure."""

from __future__ import annotations

from tracker.guideline import Assessment, CriterionVerdict, Outcome, Verdict, differences
from tracker.records.determination import Determination


def changes_between(before: Determination | None, after: Determination | None) -> tuple[str, ...]:
    """The sentences; none where there is nothing to compare with or nothing changed."""
    if before is None or after is None:
        return ()
    return differences(as_assessment(before), as_assessment(after), _facts(before), _facts(after))


def as_assessment(row: Determination) -> Assessment:
    """The kept row as the value that the guideline once answered with."""
    return Assessment(
        guideline=row.guideline,
        version=row.version,
        question=row.question,
        outcome=Outcome(row.outcome),
        criteria=tuple(
            CriterionVerdict(
                id=one["id"],
                section=one["section"],
                title=one.get("title", one["id"]),
                verdict=Verdict(one["verdict"]),
                because=one["because"],
                facts=tuple(one.get("facts", ())),
            )
            for one in row.criteria
        ),
        missing=tuple(row.missing),
        notes=tuple(row.notes),
        readings={name: Outcome(code) for name, code in row.readings.items()} if row.readings else None,
    )


def _facts(row: Determination) -> dict[str, object]:
    return {fact["name"]: fact["value"] for fact in row.facts}
