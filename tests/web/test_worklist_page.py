"""The worklist's pages: whoever looks at them is in the audit trail."""

from __future__ import annotations

from sqlmodel import select

from tests.build import a_pump, an_item
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry


def test_a_look_at_the_list_and_at_a_line_is_entered(site: Site) -> None:
    with site.database.writing() as session:
        item = an_item(session, site.clinics["North"], a_pump(session, site.clinics["North"], serial="SN1"))
    browser = site.browser()
    assert browser.get("/").status_code == 200
    assert browser.get(f"/worklist/{item.id}").status_code == 200
    site.web.trail.flush()
    with site.database.reading() as session:
        read = session.exec(select(AuditEntry).where(AuditEntry.action == "read")).all()
    assert {(entry.subject, entry.detail["what"]) for entry in read} == {
        ("worklist", "list"),
        ("pump:SN1", "worklist line"),
    }


def test_a_day_is_written_in_one_way_also_in_titles_and_in_the_names_of_buttons(site: Site) -> None:
    with site.database.writing() as session:
        pump = a_pump(session, site.clinics["North"], serial="SN1")
        item = an_item(
            session, site.clinics["North"], pump, what="Refill by 2026-12-03", why="It runs low. Then empty."
        )
    browser = site.browser()
    for address in ("/", f"/worklist/{item.id}"):
        page = browser.get(address).text
        assert "Refill by 3 Dec 2026" in page
        assert 'Claim<span class="visually-hidden"> Refill by 3 Dec 2026 on SN1</span>' in page
        assert "2026-12-03" not in page
