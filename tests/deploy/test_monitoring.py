"""What watches the tracker: figures at an address of their own, alert rules, a dashboard, systemd's units."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.broker.clients import Device
from tests.build import NOW, a_clinic, a_pump, a_state, an_alarm
from tests.deploy.composition import as_written
from tests.end_to_end.product import Product, report
from tests.servers import binary, free_port, wait_until
from tracker.cli.main import COMMANDS
from tracker.records.database import Database
from tracker.records.pool_use import pool_use
from tracker.records.waiting_counts import AGES, alarms_waiting, backlog
from tracker.settings import Settings

PROMETHEUS = Path("deploy/prometheus")
UNITS = sorted(Path("deploy/systemd").glob("*.service"))
ELSEWHERE = "127.0.0.2"
"""An address that is not the one that is taken where nothing is set."""


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def queries() -> list[str]:
    """Every question that the rules and the dashboard ask."""
    dashboard = json.loads(Path("deploy/grafana/pump-tracker.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return asked + [rule["expr"] for rule in rules()]


class Served:
    """An installation whose processes show their figures, and what one of them told when asked."""

    def __init__(self, folder: Path, name: str, *words: str) -> None:
        self.port = free_port()
        settings = {"TRACKER_METRICS_HOST": ELSEWHERE, "TRACKER_METRICS_PORT": str(self.port)}
        self.product = Product(folder, **settings)
        self.product.tracker("db", "upgrade")
        self.process = self.product.start(name, *words)

    def told(self) -> str:
        try:
            return httpx.get(f"http://{ELSEWHERE}:{self.port}/metrics", timeout=20).text
        except httpx.HTTPError:
            return ""

    def value(self, series: str) -> float | None:
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.told(), re.MULTILINE)
        return float(found[1]) if found else None


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("serve"), "serve", "--embedded-broker")
    try:
        wait_until(lambda: "tracker_job_success_age_seconds{" in served.told(), 90, "the figures of a job")
        yield served
    finally:
        served.product.stop()


def test_every_figure_that_rules_and_dashboard_ask_for_is_told(serve: Served) -> None:
    assert serve.product.client().get("/api/v1/pumps").status_code == 200
    told = set(re.findall(r"^# TYPE (tracker_\w+)", serve.told(), re.MULTILINE))
    told |= {f"{name}_bucket" for name in told}
    asked = {name for query in queries() for name in re.findall(r"\btracker_\w+", query)}
    assert len(asked) > 15
    assert asked - told == set()


@pytest.mark.needs("promtool")
def test_names_and_units_follow_the_conventions_of_prometheus(serve: Served) -> None:
    checked = [binary("promtool"), "check", "metrics"]
    done = subprocess.run(checked, input=serve.told(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_an_alarm_that_nobody_acknowledges_is_counted_until_somebody_does(serve: Served) -> None:
    waiting = 'tracker_alarms_waiting{longer_than_seconds="0",priority="high"}'
    assert serve.value(waiting) == 0
    password = serve.product.enrol("SN-1")
    with Device(serve.product.broker_port, "SN-1", password) as device:
        device.publish("pumps/SN-1/telemetry", json.dumps(report(1, alarms=["motor_stall"], motor="stalled")).encode())
        wait_until(lambda: serve.value(waiting) == 1, 30, "the alarm to be counted")
    assert (serve.value('tracker_alarms_waiting_longest_seconds{priority="high"}') or 0) > 0
    with serve.product.client() as api:
        [alarm] = api.get("/api/v1/pumps/SN-1/alarms").json()["items"]
        api.post(f"/api/v1/pumps/SN-1/alarms/{alarm['id']}/acknowledge", json={}).raise_for_status()
    wait_until(lambda: serve.value(waiting) == 0, 30, "the alarm to be no longer counted")


def test_the_broker_and_the_pool_tell_how_full_they_are(serve: Served) -> None:
    assert (serve.value("tracker_broker_store_limit_bytes") or 0) > 1024**3
    assert serve.value("tracker_broker_store_bytes") is not None
    limit, used = (serve.value(f"tracker_database_connections{rest}") for rest in ("_limit", '{state="in_use"}'))
    assert limit is not None
    assert used is not None
    assert 0 <= used <= limit


def test_how_much_waits_in_the_clinic_is_not_on_the_page_that_is_open_to_all(serve: Served) -> None:
    open_to_all = httpx.get(f"http://127.0.0.1:{serve.product.web_port}/metrics").text
    assert "tracker_http_requests_total" in open_to_all
    assert "tracker_alarms_waiting" not in open_to_all
    assert "tracker_evaluation_backlog" not in open_to_all


def test_the_figures_name_no_pump_and_nothing_of_the_machine(serve: Served) -> None:
    told = serve.told()
    assert "SN-1" not in told
    assert socket.gethostname() not in told
    assert not re.search(r"^(python|process)_", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("ingest", "tracker_ingest_connected"),
        ("schedule", "tracker_database_connections_limit"),
        ("broker", "tracker_broker_store_bytes"),
        ("web", "tracker_evaluation_backlog_pumps"),
    ],
)
def test_each_process_alone_shows_its_figures_at_the_address_that_is_set(
    tmp_path: Path, name: str, figure: str
) -> None:
    served = Served(tmp_path, name)
    try:
        wait_until(lambda: served.value(figure) is not None, 60, f"the figures of {name}")
        with socket.socket() as elsewhere:
            assert elsewhere.connect_ex(("127.0.0.1", served.port)) != 0
    finally:
        served.product.stop()


def test_a_taken_port_is_one_sentence_that_names_the_setting(tmp_path: Path) -> None:
    served = Served(tmp_path, "alive", "ingest")  # starts nothing that listens
    served.process.wait(60)
    with socket.create_server((ELSEWHERE, served.port)):
        process = served.product.start("schedule")
        assert process.wait(60) == 1
    said = (tmp_path / "schedule.log").read_text().splitlines()[-1]
    assert said.startswith(f"tracker: the figures for Prometheus can't listen on {ELSEWHERE}:{served.port}")
    assert said.endswith("set TRACKER_METRICS_PORT to another port")


def test_alarms_wait_from_when_they_were_opened_or_ceased_to_be_acknowledged(database: Database) -> None:
    hour = timedelta(hours=1)
    with database.writing() as session:
        pump = a_pump(session, a_clinic(session))
        ceased = NOW - timedelta(minutes=1)
        for code, given in {
            "motor_stall": {"priority": 3, "opened_at": NOW - timedelta(minutes=6)},
            "empty_reservoir": {
                "priority": 3,
                "opened_at": NOW - 9 * hour,
                "unheard_since": ceased,
            },
            "low_reservoir": {"priority": 2, "opened_at": NOW - 3 * hour, "snoozed_until": NOW + hour},
            "end_of_service": {"priority": 2, "opened_at": NOW - 3 * hour, "snoozed_until": NOW - hour},
            "memory_error": {"priority": 1, "opened_at": NOW - hour, "acknowledged_at": NOW},
            "tube_set": {"priority": 1, "opened_at": NOW - hour, "closed_at": NOW},
        }.items():
            an_alarm(session, pump, code=code, **given)
    with database.reading() as session:
        high, medium, low = alarms_waiting(session, NOW)
    assert list(high.longer_than.values()) == [2, 1, 0, 0]
    assert high.longest_s == 360
    assert list(medium.longer_than.values()) == [1, 1, 1, 1]
    assert (set(low.longer_than.values()), low.longest_s) == ({0}, 0)
    assert list(low.longer_than) == list(AGES)


def test_the_backlog_is_what_is_due_by_now(database: Database) -> None:
    with database.writing() as session:
        clinic = a_clinic(session)
        for minutes in (-90, -1, 0, 5):
            pump = a_pump(session, clinic, serial=f"SN{minutes}")
            a_state(session, pump, evaluate_at=NOW + timedelta(minutes=minutes))
    with database.reading() as session:
        assert backlog(session, NOW) == (3, 5400)


def test_a_connection_counts_as_used_for_as_long_as_it_is(sqlite_database: Database) -> None:
    before = pool_use()
    with sqlite_database.engine.connect():
        assert pool_use().in_use == before.in_use + 1
    assert pool_use().in_use == before.in_use
    assert pool_use().limit >= 16


def test_each_container_with_figures_shows_them_where_the_sample_says_and_no_port_of_them_is_published() -> None:
    sample = (PROMETHEUS / "prometheus.yml").read_text()
    services = as_written()["services"]
    for name in ("nats", "ingest", "schedule", "web"):
        settings = services[name]["environment"]
        assert (settings["TRACKER_METRICS_HOST"], settings["TRACKER_METRICS_PORT"]) == ("0.0.0.0", "9400")
        assert f"{name}:9400" in sample
        assert "inside" in services[name]["networks"]
        assert not [port for port in services[name].get("ports", []) if "9400" in port]
    assert as_written()["networks"]["inside"]["internal"]


def test_there_are_ten_rules_or_more_each_with_what_to_do() -> None:
    assert len(rules()) >= 10
    assert all({"summary", "action"} <= rule["annotations"].keys() for rule in rules())
    assert {rule["labels"]["severity"] for rule in rules()} == {"page", "ticket"}


def test_each_rule_is_tried_both_where_it_must_fire_and_where_it_must_not() -> None:
    tried = {test["name"] for test in yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text())["tests"]}
    assert tried == {f"{rule['alert']} {how}" for rule in rules() for how in ("fires", "stays quiet")}


@pytest.mark.needs("promtool")
@pytest.mark.parametrize(
    "words",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")],
    ids=" ".join,
)
def test_promtool_finds_the_rules_right(words: tuple[str, ...]) -> None:
    done = subprocess.run([binary("promtool"), *words], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_exists_with_settings_that_are_known(unit: Path) -> None:
    text = unit.read_text()
    command = re.findall(r"^ExecStart=/opt/tracker/bin/tracker (\w+)", text, re.MULTILINE)
    assert len(command) == 1
    assert command[0] in COMMANDS
    given = {name.lower() for name in re.findall(r"TRACKER_(\w+)=", text)}
    assert given <= set(Settings.model_fields)


def test_systemd_understands_the_units_and_finds_them_shut_in(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("this test needs systemd-analyze: apt-get install systemd")
    for unit in [*UNITS, Path("deploy/systemd/tracker.target")]:
        text = unit.read_text().replace("/opt/tracker/bin/tracker", "/bin/true")  # neither is on a developer's machine
        (tmp_path / unit.name).write_text(re.sub(r"^(User|Group)=tracker$", r"\1=root", text, flags=re.MULTILINE))
    written = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run([analyze, "verify", "--man=no", *written], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for unit in UNITS:
        rated = [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
        done = subprocess.run(rated, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-200:]  # an exposure over 2.0 of 10
