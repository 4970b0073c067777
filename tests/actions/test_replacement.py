"""The way to a replacement that can be defended: findings ruled on, attestation, documented facts, past dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from tests.actions.build import NURSE, a_history, a_pump, a_report
from tests.build import an_alarm
from tracker.actions.pumps.move_pump import move_pump
from tracker.actions.pumps.replace_pump import replace_pump
from tracker.actions.replacement.attest import attest, withdraw_attestation
from tracker.actions.replacement.determine import determine
from tracker.actions.replacement.document_fact import document_fact, withdraw_fact
from tracker.actions.replacement.rule_finding import rule_finding
from tracker.errors import Conflict, Invalid, TrackerError
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.determination import Determination
from tracker.records.finding import FindingRecord, RulingEvent
from tracker.records.lifecycle_events import lifecycle_events
from tracker.records.pump import Pump

DAY = timedelta(days=1)
DOCTOR = "md@north.example"


def a_failing_pump(session: Session, now: datetime) -> Pump:
    """One that reached its replacement indicator a day ago."""
    pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 400 * DAY).date())
    a_history(session, pump, now - 2 * DAY, 10)
    a_report(session, pump, now - DAY, 11, battery_indicator="eri", alarms=("elective_replacement",))
    return pump


def a_finding(session: Session, pump: Pump, now: datetime, kind: str = "ran_dry", **told: Any) -> FindingRecord:
    values: dict[str, Any] = {
        "key": f"{kind}:1",
        "found_at": now,
        "happened_at": now - 200 * DAY,  # before the records that are compared, so that it stays as it is
        "neglect_or_abuse": True,
        "strength": "weak",
        "points_at": "patient",
        "sentence": "The reservoir ran dry.",
        "evidence": [],
        "explanations": [],
    } | told
    row = FindingRecord(pump_id=key(pump.id), kind=kind, **values)
    session.add(row)
    session.flush()
    return row


def fact(row: Determination, name: str) -> Any:
    return next(one["value"] for one in row.facts if one["name"] == name)


def now_of(session: Session, pump: Pump, now: datetime) -> Determination:
    return determine(session, pump, cause="staff", now=now)


def test_replacement_is_necessary_only_once_every_finding_is_cleared_and_a_clinician_has_signed(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_failing_pump(session, now)
        finding = a_finding(session, pump, now)
        assert now_of(session, pump, now).outcome == "needs_information"
        with pytest.raises(Conflict, match="waits for a ruling"):
            attest(session, pump, abuse_or_neglect=False, name="Dr. A. Lee", by=DOCTOR, now=now)
        rule_finding(session, key(finding.id), ruling="explained", reason="in hospital", by=NURSE, now=now)
        assert now_of(session, pump, now).missing == ["abuse_or_neglect"], "a ruling alone is no attestation"
        attest(session, pump, abuse_or_neglect=False, name="Dr. A. Lee", by=DOCTOR, now=now)
        decided = now_of(session, pump, now)
        assert (decided.outcome, decided.missing) == ("medically_necessary", [])


def test_a_finding_that_comes_after_the_signature_makes_it_unknown_again(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_failing_pump(session, now)
        attest(session, pump, abuse_or_neglect=False, name="Dr. A. Lee", by=DOCTOR, now=now - DAY / 2)
        assert now_of(session, pump, now).outcome == "medically_necessary"
        finding = a_finding(session, pump, now)
        assert fact(now_of(session, pump, now), "abuse_or_neglect") is None
        rule_finding(session, key(finding.id), ruling="not_relevant", reason="another pump", by=NURSE, now=now)
        assert fact(now_of(session, pump, now), "abuse_or_neglect") is None, "the signature was over other findings"


def test_an_upheld_finding_accuses_nobody_until_a_clinician_signs(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_failing_pump(session, now)
        with pytest.raises(Conflict, match="no finding was upheld"):
            attest(session, pump, abuse_or_neglect=True, name="Dr. A. Lee", by=DOCTOR, now=now)
        finding = a_finding(session, pump, now)
        rule_finding(session, key(finding.id), ruling="upheld", reason="needle marks", by=NURSE, now=now)
        assert now_of(session, pump, now).outcome == "needs_information"
        with pytest.raises(Conflict, match="was upheld"):
            attest(session, pump, abuse_or_neglect=False, name="Dr. A. Lee", by=DOCTOR, now=now)
        signed = attest(session, pump, abuse_or_neglect=True, name="Dr. A. Lee", by=DOCTOR, now=now)
        assert now_of(session, pump, now).outcome == "not_medically_necessary"
        withdraw_attestation(session, key(signed.id), reason="signed for the wrong pump", by=DOCTOR, now=now)
        assert now_of(session, pump, now).outcome == "needs_information"


def test_every_ruling_is_kept_and_the_newest_counts(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        finding = a_finding(session, a_pump(session, now), now)
        for ruling in ("upheld", "explained"):
            rule_finding(session, key(finding.id), ruling=ruling, reason="so", by=NURSE, now=now)
        chosen = select(RulingEvent).where(RulingEvent.finding_id == key(finding.id))
        assert [event.ruling for event in session.exec(chosen.order_by(col(RulingEvent.id)))] == ["upheld", "explained"]
        assert finding.ruling == "explained"
        for ruling, reason in (("cleared", "x"), ("upheld", "  ")):
            with pytest.raises(Invalid):
                rule_finding(session, key(finding.id), ruling=ruling, reason=reason, by=NURSE, now=now)


def test_documented_facts_meet_the_second_limb_and_can_be_withdrawn(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        a_report(session, pump, now, 1)
        told = {"no_longer_beneficial": True, "repairable": False, "components_functional": False}
        rows = [
            document_fact(session, pump, fact=name, value=value, author="Dr. Lee", document="letter of May", now=now)
            for name, value in told.items()
        ]
        decided = now_of(session, pump, now)
        verdicts = {one["id"]: one["verdict"] for one in decided.criteria}
        assert verdicts["5.1"] == "met"
        source = next(one["source"] for one in decided.facts if one["name"] == "repairable")
        assert (source["kind"], source["id"], source["text"]) == ("documented_fact", str(rows[1].id), "letter of May")
        withdraw_fact(session, key(rows[1].id), reason="it can be repaired", by=DOCTOR, now=now)
        assert fact(now_of(session, pump, now), "repairable") is None
        for wrong in ({"fact": "abuse_or_neglect"}, {"author": " "}, {"document": ""}):
            values = {"fact": "repairable", "author": "Dr. Lee", "document": "letter"} | wrong
            with pytest.raises(Invalid):
                document_fact(session, pump, value=True, now=now, **values)


def test_a_past_date_sees_what_was_received_by_then_not_what_was_measured(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 400 * DAY).date())
        a_history(session, pump, now - 10 * DAY, 5)
        late = {"battery_indicator": "eri", "alarms": ("elective_replacement",), "received_at": now - DAY}
        a_report(session, pump, now - 9 * DAY, 6, **late)
        document_fact(
            session, pump, fact="repairable", value=False, author="Dr. Lee", document="note", now=now - 2 * DAY
        )
        before = determine(session, pump, cause="staff", now=now, as_of=now - 5 * DAY)
        after = determine(session, pump, cause="staff", now=now)
        assert (fact(before, "battery_nearing_end"), fact(after, "battery_nearing_end")) == (False, True)
        assert (fact(before, "repairable"), fact(after, "repairable")) == (None, False)
        assert (before.cause, before.as_of) == ("as_of", now - 5 * DAY)
        verdicts = [{one["id"]: one["verdict"] for one in made.criteria}["5.1a"] for made in (before, after)]
        assert verdicts == ["not_met", "met"]
        assert before.outcome == after.outcome


def test_an_answer_about_the_past_names_the_alarm_of_then_however_many_came_since(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now - 900 * DAY, implanted_on=(now - 900 * DAY).date())
        a_history(session, pump, now - 801 * DAY, 5)
        then = now - 800 * DAY
        a_report(session, pump, then, 6, alarms=("elective_replacement",), received_at=then)
        alarm = an_alarm(
            session,
            pump,
            code="elective_replacement",
            opened_at=then,
            first_seen_at=then,
            last_seen_at=then,
            closed_at=now - 700 * DAY,
        )
        for step in range(600):
            at = now - 600 * DAY + step * DAY
            an_alarm(session, pump, opened_at=at, first_seen_at=at, last_seen_at=at, closed_at=at)
        before = determine(session, pump, cause="staff", now=now, as_of=then + DAY)
        source = next(one["source"] for one in before.facts if one["name"] == "impending_failure_notice")
        assert (source["kind"], source["id"]) == ("alarm", str(alarm.id))


def test_absence_of_an_alarm_in_an_old_report_proves_nothing(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 400 * DAY).date())
        a_history(session, pump, now - 40 * DAY, 10)
        decided = now_of(session, pump, now)
        assert fact(decided, "impending_failure_notice") is None
        assert fact(decided, "battery_nearing_end") is None


def test_an_answer_about_the_past_does_not_pass_for_the_newest_one(sqlite_database: Database, now: datetime) -> None:
    from tracker.records.determination import newest_determinations

    with sqlite_database.writing() as session:
        pump = a_failing_pump(session, now)
        newest = now_of(session, pump, now)
        determine(session, pump, cause="staff", now=now, as_of=now - 5 * DAY)
        assert newest_determinations(session, [key(pump.id)])[key(pump.id)].id == newest.id


def test_a_replaced_pump_is_linked_to_its_successor(database: Database, now: datetime) -> None:
    today = now.date()
    with database.writing() as session:
        old = a_pump(session, now, implanted_on=today - 2000 * DAY, patient_reference="P-7", unit="Pain")
        new = a_pump(session, now, serial="SN-2", lifecycle=None, drug=None)
        move_pump(session, old, to="replacement_planned", on=today + 9 * DAY, reason="ERI", by=NURSE, now=now)
        assert old.replacement_planned_for == today + 9 * DAY
        replace_pump(session, old, new, on=today, by=NURSE, now=now)
        assert (old.lifecycle, old.replaced_by_id, old.explanted_on) == ("replaced", new.id, today)
        assert (new.lifecycle, new.implanted_on, new.patient_reference, new.unit) == ("implanted", today, "P-7", "Pain")
        assert new.drug is None, "what is in the new pump is for a person to say"
        moves = [event.to_state for event in lifecycle_events(session, key(old.id))]
        assert moves == ["implanted", "replacement_planned", "replaced"]


@pytest.mark.parametrize("by_way_of", ["implanted", "lost_to_follow_up"])
def test_a_pump_that_is_no_longer_planned_has_no_day_of_surgery(
    sqlite_database: Database, now: datetime, by_way_of: str
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, implanted_on=now.date() - 2000 * DAY)
        move_pump(session, pump, to="replacement_planned", on=now.date() + 9 * DAY, reason="ERI", by=NURSE, now=now)
        move_pump(session, pump, to=by_way_of, on=None, reason="moved away", by=NURSE, now=now)
        assert pump.replacement_planned_for is None


@pytest.mark.parametrize(
    ("state", "to", "on"),
    [
        ("in_stock", "explanted", date(2026, 1, 1)),
        ("implanted", "in_stock", None),
        ("implanted", "lost", None),
        ("implanted", "explanted", None),
        ("implanted", "explanted", date(2027, 1, 1)),
        ("implanted", "replaced", date(2026, 1, 1)),
        ("in_stock", "implanted", None),
        ("implanted", "replacement_planned", date(2026, 1, 1)),
    ],
)
def test_a_move_that_a_pump_can_not_make_is_refused(
    sqlite_database: Database, now: datetime, state: str, to: str, on: date | None
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, lifecycle=state)
        with pytest.raises(TrackerError):
            move_pump(session, pump, to=to, on=on, by=NURSE, now=now)
        assert session.exec(select(Pump)).one().lifecycle == state


def test_a_pump_of_another_patient_or_one_in_use_takes_nobodys_place(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        old = a_pump(session, now, patient_reference="P-7")
        others = [
            a_pump(session, now, serial="SN-2", lifecycle="in_stock", patient_reference="P-8"),
            a_pump(session, now, serial="SN-3", implanted_on=now.date() - 9 * DAY),
            a_pump(session, now, serial="SN-4", lifecycle="in_stock", clinic="South"),
            old,
        ]
        for other in others:
            with pytest.raises(Conflict):
                replace_pump(session, old, other, on=now.date(), by=NURSE, now=now)
