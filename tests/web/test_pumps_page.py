"""The list of pumps: found by what a nurse types, kept as a view, and taken away as CSV."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import insert
from sqlmodel import select

from tests.build import NOW, a_pump
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.records.pump import Pump
from tracker.records.staff import SavedView
from tracker.web.lists.count_cache import MANY
from tracker.web.lists.exports import csv_cell
from tracker.web.pages.pumps import MOST_VIEWS


def serials(page: str) -> list[str]:
    body = page[page.index("<tbody>") :] if "<tbody>" in page else ""
    return re.findall(r'<th scope="row">\s*<a href="/pumps/([^"]+)">', body)


def read_csv(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def views(page: str) -> dict[str, str]:
    return {unescape(name): unescape(to) for to, name in re.findall(r'<a href="(/pumps\?[^"]*)">([^<]+)</a>', page)}


def lead(page: str) -> str:
    """The sentence under the heading."""
    found = re.search(r'<p class="lead">(.*?)</p>', page, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", found[1])))


def test_a_search_looks_in_serial_udi_and_patient_reference_of_ones_own_clinic(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="AB-1", patient_reference="P-77", udi="+H123X9")
        a_pump(session, site.clinic(), serial="AB-2", patient_reference="P-78", udi="+H123X8", unit="Pain")
        a_pump(session, site.clinic("South"), serial="AB-3", patient_reference="P-79")
    nurse = site.browser()
    for text, found in (
        ("ab-", {"AB-1", "AB-2"}),
        ("p-7", {"AB-1", "AB-2"}),
        ("h123x", {"AB-1", "AB-2"}),
        ("%", set()),
        ("AB_1", set()),
        ("AB\\-1", set()),
    ):
        assert set(serials(nurse.get("/pumps", params={"q": text}).text)) == found, text
    for exact in ("AB-1", "+H123X9"):
        assert nurse.get("/pumps", params={"q": exact}).headers["location"] == "/pumps/AB-1"
    assert serials(nurse.get("/pumps", params={"unit": "Pain"}).text) == ["AB-2"]


@pytest.mark.parametrize("text", ["MÜ-17", "Ü-1", " MÜ "])
def test_what_is_typed_as_it_stands_is_found_in_any_alphabet(site_on_both: Site, text: str) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="AB-1", patient_reference="MÜ-17")
        a_pump(session, site.clinic(), serial="AB-2", patient_reference="MU-17")
    assert serials(site.browser().get("/pumps", params={"q": text}).text) == ["AB-1"]


def test_the_csv_holds_every_pump_that_the_page_would_show_and_the_export_is_in_the_trail(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        made = [a_pump(session, site.clinic(), unit="Pain", patient_reference=f"P-{n}").serial for n in range(60)]
        a_pump(session, site.clinic(), unit="Spasticity")
        a_pump(session, site.clinic("South"), unit="Pain")
    staff = site.person("auditor")
    answer = site.browser(person=staff).get("/pumps.csv", params={"unit": "Pain"})
    assert [row["serial"] for row in read_csv(answer)] == sorted(made)
    assert 'attachment; filename="pumps-2026-11-22.csv"' in answer.headers["content-disposition"]
    assert site.web.trail.flush()
    with site.database.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.subject == "pumps")).one()
        assert (entry.actor, entry.detail["what"]) == (staff.email, "exported as CSV")
        assert "unit='Pain'" in entry.detail["filter"]


def test_the_number_of_a_very_large_clinics_pumps_says_since_when_it_is_known(site_on_both: Site) -> None:
    site = site_on_both
    with site.database.writing() as session:
        a_pump(session, site.clinic(), unit="Pain")
        rows = [
            {"clinic_id": site.clinic().id, "serial": f"MANY-{number}", "model": "codman-3000", "created_at": NOW}
            for number in range(MANY)
        ]
        session.execute(insert(Pump), rows)
    nurse = site.browser()
    assert "5,001 pumps of this clinic. Counted" in lead(nurse.get("/pumps").text)
    with site.database.writing() as session:
        a_pump(session, site.clinic(), unit="Pain", serial="NEW-1")
    page = nurse.get("/pumps", params={"unit": "Pain"}).text
    assert "2 pumps match. Counted" in lead(page)
    assert "NEW-1" in serials(page)
    assert "5,001 pumps of this clinic" in lead(nurse.get("/pumps").text)
    assert "1 pump matches." in lead(nurse.get("/pumps", params={"q": "new"}).text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


def test_a_cell_is_told_as_it_is_and_an_unknown_one_is_empty(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="AB-1", patient_reference='=HYPERLINK("x")', unit='Pain, "east"\nwing')
    (row,) = read_csv(site.browser().get("/pumps.csv"))
    assert row["patient_reference"] == '\'=HYPERLINK("x")'
    assert row["unit"] == 'Pain, "east"\nwing'
    assert row["reservoir_ml"] == ""
    assert csv_cell(-0.5) == "-0.5"


def test_a_view_is_kept_under_its_name_replaced_by_the_same_name_and_forgotten(site: Site) -> None:
    staff = site.person("nurse")
    nurse = site.browser(person=staff)
    query = "unit=Pain&sort=battery&cursor=x&said=saved&evil=1"
    answer = nurse.post("/pumps/views", data={"name": " Mine & yours ", "query": query})
    led = urlsplit(answer.headers["location"])
    assert parse_qs(led.query) == {"unit": ["Pain"], "sort": ["battery"], "said": ["saved"]}
    assert views(nurse.get("/pumps").text)["Mine & yours"] == "/pumps?unit=Pain&sort=battery"
    nurse.post("/pumps/views", data={"name": "Mine & yours", "query": "link=late"})
    assert views(nurse.get("/pumps").text)["Mine & yours"] == "/pumps?link=late"
    with site.database.reading() as session:
        (view,) = session.exec(select(SavedView)).all()
    other = site.browser()
    assert "Mine &amp; yours" not in other.get("/pumps").text
    other.post(f"/pumps/views/{view.id}/forget")
    assert "Mine & yours" in views(nurse.get("/pumps").text)
    nurse.post(f"/pumps/views/{view.id}/forget")
    assert "Mine & yours" not in views(nurse.get("/pumps").text)


def test_a_view_needs_a_name_and_there_is_an_end_to_them(site: Site) -> None:
    nurse = site.browser()
    assert nurse.post("/pumps/views", data={"name": " ", "query": ""}).status_code == 422
    for number in range(MOST_VIEWS):
        assert nurse.post("/pumps/views", data={"name": f"View {number}", "query": ""}).status_code == 303
    answer = nurse.post("/pumps/views", data={"name": "One more", "query": ""})
    assert answer.status_code == 422
    assert f"t most {MOST_VIEWS} views are kept; remove one first" in answer.text
