"""Visits: logged, drafted from sessions, confirmed, amended, withdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from tests.actions.build import NURSE, a_clinic, a_pump
from tests.build import a_visit
from tracker.actions.pumps.change_record import change_record
from tracker.actions.visits.amend_visit import amend_visit
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.actions.visits.draft_visit import draft_visit
from tracker.actions.visits.log_visit import log_visit
from tracker.actions.visits.withdraw_visit import withdraw_visit
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Pump
from tracker.records.visit import Visit, amendments

HOUR = timedelta(hours=1)
MORE = {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "330", "mode": None}
LESS = MORE | {"dose_per_day": "300"}


def log(session: Session, pump: Pump, now: datetime, **told: Any) -> Visit:
    values: dict[str, Any] = {"performed_at": now - HOUR, "analysed": True} | told
    return log_visit(session, pump, by=NURSE, now=now, **values)


def a_session(session: Session, pump: Pump, now: datetime, **told: Any) -> ProgrammerSessionRecord:
    values: dict[str, Any] = {
        "epoch": 1,
        "seq": 7,
        "measured_at": now,
        "received_at": now,
        "started_at": now - HOUR / 4,
        "completed": True,
        "programmer": "A810-1",
        "analysed": True,
        "reprogrammed": True,
        "refilled": True,
        "expected_ml": 2.6,
        "aspirated_ml": 2.9,
        "filled_ml": 20.0,
        "prescription_before": LESS,
        "prescription_after": MORE,
    } | told
    record = ProgrammerSessionRecord(pump_id=key(pump.id), **values)
    session.add(record)
    session.flush()
    return record


def test_a_visit_is_coded_and_a_second_one_of_the_day_shows_the_conflict(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        first = log(session, pump, now)
        second = log(session, pump, now, analysed=False, refilled=True)
        assert (first.codes, first.conflicts) == (["62367"], [])
        assert second.codes == ["95990"]
        assert len(second.conflicts) == 1


def test_the_day_of_a_visit_is_the_clinics_day_not_utcs(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        a_clinic(session, now, timezone="America/Los_Angeles")
        pump = a_pump(session, now - timedelta(days=9))
        midnight = now.replace(hour=8, minute=0)  # in Los Angeles
        log(session, pump, now, performed_at=midnight - HOUR)
        after = log(session, pump, now, performed_at=midnight + HOUR)
        same = log(session, pump, now, performed_at=midnight + HOUR / 2)
        assert after.conflicts == []
        assert len(same.conflicts) == 1


def test_a_reprogramming_carries_its_prescription_into_the_pumps_record(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, concentration="2000", concentration_unit="mcg/mL", dose_per_day="300")
        visit = log(session, pump, now, reprogrammed=True, prescription_after=MORE)
        assert pump.dose_per_day == "330"
        assert visit.prescription_before is not None
        assert visit.prescription_before["dose_per_day"] == "300"
        log(session, pump, now, performed_at=now - 30 * HOUR, reprogrammed=True, prescription_after=LESS)
        assert pump.dose_per_day == "330", "an older visit logged later changes nothing"
        withdraw_visit(session, key(visit.id), reason="another patient's", by=NURSE, now=now)
        assert pump.dose_per_day == "300"


def test_a_withdrawn_prescription_gives_way_to_the_one_before_however_many_refills_came_since(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now, concentration="2000", concentration_unit="mcg/mL", dose_per_day="300")
        visit = log(session, pump, now, performed_at=now - 2000 * HOUR, reprogrammed=True, prescription_after=MORE)
        for step in range(60):
            a_visit(session, pump, performed_at=now - (1900 - step) * HOUR)
        assert pump.dose_per_day == "330"
        withdraw_visit(session, key(visit.id), reason="another patient's", by=NURSE, now=now)
        assert pump.dose_per_day == "300"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"performed_at": datetime(2026, 11, 22, 9, 0)}, "performed_at"),  # noqa: DTZ001 - the fault under test
        ({"performed_at": None}, "performed_at"),
        ({"performed_at": datetime(1, 1, 1, tzinfo=UTC)}, "performed_at"),
        ({"performed_at": datetime(1969, 12, 31, tzinfo=UTC)}, "performed_at"),
        ({"filled_ml": 20.0}, "filled_ml"),
        ({"refilled": True, "aspirated_ml": -1.0}, "aspirated_ml"),
        ({"refilled": True, "filled_ml": float("nan")}, "filled_ml"),
        ({"refilled": True, "filled_ml": 200.0}, "filled_ml"),
        ({"prescription_after": MORE | {"concentration": 2000.0}}, "prescription_after.concentration"),
        ({"prescription_after": MORE | {"unit": ""}}, "prescription_after.unit"),
        ({"prescription_after": MORE | {"colour": "blue"}}, "prescription_after.colour"),
    ],
)
def test_a_visit_that_can_not_have_been_so_is_refused_with_the_field_named(
    sqlite_database: Database, now: datetime, told: dict[str, Any], field: str
) -> None:
    if told.get("performed_at", now) is None:
        told = {"performed_at": now + HOUR}
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        with pytest.raises(Invalid) as refused:
            log(session, pump, now, **told)
        assert refused.value.field == field


def test_a_visit_to_a_pump_whose_implant_was_mistyped_as_the_first_day_of_all_is_logged(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, implanted_on=date.min)
        assert log(session, pump, now).performed_at == now - HOUR


def test_analysis_of_a_constant_flow_pump_is_refused(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, model="codman-3000")
        with pytest.raises(Invalid) as refused:
            log(session, pump, now)
        assert refused.value.field == "analysed"


def test_a_programmer_session_becomes_one_draft_that_a_nurse_confirms(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        record = a_session(session, pump, now)
        draft = draft_visit(session, record, now)
        assert draft is not None
        assert (draft.status, draft.codes, draft.listed_in_guideline) == ("draft", ["62369"], False)
        assert draft_visit(session, record, now) is draft
        assert pump.dose_per_day is None, "nothing is prescribed by what nobody has confirmed"
        confirm_visit(session, key(draft.id), professional_skill=True, by=NURSE, now=now)
        assert [draft.status, *draft.codes, session.get_one(Pump, pump.id).dose_per_day] == [
            "confirmed",
            "62370",
            "330",
        ]
        with pytest.raises(Conflict, match="confirmed already"):
            confirm_visit(session, key(draft.id), by=NURSE, now=now)


def test_a_session_that_did_nothing_drafts_no_visit(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        record = a_session(session, a_pump(session, now), now, analysed=None, reprogrammed=None, refilled=None)
        assert draft_visit(session, record, now) is None


def test_a_session_that_claims_what_the_model_does_not_have_is_drafted_without_a_code_and_says_why(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        record = a_session(session, a_pump(session, now, model="codman-3000"), now)
        draft = draft_visit(session, record, now)
        assert draft is not None
        assert draft.codes == []
        assert "programmable" in draft.because


def test_an_amendment_keeps_what_was_said_before_and_codes_the_day_again(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        visit = log(session, pump, now, note="as told")
        amend_visit(session, key(visit.id), {"reprogrammed": True}, reason="it was", by=NURSE, now=now)
        assert visit.codes == ["62368"]
        (kept,) = amendments(session, key(visit.id))
        assert (kept.before["reprogrammed"], kept.before["codes"], kept.before["note"]) == (False, ["62367"], "as told")
        with pytest.raises(Invalid, match="say why"):
            amend_visit(session, key(visit.id), {"note": "x"}, reason=" ", by=NURSE, now=now)
        with pytest.raises(Invalid, match="can't be amended"):
            amend_visit(session, key(visit.id), {"pump_id": 2}, reason="x", by=NURSE, now=now)


def test_withdrawing_the_first_of_two_visits_of_a_day_ends_the_conflict(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        first, second = log(session, pump, now), log(session, pump, now)
        assert second.conflicts
        withdraw_visit(session, key(first.id), reason="logged twice", by=NURSE, now=now)
        assert second.conflicts == []
        with pytest.raises(Conflict):
            withdraw_visit(session, key(first.id), reason="again", by=NURSE, now=now)


MIXTURE = [
    {"drug": "morphine", "concentration": "25", "unit": "mg/mL", "dose_per_day": "5"},
    {"drug": "clonidine", "concentration": "100", "unit": "mcg/mL", "dose_per_day": "20"},
]
BOLUSES = {"dose": "10", "unit": "mcg", "per_day": 4, "lockout_minutes": 120}


def test_a_mixture_is_carried_into_the_record_whole_and_taken_back_with_its_visit(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, concentration="2000", concentration_unit="mcg/mL", dose_per_day="300")
        visit = log(session, pump, now, refilled=True, prescription_after={"drugs": MIXTURE})
        assert (pump.drug, pump.drugs, pump.concentration) == ("morphine + clonidine", MIXTURE, "25")
        assert pump.prescribed_at == visit.performed_at
        withdraw_visit(session, key(visit.id), reason="another patient's", by=NURSE, now=now)
        assert (pump.drug, pump.drugs, pump.concentration) == ("baclofen", None, "2000")


def test_a_pump_is_enrolled_with_a_mixture_and_boluses(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, drug=None, drugs=MIXTURE, boluses=BOLUSES)
        assert (pump.drug, pump.drugs, pump.boluses) == ("morphine + clonidine", MIXTURE, BOLUSES)
        with pytest.raises(Invalid) as refused:
            a_pump(session, now, serial="SN-2", drugs=MIXTURE)
        assert refused.value.field == "drug"


def test_boluses_stay_until_a_prescription_says_otherwise(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        log(session, pump, now, performed_at=now - 9 * HOUR, prescription_after=LESS | {"boluses": BOLUSES})
        log(session, pump, now, performed_at=now - 8 * HOUR, prescription_after=MORE)
        assert pump.boluses == BOLUSES, "a visit that does not speak of them leaves them"
        none = BOLUSES | {"per_day": 0}
        log(session, pump, now, performed_at=now - 7 * HOUR, prescription_after=MORE | {"boluses": none})
        assert pump.boluses == none
        log(session, pump, now, performed_at=now - 6 * HOUR, prescription_after=MORE | {"boluses": BOLUSES})
        record = a_session(session, pump, now, prescription_before=MORE | {"boluses": BOLUSES})
        draft = draft_visit(session, record, now)
        assert draft is not None
        confirm_visit(session, key(draft.id), by=NURSE, now=now)
        assert pump.boluses is None, "the session named them before and no longer does"


def test_boluses_of_one_drug_are_none_of_another(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        log(session, pump, now, performed_at=now - 9 * HOUR, prescription_after=LESS | {"boluses": BOLUSES})
        log(session, pump, now, refilled=True, prescription_after={"drugs": MIXTURE})
        assert pump.boluses is None


def test_a_changed_record_is_one_prescription_whole_and_holds_from_then_on(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, drug=None, drugs=MIXTURE)
        change_record(session, pump, {"boluses": BOLUSES}, now)
        assert (pump.boluses, pump.prescribed_at) == (BOLUSES, None)
        change_record(session, pump, {"drug": "baclofen"}, now)
        assert (pump.drug, pump.drugs, pump.prescribed_at) == ("baclofen", None, now)
        change_record(session, pump, {"drugs": MIXTURE[::-1]}, now)
        assert (pump.drug, pump.drugs, pump.concentration) == ("clonidine + morphine", MIXTURE[::-1], "100")
        with pytest.raises(Invalid) as refused:
            change_record(session, pump, {"drugs": MIXTURE, "drug": "baclofen"}, now)
        assert refused.value.field == "drug"
