"""Lines from what is ahead: a refill that comes due, and a pump of which nothing tells when it runs empty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.alarms import Priority
from devices.interval import Interval
from devices.models.catalogue import CATALOGUE
from tests.findings.build import DAY, NOW
from tracker.findings.pump_snapshot import Expectation, LinkSeen, OutlookSeen, PumpSnapshot, StateSeen
from tracker.worklist.item import WantedItem
from tracker.worklist.wanted_items import wanted_items

PORT = CATALOGUE["subcutaneous-reservoir"]
UNTOLD = Expectation(None, "A port meters nothing.")
SOON = Expectation(Interval(NOW + 5 * DAY, NOW + 6 * DAY, NOW + 7 * DAY), "12 mL reported.")


def a_port(**told: Any) -> PumpSnapshot:
    """A port that was heard of today, filled with a drug that keeps for months; no limit was set for it."""
    view = PumpSnapshot(
        pump_id=7,
        clinic_id=1,
        serial="RSV-1",
        model=PORT,
        lifecycle="implanted",
        implanted_on=None,
        drug="morphine",
        report_interval_s=86_400,
        created_at=NOW - 100 * DAY,
        suspended_until=None,
        replacement_planned_for=None,
        refill_cap_days=None,
        state=a_state(flow_ml_per_day=None),
        link=LinkSeen("connected", NOW, NOW),
        outlook=an_outlook(),
    )
    return replace(view, **told)


def a_state(**told: Any) -> StateSeen:
    state = StateSeen(
        epoch=1,
        seq=1,
        measured_at=NOW,
        received_at=NOW,
        battery_percent=None,
        battery_indicator=None,
        reservoir_ml=2.0,
        flow_ml_per_day=0.3,
        infusion="simple_continuous",
        motor="none",
        alarms=frozenset(),
    )
    return replace(state, **told)


def an_outlook(**told: Any) -> OutlookSeen:
    outlook = OutlookSeen(
        eri=UNTOLD,
        eos=UNTOLD,
        low_mark=UNTOLD,
        empty=UNTOLD,
        refill_by=NOW + 120 * DAY,
        refill_reason="Morphine keeps for six months.",
    )
    return replace(outlook, **told)


def lines(view: PumpSnapshot) -> dict[str, WantedItem]:
    return {line.key.removeprefix("pump:7:"): line for line in wanted_items(view, NOW)}


def test_a_port_whose_drug_keeps_for_months_is_asked_about_since_that_says_nothing_of_when_it_is_empty() -> None:
    (line,) = wanted_items(a_port(), NOW)
    assert (line.key, line.kind, line.priority) == ("pump:7:refill_date", "reservoir", Priority.MEDIUM)
    assert line.what == "No refill date: set one"
    assert "A port meters nothing." in line.why
    assert "may run out before the drug spoils" in line.why
    assert "Set the longest stay of a fill" in line.next_step
    assert "Log the last refill" not in line.next_step
    assert line.link == "/pumps/RSV-1/record"


def test_a_limit_answers_the_question_and_then_the_refill_comes_due_by_it() -> None:
    assert lines(a_port(refill_cap_days=60)) == {}
    due = an_outlook(refill_by=NOW + 9 * DAY, refill_reason="The clinic refills at least every 60 days.")
    assert set(lines(a_port(refill_cap_days=60, outlook=due))) == {"reservoir"}


def test_a_limit_without_a_day_of_the_last_refill_tells_nothing_and_asks_for_that_day() -> None:
    untold = an_outlook(refill_by=None, refill_reason="The date of the last fill is not known.")
    line = lines(a_port(refill_cap_days=60, outlook=untold))["refill_date"]
    assert (line.next_step, line.why) == ("Log the last refill.", "The date of the last fill is not known.")
    assert line.link == "/pumps/RSV-1/visits/new"
    both = lines(a_port(outlook=untold))["refill_date"]
    assert "Set the longest stay" in both.next_step
    assert "Log the last refill." in both.next_step


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({}, True),
        ({"state": a_state(flow_ml_per_day=0.0)}, False),
        ({"link": LinkSeen("never", None, None), "state": None}, False),
        ({"state": None}, True),
        ({"state": None, "created_at": NOW - timedelta(days=3)}, False),
        ({"outlook": an_outlook(low_mark=SOON, refill_by=NOW + 5 * DAY)}, False),
        ({"lifecycle": "in_stock"}, False),
        ({"lifecycle": "replacement_planned"}, True),
        ({"lifecycle": "explanted"}, False),
        ({"refill_cap_days": 60}, False),
    ],
    ids=lambda told: ",".join(told) if isinstance(told, dict) else str(told),
)
def test_a_pump_that_meters_is_asked_about_only_while_it_may_run_empty_unforeseen(
    told: dict[str, Any], asked: bool
) -> None:
    view = a_port(model=CATALOGUE["synchromed-ii-20"], state=a_state())
    assert ("refill_date" in lines(replace(view, **told))) is asked


def test_a_drug_that_is_not_dangerous_to_lose_makes_the_question_a_lesser_one() -> None:
    assert lines(a_port(drug="bupivacaine"))["refill_date"].priority is Priority.LOW
    assert lines(a_port(drug=None))["refill_date"].priority is Priority.MEDIUM


@pytest.mark.parametrize(("days", "said"), [(0, False), (30, False), (-1, False), (-3, True), (-400, True)])
def test_a_surgery_whose_day_went_by_without_a_record_is_work(days: int, said: bool) -> None:
    planned = replace(a_port(), lifecycle="replacement_planned", replacement_planned_for=(NOW + days * DAY).date())
    found = [line for line in wanted_items(planned, NOW) if line.kind == "battery"]
    assert [line.what for line in found] == (["The day planned for surgery is past"] if said else [])
    assert all(str((NOW + days * DAY).date()) in line.why for line in found)
