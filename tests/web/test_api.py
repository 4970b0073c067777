"""The JSON API's fixed points, on both databases."""

from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import select

from tests.build import (
    NOW,
    a_delivery_mark,
    a_determination,
    a_pump,
    a_reading,
    a_rejected_message,
    a_state,
    an_alarm,
    an_item,
    an_outlook,
)
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.pump import BrokerStatus, CommunicatorCredential, Pump
from tracker.records.visit import Visit

V1 = "/api/v1"


def good(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def walk(api: httpx.Client, path: str, limit: int, **query: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = good(api.get(path, params={"limit": limit, **query, **({"cursor": cursor} if cursor else {})}))
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def test_serial_and_model_are_enough_to_enrol_and_the_credential_is_shown_once(site_on_both: Site) -> None:
    site = site_on_both
    api = site.api()
    made = good(api.post(f"{V1}/pumps", json={"serial": "SN1", "model": "synchromed-ii-20"}), 201)
    assert made["serial"] == made["credential"]["username"] == "SN1"
    password = made["credential"]["password"]
    assert made["implanted_on"] is made["drug"] is made["concentration"] is None
    shown = api.get(f"{V1}/pumps/SN1").text
    assert password not in shown
    assert password not in api.get(f"{V1}/pumps").text
    with site.database.reading() as session:
        assert password not in repr(session.exec(select(CommunicatorCredential)).all())
        assert password not in repr(session.exec(select(AuditEntry)).all())


def test_everything_known_of_a_pump_can_be_given_and_comes_back(one_site: Site) -> None:
    given = {
        "serial": "FULL-1",
        "model": "prometra-ii-40",
        "clinic": "North",
        "udi": "(01)00810000001234(21)FULL-1",
        "patient_reference": "P-17",
        "unit": "Spasticity",
        "lifecycle": "implanted",
        "implanted_on": "2024-02-29",
        "drug": "baclofen",
        "concentration": "2000",
        "concentration_unit": "mcg/mL",
        "dose_per_day": "300.5",
        "low_reservoir_ml": 3.5,
        "refill_cap_days": 120,
        "report_interval_s": 3600,
    }
    one_site.clinic("North")
    api = one_site.api()
    good(api.post(f"{V1}/pumps", json=given), 201)
    shown = good(api.get(f"{V1}/pumps/FULL-1"))
    assert {name: shown[name] for name in given if name != "clinic"} == {
        name: value for name, value in given.items() if name != "clinic"
    }


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"serial": "a b"}, 422, "serial"),
        ({"serial": ""}, 422, "serial"),
        ({"serial": "x" * 65}, 422, "serial"),
        ({"serial": None}, 422, "serial"),
        ({"model": "synchromed-ix"}, 422, "model"),
        ({"colour": "red"}, 422, "colour"),
        ({"implanted_on": "2999-01-01"}, 409, "implanted_on"),
        ({"implanted_on": 0}, 422, "implanted_on"),
        ({"concentration": 2000}, 422, "concentration"),
        ({"concentration": "2e3", "concentration_unit": "mcg/mL"}, 422, "concentration"),
        ({"concentration": "2000"}, 409, "concentration_unit"),
        ({"low_reservoir_ml": 25}, 409, "low_reservoir_ml"),
        ({"low_reservoir_ml": "3"}, 422, "low_reservoir_ml"),
        ({"report_interval_s": 0}, 422, "report_interval_s"),
        ({"clinic": "Elsewhere"}, 403, "clinic"),
        ({"serial": "tracker"}, 409, "serial"),
        ({"drug": "a\x00b"}, 422, "drug"),
    ],
)
def test_a_pump_that_can_not_be_is_refused_and_the_field_named(
    one_site: Site, change: dict[str, Any], status: int, field: str
) -> None:
    given = {"serial": "WRONG-1", "model": "synchromed-ii-20", **change}
    problem = good(one_site.api().post(f"{V1}/pumps", json=given), status)
    assert problem["field"] == field
    assert problem["errors"][0]["field"] == field


