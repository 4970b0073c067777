"""The quick ways to a large clinic's rows tell what the plain ways tell."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.build import NOW, a_clinic, a_pump, a_state, an_item, an_outlook
from tracker.records.audit import AuditEntry, search_entries
from tracker.records.database import Database
from tracker.records.pump import Clinic
from tracker.records.queries.connectivity import link_counts
from tracker.records.queries.planning import (
    Expected,
    Refill,
    expected_ends,
    refills,
    refills_before,
    replacements,
)
from tracker.records.queries.pump_list import (
    SORTS,
    Matching,
    PumpFilter,
    count_pumps,
    models_of,
    place_of_row,
    pump_rows,
    pumps_with_text,
)
from tracker.records.queries.worklist import WorklistFilter, place_of, units, worklist_lines, worklist_tally
from tracker.records.worklist import WorklistItem

LINKS = ("connected", "connected", "late", "disconnected", "never")
YEARS = NOW + timedelta(days=730)


@pytest.fixture
def clinic(database: Database) -> Clinic:
    """Thirty pumps, each other in unit, model, link and outlook, and a stranger's beside them."""
    with database.writing() as session:
        clinic, other = a_clinic(session), a_clinic(session)
        for number in range(30):
            pump = a_pump(
                session,
                clinic,
                serial=f"LARGE-{number:02d}",
                unit=("East", "West", None)[number % 3],
                model=("synchromed-ii-20", "synchromed-ii-40")[number % 2],
                created_at=NOW - timedelta(days=number % 7),
            )
            moment = NOW - timedelta(hours=number * 7 % 11)
            a_state(session, pump, link=LINKS[number % 5], last_contact_at=moment)
            eos = NOW + timedelta(days=30 * (number * 11 % 29))
            ends = {"eos_low_at": eos - timedelta(days=40), "eos_median_at": eos, "eos_high_at": eos + timedelta(60)}
            an_outlook(session, pump, refill_by_at=NOW + timedelta(days=number * 5 % 23), **ends)
            an_item(session, clinic, pump, priority=1 + number % 3, kind=f"kind{number % 2}", harm_at=moment)
        stranger = a_pump(session, other, unit="Elsewhere", model="prometra-ii-20")
        a_state(session, stranger, link="late")
        an_outlook(session, stranger)
    return clinic


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"text": "large-1"},
        {"unit": "East"},
        {"link": "late"},
        {"link": "connected"},
        {"attention": "urgent"},
        {"link": "connected", "followed": True},
    ],
    ids=str,
)
def test_pumps_found_first_or_by_the_order_are_the_same(
    database: Database, clinic: Clinic, narrowed: dict[str, Any]
) -> None:
    wanted = PumpFilter(clinic.id or 0, **narrowed)
    for sort in SORTS:
        with database.reading() as session:
            found = pumps_with_text(session, wanted) if wanted.text else Matching(count_pumps(session, wanted))
            by_order = pump_rows(session, wanted, sort, 100)
            found_first = pump_rows(session, wanted, sort, 100, matching=found)
            half = place_of_row(by_order[1], sort)
            rest = pump_rows(session, wanted, sort, 100, half, matching=found)
        assert found.total == len(by_order) > 3, sort
        assert found_first == by_order, sort
        assert rest == by_order[2:], sort


def test_every_link_is_counted(database: Database, clinic: Clinic) -> None:
    with database.reading() as session:
        counts = link_counts(session, clinic.id or 0)
    assert counts == {"connected": 12, "late": 6, "disconnected": 6, "never": 6}


def test_each_unit_and_model_is_named_once(database: Database, clinic: Clinic) -> None:
    with database.reading() as session:
        assert units(session, clinic.id or 0) == ["East", "West"]
        assert models_of(session, clinic.id or 0) == ["synchromed-ii-20", "synchromed-ii-40"]


@pytest.mark.parametrize("unit", ["", "East"])
def test_a_plan_read_part_by_part_is_the_whole_plan_in_its_order(database: Database, clinic: Clinic, unit: str) -> None:
    own = clinic.id or 0
    with database.reading() as session:
        whole = replacements(session, own, YEARS, unit, 100), refills(session, own, YEARS, unit, 100)
        parts: tuple[list[Expected], list[Refill]] = [], []
        while some := replacements(session, own, YEARS, unit, 3, parts[0][-1].place if parts[0] else None):
            parts[0].extend(some)
        while due := refills(session, own, YEARS, unit, 3, parts[1][-1].place if parts[1] else None):
            parts[1].extend(due)
        ends = list(expected_ends(session, own, YEARS, unit))
        before = refills_before(session, own, [NOW + timedelta(days=7), YEARS], unit)
    assert parts == whole
    assert len(whole[1]) == (10 if unit else 30)
    assert len(ends) == len(whole[0]) > 5
    middles = [one.eos_median_at.timestamp() for one in whole[0]]
    assert sorted(one.eos_median_s for one in ends) == pytest.approx(middles, abs=1e-3)
    assert [one.refill_by_at for one in whole[1]] == sorted(one.refill_by_at for one in whole[1])
    assert before == [sum(one.refill_by_at < NOW + timedelta(days=7) for one in whole[1]), len(whole[1])]


def test_the_worklist_page_by_page_is_in_the_order_of_harm(database: Database, clinic: Clinic) -> None:
    wanted = WorklistFilter(clinic.id or 0)
    with database.reading() as session:
        whole = [line.item for line in worklist_lines(session, wanted, NOW, 100)]
        paged: list[WorklistItem] = []
        while lines := worklist_lines(session, wanted, NOW, 4, place_of(paged[-1]) if paged else None):
            paged += [line.item for line in lines]
        tally = worklist_tally(session, clinic.id or 0, NOW)
    assert [item.id for item in paged] == [item.id for item in whole]
    assert whole == sorted(whole, key=lambda item: (-item.priority, item.harm_at, item.id or 0))
    assert (tally.priorities, tally.kinds) == ({1: 10, 2: 10, 3: 10}, {"kind0": 15, "kind1": 15})


def test_the_audit_trail_is_searched_by_what_begins_so(database: Database) -> None:
    subjects = ("pump:A", "pump:AB", "pump:B", "staff:A")
    with database.writing() as session:
        for seq, subject in enumerate(subjects, start=1):
            at = NOW + timedelta(hours=seq)
            said: dict[str, Any] = {
                "actor": "a",
                "clinic_id": 1,
                "action": "read",
                "detail": {},
                "previous": "",
                "digest": "",
            }
            session.add(AuditEntry(seq=seq, at=at, subject=subject, **said))
    with database.reading() as session:
        found = search_entries(session, 1, subject="pump:A", action="re", since=NOW, until=NOW + timedelta(days=1))
        late = search_entries(session, 1, since=NOW + timedelta(hours=3))
    assert [entry.seq for entry in found] == [2, 1]
    assert [entry.seq for entry in late] == [4, 3]
