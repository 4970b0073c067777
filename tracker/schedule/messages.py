"""The jobs of messages: notify who is due by now, and follow what no hook saw."""

from __future__ import annotations

from datetime import datetime

from tracker.actions.messages.advance_notifications import (
    AT_ONCE,
    anything_due,
    anything_missed,
    follow_missed,
    tell_due,
)
from tracker.actions.messages.audit_notified import AT_ONCE as ENTERED_AT_ONCE
from tracker.actions.messages.audit_notified import anything_to_enter, enter_notified
from tracker.actions.messages.digest import clinics_with_digests_due, write_digests
from tracker.actions.messages.note_coverage import note_coverage, uncovered_clinics
from tracker.records.database import Database


def tell_people(database: Database, now: datetime) -> int:
    """Write the messages of every due step, then enter who was notified. Returns how many notifications moved."""
    told, touched = 0, AT_ONCE
    while touched >= AT_ONCE:
        with database.reading() as session:
            if not anything_due(session, now):
                break
        with database.writing() as session:
            touched = tell_due(session, now)
        told += touched
    _enter_notified(database)
    return told


def _enter_notified(database: Database) -> None:
    entered = ENTERED_AT_ONCE
    while entered >= ENTERED_AT_ONCE:
        with database.reading() as session:
            if not anything_to_enter(session):
                return
        with database.writing() as session:
            entered = enter_notified(session)


def follow_tasks(database: Database, now: datetime) -> int:
    """Begin the escalation of urgent tasks that have none, and end that of closed ones. Returns how many."""
    with database.reading() as session:
        if not anything_missed(session):
            return 0
    with database.writing() as session:
        return follow_missed(session, now)


def note_who_is_reached(database: Database, now: datetime) -> int:
    """Open and close the tasks that say where no person would be notified. Returns how many clinics' tasks changed."""
    with database.reading() as session:
        clinics = uncovered_clinics(session, now)
    for clinic_id in clinics:
        with database.writing() as session:
            note_coverage(session, clinic_id, now)
    return len(clinics)


def send_digests(database: Database, now: datetime) -> int:
    """Write the daily digests that are due. Returns for how many persons one was decided on."""
    with database.reading() as session:
        clinics = clinics_with_digests_due(session, now)
    done = 0
    for clinic_id in clinics:
        with database.writing() as session:
            done += write_digests(session, clinic_id, now)
    return done
