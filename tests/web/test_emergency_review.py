"""Emergency access at the owning clinic: an urgent task with all that was read and done, until it is reviewed."""

from __future__ import annotations

import pytest
from sqlmodel import select

from devices.lifecycle import LifecycleState
from tests.build import NOW, PASSWORD, a_pump, a_state
from tests.findings.build import a_view
from tests.web.conftest import Site
from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations
from tracker.findings.emergency_seen import EmergencySeen
from tracker.records.audit import AuditEntry
from tracker.records.pump import Pump
from tracker.worklist.wanted_items import wanted_items

V1 = "/api/v1"
REASON = "Patient collapsed in our emergency room."


@pytest.fixture
def pumped(site_on_both: Site) -> Site:
    with site_on_both.database.writing() as session:
        a_state(session, a_pump(session, site_on_both.clinics["South"], serial="THEIRS"))
    return site_on_both


def opened(site: Site) -> str:
    """Another clinic's physician opens the record, reads it, and acknowledges nothing; answers who it was."""
    physician = site.person("physician")
    api = site.api(person=physician)
    answer = api.post(f"{V1}/pumps/THEIRS/break-glass", json={"reason": REASON})
    assert answer.status_code == 201, answer.text
    assert api.get(f"{V1}/pumps/THEIRS").status_code == 200
    assert api.get(f"{V1}/pumps/THEIRS/alarms").status_code == 200
    visit = {"performed_at": "2026-11-20T10:00:00Z", "analysed": True}
    assert api.post(f"{V1}/pumps/THEIRS/visits", json=visit).status_code == 201
    return physician.email


def evaluate(site: Site) -> None:
    now = site.clock()
    with site.database.writing() as session:
        pumps = [one.id for one in session.exec(select(Pump))]
        save_evaluations(
            session, evaluate_pumps(session, [(number, now) for number in pumps if number is not None], now), now
        )


def tasks(site: Site, clinic: str) -> list[dict[str, object]]:
    items = site.api("nurse", clinic).get(f"{V1}/worklist").json()["items"]
    return [one for one in items if one["kind"] == "access"]


def test_the_owning_clinic_has_an_urgent_task_at_once_that_nobody_just_closes(pumped: Site) -> None:
    who = opened(pumped)
    (task,) = tasks(pumped, "South")
    assert task["priority"] == "high"
    assert who in str(task["why"])
    assert REASON in str(task["why"])
    assert tasks(pumped, "North") == []
    evaluate(pumped)
    assert len(tasks(pumped, "South")) == 1
    done = f"{V1}/worklist/{task['id']}/done"
    assert pumped.api("nurse", "South").post(done, json={"reason": "seen"}).status_code == 403
    assert pumped.api("physician", "South").post(done, json={"reason": "seen"}).status_code == 409
    assert len(tasks(pumped, "South")) == 1


def test_it_is_listed_with_who_from_where_why_and_each_page_read_and_act_done(pumped: Site) -> None:
    who = opened(pumped)
    administrator = pumped.api("administrator", "South")
    (access,) = administrator.get(f"{V1}/emergency-accesses").json()["items"]
    assert (access["opened_by"], access["from_clinic"], access["via"]) == (who, "North", "token")
    assert (access["address"], access["reason"], access["serial"]) == ("127.0.0.1", REASON, "THEIRS")
    told = administrator.get(f"{V1}/emergency-accesses/{access['id']}").json()
    assert sorted(one["action"] for one in told["entries"]) == ["break_glass.opened", "read", "read", "visit.logged"]
    assert [one["detail"]["what"] for one in told["entries"] if one["action"] == "read"] == ["record", "alarms"]
    page = pumped.browser("administrator", "South").get(f"/emergency/received/{access['id']}").text
    for words in (who, "North", REASON, "127.0.0.1", "visit.logged", "alarms"):
        assert words in page


def test_it_ends_when_a_physician_or_an_administrator_of_the_owning_clinic_has_reviewed_it(pumped: Site) -> None:
    opened(pumped)
    (access,) = pumped.api("administrator", "South").get(f"{V1}/emergency-accesses").json()["items"]
    path, found = f"{V1}/emergency-accesses/{access['id']}/review", {"note": "The patient was in their care."}
    assert pumped.api("nurse", "South").post(path, json=found).status_code == 403
    assert pumped.api("physician", "North").post(path, json=found).status_code == 404
    assert pumped.api("physician", "South").post(path, json={"note": " "}).status_code in {409, 422}
    assert len(tasks(pumped, "South")) == 1
    assert pumped.api("physician", "South").post(path, json=found).status_code == 200
    assert tasks(pumped, "South") == []
    evaluate(pumped)
    assert tasks(pumped, "South") == []
    assert pumped.api("administrator", "South").post(path, json=found).status_code == 409
    with pumped.database.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "break_glass.reviewed")).one()
    assert (entry.clinic_id, entry.detail["note"]) == (pumped.clinics["South"].id, found["note"])


def test_the_review_on_the_page_keeps_what_was_typed_and_ends_the_task(pumped: Site) -> None:
    opened(pumped)
    browser = pumped.browser("physician", "South")
    assert "Not reviewed" in browser.get("/emergency/received").text
    (task,) = tasks(pumped, "South")
    assert browser.post(f"{task['link']}/review", data={"note": " "}).status_code == 422
    assert browser.post(f"{task['link']}/review", data={"note": "In their care."}).status_code == 303
    assert "In their care." in browser.get(str(task["link"])).text
    assert tasks(pumped, "South") == []


def test_a_pump_that_is_handed_over_leaves_the_review_with_the_clinic_whose_it_was(pumped: Site) -> None:
    opened(pumped)
    with pumped.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "THEIRS")).one()
        pump.clinic_id = pumped.clinics["North"].id or 0
        session.add(pump)
    evaluate(pumped)
    assert tasks(pumped, "North") == []
    assert len(tasks(pumped, "South")) == 1


@pytest.mark.parametrize("lifecycle", list(LifecycleState))
def test_every_state_of_a_pump_keeps_the_task(lifecycle: LifecycleState) -> None:
    seen = EmergencySeen(1, 7, "dr@north.example", "North", REASON, NOW)
    lines = [one for one in wanted_items(a_view(lifecycle=lifecycle, emergencies=(seen,)), NOW) if one.kind == "access"]
    assert [(one.clinic_id, one.holds != "") for one in lines] == [(7, True)]


def test_many_accesses_to_one_pump_are_one_task(pumped: Site) -> None:
    for _ in range(3):
        opened(pumped)
    evaluate(pumped)
    (task,) = tasks(pumped, "South")
    assert "3 times" in str(task["what"])


def test_what_was_shown_for_a_signature_opens_no_emergency_access_and_the_reverse(pumped: Site) -> None:
    with pumped.database.writing() as session:
        a_state(session, a_pump(session, pumped.clinics["North"], serial="OURS"))
    browser = pumped.browser("physician")
    form = {"serial": "THEIRS", "reason": REASON}
    assert browser.post("/security/confirm", data={"password": PASSWORD}).status_code == 303
    assert browser.post("/emergency", data=form).status_code == 422
    assert browser.post(f"{V1}/pumps/THEIRS/break-glass", json={"reason": REASON}).status_code in {409, 422}
    other = pumped.browser("physician")
    assert other.post("/emergency", data={**form, "password": PASSWORD}).status_code == 303
    signed = other.post("/pumps/OURS/attestations", data={"evident": "no", "name": "x"})
    assert signed.status_code == 422
