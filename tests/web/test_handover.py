"""A pump that moves to another clinic: offered, followed by the old clinic until the new one has accepted it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from tests.build import NOW, a_delivery_mark, a_pump, a_reading, a_state, a_visit, an_alarm
from tests.web.asking import V1, good, walk
from tests.web.conftest import Site
from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations
from tracker.records.audit import AuditEntry
from tracker.records.credential import CommunicatorCredential
from tracker.records.pump import Pump, due_pumps

PUMP = f"{V1}/pumps/SN1"
ENROLMENT = {"serial": "SN1", "model": "synchromed-ii-20", "lifecycle": "implanted", "drug": "baclofen"}


@pytest.fixture
def moving(site_on_both: Site) -> Site:
    """A pump of North on baclofen with a low-reservoir alarm that North has answered, and a stall that is a task."""
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1", patient_reference="NORTH-7", unit="Pain", drug="baclofen")
        a_reading(session, pump)
        alarms = "low_reservoir,motor_stall"
        a_state(
            session,
            pump,
            evaluate_at=NOW,
            alarms=alarms,
            motor="stalled",
            reservoir_ml=1.8,
            measured_at=NOW - timedelta(minutes=5),
        )
        a_visit(session, pump, performed_at=NOW - timedelta(days=30), logged_at=NOW - timedelta(days=30))
        a_delivery_mark(session, pump)
        an_alarm(session, pump, acknowledged_at=NOW, acknowledged_by="nurse@north.example")
        an_alarm(session, pump, code="motor_stall", priority=3)
    evaluate(site)
    return site


def evaluate(site: Site) -> None:
    """What the scheduler does at this moment of the site's clock."""
    now = site.clock()
    with site.database.reading() as session:
        evaluations = evaluate_pumps(session, due_pumps(session, now, 10), now)
    with site.database.writing() as session:
        save_evaluations(session, evaluations, now)


def tasks(site: Site, clinic: str) -> list[dict[str, Any]]:
    return [one for one in walk(site.api(clinic=clinic), f"{V1}/worklist", 50) if one["serial"] == "SN1"]


def offer(site: Site, to: str | None = "South") -> dict[str, Any]:
    made: dict[str, Any] = good(site.api().post(f"{PUMP}/handover", json={"to": to, "reason": "moved house"}), 201)
    return made


def test_until_it_is_accepted_the_old_clinic_keeps_the_pump_its_alarms_and_its_tasks(moving: Site) -> None:
    before = tasks(moving, "North")
    assert before
    made = offer(moving)
    evaluate(moving)
    assert made["state"] == "offered"
    assert [one["kind"] for one in tasks(moving, "North")] == [one["kind"] for one in before]
    shown = good(moving.api().get(PUMP))
    assert shown["lifecycle"] == "implanted"
    assert {one["code"] for one in shown["open_alarms"]} == {"low_reservoir", "motor_stall"}
    assert moving.api(clinic="South").get(PUMP).status_code == 404
    assert tasks(moving, "South") == []


def test_who_accepts_has_the_pump_with_its_history_alarms_and_tasks_at_once(moving: Site) -> None:
    kinds = sorted(one["kind"] for one in tasks(moving, "North"))
    made = offer(moving)
    south = moving.api(clinic="South")
    (waiting,) = walk(south, f"{V1}/handovers", 50)
    assert (waiting["serial"], waiting["from_clinic"]) == ("SN1", "North")
    assert "NORTH-7" not in str(waiting), "no patient is named before it is accepted"
    good(south.post(f"{V1}/handovers/{made['id']}/accept", json={"patient_reference": "SOUTH-1"}))
    assert sorted(one["kind"] for one in tasks(moving, "South")) == kinds, "at the same moment, not at the next sweep"
    assert tasks(moving, "North") == []
    pump = good(south.get(PUMP))
    assert (pump["patient_reference"], pump["unit"]) == ("SOUTH-1", None)
    assert kinds
    assert {one["acknowledged_at"] for one in pump["open_alarms"]} == {None}, "what North answered is asked again"
    assert walk(south, f"{PUMP}/readings", 50)
    assert walk(south, f"{PUMP}/visits", 50)
    evaluate(moving)
    assert tasks(moving, "North") == []
    assert {*kinds, "reservoir"} <= {one["kind"] for one in tasks(moving, "South")}
    moving.web.trail.flush()
    with moving.database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "handover.accepted")).all()
    assert len({one.clinic_id for one in entries}) == 2, "both clinics' audit trails tell of it"