def test_a_serial_is_enrolled_once_even_when_two_ask_at_the_same_time(site_on_both: Site) -> None:
    site = site_on_both
    clients = [site.api() for _ in range(4)]
    answers: list[int] = []

    def ask(api: httpx.Client) -> None:
        answers.append(api.post(f"{V1}/pumps", json={"serial": "TWICE", "model": "synchromed-ii-20"}).status_code)

    threads = [threading.Thread(target=ask, args=(api,)) for api in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409]


def test_a_pump_shows_record_state_alarms_determination_and_forecast(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        a_state(session, pump, alarms="elective_replacement,low_reservoir")
        an_alarm(session, pump)
        an_alarm(session, pump, code="motor_stall", priority=3, closed_at=NOW)
        a_determination(session, pump)
        newest = a_determination(session, pump)
        an_outlook(session, pump)
    shown = good(site.api().get(f"{V1}/pumps/SN1"))
    assert shown["state"] == {
        "measured_at": "2026-11-22T09:56:00Z",
        "received_at": "2026-11-22T09:56:02Z",
        "epoch": 1,
        "seq": 100,
        "battery": {"voltage_v": 2.81, "remaining_percent": 61.5, "indicator": "ok"},
        "reservoir_ml": 12.4,
        "flow_ml_per_day": 0.15,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": ["elective_replacement", "low_reservoir"],
        "firmware": "1.04",
    }
    assert [(alarm["code"], alarm["priority"], alarm["active"]) for alarm in shown["open_alarms"]] == [
        ("low_reservoir", "medium", True)
    ]
    assert shown["determination"]["id"] == newest.id
    assert shown["determination"]["criteria"][0]["verdict"] == "met"
    assert shown["forecast"]["battery"]["eri"]["median"] > shown["forecast"]["battery"]["eri"]["low"]
    assert shown["forecast"]["reservoir"]["basis"]
    assert shown["contact"]["link"] == "connected"


def test_a_pump_without_a_battery_shows_none_and_one_that_never_reported_has_no_state(one_site: Site) -> None:
    with one_site.database.writing() as session:
        flow = a_pump(session, one_site.clinic(), serial="FLOW-1", model="codman-3000")
        none = {"battery_voltage_v": None, "battery_percent": None, "battery_indicator": None}
        a_state(session, flow, **none, motor="none")
        a_pump(session, one_site.clinic(), serial="QUIET-1")
    api = one_site.api()
    assert good(api.get(f"{V1}/pumps/FLOW-1"))["state"]["battery"] is None
    quiet = good(api.get(f"{V1}/pumps/QUIET-1"))
    assert quiet["state"] is quiet["determination"] is quiet["forecast"] is None
    assert quiet["open_alarms"] == []


def test_lists_go_on_newest_first_without_a_gap_or_a_double_while_more_come_in(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        for number in range(11):
            a_pump(session, site.clinic(), serial=f"SN{number}", created_at=NOW + timedelta(seconds=number // 3))
        a_pump(session, site.clinic("South"), serial="THEIRS")
    api = site.api()
    first = good(api.get(f"{V1}/pumps?limit=4"))
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="LATER", created_at=NOW + timedelta(hours=1))
    rest = []
    cursor = first["next"]
    while cursor:
        page = good(api.get(f"{V1}/pumps", params={"limit": 4, "cursor": cursor}))
        rest += page["items"]
        cursor = page["next"]
    serials = [item["serial"] for item in first["items"] + rest]
    assert serials == [f"SN{number}" for number in reversed(range(11))]
    assert good(api.get(f"{V1}/pumps?limit=1"))["items"][0]["serial"] == "LATER"


def test_readings_go_from_and_to_and_page_by_page(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        for seq in range(1, 13):
            a_reading(session, pump, seq=seq, measured_at=NOW + timedelta(hours=seq), reservoir_ml=20 - seq / 4)
        a_reading(session, pump, epoch=2, seq=1, measured_at=NOW + timedelta(hours=13))
    api = site.api()
    every = walk(api, f"{V1}/pumps/SN1/readings", 5)
    assert [(item["epoch"], item["seq"]) for item in every] == [(2, 1), *((1, seq) for seq in range(12, 0, -1))]
    some = walk(
        api,
        f"{V1}/pumps/SN1/readings",
        2,
        **{"from": "2026-11-22T12:00:00Z", "to": "2026-11-22T16:00:00+01:00"},
    )
    assert [item["seq"] for item in some] == [4, 3, 2]
    assert some[0]["reservoir_ml"] == 19.0


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "from=2026-01-01", "from=0", "to=2026-13-01T00:00:00Z"]
)
def test_a_list_says_what_is_wrong_with_its_question(one_site: Site, query: str) -> None:
    with one_site.database.writing() as session:
        if session.exec(select(Pump).where(Pump.serial == "ASKED")).first() is None:
            a_pump(session, one_site.clinic(), serial="ASKED")
    problem = good(one_site.api().get(f"{V1}/pumps/ASKED/readings?{query}"), 422)
    assert problem["field"] == query.partition("=")[0]


def test_a_cursor_of_another_list_another_clinic_or_ones_own_making_is_refused(one_site: Site) -> None:
    with one_site.database.writing() as session:
        for number in range(3):
            a_pump(session, one_site.clinic("East"), serial=f"EAST-{number}")
    east = one_site.api(clinic="East")
    cursor = good(east.get(f"{V1}/pumps?limit=1"))["next"]
    assert east.get(f"{V1}/rejected?cursor={cursor}").status_code == 404
    assert one_site.api(clinic="West").get(f"{V1}/pumps?cursor={cursor}").status_code == 404
    for made_up in ("abc", cursor[:-1], base64.urlsafe_b64encode(b"x" * 12 + b"[1,1]").decode().rstrip("=")):
        assert east.get(f"{V1}/pumps", params={"cursor": made_up}).status_code == 404
    assert east.get(f"{V1}/pumps", params={"cursor": "!"}).status_code == 422


def test_delivery_tells_what_is_missing(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        a_state(session, pump, received=98, duplicates=4, rejected=2)
        a_delivery_mark(session, pump, epoch=1, contiguous=96, beyond=[[99, 100], [103, 103]])
        a_pump(session, site.clinic(), serial="QUIET")
    api = site.api()
    assert good(api.get(f"{V1}/pumps/SN1/delivery")) == {
        "received": 98,
        "duplicates": 4,
        "rejected": 2,
        "epoch": 1,
        "contiguous": 96,
        "missing": [[97, 98], [101, 102]],
    }
    assert good(api.get(f"{V1}/pumps/QUIET/delivery"))["missing"] == []


def test_rejected_messages_come_whole_with_their_reason(site_on_both: Site) -> None:
    site = site_on_both
    payload = bytes(range(256))
    with site.database.writing() as session:
        a_rejected_message(session, a_pump(session, site.clinic(), serial="SN1"), payload=payload)
        a_rejected_message(session, None, topic="pumps/UNKNOWN-1/telemetry")
        a_rejected_message(session, a_pump(session, site.clinic("South"), serial="SN2"))
    items = walk(site.api(), f"{V1}/rejected", 1)
    assert [item["serial"] for item in items] == ["SN1"]
    assert base64.b64decode(items[0]["payload"]) == payload
    assert items[0]["topic"] == "pumps/SN1/telemetry"
    assert "reservoir_ml" in items[0]["reason"]
    nobodys = walk(site.api("administrator"), f"{V1}/rejected", 1)
    assert [item["serial"] for item in nobodys] == ["UNKNOWN-1", "SN1"]


def test_the_worklist_is_ordered_by_harm_and_a_line_is_claimed_once(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        an_item(session, site.clinic(), pump, priority=1, harm_at=NOW, what="routine")
        an_item(session, site.clinic(), pump, priority=3, harm_at=NOW + timedelta(days=2), what="urgent, later")
        an_item(session, site.clinic(), None, priority=3, harm_at=NOW + timedelta(days=1), what="urgent, sooner")
        an_item(session, site.clinic("South"), None, what="theirs")
    mine, colleague = site.api(), site.api("physician")
    items = walk(mine, f"{V1}/worklist", 1)
    assert [item["what"] for item in items] == ["urgent, sooner", "urgent, later", "routine"]
    assert [item["serial"] for item in items] == [None, "SN1", "SN1"]
    line = f"{V1}/worklist/{items[1]['id']}"
    assert good(mine.post(f"{line}/claim"))["claimed_by"]
    assert good(colleague.post(f"{line}/claim"), 409)["detail"]
    assert len(walk(mine, f"{V1}/worklist", 5, mine="true")) == 1
    good(mine.post(f"{line}/release", json={"reason": "lunch"}))
    assert good(colleague.post(f"{line}/done", json={"reason": "refilled"}))["closed_reason"] == "refilled"
    assert len(walk(mine, f"{V1}/worklist", 5)) == 2
    assert site.api(clinic="South").post(f"{line}/claim").status_code == 404


def test_visits_are_logged_coded_amended_and_withdrawn_and_each_step_is_in_the_trail(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    api = site.api()
    path = f"{V1}/pumps/SN1/visits"
    first = good(api.post(path, json={"performed_at": "2026-11-20T10:00:00Z", "refilled": True}), 201)
    assert first["codes"] == ["95990"]
    second = good(api.post(path, json={"performed_at": "2026-11-20T11:00:00+00:00", "analysed": True}), 201)
    assert second["codes"] == ["62367"]
    assert second["conflicts"]
    good(api.patch(f"{path}/{second['id']}", json={"reprogrammed": True, "reason": "seen in the printout"}))
    assert good(api.post(f"{path}/{second['id']}/withdraw", json={"reason": "other pump"}))["status"] == "withdrawn"
    assert [visit["id"] for visit in walk(api, path, 1)] == [second["id"], first["id"]]
    site.web.trail.flush()
    with site.database.reading() as session:
        entries = session.exec(select(AuditEntry.action).where(AuditEntry.subject == "pump:SN1")).all()
    assert [entry for entry in entries if entry.startswith("visit")] == [
        "visit.logged",
        "visit.logged",
        "visit.amended",
        "visit.withdrawn",
    ]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"performed_at": "2026-11-20T10:00:00"}, 422, "performed_at"),
        ({"performed_at": 1}, 422, "performed_at"),
        ({"performed_at": None}, 422, "performed_at"),
        ({"performed_at": "2026-11-23T10:00:00Z"}, 409, "performed_at"),
        ({"refilled": "yes"}, 422, "refilled"),
        ({"refilled": False, "filled_ml": 20}, 409, "filled_ml"),
        ({"filled_ml": -1}, 422, "filled_ml"),
        ({"filled_ml": 41}, 409, "filled_ml"),
        ({"note": "x" * 4001}, 422, "note"),
        ({"cpt": "95990"}, 422, "cpt"),
        ({"prescription_after": {"drug": "baclofen"}}, 422, "prescription_after.concentration"),
        ({"prescription_after": None, "prescription_before": 1}, 422, "prescription_before"),
    ],
)
def test_a_visit_that_can_not_be_is_refused_and_the_field_named(
    one_site: Site, change: dict[str, Any], status: int, field: str
) -> None:
    with one_site.database.writing() as session:
        pump = session.exec(select(Pump).where(Pump.serial == "VISITED")).first()
        if pump is None:
            a_pump(session, one_site.clinic(), serial="VISITED")
    given = {"performed_at": "2026-11-20T10:00:00Z", "refilled": True, **change}
    problem = good(one_site.api().post(f"{V1}/pumps/VISITED/visits", json=given), status)
    assert problem["field"] == field


def test_a_determination_is_made_now_or_as_of_a_past_time(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinic(), serial="SN1"), battery_indicator="eri")
    api = site.api()
    path = f"{V1}/pumps/SN1/determinations"
    now = good(api.post(path), 201)
    assert now["outcome"] == "needs_information"
    assert now["missing"] == ["abuse_or_neglect"]
    past = good(api.post(path, json={"as_of": "2020-01-01T00:00:00Z"}), 201)
    assert past["as_of"] == "2020-01-01T00:00:00Z"
    assert good(api.post(path, json={"as_of": "2030-01-01T00:00:00Z"}), 409)["field"] == "as_of"
    assert [made["id"] for made in walk(api, path, 1)] == [past["id"], now["id"]]
    assert good(api.get(f"{V1}/pumps/SN1"))["determination"]["id"] == now["id"]


