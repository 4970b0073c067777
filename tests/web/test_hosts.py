"""By which names the pages are reached, and whose word for an address is taken."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from tests.build import PASSWORD
from tests.cli.test_web import answers, start
from tests.servers import end, free_port, wait_until
from tests.web.conftest import Clock, csrf_of, served
from tracker.actions.staff.add_staff import add_clinic, add_staff
from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.sign_in import SignInTry
from tracker.settings import Settings
from tracker.web.app_state import utc_now

KEY = "a key for tests, of 32 characters"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "tracker.example.org.evil.example",
        "xtracker.example.org",
        "[::2]",
        "10.0.0.1",
    ],
)
def test_a_host_that_is_not_allowed_is_refused_and_not_reflected(
    tmp_path: Path, sqlite_database: Database, host: str
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=KEY, allowed_hosts="tracker.example.org, *.clinic.example")
    with served(settings, sqlite_database, Clock()) as site:
        for path in ("/", "/sign-in", "/sign-in/oidc", "/health/live", "/api/v1/pumps", "/nowhere"):
            answer = site.stranger(headers={"Host": host}).get(path)
            assert answer.status_code == 400, path
            assert host not in answer.text + str(answer.headers)
            assert "location" not in answer.headers


@pytest.mark.parametrize(
    "host",
    ["tracker.example.org", "TRACKER.example.org:8443", "north.clinic.example", "localhost:1", "127.0.0.1", "[::1]:8"],
)
def test_names_that_are_set_and_those_of_this_machine_are_answered(
    tmp_path: Path, sqlite_database: Database, host: str
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=KEY, allowed_hosts="tracker.example.org, *.clinic.example")
    with served(settings, sqlite_database, Clock()) as site:
        assert site.stranger(headers={"Host": host}).get("/sign-in").status_code == 200


@pytest.mark.parametrize("named", [True, False])
def test_a_forwarded_address_is_believed_from_a_named_proxy_alone(tmp_path: Path, named: bool) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tracker.db'}")
    schema.upgrade(database)
    with database.writing() as session:
        clinic = add_clinic(session, name="North", timezone="UTC", by="test", now=utc_now())
        add_staff(
            session, clinic=clinic, email="n@c.example", role="nurse", password=PASSWORD, by="test", now=utc_now()
        )
    port = free_port()
    process = start(tmp_path, port, TRACKER_PROXIES="127.0.0.0/8" if named else "")
    try:
        wait_until(lambda: answers(port), 60, "the pages")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            token = csrf_of(client.get("/sign-in").text)
            form = {"email": "n@c.example", "password": "wrong", "csrf": token}
            headers = {"X-Forwarded-For": "203.0.113.9"}
            assert client.post("/sign-in", data=form, headers=headers).status_code == 401
    finally:
        end(process)
    with database.reading() as session:
        places = set(session.exec(select(SignInTry.place)))
    assert places == {"everywhere", "address:203.0.113.9" if named else "address:127.0.0.1"}
    database.close()


@pytest.mark.parametrize("proxies", ["proxy.example", "0.0.0.0/0", "::/0", "10.0.0.5, 10.0.0"])
def test_a_proxy_is_named_by_its_address(tmp_path: Path, proxies: str) -> None:
    with pytest.raises(StartupFault, match="TRACKER_PROXIES"):
        Settings(data_dir=tmp_path, proxies=proxies).require_safe_web()


@pytest.mark.parametrize(
    ("host", "https", "proxies", "safe"),
    [
        ("127.0.0.1", False, "", True),
        ("localhost", False, "", True),
        ("::1", False, "", True),
        ("0.0.0.0", False, "", False),
        ("::", False, "", False),
        ("10.0.0.7", False, "", False),
        ("tracker.example.org", False, "", False),
        ("0.0.0.0", True, "", True),
        ("0.0.0.0", False, "10.0.0.5", True),
    ],
)
def test_beyond_this_machine_pages_need_tls_or_a_named_proxy(
    tmp_path: Path, host: str, https: bool, proxies: str, safe: bool
) -> None:
    settings = Settings(data_dir=tmp_path, web_host=host, web_https=https, proxies=proxies)
    if safe:
        settings.require_safe_web()
    else:
        with pytest.raises(StartupFault, match="TRACKER_WEB_HOST"):
            settings.require_safe_web()