def test_the_old_clinic_sees_its_own_past_and_nothing_new(moving: Site) -> None:
    made = offer(moving)
    south, north = moving.api(clinic="South"), moving.api()
    good(south.post(f"{V1}/handovers/{made['id']}/accept", json={}))
    moving.clock.forward(days=1)
    with moving.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
        a_reading(session, pump, seq=9000, measured_at=NOW + timedelta(hours=12))
    good(south.post(f"{PUMP}/visits", json={"performed_at": "2026-11-22T20:00:00Z", "analysed": True}), 201)
    assert len(walk(south, f"{PUMP}/readings", 50)) == len(walk(north, f"{PUMP}/readings", 50)) + 1
    assert len(walk(south, f"{PUMP}/visits", 50)) == len(walk(north, f"{PUMP}/visits", 50)) + 1
    assert good(north.get(f"{PUMP}/delivery"))["epoch"] is not None
    assert north.get(PUMP).status_code == 404
    assert north.patch(PUMP, json={"unit": "x"}).status_code == 404


def test_enrolling_the_serial_takes_over_what_is_offered_to_whoever_comes(moving: Site) -> None:
    answer = good(moving.api("physician").post(f"{PUMP}/lifecycle", json={"to": "transferred", "reason": "moved"}), 201)
    assert answer["handover"]
    with moving.database.reading() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
    taken = good(moving.api(clinic="South").post(f"{V1}/pumps", json=ENROLMENT), 201)
    assert taken["taken_over_from"] == "North"
    assert taken["credential"] == {"username": "SN1", "password": None}, "the communicator keeps its login"
    with moving.database.reading() as session:
        same = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
    assert same.id == pump.id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "synchromed-ii-40"}, "model"),
        ({"drug": "morphine"}, "drug"),
        ({"lifecycle": "explanted"}, "lifecycle"),
        ({"implanted_on": "2020-02-02"}, "implanted_on"),
    ],
)
def test_what_contradicts_the_record_is_refused_and_nobody_loses_the_pump(
    moving: Site, change: dict[str, str], field: str
) -> None:
    offer(moving, None)
    refused = good(moving.api(clinic="South").post(f"{V1}/pumps", json=ENROLMENT | change), 409)
    assert refused["field"] == field
    assert good(moving.api().get(PUMP))["patient_reference"] == "NORTH-7"


def test_only_the_clinic_that_it_is_offered_to_may_take_it(moving: Site) -> None:
    moving.clinic("Third")
    made = offer(moving, "South")
    third = moving.api(clinic="Third")
    assert third.post(f"{V1}/handovers/{made['id']}/accept", json={}).status_code == 404
    assert good(third.post(f"{V1}/pumps", json=ENROLMENT), 409)["field"] == "serial"
    north = moving.api()
    assert north.post(f"{V1}/handovers/{made['id']}/accept", json={}).status_code == 404
    assert good(north.post(f"{PUMP}/handover", json={"to": "Third"}), 409)["field"] == "to"
    good(north.post(f"{V1}/handovers/{made['id']}/withdraw", json={"reason": "the patient stays"}))
    assert good(moving.api(clinic="South").post(f"{V1}/pumps", json=ENROLMENT), 409)["field"] == "serial"
    for wrong in ("North", "Nowhere"):
        assert good(north.post(f"{PUMP}/handover", json={"to": wrong}), 409)["field"] == "to"


