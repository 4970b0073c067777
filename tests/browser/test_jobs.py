"""Each job of the clinic in a browser, from sign-in to done: visits, replacement, rejected messages, planning."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Enter
from tests.browser.stage import Stage
from tests.build import PASSWORD

pytestmark = pytest.mark.xdist_group("browser")


def test_the_code_of_a_visit_appears_as_one_types_and_its_conflict_too(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.stalled.serial}/visits/new")
    code = page.locator("#code")
    expect(code).to_contain_text("No code")
    page.get_by_label("Refill", exact=True).check()
    expect(code).to_contain_text("95990")
    page.get_by_label(re.compile("^The skill of a physician")).check()
    expect(code).to_contain_text("95991")
    page.get_by_label("Filled volume").fill("20")
    page.get_by_role("button", name="Log the visit").click()
    expect(page.get_by_role("status").filter(has_text="The visit is logged")).to_be_visible()
    page.goto(f"/pumps/{stage.stalled.serial}/visits/new")
    page.get_by_label(re.compile("^Analysis")).check()
    expect(page.locator("#code .conflict")).to_contain_text("95991")


def test_a_wrong_visit_is_told_beside_the_field_and_nothing_typed_is_lost(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.stalled.serial}/visits/new")
    page.get_by_label("Refill", exact=True).check()
    page.get_by_label("Filled volume").fill("twenty")
    page.get_by_label("Note").fill("a long note")
    page.get_by_role("button", name="Log the visit").click()
    expect(page.locator("#filled_ml-fault")).to_contain_text("a number of mL")
    expect(page.get_by_label("Filled volume")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Note")).to_have_value("a long note")
    expect(page.get_by_label("Refill", exact=True)).to_be_checked()


def test_a_draft_from_a_session_is_confirmed_and_amended(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.replaceable.serial}/visits/{stage.draft_id}")
    page.get_by_role("button", name="Confirm the visit").click()
    expect(page.locator(".sign").first).to_have_text("Confirmed")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Done by").fill("rn.okafor")
    page.get_by_label("Why you edit it").fill("the programmer had the wrong name")
    page.get_by_role("button", name="Save the visit").click()
    expect(page.locator("main")).to_contain_text("the programmer had the wrong name")
    expect(page.locator(".facts").first).to_contain_text("rn.okafor")


def test_a_physician_rules_attests_and_the_determination_follows(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("physician"), f"/pumps/{stage.replaceable.serial}/replacement")
    expect(page.locator("#attestation")).to_contain_text("1 finding waits for a ruling")
    page.get_by_text("Review it").click()
    page.get_by_label("Because").first.fill("The clinic itself moved the appointment.")
    page.get_by_label("Your password, as signature").first.fill("not the password")
    page.get_by_role("button", name="Sign the review").click()
    expect(page.get_by_role("alert")).to_contain_text("not your password")
    expect(page.get_by_label("Because").first).to_have_value("The clinic itself moved the appointment.")
    page.get_by_label("Your password, as signature").first.fill(PASSWORD)
    page.get_by_role("button", name="Sign the review").click()
    expect(page.locator("#findings")).to_contain_text("Explained")
    page.get_by_label(re.compile("show no abuse or neglect")).check()
    page.get_by_label("Your password, as signature").last.fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator(".signature")).to_contain_text("Physician Lindqvist")
    page.get_by_role("button", name="Re-evaluate").click()
    expect(page.locator("#determination .outcome")).to_have_text("Medically necessary")


def test_a_nurse_may_not_sign_the_attestation(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.replaceable.serial}/replacement")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_have_count(0)


def test_a_rejected_message_is_looked_at_and_discarded_with_a_reason(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), "/rejected")
    page.locator(f"#message-{stage.rejected_id} a").first.click()
    expect(page.locator(".payload")).to_contain_text('"reservoir_ml": -3')
    page.get_by_role("button", name="Read it again").click()
    expect(page.get_by_role("alert")).to_contain_text("still refused")
    page.get_by_label("Reason for discarding").fill("A test message.")
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("status").filter(has_text="discarded")).to_be_visible()
    expect(page.locator(f"#message-{stage.rejected_id}")).to_have_count(0)


def test_the_chart_is_drawn_zooms_and_has_a_table_behind_it(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.replaceable.serial}?span=all")
    over = page.locator("#chart .u-over").first
    expect(page.locator("#chart canvas")).to_have_count(4)
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box
    with page.expect_response(re.compile(r"/chart\?from=")) as zoomed:
        page.mouse.move(box["x"] + 100, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 300, box["y"] + 40, steps=4)
        page.mouse.up()
    values = zoomed.value.json()
    assert values["to"] - values["from"] < 500 * 86_400
    assert 0 < len(values["t"]) <= 1500
    page.get_by_text("The same as a table").click()
    expect(page.locator("#values tbody tr").first).to_be_visible()


def test_without_a_script_the_chart_is_still_a_drawing(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.replaceable.serial}", java_script_enabled=False)
    expect(page.locator("#chart svg path")).to_have_count(3)


def test_an_alarm_is_acknowledged_with_what_was_done(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.stalled.serial}")
    expect(page.locator(".verdict h2")).to_have_text("Motor stalled")
    alarms = page.locator("#alarms")
    alarms.locator("summary").click()
    alarms.get_by_label("What was done").fill("Interrogated; it runs again.")
    alarms.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#alarms")).to_contain_text("Acknowledged by Nurse Lindqvist")


def test_a_silent_pump_never_looks_well(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"), f"/pumps/{stage.silent.serial}")
    expect(page.locator(".verdict h2")).to_contain_text("Not known")
    expect(page.locator("#old")).to_be_visible()


def test_a_search_for_one_serial_leads_to_its_pump_and_a_view_is_saved(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("nurse"))
    page.keyboard.press("/")
    page.keyboard.type(stage.silent.serial)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(stage.silent.serial)
    page.goto("/pumps?link=disconnected")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_text("Save this view").click()
    page.get_by_label("Name of this view").fill("Silent ones")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Silent ones", exact=True)).to_be_visible()


def test_what_is_ahead_goes_into_a_calendar_and_a_spreadsheet(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("biller"), "/planning")
    with page.expect_download() as calendar:
        page.get_by_role("link", name="Export for a calendar").click()
    text = calendar.value.path().read_text()
    assert text.startswith("BEGIN:VCALENDAR")
    assert f"Refill by: {stage.silent.serial}" in text
    with page.expect_download() as sheet:
        page.get_by_role("link", name="Export as CSV").click()
    assert stage.replaceable.serial in sheet.value.path().read_text()


def test_a_barcode_fills_the_form_and_the_sign_in_is_shown_once(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("administrator"), "/enrol")
    serial = f"UDI{stage.number:06d}"
    page.get_by_label("UDI, scanned or typed").fill(f"(01)00643169007222(10)LOT9(21){serial}")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Serial (required)")).to_have_value(serial)
    page.get_by_label("Model").select_option("synchromed-ii-20")
    page.get_by_label("The day of implant is not known").check()
    page.get_by_role("button", name="Enroll the pump").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is enrolled")
    expect(page.locator(".token")).to_have_text(re.compile(r"\S{12,}"))


def test_a_list_is_tried_first_and_each_lines_fault_is_told(stage: Stage, enter: Enter) -> None:
    page = enter(stage.email("administrator"), "/enrol")
    lines = f"serial,model\nLIST{stage.number}-1,synchromed-ii-20\nLIST{stage.number}-2,no-such-model\n"
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "pumps.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    )
    page.get_by_role("button", name="Check file only").click()
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#list")).to_contain_text("1 line has a fault")
    good = lines.replace("no-such-model", "codman-3000")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "pumps.csv", "mimeType": "text/csv", "buffer": good.encode()}
    )
    page.get_by_role("button", name="Check file only").click()
    with page.expect_download() as handed:
        page.get_by_role("button", name="Enroll 2 pumps and get the logins").click()
    rows = handed.value.path().read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["serial", f"LIST{stage.number}-1", f"LIST{stage.number}-2"]
