"""Who may close, take, hand over and note on a task, by kind of work and while its cause lasts: API and pages."""

from __future__ import annotations

from itertools import product

import pytest

from tests.actions.build import a_report
from tests.build import NOW, a_pump, an_item
from tests.web.asking import V1, good
from tests.web.conftest import Site
from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations
from tracker.records.column_types import key
from tracker.records.delivery import DeliveryMark
from tracker.records.pump import Pump, PumpState
from tracker.records.staff import ROLES
from tracker.records.worklist import WorklistItem, open_items_of_pumps
from tracker.worklist.areas import area_of, may_handle

KINDS = ("delivery", "reservoir", "contact", "finding", "prescription", "draft", "replacement", "record")
ACTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("claim", {}),
    ("note", {"note": "called"}),
    ("hand-over", {"to": "colleague@clinic.example"}),
    ("release", {}),
    ("done", {"reason": "done"}),
)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_to_each_kind_what_its_work_is_and_is_told_why_not(one_site: Site, role: str) -> None:
    site, person = one_site, one_site.person(role)
    if role == ROLES[0]:
        site.person("physician", email="colleague@clinic.example")
    api, browser = site.api(person=person), site.browser(person=person)
    for kind, (act, given) in product(KINDS, ACTS):
        with site.database.writing() as session:
            pump = a_pump(session, site.clinic())
            item = an_item(session, site.clinic(), pump, kind=kind, key=f"{kind}:{act}:{role}")
            if act == "hand-over" and role == ROLES[0]:
                item.claimed_by = person.email
                session.add(item)
        fits = may_handle(role, area_of(kind, of_a_pump=True))
        shown = browser.get(f"/worklist/{item.id}").text
        assert (f"/worklist/{item.id}/done" in shown) is fits, (kind, role)
        answer = api.post(f"{V1}/worklist/{item.id}/{act}", json=given)
        assert (answer.status_code == 403) is not fits, (kind, act, answer.text)
        if not fits:
            if role != "auditor":
                assert "work: the role" in answer.json()["detail"]
            assert browser.post(f"/worklist/{item.id}/{act}", data=given).status_code == 403
        elif act != "hand-over":
            assert answer.status_code == 200, answer.text


def stopped(site: Site, serial: str) -> tuple[Pump, WorklistItem]:
    """A baclofen pump that reports that it is stopped, evaluated."""
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial=serial)
        session.add(PumpState(pump_id=key(pump.id), alarms="", link="connected", changed_at=NOW))
        session.add(DeliveryMark(pump_id=key(pump.id), epoch=1, updated_at=NOW))
        session.flush()
        a_report(session, pump, NOW, 1, infusion="stopped", motor="stopped", flow_ml_per_day=0.0)
        save_evaluations(session, evaluate_pumps(session, [(key(pump.id), NOW)], NOW), NOW)
        (item,) = (one for one in open_items_of_pumps(session, [key(pump.id)]) if one.kind == "delivery")
    return pump, item


def test_nobody_closes_the_task_of_a_pump_that_stands_still_and_an_ordered_stop_ends_it(site: Site) -> None:
    _, item = stopped(site, "STILL")
    nurse, api = site.browser(), site.api()
    shown = nurse.get(f"/worklist/{item.id}").text
    assert f"/worklist/{item.id}/done" not in shown
    assert f"/worklist/{item.id}/note" in shown
    refused = api.post(f"{V1}/worklist/{item.id}/done", json={"reason": "patient called"})
    assert refused.status_code == 409
    assert "stays open until a report shows that it runs" in refused.json()["detail"]
    assert nurse.post(f"/worklist/{item.id}/done", data={"reason": "called"}).status_code == 409
    good(api.post(f"{V1}/worklist/{item.id}/note", json={"note": "patient called, comes in at noon"}))
    assert "comes in at noon" in nurse.get(f"/worklist/{item.id}").text
    assert api.post(f"{V1}/worklist/{item.id}/note", json={"note": "  "}).status_code in {409, 422}


def test_the_verdict_is_the_same_word_on_page_list_export_and_api(site: Site) -> None:
    pump, _ = stopped(site, "STILL")
    nurse, api = site.browser(), site.api()
    assert good(api.get(f"{V1}/pumps/{pump.serial}"))["verdict"] == "act"
    (listed,) = good(api.get(f"{V1}/pumps"))["items"]
    assert listed["verdict"] == "act"
    assert nurse.get("/pumps.csv").text.splitlines()[1].endswith(",act")
    for path in (f"/pumps/{pump.serial}", "/pumps"):
        assert "No problems found" not in nurse.get(path).text
    assert "Pump is stopped" in nurse.get(f"/pumps/{pump.serial}").text
    assert "STILL" in nurse.get("/pumps?attention=any").text


def test_what_came_since_a_persons_last_sitting_is_marked_by_their_looks_alone(site: Site) -> None:
    person = site.person()
    assert "Since you last looked" not in site.browser(person=person).get("/").text, "the first look"
    site.clock.forward(minutes=5)
    with site.database.writing() as session:
        an_item(session, site.clinic(), None, opened_at=site.clock.now, changed_at=site.clock.now)
    site.clock.forward(hours=2)
    browser = site.browser(person=person)
    for _ in range(3):
        page = browser.get("/").text
        assert "Since you last looked" in page
        assert ">New<" in page
        site.clock.forward(minutes=4)
    assert browser.post("/worklist/seen").status_code == 303
    assert "Since you last looked" not in browser.get("/").text


def test_a_page_that_refreshes_itself_is_no_look(site: Site) -> None:
    person = site.person()
    browser = site.browser(person=person)
    browser.get("/")
    for _ in range(10):
        site.clock.forward(minutes=6)
        browser.get("/", headers={"X-Background": "1"})
    with site.database.writing() as session:
        an_item(session, site.clinic(), None, opened_at=site.clock.now, changed_at=site.clock.now)
    site.clock.forward(minutes=1)
    assert "Since you last looked" in site.browser(person=person).get("/").text
