"""Tasks where nobody would be told: nobody can be reached, a policy reaches nobody, a rotation has a gap."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.worklist.refresh_worklist import apply_clinic_lines, differ
from tracker.oncall.coverage import GapSeen, Unreached, anybody, gaps_ahead, unreached
from tracker.records.coverage import clinics_that_tell, waiting_by_unit
from tracker.records.worklist import open_items_of_clinic
from tracker.worklist.item import WantedItem

CAUSES: Final = "reach:"
"""What the keys of these tasks begin with."""
NOBODY: Final = "reach:nobody"
GONE: Final = "somebody can be told again"
HOLDS: Final = "It closes by itself when somebody can be told."
_NAMED: Final = 10


def uncovered_clinics(session: Session, now: datetime) -> list[int]:
    """The clinics whose tasks of this kind are not what they must be; reads only."""
    return [
        clinic_id
        for clinic_id in clinics_that_tell(session, CAUSES)
        if differ(open_items_of_clinic(session, clinic_id, CAUSES), _lines(session, clinic_id, now))
    ]


def note_coverage(session: Session, clinic_id: int, now: datetime) -> None:
    """Open, change and close the clinic's tasks of this kind."""
    items = open_items_of_clinic(session, clinic_id, CAUSES)
    apply_clinic_lines(session, clinic_id, items, _lines(session, clinic_id, now), GONE, now)


def _lines(session: Session, clinic_id: int, now: datetime) -> list[WantedItem]:
    staff = clinic_staff(session, clinic_id)
    waiting = waiting_by_unit(session, clinic_id, but_causes=CAUSES)
    if not anybody(staff.people):
        relied_on = waiting or staff.oncall.rotas or staff.oncall.policies
        return [_nobody(staff, sum(waiting.values()), now)] if relied_on else []
    pairs = [(unit, Priority(priority)) for unit, priority in waiting]
    empty = unreached(pairs, staff.oncall, staff.people, now)
    known = {one.name for one in empty}  # a policy that reaches nobody is one task, whether or not something waits
    seen = [gap for gap in gaps_ahead(staff.oncall, staff.people, now) if gap.name not in known]
    return [*(_policy(one, now) for one in empty), *(_gap(gap) for gap in seen)]


def _nobody(staff: ClinicStaff, waiting: int, now: datetime) -> WantedItem:
    """Urgent once something waits that would be told."""
    people = [one.email for one in staff.people if one.active and one.role in {"nurse", "physician", "administrator"}]
    who = f"{', '.join(people[:_NAMED])}: no confirmed contact point." if people else "The clinic has no active staff."
    waits = f"{waiting} open {'task is' if waiting == 1 else 'tasks are'} told to no one. " if waiting else ""
    return WantedItem(
        key=NOBODY,
        kind="notify",
        priority=Priority.HIGH if waiting else Priority.MEDIUM,
        harm_at=now if waiting else now + timedelta(days=1),
        what="No one can be told of alarms",
        why=f"{waits}{who}",
        next_step="Add a contact point on My notifications, send a test to it and confirm it. "
        "Until then, somebody must watch the worklist.",
        since=now,
        link="/notifications",
        holds=HOLDS,
    )


def _policy(one: Unreached, now: datetime) -> WantedItem:
    return WantedItem(
        key=f"{CAUSES}policy:{one.name}"[:200],
        kind="notify",
        priority=Priority.MEDIUM,
        harm_at=now,
        what=f"The on-call policy reaches no one: {one.name}",
        why=f"Everybody clinical is told instead. Why: {'; '.join(one.reasons[:_NAMED])}.",
        next_step="Correct the policy on the On call page, or have these people confirm a contact point.",
        since=now,
        link="/oncall",
        holds=HOLDS,
    )


def _gap(gap: GapSeen) -> WantedItem:
    return WantedItem(
        key=f"{CAUSES}gap:{gap.name}"[:200],
        kind="notify",
        priority=Priority.MEDIUM,
        harm_at=gap.begins,
        what=f"No one on call to tell: {gap.name}, {gap.first}",
        why=f"In the next 14 days: {'. '.join(gap.all)}.",
        next_step="Let somebody stand in for that time on the On call page, or have the person on call confirm a "
        "contact point.",
        since=gap.begins,
        link="/oncall",
        holds="It closes by itself when somebody is on call then, or when the time has passed.",
    )
