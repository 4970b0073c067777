"""Refills: by when, what should be left, and what a difference means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devices.interval import Interval, Unknown
from devices.model import DeviceKind, PumpModel
from devices.models.catalogue import CATALOGUE, MODELS
from devices.refill import (
    AS_EXPECTED,
    LESS_FOUND,
    MORE_FOUND,
    NOT_AS_FILLED,
    LimitKind,
    RefillBy,
    after_filling,
    discrepancy,
    refill_by,
)
from devices.reservoir import ReservoirForecast
from devices.stability import Stability

FILLED = datetime(2026, 1, 1, tzinfo=UTC)
NO_FORECAST = Unknown("No volume was reported yet.", "Wait.")
NOT_STABLE = Unknown("No source was found.", "Set a cap.")
PUMPS = [model for model in MODELS if model.kind is not DeviceKind.RESERVOIR]
SMALL, LARGE = CATALOGUE["synchromed-ii-20"], CATALOGUE["synchromed-ii-40"]


def day(number: float) -> datetime:
    return FILLED + timedelta(days=number)


def low_on(first: float) -> ReservoirForecast:
    low = Interval(day(first), day(first + 2), day(first + 4))
    return ReservoirForecast(
        low, low.shifted(timedelta(days=7)), 2.0, 0.3, low_seen=False, empty_seen=False, basis=("x",)
    )


def keeps(days: int) -> Stability:
    return Stability(days, "the drug keeps so long", "S2c")


@pytest.mark.parametrize(
    ("volume", "stable", "cap", "kind", "at"),
    [
        (50, 180, 90, LimitKind.VOLUME, 50),
        (200, 180, 190, LimitKind.STABILITY, 180),
        (200, 180, 90, LimitKind.CLINIC_CAP, 90),
        (200, 180, None, LimitKind.STABILITY, 180),
    ],
)
def test_the_earliest_of_volume_stability_and_cap_decides(
    volume: float, stable: int, cap: int | None, kind: LimitKind, at: float
) -> None:
    answer = refill_by(low_on(volume), FILLED, keeps(stable), cap)
    assert isinstance(answer, RefillBy)
    assert (answer.kind, answer.at) == (kind, day(at))
    assert answer.because == answer.limits[0].because
    assert [limit.at for limit in answer.limits] == sorted(limit.at for limit in answer.limits)
    assert answer.unknown == ()


def test_each_reason_says_what_it_rests_on() -> None:
    answer = refill_by(low_on(50), FILLED, keeps(180), 90)
    assert isinstance(answer, RefillBy)
    assert [limit.because for limit in answer.limits] == [
        "the reservoir reaches its low-reservoir alarm of 2 mL as early as then",
        "the clinic refills at least every 90 days",
        "the drug keeps so long (source S2c)",
    ]


def test_what_is_unknown_is_listed_beside_the_date() -> None:
    answer = refill_by(low_on(50), None, NOT_STABLE, 90)
    assert isinstance(answer, RefillBy)
    assert answer.unknown == ("No source was found.", "The date of the last fill is not known.")


def test_with_nothing_known_there_is_no_date() -> None:
    answer = refill_by(NO_FORECAST, FILLED, NOT_STABLE, None)
    assert isinstance(answer, Unknown)
    assert answer.reason == "No volume was reported yet. No source was found."


@pytest.mark.parametrize(
    ("model", "expected", "aspirated", "programmed", "over"),
    [
        (SMALL, 3.0, 6.4, 17.0, False),
        (SMALL, 3.0, 6.5, 17.0, True),
        (SMALL, 5.0, 1.5, 15.0, True),
        (SMALL, 5.0, 2.1, 15.0, False),
        (SMALL, 15.0, 17.0, 5.0, False),
        (SMALL, 15.0, 17.1, 5.0, True),
        (LARGE, 6.0, 12.8, 34.0, False),
        (LARGE, 6.0, 12.9, 34.0, True),
        (LARGE, 35.0, 37.1, 5.0, True),
        (LARGE, 35.0, 37.1, None, True),
        (LARGE, 6.0, 12.7, None, False),
        (SMALL, 19.9, 18.0, 0.1, False),
        (SMALL, 20.0, 20.0, 0.0, False),
    ],
)
def test_a_difference_is_a_finding_over_two_millilitres_and_a_fifth_of_the_programmed_volume(
    model: object, expected: float, aspirated: float, programmed: float | None, over: bool
) -> None:
    judged = discrepancy(SMALL if model is SMALL else LARGE, expected, aspirated, programmed)
    assert judged.over is over
    assert judged.difference_ml == pytest.approx(aspirated - expected)


@pytest.mark.parametrize("model", PUMPS, ids=lambda model: model.id)
def test_a_pump_that_delivers_within_its_accuracy_makes_no_finding_at_any_refill(model: PumpModel) -> None:
    for programmed in (1.0, 5.0, model.capacity_ml * 0.9):
        expected = model.capacity_ml - programmed
        for share in (-model.flow_accuracy_percent, model.flow_accuracy_percent):
            aspirated = max(expected - programmed * share / 100, 0.0)
            assert not discrepancy(model, expected, aspirated, programmed).over


@pytest.mark.parametrize(("model", "found", "over"), [(SMALL, 19.0, False), (SMALL, 18.9, True), (LARGE, 18.1, False)])
def test_the_check_after_filling_has_the_models_own_limit(model: PumpModel, found: float, over: bool) -> None:
    judged = after_filling(model, 20.0, found)
    assert judged.over is over
    assert (judged.means == NOT_AS_FILLED) is over


def test_the_sign_is_explained_and_nobody_is_accused() -> None:
    more, less, same = (discrepancy(SMALL, 5.0, found, 15.0) for found in (8.5, 1.5, 5.0))
    assert (more.means, less.means, same.means) == (MORE_FOUND, LESS_FOUND, AS_EXPECTED)
    assert "got less than programmed" in more.means
    assert "before anybody thinks of withdrawal" in less.means
    assert more.rule == "over 20% of the 15.0 mL programmed since the last fill"
    assert same.rule == "within 3.0 mL"


def test_the_rule_that_was_broken_is_named() -> None:
    assert discrepancy(LARGE, 35.0, 37.5, 5.0).rule == "over 2 mL"
    assert discrepancy(LARGE, 6.0, 14.0, None).rule == "over 6.8 mL, where the fill before is not known"
