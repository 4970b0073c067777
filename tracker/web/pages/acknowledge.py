"""The page behind an acknowledge link, made for a phone: template ``acknowledge.html``. It comes before any sign-in.

Opening it changes nothing, since mail scanners open links; a press does. Each opening is entered as a read of the
pumps that it shows. The link's token stands in the address, so the
page is not cached, names no other site and loads nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from tracker.actions.messages.advice import advice
from tracker.actions.messages.answer_link import pass_on, take_by_link
from tracker.actions.messages.compose import NONE
from tracker.actions.messages.links import LinkOver, Opened, open_link
from tracker.actions.origin import comes_from
from tracker.actions.staff.sign_in_tries import network_of
from tracker.records.pump import Clinic, pumps_by_id
from tracker.records.queries.passed_on import passed_on_at
from tracker.records.worklist import items_by_id
from tracker.web.app_state import Context, Web
from tracker.web.auth import csrf
from tracker.web.auth.current_user import address_of, person_of_link
from tracker.web.auth.permissions import open_to_all
from tracker.web.auth.user import Person, origin_of
from tracker.web.views.templating import in_words, page

router = APIRouter(include_in_schema=False, dependencies=[open_to_all()])
Token = Annotated[str, Path(max_length=200)]
Act = Callable[[Session, Opened, datetime], None]


@router.get("/a/{token}", response_class=HTMLResponse)
def show(request: Request, web: Context, token: Token) -> HTMLResponse:
    """What the alarm is, and the two answers. Nothing is changed."""
    return _page(request, web, token, None)


@router.post("/a/{token}", response_class=HTMLResponse)
def answer(
    request: Request, web: Context, token: Token, act: Annotated[str, Form(max_length=8)] = "take"
) -> HTMLResponse:
    """Take the alarm, or pass it on to the next step."""
    csrf.check_origin(request)
    if act == "pass":
        return _page(request, web, token, pass_on, done="passed")
    return _page(request, web, token, take_by_link, done="taken")


def _page(request: Request, web: Web, token: str, act: Act | None, done: str = "") -> HTMLResponse:
    now, key = web.clock(), web.settings.signing_key()
    bucket = f"acknowledge {network_of(address_of(request))}"
    web.limits.strangers.take(bucket)  # guesses cost; a good link gives its cost back
    transaction = web.database.reading if act is None else web.database.writing
    try:
        with transaction() as session:
            opened = open_link(session, key, token, now)
            web.limits.strangers.give_back(bucket)
            reader = _reader(session, request, opened)
            comes_from(origin_of(reader))
            if act is not None:
                act(session, opened, now)
            shown = _shown(session, opened, done)
    except LinkOver as fault:
        return page(
            request, None, "acknowledge.html", status_code=404 if act is None else 409, over=str(fault.detail), done=""
        )
    for _, pump, *_ in shown["tasks"]:
        names_pump = pump is not None and shown["names_patients"]
        subject = f"pump:{pump.serial}" if names_pump else f"message:{opened.message.id}"
        web.trail.read(reader, subject, "message link", now, message=opened.message.id)
    return page(request, None, "acknowledge.html", over="", token=token, **shown)


def _reader(session: Session, request: Request, opened: Opened) -> Person:
    clinic = session.get_one(Clinic, opened.staff.clinic_id)
    return person_of_link(opened.staff, clinic, address_of(request))


def _shown(session: Session, opened: Opened, done: str) -> dict[str, Any]:
    items = items_by_id(session, [one.item_id for one in opened.notifications])
    pumps = pumps_by_id(session, [one.pump_id for one in items.values() if one.pump_id is not None])
    clinic = session.get_one(Clinic, opened.message.clinic_id)
    holders = {one.item_id: one.acknowledged_by for one in opened.notifications}
    tasks = [
        (
            item,
            pumps.get(item.pump_id or 0),
            in_words(item.since, clinic.timezone),
            holders[number],
            advice(item, pumps.get(item.pump_id or 0)),
        )
        for number, item in items.items()
    ]
    passed_on = passed_on_at(session, opened.message)
    return {
        "staff": opened.staff,
        "tasks": tasks,
        "names_patients": clinic.message_content != NONE,  # a clinic that names nobody in messages names nobody here
        "is_free": None in holders.values(),
        "passed_on": None if passed_on is None else in_words(passed_on, clinic.timezone),
        "done": done,
    }
