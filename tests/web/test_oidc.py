"""OpenID Connect against a provider in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from tests.servers import end, free_port, listens, wait_until
from tests.web.conftest import Clock, Site, served
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
        secret_key="a key for tests",
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
        secret_key="a key for tests",
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
    assert "organisation" not in one_site.stranger().get("/sign-in").text
