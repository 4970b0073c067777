"""OpenID Connect against a provider in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import select

from tests.build import PASSWORD, a_pump
from tests.servers import end, free_port, listens, wait_until
from tests.web.conftest import Clock, Site, csrf_of, served, sign_in
from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.staff import Staff
from tracker.settings import Settings


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    program = Path(__file__).parent / "oidc_provider.py"
    process = subprocess.Popen([sys.executable, str(program), str(port), "tracker", "client secret"])
    wait_until(lambda: listens(port), what="the provider")
    yield f"http://127.0.0.1:{port}"
    end(process)


@pytest.fixture(scope="module")
def site(issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("oidc")
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    schema.upgrade(database)
    settings = Settings(
        data_dir=folder / "data",
        secret_key="a key for tests, of 32 characters",
        oidc_issuer=issuer,
        oidc_client_id="tracker",
        oidc_client_secret="client secret",
    )
    with served(settings, database, Clock()) as running:
        yield running
    database.close()


def tell(issuer: str, key: str | None = None, **claims: Any) -> None:
    """What the provider says next."""
    httpx.post(f"{issuer}/next", json={"claims": claims, "key": key}).raise_for_status()


def walk(browser: httpx.Client, came_from: str = "/pumps") -> httpx.Response:
    """The whole way: from our form to the provider and back."""
    to_provider = browser.get(f"/sign-in/oidc?next={came_from}")
    assert to_provider.status_code == 303, to_provider.text
    back = httpx.get(to_provider.headers["location"])
    assert back.status_code == 302
    return browser.get(back.headers["location"])


def signed_in(browser: httpx.Client) -> bool:
    return browser.get("/password").status_code == 200


def test_an_account_is_found_by_its_verified_email_once_and_then_by_the_subject(site: Site, issuer: str) -> None:
    person = site.person(password_hash=None)
    browser = site.stranger()
    tell(issuer, sub="u-1", email=person.email.upper(), email_verified=True)
    answer = walk(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/pumps")
    assert signed_in(browser)
    tell(issuer, sub="u-1", email="renamed@elsewhere.example", email_verified=False)
    again = site.stranger()
    assert walk(again).status_code == 303
    assert signed_in(again)
    with site.database.reading() as session:
        assert session.get_one(Staff, person.id).oidc_subject == f"{issuer}#u-1"
        actions = session.exec(select(AuditEntry.action).where(AuditEntry.actor == person.email)).all()
    assert actions == ["staff.bound", "staff.signed_in", "staff.signed_in"]


def refused(site: Site, issuer: str, key: str | None = None, **claims: Any) -> None:
    browser = site.stranger()
    tell(issuer, key, **claims)
    answer = walk(browser)
    assert answer.status_code == 401
    assert not signed_in(browser)


def test_somebody_without_an_account_or_with_an_ended_one_is_refused(site: Site, issuer: str) -> None:
    ended = site.person(active=False)
    refused(site, issuer, sub="u-2", email="nobody@clinic.example", email_verified=True)
    refused(site, issuer, sub="u-3", email=ended.email, email_verified=True)


def test_an_email_that_the_provider_has_not_verified_finds_no_account(site: Site, issuer: str) -> None:
    person = site.person()
    for verified in (False, None, "true"):
        refused(site, issuer, sub="u-4", email=person.email, email_verified=verified)


def test_an_account_that_is_bound_is_not_taken_over_by_another_subject(site: Site, issuer: str) -> None:
    person = site.person(oidc_subject=f"{issuer}#rightful")
    refused(site, issuer, sub="thief", email=person.email, email_verified=True)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another program"},
        {"aud": ["tracker", "another"]},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(site: Site, issuer: str, claims: dict[str, Any]) -> None:
    person = site.person()
    refused(site, issuer, **{"sub": "u-5", "email": person.email, "email_verified": True, **claims})


def test_a_token_signed_by_another_key_is_refused_and_a_new_published_key_is_learned(site: Site, issuer: str) -> None:
    person = site.person()
    refused(site, issuer, "other", sub="u-6", email=person.email, email_verified=True)
    tell(issuer, "new", sub="u-6", email=person.email, email_verified=True)
    browser = site.stranger()
    assert walk(browser).status_code == 303
    assert signed_in(browser)


def test_an_answer_meant_for_another_browser_or_sent_twice_or_too_late_is_refused(site: Site, issuer: str) -> None:
    person = site.person()
    tell(issuer, sub="u-7", email=person.email, email_verified=True)
    mine, other = site.stranger(), site.stranger()
    back = httpx.get(mine.get("/sign-in/oidc").headers["location"]).headers["location"]
    other.get("/sign-in/oidc")
    assert other.get(back).status_code == 401
    assert site.stranger().get(back).status_code == 401
    site.clock.forward(minutes=11)
    assert mine.get(back).status_code == 401
    fresh = site.stranger()
    back = httpx.get(fresh.get("/sign-in/oidc").headers["location"]).headers["location"]
    assert fresh.get(back).status_code == 303
    assert site.stranger(cookies=dict(fresh.cookies)).get(back).status_code == 401
    for query in ("", "?state=x&code=y", "?error=access_denied"):
        assert site.stranger().get(f"/sign-in/oidc/back{query}").status_code == 401


def test_after_the_provider_one_lands_on_a_page_of_ours(site: Site, issuer: str) -> None:
    person = site.person()
    tell(issuer, sub="u-8", email=person.email, email_verified=True)
    assert walk(site.stranger(), "https://elsewhere.example/").headers["location"] == "/"


def test_a_provider_that_is_down_is_said_on_the_form(tmp_path: Path, sqlite_database: Database) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        secret_key="a key for tests, of 32 characters",
        oidc_issuer=f"http://127.0.0.1:{free_port()}",
        oidc_client_id="tracker",
    )
    with served(settings, sqlite_database, Clock()) as site:
        answer = site.stranger().get("/sign-in/oidc")
        assert answer.status_code == 503
        assert "does not answer" in answer.text


def test_without_a_provider_there_is_no_such_way_in(one_site: Site) -> None:
    assert one_site.stranger().get("/sign-in/oidc").status_code == 404
    assert one_site.stranger().get("/sign-in/oidc/back?code=1&state=2").status_code == 404
    assert "organization" not in one_site.stranger().get("/sign-in").text


def with_provider_session(site: Site, issuer: str, subject: str, role: str = "physician") -> httpx.Client:
    """A person without a password, signed in by the provider."""
    person = site.person(role, password_hash=None)
    browser = site.stranger(headers={"Accept": "text/html"})
    tell(issuer, sub=subject, email=person.email, email_verified=True)
    assert walk(browser).status_code == 303
    browser.headers["X-CSRF-Token"] = csrf_of(browser.get("/security").text)
    return browser


def confirm(browser: httpx.Client, path: str = "/pumps") -> httpx.Response:
    """To the provider, which asks again, and back."""
    asked = browser.get(f"/confirm/oidc?next={path}").headers["location"]
    query = parse_qs(urlsplit(asked).query)
    assert (query["max_age"], query["prompt"]) == (["0"], ["login"])
    return browser.get(httpx.get(asked).headers["location"])


def sign(browser: httpx.Client, serial: str, **more: str) -> int:
    form = {"evident": "no", "name": "Dr. North", **more}
    return browser.post(f"/pumps/{serial}/attestations", data=form).status_code


def test_a_signature_is_confirmed_at_the_provider_and_holds_for_five_minutes(site: Site, issuer: str) -> None:
    browser = with_provider_session(site, issuer, "u-20")
    with site.database.writing() as session:
        serials = [a_pump(session, site.clinic()).serial for _ in range(3)]
    page = f"/pumps/{serials[0]}/replacement"
    assert "Confirm with your organization" in browser.get(page).text
    assert sign(browser, serials[0]) == 422
    assert sign(browser, serials[0], password="") == 422
    now = int(site.clock().timestamp())
    tell(issuer, sub="u-20", auth_time=now)
    answer = confirm(browser, page)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert sign(browser, serials[0]) == 303
    site.clock.forward(minutes=4)
    assert sign(browser, serials[1]) == 303
    site.clock.forward(minutes=2)
    assert sign(browser, serials[2]) == 422


@pytest.mark.parametrize("late_s", [None, -11, -3600, 3600, "now", True])
def test_a_provider_that_did_not_ask_again_confirms_nothing(site: Site, issuer: str, late_s: Any) -> None:
    browser = with_provider_session(site, issuer, f"u-21-{late_s}")
    with site.database.writing() as session:
        serial = a_pump(session, site.clinic()).serial
    plain_number = isinstance(late_s, int) and not isinstance(late_s, bool)
    tell(
        issuer,
        sub=f"u-21-{late_s}",
        auth_time=int(site.clock().timestamp()) + late_s if plain_number else late_s,
    )
    assert confirm(browser).status_code == 403
    assert sign(browser, serial) == 422


def test_neither_somebody_else_nor_another_browser_confirms(site: Site, issuer: str) -> None:
    browser, other = (with_provider_session(site, issuer, subject) for subject in ("u-22", "u-23"))
    with site.database.writing() as session:
        serial = a_pump(session, site.clinic()).serial
    now = int(site.clock().timestamp())
    tell(issuer, sub="u-23", auth_time=now)
    assert confirm(browser).status_code == 403
    tell(issuer, sub="u-22", auth_time=now)
    asked = browser.get("/confirm/oidc").headers["location"]
    back = httpx.get(asked).headers["location"]
    other.cookies.set("tracker_oidc", browser.cookies["tracker_oidc"], path="/sign-in/oidc")
    assert other.get(back).status_code in {401, 403}
    assert sign(browser, serial) == sign(other, serial) == 422


def test_with_passwords_off_only_the_provider_signs_in_and_confirms(
    issuer: str, tmp_path: Path, sqlite_database: Database
) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        secret_key="a key for tests, of 32 characters",
        oidc_issuer=issuer,
        oidc_client_id="tracker",
        oidc_client_secret="client secret",
        password_sign_in=False,
    )
    with served(settings, sqlite_database, Clock()) as site:
        person = site.person()
        form = site.stranger().get("/sign-in").text
        assert "Sign in with your organization" in form
        assert 'type="password"' not in form
        assert sign_in(site.stranger(), person.email).status_code == 403
        browser = with_provider_session(site, issuer, "u-30")
        assert "Passwords are switched off here" in browser.get("/password").text
        typed = {"old": PASSWORD, "new": "kettle harbour violin", "again": "kettle harbour violin"}
        assert browser.post("/password", data=typed).status_code == 403
        assert browser.post("/security/confirm", data={"password": PASSWORD}).status_code == 403
        tell(issuer, sub="u-30", auth_time=int(site.clock().timestamp()))
        assert confirm(browser, "/security").status_code == 303
        assert "Set up an app" in browser.get("/security").text


def test_passwords_are_not_switched_off_where_nobody_could_sign_in(tmp_path: Path) -> None:
    with pytest.raises(StartupFault, match="TRACKER_OIDC_ISSUER"):
        Settings(data_dir=tmp_path, password_sign_in=False)
