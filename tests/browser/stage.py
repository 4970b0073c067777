"""The clinic that browser tests play in: a few pumps in every state, tasks, people of every role."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from sqlmodel import Session

from tests import build, build_decisions
from tracker.actions.staff.issue_token import issue_token
from tracker.actions.staff.service_accounts import add_service
from tracker.records.advisory import Advisory, AdvisoryCoverage, AdvisoryMatch
from tracker.records.database import Database
from tracker.records.programmer_session import MriExam
from tracker.records.pump import Clinic, Pump
from tracker.records.reading import Reading
from tracker.records.staff import BreakGlass
from tracker.records.worklist import WorklistItem

_stages = count(1)
ROLES = ("nurse", "physician", "biller", "administrator", "auditor")


@dataclass(frozen=True)
class Stage:
    """Who and what is there. Every test has a clinic of its own, so that none sees another's."""

    number: int
    clinic: Clinic
    stalled: Pump
    replaceable: Pump
    silent: Pump
    urgent: WorklistItem
    draft_id: int
    rejected_id: int
    advisory_id: int
    access_id: int
    nurse_id: int

    def email(self, role: str) -> str:
        return f"{role}{self.number}@clinic.example"


def set_stage(database: Database, now: datetime) -> Stage:
    """Set it as of now."""
    number = next(_stages)
    with database.writing() as session:
        clinic = build.a_clinic(
            session, name=f"Riverside Pain Clinic {number}", timezone="America/New_York", created_at=now
        )
        people = [
            build.a_person(
                session,
                clinic,
                email=f"{role}{number}@clinic.example",
                name=f"{role.capitalize()} Lindqvist",
                role=role,
                created_at=now,
                worklist_seen_at=now - timedelta(hours=2),
            )
            for role in ROLES
        ]
        _program(session, clinic, number, now)
        stalled = _pump(session, clinic, now, drug="baclofen")
        replaceable = _pump(session, clinic, now, battery_indicator="eri", battery_percent=9.0)
        silent = _pump(session, clinic, now, link="disconnected", measured_at=now - timedelta(days=4))
        build.an_alarm(
            session,
            stalled,
            code="motor_stall",
            priority=3,
            latched=True,
            first_seen_at=now - timedelta(hours=1),
            last_seen_at=now,
            opened_at=now - timedelta(hours=1),
        )
        build.an_alarm(session, replaceable, code="elective_replacement", first_seen_at=now - timedelta(days=2))
        urgent = _line(session, clinic, stalled, now, kind="alarm", priority=3, what="Motor stalled", hours=2)
        _line(session, clinic, replaceable, now, kind="replacement", priority=2, what="Plan the replacement", hours=900)
        _line(session, clinic, silent, now, kind="silence", priority=1, what="No report for 4 days", hours=400)
        build_decisions.a_determination(session, replaceable, determined_at=now, as_of=now)
        build_decisions.a_finding(session, replaceable, found_at=now, happened_at=now - timedelta(days=40))
        build.a_delivery_mark(session, replaceable, updated_at=now)
        _years(session, replaceable, now)
        draft = build.a_visit(
            session,
            replaceable,
            performed_at=now - timedelta(hours=3),
            logged_at=now - timedelta(hours=3),
            status="draft",
            source="session",
            refilled=False,
            reprogrammed=True,
            codes=["62368"],
            expected_ml=None,
            aspirated_ml=None,
            filled_ml=None,
            confirmed_by=None,
            confirmed_at=None,
        )
        message = build.a_rejected_message(session, stalled, received_at=now)
        build.a_rejected_message(session, stalled, received_at=now, payload=bytes(range(64)), reason="it is not JSON")
        advisory = _notice(session, replaceable, number, now)
        for hours, checked_at in ((30, None), (200, now - timedelta(hours=198))):
            performed_at = now - timedelta(hours=hours)
            session.add(
                MriExam(
                    pump_id=replaceable.id or 0,
                    performed_at=performed_at,
                    check_due_at=performed_at + timedelta(hours=2),
                    overdue_at=performed_at + timedelta(hours=24),
                    checked_at=checked_at,
                    logged_by=f"nurse{number}@clinic.example",
                    logged_at=performed_at,
                )
            )
        ids = (draft.id or 0, message.id or 0, advisory, _access(session, silent, number, now), people[0].id or 0)
        return Stage(number, clinic, stalled, replaceable, silent, urgent, *ids)


