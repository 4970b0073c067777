"""MRI checks and advisories in a browser: logged, checked, loaded, decided; by keyboard, narrow, without a script."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.stage import Stage
from tracker.actions.advisories.load_advisories import load_advisories, match_advisories
from tracker.actions.advisories.read_recalls import read_recalls
from tracker.actions.pumps.log_mri import log_mri
from tracker.records.database import Database
from tracker.records.queries.serial_lookup import pump_by_serial

pytestmark = pytest.mark.xdist_group("browser")


def an_advisory(stage: Stage) -> dict[str, str]:
    """One that covers the stage's stalled pump alone."""
    return {
        "reference": f"Z-{stage.number:04d}-2026",
        "model": stage.stalled.model,
        "serial_from": stage.stalled.serial,
        "serial_to": stage.stalled.serial,
        "published_on": f"{datetime.now(UTC):%Y-%m-%d}",  # the newest, however many other tests have loaded
        "title": f"A part may stall the motor ({stage.number})",
        "action": "Go on as before; see patients with a stall.",
        "source": "a notice of the maker",
    }


def log_one(database: Database, stage: Stage, hours_ago: float) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        pump = pump_by_serial(session, stage.stalled.serial)
        assert pump
        log_mri(session, pump, performed_at=now - timedelta(hours=hours_ago), by=stage.email("nurse"), now=now)


def test_an_mri_is_logged_and_checked_with_the_keyboard_alone(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), "/mri")
    line = page.locator("#list tbody tr").filter(has_text=stage.stalled.serial)
    expect(line).to_have_count(0)
    page.get_by_label(re.compile("^Pump.s serial")).focus()
    page.keyboard.type(stage.stalled.serial)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="The MRI is logged")).to_be_visible()
    expect(line).to_have_count(1)
    line.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(line.get_by_label("Interrogated")).to_be_visible()
    line.get_by_role("button", name="Pump is running").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="The check after the MRI is recorded")).to_be_visible()
    expect(line).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Checked")).click()
    expect(line).to_contain_text(stage.email("nurse"))


def test_a_wrong_serial_is_told_beside_the_field_without_a_script_too(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), "/mri", java_script_enabled=False)
    page.get_by_label(re.compile("^Pump.s serial")).fill("NOBODYS")
    page.get_by_label("Note").fill("Knee, 1.5 T")
    page.get_by_role("button", name="Log the MRI").click()
    expect(page.locator("#serial-fault")).to_contain_text("No pump with the serial NOBODYS")
    expect(page.get_by_label("Note")).to_have_value("Knee, 1.5 T")
    page.get_by_label(re.compile("^Pump.s serial")).fill(stage.silent.serial)
    page.get_by_role("button", name="Log the MRI").click()
    line = page.locator("#list tbody tr").filter(has_text=stage.silent.serial)
    expect(line).to_contain_text("Knee, 1.5 T")


def test_an_advisory_is_tried_loaded_and_decided(stage: Stage, enter: Enter) -> None:
    administrator = enter(stage.email("administrator"), "/advisories")
    content = json.dumps([an_advisory(stage)]).encode()
    chosen = {"name": "advisories.json", "mimeType": "application/json", "buffer": content}
    administrator.get_by_label("File").set_input_files(chosen)  # type: ignore[arg-type] # the very shape it asks for
    administrator.get_by_role("button", name="Try it, load nothing").click()
    expect(administrator.locator("#tried")).to_contain_text("1 advisory is new")
    administrator.get_by_role("button", name="Load and match to the pumps").click()
    expect(administrator.get_by_role("status").filter(has_text="loaded and matched")).to_be_visible()
    nurse = enter(stage.email("nurse"), "/advisories")
    nurse.get_by_role("link", name=an_advisory(stage)["title"]).click()
    nurse.get_by_label("What was decided").fill("Seen; it runs.")
    nurse.keyboard.press("Enter")
    expect(nurse.get_by_role("status").filter(has_text="acknowledged for this pump")).to_be_visible()
    nurse.get_by_role("link", name=re.compile("^Decided")).click()
    expect(nurse.locator("#list")).to_contain_text("Seen; it runs.")


def faults_of(page: Page, width: int) -> list[str]:
    found = [
        f"{page.url}: {one['id']}: {node['html'][:160]}"
        for one in Axe().run(page).response["violations"]
        for node in one["nodes"][:3]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found + ([f"{page.url}: {wide} px wide"] if wide > width else [])


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1440)])
def test_no_page_has_a_fault_of_access_or_scrolls_sideways(
    stage: Stage, enter: Enter, database: Database, scheme: str, width: int
) -> None:
    for hours_ago in (1, 30):
        log_one(database, stage, hours_ago)
    with database.writing() as session:
        now = datetime.now(UTC)
        (advisory,) = load_advisories(session, read_recalls(json.dumps([an_advisory(stage)])), now)
        match_advisories(session, now)
        address = f"/advisories/{advisory.id}"
    page = enter(stage.email("administrator"), color_scheme=scheme, viewport={"width": width, "height": 900})
    faults: list[str] = []
    for path in ("/mri", "/mri?show=checked", "/advisories", address, f"{address}?show=decided"):
        page.goto(path)
        for summary in page.locator("main summary").all():
            summary.click()
        faults += faults_of(page, width)
    page.goto("/advisories")
    content = json.dumps([an_advisory(stage) | {"title": "New words"}]).encode()
    page.set_input_files("#file", {"name": "a.json", "mimeType": "application/json", "buffer": content})
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#tried del")).to_contain_text("stall the motor")
    faults += faults_of(page, width)
    assert not faults, "\n".join(faults)
