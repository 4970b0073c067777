"""What people change about who is on call: take a shift, swap two, set a policy's steps. Beside ``pages/oncall.py``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from tracker.actions.messages.clinic_staff import oncall_of
from tracker.actions.messages.set_oncall import set_oncall
from tracker.actions.messages.take_shift import Asker, swap_shifts, take_shift
from tracker.errors import Invalid, NotFound, TrackerError
from tracker.oncall.document import to_document
from tracker.oncall.stand_in import Span, day_of
from tracker.records.pump import Clinic
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import may, requires
from tracker.web.auth.user import Person
from tracker.web.forms.policy_steps import read_policy, with_policy
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.oncall import oncall_page
from tracker.web.views.layout import back_to

router = APIRouter(include_in_schema=False, prefix="/oncall", dependencies=[keeps_what_was_typed()])
Taker = Annotated[Person, requires("oncall.take")]
Name = Annotated[str, Form(max_length=60)]
Time = Annotated[str, Form(max_length=80)]


@router.post("/take")
def take(
    request: Request, web: Context, person: Taker, rota: Name = "", shift: Time = "", day: Annotated[str, Form()] = ""
) -> Response:
    """Take a shift that the page shows, or all of a day."""

    def act(session: Session) -> None:
        span = _span(shift) if shift else _day(session, person, rota, day)
        take_shift(session, _asker(person), rota, span, web.clock())

    return _act(request, web, person, "shift-taken", act)


@router.post("/swap")
def swap(
    request: Request, web: Context, person: Taker, rota: Name = "", first: Time = "", second: Time = ""
) -> Response:
    """Let the people of two shifts have each other's."""

    def act(session: Session) -> None:
        swap_shifts(session, _asker(person), rota, _span(first), _span(second), web.clock())

    return _act(request, web, person, "shifts-swapped", act)


@router.post("/policies")
def policies(request: Request, web: Context, person: Annotated[Person, requires("oncall.change")]) -> Response:
    """Set the steps of one priority, for the clinic or for a unit."""

    def act(session: Session) -> None:
        document = to_document(oncall_of(session, person.clinic_id, {}))
        given = with_policy(document, read_policy(request.state.typed))
        set_oncall(session, session.get_one(Clinic, person.clinic_id), given, by=person.email, now=web.clock())

    return _act(request, web, person, "oncall-changed", act)


def _act(request: Request, web: Web, person: Person, said: str, act: Callable[[Session], None]) -> Response:
    try:
        with web.database.writing() as session:
            act(session)
    except TrackerError as fault:
        return oncall_page(request, web, person, fault=fault)
    return back_to("/oncall", said)


def _asker(person: Person) -> Asker:
    return Asker(person.email, person.clinic_id, may(person.role, "oncall.change"))


def _span(text: str) -> Span:
    """From the page's own value: two moments with their offsets."""
    begin, _, end = text.partition("/")
    try:
        span = Span(datetime.fromisoformat(begin), datetime.fromisoformat(end))
    except ValueError:
        span = None
    if span is None or span.start.tzinfo is None or span.end.tzinfo is None:
        raise Invalid("choose a shift of the list", field="shift")
    return span


def _day(session: Session, person: Person, rota: str, day: str) -> Span:
    known = {one.name: one for one in oncall_of(session, person.clinic_id, {}).rotas}
    if rota not in known:
        raise NotFound("your clinic has no rotation of this name")
    try:
        chosen = date.fromisoformat(day)
        return day_of(known[rota], chosen.year, chosen.month, chosen.day)
    except (ValueError, OverflowError):
        raise Invalid("choose a day", field="day") from None
