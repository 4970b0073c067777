"""Enrolling by hand: what the barcode says is filled in, what is wrong is named, the sign-in is shown once."""

from __future__ import annotations

import re
import secrets
from datetime import date
from html import unescape

import httpx
import pytest
from sqlmodel import col, select

from tests.build import a_pump
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.credential import CommunicatorCredential
from tracker.records.pump import Pump
from tracker.records.staff import Staff

UDI = "(01)00643169007222(10)LOT9(21)SN77"


def value(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def fault(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-fault">([^<]*)', page)
    return unescape(found[1]) if found else ""


def chosen(page: str) -> str:
    select_block = page[page.index('<select id="model"') :].partition("</select>")[0]
    found = re.search(r'value="([^"]*)" selected', select_block)
    return found[1] if found else ""


@pytest.fixture
def administrator(site: Site) -> tuple[httpx.Client, Staff]:
    staff = site.person("administrator")
    return site.browser(person=staff), staff


def test_a_barcode_fills_in_what_it_says_and_the_model_that_bore_it_before(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic("South"), model="prometra-ii-20", device_identifier="00643169007222")
    browser = site.browser("administrator")
    page = browser.get("/enrol", params={"udi": UDI}).text
    assert [value(page, name) for name in ("serial", "lot", "device_identifier")] == ["SN77", "LOT9", "00643169007222"]
    assert chosen(page) == "", "another clinic's pumps say nothing here"
    with site.database.writing() as session:
        a_pump(session, site.clinic(), model="synchromed-ii-40", device_identifier="00643169007222")
    assert chosen(browser.get("/enrol", params={"udi": UDI}).text) == "synchromed-ii-40"
    with site.database.writing() as session:
        a_pump(session, site.clinic(), model="synchromed-ii-20", device_identifier="00643169007222")
    assert chosen(browser.get("/enrol", params={"udi": UDI}).text) == "", "two models bear it: a person decides"


def test_a_barcode_that_can_not_be_read_says_what_is_wrong_and_stays(one_site: Site) -> None:
    page = one_site.browser("administrator").get("/enrol", params={"udi": "(01)00643169007223(21)SN77"}).text
    assert "check digit" in fault(page, "scan").lower()
    assert value(page, "udi") == "(01)00643169007223(21)SN77"


def test_the_sign_in_is_shown_once_and_everything_typed_is_kept(
    site: Site, administrator: tuple[httpx.Client, Staff]
) -> None:
    browser, staff = administrator
    form = {
        "serial": " SN77 ",
        "model": "synchromed-ii-20",
        "udi": UDI,
        "device_identifier": "00643169007222",
        "lot": "LOT9",
        "patient_reference": "P-9",
        "lifecycle": "implanted",
        "implanted_on": "2026-11-20",
        "drug": "baclofen",
        "concentration": "2000",
        "concentration_unit": "mcg/mL",
        "dose_per_day": "300.5",
        "low_reservoir_ml": "2,5",
        "refill_cap_days": "90",
        "report_interval": "6",
    }
    shown = browser.post("/enrol", data=form)
    assert shown.status_code == 200
    password = re.search(r'id="secret">(\S{12,})</dd>', shown.text)
    assert password
    with site.database.reading() as session:
        pump = session.exec(select(Pump)).one()
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "pump.enrolled")).one()
        assert session.get(CommunicatorCredential, pump.id) is not None
    assert (pump.serial, pump.lot, pump.dose_per_day) == ("SN77", "LOT9", "300.5")
    assert (pump.low_reservoir_ml, pump.refill_cap_days, pump.report_interval_s) == (2.5, 90, 21_600)
    assert (entry.actor, entry.subject) == (staff.email, "pump:SN77")
    assert password[1] not in str(entry.detail)
    assert password[1] not in browser.get("/pumps/SN77/record").text


def test_the_barcodes_dates_are_kept_and_an_implant_after_the_last_day_is_said_plainly(
    site: Site, administrator: tuple[httpx.Client, Staff]
) -> None:
    browser, _ = administrator
    udi = "(01)00643169007222(11)240105(17)260105(10)LOT9(21)SN77"
    assert "<dt>Usable until</dt><dd>5 Jan 2026" in browser.get("/enrol", params={"udi": udi}).text
    form = {"serial": "SN77", "model": "synchromed-ii-20", "udi": udi, "implanted_on": "2026-01-06"}
    assert "expires 5 Jan 2026, and this pump was implanted on 6 Jan 2026" in browser.post("/enrol", data=form).text
    for path in ("/pumps/SN77", "/pumps/SN77/record"):
        assert "Past when it was implanted" in browser.get(path).text
    with site.database.reading() as session:
        pump = session.exec(select(Pump)).one()
    assert (pump.manufactured_on, pump.expires_on) == (date(2024, 1, 5), date(2026, 1, 5))
    header, line = browser.get("/pumps.csv").text.split()
    named = dict(zip(header.split(","), line.split(","), strict=True))
    assert (named["manufactured_on"], named["expires_on"]) == ("2024-01-05", "2026-01-05")


