"""Signing in, staying signed in, and being signed off."""

from __future__ import annotations

import httpx
import pytest
from sqlmodel import select

from tests.build import PASSWORD
from tests.web.conftest import Site, csrf_of, sign_in
from tracker.actions.staff.change_staff import change_staff
from tracker.errors import Invalid
from tracker.records.audit import AuditEntry
from tracker.records.staff import ApiToken, BrowserSession, Staff
from tracker.web.auth import reauthentication, user
from tracker.web.auth.current_user import BACKGROUND_HEADER
from tracker.web.auth.user import digest
from tracker.web.pages.sign_in import local_path


def signed_in(browser: httpx.Client) -> bool:
    return browser.get("/password").status_code == 200


def actions(site: Site) -> list[str]:
    site.web.trail.flush()
    with site.database.reading() as session:
        return list(session.exec(select(AuditEntry.action).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_the_right_password_opens_a_session_whose_secret_the_database_does_not_hold(site: Site) -> None:
    person = site.person()
    client = site.stranger()
    answer = sign_in(client, person.email.upper(), next="/pumps?q=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/pumps?q=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    secret = client.cookies["tracker_session"]
    with site.database.reading() as session:
        kept = session.exec(select(BrowserSession)).one()
    assert secret not in repr(kept)
    assert kept.digest == digest(secret)


def test_an_idle_browser_is_signed_off_and_one_in_use_is_not(site: Site) -> None:
    browser = site.browser()
    for _ in range(3):
        site.clock.forward(minutes=14)
        assert signed_in(browser)
        site.web.trail.flush()
    site.clock.forward(minutes=15)
    answer = browser.get("/password")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fpassword"


def test_a_page_that_refreshes_itself_does_not_keep_the_session(site: Site) -> None:
    browser = site.browser()
    site.clock.forward(minutes=10)
    assert browser.get("/password", headers={BACKGROUND_HEADER: "1"}).status_code == 200
    site.web.trail.flush()
    site.clock.forward(minutes=6)
    assert not signed_in(browser)


def test_a_session_ends_after_twelve_hours_whoever_clicks(site: Site) -> None:
    browser = site.browser()
    for _ in range(12 * 6 - 1):
        site.clock.forward(minutes=10)
        assert signed_in(browser)
        site.web.trail.flush()
    site.clock.forward(minutes=10)
    assert not signed_in(browser)


def test_signing_out_ends_the_session_itself_and_not_just_the_cookie(site: Site) -> None:
    browser = site.browser()
    secret = browser.cookies["tracker_session"]
    answer = browser.post("/sign-out")
    assert answer.status_code == 303
    thief = site.stranger(cookies={"tracker_session": secret})
    assert not signed_in(thief)
    assert actions(site)[-1] == "staff.signed_out"


def test_a_new_password_ends_every_other_session_and_keeps_this_one(site: Site) -> None:
    person = site.person()
    here, elsewhere = site.browser(person=person), site.browser(person=person)
    form = {"old": PASSWORD, "new": "four unrelated words", "again": "four unrelated words"}
    assert here.post("/password", data=form).status_code == 200
    assert signed_in(here)
    assert not signed_in(elsewhere)
    assert sign_in(site.stranger(), person.email).status_code == 401
    assert sign_in(site.stranger(), person.email, "four unrelated words").status_code == 303


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"old": "wrong", "new": "four unrelated words", "again": "four unrelated words"}, "password"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "password"),
        ({"old": PASSWORD, "new": "four unrelated words", "again": "three"}, "again"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "new"),
    ],
)
def test_a_password_is_not_changed_by_a_faulty_form(site: Site, form: dict[str, str], field: str) -> None:
    person = site.person()
    browser = site.browser(person=person)
    answer = browser.post("/password", data=form)
    assert answer.status_code in {400, 422}, field
    assert form["new"] not in answer.text
    assert sign_in(site.stranger(), person.email).status_code == 303


def test_ending_an_account_ends_its_sessions_and_tokens_at_once(site: Site) -> None:
    person = site.person()
    browser, api = site.browser(person=person), site.api(person=person)
    with site.database.writing() as session:
        staff = session.get_one(Staff, person.id)
        change_staff(session, staff, active=False, by="test", now=site.clock())
    assert not signed_in(browser)
    assert api.get("/api/v1/pumps").status_code == 401


def test_a_revoked_token_is_refused_and_an_unknown_one_alike(site: Site) -> None:
    api = site.api()
    assert api.get("/api/v1/pumps").status_code == 200
    with site.database.writing() as session:
        session.exec(select(ApiToken)).one().revoked_at = site.clock()
    revoked = api.get("/api/v1/pumps")
    unknown = site.stranger(headers={"Authorization": "Bearer pt_nothing"}).get("/api/v1/pumps")
    assert revoked.status_code == unknown.status_code == 401
    assert revoked.json() == unknown.json()


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "bearer x y", "Bearer \xff"])
def test_a_malformed_authorization_is_not_signed_in(site: Site, header: str) -> None:
    answer = site.stranger(headers={"Authorization": header.encode("latin-1")}).get("/api/v1/pumps")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_signature_needs_the_persons_own_password(site: Site) -> None:
    staff = site.person("physician")
    person = user.Person(
        staff.id or 0, staff.email, staff.name, staff.role, staff.clinic_id, None, "browser", "", "UTC"
    )
    reauthentication.confirm(site.web, person, PASSWORD)
    with pytest.raises(Invalid, match="not your password"):
        reauthentication.confirm(site.web, person, "guess")


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/pumps/X?tab=1", "/pumps/X?tab=1"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_lands_on_a_page_of_ours(asked: str, goes_to: str) -> None:
    assert local_path(asked) == goes_to


def test_somebody_who_is_signed_in_goes_on_from_the_form(site: Site) -> None:
    browser = site.browser()
    answer = browser.get("/sign-in?next=/pumps")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/pumps"


def test_the_form_of_another_browser_does_not_sign_in(site: Site) -> None:
    person = site.person()
    theirs = csrf_of(site.stranger().get("/sign-in").text)
    mine = site.stranger()
    mine.get("/sign-in")
    answer = mine.post("/sign-in", data={"email": person.email, "password": PASSWORD, "csrf": theirs})
    assert answer.status_code == 403
