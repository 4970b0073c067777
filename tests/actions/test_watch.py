"""What is watched beside telemetry: advisories, MRI checks, announced silence, the clinic's programmers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from tests.actions.build import NURSE, a_pump, a_report, refresh_worklist
from tracker.actions.advisories.acknowledge_advisory import acknowledge_advisory
from tracker.actions.advisories.load_advisories import load_advisories
from tracker.actions.advisories.read_recalls import read_recalls
from tracker.actions.pumps.enrol_pump import enrol_pump
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.actions.pumps.name_programmer import drop_programmer, name_programmer
from tracker.actions.pumps.revoke_credential import revoke_credential
from tracker.actions.pumps.rotate_credential import rotate_credential
from tracker.actions.pumps.suspend_reporting import resume_reporting, suspend_reporting
from tracker.actions.visits.log_visit import log_visit
from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.advisory import AdvisoryMatch, advisories_of
from tracker.records.column_types import key
from tracker.records.credential import CommunicatorCredential, active_credentials
from tracker.records.database import Database
from tracker.records.determination import newest_determinations
from tracker.records.finding import FindingRecord
from tracker.records.pump import Pump
from tracker.records.worklist import WorklistItem
from tracker.schedule.advisories import match_all
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ADVISORY = {
    "reference": "Z-0001-2026",
    "model": "synchromed-ii-20",
    "serial_from": "NGP100000",
    "serial_to": "NGP199999",
    "published_on": "2026-05-01",
    "title": "A part may stall the motor",
    "action": "Go on as before; see patients with a stall.",
    "source": "a notice of the maker",
}


def lines(session: Session) -> dict[str, WorklistItem]:
    found = session.exec(select(WorklistItem).where(col(WorklistItem.closed_at).is_(None)))
    return {item.kind: item for item in found}


def test_an_advisory_is_matched_by_model_and_serial_range_once_and_meets_no_criterion(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        for serial in ("NGP150000", "NGP200000", "NGP15", "ABC150000"):
            a_report(session, a_pump(session, now, serial=serial), now, 1)
        a_pump(session, now, serial="NGP150001", model="synchromed-ii-40")
        load_advisories(session, read_recalls(json.dumps([ADVISORY])), now)
    assert match_all(database, now) == 1
    assert match_all(database, now) == 0
    evaluate_due_pumps(database, now)
    with database.writing() as session:
        assert lines(session)["advisory"].what == "Advisory Z-0001-2026: A part may stall the motor"
        assert newest_determinations(session, [1])[1].outcome == "needs_information"
        first = {one["id"]: one["verdict"] for one in newest_determinations(session, [1])[1].criteria}["5.1"]
        assert first != "met"
        match = session.exec(select(AdvisoryMatch)).one()
        acknowledge_advisory(session, key(match.id), note="go on as before", by=NURSE, now=now)
        with pytest.raises(Conflict):
            acknowledge_advisory(session, key(match.id), note="again", by=NURSE, now=now)
        refresh_worklist(session, [1], now)
        assert "advisory" not in lines(session)
        assert len(advisories_of(session, 1)) == 1


def test_loading_a_file_again_changes_what_changed_and_adds_nothing(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        (first,) = load_advisories(session, read_recalls(json.dumps([ADVISORY])), now)
        (again,) = load_advisories(session, read_recalls(json.dumps([ADVISORY | {"title": "New words"}])), now)
        assert (first.id, again.title) == (again.id, "New words")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("no json", "file"),
        ("{}", "file"),
        ("[1]", "file"),
        (json.dumps([ADVISORY | {"model": "toaster"}]), "model"),
        (json.dumps([ADVISORY | {"published_on": "May"}]), "published_on"),
        (json.dumps([ADVISORY | {"title": ""}]), "title"),
        (json.dumps([ADVISORY | {"serial_to": 5}]), "serial_to"),
        (json.dumps([ADVISORY | {"colour": "red"}]), "colour"),
    ],
)
def test_a_file_of_advisories_that_can_not_be_read_is_refused_with_the_field(text: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_recalls(text)
    assert refused.value.field == field


@pytest.mark.parametrize("bound", ["", "  ", None])
def test_an_advisory_whose_range_is_left_empty_covers_every_pump_of_its_model(
    database: Database, now: datetime, bound: str | None
) -> None:
    with database.writing() as session:
        for serial in ("NGP150000", "X-1"):
            a_report(session, a_pump(session, now, serial=serial), now, 1)
        entry = ADVISORY | {"serial_from": bound, "serial_to": bound}
        load_advisories(session, read_recalls(json.dumps([entry])), now)
    assert match_all(database, now) == 2


def test_the_check_after_an_mri_is_due_by_the_models_rule_and_high_once_overdue(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        exam = log_mri(session, pump, performed_at=now, by=NURSE, now=now)
        assert (exam.check_due_at, exam.overdue_at) == (now + 2 * HOUR, now + 24 * HOUR)
        refresh_worklist(session, [key(pump.id)], now + HOUR)
        assert lines(session)["mri"].priority == 2
        refresh_worklist(session, [key(pump.id)], now + 25 * HOUR)
        assert (lines(session)["mri"].priority, lines(session)["mri"].what) == (3, "Check after MRI overdue")
        with pytest.raises(Invalid):
            check_after_mri(session, key(exam.id), checked_at=now - HOUR, by=NURSE, now=now)
        log_visit(session, pump, performed_at=now + 26 * HOUR, analysed=True, by=NURSE, now=now + 26 * HOUR)
        assert exam.checked_by == NURSE, "an analysis after the MRI is the check"
        with pytest.raises(Conflict):
            check_after_mri(session, key(exam.id), checked_at=now + 26 * HOUR, by=NURSE, now=now + 26 * HOUR)
        refresh_worklist(session, [key(pump.id)], now + 26 * HOUR)
        assert "mri" not in lines(session)


def test_an_mri_of_a_year_long_before_any_pump_is_refused(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        with pytest.raises(Invalid) as refused:
            log_mri(session, pump, performed_at=datetime(1, 1, 1, tzinfo=UTC), by=NURSE, now=now)
        assert (refused.value.field, refused.value.detail) == (
            "performed_at",
            "0001-01-01 lies before 1970; give the right year",
        )


def test_an_mri_with_drug_in_a_pump_that_must_be_emptied_is_a_finding(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, model="prometra-ii-20")
        a_report(session, pump, now, 1)
        log_mri(session, pump, performed_at=now, emptied_before=False, by=NURSE, now=now)
    evaluate_due_pumps(sqlite_database, now)
    with sqlite_database.reading() as session:
        assert "must be emptied first" in lines(session)["finding"].why


def test_silence_is_announced_with_a_reason_and_an_end(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        for until, reason in ((now - DAY, "abroad"), (now + 999 * DAY, "abroad"), (now + DAY, " ")):
            with pytest.raises(Invalid):
                suspend_reporting(session, pump, until=until, reason=reason, now=now)
        suspend_reporting(session, pump, until=now + 30 * DAY, reason="abroad", now=now)
        assert resume_reporting(session, pump, now=now + DAY).suspended_until is None
        with pytest.raises(Conflict):
            resume_reporting(session, pump, now=now + DAY)


def test_the_clinics_programmers_are_a_list_of_its_own(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        a_pump(session, now)
        name_programmer(session, 1, " A810-1 ", by=NURSE, now=now)
        with pytest.raises(Conflict):
            name_programmer(session, 1, "A810-1", by=NURSE, now=now)
        drop_programmer(session, 1, "A810-1", now=now)
        with pytest.raises(NotFound):
            drop_programmer(session, 1, "A810-1", now=now)


def enrol(session: Session, now: datetime, **told: Any) -> Pump:
    values: dict[str, Any] = {"serial": "SN-9", "model": "synchromed-ii-20"} | told
    return enrol_pump(session, clinic_id=1, bcrypt_hash="b", mosquitto_hash="m", by=NURSE, now=now, **values)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"serial": "a b"}, "serial"),
        ({"model": "toaster"}, "model"),
        ({"lifecycle": "lost"}, "lifecycle"),
        ({"implanted_on": datetime(2027, 1, 1).date()}, "implanted_on"),  # noqa: DTZ001 - a day has no zone
        ({"concentration": "2000"}, "concentration_unit"),
        ({"concentration": 2000.0, "concentration_unit": "mcg/mL"}, "concentration"),
        ({"dose_per_day": "-1"}, "dose_per_day"),
        ({"low_reservoir_ml": 21.0}, "low_reservoir_ml"),
        ({"refill_cap_days": 0}, "refill_cap_days"),
        ({"report_interval_s": 0}, "report_interval_s"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_enrolment_that_can_not_be_is_refused_with_the_field(
    sqlite_database: Database, now: datetime, told: dict[str, Any], field: str
) -> None:
    with sqlite_database.writing() as session:
        a_pump(session, now)
        with pytest.raises(Invalid) as refused:
            enrol(session, now, **told)
        assert refused.value.field == field


def test_a_serial_is_enrolled_once(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        a_pump(session, now, serial="SN-9")
        with pytest.raises(Conflict, match="already enrolled"):
            enrol(session, now)


def test_every_change_of_a_credential_raises_the_version_and_a_revoked_one_no_longer_signs_in(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pumps = [a_pump(session, now, serial=f"SN-{number}") for number in range(3)]
        assert [one.version for one in active_credentials(session)] == [1, 2, 3]
        rotate_credential(session, pumps[0], bcrypt_hash="new", mosquitto_hash="new", now=now)
        revoke_credential(session, pumps[1], now=now)
        with pytest.raises(Conflict):
            revoke_credential(session, pumps[1], now=now)
        versions = {one.username: one.version for one in session.exec(select(CommunicatorCredential))}
        assert versions == {"SN-0": 4, "SN-1": 5, "SN-2": 3}
        assert {one.username for one in active_credentials(session)} == {"SN-0", "SN-2"}
        rotate_credential(session, pumps[1], bcrypt_hash="new", mosquitto_hash="new", now=now)
        assert len(active_credentials(session)) == 3


def test_a_limit_that_only_may_hold_asks_for_a_refill_and_accuses_nobody(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 60 * DAY, drug="ziconotide")
        for ago in (31, 30, 29, 1, 0):
            a_report(
                session, pump, now - ago * DAY, 60 - ago, reservoir_ml=8.0 if ago > 30 else 19.0 - (30 - ago) * 0.05
            )
        log_visit(session, pump, performed_at=now - 30.1 * DAY, refilled=True, by=NURSE, now=now - 30 * DAY)
    evaluate_due_pumps(sqlite_database, now)
    with sqlite_database.reading() as session:
        assert lines(session)["reservoir"].what.startswith("Refill overdue")
        assert session.exec(select(FindingRecord)).all() == []