def test_an_implant_on_the_last_day_is_nothing_to_speak_of(administrator: tuple[httpx.Client, Staff]) -> None:
    browser, _ = administrator
    form = {"serial": "SN77", "model": "synchromed-ii-20", "udi": UDI + "(17)260105", "implanted_on": "2026-01-05"}
    assert "usable until" not in browser.post("/enrol", data=form).text
    assert "Past when it was implanted" not in browser.get("/pumps/SN77/record").text


WRONG = (
    ({"serial": "S N", "udi": ""}, 422, "serial", "is no serial"),
    ({"serial": "SN78"}, 422, "serial", "The barcode says SN77"),
    ({"model": "toaster"}, 422, "model", "is no model of the catalogue"),
    ({"implanted_on": "yesterday"}, 422, "implanted_on", "Write the day as"),
    ({"implanted_on": "2030-01-01"}, 422, "implanted_on", "lies in the future"),
    ({"concentration": "2000"}, 422, "concentration_unit", "means nothing without its unit"),
    ({"dose_per_day": "-1"}, 422, "dose_per_day", "is no amount"),
    ({"lot": "x" * 81}, 422, "lot", "at most 80 are kept"),
    ({"low_reservoir_ml": "nan"}, 422, "low_reservoir_ml", "Write a number"),
    ({"low_reservoir_ml": "21"}, 422, "low_reservoir_ml", "outside 0 to 20 mL"),
    ({"refill_cap_days": "4000"}, 422, "refill_cap_days", "1 to 3650 days"),
    ({"report_interval": "0"}, 422, "report_interval", "every second at the most"),
)


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    site: Site, administrator: tuple[httpx.Client, Staff]
) -> None:
    browser, _ = administrator
    form = {
        "serial": "SN77",
        "model": "synchromed-ii-20",
        "udi": UDI,
        "patient_reference": "P-<9>",
        "day_unknown": "yes",
    }
    for change, status, field, words in WRONG:
        answer = browser.post("/enrol", data=form | change)
        assert answer.status_code == status, change
        assert words in fault(answer.text, field), change
        assert value(answer.text, "patient_reference") == "P-<9>"
    with site.database.reading() as session:
        assert session.exec(select(Pump)).first() is None
    assert browser.post("/enrol", data=form).status_code == 200
    again = browser.post("/enrol", data=form)
    assert again.status_code == 409
    assert "already enrolled" in fault(again.text, "serial")


def sent(browser: httpx.Client, content: bytes, do: str) -> httpx.Response:
    return browser.post("/pumps/import", data={"do": do}, files={"file": ("pumps.csv", content)})


def test_a_list_with_a_fault_enrols_nothing_and_names_each_line(
    site: Site, administrator: tuple[httpx.Client, Staff]
) -> None:
    browser, _ = administrator
    lines = b"serial,model,lot\nA1,synchromed-ii-20,\nA2,toaster,\nA1,synchromed-ii-20,\nA4,synchromed-ii-20,a\0b\n"
    for do, status in (("try", 200), ("enrol", 422)):
        answer = sent(browser, lines, do)
        assert answer.status_code == status
        table = answer.text[answer.text.index('aria-label="Faults of the list"') :].partition("</table>")[0]
        told = re.findall(r'<td class="number">(\d+)</td>.*?<code>(\w+)</code>', table)
        assert told == [("3", "model"), ("4", "serial"), ("5", "lot")]
        assert "3 lines have a fault; nothing was enrolled." in answer.text
    with site.database.reading() as session:
        assert session.exec(select(Pump)).first() is None


