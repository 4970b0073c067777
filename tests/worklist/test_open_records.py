"""Tasks from what is recorded: a task for each finding, and one task where a pump makes more than anybody can take."""

from __future__ import annotations

from tests.findings.build import DAY, NOW, a_view
from tracker.findings.pump_snapshot import FindingSeen
from tracker.worklist.open_records import FINDINGS_APART, finding_items


def a_finding(number: int, kind: str = "session_not_completed") -> FindingSeen:
    at = NOW - number * DAY / 100
    return FindingSeen(
        id=number,
        key=f"{kind}:session:{number}",
        kind=kind,
        sentence=f"Number {number}.",
        found_at=at,
        happened_at=at,
        neglect_or_abuse=False,
        strength="moderate",
        points_at="clinic",
        ruling=None,
        ruled_at=None,
        ruled_by=None,
        resolved=False,
        mend="",
    )


def test_a_flood_of_one_kind_is_one_task_and_hides_no_other_kind() -> None:
    flood = tuple(a_finding(number) for number in range(1, 1201))
    lines = finding_items(a_view(findings=(*flood, a_finding(9000, "ran_dry"))), NOW)
    assert len(lines) == 2
    assert "1200 times" in lines[0].what
    assert "Number 1." in lines[0].why, "the newest one speaks"


def test_a_few_findings_of_a_kind_stand_each_for_itself() -> None:
    few = tuple(a_finding(number) for number in range(1, FINDINGS_APART + 1))
    assert len(finding_items(a_view(findings=few), NOW)) == FINDINGS_APART
