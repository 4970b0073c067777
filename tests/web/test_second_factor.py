"""A second factor: the authenticator app, recovery codes, which roles must have one, and what a signature asks for."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pyotp
from sqlmodel import select

from tests.build import PASSWORD, a_pump
from tests.web.conftest import Site, csrf_of, sign_in
from tracker.records.audit import AuditEntry
from tracker.records.second_factor import RecoveryCode, Totp
from tracker.records.staff import Staff


def code_now(secret: str, at: datetime, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(at.timestamp()) // 30 + steps)


def with_app(site: Site, role: str = "nurse") -> tuple[Staff, httpx.Client, str, list[str]]:
    """A person who has set an app up on the page: the browser, the app's secret and the recovery codes."""
    person = site.person(role)
    browser = site.browser(person=person)
    assert browser.post("/security/confirm", data={"password": PASSWORD}).status_code == 303
    shown = browser.post("/security/app").text
    secret = re.search(r'id="key">([A-Z2-7]+)<', shown)
    assert secret, shown
    answer = browser.post("/security/app/confirm", data={"code": code_now(secret[1], site.clock())})
    assert answer.status_code == 200, answer.text
    codes = re.findall(r"<li>([a-z2-7-]{19})</li>", answer.text)
    assert len(codes) == 10
    site.clock.forward(minutes=6)
    return person, browser, secret[1], codes


def begin(site: Site, person: Staff) -> httpx.Client:
    """The password is right; the second step waits."""
    client = site.stranger(headers={"Accept": "text/html"})
    answer = sign_in(client, person.email)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in/second?next=%2F"
    assert "tracker_session" not in client.cookies
    return client


def give(client: httpx.Client, code: str) -> httpx.Response:
    token = csrf_of(client.get("/sign-in/second").text)
    return client.post("/sign-in/second", data={"code": code, "csrf": token, "next": "/pumps"})


def test_with_an_app_the_password_alone_opens_nothing_and_a_code_does_once(site_on_both: Site) -> None:
    site = site_on_both
    person, _, secret, _ = with_app(site)
    client = begin(site, person)
    assert client.get("/pumps").status_code == 303
    assert give(client, "000000").status_code == 401
    code = code_now(secret, site.clock())
    answer = give(client, code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/pumps")
    assert client.get("/password").status_code == 200
    assert give(begin(site, person), code).status_code == 401
    site.clock.forward(seconds=30)
    assert give(begin(site, person), code_now(secret, site.clock())).status_code == 303
    with site.database.reading() as session:
        details = session.exec(select(AuditEntry.detail).where(AuditEntry.action == "staff.signed_in")).all()
    assert {"by": "password and authenticator app"}.items() <= details[-1].items()


def test_a_code_a_step_early_or_late_is_taken_and_an_older_one_is_not(site: Site) -> None:
    person, _, secret, _ = with_app(site)
    for steps, taken in ((-2, False), (2, False), (-1, True), (1, True)):
        site.clock.forward(minutes=3)
        answer = give(begin(site, person), code_now(secret, site.clock(), steps))
        assert (answer.status_code == 303) is taken, steps


def test_a_recovery_code_signs_in_once_and_the_rest_are_counted(site_on_both: Site) -> None:
    site = site_on_both
    person, browser, _, codes = with_app(site)
    with ThreadPoolExecutor(6) as pool:
        steps = [begin(site, person) for _ in range(4)]
        ends = list(pool.map(lambda client: give(client, codes[0].upper()).status_code, steps))
    assert sorted(ends) == [303, 401, 401, 401]
    assert give(begin(site, person), codes[1].replace("-", " ")).status_code == 303
    assert "8 codes left" in browser.get("/security").text
    with site.database.reading() as session:
        kept = repr(session.exec(select(RecoveryCode)).all()) + repr(session.exec(select(Totp)).all())
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_new_recovery_codes_end_the_old_ones(site: Site) -> None:
    person, browser, _, codes = with_app(site)
    browser.post("/security/confirm", data={"password": codes[9]})
    fresh = re.findall(r"<li>([a-z2-7-]{19})</li>", browser.post("/security/recovery-codes").text)
    assert give(begin(site, person), codes[0]).status_code == 401
    assert give(begin(site, person), fresh[0]).status_code == 303


def test_of_many_codes_at_once_five_are_compared(site_on_both: Site) -> None:
    site = site_on_both
    person, _, secret, codes = with_app(site)
    client = begin(site, person)
    token = csrf_of(client.get("/sign-in/second").text)
    cookies = dict(client.cookies)

    def try_one(number: int) -> int:
        form = {"code": f"{number:06}", "csrf": token}
        return httpx.post(f"{site.address}/sign-in/second", data=form, cookies=cookies, timeout=60).status_code

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(try_one, range(30))) == {401}
    with site.database.reading() as session:
        refused = session.exec(select(AuditEntry.detail).where(AuditEntry.action == "staff.sign_in_refused")).all()
    assert len([one for one in refused if "uncompared_until" not in one]) == 5
    assert give(client, codes[0]).status_code == 401
    site.clock.forward(seconds=30)
    assert give(client, code_now(secret, site.clock())).status_code == 303


