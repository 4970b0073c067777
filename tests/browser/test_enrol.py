"""Enrolling in a browser: the sign-in copied while it is shown, the form by keyboard, the sign-in taken away."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.stage import Stage

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1440)])
def test_the_password_is_copied_while_it_is_shown_and_printed_with_its_user(
    stage: Stage, enter: Enter, scheme: str, width: int
) -> None:
    page = enter(
        stage.email("nurse"),
        "/enrol",
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    serial = f"COPY-{stage.number}-{width}"
    page.get_by_label("Serial (required)").fill(serial)
    page.get_by_label("Model").select_option("synchromed-ii-20")
    page.get_by_label("The day of implant is not known").check()
    page.get_by_label("Serial (required)").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{serial} is enrolled")
    page.get_by_role("button", name="Copy the password").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-copied]")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#secret").inner_text()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(media="print")
    expect(page.locator("#secret")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the password")).to_be_hidden()


def test_without_a_script_the_password_is_there_and_no_dead_button(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), "/enrol", java_script_enabled=False)
    page.get_by_label("Serial (required)").fill(f"PLAIN-{stage.number}")
    page.get_by_label("Model").select_option("synchromed-ii-20")
    page.get_by_label("The day of implant is not known").check()
    page.get_by_role("button", name="Enroll the pump").click()
    expect(page.locator("#secret")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the password")).to_be_hidden()


def test_a_sign_in_is_renewed_and_taken_away(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.stalled.serial}/record")
    page.get_by_text("Renew it").click()
    page.get_by_role("button", name="Renew the login").click()
    expect(page.locator("#secret")).to_be_visible()
    page.get_by_text("Revoke", exact=True).click()
    page.locator("#revoke-reason").fill("Lost on a train")
    page.get_by_role("button", name="Revoke the login").click()
    expect(page.get_by_role("status").filter(has_text="is revoked")).to_be_visible()
    expect(page.get_by_text("Revoke", exact=True)).to_have_count(0)
