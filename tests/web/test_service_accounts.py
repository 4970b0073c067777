"""Service accounts: programs that work in their own name, never as a person."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlmodel import select

from tests.build import NOW, PASSWORD, a_pump, a_state
from tests.web.asking import good
from tests.web.conftest import Site, sign_in
from tests.web.test_permissions import call, routes
from tracker.actions.staff.add_staff import add_staff
from tracker.actions.staff.issue_token import issue_token
from tracker.actions.staff.service_accounts import add_service
from tracker.actions.staff.setup_link import make_link
from tracker.actions.staff.token_scopes import SERVICE_SCOPES
from tracker.errors import Invalid, SignInRefused
from tracker.records.audit import AuditEntry
from tracker.records.queries.worklist import colleagues
from tracker.records.staff import ROLES, Staff, service_by_name
from tracker.web.auth.permissions import FOR_PROGRAMS, PEOPLE_ONLY, Requirement, may
from tracker.web.auth.sign_in import open_session

V1 = "/api/v1"
FEED = {"name": "lab-feed", "role": "nurse", "purpose": "Carries patient numbers from the hospital's record"}


def a_service(site: Site, role: str = "nurse", name: str = "lab-feed", clinic: str = "North") -> Staff:
    person = site.person("administrator", clinic)
    with site.database.writing() as session:
        home = site.clinic(clinic)
        return add_service(
            session, clinic=home, name=name, role=role, responsible=person.email, by=person.email, now=NOW
        )


def program_of(site: Site, service: Staff, *scopes: str) -> httpx.Client:
    with site.database.writing() as session:
        account = session.get_one(Staff, service.id)
        secret = issue_token(
            session, account, name="nightly", scopes=scopes or SERVICE_SCOPES, by="admin@clinic.example", now=NOW
        )
    return site.stranger(headers={"Authorization": f"Bearer {secret}"})


def entries(site: Site, **wanted: Any) -> list[AuditEntry]:
    with site.database.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.seq)).all()  # type: ignore[arg-type]
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def test_an_administrator_makes_a_program_an_account_and_a_token_on_the_page_and_ends_both(site: Site) -> None:
    person = site.person("administrator")
    browser = site.browser(person=person)
    assert browser.post("/staff/services", data={**FEED, "responsible": person.email}).status_code == 303
    page = browser.get("/staff/services").text
    number = re.search(r'id="service-(\d+)"', page)
    assert number
    assert FEED["purpose"].replace("'", "&#39;") in page
    asked = {"token_name": "nightly", "records": "write", "days": "30", "password": PASSWORD}
    made = browser.post(f"/staff/services/{number[1]}/tokens", data=asked)
    secret = re.search(r"pt_[A-Za-z0-9_-]{20,}", made.text)
    assert secret, made.text
    program = site.stranger(headers={"Authorization": f"Bearer {secret[0]}"})
    enrolled = {"serial": "SN-FEED", "model": "synchromed-ii-20", "lifecycle": "in_stock"}
    good(program.post(f"{V1}/pumps", json=enrolled), 201)
    entry = entries(site, action="pump.enrolled")[-1]
    assert (entry.actor, entry.via, entry.token) == ("service lab-feed", "token", "nightly")
    audit = browser.get("/audit?action=pump.enrolled").text
    assert "service lab-feed" in audit
    assert "Token “nightly”" in audit
    ended = browser.post(
        f"/staff/services/{number[1]}/change", data={"role": "nurse", "responsible": person.email, "active": ""}
    )
    assert ended.status_code == 303
    assert program.get(f"{V1}/pumps").status_code == 401
    assert [one.action for one in entries(site, subject="staff:service lab-feed")] == [
        "service.added",
        "token.issued",
        "token.revoked",
        "service.changed",
    ]


def test_a_browser_that_was_left_open_makes_no_token_for_a_program(site: Site) -> None:
    service = a_service(site)
    browser = site.browser("administrator")
    asked = {"token_name": "nightly", "records": "write", "days": "30", "password": "a wrong pass phrase"}
    assert browser.post(f"/staff/services/{service.id}/tokens", data=asked).status_code == 422
    asked["password"] = ""
    assert browser.post(f"/staff/services/{service.id}/tokens", data=asked).status_code == 422
    assert entries(site, action="token.issued") == []


def test_the_api_does_what_the_page_does(site: Site) -> None:
    person = site.person("administrator")
    api = site.api(person=person)
    made = good(api.post(f"{V1}/services", json={**FEED, "responsible": person.email}), 201)
    assert (made["name"], made["responsible"], made["responsible_active"]) == ("lab-feed", person.email, True)
    asked = {"name": "nightly", "scopes": ["records:read"], "days": 30}
    secret = good(api.post(f"{V1}/services/{made['id']}/tokens", json=asked), 201)["token"]
    program = site.stranger(headers={"Authorization": f"Bearer {secret}"})
    assert program.get(f"{V1}/pumps").status_code == 200
    assert program.get(f"{V1}/worklist").status_code == 403
    token = good(api.get(f"{V1}/services/{made['id']}/tokens"))["items"][0]
    assert (token["name"], token["scopes"], token["issued_by"]) == ("nightly", ["records:read"], person.email)
    good(api.post(f"{V1}/services/{made['id']}/tokens/{token['id']}/revoke"))
    assert program.get(f"{V1}/pumps").status_code == 401
    ended = good(api.patch(f"{V1}/services/{made['id']}", json={"active": False}))
    assert ended["active"] is False
    assert [one["name"] for one in good(api.get(f"{V1}/services"))["items"]] == ["lab-feed"]


def test_a_token_makes_a_program_no_token_that_allows_more_than_itself(site: Site) -> None:
    service = a_service(site)
    api = site.api("administrator", scopes=["setup:write"])
    asked = {"name": "nightly", "scopes": ["records:write"]}
    assert api.post(f"{V1}/services/{service.id}/tokens", json=asked).status_code == 403


@pytest.mark.parametrize("scopes", [["all"], ["sign"], ["emergency"], ["account"], ["records:read", "sign"]])
def test_no_token_of_a_program_has_a_scope_that_is_a_persons(site: Site, scopes: list[str]) -> None:
    service = a_service(site, "physician")
    answer = site.api("administrator").post(f"{V1}/services/{service.id}/tokens", json={"name": "x", "scopes": scopes})
    assert (answer.status_code, "scope" in answer.text) == (409, True)


@pytest.mark.parametrize("role", ROLES)
def test_a_program_does_on_no_route_what_only_a_person_does_whatever_its_role(one_site: Site, role: str) -> None:
    program = program_of(one_site, a_service(one_site, role, f"robot-{role}"))
    wrong, refused = [], 0
    for method, path, said in routes(one_site):
        needed = {one.permission for one in said if isinstance(one, Requirement)}
        if not needed or path == "/live" or "/staff/{staff_id}/tokens" in path:  # a person's own, refused to all others
            continue
        if not path.startswith("/api/") and path not in FOR_PROGRAMS:  # a page, refused to every token
            continue
        allowed = all(may(role, one) and one not in PEOPLE_ONLY for one in needed)
        answer = call(program, method, path)
        if (answer.status_code == 403) is allowed:
            wrong.append((method, path, answer.status_code))
        refused += "service account never does this" in answer.text
    assert wrong == []
    assert refused > 5


def test_a_program_neither_signs_in_nor_gets_a_password_a_link_or_a_session(site: Site) -> None:
    service = a_service(site)
    browser = site.stranger(headers={"Accept": "text/html"})
    for password in ("", PASSWORD):
        assert sign_in(browser, service.email, password).status_code in {401, 422}
    assert browser.get("/").status_code == 303
    api = site.api("administrator")
    for body in ({"password": "a long pass phrase"}, {"new_link": True}, {"reset_factors": True}, {"role": "nurse"}):
        assert api.patch(f"{V1}/staff/{service.id}", json=body).status_code == 404
    with site.database.writing() as session:
        account = session.get_one(Staff, service.id)
        with pytest.raises(Invalid):
            make_link(session, account, by="test", now=NOW)
        with pytest.raises(SignInRefused):
            open_session(session, account, NOW, "password")


def test_no_work_is_handed_to_a_program_and_it_is_no_member_of_staff(site: Site) -> None:
    service = a_service(site)
    nurse = site.person("nurse")
    with site.database.reading() as session:
        emails = [one.email for one in colleagues(session, site.clinic().id or 0)]
    assert nurse.email in emails
    assert service.email not in emails
    listed = [one["email"] for one in good(site.api("administrator").get(f"{V1}/staff"))["items"]]
    assert nurse.email in listed
    assert service.email not in listed


def test_a_program_is_no_administrator_of_last_resort(site: Site) -> None:
    person = site.person("administrator", "South")
    with site.database.writing() as session:
        add_service(
            session,
            clinic=site.clinic("South"),
            name="robot",
            role="administrator",
            responsible=person.email,
            by="test",
            now=NOW,
        )
    answer = site.api(person=person).patch(f"{V1}/staff/{person.id}", json={"active": False})
    assert (answer.status_code, "only administrator" in answer.text) == (409, True)


def test_administrators_are_warned_until_somebody_answers_for_the_program_again(site: Site) -> None:
    leaving, staying = site.person("administrator"), site.person("administrator")
    with site.database.writing() as session:
        service = add_service(
            session,
            clinic=site.clinic(),
            name="lab-feed",
            role="nurse",
            responsible=leaving.email,
            by=leaving.email,
            now=NOW,
        )
        a_state(session, a_pump(session, site.clinic()))
    program = program_of(site, service)
    administrator, nurse = site.browser(person=staying), site.browser("nurse")
    assert "Nobody answers" not in administrator.get("/").text
    api = site.api(person=staying)
    good(api.patch(f"{V1}/staff/{leaving.id}", json={"active": False}))
    for path in ("/", "/staff", "/staff/services"):
        assert "Nobody answers for the program “service lab-feed”" in administrator.get(path).text
    assert "Nobody answers" not in nurse.get("/").text
    assert program.get(f"{V1}/pumps").status_code == 200, "a feed that stops in silence can hurt a patient"
    assert entries(site, action="staff.changed")[-1].detail["services_left_alone"] == ["service lab-feed"]
    assert good(api.get(f"{V1}/services"))["items"][0]["responsible_active"] is False
    asked = {"name": "next", "scopes": ["records:read"]}
    assert "has ended" in api.post(f"{V1}/services/{service.id}/tokens", json=asked).text
    good(api.patch(f"{V1}/services/{service.id}", json={"responsible": staying.email}))
    assert "Nobody answers" not in administrator.get("/").text
    good(api.post(f"{V1}/services/{service.id}/tokens", json=asked), 201)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Lab Feed"),
        ("name", "lab@feed"),
        ("role", "owner"),
        ("responsible", "nobody@clinic.example"),
        ("responsible", "service lab-feed"),
    ],
)
def test_a_faulty_account_is_refused_and_the_field_is_named(site: Site, field: str, value: str) -> None:
    a_service(site)
    person = site.person("administrator")
    answer = site.api(person=person).post(
        f"{V1}/services", json={**FEED, "name": "other", "responsible": person.email, field: value}
    )
    assert answer.status_code in {409, 422}
    assert field in answer.text


def test_another_clinics_administrator_neither_sees_nor_changes_it(site: Site) -> None:
    service = a_service(site)
    with site.database.writing() as session:
        issue_token(
            session, session.get_one(Staff, service.id), name="nightly", scopes=["records:read"], by="test", now=NOW
        )
    stranger = site.api("administrator", "South")
    assert good(stranger.get(f"{V1}/services"))["items"] == []
    assert stranger.patch(f"{V1}/services/{service.id}", json={"active": False}).status_code == 404
    assert stranger.get(f"{V1}/services/{service.id}/tokens").status_code == 404
    assert stranger.post(f"{V1}/services/{service.id}/tokens/1/revoke").status_code == 404
    person = site.person("nurse", "South")
    answer = site.api("administrator").patch(f"{V1}/services/{service.id}", json={"responsible": person.email})
    assert answer.status_code == 409


def test_no_person_can_take_the_name_of_a_program(site: Site) -> None:
    a_service(site)
    with site.database.writing() as session:
        with pytest.raises(Invalid):
            add_staff(
                session, clinic=site.clinic(), email="service lab-feed", role="nurse", password=None, by="x", now=NOW
            )
        assert service_by_name(session, "Service LAB-FEED") is not None