def _program(session: Session, clinic: Clinic, number: int, now: datetime) -> None:
    """A service account with a token, whose responsible person has left."""
    leaver = build.a_person(session, clinic, email=f"leaver{number}@clinic.example", created_at=now)
    service = add_service(
        session,
        clinic=clinic,
        name=f"lab-feed-{number}",
        role="nurse",
        responsible=leaver.email,
        purpose="Patient numbers from the hospital's record",
        by="test",
        now=now,
    )
    session.flush()
    issue_token(session, service, name="nightly", scopes=["records:write"], by="test", now=now)
    leaver.active = False
    session.add(leaver)


def _access(session: Session, pump: Pump, number: int, now: datetime) -> int:
    """An emergency access by a physician of another clinic, which nobody has reviewed."""
    elsewhere = build.a_clinic(session, name=f"Hospital {number}", created_at=now)
    stranger = build.a_person(session, elsewhere, email=f"stranger{number}@clinic.example", role="physician")
    access = BreakGlass(
        staff_id=stranger.id or 0,
        pump_id=pump.id or 0,
        reason="The patient is in our emergency room.",
        opened_at=now - timedelta(hours=3),
        expires_at=now - timedelta(hours=1),
        clinic_id=pump.clinic_id,
        opened_by=stranger.email,
        from_clinic=elsewhere.name,
        via="browser",
        address="192.0.2.7",
    )
    session.add(access)
    session.flush()
    return access.id or 0


def _notice(session: Session, pump: Pump, number: int, now: datetime) -> int:
    """An advisory that covers the pump and that nobody has acknowledged."""
    advisory = Advisory(
        reference=f"FSN-{number}",
        published_on=now.date(),
        title="A motor gear may corrode",
        action="Keep the pump; listen for its alarm at each refill.",
        source="the maker's notice",
        loaded_at=now,
    )
    session.add(advisory)
    session.flush()
    session.add(AdvisoryCoverage(advisory_id=advisory.id or 0, origin="list", model=pump.model, kind="all"))
    session.add(AdvisoryMatch(advisory_id=advisory.id or 0, pump_id=pump.id or 0, matched_at=now))
    return advisory.id or 0


def _pump(session: Session, clinic: Clinic, now: datetime, **state: object) -> Pump:
    drug = state.pop("drug", "morphine")
    pump = build.a_pump(session, clinic, drug=drug, created_at=now, implanted_on=(now - timedelta(days=1400)).date())
    measured = {
        "measured_at": now - timedelta(minutes=4),
        "received_at": now - timedelta(minutes=4),
        "last_contact_at": now - timedelta(minutes=4),
        "online_at": now - timedelta(days=2),
        "link_since": now - timedelta(days=2),
        "changed_at": now,
    }
    build.a_state(session, pump, **{**measured, **state})
    ahead = {
        "eri_low_at": 120,
        "eri_median_at": 160,
        "eri_high_at": 210,
        "eos_low_at": 200,
        "eos_median_at": 250,
        "eos_high_at": 310,
        "low_mark_low_at": 20,
        "low_mark_median_at": 24,
        "low_mark_high_at": 29,
        "empty_low_at": 30,
        "empty_median_at": 34,
        "empty_high_at": 40,
        "refill_by_at": 20,
        "filled_at": -30,
    }
    build.an_outlook(
        session, pump, computed_at=now, **{name: now + timedelta(days=days) for name, days in ahead.items()}
    )
    return pump


def _line(
    session: Session, clinic: Clinic, pump: Pump, now: datetime, *, kind: str, priority: int, what: str, hours: int
) -> WorklistItem:
    return build.an_item(
        session,
        clinic,
        pump,
        kind=kind,
        priority=priority,
        what=what,
        why=f"{what}: seen in the newest reports.",
        next_step="Call the patient and interrogate the pump.",
        harm_at=now + timedelta(hours=hours),
        since=now - timedelta(hours=1),
        opened_at=now - timedelta(hours=1),
        changed_at=now - timedelta(hours=1),
    )


def _years(session: Session, pump: Pump, now: datetime, days: int = 500) -> None:
    """Two reports a day with a refill every 80 days, so that the chart has something to show."""
    rows = []
    for step in range(days * 2):
        at = now - timedelta(days=days) + timedelta(hours=12 * step)
        since_fill = (step / 2) % 80
        rows.append(
            {
                "pump_id": pump.id,
                "epoch": 1,
                "seq": step + 1,
                "measured_at": at,
                "received_at": at + timedelta(seconds=3),
                "battery_voltage_v": 2.8,
                "battery_percent": round(45 - step * 0.036 + math.sin(step) * 0.2, 2),
                "battery_indicator": "ok",
                "reservoir_ml": round(20 - since_fill * 0.2, 2),
                "flow_ml_per_day": 0.2,
                "infusion": "simple_continuous",
                "motor": "running",
                "alarms": "",
            }
        )
    session.flush()
    session.execute(Reading.__table__.insert(), rows)  # type: ignore[attr-defined]
