"""The pages below a path of a host that has other pages too: no address that they give leads past the path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser.stage import Stage, set_stage
from tests.browser.test_every_page import ROLES, paths
from tests.build import NOW
from tests.web.conftest import Clock, Site, served, sign_in
from tracker.errors import StartupFault
from tracker.records.database import Database
from tracker.settings import Settings
from tracker.web.app import create_app
from tracker.web.http.security_headers import hsts
from tracker.web.http.sub_path import cookie_name
from tracker.web.views.templating import HERE

ROOT = "/clinic-a/pump-tracker"
ORIGIN = "http://clinic.example"
KEY = "a key for tests, of 32 characters"
ADDRESS = re.compile(
    r'\s(href|action|src|formaction|hx-get|hx-post|data-url|data-passkey|data-go|data-address)="([^"]*)"'
)
ASKED = frozenset({"href", "src", "hx-get", "data-url"})
ELSEWHERE = ("#", "https://", "data:")


@pytest.fixture
def below(tmp_path: Path, sqlite_database: Database) -> Iterator[Site]:
    """The application as it is told that a proxy shows it below a path."""
    settings = Settings(data_dir=tmp_path, secret_key=KEY, public_url=ORIGIN + ROOT)
    with served(settings, sqlite_database, Clock()) as site:
        yield site


def browser(site: Site, email: str) -> httpx.Client:
    """As a browser behind the proxy, which passes the whole path on; cookies are sent where their path says."""
    client = httpx.Client(
        base_url=site.address.replace("127.0.0.1", "localhost") + ROOT,
        headers={"Accept": "text/html", "Origin": ORIGIN},
        timeout=20,
    )
    site.clients.append(client)
    answer = sign_in(client, email)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"{ROOT}/"
    for one in list(client.cookies.jar):
        assert one.path.startswith(ROOT), one
    return client


@pytest.fixture
def stage(below: Site) -> Stage:
    return set_stage(below.database, NOW)


def test_every_address_on_every_page_stays_below_the_path_and_leads_to_a_page(below: Site, stage: Stage) -> None:
    people = {role: browser(below, stage.email(role)) for role in ("administrator", "physician")}
    links: dict[str, tuple[str, str, str]] = {}
    faults = []
    for path, status in paths(stage):
        role = ROLES.get(path, "administrator") if status == 200 else "administrator"
        page = people[role].get(path)
        assert page.status_code == status, path
        assert page.text.count(f'data-root="{ROOT}"') == ("data-follow" in page.text)
        for kind, address in ADDRESS.findall(page.text):
            if kind in ASKED and address.startswith(f"{ROOT}/"):
                asked = address.partition("#")[0].replace("&amp;", "&")
                links.setdefault(re.sub(r"\d+|=[^&]*", "", asked), (asked, path, role))  # one of each kind
            elif address and not address.startswith(f"{ROOT}/") and not address.startswith(ELSEWHERE):
                faults.append(f"{path}: {address}")
    assert not faults, "\n".join(faults)
    assert len(links) > 60
    for address, path, role in links.values():
        ours = address.removeprefix(ROOT)
        assert not ours.startswith(ROOT), f"{path}: {address} has the path twice"
        found = people[role].get(ours)
        assert found.status_code in {200, 303}, f"{path} leads to {address}: {found.status_code}"
        assert found.headers.get("location", ROOT).startswith(ROOT), address


def test_redirects_cookies_and_other_headers_stay_below_the_path(below: Site, stage: Stage) -> None:
    stranger = httpx.Client(base_url=below.address.replace("127.0.0.1", "localhost") + ROOT, timeout=20)
    below.clients.append(stranger)
    html = {"Accept": "text/html"}
    assert stranger.get("/pumps", headers=html).headers["location"] == f"{ROOT}/sign-in?next=%2Fpumps"
    again = stranger.get("/pumps", headers=html | {"HX-Request": "true"})
    assert again.headers["hx-redirect"] == f"{ROOT}/sign-in?again=%2Fpumps"
    slash = stranger.get("/pumps/?q=x", headers=html).headers["location"]
    assert slash in {f"{ROOT}/pumps?q=x", f"{ROOT}/sign-in?next=%2Fpumps%2F"}
    nurse = browser(below, stage.email("nurse"))
    session = next(one for one in nurse.cookies.jar if one.name == "tracker_session")
    assert session.path == f"{ROOT}/"
    nurse.headers["X-CSRF-Token"] = re.findall(r'name="csrf" value="([^"]+)"', nurse.get("/password").text)[0]
    taken = nurse.post(f"/worklist/{stage.urgent.id}/claim", data={"back": "/?whose=mine"})
    assert taken.headers["location"] == f"{ROOT}/?whose=mine&said=claimed"
    assert nurse.get("/", params={"said": "claimed"}).status_code == 200
    left = nurse.post("/sign-out")
    assert left.headers["location"] == f"{ROOT}/sign-in"
    assert left.headers["clear-site-data"] == '"cache"'
    assert f"Path={ROOT}/" in left.headers["set-cookie"]
    assert nurse.get("/").headers["location"].startswith(f"{ROOT}/sign-in")


def test_behind_tls_the_cookies_and_the_promise_of_tls_leave_the_hosts_other_names_alone() -> None:
    assert cookie_name("tracker_session", https=True, root=ROOT) == "__Secure-tracker_session"
    assert cookie_name("tracker_session", https=True, root="") == "__Host-tracker_session"
    assert hsts(https=True, root=ROOT) == "max-age=63072000"
    assert hsts(https=False, root=ROOT) == ""


def test_a_refused_form_is_filled_again_below_the_path(below: Site, stage: Stage) -> None:
    nurse = browser(below, stage.email("nurse"))
    nurse.headers["X-CSRF-Token"] = re.findall(r'name="csrf" value="([^"]+)"', nurse.get("/password").text)[0]
    place = f"/pumps/{stage.replaceable.serial}/record"
    page = nurse.post(place, data={"patient_reference": "MRN 4711", "low_reservoir_ml": "much"})
    assert page.status_code == 422
    assert 'value="MRN 4711"' in page.text


def test_the_api_names_its_address_and_where_a_new_record_is(below: Site) -> None:
    program = below.api("administrator")
    described = program.get(f"{ROOT}/openapi.json").json()
    assert described["servers"][0]["url"] == ORIGIN + ROOT
    made = program.post(f"{ROOT}/api/v1/pumps", json={"serial": "SN-1", "model": "synchromed-ii-20"})
    assert made.headers["location"] == f"{ROOT}/api/v1/pumps/SN-1"
    refused = httpx.get(f"{below.address}{ROOT}/api/v1/pumps")
    assert refused.headers["content-type"] == "application/problem+json"


def test_probes_that_ask_the_process_itself_and_a_proxy_that_took_the_path_off_are_answered(below: Site) -> None:
    assert httpx.get(f"{below.address}/health/live").status_code == 200
    assert httpx.get(f"{below.address}{ROOT}/health/live").status_code == 200
    assert f'href="{ROOT}/static/' in httpx.get(f"{below.address}/sign-in").text
    assert httpx.get(f"{below.address}{ROOT}x/sign-in").status_code == 404


@pytest.mark.parametrize("path", ["/pumps", "/health/x", "/api", "/static", "/metrics"])
def test_a_path_that_begins_as_a_page_does_is_refused_by_name(
    tmp_path: Path, sqlite_database: Database, path: str
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=KEY, public_url=f"{ORIGIN}{path}")
    with pytest.raises(StartupFault, match=f"{path}-tracker"):
        create_app(settings, sqlite_database)


WRITTEN = re.compile(r"""[a-z-]=["']/|(?:fetch|assign|EventSource|replace|open)\(\s*["'`]/|url\(["']?/""")


def test_no_template_script_or_style_holds_an_address_that_begins_at_the_host() -> None:
    files = [*(HERE / "templates").rglob("*.html"), *(HERE / "static").glob("*.js"), *(HERE / "static").glob("*.css")]
    faults = [
        f"{file.name}:{number}: {line.strip()[:120]}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if WRITTEN.search(line)
    ]
    assert len(files) > 50
    assert not faults, "write {{ root }}/… (templates) or `${root}/…` (scripts):\n" + "\n".join(faults)
