"""Every alarm code leads to a task: a code without a cause would stop the evaluation of the pump that reports it."""

from __future__ import annotations

from devices.alarm_code import AlarmCode
from tracker.worklist.alarms import CAUSES


def test_every_alarm_code_has_the_cause_under_which_a_person_deals_with_it() -> None:
    assert set(AlarmCode) - set(CAUSES) == set(), "name its cause in tracker/worklist/alarms.py"