def test_the_evaluators_answer_as_the_command_line_does(one_site: Site) -> None:
    api = one_site.api("auditor")
    line = {
        "id": {"a": [1]},
        "question": "replacement",
        "facts": {"battery_nearing_end": True, "abuse_or_neglect": False},
    }
    answer = good(api.post(f"{V1}/assess", json=line))
    assert answer["id"] == {"a": [1]}
    assert answer["outcome"] == "medically_necessary"
    assert answer["readings"]["joint"] == "needs_information"
    bad = good(api.post(f"{V1}/assess", json={"id": 7, "question": "replacement", "facts": {"colour": True}}), 422)
    assert bad["id"] == 7
    assert "colour" in bad["error"]
    coded = good(
        api.post(f"{V1}/code", json={"act": {"kind": "visit", "device": "programmable_pump", "reprogrammed": True}})
    )
    assert coded == {
        "id": None,
        "codes": ["62368"],
        "listed_in_guideline": True,
        "conflicts": [],
        "because": coded["because"],
    }
    for body in (b"", b"{", b"[]", b'{"question": NaN}', b'{"id": 1, "id": 2}', b"\xff", b"[" * 5000):
        answer = api.post(f"{V1}/assess", content=body, headers={"Content-Type": "application/json"})
        assert good(answer, 422)["error"], body


