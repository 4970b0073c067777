"""Contact points and messages in the API: no list shows a code, and readiness asks for a sender."""

from __future__ import annotations

import json

from sqlmodel import select

from tests.web.conftest import Site
from tracker.actions.messages.links import code_of
from tracker.records.contact_point import ContactPoint
from tracker.records.message import Message


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
