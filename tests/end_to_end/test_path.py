"""The path of one message: from any MQTT client to the API and the page, and never by a wrong way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.product import Product, installed, report
from tests.servers import wait_until


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("product")
    with installed(folder, "broker", "ingest", "web", "schedule") as running:
        yield running


@pytest.fixture(scope="module")
def passwords(product: Product) -> dict[str, str]:
    """A pump for each refusal."""
    return product.enrol_all({f"BAD-{number}": "synchromed-ii-20" for number in range(len(REJECTED))})


@pytest.fixture(scope="module")
def api(product: Product) -> Iterator[httpx.Client]:
    with product.client() as client:
        yield client


def pump(api: httpx.Client, serial: str) -> dict[str, Any]:
    answer = api.get(f"/api/v1/pumps/{serial}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def send(product: Product, serial: str, password: str, message: dict[str, Any] | bytes, kind: str = "telemetry") -> int:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return product.publish(f"pumps/{serial}/{kind}", payload, serial, password)


def received(api: httpx.Client, serial: str) -> int:
    count: int = api.get(f"/api/v1/pumps/{serial}/delivery").json()["received"]
    return count


def test_what_mosquitto_pub_sends_is_shown_with_its_state(product: Product, api: httpx.Client) -> None:
    password = product.enrol("ANY-1")
    assert send(product, "ANY-1", password, report(1, reservoir_ml=7.25)) == 0
    wait_until(lambda: pump(api, "ANY-1")["state"], what="the state")
    state = pump(api, "ANY-1")["state"]
    assert state["reservoir_ml"] == 7.25
    assert datetime.fromisoformat(state["measured_at"]).utcoffset() == timedelta(0)
    assert datetime.fromisoformat(state["received_at"]) >= datetime.fromisoformat(state["measured_at"])


def test_another_pumps_credential_never_gets_through(product: Product, api: httpx.Client) -> None:
    product.enrol("MINE.1")
    theirs = product.enrol("THEIRS-1")
    product.publish("pumps/MINE.1/telemetry", json.dumps(report(1)).encode(), "THEIRS-1", theirs)
    assert send(product, "THEIRS-1", theirs, report(1)) == 0  # what comes later has arrived
    wait_until(lambda: received(api, "THEIRS-1") == 1, what="the later message")
    assert received(api, "MINE.1") == 0
    assert pump(api, "MINE.1")["state"] is None


def test_a_late_older_report_never_overwrites_a_newer_state(product: Product, api: httpx.Client) -> None:
    password = product.enrol("LATE-1")
    newer = datetime.now(UTC)
    send(product, "LATE-1", password, report(2, measured_at=newer.isoformat(), reservoir_ml=5.0))
    send(product, "LATE-1", password, report(1, measured_at=(newer - timedelta(hours=1)).isoformat(), reservoir_ml=9.0))
    wait_until(lambda: received(api, "LATE-1") == 2, what="both messages")
    assert pump(api, "LATE-1")["state"]["reservoir_ml"] == 5.0
    assert len(api.get("/api/v1/pumps/LATE-1/readings").json()["items"]) == 2


REJECTED: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "not JSON": (b"\x00\xff garbage", "payload"),
    "cut off": (json.dumps(report(1)).encode()[:40], "payload"),
    "no version": (report(1, v=...), "v"),
    "a later version": (report(1, v=2), "v"),
    "no model": (report(1, model=...), "model"),
    "another model": (report(1, model="synchromed-ii-40"), "model"),
    "no epoch": (report(1, epoch=...), "epoch"),
    "no seq": (report(1, seq=...), "seq"),
    "seq as text": (report(1, seq="1"), "seq"),
    "no time": (report(1, measured_at=...), "measured_at"),
    "a naive time": (report(1, measured_at="2026-01-01T10:00:00"), "measured_at"),
    "a time in the future": (
        report(1, measured_at=(datetime.now(UTC) + timedelta(days=1)).isoformat()),
        "measured_at",
    ),
    "no volume": (report(1, reservoir_ml=...), "reservoir_ml"),
    "a negative volume": (report(1, reservoir_ml=-0.1), "reservoir_ml"),
    "a volume over the capacity": (report(1, reservoir_ml=20.5), "reservoir_ml"),
    "NaN": (json.dumps(report(1, reservoir_ml=float("nan"))).encode(), "reservoir_ml"),
    "unknown infusion": (report(1, infusion="turbo"), "infusion"),
    "no infusion": (report(1, infusion=...), "infusion"),
    "unknown motor": (report(1, motor="flying"), "motor"),
    "no motor": (report(1, motor=...), "motor"),
    "unknown alarm": (report(1, alarms=["on_fire"]), "alarms"),
    "no alarms": (report(1, alarms=...), "alarms"),
    "unknown indicator": (report(1, battery={"indicator": "fine"}), "indicator"),
}


@pytest.mark.parametrize("what", REJECTED)
def test_a_message_that_breaks_the_contract_is_kept_with_a_reason_that_names_the_field(
    product: Product, api: httpx.Client, passwords: dict[str, str], what: str
) -> None:
    serial = f"BAD-{list(REJECTED).index(what)}"
    message, field = REJECTED[what]
    assert send(product, serial, passwords[serial], message) == 0
    wait_until(lambda: kept(api, serial), what="the rejected message")
    shown = kept(api, serial)[0]
    assert field in shown["reason"], shown["reason"]
    assert shown["topic"] == f"pumps/{serial}/telemetry"


def kept(api: httpx.Client, serial: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/api/v1/rejected?limit=100").json()["items"]
    return [item for item in items if item["topic"].split("/")[1] == serial]


def test_a_battery_on_a_model_that_has_none_is_kept_and_explained(product: Product, api: httpx.Client) -> None:
    password = product.enrol("FLOW-1", "codman-3000")
    assert send(product, "FLOW-1", password, report(1, model="codman-3000", motor="none")) == 0
    wait_until(lambda: kept(api, "FLOW-1"), what="the rejected message")
    assert "battery" in kept(api, "FLOW-1")[0]["reason"]


def test_a_replacement_indicator_ends_in_a_determination_with_its_sources(product: Product, api: httpx.Client) -> None:
    password = product.enrol("ERI-1")
    message = report(
        1, battery={"voltage_v": 2.5, "remaining_percent": 4.0, "indicator": "eri"}, alarms=["elective_replacement"]
    )
    assert send(product, "ERI-1", password, message) == 0

    def verdicts() -> dict[str, str]:
        determination = pump(api, "ERI-1")["determination"]
        return (
            {criterion["id"]: criterion["verdict"] for criterion in determination["criteria"]} if determination else {}
        )

    wait_until(lambda: verdicts().get("5.1") == "met", 30, "the scheduler to determine")
    assert [alarm["code"] for alarm in pump(api, "ERI-1")["open_alarms"]] == ["elective_replacement"]
    assert (verdicts()["5.1a"], verdicts()["5.1c"]) == ("met", "met")
    determination = pump(api, "ERI-1")["determination"]
    assert determination["outcome"] == "needs_information"
    assert determination["missing"] == ["abuse_or_neglect"]
    wait_until(
        lambda: [item for item in api.get("/api/v1/worklist?limit=200").json()["items"] if item["serial"] == "ERI-1"],
        30,
        "the worklist",
    )


def test_a_programmer_session_becomes_a_draft_visit_with_its_code(product: Product, api: httpx.Client) -> None:
    password = product.enrol("SESS-1")
    moment = datetime.now(UTC)
    session = {
        "v": 1, "model": "synchromed-ii-20", "epoch": 1, "seq": 1, "measured_at": moment.isoformat(),
        "started_at": (moment - timedelta(minutes=15)).isoformat(), "completed": True, "programmer": "A810-00231",
        "operator": "rn.alvarez", "analysed": True, "reprogrammed": False, "refilled": True,
        "reservoir": {"expected_ml": 2.6, "aspirated_ml": 2.9, "filled_ml": 20.0},
    }  # fmt: skip
    assert send(product, "SESS-1", password, session, "session") == 0
    wait_until(lambda: api.get("/api/v1/pumps/SESS-1/visits").json()["items"], what="the draft visit")
    visit = api.get("/api/v1/pumps/SESS-1/visits").json()["items"][0]
    assert visit["codes"] == ["95990"]
    assert visit["status"] == "draft"
