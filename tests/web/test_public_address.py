"""The address that people know the pages by, whatever a proxy calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.build import PASSWORD
from tests.web.conftest import Clock, Site, csrf_of, served
from tracker.errors import StartupFault
from tracker.public_address import origin_of, public_address, sub_path_of
from tracker.records.database import Database
from tracker.settings import Settings

KEY = "a key for tests, of 32 characters"


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://pumps.example.org", "https://pumps.example.org"),
        (" https://Pumps.Example.org:443/ ", "https://pumps.example.org"),
        ("https://pumps.example.org:8443", "https://pumps.example.org:8443"),
        ("http://pumps.internal:80", "http://pumps.internal"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("https://Clinic.Example:443/Pump-Tracker/", "https://clinic.example/Pump-Tracker"),
        ("https://clinic.example/a/b_2", "https://clinic.example/a/b_2"),
    ],
)
def test_the_address_is_written_in_one_form(given: str, origin: str) -> None:
    assert public_address(given) == origin


@pytest.mark.parametrize(
    "given",
    [
        "pumps.example.org",
        "ftp://pumps.example.org",
        "https://",
        "https://a:b@c.example",
        "https://a.example?x=1",
        "http://a:x",
        "https://a.example//b",
        "https://a.example/b/../c",
        "https://a.example/b%2fc",
        "https://a.example/b c",
        'https://a.example/b"c',
    ],
)
def test_what_is_no_address_is_refused_by_name(tmp_path: Path, given: str) -> None:
    with pytest.raises(StartupFault, match="TRACKER_PUBLIC_URL"):
        Settings(data_dir=tmp_path, public_url=given)


def test_origin_and_path_of_an_address_are_told_apart() -> None:
    assert origin_of("https://clinic.example:8443/a/b") == "https://clinic.example:8443"
    assert sub_path_of("https://clinic.example:8443/a/b") == "/a/b"
    assert (origin_of(""), sub_path_of(""), sub_path_of("https://clinic.example")) == ("", "", "")


def test_the_address_says_whether_there_is_tls_and_a_contradiction_is_refused(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path, public_url="https://pumps.example.org").web_https
    assert not Settings(data_dir=tmp_path, public_url="http://pumps.internal").web_https
    with pytest.raises(StartupFault, match="TRACKER_WEB_HTTPS is false"):
        Settings(data_dir=tmp_path, public_url="https://pumps.example.org", web_https=False)
    with pytest.raises(StartupFault, match="TRACKER_WEB_HTTPS is true"):
        Settings(data_dir=tmp_path, public_url="http://pumps.internal", web_https=True)


def sign_in_from(site: Site, origin: str, host: str) -> int:
    client = site.stranger(headers={"Host": host, "Origin": origin})
    token = csrf_of(client.get("/sign-in").text)
    form = {"email": site.person().email, "password": PASSWORD, "csrf": token}
    return client.post("/sign-in", data=form).status_code


def test_forms_of_the_public_address_are_taken_whatever_host_the_proxy_names(
    tmp_path: Path, sqlite_database: Database
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=KEY, public_url="http://pumps.example.org")
    with served(settings, sqlite_database, Clock()) as site:
        assert sign_in_from(site, "http://pumps.example.org", "pumps.example.org") == 303
        assert sign_in_from(site, "http://pumps.example.org", "127.0.0.1") == 303
        assert sign_in_from(site, "http://evil.example", "pumps.example.org") == 403
        assert sign_in_from(site, "http://pumps.example.org.evil.example", "127.0.0.1") == 403


def test_a_set_up_link_begins_with_the_public_address(tmp_path: Path, sqlite_database: Database) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=KEY, public_url="http://pumps.example.org")
    with served(settings, sqlite_database, Clock()) as site:
        made = site.api("administrator").post("/api/v1/staff", json={"email": "new@clinic.example", "role": "nurse"})
        assert made.json()["setup_link"].startswith("http://pumps.example.org/"), made.text