def test_alarms_are_acknowledged_assigned_and_snoozed(site_on_both: Site) -> None:
    site = site_on_both
    colleague = site.person("physician")
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        alarm = an_alarm(session, pump)
        stall = an_alarm(session, pump, code="motor_stall", priority=3)
    api = site.api()
    path = f"{V1}/pumps/SN1/alarms"
    assert good(api.post(f"{path}/{alarm.id}/acknowledge"))["acknowledged_by"]
    assert good(api.post(f"{path}/{alarm.id}/assign", json={"to": colleague.email}))["assignee"] == colleague.email
    until = (NOW + timedelta(hours=5)).isoformat()
    assert good(api.post(f"{path}/{alarm.id}/snooze", json={"until": until, "reason": "refill is booked"}))[
        "snoozed_until"
    ]
    good(api.post(f"{path}/{stall.id}/snooze", json={"until": until, "reason": "refill is booked"}), 409)
    assert site.api(clinic="South").post(f"{path}/{alarm.id}/acknowledge").status_code == 404
    assert {one["code"] for one in walk(api, path, 1)} == {"low_reservoir", "motor_stall"}


def test_another_clinics_pump_is_as_absent_as_one_that_does_not_exist(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic("South"), serial="THEIRS")
        a_state(session, pump)
        an_item(session, site.clinic("South"), pump)
    api = site.api(clinic="North")
    visit = {"performed_at": "2026-11-20T10:00:00Z", "refilled": True}
    for part in ("", "/readings", "/visits", "/delivery", "/determinations", "/alarms"):
        theirs, none = (api.get(f"{V1}/pumps/{serial}{part}") for serial in ("THEIRS", "NOBODY"))
        assert theirs.status_code == none.status_code == 404
        assert theirs.text.replace("THEIRS", "NOBODY") == none.text
    for part, given in (("visits", visit), ("determinations", {})):
        assert api.post(f"{V1}/pumps/THEIRS/{part}", json=given).status_code == 404
    for path in ("pumps", "worklist", "rejected"):
        assert good(api.get(f"{V1}/{path}"))["items"] == []


