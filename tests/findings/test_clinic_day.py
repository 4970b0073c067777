"""A moment has one day, the clinic's: every task and finding names it, whatever day UTC gives it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from devices.alarms import AlarmCode, Priority
from devices.interval import Interval
from devices.models.catalogue import CATALOGUE
from tests.findings.build import a_history, a_session, a_visit, an_alarm
from tests.worklist.test_reservoir import a_port, a_state, an_outlook
from tracker.findings.catalogue import findings
from tracker.findings.clinic_day import day_of, day_text, time_text
from tracker.findings.history import MriPast
from tracker.findings.pump_snapshot import (
    AdvisorySeen,
    AlarmSeen,
    AttestationSeen,
    DocumentedSeen,
    DraftSeen,
    Expectation,
    LinkSeen,
    MriSeen,
    PumpSnapshot,
)
from tracker.findings.replacement_facts import replacement_facts
from tracker.worklist.wanted_items import wanted_items

LOS_ANGELES = "America/Los_Angeles"
NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
"""In Los Angeles it is 18:30 on the 21st."""
THERE = "2026-11-21"
DAY = timedelta(days=1)
A_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def days_named(text: str) -> set[str]:
    return set(A_DAY.findall(text))


def at_the_clinic(moments: list[datetime]) -> set[str]:
    """The days that those moments have in Los Angeles: all lie at 02:30 UTC, so UTC calls each by the day after."""
    return {(moment - DAY).date().isoformat() for moment in moments}


@pytest.mark.parametrize(
    ("zone", "day", "time"),
    [
        (LOS_ANGELES, date(2026, 11, 21), "2026-11-21 18:30 PST"),
        ("Europe/Berlin", date(2026, 11, 22), "2026-11-22 03:30 CET"),
        ("Pacific/Auckland", date(2026, 11, 22), "2026-11-22 15:30 NZDT"),
        ("UTC", date(2026, 11, 22), "2026-11-22 02:30 UTC"),
        ("Mars/Olympus", date(2026, 11, 22), "2026-11-22 02:30 UTC"),
    ],
)
def test_a_moment_has_the_clinics_day_and_time(zone: str, day: date, time: str) -> None:
    clinic = SimpleNamespace(zone=zone)
    assert day_of(clinic, NIGHT) == day
    assert day_text(clinic, NIGHT) == day.isoformat()
    assert time_text(clinic, NIGHT) == time


def a_busy_view(**told: Any) -> PumpSnapshot:
    """A pump of a clinic in Los Angeles with something of every kind, each of it at 02:30 UTC of some day."""
    span = Interval(NIGHT + 2 * DAY, NIGHT + 3 * DAY, NIGHT + 4 * DAY)
    alarms = tuple(
        AlarmSeen(number, code, Priority.HIGH, NIGHT, NIGHT, NIGHT, 1, True, None, None, None, None)
        for number, code in enumerate(AlarmCode)
    )
    view = a_port(
        model=CATALOGUE["synchromed-ii-20"],
        zone=LOS_ANGELES,
        created_at=NIGHT - 90 * DAY,
        state=a_state(measured_at=NIGHT - DAY, received_at=NIGHT - DAY, motor="running"),
        link=LinkSeen("disconnected", NIGHT, NIGHT),
        outlook=an_outlook(
            eri=Expectation(span, "told"),
            eos=Expectation(span, "told"),
            low_mark=Expectation(span, "told"),
            empty=Expectation(span, "told"),
            refill_by=NIGHT + 2 * DAY,
        ),
        alarms=alarms,
        documented=(DocumentedSeen(1, "repairable", False, "Dr. A", "letter", NIGHT),),
        attestation=AttestationSeen(1, NIGHT, "a@clinic.example", "Dr. A", abuse_or_neglect=False),
        drafts=(DraftSeen(1, NIGHT, NIGHT, ("95990",), ()),),
        mri=(MriSeen(1, NIGHT, NIGHT, NIGHT),),
        advisories=(AdvisorySeen(1, "FSN-1", "Title", "Read it.", NIGHT),),
        limb_met=True,
        missing=("repairable",),
        determined_at=NIGHT,
    )
    return replace(view, **told)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"refill_by": NIGHT},
        {"replacement_planned_for": date(2026, 11, 1)},
        {"link": LinkSeen("never", None, None), "state": None, "alarms": ()},
        {"state": None},
        {"outlook": None},
    ],
    ids=lambda told: ", ".join(told) or "as built",
)
def test_no_task_names_the_day_that_utc_gives_a_moment(told: dict[str, Any]) -> None:
    due = told.pop("refill_by", None)
    view = a_busy_view(**told)
    if due is not None and view.outlook is not None:
        view = replace(view, outlook=replace(view.outlook, refill_by=due))
    moments = [NIGHT + days * DAY for days in (-90, -1, 0, 2, 3, 4)]
    allowed = at_the_clinic(moments) | {"2026-11-01"}  # the day of surgery was given as a day
    items = wanted_items(view, NIGHT)
    assert items
    for one in items:
        assert days_named(f"{one.what} {one.why} {one.next_step}") <= allowed, one
        assert "UTC" not in f"{one.what} {one.why}", one


def test_no_fact_names_the_day_that_utc_gives_a_moment() -> None:
    allowed = at_the_clinic([NIGHT + days * DAY for days in (-1, 0, 2, 3, 4)])
    for indicator, alarms in product((None, "eri"), (frozenset[str](), frozenset({"motor_stall"}))):
        state = a_state(measured_at=NIGHT - DAY, battery_indicator=indicator, alarms=alarms)
        for fact in replacement_facts(a_busy_view(state=state), NIGHT):
            assert days_named(fact.because) <= allowed, fact
            assert "UTC" not in fact.because, fact


def test_no_finding_names_the_day_that_utc_gives_a_moment() -> None:
    history = a_history()
    shift = NIGHT - history.now
    volumes = tuple(replace(seen, at=seen.at + shift) for seen in history.volumes)
    stopped = tuple(replace(seen, infusion="stopped") if seen.at > NIGHT - 8 * DAY else seen for seen in volumes)
    history = replace(
        history,
        model=CATALOGUE["prometra-ii-20"],
        now=NIGHT,
        zone=LOS_ANGELES,
        volumes=stopped,
        visits=(
            replace(
                a_visit(10, refilled=True, expected_ml=4.0, aspirated_ml=9.0, filled_ml=10.0),
                performed_at=NIGHT - 49 * DAY,
            ),
            replace(a_visit(9, id=2, reprogrammed=True, codes=("62368",)), performed_at=NIGHT - 9 * DAY),
        ),
        sessions=(replace(a_session(8, completed=False, programmer="X"), at=NIGHT - 8 * DAY),),
        alarms=(replace(an_alarm("empty_reservoir", 9), first_seen_at=NIGHT - 9 * DAY, waits_since=NIGHT - 9 * DAY),),
        mri=(MriPast(1, NIGHT - 5 * DAY, emptied_before=False),),
        known_programmers=frozenset({"A810-1"}),
        filled_at=NIGHT - 50 * DAY,
        refill_by=NIGHT - 20 * DAY,
        due_dates=((NIGHT - 50 * DAY, NIGHT - 20 * DAY),),
    )
    found = findings(history)
    assert {one.kind for one in found} >= {"late_refill", "ran_dry", "prolonged_stop", "volume_discrepancy"}
    allowed = at_the_clinic([NIGHT - days * DAY for days in range(60)]) - {NIGHT.date().isoformat()}
    night_days = {one.happened_at: one for one in found if one.happened_at.time() == NIGHT.time()}
    for at, one in night_days.items():
        assert days_named(one.sentence) <= allowed
        assert at.date().isoformat() not in one.sentence, one
