"""A set-up link: an administrator makes it, its person chooses the password, and nobody else knows one that signs."""

from __future__ import annotations

import re

import httpx
import pytest
from sqlmodel import col, select

from tests.build import PASSWORD, a_pump, a_state
from tests.web.conftest import Site, csrf_of, sign_in
from tracker.records.audit import AuditEntry
from tracker.records.staff import Staff

V1 = "/api/v1"
OWN = "an own pass phrase, nobody else's"


def link_on(page: str) -> str:
    found = re.search(r"https?://[^<\s\"]+(/sign-in/set-up#key=[A-Za-z0-9_-]{40,})", page)
    assert found, page
    return found[1]


def choose(visitor: httpx.Client, link: str, new: str = OWN, again: str = OWN) -> httpx.Response:
    """As the page's forms do it: first the key, then the password."""
    shown = visitor.get(link)
    assert shown.status_code == 200, shown.text
    form = {"csrf": csrf_of(shown.text), "key": link.partition("key=")[2]}
    shown = visitor.post("/sign-in/set-up", data=form)
    if shown.status_code != 200:
        return shown
    return visitor.post("/sign-in/set-up", data=form | {"new": new, "again": again})


def visitor(site: Site) -> httpx.Client:
    return site.stranger(headers={"Accept": "text/html"})


def test_a_new_account_chooses_its_password_by_the_link_and_signs_with_it_at_once(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_state(session, a_pump(session, site.clinic(), serial="OURS"))
    new = {"email": "dr@clinic.example", "name": "Dr. New", "role": "physician"}
    link = link_on(site.browser("administrator").post("/staff", data=new).text)
    browser = visitor(site)
    done = choose(browser, link)
    assert (done.status_code, "Your password is set" in done.text) == (200, True)
    assert sign_in(browser, "dr@clinic.example", OWN).status_code == 303
    browser.headers["X-CSRF-Token"] = csrf_of(browser.get("/password").text)
    signed = browser.post("/pumps/OURS/attestations", data={"evident": "no", "name": "x", "password": OWN})
    assert signed.status_code == 303, signed.text
    with site.database.reading() as session:
        actions = col(AuditEntry.action).in_(["staff.setup_link_made", "staff.password_changed"])
        made, used = session.exec(select(AuditEntry).where(actions).order_by(col(AuditEntry.seq))).all()
    assert (made.action, used.actor) == ("staff.setup_link_made", "dr@clinic.example")
    assert used.detail["link_made_by"] == made.actor
    assert used.address == "127.0.0.1"


def test_over_the_api_a_new_account_without_a_password_answers_with_its_link(site: Site) -> None:
    api = site.api("administrator")
    made = api.post(f"{V1}/staff", json={"email": "n@clinic.example", "role": "nurse"}).json()
    assert choose(visitor(site), link_on(made["setup_link"])).status_code == 200
    listed = api.get(f"{V1}/staff").json()["items"]
    assert [one["setup_link"] for one in listed] == [None, None]


def test_a_link_works_once_a_day_long_and_a_newer_one_replaces_it(site: Site) -> None:
    person = site.person()
    api = site.api("administrator")

    def new_link() -> str:
        return link_on(api.patch(f"{V1}/staff/{person.id}", json={"new_link": True}).json()["setup_link"])

    replaced, used = new_link(), new_link()
    assert choose(visitor(site), replaced).status_code == 404
    assert choose(visitor(site), used).status_code == 200
    again = choose(visitor(site), used)
    assert (again.status_code, "ask your administrator" in again.text) == (404, True)
    late = new_link()
    site.clock.forward(hours=24)
    assert choose(visitor(site), late).status_code == 404


def test_a_refused_password_leaves_the_link_as_good_as_it_was(site: Site) -> None:
    person = site.person()
    answer = site.browser("administrator").post(
        f"/staff/{person.id}/change", data={"role": "nurse", "active": "yes", "new_link": "yes"}
    )
    link, browser = link_on(answer.text), visitor(site)
    assert choose(browser, link, "short", "short").status_code == 422
    assert choose(browser, link, OWN, OWN + "!").status_code == 422
    assert sign_in(visitor(site), person.email, PASSWORD).status_code == 303  # nothing was changed
    assert choose(browser, link).status_code == 200
    assert sign_in(visitor(site), person.email, PASSWORD).status_code == 401


def test_using_a_link_ends_the_persons_sign_ins_and_keeps_the_second_factor(site: Site) -> None:
    person = site.person()
    signed_in = site.browser(person=person)
    made = site.api("administrator").patch(f"{V1}/staff/{person.id}", json={"new_link": True}).json()
    assert signed_in.get("/account").status_code == 200  # a link alone does nothing
    assert choose(visitor(site), link_on(made["setup_link"])).status_code == 200
    assert signed_in.get("/account").status_code == 303


def test_no_form_lets_an_administrator_choose_somebodys_password(site: Site) -> None:
    person = site.person()
    administrator = site.browser("administrator")
    assert 'type="password"' not in administrator.get("/staff").text
    form = {"role": "nurse", "active": "yes", "password": "a pass phrase of the administrator"}
    administrator.post(f"/staff/{person.id}/change", data=form)
    with site.database.reading() as session:
        assert session.get_one(Staff, person.id).password_hash == person.password_hash


def test_no_server_is_told_the_key_by_the_address_and_the_whole_link_can_be_pasted(site: Site) -> None:
    person = site.person(name="Dr. Own")
    made = site.api("administrator").patch(f"{V1}/staff/{person.id}", json={"new_link": True}).json()["setup_link"]
    address, mark, key = made.partition("#")
    assert (mark, key.startswith("key="), "?" in address) == ("#", True, False)
    browser = visitor(site)
    shown = browser.get("/sign-in/set-up")
    assert "Dr. Own" not in shown.text
    for given in (made, made.replace("#", "?"), f" {key} ", key.removeprefix("key=")):
        opened = browser.post("/sign-in/set-up", data={"csrf": csrf_of(shown.text), "key": given})
        assert (opened.status_code, "Dr. Own" in opened.text) == (200, True)
    by_query = browser.get("/sign-in/set-up", params={"key": key.removeprefix("key=")})
    assert "Dr. Own" not in by_query.text


@pytest.mark.parametrize("key", ["", "x" * 43, "\ud7ff"])
def test_a_guessed_link_says_nothing_of_anybody(site: Site, key: str) -> None:
    browser = visitor(site)
    form = {"csrf": csrf_of(browser.get("/sign-in/set-up").text), "key": key}
    answer = browser.post("/sign-in/set-up", data=form)
    assert (answer.status_code, "@" in answer.text) == (404, False)
