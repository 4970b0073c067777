"""A refill is late only where it was measured to be, after the date that was shown, with nothing to excuse it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.models.catalogue import CATALOGUE
from tests.findings.build import DAY, NOW, a_history, a_session, a_visit, an_alarm, changed_from, day
from tracker.actions.replacement.note_findings import as_seen
from tracker.findings.catalogue import findings
from tracker.findings.history import Finding, History
from tracker.findings.reading_points import micros
from tracker.findings.refill_due import came_due, with_date_shown

LOW = an_alarm("low_reservoir", 10)


def late(history: History) -> list[Finding]:
    return [one for one in findings(history) if one.kind == "late_refill"]


def a_late_one(**told: Any) -> History:
    """Two reports a day; 2 mL reached ten days ago, when the refill was due by the date shown since day 60."""
    history = changed_from(a_history(), 99, by_ml=-10.0)
    low = tuple(replace(seen, reservoir_ml=max(seen.reservoir_ml, 0.1)) for seen in history.volumes)
    values: dict[str, Any] = {"alarms": (LOW,), "due_dates": ((day(60), day(11)),), "filled_at": day(60)} | told
    return replace(history, volumes=low, **values)


def test_a_reservoir_measured_low_for_days_after_the_date_shown_is_late_and_may_relate_to_the_patient() -> None:
    (found,) = late(a_late_one())
    assert (found.points_at, found.neglect_or_abuse) == ("patient", True)
    assert found.happened_at == day(10)
    assert "low for" in found.sentence or "below its low mark for 10 days" in found.sentence


@pytest.mark.parametrize("ago", [11, 9.5, 8.5])
def test_one_that_was_refilled_in_time_is_not_late_whoever_told_of_it(ago: float) -> None:
    history = a_late_one()
    assert late(replace(history, visits=(a_visit(ago, refilled=True),))) == []
    assert late(replace(history, visits=(a_visit(ago, refilled=True, confirmed=False, drafted=True),))) == []
    assert late(replace(history, sessions=(a_session(ago, refilled=True),))) == []


def test_one_that_was_refilled_late_was_late_until_then() -> None:
    (found,) = late(a_late_one(visits=(a_visit(5, refilled=True),)))
    assert "for 5 days" in found.sentence
    assert found.points_at == "patient"


def test_nothing_is_late_while_the_pump_could_not_be_heard() -> None:
    history = a_late_one()
    silent = tuple(seen for seen in history.volumes if not day(9.5) < seen.at < day(0.6))
    assert late(replace(history, volumes=silent)) == []
    assert late(replace(history, volumes=tuple(seen for seen in history.volumes if seen.at < day(9.5)))) == []


def test_nothing_is_late_before_the_date_that_the_clinic_was_shown() -> None:
    assert late(a_late_one(due_dates=((day(60), NOW + 5 * DAY),))) == [], "it ran low before anybody was told"
    (found,) = late(a_late_one(due_dates=((day(60), day(6)),)))
    assert found.happened_at == day(6)
    earlier_now = ((day(60), NOW + 5 * DAY), (day(1), day(11)))
    assert late(a_late_one(due_dates=earlier_now)) == [], "the earlier date came out yesterday"


def test_a_date_is_not_known_to_have_been_shown_before_the_first_look() -> None:
    assert late(a_late_one(due_dates=())) == []
    assert late(a_late_one(due_dates=((NOW, day(11)),))) == []


def test_a_low_mark_that_was_raised_on_purpose_makes_nobody_late() -> None:
    high = a_history(alarms=(LOW,), due_dates=((day(60), day(11)),), filled_at=day(60))
    raised = replace(high, low_mark_ml=14.0, low_marks=((day(12), None),))
    assert late(raised) == []
    assert len(late(replace(high, low_mark_ml=14.0))) == 1, "it was the patient's mark all along"
    by_default = a_history(alarms=(LOW,), due_dates=((day(60), day(11)),), filled_at=day(60))
    assert late(by_default) == [], "an alarm alone, with volume far above the mark, is no lateness"


def test_what_is_on_record_excuses_it() -> None:
    stop = a_visit(12, reprogrammed=True, after={"drug": "morphine", "mode": "stopped", "dose_per_day": "0"})
    assert late(a_late_one(visits=(stop,))) == []
    assert late(a_late_one(surgery_on=day(1).date())) == []
    assert late(a_late_one(paused=((day(11), day(1)),))) == []
    assert len(late(a_late_one(paused=((day(90), day(80)),)))) == 1


def test_a_patient_who_came_and_was_not_refilled_did_not_stay_away() -> None:
    (found,) = late(a_late_one(visits=(a_visit(7, analysed=True),)))
    assert (found.points_at, found.neglect_or_abuse) == ("clinic", False)


def test_a_pump_that_was_low_when_it_was_first_heard_of_is_given_a_week() -> None:
    low = a_late_one(alarms=(an_alarm("low_reservoir", 20),), due_dates=((day(20), day(20)),))
    assert len(late(low)) == 1
    new = replace(low, due_dates=((day(5), day(20)),))
    assert late(new) == []


def test_one_found_overdue_by_its_date_stays_until_a_refill_in_time_is_logged() -> None:
    overdue = a_history(filled_at=day(190), refill_by=day(8), due_dates=((day(190), day(8)),))
    (found,) = late(overdue)
    known = replace(as_seen(found, NOW), id=1)
    later = replace(overdue, filled_at=day(0), refill_by=NOW + 180 * DAY, known=(known,))
    assert [one.key for one in late(later)] == [found.key]
    assert late(replace(later, visits=(a_visit(9, refilled=True),))) == []
    assert late(replace(later, visits=(a_visit(0.5, refilled=True),))) != [], "that one came late"


def test_an_overdue_fill_is_late_only_while_the_pump_is_heard() -> None:
    overdue = a_history(filled_at=day(190), refill_by=day(15), due_dates=((day(190), day(15)),))
    assert len(late(overdue)) == 1
    silent = tuple(seen for seen in overdue.volumes if seen.at < day(14))
    assert late(replace(overdue, volumes=silent)) == []


def test_the_dates_shown_are_kept_where_they_moved() -> None:
    shown = with_date_shown([], day(20), day(5))
    assert shown == [[micros(day(20)), micros(day(5))]]
    assert with_date_shown(shown, day(19), day(5.1)) == shown
    assert with_date_shown(shown, day(19), None) == shown
    moved = with_date_shown(shown, day(19), day(3))
    assert len(moved) == 2
    assert len(with_date_shown([[0, 0]] * 50, day(1), day(0))) <= 30


def test_a_refill_came_due_when_the_date_shown_then_had_come() -> None:
    assert came_due(a_history(due_dates=((day(30), day(12)), (day(14), day(3)))), NOW) == day(3)
    assert came_due(a_history(due_dates=((day(30), day(12)), (day(10), day(9.5)))), NOW) == day(12)
    assert came_due(a_history(due_dates=((day(30), day(12)), (day(10), NOW + DAY))), NOW) is None
    refilled = a_history(due_dates=((day(30), day(12)),), visits=(a_visit(11, refilled=True),))
    assert came_due(refilled, NOW) is None, "that date was of the fill before"


@pytest.mark.parametrize("model", ["synchromed-ii-20", "codman-3000", "medstream-20"])
def test_every_late_refill_names_what_to_exclude_first(model: str) -> None:
    history = a_late_one(model=CATALOGUE[model], low_mark_at=day(9), refill_by=day(9), report_interval=timedelta(1))
    for found in late(history):
        said = " ".join(found.explanations)
        assert all(one in said for one in ("over-infusion", "altitude", "fever", "leak"))
        assert ("boluses" in said) is CATALOGUE[model].programmable
        assert ("sensor" in said) is CATALOGUE[model].reservoir_measured
