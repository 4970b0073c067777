"""Where the JSON API ends: at another clinic, at a commit that fails, at a message that was refused."""

from __future__ import annotations

import base64
import threading

from sqlalchemy import text
from sqlmodel import select

from tests.build import (
    a_pump,
    a_rejected_message,
    a_state,
    an_item,
)
from tests.web.asking import V1, good, walk
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.credential import BrokerStatus, CommunicatorCredential
from tracker.records.visit import Visit


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
        f"{V1}/pumps/{pump.serial}/visits",
        json={"performed_at": "2026-11-20T10:00:00Z", "refilled": True, "filled_ml": 20.0},
    )
    assert answer.status_code == 500
    with site.database.reading() as session:
        assert session.exec(select(Visit)).all() == []
        assert "visit.logged" not in session.exec(select(AuditEntry.action)).all()


def test_enrolling_waits_until_a_living_broker_knows_the_sign_in(one_site: Site) -> None:
    with one_site.database.writing() as session:
        session.merge(BrokerStatus(id=1, applied_version=0, beat_at=one_site.clock()))

    def take_up() -> None:
        while not stop.wait(0.05):
            with one_site.database.writing() as session:
                versions = session.exec(select(CommunicatorCredential.version)).all()
                session.merge(BrokerStatus(id=1, applied_version=max(versions, default=0), beat_at=one_site.clock()))

    stop = threading.Event()
    broker = threading.Thread(target=take_up)
    broker.start()
    try:
        made = good(one_site.api().post(f"{V1}/pumps", json={"serial": "WAITED", "model": "synchromed-ii-20"}), 201)
    finally:
        stop.set()
        broker.join()
    assert made["credential_taken_up"] is True
