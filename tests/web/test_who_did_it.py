"""Nobody acts in another person's name: tokens, passwords that somebody else set, signatures, emergency access."""

from __future__ import annotations

from datetime import date

import pytest
from sqlmodel import select

from tests.build import PASSWORD, a_pump, a_state
from tests.web.conftest import Site, csrf_of, sign_in
from tracker.actions.advisories.import_recalls import import_recalls
from tracker.actions.advisories.recall_entries import Coverage, Recall
from tracker.actions.staff.change_staff import change_staff
from tracker.errors import NotAllowed
from tracker.records.advisory import Advisory
from tracker.records.finding import Attestation
from tracker.records.staff import ApiToken, Staff
from tracker.records.tables import METADATA

V1 = "/api/v1"
FIRST, OWN = "a first pass phrase of theirs", "an own pass phrase, nobody else's"
SIGNED = {"evident": "no", "name": "Somebody Else"}


@pytest.fixture
def pumped(site_on_both: Site) -> Site:
    with site_on_both.database.writing() as session:
        for clinic, serial in (("North", "OURS"), ("South", "THEIRS")):
            a_state(session, a_pump(session, site_on_both.clinics[clinic], serial=serial))
    return site_on_both


@pytest.mark.parametrize("role", ["administrator", "auditor"])
def test_nobody_makes_sees_or_ends_another_persons_token(pumped: Site, role: str) -> None:
    physician = pumped.person("physician")
    pumped.api(person=physician)
    with pumped.database.reading() as session:
        token = session.exec(select(ApiToken).where(ApiToken.staff_id == physician.id)).one()
    path = f"/staff/{physician.id}/tokens"
    api, browser = pumped.api(role), pumped.browser(role)
    own = f"/account/tokens/{token.id}/revoke"
    assert api.get(V1 + path).status_code == 403
    assert api.post(V1 + path, json={"name": "for me"}).status_code == 403
    assert api.post(f"{V1}{path}/{token.id}/revoke").status_code == 403
    assert api.post(V1 + own).status_code == 404
    assert browser.post(own).status_code == 404
    assert api.get(f"{V1}/account/tokens").json()["items"][0]["id"] != token.id
    with pumped.database.reading() as session:
        assert session.exec(select(ApiToken).where(ApiToken.staff_id == physician.id)).one().revoked_at is None


@pytest.mark.parametrize("set_by", ["a new account", "a password reset"])
def test_nothing_is_signed_with_a_password_that_somebody_else_set(pumped: Site, set_by: str) -> None:
    admin = pumped.api("administrator")
    if set_by == "a new account":
        email = "new@clinic.example"
        given = {"email": email, "role": "physician", "name": "Dr. New", "password": FIRST}
        assert admin.post(f"{V1}/staff", json=given).status_code == 201
    else:
        person = pumped.person("physician", name="Dr. New")
        email = person.email
        assert admin.patch(f"{V1}/staff/{person.id}", json={"password": FIRST}).status_code == 200
    browser = pumped.stranger(headers={"Accept": "text/html"})
    assert sign_in(browser, email, FIRST).status_code == 303
    browser.headers["X-CSRF-Token"] = csrf_of(browser.get("/password").text)
    with pumped.database.reading() as session:
        person = session.exec(select(Staff).where(Staff.email == email)).one()
    refused = browser.post("/pumps/OURS/attestations", data={**SIGNED, "password": FIRST})
    assert refused.status_code == 403
    assert "change it to one that only you know" in refused.text
    api = pumped.api(person=person)
    assert api.post(f"{V1}/pumps/OURS/attestations", json={**SIGNED, "evident": False}).status_code == 403
    changed = browser.post("/password", data={"old": FIRST, "new": OWN, "again": OWN})
    assert changed.status_code == 200, changed.text
    signed = browser.post("/pumps/OURS/attestations", data={**SIGNED, "password": OWN})
    assert signed.status_code == 303, signed.text
    with pumped.database.reading() as session:
        made = session.exec(select(Attestation)).one()
    assert (made.name, made.by) == ("Dr. New", email)  # the signer's own name, whatever was typed


FORBIDDEN = [
    ("POST", "credential", None),
    ("POST", "credential/revoke", {"reason": "it was stolen"}),
    ("POST", "lifecycle", {"to": "explanted", "on": "2026-11-20", "reason": "infection"}),
    ("PATCH", "", {"unit": "Pain"}),
    ("POST", "suspension", {"until": "2026-12-01T10:00:00Z", "reason": "travel"}),
    ("POST", "attestations", {"evident": False, "name": "x"}),
    ("POST", "determinations", {}),
    ("POST", "facts", {"fact": "components_functional", "value": True, "document": "a letter"}),
]
"""Each is right in itself: at the person's own clinic it is done."""