def test_the_second_step_runs_out_after_five_minutes_and_with_a_new_password(site: Site) -> None:
    person, browser, secret, _ = with_app(site)
    late, overtaken = begin(site, person), begin(site, person)
    form = {"old": PASSWORD, "new": "kettle harbour violin", "again": "kettle harbour violin"}
    assert browser.post("/password", data=form).status_code == 200
    assert overtaken.get("/sign-in/second").status_code == 401
    site.clock.forward(minutes=5, seconds=1)
    assert late.get("/sign-in/second").status_code == 401
    assert site.stranger().get("/sign-in/second").status_code == 401
    assert secret


def test_methods_are_changed_only_by_who_has_just_confirmed(site: Site) -> None:
    browser = site.browser()
    for path in ("/security/app", "/security/recovery-codes", "/security/app/remove"):
        assert browser.post(path).status_code == 422, path
    assert browser.post("/security/passkeys/challenge", json={}).status_code == 422
    assert browser.post("/security/confirm", data={"password": "not it at all"}).status_code == 422
    assert browser.post("/security/app").status_code == 422


def test_a_role_that_must_have_a_factor_reaches_nothing_until_it_is_set_up(site: Site) -> None:
    administrator = site.api("administrator")
    answer = administrator.patch("/api/v1/clinic", json={"second_factor_roles": ["nurse", "physician"]})
    assert (answer.status_code, answer.json()["second_factor_roles"]) == (200, ["nurse", "physician"])
    person = site.person()
    browser = site.browser(person=person)
    answer = browser.get("/pumps")
    assert (answer.status_code, answer.headers["location"]) == (303, "/security")
    assert browser.get("/api/v1/pumps").status_code == 403
    assert "requires one for your role" in browser.get("/security").text
    browser.post("/security/confirm", data={"password": PASSWORD})
    secret = re.search(r'id="key">([A-Z2-7]+)<', browser.post("/security/app").text)
    assert secret
    browser.post("/security/app/confirm", data={"code": code_now(secret[1], site.clock())})
    assert browser.get("/pumps").status_code == 200
    assert site.browser("biller").get("/pumps").status_code == 200
    assert site.browser("nurse", clinic="South").get("/pumps").status_code == 200


def test_the_clinics_page_says_which_roles_must_have_a_factor(site: Site) -> None:
    administrator = site.browser("administrator")
    form = {"name": "North", "timezone": "Europe/Berlin", "second_factor_roles": ["physician"]}
    assert administrator.post("/clinic", data=form).status_code == 303
    checked = re.findall(r'name="second_factor_roles" value="(\w+)" checked', administrator.get("/clinic").text)
    assert checked == ["physician"]
    assert administrator.post("/clinic", data={**form, "second_factor_roles": ["owner"]}).status_code == 422


