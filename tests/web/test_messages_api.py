"""Contact points and messages in the API: no list shows a code, and readiness asks for a sender."""

from __future__ import annotations

import json

from sqlmodel import select

from tests import build
from tests.build import NOW
from tests.web.conftest import Site
from tracker.actions.messages.contacts import add_contact
from tracker.actions.messages.links import code_of
from tracker.records.audit import AuditEntry
from tracker.records.contact_point import ContactPoint
from tracker.records.message import Message, Outgoing, Type, enqueue


def test_the_code_of_a_test_message_stands_in_the_message_alone(site: Site) -> None:
    nurse = site.api("nurse")
    made = nurse.post("/api/v1/contacts", json={"kind": "email", "target": "n@clinic.example"}).json()
    assert nurse.post(f"/api/v1/contacts/{made['id']}/test").status_code == 202
    code = code_of(site.web.settings.signing_key(), made["id"], "n@clinic.example")
    with site.database.reading() as session:
        assert session.exec(select(Message)).one().data["code"] == code
    for answer in (nurse.get("/api/v1/messages"), nurse.get("/api/v1/contacts"), nurse.get("/api/v1/worklist")):
        assert code not in json.dumps(answer.json())
    wrong = nurse.post(f"/api/v1/contacts/{made['id']}/confirm", json={"code": "x" * 6})
    assert wrong.status_code == 409
    right = nurse.post(f"/api/v1/contacts/{made['id']}/confirm", json={"code": code})
    assert right.json()["confirmed"] is True


def test_guesses_of_a_code_are_few(site: Site) -> None:
    nurse = site.api("nurse")
    made = nurse.post("/api/v1/contacts", json={"kind": "email", "target": "n@clinic.example"}).json()
    tried = [
        nurse.post(f"/api/v1/contacts/{made['id']}/confirm", json={"code": f"{at:06}"}).status_code for at in range(60)
    ]
    assert 429 in tried
    with site.database.reading() as session:
        assert session.exec(select(ContactPoint)).one().confirmed_at is None


def test_readiness_asks_for_a_sender_once_somebody_relies_on_messages(site: Site) -> None:
    nurse, visitor = site.api("nurse"), site.stranger()
    assert "send" not in visitor.get("/health/ready").json()["checks"]
    made = nurse.post("/api/v1/contacts", json={"kind": "email", "target": "n@clinic.example"}).json()
    code = code_of(site.web.settings.signing_key(), made["id"], "n@clinic.example")
    nurse.post(f"/api/v1/contacts/{made['id']}/confirm", json={"code": code}).raise_for_status()
    site.web.readiness._looked_at = float("-inf")
    checks = visitor.get("/health/ready").json()["checks"]
    assert checks["send"]["ok"] is False


def test_messages_are_filtered_by_pump_and_by_who_took_them(site: Site) -> None:
    with site.database.writing() as session:
        clinic = site.clinic()
        nurse = build.a_person(session, clinic)
        point = add_contact(session, nurse, kind="email", target="n@clinic.example", by="test", now=NOW)
        pumps = [build.a_pump(session, clinic, serial=f"MSG-{number}") for number in (1, 2)]
        for pump in pumps:
            data = {"what": f"about {pump.serial}", "priority": "high", "pump": pump.serial, "why": "", "next_step": ""}
            one = Outgoing(point.id or 0, nurse.id or 0, clinic.id or 0, pump.id, Type.OPENED, 3, data)
            messages = enqueue(session, [one] * 2, NOW)
            for message, delivered in zip(messages, (True, False), strict=True):
                message.state, message.delivered, message.sent_at = "sent", delivered, NOW
                session.add(message)
        theirs = build.a_pump(session, site.clinic("South"), serial="MSG-3")
    api, browser = site.api("nurse"), site.browser("nurse")
    for query, count in (("?pump=MSG-1", 2), ("?pump=MSG-1&delivered=true", 1), ("?state=sent&delivered=false", 2)):
        assert len(api.get(f"/api/v1/messages{query}").json()["items"]) == count
    for query, count in (("?pump=MSG-1", 2), ("?pump=MSG-1&state=delivered", 1), ("?state=sent", 2), ("", 4)):
        page = browser.get(f"/messages{query}").text
        assert page.count("about MSG-") - page.count("Messages about MSG-") == count, query
    assert "/messages?pump=MSG-1" in browser.get("/pumps/MSG-1").text
    assert api.get(f"/api/v1/messages?pump={theirs.serial}").status_code == 404
    assert browser.get(f"/messages?pump={theirs.serial}").status_code == 404


def test_an_administrator_adds_and_tests_a_contact_point_that_its_person_confirms(site: Site) -> None:
    nurse = site.person("nurse")
    head, own, stranger = site.api("administrator"), site.api(person=nurse), site.api("administrator", clinic="South")
    path = f"/api/v1/staff/{nurse.id}/contacts"
    made = head.post(path, json={"kind": "email", "target": "n@clinic.example"}).json()
    assert head.post(f"{path}/{made['id']}/test").status_code == 202
    code = code_of(site.web.settings.signing_key(), made["id"], "n@clinic.example")
    assert code not in head.get(path).text
    assert code not in site.browser("administrator").get(f"/staff/{nurse.id}/contacts").text
    assert head.post(f"/api/v1/contacts/{made['id']}/confirm", json={"code": code}).status_code == 404
    assert own.post(f"/api/v1/contacts/{made['id']}/confirm", json={"code": code}).json()["confirmed"] is True
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, json={"kind": "email", "target": "x@clinic.example"}).status_code == 404
    with site.database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == f"contact:{made['id']}")).all()
    assert [one.actor == nurse.email for one in entries] == [False, False, True]


def test_of_a_colleagues_address_that_may_hold_a_secret_the_kind_alone_is_shown(site: Site) -> None:
    nurse = site.person("nurse")
    site.api(person=nurse).post(
        "/api/v1/contacts", json={"kind": "webhook", "target": "https://hook.example/secret-topic"}
    )
    head, browser = site.api("administrator"), site.browser("administrator")
    (shown,) = head.get(f"/api/v1/staff/{nurse.id}/contacts").json()["items"]
    assert shown["target"] == "https://…"
    assert "secret-topic" not in browser.get(f"/staff/{nurse.id}/contacts").text
