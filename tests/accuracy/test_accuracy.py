"""The accuracy run in small, and the judgement it passes: a harm without a line, a line without a harm, a burden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.accuracy import goals, judge, score
from benchmarks.accuracy.__main__ import QUICK
from benchmarks.accuracy.foretold import Asked, foretell
from benchmarks.accuracy.lived import Harm, Life, Lived, Opened, live
from benchmarks.accuracy.run import HORIZON, OPENED, measure
from benchmarks.accuracy.truth import DAY, Truth
from simulators.status_messages import Fact

AT = datetime(2020, 6, 1, tzinfo=UTC)
SPOILT = AT - 188 * DAY
KEPT = AT - 185 * DAY


def a_line(kind: str, truth: Truth | None = None, *, cause: str = "", at: datetime = AT) -> Opened:
    return Opened(1, "SN-1", kind, cause or kind, "words", at, truth or a_truth())


def a_truth(low_in_days: float = 100.0, eos_in_days: float = 2000.0, filled: datetime = AT - 20 * DAY) -> Truth:
    return Truth(low_in_days, eos_in_days, filled)


def a_life(*facts: Fact, drug: str = "hydromorphone") -> Life:
    return Life("SN-1", "synchromed-ii-20", drug, AT - 200 * DAY, AT + 165 * DAY, list(facts))


def a_fact(what: str, at: datetime, **detail: float) -> Fact:
    return Fact(at, "SN-1", what, dict(detail))


def a_refill(held: float) -> Fact:
    return a_fact("refill", AT - DAY, expected_ml=5.0, held_ml=held, aspirated_ml=held, filled_ml=20.0)


def test_the_quick_run_lives_through_clinics_and_writes_every_part_of_the_table() -> None:
    measured = measure(QUICK, 2, Console(quiet=True))
    text = "\n".join(measured.lines)
    (too_small,) = [goal for goal in measured.unmet if "pump-years" in goal]
    assert too_small.endswith("too few to tell")
    assert too_small in text
    assert not [goal for goal in measured.unmet if "no line open before" in goal]
    assert QUICK.command in text
    for title in score.WHAT.values():
        assert title in text
    assert "| an empty reservoir |" in text
    assert "per pump-year" in text


def test_no_line_of_a_month_of_ordinary_care_is_false(tmp_path: Path) -> None:
    start = OPENED + timedelta(days=200)
    lived = live(309, 16, OPENED, start, start + timedelta(days=60), HORIZON, tmp_path, neglected=False)
    assert lived.messages > 100
    assert lived.lives
    assert sum(kind.false for kind in judge.told([lived])) == 0
    assert all(harm.warned_at is not None for harm in lived.harms)


def test_forecasts_of_a_small_clinic_hold_about_four_times_in_five() -> None:
    found = foretell(405, 5, OPENED, OPENED.replace(year=OPENED.year + 3))
    low = [one for one in found.asked if one.what == "low"]
    assert len(low) > 100
    assert 0.65 < sum(one.covered for one in low) / len(low) < 0.97


@pytest.mark.parametrize(
    ("line", "life", "false"),
    [
        (a_line("reservoir", a_truth(low_in_days=16)), a_life(), False),
        (a_line("reservoir", a_truth(low_in_days=18)), a_life(), True),
        (a_line("reservoir", a_truth(filled=AT - 170 * DAY)), a_life(drug="baclofen"), False),
        (a_line("reservoir", a_truth(filled=AT - 150 * DAY)), a_life(drug="baclofen"), True),
        (a_line("battery", a_truth(eos_in_days=300)), a_life(), False),
        (a_line("battery", a_truth(eos_in_days=400)), a_life(), True),
        (a_line("delivery"), a_life(a_fact("motor_stall", AT - DAY)), False),
        (a_line("delivery"), a_life(a_fact("motor_stall", AT + DAY)), True),
        (a_line("contact"), a_life(a_fact("silent", AT - 4 * DAY, days=5.0)), False),
        (a_line("contact"), a_life(a_fact("silent", AT - 30 * DAY, days=5.0)), True),
        (a_line("finding", cause="finding:ran_dry:1/7"), a_life(a_fact("empty", AT - DAY)), False),
        (a_line("finding", cause="finding:ran_dry:1/7"), a_life(), True),
        (a_line("finding", cause="finding:unlogged_refill:1/7"), a_life(a_fact("refill_untold", AT - DAY)), False),
        (a_line("finding", cause="finding:unlogged_refill:1/7"), a_life(a_fact("refill", AT - DAY)), True),
        (a_line("finding", cause=f"finding:late_refill:filled:{SPOILT:%Y-%m-%d}"), a_life(drug="baclofen"), False),
        (a_line("finding", cause=f"finding:late_refill:filled:{KEPT:%Y-%m-%d}"), a_life(drug="baclofen"), True),
        (
            a_line("finding", cause=f"finding:late_refill:filled:{SPOILT:%Y-%m-%d}"),
            a_life(a_fact("unlogged_refill", AT - 50 * DAY, filled_ml=20.0), drug="baclofen"),
            True,
        ),
        (a_line("finding", cause="finding:volume_discrepancy:visit:7"), a_life(a_refill(held=7.9)), False),
        (a_line("finding", cause="finding:volume_discrepancy:visit:7"), a_life(a_refill(held=7.7)), True),
        (a_line("draft"), a_life(), None),
        (a_line("reservoir", cause="refill_date"), a_life(), None),
    ],
)
def test_a_line_is_false_when_its_harm_was_not_true_and_would_not_have_come(
    line: Opened, life: Life, false: bool | None
) -> None:
    assert judge.is_false(line, life) is false


def test_a_harm_without_a_line_before_is_a_missed_one() -> None:
    lived = Lived(1, neglected=True)
    lived.harms = [Harm("a", "empty", AT, AT - 12 * DAY), Harm("b", "empty", AT, None), Harm("c", "eos", AT, None)]
    found = judge.warned([lived], "empty")
    assert (found.came, found.missed, found.lead_days) == (2, 1, (12.0,))


def test_every_promise_that_is_broken_is_named() -> None:
    wrong = [Asked(what, "a", 900.0, 365.0, 300.0, 310.0, 320.0) for what in score.WHAT]
    lived = Lived(1, neglected=False, lives={"SN-1": a_life()}, harms=[Harm("SN-1", "eos", AT, None)])
    lived.opened = [a_line("draft", at=AT - back * DAY) for back in range(60)]
    found = goals.unmet(wrong, [lived])
    assert [goal for goal in found if "held 0.0%" in goal] == found[:4]
    assert found[4:] == [
        "the indicator's date a year ahead is off by 55 days",
        "1 times a pump reached its end of service with no line open before",
        "5.45 lines a pump-month were opened in routine months",
        "1 pump-years were lived, too few to tell",
    ]
    assert "the indicator's date a year ahead was never asked for" in goals.unmet([], [lived])


def test_a_run_that_keeps_every_promise_has_none_named() -> None:
    right = [
        Asked(what, "a", 900.0, 365.0, 300.0, 360.0, 400.0 if place else 361.0)
        for what in score.WHAT
        for place in range(5)
    ]
    years = 1001 * 365.25 * DAY
    life = Life("SN-1", "synchromed-ii-20", "morphine", AT, AT + years)
    lived = Lived(1, neglected=False, lives={"SN-1": life}, harms=[Harm("SN-1", "empty", AT, AT - 12 * DAY)])
    assert goals.unmet(right, [lived]) == []


def test_a_routine_month_is_one_with_nothing_but_visits_in_it_and_before() -> None:
    life = a_life(a_fact("refill", AT - 100 * DAY), a_fact("mri", AT))
    lived = Lived(1, neglected=False, lives={"SN-1": life}, opened=[a_line("reservoir", at=AT - 99 * DAY)])
    routine = judge.routine_burden([lived])
    assert (routine.lines, routine.months) == (1, 9)
    assert judge.burden([lived]).lines == 1


def test_coverage_and_error_are_counted_by_how_far_ahead_the_truth_lay() -> None:
    asked = [Asked("eri", "a", 900.0, 365.0, 300.0, 355.0, 400.0), Asked("eri", "b", 900.0, 370.0, 300.0, 310.0, 320.0)]
    rows = {row.ahead: row for row in score.rows(asked)}
    assert set(rows) == {"all", "all not at the hard limit", "365 days"}
    assert (rows["365 days"].forecasts, rows["365 days"].coverage, rows["365 days"].error_days) == (2, 0.5, 35.0)