def everything(site: Site) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table save the trail of what was asked."""
    with site.database.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(table.select())), key=str)
            for table in METADATA.sorted_tables
            if table.name not in {"audit_entry", "api_token"}
        }


@pytest.mark.parametrize(("method", "path", "given"), FORBIDDEN, ids=lambda value: str(value)[:24])
def test_emergency_access_changes_neither_credentials_nor_lifecycle_record_or_signatures(
    pumped: Site, method: str, path: str, given: dict[str, object] | None
) -> None:
    api = pumped.api("physician")
    opened = {"reason": "Patient collapsed in our emergency room."}
    assert api.post(f"{V1}/pumps/THEIRS/break-glass", json=opened).status_code == 201
    assert api.get(f"{V1}/pumps/THEIRS").status_code == 200
    before = everything(pumped)
    refused = api.request(method, f"{V1}/pumps/THEIRS/{path}".rstrip("/"), json=given)
    assert (refused.status_code, "emergency access is for reading" in refused.text) == (403, True), refused.text
    assert everything(pumped) == before
    if path == "credential/revoke":
        api.post(f"{V1}/pumps/OURS/credential")
    done = api.request(method, f"{V1}/pumps/OURS/{path}".rstrip("/"), json=given)
    assert done.status_code in {200, 201}, done.text


def test_emergency_access_asks_a_browsers_person_for_the_password_over_the_api_too(pumped: Site) -> None:
    browser = pumped.browser("physician")
    path, reason = f"{V1}/pumps/THEIRS/break-glass", {"reason": "Patient collapsed in our emergency room."}
    assert browser.post(path, json=reason).status_code in {409, 422}
    assert browser.get("/pumps/THEIRS").status_code == 404
    assert browser.post(path, json={**reason, "password": PASSWORD}).status_code == 201
    assert browser.get("/pumps/THEIRS").status_code == 200


def test_emergency_access_ends_with_the_role_that_opened_it(pumped: Site) -> None:
    person = pumped.person("nurse")
    api = pumped.api(person=person)
    opened = {"reason": "Patient collapsed in our emergency room."}
    assert api.post(f"{V1}/pumps/THEIRS/break-glass", json=opened).status_code == 201
    assert api.get(f"{V1}/pumps/THEIRS").status_code == 200
    for role in ("biller", "nurse"):
        with pumped.database.writing() as session:
            change_staff(session, session.get_one(Staff, person.id), role=role, by="test", now=pumped.clock())
        assert api.get(f"{V1}/pumps/THEIRS").status_code == 404


def import_of(action: str, title: str) -> list[Recall]:
    """A file that says this of every SynchroMed II 20."""
    everything = (Coverage("synchromed-ii-20", "all"),)
    return [Recall("Z-1-2026", "file", date(2026, 11, 1), title, action, "a maker's letter", everything)]


def test_another_clinics_administrator_rewrites_no_advisory_that_nurses_elsewhere_act_on(pumped: Site) -> None:
    before = import_of("Stop using the pump", "Urgent")
    with pumped.database.writing() as session:
        import_recalls(session, before, by="operator", clinic_id=None, now=pumped.clock(), via="command line")
    north = pumped.clinics["North"].id
    milder = import_of("Nothing needs to be done", "Harmless")
    with pytest.raises(NotAllowed, match="not your clinic's own"), pumped.database.writing() as session:
        import_recalls(session, milder, by="admin@north.example", clinic_id=north, now=pumped.clock(), via="browser")
    with pumped.database.reading() as session:
        assert session.exec(select(Advisory)).one().action == "Stop using the pump"
    with pumped.database.writing() as session:  # the operator may
        import_recalls(session, milder, by="operator", clinic_id=None, now=pumped.clock(), via="command line")
    with pumped.database.reading() as session:
        assert session.exec(select(Advisory)).one().action == "Nothing needs to be done"


def test_an_advisory_belongs_to_the_clinic_that_loaded_it_or_to_the_installation(pumped: Site) -> None:
    north, south = pumped.clinics["North"].id, pumped.clinics["South"].id
    of_one = (Coverage("synchromed-ii-40", "all"),)  # no clinic has such a pump: only the owner decides

    def load(reference: str, title: str, clinic_id: int | None) -> None:
        recall = Recall(reference, "file", date(2026, 11, 1), title, "Call", "a maker's letter", of_one)
        with pumped.database.writing() as session:
            import_recalls(session, [recall], by="x", clinic_id=clinic_id, now=pumped.clock(), via="browser")

    load("OWN", "Urgent", north)
    load("OWN", "More urgent", north)
    load("ALL", "Urgent", None)
    for reference, clinic_id in (("OWN", south), ("ALL", north), ("ALL", south)):
        with pytest.raises(NotAllowed, match="not your clinic's own"):
            load(reference, "Harmless", clinic_id)
    load("OWN", "Of the authority", None)
    with pytest.raises(NotAllowed, match="not your clinic's own"):
        load("OWN", "Harmless", north)
    with pumped.database.reading() as session:
        told = {(one.reference, one.title, one.clinic_id) for one in session.exec(select(Advisory))}
    assert told == {("OWN", "Of the authority", None), ("ALL", "Urgent", None)}
