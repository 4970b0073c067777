"""One's own sign-ins and tokens: every role sees, makes and ends their own, on the page and over the API."""

from __future__ import annotations

import re

import httpx
import pytest
import sqlalchemy
from sqlmodel import select

from tests.build import PASSWORD, a_pump, a_state
from tests.web.conftest import Site, csrf_of, sign_in
from tracker.actions.staff.issue_token import issue_token
from tracker.records.audit import AuditEntry
from tracker.records.staff import ROLES, ApiToken, BrowserSession

V1 = "/api/v1"
READS = {"name": "export", "records": "read", "days": "30", "password": PASSWORD}


def token_on(page: str) -> str:
    found = re.search(r"pt_[A-Za-z0-9_-]{20,}", page)
    assert found, page
    return found[0]


def by(site: Site, token: str) -> httpx.Client:
    return site.stranger(headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("role", ROLES)
def test_every_role_makes_uses_sees_and_revokes_a_token_of_its_own(site: Site, role: str) -> None:
    browser = site.browser(role)
    program = by(site, token_on(browser.post("/account/tokens", data=READS).text))
    assert program.get(f"{V1}/pumps").status_code == 200
    refused = program.get(f"{V1}/worklist")
    assert (refused.status_code, "clinical:read" in refused.text) == (403, True)
    site.web.trail.flush()
    page = browser.get("/account").text
    assert "export" in page
    assert "Read pumps, readings" in page
    token = browser.get(f"{V1}/account/tokens", headers={"Accept": "application/json"}).json()["items"][0]
    assert token["scopes"] == ["records:read"]
    assert token["used_at"] is not None
    assert browser.post(f"/account/tokens/{token['id']}/revoke").status_code == 303
    assert program.get(f"{V1}/pumps").status_code == 401


def test_a_browser_that_was_left_open_makes_no_token_without_the_password(site: Site) -> None:
    browser = site.browser()
    for given in ({**READS, "password": ""}, {**READS, "password": "a wrong pass phrase"}):
        assert browser.post("/account/tokens", data=given).status_code == 422
    asked = browser.post(f"{V1}/account/tokens", json={"name": "x"})
    assert asked.status_code in {409, 422}
    with site.database.reading() as session:
        assert session.exec(select(ApiToken)).all() == []


def test_a_person_without_the_second_factor_that_the_clinic_asks_for_makes_no_token(site: Site) -> None:
    with site.database.writing() as session:
        clinic = session.merge(site.clinic())
        clinic.second_factor_roles = "nurse"
        session.add(clinic)
    browser = site.stranger(headers={"Accept": "text/html"})
    sign_in(browser, site.person().email)
    browser.headers["X-CSRF-Token"] = csrf_of(browser.get("/security").text)
    assert browser.post("/account/tokens", data=READS).headers["location"] == "/security"


def test_a_token_ends_on_its_last_day(site: Site) -> None:
    program = site.api(days=30)
    site.clock.forward(days=29, hours=23)
    assert program.get(f"{V1}/pumps").status_code == 200
    site.clock.forward(hours=1)
    assert program.get(f"{V1}/pumps").status_code == 401


@pytest.mark.parametrize("days", [0, 366, "30"])
def test_no_token_lasts_longer_than_a_year(site: Site, days: object) -> None:
    assert site.api().post(f"{V1}/account/tokens", json={"name": "x", "days": days}).status_code == 422


def test_a_token_makes_none_that_allows_more_or_lasts_longer_than_itself(site: Site) -> None:
    program = site.api(scopes=["account", "records:read"], days=10)
    wider = {"name": "wider", "scopes": ["records:write"]}
    assert program.post(f"{V1}/account/tokens", json=wider).status_code == 403
    assert program.post(f"{V1}/account/tokens", json={"name": "all of it"}).status_code == 403
    made = program.post(f"{V1}/account/tokens", json={"name": "longer", "scopes": ["records:read"], "days": 365})
    assert made.status_code == 201
    longest, newest = sorted(token["expires_at"] for token in program.get(f"{V1}/account/tokens").json()["items"])
    assert longest == newest
    assert site.api(scopes=["records:write"]).get(f"{V1}/account/tokens").status_code == 403


def test_a_token_does_not_end_itself_but_another_of_the_same_person_does(site: Site) -> None:
    person = site.person()
    program = site.api(person=person)
    own = program.get(f"{V1}/account/tokens").json()["items"][0]["id"]
    path = f"{V1}/account/tokens/{own}/revoke"
    assert program.post(path).status_code == 409
    assert site.api(person=person).post(path).status_code == 200
    assert program.get(f"{V1}/pumps").status_code == 401


def test_end_them_all_ends_every_other_browser_and_every_token(site: Site) -> None:
    person = site.person()
    here, there, program = site.browser(person=person), site.browser(person=person), site.api(person=person)
    stays = site.api()
    assert here.get("/account").text.count("This browser") == 1
    assert here.post("/account/end-all").headers["location"] == "/account?said=all-ended"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert program.get(f"{V1}/pumps").status_code == 401
    assert stays.get(f"{V1}/pumps").status_code == 200
    with site.database.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "staff.all_sign_ins_ended")).one()
    assert entry.detail == {"sessions": 1, "tokens": ["test"]}