@pytest.mark.parametrize("behind", ["", ","])
def test_a_decimal_comma_without_quotes_is_a_fault_and_no_other_dose(
    site: Site, administrator: tuple[httpx.Client, Staff], behind: str
) -> None:
    browser, _ = administrator
    header = f"serial,model,concentration,concentration_unit,dose_per_day{behind}"
    lines = ('SN1,synchromed-ii-20,2000,mcg/mL,"99.5",', "SN2,synchromed-ii-20,2000,mcg/mL,99,5")
    answer = sent(browser, "\n".join([header, *lines]).encode(), "enrol")
    assert answer.status_code == 422
    table = answer.text[answer.text.index('aria-label="Faults of the list"') :].partition("</table>")[0]
    assert re.findall(r'<td class="number">(\d+)</td>', table) == ["3"]
    assert "quote the cell that holds a comma, or write a decimal point" in table
    semicolons = "\n".join([header, lines[1]]).replace(",", ";").encode()
    assert "quote the cell that holds a semicolon" in sent(browser, semicolons, "try").text
    with site.database.reading() as session:
        assert session.exec(select(Pump)).first() is None


def test_a_list_that_is_tried_says_which_columns_are_left_out(administrator: tuple[httpx.Client, Staff]) -> None:
    browser, _ = administrator
    told = sent(browser, b'serial,model,"Colour, outside",lot\nA1,synchromed-ii-20,red,L1\n', "try").text
    assert "takes them: colour, outside." in told
    assert "1 line is good" in told
    assert "Left out" not in sent(browser, LIST, "try").text


def test_a_good_list_is_tried_then_enrolled_whole_and_the_sign_ins_come_as_a_file(
    site: Site, administrator: tuple[httpx.Client, Staff]
) -> None:
    browser, _ = administrator
    lines = b"\xef\xbb\xbfserial;model;patient_reference\nA1;synchromed-ii-20;P-1\nA2;codman-3000;\n"
    tried = sent(browser, lines, "try")
    assert "2 lines are good; nothing is enrolled yet." in tried.text
    with site.database.reading() as session:
        assert session.exec(select(Pump)).first() is None
    answer = browser.post("/pumps/import", data={"do": "enrol", "tried": value(tried.text, "tried")})
    assert 'attachment; filename="sign-ins-2026-11-22.csv"' in answer.headers["content-disposition"]
    rows = [line.split(",") for line in answer.text.split()]
    assert rows[0] == ["serial", "username", "password"]
    assert [row[:2] for row in rows[1:]] == [["A1", "A1"], ["A2", "A2"]]
    with site.database.reading() as session:
        pumps = session.exec(select(Pump).order_by(col(Pump.serial))).all()
        assert [(one.serial, one.model, one.patient_reference) for one in pumps] == [
            ("A1", "synchromed-ii-20", "P-1"),
            ("A2", "codman-3000", None),
        ]


LIST = b"serial,model\nA1,synchromed-ii-20\n"


def test_what_was_tried_is_enrolled_by_whom_it_was_tried_within_half_an_hour_and_once(
    site: Site, administrator: tuple[httpx.Client, Staff]
) -> None:
    browser, _ = administrator
    tried = value(sent(browser, LIST, "try").text, "tried")

    def enrol(client: httpx.Client, field: str) -> httpx.Response:
        return client.post("/pumps/import", data={"do": "enrol", "tried": field})

    other = enrol(site.browser("administrator"), tried)
    assert (other.status_code, "not held for this sign-in" in other.text) == (422, True)
    for forged in (tried[:-8] + "AAAAAAA=", tried[8:], "x", "\u00e9", "A" * 400):
        assert enrol(browser, forged).status_code == 422, forged
    for _ in range(3):
        site.clock.forward(minutes=10)
        browser.get("/enrol")
        assert site.web.trail.flush()
    assert "more than half an hour ago" in enrol(browser, tried).text
    with site.database.reading() as session:
        assert session.exec(select(Pump)).first() is None
    tried = value(sent(browser, LIST, "try").text, "tried")
    assert enrol(browser, tried).headers["content-type"].startswith("text/csv")
    again = enrol(browser, tried)
    assert (again.status_code, "is already enrolled" in again.text) == (422, True)


def test_an_empty_file_or_none_is_asked_for_in_a_sentence(administrator: tuple[httpx.Client, Staff]) -> None:
    browser, _ = administrator
    assert "Choose a file that has something in it." in sent(browser, b"", "try").text
    assert "Choose a file that has something in it." in browser.post("/pumps/import", data={"do": "try"}).text


def test_a_list_too_long_to_be_held_is_chosen_once_more(administrator: tuple[httpx.Client, Staff]) -> None:
    browser, _ = administrator
    rows = (f"A{number},synchromed-ii-20,{secrets.token_hex(40)}\n" for number in range(22_000))
    answer = sent(browser, f"serial,model,lot\n{''.join(rows)}".encode(), "try")
    assert "22,000 lines are good" in answer.text
    assert "choose the file once more" in answer.text
    assert 'value="enrol"' in answer.text
