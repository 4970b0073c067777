"""State is a fact: a pump that does not deliver makes a task, whether or not an alarm code came."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from devices.alarms import AlarmCode, Priority
from devices.drugs import DRUGS, withdrawal_risk
from devices.lifecycle import IN_PATIENT, LifecycleState
from devices.model import DeviceKind, PumpModel
from devices.models.catalogue import MODELS
from devices.report import Infusion, Motor
from tests.findings.build import DAY, NOW, a_setting, a_state, a_view, an_open_alarm, an_outlook, day
from tracker.findings.delivery import Interruption, interrupted, interruptions, ordered_stop
from tracker.findings.pump_snapshot import PumpSnapshot, SettingSeen, Standing
from tracker.findings.rating import rated
from tracker.worklist.item import WantedItem
from tracker.worklist.wanted_items import wanted_items

STOPPED = a_state(infusion="stopped", motor="stopped", flow_ml_per_day=0.0)
MINIMUM = a_state(infusion="minimum_rate", flow_ml_per_day=0.006)
DANGEROUS = {"baclofen", "clonidine", "morphine", "hydromorphone", "fentanyl", "sufentanil"}


def delivery(view: PumpSnapshot) -> list[WantedItem]:
    return [line for line in wanted_items(rated(view), NOW) if line.kind == "delivery"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: str(model.id))
def test_in_every_model_a_state_that_does_not_deliver_makes_a_task_and_one_that_does_none(model: PumpModel) -> None:
    for infusion, motor in product(Infusion, Motor):
        state = a_state(infusion=str(infusion), motor=str(motor), flow_ml_per_day=None)
        found = delivery(a_view(model=model, state=state))
        runs = infusion not in {Infusion.STOPPED, Infusion.MINIMUM_RATE} and motor in {Motor.RUNNING, Motor.NONE}
        stores = model.kind is not DeviceKind.RESERVOIR
        assert bool(found) is (stores and not runs), (infusion, motor)


@pytest.mark.parametrize("lifecycle", LifecycleState)
def test_only_a_pump_in_a_patient_is_missed(lifecycle: LifecycleState) -> None:
    assert bool(interruptions(a_view(state=STOPPED, lifecycle=str(lifecycle)))) is (lifecycle in IN_PATIENT)


@pytest.mark.parametrize("drug", [*(one.name for one in DRUGS), "an unlisted drug", "bupivacaine + baclofen", None])
def test_the_priority_is_that_of_the_drug_at_risk(drug: str | None) -> None:
    (line,) = delivery(a_view(state=STOPPED, drug=drug))
    harmless = drug in {one.name for one in DRUGS} - DANGEROUS
    assert line.priority is (Priority.MEDIUM if harmless else Priority.HIGH)


@pytest.mark.parametrize("recorded", ["bupivacaine", None])
@pytest.mark.parametrize("by", ["draft", "session"])
def test_a_drug_that_a_draft_or_a_session_names_counts_until_it_is_settled(by: str, recorded: str | None) -> None:
    told = a_setting(by, "running", 3, drugs=("Lioresal",))
    (line,) = delivery(a_view(state=STOPPED, drug=recorded, settings=(told,)))
    assert line.priority is Priority.HIGH
    (line,) = delivery(a_view(state=STOPPED, drug="bupivacaine"))
    assert line.priority is Priority.MEDIUM


def test_an_open_alarm_follows_the_drug_up_and_down() -> None:
    alarm = an_open_alarm(AlarmCode.EMPTY_RESERVOIR, priority=Priority.MEDIUM)
    assert rated(a_view(alarms=(alarm,))).alarms[0].priority is Priority.HIGH
    high = replace(alarm, priority=Priority.HIGH)
    assert rated(a_view(alarms=(high,), drug="saline")).alarms[0].priority is Priority.MEDIUM
    escalated = replace(high, escalated_at=NOW)
    assert rated(a_view(alarms=(escalated,), drug="saline")).alarms[0].priority is Priority.HIGH


def test_minimum_rate_is_no_task_where_no_more_is_prescribed_and_medium_where_nothing_is_recorded() -> None:
    assert delivery(a_view(state=MINIMUM))[0].priority is Priority.HIGH
    assert delivery(a_view(state=MINIMUM, prescribed_ml_per_day=None))[0].priority is Priority.MEDIUM
    assert delivery(a_view(state=MINIMUM, prescribed_ml_per_day=0.006)) == []


def test_no_flow_while_infusing_and_a_motor_that_stands_are_told_and_a_flow_not_told_is_not() -> None:
    assert interrupted(a_view(state=a_state(flow_ml_per_day=0.0)))[0].kind is Interruption.NO_FLOW
    assert interrupted(a_view(state=a_state(motor="stopped")))[0].kind is Interruption.MOTOR_STOPPED
    assert interrupted(a_view(state=a_state(flow_ml_per_day=None))) == ()
    assert interrupted(a_view(state=a_state(infusion="flex", flow_ml_per_day=0.0))) == ()


def test_a_volume_that_stands_still_is_a_task_but_not_in_a_pump_of_constant_flow() -> None:
    stands = an_outlook(standing=Standing(NOW - 7 * DAY, 11.8, 1.05, 8))
    assert delivery(a_view(outlook=stands))[0].what == "Reservoir volume does not fall"
    for model in MODELS:
        metered = model.fixed_flow is None and model.kind is not DeviceKind.RESERVOIR
        assert bool(delivery(a_view(model=model, outlook=stands))) is metered, model.id


def test_an_unfinished_session_is_a_task_until_a_report_or_a_person_shows_that_the_pump_runs() -> None:
    broken = a_setting("session", None, 0.1, completed=False)
    before = a_state(measured_at=day(0.5))
    assert delivery(a_view(state=before, settings=(broken,)))[0].priority is Priority.HIGH
    assert delivery(a_view(state=None, settings=(broken,)))[0].priority is Priority.HIGH
    assert delivery(a_view(settings=(broken,))) == [], "a report since shows that it runs"
    read = a_setting("visit", None, 0.05, read=True)
    assert delivery(a_view(state=before, settings=(broken, read))) == []
    finished = a_setting("session", "running", 0.05, completed=True)
    assert delivery(a_view(state=before, settings=(broken, finished))) == []


def ordered(by: str, sets: str = "stopped", ago: float = 1.0) -> SettingSeen:
    return a_setting(by, sets, ago)


def test_a_stop_that_a_confirmed_visit_ordered_is_no_task_and_stays_known() -> None:
    view = a_view(state=STOPPED, settings=(ordered("visit"),))
    assert delivery(view) == []
    stop = ordered_stop(view)
    assert stop is not None
    assert stop.ordered


@pytest.mark.parametrize("by", ["draft", "session"])
def test_a_stop_that_only_a_draft_explains_is_high_and_asked_about(by: str) -> None:
    (line,) = delivery(a_view(state=STOPPED, settings=(ordered(by, ago=0.5),), outlook=an_outlook(ran_at=day(0.6))))
    assert (line.priority, line.what) == (Priority.HIGH, "Pump is stopped: was it ordered?")
    assert "Confirm the visit if it was ordered" in line.next_step
    (line,) = delivery(a_view(state=STOPPED, settings=(ordered(by, ago=1.5),), outlook=an_outlook(ran_at=day(1.6))))
    assert line.priority is Priority.HIGH
    harmless = a_view(
        state=STOPPED, drug="saline", settings=(ordered(by, ago=0.5),), outlook=an_outlook(ran_at=day(0.6))
    )
    assert delivery(harmless)[0].priority is Priority.LOW


def test_an_old_order_does_not_explain_a_stop_after_the_pump_ran_again() -> None:
    ran = an_outlook(ran_at=day(2))
    assert (
        delivery(a_view(state=STOPPED, settings=(ordered("visit", ago=5),), outlook=ran))[0].priority is Priority.HIGH
    )
    restarted = (ordered("visit", ago=1), a_setting("session", "running", 0.5))
    assert delivery(a_view(state=STOPPED, settings=restarted))[0].priority is Priority.HIGH
    again = (*restarted, ordered("visit", ago=0.2))
    assert delivery(a_view(state=STOPPED, settings=again)) == []


def test_a_draft_that_repeats_what_a_visit_ordered_leaves_it_ordered() -> None:
    both = (ordered("visit", ago=1), ordered("session", ago=0.9), ordered("draft", ago=0.9))
    assert delivery(a_view(state=STOPPED, settings=both)) == []


def test_an_order_explains_its_own_mode_alone() -> None:
    assert delivery(a_view(state=STOPPED, settings=(ordered("visit", "minimum_rate"),)))[0].priority is Priority.HIGH
    assert delivery(a_view(state=MINIMUM, settings=(ordered("visit", "minimum_rate"),))) == []
    assert delivery(a_view(state=MINIMUM, settings=(ordered("visit", "stopped"),))) == []
    stalled = a_state(motor="stalled", flow_ml_per_day=0.0)
    assert delivery(a_view(state=stalled, settings=(ordered("visit"),)))[0].what == "Motor stalled"


def test_what_follows_from_an_ordered_stop_is_acknowledged_once_and_no_more_asked() -> None:
    alarm = an_open_alarm(AlarmCode.STOPPED_OVER_48H)
    view = rated(a_view(state=STOPPED, settings=(ordered("visit"),), alarms=(alarm,)))
    (line,) = [one for one in wanted_items(view, NOW) if one.kind == "delivery"]
    assert (line.priority, line.holds) == (Priority.LOW, "")
    seen = replace(view, alarms=(replace(alarm, acknowledged_at=NOW),))
    assert [one for one in wanted_items(seen, NOW) if one.kind == "delivery"] == []
    unordered = rated(a_view(state=STOPPED, alarms=(replace(alarm, acknowledged_at=NOW),)))
    (line,) = [one for one in wanted_items(unordered, NOW) if one.kind == "delivery"]
    assert line.priority is Priority.HIGH
    assert line.holds


def test_a_stall_told_by_state_and_by_alarm_is_one_task() -> None:
    stalled = a_state(motor="stalled", flow_ml_per_day=0.0)
    view = rated(a_view(state=stalled, alarms=(an_open_alarm(AlarmCode.MOTOR_STALL),)))
    assert [line.what for line in wanted_items(view, NOW) if line.kind in {"delivery", "battery"}] == ["Motor stalled"]


def test_the_catalogue_of_dangerous_drugs_is_the_one_that_these_tests_name() -> None:
    assert {one.name for one in DRUGS if withdrawal_risk(one.name) != "none"} == DANGEROUS