def test_one_sees_browser_and_address_of_each_sign_in_and_signs_one_of_them_out(site: Site) -> None:
    person = site.person()
    here = site.browser(person=person)
    phone = site.stranger(headers={"Accept": "text/html", "User-Agent": "Mozilla/5.0 (iPhone) Safari/605"})
    sign_in(phone, person.email)
    listed = here.get(f"{V1}/account/sessions").json()["items"]
    other = next(one for one in listed if not one["this_one"])
    assert (other["browser"], other["address"]) == ("Safari on iOS", "127.0.0.1")
    assert "Safari on iOS" in here.get("/account").text
    stranger = site.browser()
    assert stranger.post(f"/account/sessions/{other['reference']}/end").status_code == 404
    assert here.post(f"/account/sessions/{other['reference']}/end").status_code == 303
    assert phone.get("/account").status_code == 303
    with site.database.reading() as session:
        left = session.exec(select(BrowserSession).where(BrowserSession.staff_id == person.id)).all()
    assert len(left) == 1


@pytest.mark.parametrize("maker", ["admin@clinic.example", None])
def test_a_token_that_somebody_else_made_signs_nothing(site: Site, maker: str | None) -> None:
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinic(), serial="OURS"))
    physician = site.person("physician")
    with site.database.writing() as session:
        secret = issue_token(session, physician, name="theirs", by=maker or "x", now=site.clock())
        session.execute(sqlalchemy.update(ApiToken).values(issued_by=maker))
    given = {"evident": False, "name": "Dr. Own"}
    refused = by(site, secret).post(f"{V1}/pumps/OURS/attestations", json=given)
    assert (refused.status_code, "not made by its person" in refused.text) == (403, True)
    assert site.api(person=physician).post(f"{V1}/pumps/OURS/attestations", json=given).status_code == 201


def test_emergency_access_that_a_browser_opened_is_closed_to_a_token_without_its_scope(site: Site) -> None:
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinic("South"), serial="THEIRS"))
    person = site.person("physician")
    reason = {"reason": "Patient collapsed in our emergency room.", "password": PASSWORD}
    assert site.browser(person=person).post(f"{V1}/pumps/THEIRS/break-glass", json=reason).status_code == 201
    assert site.api(person=person, scopes=["records:write"]).get(f"{V1}/pumps/THEIRS").status_code == 404
    with_scope = site.api(person=person, scopes=["records:read", "emergency"])
    assert with_scope.get(f"{V1}/pumps/THEIRS").status_code == 200
