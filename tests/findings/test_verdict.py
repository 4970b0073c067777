"""The word at the top of a pump: ``well`` needs everything, and whatever is not known is never ``well``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from devices.lifecycle import FOLLOWED, LifecycleState
from devices.report import Infusion, Motor
from tests.findings.build import NOW
from tracker.findings.verdict import Cause, Situation, Verdict, verdict

HOUR = timedelta(hours=1)
RUNS = Situation("implanted", "connected", 24 * HOUR, NOW - HOUR, "simple_continuous", "running", 0.3)
LOW, HIGH = Cause(1, "draft", "Confirm a visit"), Cause(3, "delivery", "Motor stalled")
LINKS = ("connected", "late", "disconnected", "suspended", "never")


def said(seen: Situation) -> Verdict:
    return verdict(seen, NOW).verdict


def test_a_pump_that_runs_and_asks_for_nothing_is_well() -> None:
    assert said(RUNS) is Verdict.WELL


def test_well_is_said_only_where_everything_is_known_and_nothing_is_open() -> None:
    ages = (None, NOW - 30 * HOUR, NOW - 37 * HOUR)
    flows = (None, 0.0, 0.3)
    causes = ((), (LOW,), (HIGH,))
    stops = (None, LOW)
    for infusion, motor, flow, open_, lifecycle, link, age, interrupted, ordered in product(
        [None, *Infusion], [None, *Motor], flows, causes, LifecycleState, LINKS, ages, stops, stops
    ):
        seen = Situation(
            str(lifecycle),
            link,
            24 * HOUR,
            age,
            infusion and str(infusion),
            motor and str(motor),
            flow,
            open_,
            len(open_),
            interrupted,
            ordered,
        )
        well = (
            lifecycle in FOLLOWED
            and link == "connected"
            and age == NOW - 30 * HOUR
            and infusion in {Infusion.SIMPLE_CONTINUOUS, Infusion.FLEX, Infusion.BOLUS}
            and motor in {Motor.RUNNING, Motor.NONE}
            and not (flow == 0.0 and infusion is Infusion.SIMPLE_CONTINUOUS)
            and (open_, interrupted, ordered) == ((), None, None)
        )
        assert (said(seen) is Verdict.WELL) is well, seen


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"lifecycle": "in_stock"}, Verdict.NOT_FOLLOWED),
        ({"causes": (HIGH,), "measured_at": None}, Verdict.ACT),
        ({"interrupted": LOW, "link": "disconnected"}, Verdict.ACT),
        ({"measured_at": None}, Verdict.UNKNOWN),
        ({"link": "suspended"}, Verdict.UNKNOWN),
        ({"doubted": True}, Verdict.UNKNOWN),
        ({"causes": (LOW,), "link": "late"}, Verdict.UNKNOWN),
        ({"causes": (Cause(2, "clock", "Clock is wrong"),)}, Verdict.UNKNOWN),
        ({"causes": (Cause(1, "contact", "Nothing new is measured"),)}, Verdict.UNKNOWN),
        ({"causes": (LOW,)}, Verdict.WATCH),
        ({"ordered": LOW, "infusion": "stopped", "motor": "stopped"}, Verdict.WATCH),
        ({"infusion": "minimum_rate"}, Verdict.WATCH),
    ],
)
def test_what_is_urgent_comes_first_then_whether_anything_is_known(told: dict[str, object], word: Verdict) -> None:
    assert said(replace(RUNS, **told)) is word  # type: ignore[arg-type]
