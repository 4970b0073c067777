"""The worklist in a browser: from sign-in to done, by two people at once, and with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.stage import Stage
from tests.build import PASSWORD

pytestmark = pytest.mark.xdist_group("browser")


def test_a_nurse_claims_the_most_urgent_line_and_closes_it_with_a_reason(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"))
    first = page.locator(".line").first
    expect(first).to_contain_text("Motor stalled")
    expect(first.locator(".sign")).to_have_text("Urgent")
    first.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("status").filter(has_text="Assigned to you")).to_be_visible()
    page.get_by_role("link", name="Mine").click()
    mine = page.locator(".line")
    expect(mine).to_have_count(1)
    mine.locator("summary").click()
    mine.get_by_label("What was done?").fill("Called; the pump restarted after the MRI.")
    mine.get_by_role("button", name="Done").click()
    expect(page.locator(".line")).to_have_count(0)
    page.goto(f"/worklist/{stage.urgent.id}")
    expect(page.locator("main")).to_contain_text("Called; the pump restarted after the MRI.")


def test_of_two_who_claim_at_once_one_is_told_who_was_first(stage: Stage, enter: Enter) -> None:
    nurse, physician = enter(stage.email("nurse")), enter(stage.email("physician"))
    nurse.locator(".line").first.get_by_role("button", name="Claim").click()
    expect(nurse.locator(".line").first).to_contain_text("Assigned to you")
    answer = physician.request.post(
        f"/worklist/{stage.urgent.id}/claim",
        form={"csrf": physician.locator("input[name=csrf]").first.input_value(), "back": "/"},
        headers={"Origin": _origin(physician)},
    )
    assert answer.status == 409
    assert stage.email("nurse") in answer.text()


def test_a_claim_shows_on_the_other_open_page_without_reloading(stage: Stage, enter: Enter) -> None:
    nurse, physician = enter(stage.email("nurse")), enter(stage.email("physician"))
    line = physician.locator(f"#line-{stage.urgent.id}")
    expect(physician.locator("#pulse")).to_have_text("Live")
    line.locator("summary").click()
    line.get_by_label("What was done?").fill("half a senten")
    nurse.locator(f"#line-{stage.urgent.id}").get_by_role("button", name="Claim").click()
    expect(line).to_contain_text("Nurse Lindqvist")
    expect(line.get_by_label("What was done?")).to_have_value("half a senten")
    expect(line.locator("details")).to_have_attribute("open", "")


def test_a_line_is_handed_over_to_a_colleague(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"))
    line = page.locator(f"#line-{stage.urgent.id}")
    line.locator("summary").click()
    line.get_by_label("Assign to").select_option(stage.email("physician"))
    line.get_by_label("Note", exact=True).fill("Please look at the rotor study.")
    line.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator(f"#line-{stage.urgent.id}")).to_contain_text("Physician Lindqvist")


def test_the_whole_job_is_done_with_the_keyboard_alone(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("auditor"), "/sign-in").context.new_page()
    page.context.clear_cookies()
    page.goto("/")
    page.keyboard.type(stage.email("nurse"))
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Worklist", level=1)).to_be_visible()
    _tab_to(page, f"#line-{stage.urgent.id} summary")
    page.keyboard.press("Enter")
    _tab_to(page, f"#reason-{stage.urgent.id}")
    page.keyboard.type("Seen and restarted.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="The task is closed")).to_be_visible()
    expect(page.locator(f"#line-{stage.urgent.id}")).to_have_count(0)


def test_everything_is_done_without_a_script_too(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), java_script_enabled=False)
    page.locator(".line").first.get_by_role("button", name="Claim").click()
    expect(page.locator(".line").first).to_contain_text("Assigned to you")


def _origin(page: Page) -> str:
    return page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2]


def _tab_to(page: Page, selector: str, most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} is not reached with the Tab key")
