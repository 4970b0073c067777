"""Every page for everybody: no fault that axe can find, in light and dark, and nothing wider than a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Enter
from tests.browser.stage import Stage

pytestmark = pytest.mark.xdist_group("browser")
AXE = Axe()


def paths(stage: Stage) -> list[str]:
    pump = f"/pumps/{stage.replaceable.serial}"
    return [
        "/",
        f"/worklist/{stage.urgent.id}",
        "/pumps",
        pump,
        f"/pumps/{stage.stalled.serial}",
        f"{pump}/visits",
        f"{pump}/visits/new",
        f"{pump}/visits/{stage.draft_id}",
        f"{pump}/visits/{stage.draft_id}?amend=true",
        f"{pump}/replacement",
        f"{pump}/record",
        f"{pump}/readings",
        "/planning",
        "/connectivity",
        "/rejected",
        f"/rejected/{stage.rejected_id}",
        "/schedule",
        "/audit",
        "/staff",
        "/enrol",
        "/enrol?udi=(01)00643169007222(10)LOT9(21)X1",
        "/password",
        "/pumps/NOT-THERE",
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_axe_finds_nothing_and_no_page_is_too_wide(stage: Stage, enter: Enter, scheme: str, width: int) -> None:
    email = stage.email("administrator")
    page = enter(email, color_scheme=scheme, viewport={"width": width, "height": 900})
    faults = []
    for path in paths(stage):
        page.goto(path)
        if page.locator("#chart figure, #chart.drawn").count():
            page.locator("#chart.drawn").wait_for()
        result = AXE.run(page)
        faults += [
            f"{path}: {one['id']}: {node['html'][:160]}"
            for one in result.response["violations"]
            for node in one["nodes"][:3]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults.append(f"{path}: {wide} px wide")
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


def test_the_colours_chosen_stay(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), color_scheme="light")
    page.locator("details.who summary").click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/pumps")
    assert page.locator("html").get_attribute("data-theme") == "dark"
