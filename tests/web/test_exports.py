"""What is taken away as a file: whole, in order, on the clinic's calendar, and never held whole in memory."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from tests.build import NOW, a_pump, an_outlook
from tests.web.conftest import Site
from tracker.records.audit import AuditEntry
from tracker.web.lists.exports import AT_ONCE, by_blocks


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 7])
def test_every_row_comes_once_and_never_many_at_a_time(count: int) -> None:
    rows = list(range(count))

    def read(limit: int, after: int | None) -> list[int]:
        start = 0 if after is None else after + 1
        return rows[start : start + limit]

    blocks = list(by_blocks(read, lambda row: row))
    assert [row for block in blocks for row in block] == rows
    assert all(0 < len(block) <= AT_ONCE for block in blocks)


def test_a_plan_that_is_taken_away_names_the_days_of_the_clinics_own_calendar(
    site_on_both: Site,
) -> None:
    site = site_on_both
    late = datetime(2026, 12, 24, 23, 30, tzinfo=UTC)  # in Berlin it is the 25th
    with site.database.writing() as session:
        ends = {
            "eos_low_at": late,
            "eos_median_at": late + timedelta(days=30),
            "eos_high_at": late + timedelta(days=60),
        }
        planned = a_pump(session, site.clinic(), serial="P1", replacement_planned_for=date(2027, 1, 4))
        for pump in (planned, a_pump(session, site.clinic(), serial="P2")):
            an_outlook(session, pump, refill_by_at=late, refill_reason="the reservoir", battery_basis="voltage", **ends)
        foreign = a_pump(session, site.clinic("South"), serial="P3")
        an_outlook(session, foreign, refill_by_at=late, **ends)
    staff = site.person("nurse")
    nurse = site.browser(person=staff)
    answer = nurse.get("/planning.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["what"], row["serial"], row["low"], row["expected"], row["planned_for"]) for row in rows] == [
        ("replacement", "P1", "2026-12-25", "2027-01-24", "2027-01-04"),
        ("replacement", "P2", "2026-12-25", "2027-01-24", ""),
        ("refill", "P1", "", "2026-12-25", ""),
        ("refill", "P2", "", "2026-12-25", ""),
    ]
    calendar = nurse.get("/planning.ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert f"planning-{NOW:%Y-%m-%d}.ics" in calendar.headers["content-disposition"]
    days = [line.partition(":")[2] for line in calendar.text.split("\r\n") if line.startswith("DTSTART")]
    assert sorted(days) == ["20261225", "20261225", "20270104", "20270124"]
    assert calendar.text.startswith("BEGIN:VCALENDAR\r\n")
    assert calendar.text.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert "P3" not in answer.text + calendar.text
    assert site.web.trail.flush()
    with site.database.reading() as session:
        found = session.exec(select(AuditEntry).where(AuditEntry.subject == "planning")).all()
    assert sorted(entry.detail["what"] for entry in found) == ["exported as CSV", "exported as iCalendar"]
    assert {entry.actor for entry in found} == {staff.email}
