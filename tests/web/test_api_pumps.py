"""The JSON API of pumps: enrolling, lists, one pump, its readings and its delivery."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from tests.build import (
    NOW,
    a_delivery_mark,
    a_pump,
    a_reading,
    a_state,
    an_alarm,
    an_outlook,
)
from tests.build_decisions import a_determination
from tests.web.asking import V1, good, walk
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.credential import CommunicatorCredential
from tracker.records.pump import Pump


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
        "udi": "(01)00810000001231(21)FULL-1",
        "manufactured_on": "2023-08-01",
        "expires_on": "2025-08-01",
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


def test_what_only_the_barcode_says_is_taken_from_it_and_what_is_given_counts_first(one_site: Site) -> None:
    udi = "(01)00643169007222(11)240105(17)260105(10)LOT9(21)BAR-1"
    given = {"serial": "BAR-1", "model": "synchromed-ii-20", "udi": udi, "lot": "LOT-8"}
    shown = good(one_site.api().post(f"{V1}/pumps", json=given), 201)
    assert (shown["device_identifier"], shown["lot"]) == ("00643169007222", "LOT-8")
    assert (shown["manufactured_on"], shown["expires_on"]) == ("2024-01-05", "2026-01-05")


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
        ({"manufactured_on": "2999-01-01"}, 409, "manufactured_on"),
        ({"manufactured_on": "2025-01-02", "expires_on": "2025-01-01"}, 409, "expires_on"),
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
        "clock_wrong": False,
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
    bare = good(api.get(f"{V1}/pumps/SN1/readings?from=2026-11-22T12:00:00Z&to=2026-11-22T16:00:00+01:00"))
    assert [item["seq"] for item in bare["items"]] == [4, 3, 2]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "from=2026-01-01", "from=0", "to=2026-13-01T00:00:00Z"]
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


def test_delivery_says_what_the_receipt_says(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        pump = a_pump(session, site.clinic(), serial="SN1")
        a_state(session, pump, received=98, duplicates=4, rejected=2)
        a_delivery_mark(session, pump, epoch=1, contiguous=96, beyond=[[99, 100], [103, 103]])
        a_pump(session, site.clinic(), serial="QUIET")
        torn = a_pump(session, site.clinic(), serial="TORN")
        a_delivery_mark(session, torn, epoch=2, contiguous=1, beyond=[[seq, seq] for seq in range(3, 200, 2)])
    api = site.api()
    torn_mark = good(api.get(f"{V1}/pumps/TORN/delivery"))
    assert (torn_mark["contiguous"], len(torn_mark["missing"]), torn_mark["missing"][-1]) == (129, 64, [128, 128])
    assert good(api.get(f"{V1}/pumps/SN1/delivery")) == {
        "received": 98,
        "duplicates": 4,
        "rejected": 2,
        "epoch": 1,
        "contiguous": 103,
        "missing": [[97, 98], [101, 102]],
    }
    assert good(api.get(f"{V1}/pumps/QUIET/delivery"))["missing"] == []
