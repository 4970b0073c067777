"""A pump on the shelf alarms nobody, and one that delivers is asked about: its record may be wrong."""

from __future__ import annotations

from devices.alarms import AlarmCode, Priority
from tests.findings.build import NOW, a_state, a_view, an_open_alarm
from tracker.worklist.wanted_items import wanted_items

STILL = a_state(infusion="stopped", motor="stopped", flow_ml_per_day=0.0)


def shelf(**told: object) -> list[tuple[str, Priority]]:
    return [(line.kind, line.priority) for line in wanted_items(a_view(lifecycle="in_stock", **told), NOW)]


def test_a_pump_that_stands_still_on_the_shelf_asks_for_nothing() -> None:
    assert shelf(state=STILL) == []
    assert shelf(state=None) == []


def test_an_alarm_on_the_shelf_is_looked_at_before_an_implant_and_is_no_patients() -> None:
    assert shelf(state=STILL, alarms=(an_open_alarm(AlarmCode.EMPTY_RESERVOIR),)) == [("record", Priority.LOW)]


def test_a_pump_in_stock_that_delivers_may_be_in_somebody() -> None:
    assert shelf() == [("record", Priority.MEDIUM)]
    assert shelf(alarms=(an_open_alarm(AlarmCode.MOTOR_STALL),)) == [("record", Priority.HIGH)]
