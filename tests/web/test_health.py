"""Health: alive, ready with what is down by name, and figures that name nobody."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.build import a_pump, a_state
from tests.servers import free_port
from tests.web.conftest import Clock, Site, served
from tracker.ingest.batch import Stored
from tracker.ingest.metrics import committed
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.job import ALIVE_FOR, LEADS, STOPPED, JobRun, WorkerStatus, beat
from tracker.settings import Settings
from tracker.web.auth.current_user import session_cookie_name
from tracker.web.http.readiness import Readiness


@contextmanager
def broker_at(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port), backlog=50):
        yield


def settings_of(folder: Path, **given: Any) -> Settings:
    return Settings(
        data_dir=folder / "data", secret_key="a key for tests, of 32 characters", broker_port=free_port(), **given
    )


def down(settings: Settings, database: Database, clock: Clock) -> dict[str, str]:
    checks = Readiness(settings, database, clock).look()
    return {name: check.detail for name, check in checks.items() if not check.ok}


def alive(database: Database, clock: Clock, *names: str) -> None:
    with database.writing() as session:
        for name in names:
            kind = name.partition("-")[0]
            beat(session, name, kind, LEADS if kind == "schedule" else "", clock())
            if kind == "schedule":
                session.merge(JobRun(name="evaluate", started_at=clock(), every_s=2, succeeded_at=clock(), leader=name))


def test_with_every_part_alive_nothing_is_down(database: Database, tmp_path: Path) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    alive(database, clock, "ingest-0", "schedule")
    with broker_at(settings.broker_port):
        assert down(settings, database, clock) == {}


def test_each_part_that_is_down_is_named(sqlite_database: Database, tmp_path: Path) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    found = down(settings, sqlite_database, clock)
    assert set(found) == {"broker", "ingest", "schedule"}
    assert str(settings.broker_port) in found["broker"]
    alive(sqlite_database, clock, "ingest-0", "schedule")
    clock.now += ALIVE_FOR + timedelta(seconds=5)
    alive(sqlite_database, clock, "schedule")
    with broker_at(settings.broker_port):
        assert down(settings, sqlite_database, clock) == {"ingest": "last gave a sign of life 35 s ago"}


def test_a_process_that_was_stopped_is_down_at_once_though_its_last_sign_of_life_is_young(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    alive(sqlite_database, clock, "ingest-0", "schedule-1", "schedule-2")
    clock.now += timedelta(seconds=3)
    with sqlite_database.writing() as session:
        beat(session, "ingest-0", "ingest", f"host-1-2; {STOPPED}", clock())
        beat(session, "schedule-1", "schedule", STOPPED, clock())
    with broker_at(settings.broker_port):
        assert down(settings, sqlite_database, clock) == {"ingest": "was stopped 0 s ago"}


def test_a_leader_that_gives_no_sign_of_life_is_down_though_another_stands_by(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    alive(sqlite_database, clock, "schedule-1")
    clock.now += ALIVE_FOR + timedelta(seconds=5)
    alive(sqlite_database, clock, "ingest-0")
    with sqlite_database.writing() as session:
        beat(session, "schedule-2", "schedule", "standing by", clock())
    with broker_at(settings.broker_port):
        assert down(settings, sqlite_database, clock) == {
            "schedule": "no scheduler leads; the last leader gave a sign of life 35 s ago"
        }


@pytest.mark.parametrize("age", [timedelta(minutes=5), timedelta(hours=-1)], ids=["old", "ahead"])
def test_a_leader_whose_job_has_no_good_run_lately_is_down(
    sqlite_database: Database, tmp_path: Path, age: timedelta
) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    alive(sqlite_database, clock, "ingest-0", "schedule")
    with sqlite_database.writing() as session:
        run = session.get_one(JobRun, "evaluate")
        run.started_at = run.succeeded_at = clock() - age
        session.add(run)
    with broker_at(settings.broker_port):
        assert "the job evaluate last succeeded" in down(settings, sqlite_database, clock)["schedule"]
        with sqlite_database.writing() as session:
            session.get_one(JobRun, "evaluate").at_work_since = clock() - timedelta(minutes=2)
        assert down(settings, sqlite_database, clock) == {}


@pytest.mark.parametrize("name", ["ingest-0", "schedule"])
def test_a_sign_of_life_from_the_future_is_none(sqlite_database: Database, tmp_path: Path, name: str) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    alive(sqlite_database, clock, "ingest-0", "schedule")
    later = Clock()
    later.now += timedelta(hours=1)
    alive(sqlite_database, later, name)
    with broker_at(settings.broker_port):
        assert "ahead of the clock, which was set" in down(settings, sqlite_database, clock)[name.partition("-")[0]]


def test_a_broker_address_with_a_port_that_can_not_be_is_a_broker_that_is_down(
    sqlite_database: Database, tmp_path: Path
) -> None:
    for url in ("mqtt://tracker:p@127.0.0.1:99999", "mqtt://tracker:pa[ss@127.0.0.1"):
        settings, clock = settings_of(tmp_path, mqtt_url=url), Clock()
        assert "TRACKER_MQTT_URL" in down(settings, sqlite_database, clock)["broker"]


def test_a_database_that_is_gone_or_of_another_schema_is_named(tmp_path: Path) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    found = down(settings, empty, clock)
    assert "tracker db upgrade" in found["schema"]
    assert "database" not in found
    gone = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert down(settings, gone, clock)["database"] == "does not answer"
    empty.close()
    gone.close()


class FullDisk(Database):
    """A database on a disk with 200 KiB left."""

    def room_bytes(self) -> int:
        return 200 * 1024


def test_a_full_disk_under_the_database_is_named(sqlite_url: str, tmp_path: Path) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    database = FullDisk(sqlite_url)
    schema.upgrade(database)
    alive(database, clock, "ingest-0", "schedule")
    with broker_at(settings.broker_port):
        found = down(settings, database, clock)
    database.close()
    assert found == {"database": "answers, but can't write: its disk is full (200 KiB are left)"}


def test_the_room_on_the_disk_is_known_for_sqlite_alone(sqlite_database: Database) -> None:
    room = sqlite_database.room_bytes()
    assert room is not None
    assert room > 0
    elsewhere = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert elsewhere.room_bytes() is None
    elsewhere.close()


def test_a_request_that_the_database_can_not_serve_is_answered_with_503_and_why(
    tmp_path: Path, sqlite_database: Database
) -> None:
    with served(settings_of(tmp_path), sqlite_database, Clock()) as site:
        with sqlite_database.writing() as session:
            for table in ("api_token", "browser_session"):
                session.connection().exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_gone")
        stranger = site.stranger()
        program = stranger.get("/api/v1/pumps", headers={"Authorization": f"Bearer pt_{'x' * 43}"})
        page = stranger.get("/pumps", headers={"Cookie": f"{session_cookie_name(https=False)}={'x' * 43}"})
        assert stranger.get("/health/live").status_code == 200
    assert program.status_code == 503
    assert program.headers["content-type"] == "application/problem+json"
    assert program.headers["retry-after"] == "5"
    assert "the database can't be used now" in program.json()["detail"]
    assert page.status_code == 503
    assert "try again in a while" in page.text
    assert "api_token" not in program.text + page.text


def test_the_answer_says_it_in_json_with_503_and_needs_no_sign_in(tmp_path: Path, sqlite_database: Database) -> None:
    settings = settings_of(tmp_path)
    with served(settings, sqlite_database, Clock()) as site:
        answer = site.stranger().get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["down"] == ["broker", "ingest", "schedule"]
        alive(sqlite_database, site.clock, "ingest-0", "schedule")
        with broker_at(settings.broker_port):
            time.sleep(1.1)  # an answer is kept for a second
            answer = site.stranger().get("/health/ready")
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "ready"
        assert answer.json()["down"] == []


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_what_needs_no_sign_in_names_no_pump_no_person_and_no_clinic(site: Site, path: str) -> None:
    person = site.person()
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinics["North"], serial="SECRET-1", patient_reference="P-SECRET"))
        session.add(JobRun(name="sweep", started_at=site.clock(), seconds=1.5, error="pump SECRET-1 failed"))
        session.add(WorkerStatus(name="ingest-0", kind="ingest", beat_at=site.clock()))
    site.api(person=person).get("/api/v1/pumps/SECRET-1")
    text = site.stranger().get(path).text
    for word in ("SECRET", person.email, "North"):
        assert word not in text


def test_the_figures_count_requests_by_pattern_and_tell_of_jobs_and_workers(site: Site) -> None:
    api = site.api()
    for serial in ("A", "B", "C"):
        api.get(f"/api/v1/pumps/{serial}")
    with site.database.writing() as session:
        session.add(JobRun(name="sweep", started_at=site.clock(), seconds=1.5, error="it failed"))
        session.add(WorkerStatus(name="ingest-0", kind="ingest", beat_at=site.clock() - timedelta(seconds=7)))
    answer = site.stranger().get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    counted = 'tracker_http_requests_total{method="GET",route="/api/v1/pumps/{serial}",status="404"} 3.0'
    assert counted in answer.text
    assert 'tracker_job_failed{job="sweep"} 1.0' in answer.text
    assert 'tracker_worker_beat_age_seconds{kind="ingest",worker="ingest-0"} 7.0' in answer.text
    assert "tracker_database_up 1.0" in answer.text


def test_strangers_learn_nothing_of_the_machine_or_the_process_from_the_figures(site: Site) -> None:
    with site.database.writing() as session:
        name = f"schedule@{socket.gethostname()}:{os.getpid()}:1"
        session.add(WorkerStatus(name=name, kind="schedule", beat_at=site.clock() - timedelta(seconds=7)))
        session.add(WorkerStatus(name=f"{name}9", kind="schedule", beat_at=site.clock() - timedelta(seconds=90)))
    site.api().get("/api/v1/pumps")
    text = site.stranger().get("/metrics").text
    names = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
    assert {name for name in names if not name.startswith("tracker_") or name.endswith("_created")} == set()
    assert not re.search(r"python|process_|platform|virtual_memory|open_fds", text)
    assert socket.gethostname() not in text
    assert str(os.getpid()) not in text
    assert 'tracker_worker_beat_age_seconds{kind="schedule",worker="schedule"} 7.0' in text


def test_the_figures_of_ingest_in_the_same_process_are_on_the_same_page(site: Site) -> None:
    before = ingest_duplicates(site)
    committed(Stored(duplicates=3), messages=3, seconds=0.01, lag_seconds=None)
    assert ingest_duplicates(site) == before + 3


def ingest_duplicates(site: Site) -> float:
    lines = site.stranger().get("/metrics").text.splitlines()
    (line,) = (line for line in lines if line.startswith('tracker_ingest_messages_total{kind="duplicates"}'))
    return float(line.split()[-1])


def test_the_schema_that_the_figures_come_from_is_the_newest(site: Site) -> None:
    assert schema.current_revision(site.database) == schema.newest_revision()
    with site.database.reading() as session:
        assert session.exec(select(JobRun)).all() == []


def test_a_stranger_learns_from_readiness_which_parts_work_and_no_host_port_or_reason(site: Site) -> None:
    port = str(site.web.settings.mqtt_address().port)
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    near = site.stranger().get("/health/ready").json()
    assert port in near["checks"]["broker"]["detail"], "at the machine itself"
    far = site.stranger(headers=elsewhere).get("/health/ready")
    assert far.status_code == 503
    assert far.json()["down"] == near["down"]
    assert {check["detail"] for check in far.json()["checks"].values()} == {"works", "does not work"}
    for role, told in (("administrator", True), ("nurse", False)):
        answer = site.api(role).get("/health/ready", headers=elsewhere)
        assert (port in answer.text) is told
