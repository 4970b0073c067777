"""Expectations: every operator, over one value and over all that a path finds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tracker.rehearse.document import CaseFault, read_document
from tracker.rehearse.expectations import failures, read_expectations
from tracker.rehearse.operands import Moments
from tracker.rehearse.paths import ANYTHING

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
NOW = datetime(2026, 3, 12, 8, tzinfo=UTC)
DATA: dict[str, Any] = {
    "verdict": "well",
    "volume": 12.5,
    "dose": "600",
    "at": "2026-03-14T08:00:00Z",
    "day": "2026-03-14",
    "none": None,
    "flag": False,
    "codes": ["95990", "62368"],
    "empty": [],
    "items": [{"kind": "contact", "why": "No Report came"}, {"kind": "battery", "why": "ERI was reached"}],
}
EARLIER = {"before": {"at": "2026-03-10T08:00:00Z", "volume": 10, "none": None}}


def holds(expectation: str) -> bool:
    schemas = {"before": ANYTHING}
    read = read_expectations(read_document(f"[{expectation}]"), ANYTHING, schemas.get)
    return failures(DATA, read, Moments(START, NOW, UTC, EARLIER)) == []


@pytest.mark.parametrize(
    "expectation",
    [
        "{path: verdict, is: well}",
        "{path: verdict, is: [watch, well]}",
        "{path: verdict, not: [act, unknown]}",
        "{path: flag, is: false}",
        "{path: none, is: null}",
        "{path: codes, is: [95990, 62368]}",
        "{path: codes, contains: '95990'}",
        "{path: codes, lacks: '62369'}",
        "{path: 'items[*].why', contains: [nothing, report]}",
        "{path: 'items[*].why', matches: '^eri'}",
        "{path: 'items[kind=delivery]', empty: true}",
        "{path: items, empty: false}",
        "{path: empty, empty: true}",
        "{path: none, empty: true}",
        "{path: volume, at_least: 12.5, at_most: 13}",
        "{path: dose, between: [599, 601]}",
        "{path: at, is: 12d}",
        "{path: at, is: now + 2d}",
        "{path: at, at_most: now+2d}",
        "{path: at, between: [2026-03-14T00:00:00Z, 2026-03-15]}",
        "{path: day, at_most: 2026-03-14}",
        '{path: at, at_least: "{before.at} + 4d"}',
        '{path: volume, at_least: "{before.volume} + 2"}',
        "{any: [{path: verdict, is: act}, {any: [{path: volume, at_least: 1}]}]}",
    ],
)
def test_it_holds(expectation: str) -> None:
    assert holds(expectation)


@pytest.mark.parametrize(
    "expectation",
    [
        "{path: verdict, is: act}",
        "{path: 'items[kind=delivery].why', not: anything}",
        "{path: 'items[kind=delivery].why', is: anything}",
        "{path: empty, is: x}",
        "{path: none, at_least: 0}",
        "{path: none, at_most: 30d}",
        "{path: none, between: [0, 1]}",
        "{path: none, not: null}",
        "{path: 'items[*].kind', is: contact}",
        "{path: codes, contains: '6236 8'}",
        "{path: codes, lacks: '623'}",
        "{path: at, at_most: 11d}",
        "{path: volume, at_least: 12.5, at_most: 12.4}",
        '{path: at, at_least: "{before.none} + 4d"}',
        "{path: items, empty: true}",
        "{any: [{path: verdict, is: act}, {path: volume, at_least: 100}]}",
    ],
)
def test_it_does_not_hold(expectation: str) -> None:
    assert not holds(expectation)


@pytest.mark.parametrize(
    "expectation",
    [
        "{path: verdict}",
        "{is: well}",
        "{path: verdict, equals: well}",
        "{path: verdict, between: [1]}",
        "{path: verdict, at_least: soon}",
        "{path: verdict, at_least: [1, 2]}",
        "{path: verdict, empty: 1}",
        "{path: verdict, matches: '('}",
        "{path: verdict, is: []}",
        "{path: verdict, is: {a: 1}}",
        '{path: verdict, is: "{later.at}"}',
        '{path: verdict, is: "{before.at} + soon"}',
        "{path: verdict, at_most: now + soon}",
        "{any: []}",
        "{path: 'verdict[', is: x}",
    ],
)
def test_what_can_not_be_meant_is_a_fault_with_its_line(expectation: str) -> None:
    with pytest.raises(CaseFault):
        holds(expectation)


def test_a_field_that_the_answer_lacks_is_a_fault_of_the_case() -> None:
    with pytest.raises(CaseFault, match="there is no field verdikt"):
        holds("{path: verdikt, is: well}")


def test_what_does_not_hold_is_told_with_the_value_and_the_expectation() -> None:
    read = read_expectations(read_document("[{path: codes, is: '1'}]"), ANYTHING, lambda _: None)
    told = failures(DATA, read, Moments(START, NOW, UTC, {}))
    assert told == ['codes is ["95990", "62368"], expected is "1"']
