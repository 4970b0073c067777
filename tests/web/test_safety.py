"""What every request and every answer must keep to: headers, sizes, hosts, forms that come from elsewhere."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.build import PASSWORD, a_pump
from tests.web.conftest import Clock, Site, csrf_of, served, sign_in
from tracker.records.database import Database
from tracker.settings import Settings
from tracker.web.auth.rate_limits import BODY_BYTES, Buckets, TooMany

PUMPS = "/api/v1/pumps"


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/health/live", PUMPS, "/static/style.css", "/openapi.json"])
def test_every_answer_carries_the_safety_headers(one_site: Site, path: str) -> None:
    headers = one_site.stranger().get(path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "geolocation=()" in headers["permissions-policy"]
    assert "server" not in headers or "uvicorn" in headers["server"]


def test_what_may_hold_patient_data_is_stored_nowhere(one_site: Site) -> None:
    for client, paths in ((one_site.api(), (PUMPS, "/api/v1/worklist", "/")), (one_site.browser(), ("/", "/pumps"))):
        for path in paths:
            assert client.get(path).headers["cache-control"] == "no-store", path
    assert "immutable" in one_site.stranger().get("/static/style.css?v=1").headers["cache-control"]


def test_behind_tls_the_cookie_is_bound_to_the_host_and_browsers_are_told_to_stay(
    tmp_path: Path, sqlite_database: Database
) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret_key="a key for tests, of 32 characters", web_https=True)
    with served(settings, sqlite_database, Clock()) as site:
        person = site.person()
        client = site.stranger()
        page = client.get("/sign-in")
        assert "max-age=" in page.headers["strict-transport-security"]
        visitor = page.headers["set-cookie"].split(";")[0]
        client.headers["Cookie"] = visitor  # a browser would send a Secure cookie over TLS alone
        answer = sign_in_plainly(client, page, person.email)
        assert answer.headers["set-cookie"].startswith("__Host-tracker_session=")
        assert "secure" in answer.headers["set-cookie"].lower()


def sign_in_plainly(client: httpx.Client, page: httpx.Response, email: str) -> httpx.Response:
    return client.post("/sign-in", data={"email": email, "password": PASSWORD, "csrf": csrf_of(page.text)})


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-CSRF-Token": "made-up"},
        {"X-CSRF-Token": ""},
    ],
)
def test_a_form_that_is_not_ours_changes_nothing(one_site: Site, headers: dict[str, str]) -> None:
    browser = one_site.browser()
    answer = browser.post("/sign-out", headers=headers)
    assert answer.status_code == 403
    assert browser.get("/password").status_code == 200


def test_the_token_may_come_in_the_form_or_in_a_header_and_that_of_an_ended_session_is_no_good(one_site: Site) -> None:
    person = one_site.person()
    browser = one_site.browser(person=person)
    token = browser.headers.pop("X-CSRF-Token")
    assert browser.post("/sign-out", data={"csrf": token}).status_code == 303
    sign_in(browser, person.email)
    assert browser.post("/sign-out", data={"csrf": token}).status_code == 403


def test_a_session_cookie_alone_does_not_write_through_the_api(one_site: Site) -> None:
    browser = one_site.browser()
    token = browser.headers.pop("X-CSRF-Token")
    given = {"serial": "CSRF-1", "model": "synchromed-ii-20"}
    assert browser.post(PUMPS, json=given).status_code == 403
    assert browser.post(PUMPS, json=given, headers={"X-CSRF-Token": token}).status_code == 201


@pytest.mark.parametrize("path", [PUMPS, "/sign-in", "/sign-out"])
def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(one_site: Site, path: str) -> None:
    api = one_site.api()
    told = api.post(path, content=b" " * (BODY_BYTES + 1), headers={"Content-Type": "application/json"})
    assert told.status_code == 413

    def chunks() -> object:
        for _ in range(BODY_BYTES // 1024 + 2):
            yield b" " * 1024

    untold = api.post(path, content=chunks(), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    assert untold.status_code == 413
    assert untold.json()["title"] == "Too large"


def raw(site: Site, request: bytes) -> bytes:
    parts = urlsplit(site.address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), 5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while some := connection.recv(65536):
            answer += some
    return answer


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /sign-in HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        b"GET /sign-in HTTP/1.1\r\nHost: evil.example/<script>\r\nConnection: close\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_request_without_one_sane_host_or_length_is_refused(one_site: Site, request_head: bytes) -> None:
    assert raw(one_site, request_head).split(b" ", 2)[1] == b"400"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nowhere", 404), ("PUT", PUMPS, 405), ("DELETE", "/health/live", 405), ("TRACE", PUMPS, 405)],
)
def test_programs_read_problem_documents(one_site: Site, method: str, path: str, status: int) -> None:
    answer = one_site.api().request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    if status == 405:
        assert "GET" in answer.headers["allow"]


def test_another_kind_of_content_is_not_read_as_json(one_site: Site) -> None:
    answer = one_site.api().post(PUMPS, content=b"serial=1", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_a_value_that_is_not_valid_is_named(one_site: Site) -> None:
    problem = one_site.api().post(PUMPS, json={"serial": "a b", "model": "x", "colour": "red"}).json()
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == ["serial", "model", "colour"]


def test_a_fault_of_ours_shows_no_trace_and_the_next_request_is_served(site: Site) -> None:
    api = site.api()
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="BROKEN", model="synchromed-ii-20", created_at=site.clock())
        session.connection().exec_driver_sql("UPDATE pump SET created_at = 'not a time' WHERE serial = 'BROKEN'")
    answer = api.get(f"{PUMPS}/BROKEN")
    assert answer.status_code == 500
    assert answer.json()["title"] == "Something went wrong here"
    assert "Traceback" not in answer.text
    assert "not a time" not in answer.text
    assert api.get("/health/live").status_code == 200


def test_somebody_who_asks_too_often_is_told_when_to_come_back(site: Site) -> None:
    person = site.person()
    api = site.api(person=person)
    site.web.limits.requests.take(str(person.id), 3999)
    site.web.limits.requests._per_second = 0.01
    assert api.get("/api/v1/models").status_code in {200, 429}
    answer = api.get("/api/v1/models")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_bucket_fills_again_and_forgets_the_stalest_keys() -> None:
    now = [100.0]
    buckets = Buckets(per_second=2, burst=3, keys=2, clock=lambda: now[0])
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(TooMany) as fault:
        buckets.take("a")
    assert fault.value.retry_after_s == 1
    now[0] += 0.5
    buckets.take("a")
    with pytest.raises(TooMany):
        buckets.check("a")
    buckets.take("b")
    buckets.take("c")
    buckets.check("a")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' OR 1=1 --", "{{ 7 * 7 }}", "\x00", "%", "é"])
def test_what_people_type_is_never_code(one_site: Site, text: str) -> None:
    browser = one_site.browser()
    answer = browser.get("/pumps", params={"q": text})
    assert answer.status_code in {200, 400}
    assert "<script>alert" not in answer.text
    assert ">49<" not in answer.text
