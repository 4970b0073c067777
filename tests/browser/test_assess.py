"""The assessment in a real browser: at once, by keyboard alone, without a script, narrow, dark and printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.build import PASSWORD
from tests.web.conftest import Clock, Site, served
from tracker.records import schema
from tracker.records.database import Database
from tracker.settings import Settings

PAIN = "/assess?question=permanent_implant&indication=nonmalignant_pain"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One running application for this file."""
    folder = tmp_path_factory.mktemp("site")
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    schema.upgrade(database)
    settings = Settings(data_dir=folder / "data", secret_key="a key for tests, of 32 characters")
    with served(settings, database, Clock()) as running:
        yield running
    database.close()


@pytest.fixture(scope="module")
def signed_in(place: Site, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A nurse's cookies, to begin every context with."""
    expect.set_options(timeout=20_000)  # a machine may be busy; nothing here is timed
    email = place.person("nurse", name="Nora Nurse").email
    kept = tmp_path_factory.mktemp("cookies") / "state.json"
    with chromium.new_context(base_url=place.address) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        expect(page.locator("h1")).to_have_text("Worklist")
        context.storage_state(path=kept)
    return kept


@pytest.fixture
def at_desk(place: Site, chromium: Browser, signed_in: Path) -> Iterator[BrowserContext]:
    with chromium.new_context(
        base_url=place.address, storage_state=signed_in, viewport={"width": 1440, "height": 900}
    ) as context:
        yield context


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def answer(page: Page, fact: str, value: str) -> None:
    page.locator(f"label[for='{fact}-{value}']").click()


def test_the_outcome_changes_at_once_and_the_page_stays(at_desk: BrowserContext) -> None:
    page = opened(at_desk, "/assess")
    page.evaluate("window.sameDocument = true")
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("6 answers could still decide it.")
    answer(page, "battery_nearing_end", "yes")
    expect(outcome).to_contain_text("1 answer could still decide it.")
    expect(page.locator("#ask-abuse_or_neglect")).to_contain_text("Still missing")
    expect(page.locator("#ask-repairable")).not_to_contain_text("Still missing")
    answer(page, "abuse_or_neglect", "no")
    expect(outcome).to_contain_text("Medically necessary")
    expect(page.locator("#answer .readings")).to_contain_text("Needs information")
    expect(page.locator("#answer .notes")).to_contain_text("“Can the device be repaired?” is no")
    assert page.evaluate("window.sameDocument") is True


def test_typing_keeps_the_focus_and_the_place_in_the_text(at_desk: BrowserContext) -> None:
    page = opened(at_desk, PAIN)
    field = page.locator("#noninvasive_months")
    field.press_sequentially("65")
    expect(page.locator("#c-3A\\.2a .because").first).to_contain_text("tried for 65 months")
    expect(field).to_be_focused()
    field.press("ArrowLeft")
    field.press_sequentially(".")
    expect(page.locator("#c-3A\\.2a .because").first).to_contain_text("tried for 6.5 months")
    expect(field).to_have_value("6.5")
    expect(field).to_be_focused()


def test_a_fault_stands_beside_its_field_and_goes_when_it_is_corrected(at_desk: BrowserContext) -> None:
    page = opened(at_desk, PAIN)
    field = page.locator("#pain_reduction_percent")
    field.fill("150")
    expect(page.locator("#pain_reduction_percent-fault")).to_have_text("Can't be more than 100 percent.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#outcome")).to_contain_text("No outcome")
    field.fill("50")
    expect(page.locator("#pain_reduction_percent-fault")).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#outcome")).to_contain_text("Needs information")


def test_going_to_another_question_and_back_loses_no_answer(at_desk: BrowserContext) -> None:
    page = opened(at_desk, PAIN)
    page.fill("#noninvasive_months", "7")
    answer(page, "documented_pathology", "yes")
    page.locator("label[for='question-replacement']").click()
    expect(page.locator("#battery_nearing_end-yes")).to_be_visible()
    expect(page.locator("#question-replacement")).to_be_focused()
    page.locator("label[for='question-trial']").click()
    expect(page.locator("#noninvasive_months")).to_have_value("7")
    expect(page.locator("#documented_pathology-yes")).to_be_checked()
    expect(page.locator("#c-3A\\.1 .row .sign").first).to_contain_text("Met")
    assert re.search(r"/assess\?question=trial&indication=nonmalignant_pain$", page.url)


