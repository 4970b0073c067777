"""No page asks the database more often because there is more in it; and a long chart is thinned on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.build import (
    NOW,
    a_clinic,
    a_pump,
    a_reading,
    a_rejected_message,
    a_state,
    a_visit,
    an_alarm,
    an_item,
    an_outlook,
)
from tests.build_decisions import a_finding
from tests.web.conftest import Site
from tracker.records.database import Database
from tracker.records.partitions import ensure_months, month_of
from tracker.records.views_chart import Span, reading_buckets

PAGES = (
    "/",
    "/pumps",
    "/pumps?sort=refill",
    "/pumps/QUERY-1",
    "/pumps/QUERY-1/visits",
    "/pumps/QUERY-1/replacement",
    "/planning",
    "/connectivity",
    "/rejected",
    "/staff",
    "/audit",
)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def fill(site: Site, serials: list[str]) -> None:
    clinic = site.clinic()
    with site.database.writing() as session:
        for serial in serials:
            pump = a_pump(session, clinic, serial=serial)
            a_state(session, pump)
            an_outlook(session, pump)
            for _ in range(2):
                an_item(session, clinic, pump)
                a_visit(session, pump)
                a_finding(session, pump)
                a_rejected_message(session, pump)
            an_alarm(session, pump)


def test_the_number_of_queries_does_not_grow_with_the_number_of_pumps(site: Site) -> None:
    fill(site, ["QUERY-1"])
    browser = site.browser("administrator")
    before = {path: _queries(site, browser, path) for path in PAGES}
    fill(site, [f"QUERY-{number}" for number in range(2, 40)])
    after = {path: _queries(site, browser, path) for path in PAGES}
    assert after == before
    assert max(before.values()) < 40


def _queries(site: Site, browser: object, path: str) -> int:
    site.web.trail.flush()
    with counted(site.database) as seen:
        answer = browser.get(path)  # type: ignore[attr-defined]
    assert answer.status_code == 200, path
    return sum(statement.lstrip().upper().startswith("SELECT") for statement in seen if "audit_entry" not in statement)


@pytest.mark.parametrize("buckets", [1, 7, 700])
def test_readings_are_thinned_without_losing_one_or_an_extreme(database: Database, buckets: int) -> None:
    with database.writing() as session:
        pump = a_pump(session, a_clinic(session))
        if not database.is_sqlite:
            ensure_months(
                session.connection(), {month_of(NOW - timedelta(days=days)) for days in range(0, 90, 10)}, NOW
            )
        for step in range(120):
            a_reading(
                session,
                pump,
                seq=step + 1,
                measured_at=NOW - timedelta(hours=12 * step),
                reservoir_ml=float(step % 17),
                battery_percent=None if step % 2 else 50.0,
            )
    with database.reading() as session:
        found = reading_buckets(session, pump.id or 0, Span(NOW - timedelta(days=60), NOW), buckets)
    assert sum(bucket.readings for bucket in found) == 120
    assert len(found) <= buckets + 1
    assert max(bucket.reservoir_high_ml for bucket in found) == 16.0
    assert min(bucket.reservoir_low_ml for bucket in found) == 0.0
    assert [bucket.first_at for bucket in found] == sorted(bucket.first_at for bucket in found)
