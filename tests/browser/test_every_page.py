"""Every page for everybody: no fault that axe can find, in light and dark, and nothing wider than a phone."""

from __future__ import annotations

from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.routing import APIRoute

from tests.browser.conftest import Enter
from tests.browser.stage import Stage
from tests.build import PASSWORD
from tracker.web.pages import PAGES

pytestmark = pytest.mark.xdist_group("browser")
AXE = Axe()
ONLY_FAULTS: Final = {"resultTypes": ["violations"]}


ROLES: Final = {"/emergency": "physician"}
"""Who looks at a page that an administrator does not have."""

NOT_PAGES: Final = {
    "/live": "a stream",
    "/urgent": "a part of every page",
    "/push-worker.js": "a script",
    "/pumps.csv": "a file",
    "/planning.csv": "a file",
    "/planning.ics": "a file",
    "/pumps/{serial}/chart": "the values behind a chart",
    "/pumps/{serial}/visits/code": "a part of the visit's page",
    "/sign-in": "for those who are not signed in; looked at below",
    "/sign-in/set-up": "opened by a link; looked at below",
    "/a/{token}": "opened by a link in a message; looked at in test_acknowledge",
    "/sign-in/second": "for those whose password was right; looked at in test_second_factor",
    "/sign-in/oidc": "leads to the organization's provider",
    "/sign-in/oidc/back": "comes from there",
    "/confirm/oidc": "leads to the organization's provider",
}


def every_page() -> list[str]:
    """The path of every page, as the application itself names them."""
    routes = [route for router in PAGES for route in router.routes if isinstance(route, APIRoute)]
    return [route.path for route in routes if "GET" in (route.methods or ()) and route.path not in NOT_PAGES]


def paths(stage: Stage) -> list[tuple[str, int]]:
    """An address of every page, with something in it, and the answer's status; then the states that pages also have."""
    places = {
        "serial": stage.replaceable.serial,
        "visit_id": stage.draft_id,
        "item_id": stage.urgent.id,
        "message_id": stage.rejected_id,
        "advisory_id": stage.advisory_id,
        "access_id": stage.access_id,
        "staff_id": stage.nurse_id,
    }
    pump = f"/pumps/{stage.replaceable.serial}"
    states = (
        (f"/pumps/{stage.stalled.serial}", 200),
        (f"{pump}/visits/{stage.draft_id}?amend=true", 200),
        ("/?whose=mine", 200),
        ("/pumps?q=nobody-has-this", 200),
        ("/audit?actor=nobody@clinic.example", 200),
        ("/enrol?udi=(01)00643169007222(17)200101(10)LOT9(21)X1", 200),
        ("/enrol?udi=(01)00643169007223", 200),
        ("/assess?question=trial&indication=nonmalignant_pain", 200),
        ("/pumps/NOT-THERE", 404),
        ("/emergency", 403),
        (f"{pump}/readings?cursor=none", 404),
    )
    return [(path.format(**places), 200) for path in every_page()] + list(states)


STICKING_OUT = """[...document.querySelectorAll(".field > *")].filter(one => one.checkVisibility())
    .filter(one => one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1
        || one.scrollWidth > one.clientWidth + 1 && one.matches("label, .label"))
    .map(one => (one.id || one.textContent).trim())"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_axe_finds_nothing_and_no_page_is_too_wide(stage: Stage, enter: Enter, scheme: str, width: int) -> None:
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    pages = {role: enter(stage.email(role), **look) for role in ("administrator", "physician")}
    faults = []
    for path, status in paths(stage):
        page = pages[ROLES.get(path, "administrator") if status == 200 else "administrator"]
        answer = page.goto(path)
        assert answer is not None
        if (answer.status, answer.header_value("content-type")) != (status, "text/html; charset=utf-8"):
            faults.append(f"{path}: answers {answer.status} {answer.header_value('content-type')}")
        if page.locator("#chart figure, #chart.drawn").count():
            page.locator("#chart.drawn").wait_for()
        page.evaluate("for (const more of document.querySelectorAll('details')) more.open = !more.matches('.who')")
        result = AXE.run(page, options=ONLY_FAULTS)
        faults += [
            f"{path}: {one['id']}: {node['html'][:160]}"
            for one in result.response["violations"]
            for node in one["nodes"][:3]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults.append(f"{path}: {wide} px wide")
        faults += [f"{path}: {one} sticks out of its place" for one in page.evaluate(STICKING_OUT)]
    assert not faults, "\n".join(faults)


def test_axe_finds_nothing_at_the_door(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"))
    page.context.clear_cookies()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/sign-in")
        page.get_by_label("Email").fill("nobody@clinic.example")
        page.get_by_label("Password").fill("wrong password here")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("alert").wait_for()
        found = AXE.run(page).response["violations"]
        assert not found, found


def test_axe_finds_nothing_where_a_password_is_chosen(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("administrator"))
    page.goto("/staff")
    page.locator("summary", has_text="Change").first.click()
    page.get_by_label("Make a set-up link").first.check()
    page.get_by_role("button", name="Change", exact=True).first.click()
    link = page.locator(".token").inner_text()
    page.context.clear_cookies()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(link.partition("#")[0])
        page.get_by_label("Your set-up link").wait_for()
        found = AXE.run(page).response["violations"]
        page.goto("/sign-in")
        page.goto(link)
        page.get_by_label("New password once more").wait_for()
        found += AXE.run(page).response["violations"]
        assert not found, found
    page.get_by_label("New password (required)").fill(PASSWORD)
    page.get_by_label("New password once more").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    page.get_by_role("heading", name="Your password is set").wait_for()
    key = link.partition("key=")[2]
    assert key not in page.url
    assert not [address for address in asked if key in address.partition("#")[0]]


def test_the_colours_chosen_stay(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), color_scheme="light")
    page.locator("details.who summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/pumps")
    assert page.locator("html").get_attribute("data-theme") == "dark"