def test_an_administrator_helps_who_has_lost_every_factor(site: Site) -> None:
    person, browser, _, _ = with_app(site)
    form = {"role": "nurse", "active": "yes", "reset_factors": "yes"}
    assert site.browser("administrator").post(f"/staff/{person.id}/change", data=form).status_code == 303
    assert browser.get("/password").status_code == 303
    assert site.browser(person=person).get("/pumps").status_code == 200


def test_adding_and_removing_a_factor_ends_the_persons_other_sign_ins_and_says_so(site: Site) -> None:
    person = site.person()
    before = site.browser(person=person)
    here = site.browser(person=person)
    here.post("/security/confirm", data={"password": PASSWORD})
    secret = re.search(r'id="key">([A-Z2-7]+)<', here.post("/security/app").text)
    assert secret
    assert before.get("/account").status_code == 200  # begun, and no factor yet
    added = here.post("/security/app/confirm", data={"code": code_now(secret[1], site.clock())})
    assert "Other sign-ins of yours have ended" in added.text
    assert before.get("/account").status_code == 303
    site.clock.forward(seconds=40)
    again = begin(site, person)
    assert give(again, code_now(secret[1], site.clock())).status_code == 303
    removed = here.post("/security/app/remove")
    assert removed.status_code == 303
    assert "Other sign-ins of yours have ended" in here.get(removed.headers["location"]).text
    assert again.get("/account").status_code == 303


def test_a_signature_takes_a_code_of_the_app_and_holds_for_five_minutes(site: Site) -> None:
    _, browser, secret, _ = with_app(site, "physician")
    with site.database.writing() as session:
        pumps = [a_pump(session, site.clinic()).serial for _ in range(3)]
    sign = {"evident": "no", "name": "Dr. North"}

    def signed(serial: str, **more: str) -> int:
        return browser.post(f"/pumps/{serial}/attestations", data={**sign, **more}).status_code

    assert signed(pumps[0]) == 422
    assert signed(pumps[0], password="123456") == 422
    assert signed(pumps[0], password=PASSWORD) == 422  # it opened this browser: no second proof
    assert signed(pumps[0], password=code_now(secret, site.clock())) == 303
    assert "No password is needed" in browser.get(f"/pumps/{pumps[1]}/replacement").text
    assert signed(pumps[1]) == 303
    assert signed(pumps[2], password="not the password") == 422
    site.clock.forward(minutes=5)
    assert signed(pumps[2]) == 422


def test_a_signature_over_the_api_asks_a_browser_for_the_factor_too(site: Site) -> None:
    _, browser, _, codes = with_app(site, "physician")
    with site.database.writing() as session:
        serial = a_pump(session, site.clinic()).serial
    path, given = f"/api/v1/pumps/{serial}/attestations", {"evident": False, "name": "Dr. North"}
    refused = browser.post(path, json={**given, "password": PASSWORD})
    assert refused.status_code in {409, 422}
    assert "second factor" in refused.text
    assert browser.post(path, json={**given, "password": codes[0]}).status_code == 201


def test_a_copy_of_the_database_makes_no_codes(site: Site) -> None:
    _, _, secret, _ = with_app(site)
    with site.database.reading() as session:
        assert secret not in repr(session.exec(select(Totp)).one())


def test_every_page_that_asks_for_a_signature_can_ask_a_passkey_for_it() -> None:
    folder = Path(__file__).parents[2] / "tracker" / "web" / "templates"
    asking = {
        page.name
        for page in folder.glob("*.html")
        if "f.signature(" in page.read_text() or "data-passkey=" in page.read_text()
    }
    assert asking >= {"account.html", "emergency.html", "replacement.html", "security.html", "service_accounts.html"}
    assert {name for name in asking if "static('passkey.js')" not in (folder / name).read_text()} == set()
