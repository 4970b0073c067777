"""Tasks from the battery and from a pump that stands still: what a replacement needs, and a day that comes too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.alarms import Priority
from tests.findings.build import DAY, NOW
from tests.findings.test_device_facts import a_state, a_view, ahead
from tracker.worklist.battery import battery_items
from tracker.worklist.replacement import replacement_items


@pytest.mark.parametrize(("days", "asked"), [(19, False), (21, True), (300, True)])
def test_surgery_planned_after_the_battery_may_end_is_told(days: int, asked: bool) -> None:
    view = a_view(
        ahead(20, 90), lifecycle="replacement_planned", replacement_planned_for=(NOW + timedelta(days=days)).date()
    )
    lines = battery_items(view, NOW)
    assert bool(lines) is asked
    if asked:
        assert "planned for" in lines[0].what
        assert (lines[0].kind, lines[0].priority, lines[0].harm_at) == ("battery", Priority.MEDIUM, NOW + 20 * DAY)


def test_a_battery_whose_indicator_went_back_stays_on_the_worklist_with_the_contradiction() -> None:
    view = a_view(ahead(10, 50, eri_at=NOW - 40 * DAY, doubt="It went back."))
    assert [line.kind for line in battery_items(view, NOW)] == ["battery"]


def test_a_stalled_motor_asks_for_what_nobody_has_documented_of_it() -> None:
    lost = ("no_longer_beneficial", "repairable", "components_functional", "abuse_or_neglect")
    still = a_view(None, missing=lost)
    assert replacement_items(still, NOW) == []
    stalled = a_view(None, missing=lost, state=a_state(motor="stalled"))
    (line,) = replacement_items(stalled, NOW)
    assert line.kind == "replacement"
    for asked in ("of benefit", "can be repaired", "components still work"):
        assert asked in line.why


def test_an_indicator_that_came_without_a_code_is_as_urgent_as_its_alarm() -> None:
    reached = a_view(ahead(60, 90, eri_at=NOW - DAY))
    assert [line.priority for line in battery_items(reached, NOW)] == [Priority.MEDIUM]
    ended = a_view(ahead(0, 1, eri_at=NOW - 90 * DAY, eos_at=NOW - DAY))
    assert [line.priority for line in battery_items(ended, NOW)] == [Priority.HIGH]


def test_surgery_that_is_planned_does_not_quiet_a_battery_that_has_ended() -> None:
    planned = (NOW + 10 * DAY).date()
    view = a_view(ahead(0, 1, eos_at=NOW - DAY), lifecycle="replacement_planned", replacement_planned_for=planned)
    (line,) = battery_items(view, NOW)
    assert line.priority is Priority.HIGH
    assert str(planned) in line.why