def test_everything_can_be_done_with_the_keyboard_alone(at_desk: BrowserContext) -> None:
    page = opened(at_desk, "/assess")
    page.locator("#question-replacement").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#question-trial")).to_be_checked()
    expect(page.locator("#indication")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#indication")).to_be_focused()
    page.keyboard.type("Cancer")
    expect(page.locator("#c-3C\\.1")).to_be_visible()
    link = page.locator("#answer a", has_text="Have noninvasive methods")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#noninvasive_failed_or_contraindicated-yes")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#outcome")).to_contain_text("Medically necessary")


def test_an_unreachable_tracker_is_told_and_the_old_outcome_is_marked(at_desk: BrowserContext) -> None:
    page = opened(at_desk, "/assess")
    at_desk.set_offline(offline=True)
    answer(page, "battery_nearing_end", "yes")
    expect(page.locator("#assess-warning")).to_contain_text("can't be reached")
    expect(page.locator("#assess")).to_have_class(re.compile(r"\bold\b"))
    at_desk.set_offline(offline=False)
    answer(page, "abuse_or_neglect", "no")
    expect(page.locator("#outcome")).to_contain_text("Medically necessary")
    expect(page.locator("#assess-warning")).to_be_hidden()


def test_without_a_script_the_forms_own_button_answers(place: Site, chromium: Browser, signed_in: Path) -> None:
    with chromium.new_context(base_url=place.address, storage_state=signed_in, java_script_enabled=False) as context:
        page = opened(context, "/assess")
        expect(page.locator("#print")).to_be_hidden()
        page.locator("label[for='question-permanent_implant']").click()
        page.get_by_role("button", name="Show what is asked").click()
        page.select_option("#indication", "cancer_pain")
        page.get_by_role("button", name="Show what is asked").click()
        answer(page, "noninvasive_failed_or_contraindicated", "yes")
        page.fill("#pain_reduction_percent", "50")
        page.get_by_role("button", name="Show the outcome").click()
        expect(page.locator("#outcome")).to_contain_text("Medically necessary")
        assert page.url == f"{place.address}/assess"


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1440)])
def test_neither_page_has_a_fault_of_access_or_scrolls_sideways(
    place: Site, chromium: Browser, signed_in: Path, scheme: str, width: int
) -> None:
    with chromium.new_context(
        base_url=place.address,
        storage_state=signed_in,
        color_scheme=scheme,  # type: ignore[arg-type] # one of its two words
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    ) as context:
        page = opened(context, "/guideline")
        clean(page)
        page.goto(PAIN)
        page.fill("#noninvasive_months", "x")
        expect(page.locator("#noninvasive_months-fault")).to_be_visible()
        clean(page)
        page.fill("#noninvasive_months", "3")
        expect(page.locator("#c-3A\\.2a .row .sign").first).to_contain_text("Not met")
        clean(page)


def clean(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_on_a_narrow_screen_the_outcome_stays_in_view(place: Site, chromium: Browser, signed_in: Path) -> None:
    with chromium.new_context(
        base_url=place.address, storage_state=signed_in, viewport={"width": 360, "height": 640}
    ) as context:
        page = opened(context, "/assess")
        expect(page.locator(".strip")).to_be_in_viewport()
        expect(page.locator(".strip")).to_contain_text("6 missing")
        answer(page, "abuse_or_neglect", "yes")
        expect(page.locator(".strip")).to_contain_text("Not medically necessary")
        expect(page.locator(".strip")).to_be_in_viewport()


def test_printed_it_says_the_answers_who_assessed_and_when(at_desk: BrowserContext) -> None:
    page = opened(at_desk, PAIN)
    page.fill("#noninvasive_months", "7")
    answer(page, "documented_pathology", "yes")
    expect(page.locator("#c-3A\\.1 .row .sign").first).to_contain_text("Met")
    expect(page.locator("#c-3A\\.2a .row .sign").first).to_contain_text("Met")
    page.emulate_media(media="print")
    expect(page.locator("#ask-noninvasive_months .answer-printed")).to_be_visible()
    expect(page.locator("#ask-noninvasive_months .answer-printed")).to_have_text("7 months")
    expect(page.locator("#ask-documented_pathology .answer-printed")).to_have_text("Yes")
    expect(page.locator("#noninvasive_months")).to_be_hidden()
    expect(page.get_by_text("by Nora Nurse. The outcome holds for the answers printed here")).to_be_visible()


def test_an_address_within_the_guideline_leads_to_its_criterion(at_desk: BrowserContext) -> None:
    page = opened(at_desk, "/guideline#c-5.1b.2")
    expect(page.locator("#c-5\\.1b\\.2")).to_be_in_viewport()
    page.locator("#readings a", has_text="Built-in notice").first.click()
    expect(page.locator("#c-5\\.1c")).to_be_in_viewport()
