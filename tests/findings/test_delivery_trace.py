"""What a reservoir's points show of delivery."""

from __future__ import annotations

import pytest

from tests.findings.build import NOW
from tracker.findings.delivery_trace import ran_at, standing_volume, still_since
from tracker.findings.reading_points import DAY, Point, micros


def points(volumes: list[float], flow: float | None = 0.15, mode: str = "simple_continuous") -> list[Point]:
    """A report a day up to now."""
    first = micros(NOW) - (len(volumes) - 1) * DAY
    return [[first + at * DAY, volume, flow, mode, 1, at + 1] for at, volume in enumerate(volumes)]


def falling(days: int) -> list[float]:
    return [12.0 - 0.15 * at for at in range(days)]


def test_a_week_without_a_fall_while_flow_is_told_is_a_volume_that_stands() -> None:
    stands = standing_volume(points([*falling(10), *[10.63, 10.65, 10.6, 10.66, 10.64, 10.62, 10.65, 10.64]]))
    assert stands is not None
    assert stands.expected_ml == pytest.approx(1.2, abs=0.2)


@pytest.mark.parametrize(
    ("why", "seen"),
    [
        ("it falls", points(falling(30))),
        ("too short", points([*falling(10), 10.65, 10.65, 10.65])),
        ("coarse steps", points([12.0] * 8 + [11.0] * 7)),
        ("no flow is told", points([10.0] * 30, None)),
        ("stopped", points([10.03] * 30, 0.0, "stopped")),
        ("minimum rate", points([10.03] * 30, 0.006, "minimum_rate")),
        ("empty", points([0.01] * 30)),
        ("refilled", points([2.03] * 5 + [18.03 - 0.15 * at for at in range(3)])),
        ("nothing known", []),
    ],
)
def test_no_volume_stands_where_it_falls_or_too_little_is_known(why: str, seen: list[Point]) -> None:
    assert standing_volume(seen) is None, why


def test_the_noise_of_a_running_pump_at_any_flow_never_looks_like_a_volume_that_stands() -> None:
    for flow in (0.05, 0.1, 0.3, 1.0, 4.0):
        noisy = [19.0 - flow * at * 0.8 + 0.06 * (-1) ** at for at in range(int(18 / flow) if flow > 0.5 else 30)]
        assert standing_volume(points(noisy, flow)) is None, flow


def test_when_it_last_ran_and_since_when_not() -> None:
    runs, still = points(falling(3)), points([11.7] * 3, 0.0, "stopped")
    whole = [*([at - 3 * DAY, *rest] for at, *rest in runs), *still]
    assert ran_at(whole) == NOW - 3 * (NOW - NOW.replace(day=NOW.day - 1))
    assert still_since(whole) == NOW - 2 * (NOW - NOW.replace(day=NOW.day - 1))
    assert still_since(runs) is None
    assert ran_at(still) is None
