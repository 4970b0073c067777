"""Nothing is held against anybody for what lies outside the records in view, or outside the clinic's care."""

from __future__ import annotations

from dataclasses import replace

from tests.findings.build import a_history, a_visit, an_alarm, changed_from, day
from tracker.findings.catalogue import findings
from tracker.findings.history import History, in_view


def kinds(history: History) -> list[str]:
    return [one.kind for one in findings(history)]


def test_a_rise_of_a_time_whose_visits_are_not_in_view_is_no_unlogged_refill() -> None:
    history = changed_from(a_history(), 15, by_ml=6.0)
    assert kinds(in_view(history, day(30))) == ["unlogged_refill"]
    assert kinds(in_view(history, day(14.8))) == []


def test_what_a_pump_says_after_it_was_taken_out_is_nobodys_neglect() -> None:
    dry = an_alarm("empty_reservoir", 9)
    rising = replace(changed_from(a_history(), 5, by_ml=6.0), alarms=(dry,))
    assert sorted(kinds(in_view(rising, day(99)))) == ["ran_dry", "unlogged_refill"]
    assert kinds(in_view(replace(rising, ended_at=day(7)), day(99))) == ["ran_dry"]
    assert kinds(in_view(replace(rising, ended_at=day(10)), day(99))) == []


def test_no_refill_is_late_once_the_pump_is_out() -> None:
    overdue = a_history(refill_by=day(20), filled_at=day(200), due_dates=((day(200), day(20)),))
    assert kinds(overdue) == ["late_refill"]
    assert kinds(replace(overdue, ended_at=day(14))) == []
    assert kinds(replace(overdue, ended_at=day(12))) == ["late_refill"], "it was late before"
    low = a_history(alarms=(an_alarm("low_reservoir", 10),), low_mark_ml=14.0, due_dates=((day(90), day(10)),))
    assert kinds(low) == ["late_refill"]
    assert kinds(replace(low, ended_at=day(9))) == []


def test_an_alarm_waits_for_nobody_once_the_pump_is_out() -> None:
    unheard = a_history(alarms=(an_alarm("motor_stall", 20),))
    assert kinds(unheard) == ["alarm_unattended"]
    assert kinds(replace(unheard, ended_at=day(18))) == []
    assert kinds(replace(unheard, ended_at=day(16))) == ["alarm_unattended"]


def test_a_stop_whose_beginning_is_out_of_view_is_not_found_again_each_day() -> None:
    stopped = changed_from(a_history(), 99, infusion="stopped")
    assert kinds(stopped) == ["prolonged_stop"]
    assert kinds(in_view(stopped, day(12))) == []
    later = changed_from(a_history(), 12, infusion="stopped")
    assert kinds(in_view(later, day(15))) == ["prolonged_stop"]


def test_a_visit_in_view_explains_what_follows_it() -> None:
    history = changed_from(a_history(visits=(a_visit(15.1, refilled=True),)), 15, by_ml=6.0)
    assert kinds(in_view(history, day(30))) == []
