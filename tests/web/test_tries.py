"""Guessing a password: what is compared, who must wait, and who need not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlmodel import select

from tests.build import PASSWORD
from tests.web.conftest import Clock, Site, csrf_of, served, sign_in
from tracker.actions.staff.sign_in_tries import EVERYWHERE, account_of, address_place, count_try, network_of
from tracker.errors import SignInRefused
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.staff import Staff
from tracker.settings import Settings
from tracker.web.auth import reauthentication
from tracker.web.auth import sign_in as signing
from tracker.web.auth.user import Person

STRANGER, NURSE = "192.0.2.7", "198.51.100.3"


def guess(site: Site, email: str, times: int = 1, address: str = STRANGER, device: str = "") -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            signing.sign_in(site.web, email, "wrong", address, device)


def entries(site: Site, action: str) -> list[AuditEntry]:
    with site.database.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_of_many_guesses_at_once_five_are_compared_and_the_right_one_after_them_is_refused(site_on_both: Site) -> None:
    site = site_on_both
    person = site.person()
    guess(site, person.email, 4)

    def try_one(number: int) -> bool:
        try:
            signing.sign_in(site.web, person.email, PASSWORD if number >= 5 else f"wrong {number}", STRANGER)
        except SignInRefused:
            return False
        return True

    guess(site, person.email)
    with ThreadPoolExecutor(38) as pool:
        got_in = list(pool.map(try_one, range(38)))
    assert not any(got_in)
    refused = entries(site, "staff.sign_in_refused")
    compared = [one for one in refused if "uncompared_until" not in one.detail]
    assert (len(compared), len(refused)) == (5, 43)


def test_guesses_over_http_at_once_are_compared_five_times_at_the_most(site_on_both: Site) -> None:
    site = site_on_both
    person = site.person()
    client = site.stranger()
    form = {"email": person.email, "csrf": csrf_of(client.get("/sign-in").text)}
    cookies = dict(client.cookies)

    def try_one(number: int) -> int:
        password = PASSWORD if number == 37 else f"wrong {number}"
        answer = httpx.post(f"{site.address}/sign-in", data={**form, "password": password}, cookies=cookies, timeout=60)
        return answer.status_code

    with ThreadPoolExecutor(38) as pool:
        codes = list(pool.map(try_one, range(38)))
    compared = [one for one in entries(site, "staff.sign_in_refused") if "uncompared_until" not in one.detail]
    assert len(compared) + codes.count(303) == 5


def test_unknown_email_wrong_password_and_an_account_that_must_wait_are_told_alike(site: Site) -> None:
    person, guessed = site.person(), site.person()
    client = site.stranger()
    guess(site, guessed.email, 5, "127.0.0.1")
    answers = [
        sign_in(client, "nobody@clinic.example", "x"),
        sign_in(client, person.email, "wrong"),
        sign_in(client, guessed.email, PASSWORD),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text.partition("not right")[0][-60:] for answer in answers}) == 1
    assert not any("tracker_session" in answer.headers.get("set-cookie", "") for answer in answers)


def test_an_unknown_email_must_wait_after_as_many_tries_as_a_known_one(site: Site) -> None:
    for email in (site.person().email, "nobody@clinic.example"):
        guess(site, email, 6)
    marks = ["uncompared_until" in one.detail for one in entries(site, "staff.sign_in_refused")]
    assert marks == [False] * 5 + [True] + [False] * 5 + [True]


def test_each_further_wrong_password_doubles_the_wait_up_to_a_quarter_of_an_hour(site: Site) -> None:
    person = site.person()
    waits = []
    for _ in range(14):
        guess(site, person.email)
        answer = site.api("administrator").get("/api/v1/staff").json()["items"]
        until = next(one["locked_until"] for one in answer if one["id"] == person.id)
        wait = 0.0
        if until is not None:
            wait = (type(site.clock.now).fromisoformat(until) - site.clock()).total_seconds()
        waits.append(wait)
        site.clock.forward(seconds=wait)
    assert waits[:8] == [0, 0, 0, 0, 30, 60, 120, 240]
    assert waits[-1] == 900


def test_tries_while_one_waits_do_not_lengthen_the_wait(site: Site) -> None:
    person = site.person()
    guess(site, person.email, 30)
    site.clock.forward(seconds=30)
    assert signing.sign_in(site.web, person.email, PASSWORD, STRANGER).email == person.email


def test_a_stranger_who_guesses_does_not_keep_the_nurse_out(site: Site) -> None:
    """From elsewhere she signs in at once; from the stranger's own address she does with a browser known to us."""
    person = site.person()
    known = signing.sign_in(site.web, person.email, PASSWORD, STRANGER).device
    guess(site, person.email, 40)
    signing.sign_in(site.web, person.email, PASSWORD, NURSE)
    signing.sign_in(site.web, person.email, PASSWORD, STRANGER, known)
    guess(site, person.email)


