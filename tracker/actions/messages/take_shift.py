"""Take a shift of a rotation, or swap two: each by the people concerned, without the administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.messages.store_oncall import store_oncall
from tracker.errors import Conflict, NotAllowed
from tracker.oncall.recipients import can_be_told
from tracker.oncall.stand_in import NoStandIn, Span, holder, swap, take
from tracker.oncall.values import Rota
from tracker.records.oncall import hold_oncall


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; ``for_others``: they may also set what others have."""

    email: str
    clinic_id: int
    for_others: bool


def take_shift(session: Session, asker: Asker, rota: str, span: Span, now: datetime, member: str = "") -> None:
    """Put a person on call for that span: the asker, or ``member``. Raises ``Conflict`` where nobody could be reached.

    The shift is taken from whoever has it: of two who take it, the later one has it.
    """
    person = (member or asker.email).lower()
    if person != asker.email and not asker.for_others:
        raise NotAllowed("you can take a shift yourself; an administrator puts somebody else on call")

    def change(staff: ClinicStaff, before: Rota) -> Rota:
        _check_reachable(staff, person)
        return take(before, span, person, now)

    _change(session, asker, rota, now, change, {"shift": [one.isoformat() for one in span], "member": person})


def swap_shifts(session: Session, asker: Asker, rota: str, first: Span, second: Span, now: datetime) -> None:
    """Let those who have the two shifts have each other's. One is the asker's own, unless they may set others'."""

    def change(staff: ClinicStaff, before: Rota) -> Rota:
        after = swap(before, first, second, now)
        people = (holder(before, first), holder(before, second))
        if asker.email not in people and not asker.for_others:
            raise NotAllowed("one of the two shifts must be yours; an administrator swaps those of others")
        for person in people:
            _check_reachable(staff, person or "")
        return after

    spans = [[one.isoformat() for one in span] for span in (first, second)]
    _change(session, asker, rota, now, change, {"swapped": spans})


def _change(
    session: Session,
    asker: Asker,
    name: str,
    now: datetime,
    change: Callable[[ClinicStaff, Rota], Rota],
    detail: dict[str, object],
) -> None:
    hold_oncall(session, asker.clinic_id)
    staff = clinic_staff(session, asker.clinic_id)
    before = next((one for one in staff.oncall.rotas if one.name == name), None)
    if before is None:
        raise Conflict("your clinic has no rotation of this name")
    try:
        after = change(staff, before)
    except NoStandIn as fault:
        raise Conflict(str(fault)) from None
    rotas = tuple(after if one is before else one for one in staff.oncall.rotas)
    oncall = replace(staff.oncall, rotas=rotas)
    store_oncall(session, staff.clinic, oncall, by=asker.email, now=now, rota=name, **detail)


def _check_reachable(staff: ClinicStaff, email: str) -> None:
    person = next((one for one in staff.people if one.email == email), None)
    if person is None:
        raise Conflict(f"{email} has no account in this clinic")
    if not can_be_told(person):
        raise Conflict(f"{email} can't be told of alarms now: confirm a contact point on My notifications first")
