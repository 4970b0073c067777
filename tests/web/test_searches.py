"""What a person searches for is in no address: the page's, its links', a form's, the one after signing in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import httpx
import pytest

from tests.build import a_pump
from tests.web.conftest import Site
from tests.web.test_permissions import routes

PATIENT = "MRN-4711-Q"
TYPED_INTO = {"", "text", "search", "email", "tel", "url", "password", "number"}


class Forms(HTMLParser):
    """The fields to type into of each form that puts them into an address; and every address of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.by_address: list[tuple[str, str]] = []
        self.addresses: list[str] = []
        self._action: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [given[name] or "" for name in ("href", "action", "src", "hx-get") if given.get(name)]
        if tag == "form":
            self._action = (given.get("action") or "") if (given.get("method") or "get").lower() == "get" else None
        if self._action is None or not given.get("name"):
            return
        if tag == "textarea" or (tag == "input" and (given.get("type") or "") in TYPED_INTO):
            self.by_address.append((self._action, given["name"] or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = None


def searched(browser: httpx.Client, page: str, **fields: str) -> httpx.Response:
    form = {"csrf": browser.headers["X-CSRF-Token"], **fields}
    return browser.post(f"/find/{page}", data=form)


def says(address: str, text: str) -> bool:
    return text.lower() in unquote(address).lower()


def test_no_page_has_a_form_that_puts_what_is_typed_into_an_address(one_site: Site) -> None:
    with one_site.database.writing() as session:
        a_pump(session, one_site.clinic(), serial="FORM-1", patient_reference=PATIENT)
    found = set()
    looked_at = 0
    for role in ("administrator", "physician"):
        browser = one_site.browser(role)
        for method, path, _ in routes(one_site):
            if method != "GET" or path.startswith(("/api", "/live", "/sign-in", "/confirm")):
                continue
            answer = browser.get(path.replace("{serial}", "FORM-1").replace("{model_id}", "synchromed-ii-20"))
            if answer.headers.get("content-type", "").startswith("text/html"):
                looked_at += 1
                found |= set(Forms(answer.text).by_address)
    found |= set(Forms(one_site.stranger().get("/sign-in").text).by_address)
    assert looked_at > 40
    assert found == set()


def test_a_search_finds_the_patient_and_no_address_says_whom(site: Site) -> None:
    with site.database.writing() as session:
        for number in range(60):
            a_pump(session, site.clinic(), serial=f"AB-{number}", patient_reference=f"{PATIENT}-{number}")
        a_pump(session, site.clinic(), serial="OTHER", patient_reference="somebody else")
    nurse = site.browser()
    answer = searched(nurse, "pumps", q=PATIENT, model="synchromed-ii-20", unit="")
    address = answer.headers["location"]
    assert answer.status_code == 303
    assert not says(address, PATIENT)
    assert "model=synchromed-ii-20" in address
    page = nurse.get(address).text
    assert "60 pumps match" in page
    assert f'value="{PATIENT}"' in page
    following = re.search(r'href="([^"]*cursor=[^"]*)"', page)
    export = re.search(r'href="(/pumps.csv[^"]*)"', page)
    assert following
    assert export
    assert not any(says(one, PATIENT) for one in Forms(page).addresses)
    assert f"{PATIENT}-" in nurse.get(following[1].replace("&amp;", "&")).text
    csv = nurse.get(export[1].replace("&amp;", "&")).text
    assert csv.count(PATIENT) == 60
    assert "somebody else" not in csv


def test_a_saved_view_finds_the_same_and_its_address_says_nothing(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="AB-1", patient_reference=PATIENT)
        a_pump(session, site.clinic(), serial="AB-2", patient_reference=f"{PATIENT}-2")
    nurse = site.browser()
    query = searched(nurse, "pumps", q=PATIENT, sort="refill").headers["location"].partition("?")[2]
    form = {"csrf": nurse.headers["X-CSRF-Token"], "name": "mine", "query": query}
    saved = nurse.post("/pumps/views", data=form)
    assert not says(saved.headers["location"], PATIENT)
    page = nurse.get("/pumps").text
    link = re.search(r'href="([^"]*)">mine</a>', page)
    assert link
    assert not any(says(one, PATIENT) for one in Forms(page).addresses)
    shown = nurse.get(link[1].replace("&amp;", "&")).text
    assert "2 pumps match" in shown
    assert '<option value="refill" selected>' in shown


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("pumps", {"q": PATIENT}),
        (
            "audit",
            {
                "actor": PATIENT,
                "subject": PATIENT,
                "action": PATIENT,
                "address": PATIENT,
                "via": "token",
                "since": "2026-01-01",
            },
        ),
        ("rejected", {"serial": PATIENT, "status": "discarded"}),
        ("enrol", {"udi": PATIENT}),
    ],
)
def test_each_page_that_is_searched_shows_what_was_typed_and_its_address_does_not(
    one_site: Site, place: str, fields: dict[str, str]
) -> None:
    browser = one_site.browser("administrator")
    address = searched(browser, place, **fields).headers["location"]
    assert address.startswith(f"/{place}?")
    assert not says(address, PATIENT)
    page = browser.get(address)
    assert page.status_code == 200
    for name, value in fields.items():
        if value == PATIENT:
            assert re.search(rf'name="{name}"[^>]* value="{PATIENT}"', page.text), name
        else:
            assert f"{name}={value}" in address
    assert not any(says(one, PATIENT) for one in Forms(page.text).addresses)


def test_an_old_bookmark_is_led_to_an_address_that_says_nothing(one_site: Site) -> None:
    browser = one_site.browser()
    answer = browser.get("/pumps", params={"q": PATIENT, "unit": "Spasticity"}, headers={"Sec-Fetch-Mode": "navigate"})
    assert answer.status_code == 303
    assert not says(answer.headers["location"], PATIENT)
    assert "unit=Spasticity" in answer.headers["location"]
    assert f'value="{PATIENT}"' in browser.get(answer.headers["location"]).text


def test_who_must_sign_in_first_goes_on_to_an_address_without_what_was_typed(one_site: Site) -> None:
    stranger = one_site.stranger(headers={"Accept": "text/html"})
    answer = stranger.get("/pumps", params={"q": PATIENT, "unit": "Spasticity"})
    assert answer.status_code == 303
    assert says(answer.headers["location"], "unit=Spasticity")
    assert not says(answer.headers["location"], PATIENT)


def test_nobody_else_opens_a_search_and_a_changed_one_opens_nothing(one_site: Site) -> None:
    mine, theirs = one_site.browser(), one_site.browser()
    address = searched(mine, "pumps", q=PATIENT).headers["location"]
    assert mine.get(address).status_code == 200
    assert theirs.get(address).status_code == 404
    for other in (address[:-4] + "AAAA", "/pumps?find=", "/pumps?find=%C3%A4", "/pumps?find=AAAA"):
        answer = mine.get(other)
        assert answer.status_code == (200 if other.endswith("=") else 404)
        assert f'value="{PATIENT}"' not in answer.text


def test_a_search_is_sent_from_our_own_pages_only_and_has_bounds(one_site: Site) -> None:
    browser = one_site.browser()
    assert browser.post("/find/pumps", data={"q": "x"}, headers={"X-CSRF-Token": "no"}).status_code == 403
    assert searched(browser, "pumps", q="x" * 501).status_code == 422
    assert searched(browser, "staff", q="x").status_code == 404