def test_the_nurses_own_browser_is_known_by_its_cookie(site: Site) -> None:
    person, colleague = site.person(), site.person()
    client = site.stranger()
    assert sign_in(client, person.email).status_code == 303
    client.cookies.delete("tracker_session")
    for _ in range(6):
        sign_in(site.stranger(), person.email, "wrong")
        sign_in(site.stranger(), colleague.email, "wrong")
    assert sign_in(site.stranger(), person.email).status_code == 401
    assert sign_in(client, colleague.email).status_code == 401  # her browser is no pass for another account
    assert sign_in(client, person.email).status_code == 303


def test_guesses_in_a_known_browser_are_counted_too(site: Site) -> None:
    person = site.person()
    known = signing.sign_in(site.web, person.email, PASSWORD, NURSE).device
    guess(site, person.email, 10, NURSE, known)
    guess(site, person.email, 1, NURSE, known)
    marks = ["uncompared_until" in one.detail for one in entries(site, "staff.sign_in_refused")]
    assert marks == [False] * 10 + [True]
    signing.sign_in(site.web, person.email, PASSWORD, NURSE)


def test_guesses_from_very_many_addresses_are_slowed_by_a_minute_and_known_browsers_are_not(site: Site) -> None:
    person = site.person()
    known = signing.sign_in(site.web, person.email, PASSWORD, NURSE).device
    with site.database.writing() as session:
        for number in range(100):
            places = (address_place(f"203.0.113.{number}"), EVERYWHERE)
            assert count_try(session, account_of(person.email), places, site.clock()) is None
    with pytest.raises(SignInRefused):
        signing.sign_in(site.web, person.email, PASSWORD, "192.0.2.99")
    signing.sign_in(site.web, person.email, PASSWORD, NURSE, known)
    site.clock.forward(minutes=1)
    signing.sign_in(site.web, person.email, PASSWORD, "192.0.2.99")


def test_an_administrator_unlocks_on_the_page_and_by_the_api(site: Site) -> None:
    person = site.person(unit="Day ward")
    administrator = site.browser("administrator")
    guess(site, person.email, 5, "127.0.0.1")
    assert "Too many wrong tries" in administrator.get("/staff").text
    assert sign_in(site.stranger(), person.email).status_code == 401
    form = {"role": "nurse", "unit": "Day ward", "active": "yes", "unlock": "yes"}
    assert administrator.post(f"/staff/{person.id}/change", data=form).status_code == 303
    assert sign_in(site.stranger(), person.email).status_code == 303
    guess(site, person.email, 5, "127.0.0.1")
    answer = site.api("administrator").patch(f"/api/v1/staff/{person.id}", json={"unlock": True})
    assert (answer.status_code, answer.json()["locked_until"]) == (200, None)
    assert sign_in(site.stranger(), person.email).status_code == 303


def test_tries_are_forgotten_after_a_day_and_browsers_after_half_a_year(site: Site) -> None:
    person = site.person()
    known = signing.sign_in(site.web, person.email, PASSWORD, NURSE).device
    guess(site, person.email, 4)
    site.clock.forward(days=1, seconds=1)
    guess(site, person.email, 4)
    signing.sign_in(site.web, person.email, PASSWORD, STRANGER)
    site.clock.forward(days=181)
    signing.sign_in(site.web, person.email, PASSWORD, STRANGER)
    guess(site, person.email, 5, STRANGER, known)
    with pytest.raises(SignInRefused):
        signing.sign_in(site.web, person.email, PASSWORD, STRANGER, known)


def test_many_wrong_passwords_from_one_address_are_slowed_even_over_many_accounts(
    settings: Settings, sqlite_database: Database
) -> None:
    with served(settings, sqlite_database, Clock(), lambda: 0.0) as site:
        person = site.person()
        for number in range(3):
            guess(site, f"somebody{number}@clinic.example", 1, "127.0.0.1")
        site.web.limits.strangers.take("sign-in 127.0.0.1", 57)
        refused = sign_in(site.stranger(), person.email)
        assert refused.status_code == 429
        assert entries(site, "staff.signed_in") == []


def test_of_many_signatures_at_once_ten_are_compared(site_on_both: Site) -> None:
    site = site_on_both
    staff = site.person("physician")
    person = a_browsers_person(staff)

    def try_one(number: int) -> str:
        try:
            reauthentication.confirm(site.web, person, PASSWORD if number == 37 else f"wrong {number}")
        except Exception as fault:  # noqa: BLE001 - which of them is what is counted
            return type(fault).__name__
        return "signed"

    with ThreadPoolExecutor(38) as pool:
        ends = list(pool.map(try_one, range(38)))
    assert ends.count("WrongPassword") + ends.count("signed") <= 11  # a right one starts the count again
    site.clock.forward(minutes=15)
    assert try_one(37) == "signed"


def a_browsers_person(staff: Staff) -> Person:
    return Person(staff.id or 0, staff.email, staff.name, staff.role, staff.clinic_id, None, "browser", "", "UTC")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "testclient", False),
    ],
)
def test_an_ipv6_network_is_one_place(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