def test_in_an_emergency_another_clinics_pump_is_reached_for_two_hours_and_both_clinics_can_see_it(site: Site) -> None:
    with site.database.writing() as session:
        for serial in ("THEIRS", "THEIRS-2"):
            a_pump(session, site.clinics["South"], serial=serial)
        a_pump(session, site.clinics["North"], serial="OURS")
    person = site.person("physician")
    api = site.api(person=person)
    path = f"{V1}/pumps/THEIRS/break-glass"
    reason = {"reason": "Patient collapsed in our emergency room."}
    assert api.get(f"{V1}/pumps/THEIRS").status_code == 404
    assert site.api("biller").post(path, json=reason).status_code == 403
    good(api.post(path, json={"reason": "because"}), 422)
    good(api.post(path, json={"reason": " " * 20}), 409)
    good(api.post(f"{V1}/pumps/NOBODY/break-glass", json=reason), 404)
    good(api.post(f"{V1}/pumps/OURS/break-glass", json=reason), 404)
    good(api.post(path, json=reason), 201)
    good(api.get(f"{V1}/pumps/THEIRS"))
    assert api.get(f"{V1}/pumps/THEIRS-2").status_code == 404
    assert site.api("physician").get(f"{V1}/pumps/THEIRS").status_code == 404
    assert [item["serial"] for item in good(api.get(f"{V1}/pumps"))["items"]] == ["OURS"]
    site.clock.forward(hours=2)
    assert api.get(f"{V1}/pumps/THEIRS").status_code == 404
    site.web.trail.flush()
    with site.database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == "pump:THEIRS")).all()
    opened = [entry for entry in entries if entry.action == "break_glass.opened"]
    assert {entry.clinic_id for entry in opened} == {site.clinics["North"].id, site.clinics["South"].id}
    assert {entry.detail["reason"] for entry in opened} == {reason["reason"]}
    read = [entry for entry in entries if entry.action == "read"]
    assert [(entry.actor, entry.clinic_id) for entry in read] == [(person.email, site.clinics["South"].id)]


