"""One pump's page: what is open stands there, however much has happened since."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from tests.build import NOW, a_pump, a_state, an_alarm
from tests.build_decisions import a_determination
from tests.ingest.conftest import sent, status
from tests.web.conftest import Site
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.budget_limits import DEFAULT


def section(page: str, name: str) -> str:
    found = re.search(rf'<section class="sheet[^"]*" id="{name}".*?</section>', page, re.DOTALL)
    assert found, name
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[0])))


def test_an_open_alarm_is_shown_however_many_came_and_went_after_it(site_on_both: Site) -> None:
    with site_on_both.database.writing() as session:
        pump = a_pump(session, site_on_both.clinic(), serial="AB-1")
        a_state(session, pump)
        long_ago = NOW - timedelta(days=300)
        an_alarm(session, pump, code="motor_stall", priority=3, first_seen_at=long_ago, cleared_at=long_ago)
        for step in range(70):
            at = NOW - timedelta(days=step + 1)
            an_alarm(session, pump, first_seen_at=at, last_seen_at=at, cleared_at=at, closed_at=at)
    page = site_on_both.browser().get("/pumps/AB-1").text
    assert "Motor stall" in section(page, "alarms")
    assert "No alarm is open" not in page


def test_the_timeline_tells_of_a_determination_where_its_outcome_changed(site_on_both: Site) -> None:
    unknown, refused = "needs_information", "not_medically_necessary"
    with site_on_both.database.writing() as session:
        pump = a_pump(session, site_on_both.clinic(), serial="AB-1")
        for step, outcome in enumerate([refused, refused, unknown, unknown, refused]):
            a_determination(session, pump, outcome=outcome, determined_at=NOW - timedelta(days=9 - step))
        a_determination(session, pump, cause="as_of", outcome=unknown, determined_at=NOW)
        often = a_pump(session, site_on_both.clinic(), serial="AB-2")
        for step in range(70):
            a_determination(session, often, determined_at=NOW - timedelta(days=step))
    nurse = site_on_both.browser()

    def told(serial: str) -> list[str]:
        return re.findall(r"Replacement determined: ([a-z ]+)<", nurse.get(f"/pumps/{serial}").text)

    assert told("AB-1") == ["not medically necessary", "needs information", "not medically necessary"]
    assert told("AB-2") == [], "of seventy that found the same, the oldest on the page was not the first"


def test_many_answers_about_the_past_hide_neither_the_newest_determination_nor_what_it_changed(
    site_on_both: Site,
) -> None:
    with site_on_both.database.writing() as session:
        pump = a_pump(session, site_on_both.clinic(), serial="AB-1")
        a_determination(session, pump, outcome="not_medically_necessary")
        for _ in range(60):
            a_determination(session, pump, cause="as_of")
        newest = a_determination(session, pump, outcome="needs_information")
    nurse = site_on_both.browser()
    shown = nurse.get("/pumps/AB-1/replacement").text
    assert "What changed since the one before" in shown
    with site_on_both.database.writing() as session:
        for _ in range(60):
            a_determination(session, pump, cause="as_of", outcome="medically_necessary")
    again = nurse.get("/pumps/AB-1/replacement").text
    named = nurse.get(f"/pumps/AB-1/replacement?determination={newest.id}").text
    for page in (again, named):
        assert "What changed since the one before" in page


def test_a_pump_over_its_budget_says_so_until_it_is_over(site_on_both: Site) -> None:
    with site_on_both.database.writing() as session:
        a_pump(session, site_on_both.clinic(), serial="AB-1")
    ledger = Ledger(site_on_both.database, 1000, DEFAULT._replace(minute=DEFAULT.minute._replace(messages=10)))
    at = {"measured_at": NOW.isoformat()}
    ledger.write([sent(status(seq, **at), "AB-1") for seq in range(1, 16)], NOW)
    ledger.close()
    nurse = site_on_both.browser()
    told = section(nurse.get("/pumps/AB-1").text, "delivery")
    assert "10 messages a minute" in told
    assert "Not taken: 5 messages" in told
    site_on_both.clock.forward(minutes=31)
    later = site_on_both.browser()
    assert "Not taken" not in section(later.get("/pumps/AB-1").text, "delivery")
