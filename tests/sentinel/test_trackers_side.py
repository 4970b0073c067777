"""What the tracker hands to its sentinel, the task about one that can't be reached, and the heartbeat."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from sqlmodel import Session, select

from devices.alarms import Priority
from tests.build import a_clinic, a_person, a_pump
from tests.end_to_end.product import Product, report
from tests.sentinel.sentinels import NURSE, SECRET, Mailbox, mailbox, sentinel
from tests.servers import free_port, wait_until
from tracker.actions.messages.contacts import add_contact
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.messages.note_sentinel import CAUSE, note_renewed, note_unreachable
from tracker.actions.worklist.refresh_worklist import open_lines
from tracker.records.database import Database
from tracker.records.job import LEADS, beat
from tracker.records.message import Message, State
from tracker.records.notification import Notification
from tracker.records.worklist import WorklistItem, clinics_with
from tracker.send.heartbeat import address, reason_against
from tracker.send.ladder import GRACE, SINGLE, ladder
from tracker.send.outside import Renewer
from tracker.settings import Settings
from tracker.worklist.item import WantedItem

BASE = "https://pumps.example.org"
PHYSICIAN = "dr@clinic.example"
ADMINISTRATOR = "it@clinic.example"


def stalled(session: Session, now: datetime, pumps: int = 1, content: str = "full") -> list[WorklistItem]:
    """A clinic of three people, and an alarm of high priority at each of those pumps."""
    clinic = a_clinic(session, message_content=content)
    for email, role in ((NURSE, "nurse"), (PHYSICIAN, "physician"), (ADMINISTRATOR, "administrator")):
        person = a_person(session, clinic, email=email, role=role)
        if role != "administrator":
            add_contact(session, person, kind="email", target=email, confirmed=True, by="test", now=now)
    lines = []
    for number in range(pumps):
        pump = a_pump(session, clinic, serial=f"SN-{number}", patient_reference=f"P-{number}")
        line = WantedItem(
            *("alarm:motor_stall", "delivery", Priority.HIGH, now, "The motor has stalled", "600 mcg a day"),
            *("Call the patient", now, "/pumps"),
        )
        lines.append((pump.clinic_id, pump.id, line))
        line = WantedItem(
            f"stall:{number}", *[getattr(line, name) for name in list(WantedItem.__dataclass_fields__)[1:9]]
        )
        lines[-1] = (pump.clinic_id, pump.id, line)
    open_lines(session, lines, now)
    return list(session.exec(select(WorklistItem)))


def all_left(session: Session) -> None:
    """Every message was taken by its receiver."""
    for message in session.exec(select(Message)):
        message.state = State.SENT.value
        session.add(message)


def test_the_ladder_holds_the_steps_to_come_for_the_people_whom_the_plan_names(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        stalled(session, now)
        all_left(session)
    with database.reading() as session:
        document = ladder(session, BASE, 1)
        told_again = session.exec(select(Notification)).one().next_at
    first = document["steps"][0]
    assert datetime.fromisoformat(first["due_at"]) == told_again + GRACE
    people = {to["target"] for step in document["steps"] for to in step["to"]}
    assert people == {NURSE, PHYSICIAN}
    assert "SN-0" in first["subject"]
    assert "600 mcg" not in json.dumps(document)
    assert document["silent"]["to"] == [{"kind": "email", "target": ADMINISTRATOR}]
    with database.reading() as session:
        again = ladder(session, BASE, 2)
    assert [one["id"] for one in again["steps"]] == [one["id"] for one in document["steps"]]


def test_a_message_that_has_not_left_is_in_the_ladder_from_the_beginning(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        stalled(session, now)
    with database.reading() as session:
        first = ladder(session, BASE, 1)["steps"][0]
    assert datetime.fromisoformat(first["due_at"]) == now + GRACE
    assert first["to"] == [{"kind": "email", "target": NURSE}]
    assert "SN-0" in first["subject"]


def test_a_step_that_the_jobs_missed_stays_due_at_its_time(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        stalled(session, now - timedelta(hours=1))
        all_left(session)
    with database.reading() as session:
        first = ladder(session, BASE, 1)["steps"][0]
    assert datetime.fromisoformat(first["due_at"]) < now - timedelta(minutes=30)


def test_an_alarm_that_somebody_has_waits_until_that_lapses_and_one_that_ended_is_gone(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        (item,) = stalled(session, now)
        notification = session.exec(select(Notification)).one()
        notification.acknowledged_at, notification.acknowledged_by = now, NURSE
        notification.lapses_at = now + timedelta(minutes=30)
        all_left(session)
    with database.reading() as session:
        first = ladder(session, BASE, 1)["steps"][0]
    assert datetime.fromisoformat(first["due_at"]) == now + timedelta(minutes=30) + GRACE
    with database.writing() as session:
        item = session.exec(select(WorklistItem)).one()
        item.closed_at = now
        items_changed(session, [item], now)
        all_left(session)
    with database.reading() as session:
        assert ladder(session, BASE, 2)["steps"] == []


def test_a_clinic_that_lets_nothing_out_has_no_pump_or_patient_in_its_ladder(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        stalled(session, now - timedelta(minutes=5), content="none")
        all_left(session)
    with database.reading() as session:
        text = json.dumps(ladder(session, BASE, 1))
    assert "An alarm of high priority" in text
    for secret in ("SN-0", "P-0", "motor", "Call the patient"):
        assert secret not in text


def test_very_many_alarms_are_said_together_and_none_is_left_out(sqlite_database: Database) -> None:
    now = datetime.now(UTC)
    with sqlite_database.writing() as session:
        stalled(session, now, pumps=SINGLE + 10)
        all_left(session)
    with sqlite_database.reading() as session:
        document = ladder(session, BASE, 1)
    first = document["steps"][0]
    assert f"{SINGLE + 10} alarms of high priority" in first["subject"]
    assert all(f"SN-{number}:" in first["text"] for number in range(SINGLE + 10))
    assert len(document["steps"]) < SINGLE


def test_the_ladder_of_a_real_database_is_taken_by_a_real_sentinel(tmp_path: Path, database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        stalled(session, now, pumps=3)
    with mailbox() as box, sentinel(tmp_path, box) as one:
        given = Settings(sentinel_url=f"http://127.0.0.1:{one.port}", sentinel_secret=SECRET)
        renewer = Renewer(given, database, BASE)
        assert renewer.renew()
        assert renewer.renew()
        held = one.health()
        assert held is not None
        assert (held["tracker"], held["silent"]) == (BASE, False)
        assert held["steps"] > 3
        another = Renewer(given, database, BASE)
        assert another.renew(), "a second process renews too"
        one.kill()
        assert not renewer.renew()


def test_a_sentinel_that_is_down_for_three_minutes_is_a_task_until_it_is_back(database: Database) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        clinic_id = a_clinic(session).id
        note_renewed(session, "holds 0 steps", now)
    with database.writing() as session:
        assert not note_unreachable(session, "It did not answer", now, now + timedelta(minutes=2))
        assert note_unreachable(session, "It did not answer", now, now + timedelta(minutes=3))
        assert not note_unreachable(session, "It did not answer", now, now + timedelta(minutes=4))
    with database.reading() as session:
        item = session.exec(select(WorklistItem).where(WorklistItem.key == CAUSE)).one()
        assert (item.kind, item.priority, item.clinic_id) == ("notify", int(Priority.MEDIUM), clinic_id)
        assert item.what == "The sentinel can't be reached"
    with database.writing() as session:
        note_renewed(session, "holds 0 steps", now + timedelta(minutes=5))
    with database.reading() as session:
        assert clinics_with(session, CAUSE) == set()


def test_the_heartbeat_is_good_only_while_everything_works_and_everybody_is_told(database: Database) -> None:
    now = datetime.now(UTC)
    assert "no ingest process is alive" in reason_against(database, now)
    with database.writing() as session:
        for kind in ("ingest", "send", "schedule"):
            beat(session, kind, kind, LEADS if kind == "schedule" else "", now)
    assert reason_against(database, now) == ""
    with database.writing() as session:
        stalled(session, now - timedelta(minutes=3))
    assert "nobody was told of for two minutes: 1" in reason_against(database, now)
    with database.writing() as session:
        message = session.exec(select(Message)).first()
        assert message is not None
        message.sent_at = now
    assert reason_against(database, now) == ""
    with database.writing() as session:
        beat(session, "schedule", "schedule", "standing by", now)
    assert reason_against(database, now) == "no scheduler leads"


def test_a_failing_heartbeat_goes_to_the_address_with_fail_behind_it() -> None:
    assert address("https://hc.example/uuid", "") == "https://hc.example/uuid"
    assert address("https://hc.example/uuid/", "no scheduler leads") == (
        "https://hc.example/uuid/fail?reason=no%20scheduler%20leads"
    )
    assert address("https://hc.example/p?key=1", "x&y") == "https://hc.example/p/fail?key=1&reason=x%26y"


def test_a_heartbeat_is_asked_for_by_a_process_and_fails_while_no_ingest_lives(
    tmp_path: Path, sqlite_database: Database
) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/uuid"
        product = Product(
            tmp_path, TRACKER_DATABASE_URL=sqlite_database.engine.url.render_as_string(hide_password=False)
        )
        product.environment["TRACKER_HEARTBEAT_URL"] = url
        product.start("send")
        try:
            wait_until(lambda: asked, 60, "the heartbeat")
        finally:
            product.stop()
            server.shutdown()
    assert asked[0].startswith("/uuid/fail?reason=no%20ingest%20process%20is%20alive")


PUMP = {"serial": "SN-1", "model": "synchromed-ii-20", "lifecycle": "implanted", "drug": "baclofen"}
PUMP |= {"concentration": "2000", "concentration_unit": "mcg/mL", "dose_per_day": "600", "patient_reference": "P-7"}


def test_everything_of_the_tracker_is_killed_and_deleted_and_its_next_step_leaves(tmp_path: Path) -> None:
    own = tmp_path / "tracker"
    own.mkdir()
    no_server = Mailbox(free_port())  # the tracker's own mail server is down from the beginning
    with mailbox() as box, sentinel(tmp_path, box) as one:
        product = Product(
            own,
            TRACKER_SENTINEL_URL=f"http://127.0.0.1:{one.port}",
            TRACKER_SENTINEL_SECRET=SECRET,
            TRACKER_SMTP_URL=f"smtp://127.0.0.1:{no_server.port}",
        )
        try:
            product.start_all("broker", "ingest", "schedule", "web")
            password = (
                product.client().post("/api/v1/pumps", json=PUMP).raise_for_status().json()["credential"]["password"]
            )
            product.tracker("staff", "contact", "add", NURSE, "--kind", "email", "--target", NURSE, "--confirmed")
            product.start("send")
            wait_until(lambda: (one.health() or {})["sequence"], 60, "a first renewal")
            product.publish("pumps/SN-1/telemetry", json.dumps(report(1)).encode(), "SN-1", password)
            message = report(2, motor="stalled", infusion="stopped", alarms=["motor_stall"])
            product.publish("pumps/SN-1/telemetry", json.dumps(message).encode(), "SN-1", password)
            wait_until(lambda: (one.health() or {})["steps"], 60, "the alarm in the sentinel's hands")
        finally:
            for name in list(product.processes):
                product.kill(name)
        shutil.rmtree(own)
        wait_until(lambda: any("SN-1" in subject for subject in box.subjects(NURSE)), 130, "the mail of the sentinel")
