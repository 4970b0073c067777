"""Reading a case: moments, repetition, and every fault with its line and field before anything is played."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracker.rehearse.document import CaseFault, read_document
from tracker.rehearse.play import occurrences
from tracker.rehearse.read_case import case_of
from tracker.rehearse.scenario import Scenario

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ENROL = "- enrol: {serial: SN-1, model: synchromed-ii-20}\n"


def case(steps: str, head: str = "jobs_every: never\n") -> Scenario:
    return case_of(read_document(f"start: 2026-03-02T08:00:00Z\n{head}steps:\n{ENROL}{steps}"))


def moments(steps: str, head: str = "jobs_every: never\n") -> list[tuple[timedelta, int]]:
    return [(at - START, number) for at, number, _ in occurrences(case(steps, head))][1:]


@pytest.mark.parametrize(
    ("at", "since"),
    [
        ("21d1h30m5s", timedelta(days=21, hours=1, minutes=30, seconds=5)),
        ("1.5d", timedelta(days=1.5)),
        ("0d", timedelta(0)),
        ("90m", timedelta(minutes=90)),
        ("2026-03-03T08:00:00Z", timedelta(days=1)),
        ('"2026-03-03T04:00:00-04:00"', timedelta(days=1)),
        ("+2h", timedelta(hours=2)),
    ],
)
def test_a_moment_is_since_the_start_since_the_step_before_or_absolute(at: str, since: timedelta) -> None:
    assert moments(f"- at: {at}\n  jobs: run\n") == [(since, 2)]


def test_occurrences_stand_in_order_of_time_and_at_one_moment_in_the_order_of_the_file() -> None:
    steps = "- {at: 0d, every: 1d, until: 2d, report: {pump: SN-1}}\n- {at: 1d, look: SN-1}\n"
    days = [(at.days, number) for at, number in moments(steps)]
    assert days == [(0, 2), (1, 2), (1, 3), (2, 2)]


def test_the_jobs_run_from_the_start_on_after_what_arrives_at_the_same_moment() -> None:
    steps = "- {at: 12h, report: {pump: SN-1}}\n- {at: 25h, report: {pump: SN-1}}\n"
    assert moments(steps, "jobs_every: 12h\n") == [
        (timedelta(0), 0),
        (timedelta(hours=12), 2),
        (timedelta(hours=12), 0),
        (timedelta(hours=24), 0),
        (timedelta(hours=25), 3),
    ]


def test_after_a_repeated_step_time_goes_on_from_its_last_repetition() -> None:
    steps = "- {at: 0d, every: 2d, until: 5d, report: {pump: SN-1}}\n- {at: +1h, look: SN-1}\n- look: SN-1\n"
    assert moments(steps)[-2:] == [(timedelta(days=4, hours=1), 3), (timedelta(days=4, hours=1), 4)]


def test_a_repeated_step_without_a_moment_begins_with_the_repeated_step_before() -> None:
    steps = "- {at: 1d, every: 1d, until: 3d, report: {pump: SN-1}}\n- {every: 1d, until: 3d, report: {pump: SN-1}}\n"
    assert [at.days for at, number in moments(steps) if number == 3] == [1, 2, 3]


@pytest.mark.parametrize(
    ("steps", "line", "field"),
    [
        ("- {at: soon, look: SN-1}\n", 5, "steps[1].at"),
        ("- {at: 2026-03-02T08:00:00, look: SN-1}\n", 5, "steps[1].at"),
        ("- {at: 2026-03-01T08:00:00Z, look: SN-1}\n", 5, "steps[1].at"),
        ("- {at: 1d, every: 1d, look: SN-1}\n", 5, "steps[1].every"),
        ("- {at: 1d, every: 0d, until: 3d, look: SN-1}\n", 5, "steps[1].every"),
        ("- {at: 4d, every: 1d, until: 3d, look: SN-1}\n", 5, "steps[1].until"),
        ("- {at: 1d, every: 1s, until: 300d, look: SN-1}\n", 5, "steps[1].every"),
        ("- {at: 1d}\n", 5, "steps[1]"),
        ("- {look: SN-1, jobs: run}\n", 5, "steps[1]"),
        ("- {lok: SN-1}\n", 5, "steps[1].lok"),
        ("- {look: SN-2}\n", 5, "steps[1].look"),
        ("- {jobs: stop}\n", 5, "steps[1].jobs"),
        ("- {jobs: run, name: x}\n", 5, "steps[1].name"),
        ("- {look: SN-1, accepted: true}\n", 5, "steps[1].accepted"),
        ("- {report: {pump: SN-2}}\n", 5, "steps[1].report.pump"),
        ("- {report: {reservoir_ml: 3}}\n", 5, "steps[1].report.pump"),
        ("- {report: {pump: SN-1, measured: soon}}\n", 5, "steps[1].report.measured"),
        ("- report:\n    pump: SN-1\n    reservoir_ml: '{day} ** 2'\n", 7, "steps[1].report.reservoir_ml"),
        ("- {message: {topic: x}}\n", 5, "steps[1].message"),
        ("- {message: {topic: x, payload_base64: '*'}}\n", 5, "steps[1].message.payload_base64"),
        ("- {call: {path: api}}\n", 5, "steps[1].call.path"),
        ("- {call: {path: '/x/{visit}'}}\n", 5, "steps[1].call.path"),
        ("- {call: {path: /x, as: doctor}}\n", 5, "steps[1].call.as"),
        ("- {call: {path: /x, expect: 2x}}\n", 5, "steps[1].call.expect"),
        ("- {call: {path: /x, keep: {day: id}}}\n", 5, "steps[1].call.keep.day"),
        ("- look: SN-1\n  expect:\n  - {path: wellness, is: good}\n", 7, "steps[1].expect[0].path"),
        ("- look: SN-1\n  expect:\n  - {path: 'items[*].kynd', is: x}\n", 7, "steps[1].expect[0].path"),
        ("- {look: SN-1, expect: [{path: ages.heard, at_most: '{later.at} + 1d'}]}\n", 5, "steps[1].expect[0].at_most"),
    ],
)
def test_a_fault_of_a_step_is_told_with_line_and_field(steps: str, line: int, field: str) -> None:
    with pytest.raises(CaseFault) as fault:
        case(steps)
    assert (fault.value.line, fault.value.field) == (line, field)


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("start: 2026-03-02T08:00:00Z\n", 1, "steps"),
        ("start: today\nsteps: [{jobs: run}]\n", 1, "start"),
        ("start: 2026-03-02T08:00:00Z\nstpes: []\nsteps: [{jobs: run}]\n", 2, "stpes"),
        ("start: 2026-03-02T08:00:00Z\nsteps: []\n", 2, "steps"),
        ("start: 2026-03-02T08:00:00Z\nclinic: {time_zone: Mars/North}\nsteps: [{jobs: run}]\n", 2, "clinic.time_zone"),
        ("start: 2026-03-02T08:00:00Z\njobs_every: 0h\nsteps: [{jobs: run}]\n", 2, "jobs_every"),
        ("start: 2026-03-02T08:00:00Z\nsettings: {no_such: 1}\nsteps: [{jobs: run}]\n", 2, "settings.no_such"),
        (
            "start: 2026-03-02T08:00:00Z\nsettings: {idle_minutes: x}\nsteps: [{jobs: run}]\n",
            2,
            "settings.idle_minutes",
        ),
        ("start: 2026-03-02T08:00:00Z\nsettings: {data_dir: /x}\nsteps: [{jobs: run}]\n", 2, "settings.data_dir"),
    ],
)
def test_a_fault_of_the_head_is_told_with_line_and_field(text: str, line: int, field: str) -> None:
    with pytest.raises(CaseFault) as fault:
        case_of(read_document(text))
    assert (fault.value.line, fault.value.field) == (line, field)


def test_an_earlier_look_may_be_spoken_of_whatever_the_order_of_the_file() -> None:
    expectation = "{path: forecast.refill_by, at_least: '{first.forecast.refill_by} - 1d'}"
    steps = f"- {{at: 5d, look: SN-1, expect: [{expectation}]}}\n- {{at: 1d, look: SN-1, name: first}}\n"
    assert len(case(steps).steps) == 3
