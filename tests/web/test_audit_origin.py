"""One shape of audit entry: who, at which clinic, by what, in which session, from where; acts, reads, refusals."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlmodel import select

from tests.build import PASSWORD, a_pump, a_state
from tests.web.conftest import Site
from tracker.actions.audit_verify import verify
from tracker.records.audit import AuditEntry
from tracker.records.staff import BrowserSession

V1 = "/api/v1"


@pytest.fixture
def pumped(site_on_both: Site) -> Site:
    with site_on_both.database.writing() as session:
        a_state(session, a_pump(session, site_on_both.clinic(), serial="OURS"))
    return site_on_both


def entries(site: Site, action: str) -> list[AuditEntry]:
    site.web.trail.flush()
    with site.database.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def reference(site: Site) -> str:
    with site.database.reading() as session:
        return session.exec(select(BrowserSession)).one().reference


MRI = {"performed_at": "2026-11-20T10:00", "emptied_before": "no"}


def test_an_act_on_a_page_bears_its_session_and_address_as_the_sign_in_does(pumped: Site) -> None:
    browser = pumped.browser("nurse")
    browser.post("/pumps/OURS/mri", data=MRI)
    (entry,) = entries(pumped, "mri.logged")
    assert (entry.via, entry.token, entry.session, entry.address) == ("browser", None, reference(pumped), "127.0.0.1")
    (signed_in,) = entries(pumped, "staff.signed_in")
    assert signed_in.address == "127.0.0.1"


def test_an_act_that_the_action_enters_by_itself_bears_the_token_by_its_name(pumped: Site) -> None:
    api = pumped.api("administrator")
    given = {"email": "n@clinic.example", "role": "nurse", "password": PASSWORD}
    assert api.post(f"{V1}/staff", json=given).status_code == 201
    (entry,) = entries(pumped, "staff.added")
    assert (entry.via, entry.token, entry.session, entry.address) == ("token", "test", None, "127.0.0.1")


def test_a_read_bears_it_too(pumped: Site) -> None:
    pumped.browser("nurse").get("/pumps/OURS")
    entry = entries(pumped, "read")[-1]
    assert (entry.via, entry.session, entry.address) == ("browser", reference(pumped), "127.0.0.1")


def told(entry: AuditEntry) -> tuple[object, ...]:
    return entry.subject, entry.detail["call"], entry.detail["status"]


def test_what_a_role_is_refused_is_entered_with_the_call_and_the_reason(pumped: Site) -> None:
    biller = pumped.person("biller")
    assert pumped.browser(person=biller).post("/pumps/OURS/mri", data=MRI).status_code == 403
    assert pumped.api(person=biller).post(f"{V1}/pumps/OURS/credential").status_code == 403
    on_page, by_token = entries(pumped, "request.refused")
    assert told(on_page) == ("pump:OURS", "POST /pumps/{serial}/mri", 403)
    assert "role biller does not include this" in on_page.detail["because"]
    assert (on_page.actor, on_page.via, by_token.via) == (biller.email, "browser", "token")
    assert told(by_token) == ("pump:OURS", "POST /api/v1/pumps/{serial}/credential", 403)


def test_a_form_of_another_site_is_entered_as_refused(pumped: Site) -> None:
    browser = pumped.browser("nurse")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/pumps/OURS/mri", data=MRI, headers=foreign).status_code == 403
    told_why = [one.detail["because"] for one in entries(pumped, "request.refused")]
    assert told_why == ["this request came from another site"]


@pytest.mark.parametrize("ended", ["a revoked token", "a token past its day", "an idle session", "an ended account"])
def test_a_known_person_whose_way_in_has_ended_is_entered_once_a_minute(pumped: Site, ended: str) -> None:
    person = pumped.person()
    client = pumped.browser(person=person) if ended == "an idle session" else pumped.api(person=person)
    if ended == "a revoked token":
        (own,) = client.get(f"{V1}/account/tokens").json()["items"]
        pumped.api(person=person).post(f"{V1}/account/tokens/{own['id']}/revoke")
    elif ended == "an ended account":
        with pumped.database.writing() as session:
            session.merge(person).active = False
    else:
        pumped.clock.forward(days=91 if ended == "a token past its day" else 0, hours=2)
    for _ in range(3):
        assert client.get(f"{V1}/pumps", headers={"Accept": "application/json"}).status_code == 401
    (entry,) = entries(pumped, "request.refused")
    assert (entry.actor, entry.clinic_id, entry.detail["status"]) == (person.email, person.clinic_id, 401)
    pumped.clock.forward(minutes=1)
    client.get(f"{V1}/pumps", headers={"Accept": "application/json"})
    assert len(entries(pumped, "request.refused")) == 2


def test_a_stranger_with_no_known_token_is_entered_under_nobodys_name(pumped: Site) -> None:
    assert pumped.stranger(headers={"Authorization": "Bearer pt_none"}).get(f"{V1}/pumps").status_code == 401
    assert entries(pumped, "request.refused") == []


def test_a_wrong_password_at_a_signature_is_entered(pumped: Site) -> None:
    browser = pumped.browser("physician")
    given = {"evident": "no", "name": "x", "password": "not the pass phrase"}
    assert browser.post("/pumps/OURS/attestations", data=given).status_code == 422
    assert browser.post("/security/confirm", data={"password": "123456"}).status_code == 422
    password, code = entries(pumped, "staff.confirmation_refused")
    assert (password.detail, code.detail) == ({"by": "password"}, {"by": "code"})
    assert password.session == reference(pumped)


def test_the_audit_page_shows_and_narrows_by_what_session_and_address(pumped: Site) -> None:
    browser = pumped.browser("auditor")
    pumped.api("nurse").get(f"{V1}/pumps/OURS")
    by_token = browser.get("/audit", params={"via": "token"}).text
    assert "Token “test”" in by_token
    assert "staff.signed_in" not in by_token
    assert "staff.signed_in" in browser.get("/audit", params={"address": "127.0.0.1"}).text
    assert "No entry matches" in browser.get("/audit", params={"address": "192.0.2.1"}).text
    browser.get("/schedule")
    own = browser.get("/audit", params={"session": reference(pumped)}).text
    assert "Sign-in <a" in own
    assert "Token “test”" not in own


def test_an_origin_that_was_changed_breaks_the_chain(pumped: Site) -> None:
    pumped.api("nurse").get(f"{V1}/pumps/OURS")
    (entry,) = entries(pumped, "read")
    with pumped.database.reading() as session:
        assert verify(session).broken_seq is None
    with pumped.database.writing() as session:
        connection = session.connection()
        if pumped.database.is_sqlite:
            connection.execute(sqlalchemy.text("DROP TRIGGER audit_entry_refuses_update"))
        else:
            connection.execute(sqlalchemy.text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        connection.execute(
            sqlalchemy.text("UPDATE audit_entry SET address = NULL WHERE seq = :seq"), {"seq": entry.seq}
        )
    with pumped.database.reading() as session:
        assert verify(session).broken_seq == entry.seq
