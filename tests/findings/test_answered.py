"""What the record answers is no finding, or none that bears on neglect: orders, looks, plans, care by others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.findings.build import a_history, a_session, a_visit, an_alarm, changed_from, day
from tracker.actions.replacement.note_findings import as_seen, compare
from tracker.findings.catalogue import findings
from tracker.findings.history import Finding, History, MriPast

STOPPED = {"drug": "morphine", "concentration": "10", "unit": "mg/mL", "dose_per_day": "0", "mode": "stopped"}
ZERO = {name: text for name, text in STOPPED.items() if name != "mode"}
RUNS = STOPPED | {"dose_per_day": "3", "mode": "simple_continuous"}


def of(kind: str, history: History) -> list[Finding]:
    return [one for one in findings(history) if one.kind == kind]


def a_stop() -> History:
    stopped = changed_from(a_history(), 8, infusion="stopped", flow_ml_per_day=0.0)
    return replace(stopped, alarms=(an_alarm("stopped_over_48h", 6),))


def test_an_ordered_stop_is_answered() -> None:
    history = a_stop()
    assert len(of("prolonged_stop", history)) == 1
    assert len(of("alarm_unattended", history)) == 1
    ordered = replace(history, visits=(a_visit(8.2, reprogrammed=True, after=STOPPED),))
    assert findings(ordered) == ()


@pytest.mark.parametrize(
    "after",
    [
        {"mode": "stopped", "drugs": [RUNS]},
        {"drugs": [ZERO, ZERO | {"drug": "bupivacaine"}]},
    ],
)
def test_a_mixture_is_stopped_by_its_mode_or_by_all_of_its_doses(after: dict[str, object]) -> None:
    assert findings(replace(a_stop(), visits=(a_visit(8.2, reprogrammed=True, after=after),))) == ()


def test_a_stop_that_nobody_confirmed_or_that_was_ended_is_not_answered() -> None:
    draft = a_visit(8.2, reprogrammed=True, after=STOPPED, confirmed=False, drafted=True)
    assert len(of("prolonged_stop", replace(a_stop(), visits=(draft,)))) == 1
    long_ago = (a_visit(15, reprogrammed=True, after=STOPPED), a_visit(14, id=2, reprogrammed=True, after=RUNS))
    assert len(of("prolonged_stop", replace(a_stop(), visits=long_ago))) == 1


def test_a_stop_is_measured_only_while_the_pump_is_heard() -> None:
    history = a_stop()
    gap = tuple(seen for seen in history.volumes if not day(7.5) < seen.at < day(1))
    assert of("prolonged_stop", replace(history, volumes=gap)) == []


def test_an_alarm_that_was_looked_at_is_answered() -> None:
    stalled = a_history(alarms=(an_alarm("motor_stall", 10),))
    assert len(of("alarm_unattended", stalled)) == 1
    assert of("alarm_unattended", replace(stalled, visits=(a_visit(9, analysed=True),))) == []
    assert of("alarm_unattended", replace(stalled, sessions=(a_session(9),))) == []
    assert len(of("alarm_unattended", replace(stalled, sessions=(a_session(11),)))) == 1, "before it came"
    paused = replace(stalled, paused=((day(10), day(2)),))
    assert of("alarm_unattended", paused) == []


def test_a_planned_replacement_answers_what_the_battery_says() -> None:
    nearing = a_history(alarms=(an_alarm("elective_replacement", 30),))
    assert len(of("alarm_unattended", nearing)) == 1
    assert of("alarm_unattended", replace(nearing, surgery_on=day(-20).date())) == []


def test_an_alarm_older_than_the_visits_in_view_is_not_newly_found() -> None:
    old = a_history(alarms=(an_alarm("motor_stall", 130),), since=day(117))
    assert of("alarm_unattended", old) == []


@pytest.mark.parametrize(
    ("told", "exams"),
    [
        ({"reprogrammed": False}, ()),
        ({"reprogrammed": True, "refilled": True}, ()),
        ({"reprogrammed": True}, (MriPast(1, day(3.5), emptied_before=None),)),
    ],
)
def test_a_strange_programmer_that_read_filled_or_stood_by_an_mri_was_somebodys_care(
    told: dict[str, bool], exams: tuple[MriPast, ...]
) -> None:
    session = a_session(3, programmer="X-9", **told)
    (found,) = of(
        "unknown_programmer", a_history(sessions=(session,), mri=exams, known_programmers=frozenset({"A810-1"}))
    )
    assert (found.points_at, found.neglect_or_abuse) == ("clinic", False)


def test_a_reservoir_that_ran_dry_before_its_refill_was_due_points_at_the_device() -> None:
    empty = a_history(alarms=(an_alarm("empty_reservoir", 5),), filled_at=day(60))
    (early,) = of("ran_dry", replace(empty, due_dates=((day(60), day(-9)),)))
    assert (early.points_at, early.neglect_or_abuse) == ("device", False)
    (late,) = of("ran_dry", replace(empty, due_dates=((day(60), day(12)),)))
    assert (late.points_at, late.neglect_or_abuse) == ("patient", True)
    silent = tuple(seen for seen in empty.volumes if not day(13) < seen.at < day(5))
    (unheard,) = of("ran_dry", replace(empty, due_dates=((day(60), day(12)),), volumes=silent))
    assert (unheard.points_at, unheard.neglect_or_abuse) == ("device", False)


def test_a_count_that_nobody_set_after_a_refill_runs_dry_on_paper_alone() -> None:
    empty = a_history(alarms=(an_alarm("empty_reservoir", 5),), due_dates=((day(60), day(12)),))
    assert of("ran_dry", replace(empty, visits=(a_visit(10, refilled=True, filled_ml=18.0),))) == []


def test_boluses_that_are_allotted_explain_what_left() -> None:
    history = changed_from(a_history(), 5, by_ml=-2.6)
    assert len(of("volume_vanished", history)) == 1
    assert of("volume_vanished", replace(history, boluses_ml_per_day=1.6)) == []


def test_the_same_discrepancy_again_is_strong() -> None:
    def refill(number: int, ago: float, aspirated: float) -> object:
        return a_visit(ago, id=number, refilled=True, expected_ml=5.0, aspirated_ml=aspirated, filled_ml=20.0)

    twice = a_history(visits=(refill(1, 100, 1.0), refill(2, 50, 1.0)))
    assert [one.strength for one in of("volume_discrepancy", twice)] == ["moderate", "strong"]
    thrice = a_history(visits=(refill(1, 100, 3.0), refill(2, 50, 3.0), refill(3, 10, 1.0)))
    assert [one.strength for one in of("volume_discrepancy", thrice)] == ["strong"]
    swings = a_history(visits=(refill(1, 100, 7.0), refill(2, 50, 3.0), refill(3, 10, 1.0)))
    assert [one.strength for one in of("volume_discrepancy", swings)] == ["moderate"]


def test_a_visit_logged_later_changes_whom_an_unreviewed_finding_may_relate_to() -> None:
    empty = a_history(alarms=(an_alarm("empty_reservoir", 5),), filled_at=day(60), due_dates=((day(60), day(12)),))
    (found,) = of("ran_dry", empty)
    known = replace(as_seen(found, day(1)), id=7)
    seen = replace(empty, visits=(a_visit(8, analysed=True),), known=(known,))
    ((number, now_says),) = compare(seen, [known], day(90)).changed
    assert (number, now_says.points_at, now_says.neglect_or_abuse) == (7, "clinic", False)
    assert compare(seen, [replace(known, ruling="upheld")], day(90)).changed == ()


def test_a_stop_whose_reports_are_gone_is_resolved_by_the_order_alone() -> None:
    (found,) = of("prolonged_stop", a_stop())
    known = replace(as_seen(found, day(1)), id=7)
    later = a_history(days=3)
    assert compare(later, [known], day(90)).resolved == ()
    ordered = replace(later, visits=(a_visit(8.2, reprogrammed=True, after=STOPPED),))
    assert compare(ordered, [known], day(90)).resolved == (7,)


def test_a_refill_that_a_session_drafted_contradicts_no_code() -> None:
    told = {"reprogrammed": True, "before": RUNS, "after": RUNS, "codes": ("62369",)}
    logged = a_history(visits=(a_visit(5.1, **told),))
    assert len(of("code_contradicted", logged)) == 1
    for visit in (
        a_visit(5.1, refilled=True, drafted=True, filled_ml=10.8, **told),
        a_visit(5.1, confirmed=False, drafted=True, **told),
        a_visit(5.1, **told | {"codes": ("62367",)}),
    ):
        assert of("code_contradicted", a_history(visits=(visit,))) == []
