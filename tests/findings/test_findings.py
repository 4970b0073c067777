"""What the records show, on both sides of each limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from devices.models.catalogue import CATALOGUE, MODELS
from tests.findings.build import DAY, NOW, a_history, a_session, a_visit, an_alarm, changed_from, day
from tracker.findings.catalogue import findings
from tracker.findings.history import History, MriPast

DOSE = {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "300", "mode": None}


def kinds(history: History) -> list[str]:
    return [one.kind for one in findings(history)]


def test_a_pump_that_is_cared_for_shows_nothing() -> None:
    assert kinds(a_history()) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_no_model_shows_anything_in_an_ordinary_course_or_without_any_record(model: Any) -> None:
    flow = None if model.fixed_flow_ml_per_day is None else 0.3
    ordinary = changed_from(a_history(model=model), 99, flow_ml_per_day=flow)
    assert kinds(ordinary) == []
    assert kinds(replace(ordinary, volumes=())) == []


def test_a_volume_that_rises_with_no_refill_logged_is_found_and_resolved_by_logging_it() -> None:
    history = changed_from(a_history(), 5, by_ml=6.0)
    (found,) = findings(history)
    assert (found.kind, found.points_at, found.mend) == ("unlogged_refill", "clinic", "Log the refill.")
    assert [one.kind for one in found.evidence] == ["reading", "reading"]
    assert kinds(replace(history, visits=(a_visit(5.1, refilled=True),))) == []
    assert kinds(replace(history, sessions=(a_session(5.1, refilled=True),))) == []
    assert kinds(replace(history, visits=(a_visit(9, refilled=True, filled_ml=12.0),))) == ["unlogged_refill"]


def test_a_rise_of_a_millilitre_a_single_odd_report_or_one_of_today_is_no_refill() -> None:
    assert kinds(changed_from(a_history(), 5, by_ml=0.9)) == []
    once = a_history()
    odd = tuple(replace(seen, reservoir_ml=20.0) if seen.seq == 20 else seen for seen in once.volumes)
    assert kinds(replace(once, volumes=odd)) == []
    assert kinds(changed_from(a_history(), 1.5, by_ml=6.0)) == [], "there is still time to log it"


def test_volume_that_vanishes_is_found_and_points_at_no_person() -> None:
    history = changed_from(a_history(), 5, by_ml=-3.0)
    (found,) = findings(history)
    assert (found.kind, found.neglect_or_abuse, found.points_at) == ("volume_vanished", True, "device")
    assert any("leak" in one for one in found.explanations)
    assert kinds(changed_from(a_history(), 5, by_ml=-0.9)) == []
    assert kinds(replace(history, visits=(a_visit(5, refilled=True),))) == ["refill_not_seen"]


def test_a_refill_that_the_reservoir_never_shows_is_found() -> None:
    visit = a_visit(5.2, refilled=True, filled_ml=20.0)
    assert kinds(a_history(visits=(visit,))) == ["refill_not_seen"]
    seen = changed_from(a_history(visits=(visit,)), 5.1, by_ml=9.0)
    assert kinds(seen) == []
    assert kinds(a_history(visits=(a_visit(1.2, refilled=True, filled_ml=20.0),))) == [], "reports may still come"
    assert kinds(a_history(visits=(a_visit(5.2, refilled=True, filled_ml=11.0),))) == [], "too little to be seen"


@pytest.mark.parametrize(
    ("model", "aspirated", "found"),
    [
        ("synchromed-ii-20", 4.6, []),
        ("synchromed-ii-20", 6.4, ["volume_discrepancy"]),
        ("synchromed-ii-40", 4.7, []),
        ("synchromed-ii-40", 9.0, []),
        ("synchromed-ii-40", 10.5, ["volume_discrepancy"]),
    ],
)
def test_a_refill_that_finds_another_volume_is_judged_by_a_fifth_of_what_a_fill_can_hold_where_the_last_is_not_known(
    model: str, aspirated: float, found: list[str]
) -> None:
    visit = a_visit(5.2, refilled=True, expected_ml=2.6, aspirated_ml=aspirated, filled_ml=10.6)
    history = a_history(model=CATALOGUE[model], visits=(visit,))
    told = [one for one in findings(history) if one.kind == "volume_discrepancy" and one.strength != "weak"]
    assert [one.kind for one in told] == found


def test_a_refill_after_a_fill_that_nobody_recorded_is_judged_by_the_reports_and_never_more_than_weakly() -> None:
    visit = a_visit(5.2, refilled=True, expected_ml=2.6, aspirated_ml=9.0, filled_ml=10.6)
    (found,) = [
        one
        for one in findings(a_history(model=CATALOGUE["synchromed-ii-40"], visits=(visit,)))
        if one.kind == "volume_discrepancy"
    ]
    assert found.strength == "weak"
    assert "No fill before it is on record" in found.sentence


def test_the_sign_of_a_discrepancy_is_explained() -> None:
    sentences = []
    for aspirated in (0.0, 9.2):
        visit = a_visit(5.2, refilled=True, expected_ml=4.6, aspirated_ml=aspirated)
        told = [one.sentence for one in findings(a_history(visits=(visit,))) if one.kind == "volume_discrepancy"]
        sentences += told
    assert "over-infusion, a leak" in sentences[0]
    assert "got less than programmed" in sentences[1]


def test_a_flow_that_changes_with_no_reprogramming_logged_is_found() -> None:
    history = changed_from(a_history(), 5, flow_ml_per_day=0.4)
    assert kinds(history) == ["unlogged_reprogramming"]
    assert kinds(replace(history, visits=(a_visit(5, reprogrammed=True),))) == []
    assert kinds(replace(history, alarms=(an_alarm("low_battery_reset", 5, acknowledged_at=day(5)),))) == []
    assert kinds(changed_from(a_history(), 5, flow_ml_per_day=0.312)) == []
    assert kinds(changed_from(a_history(), 5, flow_ml_per_day=0.006, infusion="minimum_rate")) == []


def test_a_session_that_finds_another_prescription_than_the_last_one_left_is_found() -> None:
    first = a_session(9, after=DOSE)
    changed = a_session(5, id=2, before=DOSE | {"dose_per_day": "330"})
    assert kinds(a_history(sessions=(first, changed))) == ["unlogged_reprogramming"]
    same = a_session(5, id=2, before=DOSE | {"dose_per_day": "300.0"})
    assert kinds(a_history(sessions=(first, same))) == []
    assert kinds(a_history(sessions=(first, changed), visits=(a_visit(7, reprogrammed=True),))) == []


def test_a_session_never_completed_is_the_clinics_matter_and_no_neglect() -> None:
    history = a_history(sessions=(a_session(3, completed=False),))
    (found,) = findings(history)
    assert (found.kind, found.points_at, found.neglect_or_abuse) == ("session_not_completed", "clinic", False)
    completed = (*history.sessions, a_session(2.9, id=2))
    assert kinds(replace(history, sessions=completed)) == []
    assert kinds(a_history(sessions=(a_session(3, completed=None),))) == [], "what was not said is not known"


def test_an_unknown_programmer_is_found_only_where_the_clinic_has_named_its_own() -> None:
    history = a_history(sessions=(a_session(3, programmer="X-9", reprogrammed=True),))
    assert kinds(history) == []
    named = replace(history, known_programmers=frozenset({"A810-1"}))
    (found,) = findings(named)
    assert (found.kind, found.strength) == ("unknown_programmer", "strong")
    assert kinds(replace(history, known_programmers=frozenset({"X-9"}))) == []


def test_a_pump_that_stands_still_for_over_two_days_is_found_unless_its_service_had_ended() -> None:
    history = changed_from(a_history(), 4, infusion="stopped", flow_ml_per_day=0.0)
    (found,) = findings(history)
    assert (found.kind, found.points_at) == ("prolonged_stop", "device")
    after_session = replace(history, sessions=(a_session(4.1),))
    assert findings(after_session)[0].points_at == "clinic"
    assert kinds(changed_from(a_history(), 1.9, infusion="stopped", flow_ml_per_day=0.0)) == []
    ended = an_alarm("end_of_service", 4, acknowledged_at=day(4))
    assert kinds(replace(history, alarms=(ended,))) == []


@pytest.mark.parametrize(
    ("code", "days", "found"),
    [
        ("motor_stall", 2.9, []),
        ("motor_stall", 3.1, ["alarm_unattended"]),
        ("elective_replacement", 13.9, []),
        ("elective_replacement", 14.1, ["alarm_unattended"]),
        ("memory_error", 20.9, []),
        ("memory_error", 21.1, ["alarm_unattended"]),
        ("empty_reservoir", 0.1, ["ran_dry"]),
    ],
)
def test_an_alarm_counts_against_care_only_after_its_time(code: str, days: float, found: list[str]) -> None:
    assert kinds(a_history(alarms=(an_alarm(code, days),))) == found


def test_an_alarm_that_reached_the_clinic_late_or_was_answered_in_time_is_nobodys_neglect() -> None:
    late = an_alarm("motor_stall", 90, waits_since=day(1))
    assert kinds(a_history(alarms=(late,))) == []
    answered = an_alarm("motor_stall", 90, acknowledged_at=day(89))
    assert kinds(a_history(alarms=(answered,))) == []


def test_a_low_mark_that_came_early_because_volume_vanished_is_no_late_refill() -> None:
    history = a_history(alarms=(an_alarm("low_reservoir", 10),), vanished_at=(day(30),))
    assert kinds(history) == []


def test_a_refill_overdue_by_stability_is_late_after_a_week() -> None:
    shown = ((day(100), NOW - 8 * DAY),)
    overdue = a_history(filled_at=day(190), refill_by=NOW - 8 * DAY, low_mark_at=NOW + 30 * DAY, due_dates=shown)
    assert kinds(overdue) == ["late_refill"]
    assert kinds(replace(overdue, refill_by=NOW - 6 * DAY)) == []


def test_handling_against_the_models_limits_is_found() -> None:
    overfilled = a_history(visits=(a_visit(99, refilled=True, filled_ml=21.0),))
    assert kinds(overfilled) == ["handling_against_limits"]
    too_fast = changed_from(a_history(), 99, flow_ml_per_day=30.0)
    assert kinds(too_fast) == ["handling_against_limits"]
    full = a_history(model=CATALOGUE["prometra-ii-20"], mri=(MriPast(1, day(2), emptied_before=False),))
    assert kinds(full) == ["handling_against_limits"]
    assert kinds(replace(full, mri=(MriPast(1, day(2), emptied_before=None),))) == [], "not said is not known"


def test_a_reprogramming_that_nothing_shows_contradicts_its_code() -> None:
    visit = a_visit(5.1, analysed=True, reprogrammed=True, before=DOSE, after=DOSE, codes=("62368",))
    (found,) = findings(a_history(visits=(visit,)))
    assert (found.kind, found.strength) == ("code_contradicted", "weak")
    changed = replace(visit, after=DOSE | {"dose_per_day": "330"})
    assert kinds(a_history(visits=(changed,))) == []
    assert kinds(a_history(visits=(replace(visit, after=None),))) == []


def test_every_finding_names_its_evidence_and_innocent_explanations_and_none_accuses() -> None:
    histories = [
        changed_from(a_history(), 5, by_ml=-3.0),
        a_history(alarms=(an_alarm("empty_reservoir", 9),), due_dates=((day(60), day(14)),), filled_at=day(90)),
        a_history(sessions=(a_session(3, programmer="X", reprogrammed=True),), known_programmers=frozenset({"Y"})),
    ]
    found = [one for history in histories for one in findings(history)]
    assert {one.kind for one in found} == {"volume_vanished", "ran_dry", "unknown_programmer"}
    assert all(one.neglect_or_abuse for one in found)
    for one in found:
        assert one.evidence
        assert len(one.explanations) >= 2
        assert not {"abuse", "neglect", "stole", "theft"} & set(one.sentence.lower().split())


def test_the_same_cause_is_found_once_whichever_report_shows_it_first() -> None:
    history = changed_from(a_history(), 5, by_ml=6.0)
    fewer = replace(history, volumes=tuple(seen for seen in history.volumes if seen.seq != 31))
    one, other = findings(history)[0], findings(fewer)[0]
    assert one.key != other.key
    assert abs(one.happened_at - other.happened_at) <= DAY


def test_a_pump_that_gives_no_low_alarm_is_late_by_its_forecast_low_mark_and_one_that_does_by_its_alarm() -> None:
    due = NOW - 8 * DAY
    overdue: dict[str, Any] = {"filled_at": day(100), "low_mark_at": due, "due_dates": ((day(99), due),)}
    silent = changed_from(a_history(model=CATALOGUE["codman-3000"], **overdue), 99, flow_ml_per_day=None)
    assert kinds(silent) == ["late_refill"]
    assert kinds(a_history(**overdue)) == []


_RX = {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "300", "mode": None}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"drug": "Baclofen"}, False),
        ({"drug": "Lioresal", "unit": "ug/mL"}, False),
        ({"unit": "mcg/ml"}, False),
        ({"unit": "\u00b5g/mL"}, False),
        ({"unit": "\u03bcg/mL"}, False),
        ({"concentration": "2", "unit": "mg/mL", "dose_per_day": "0.30"}, False),
        ({"boluses": {"dose": "10", "unit": "mcg", "per_day": 4}}, False),
        ({"unit": "mg/mL"}, True),
        ({"dose_per_day": "330"}, True),
        ({"drug": "bacloven"}, True),
    ],
)
def test_another_spelling_of_the_same_prescription_is_no_reprogramming(changed: dict[str, Any], found: bool) -> None:
    sessions = (
        a_session(9, id=1, before=_RX, after=_RX),
        a_session(2, id=2, before=_RX | changed, after=_RX | changed),
    )
    told = [one for one in findings(a_history(sessions=sessions)) if one.kind == "unlogged_reprogramming"]
    assert bool(told) is found