def test_an_offer_that_nobody_accepts_for_days_is_a_task_of_the_old_clinic(moving: Site) -> None:
    offer(moving)
    moving.clock.forward(days=2, hours=23)
    evaluate(moving)
    assert "record" not in {one["kind"] for one in tasks(moving, "North")}
    moving.clock.forward(hours=2)
    evaluate(moving)
    (task,) = [one for one in tasks(moving, "North") if one["link"] == "/handovers"]
    assert task["what"] == "No clinic has accepted this pump"


def test_a_clinic_elsewhere_is_confirmed_by_name_and_a_pump_that_still_reports_is_told_of(moving: Site) -> None:
    north = moving.api()
    good(north.post(f"{PUMP}/lifecycle", json={"to": "replacement_planned", "on": "2026-12-10", "reason": "ERI"}), 201)
    made = offer(moving, None)
    good(north.post(f"{V1}/handovers/{made['id']}/confirm", json={"outside": "Mercy Hospital, Dr. Lee"}))
    pump = good(north.get(PUMP))
    assert (pump["lifecycle"], pump["replacement_planned_for"]) == ("transferred", None)
    moving.clock.forward(minutes=1)
    evaluate(moving)
    (task,) = tasks(moving, "North")
    assert (task["priority"], task["what"]) == ("high", "A transferred pump still reports here: motor stall")


def test_a_pump_marked_as_transferred_before_there_were_offers_can_be_taken_over(moving: Site) -> None:
    with moving.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "SN1")).one()
        pump.lifecycle = "transferred"
        session.add(pump)
    taken = good(moving.api(clinic="South").post(f"{V1}/pumps", json=ENROLMENT), 201)
    assert (taken["lifecycle"], taken["taken_over_from"]) == ("implanted", "North")


def test_a_pump_that_leaves_its_patient_is_offered_no_longer(moving: Site) -> None:
    offer(moving)
    physician = moving.api("physician")
    good(physician.post(f"{PUMP}/lifecycle", json={"to": "deceased", "reason": "died"}), 201)
    assert walk(moving.api(clinic="South"), f"{V1}/handovers", 50) == []
    (sent,) = walk(physician, f"{V1}/handovers", 50, sent="true")
    assert sent["state"] == "withdrawn"


def test_the_page_offers_accepts_and_declines(moving: Site) -> None:
    north, south = moving.browser("physician"), moving.browser("nurse", clinic="South")
    form = {"to": "transferred", "clinic": "Nowhere", "reason": "moved house"}
    refused = north.post("/pumps/SN1/lifecycle", data=form)
    assert refused.status_code == 422
    assert 'id="clinic-fault"' in refused.text
    assert 'value="moved house"' in refused.text, "what was typed stands there still"
    done = north.post("/pumps/SN1/lifecycle", data=form | {"clinic": "South"})
    assert done.headers["location"].endswith("said=offered")
    page = south.get("/handovers").text
    assert "SN1" in page
    assert "NORTH-7" not in page
    (waiting,) = walk(moving.api(clinic="South"), f"{V1}/handovers", 50)
    path = f"/handovers/{waiting['id']}"
    assert south.post(f"{path}/withdraw", data={"reason": " "}).status_code == 422
    assert south.post(f"{path}/accept", data={"patient_reference": "SOUTH-1"}).status_code == 303
    assert south.get("/pumps/SN1").status_code == 200
    assert north.get("/pumps/SN1").status_code == 404
    assert "Your patient reference was NORTH-7" in north.get("/handovers").text
    assert "NORTH-7" not in south.get("/handovers").text + south.get("/pumps/SN1").text


def test_the_communicators_login_works_on(moving: Site) -> None:
    login = good(moving.api().post(f"{PUMP}/credential"), 201)
    assert login["password"]
    offer(moving, None)
    with moving.database.reading() as session:
        before = session.exec(select(CommunicatorCredential)).one()
    good(moving.api(clinic="South").post(f"{V1}/pumps", json=ENROLMENT), 201)
    with moving.database.reading() as session:
        after = session.exec(select(CommunicatorCredential)).one()
    assert (after.bcrypt_hash, after.revoked_at) == (before.bcrypt_hash, None)