def test_a_commit_that_fails_is_answered_as_a_fault_and_nothing_is_kept(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        connection = session.connection()
        if site.database.is_sqlite:
            connection.execute(
                text("CREATE TABLE late (id INTEGER REFERENCES clinic(id) DEFERRABLE INITIALLY DEFERRED)")
            )
            connection.execute(
                text("CREATE TRIGGER late AFTER INSERT ON visit BEGIN INSERT INTO late VALUES (999); END")
            )
        else:
            connection.execute(
                text("CREATE TABLE late (id INTEGER REFERENCES clinic(id) DEFERRABLE INITIALLY DEFERRED)")
            )
            connection.execute(
                text(
                    "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN INSERT INTO late VALUES (999); RETURN NEW; END $$"
                )
            )
            connection.execute(text("CREATE TRIGGER late AFTER INSERT ON visit FOR EACH ROW EXECUTE FUNCTION late()"))
    api = site.api()
    answer = api.post(
        f"{V1}/pumps/{pump.serial}/visits", json={"performed_at": "2026-11-20T10:00:00Z", "refilled": True}
    )
    assert answer.status_code == 500
    with site.database.reading() as session:
        assert session.exec(select(Visit)).all() == []
        assert "visit.logged" not in session.exec(select(AuditEntry.action)).all()


def test_enrolling_waits_until_a_living_broker_knows_the_sign_in(one_site: Site) -> None:
    with one_site.database.writing() as session:
        session.merge(BrokerStatus(id=1, applied_version=0, beat_at=datetime.now(UTC)))

    def take_up() -> None:
        while not stop.wait(0.05):
            with one_site.database.writing() as session:
                versions = session.exec(select(CommunicatorCredential.version)).all()
                session.merge(BrokerStatus(id=1, applied_version=max(versions, default=0), beat_at=datetime.now(UTC)))

    stop = threading.Event()
    broker = threading.Thread(target=take_up)
    broker.start()
    try:
        made = good(one_site.api().post(f"{V1}/pumps", json={"serial": "WAITED", "model": "synchromed-ii-20"}), 201)
    finally:
        stop.set()
        broker.join()
    assert made["credential_taken_up"] is True
