"""Sign-in methods: the person's own authenticator app, passkeys and recovery codes. Template ``security.html``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Body, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions.staff import passkeys
from tracker.actions.staff.second_factor import (
    begin_totp,
    begun_totp,
    confirm_totp,
    new_recovery_codes,
    remove_passkey,
    remove_totp,
)
from tracker.errors import Invalid, TrackerError
from tracker.records.column_types import key
from tracker.records.second_factor import codes_left, passkeys_of, totp_of
from tracker.records.staff import Staff
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.reauthentication import confirm, enter_unconfirmed, mark_confirmed
from tracker.web.auth.sign_in import end_sessions
from tracker.web.auth.user import Person, is_confirmed
from tracker.web.pages.second_step import place_of
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
Own = Annotated[Person, requires("self.manage")]
Act = Callable[[Session, Staff], Any]


class NotConfirmed(Invalid):
    """Sign-in methods are changed by who has just shown who they are, not by who finds a browser open."""

    title = "Confirm with your password first"

    def __init__(self) -> None:
        super().__init__("confirm with your password first: it was more than five minutes ago", field="password")


@router.get("/security")
def show(request: Request, web: Context, person: Own) -> HTMLResponse:
    """The person's sign-in methods."""
    return _show(request, web, person)


@router.post("/security/confirm")
def confirm_password(
    request: Request, web: Context, person: Own, password: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Show again who one is, before anything is changed or signed."""
    try:
        confirm(web, person, password)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    return back_to("/security", "identity-confirmed")


@router.post("/security/app")
def begin_app(request: Request, web: Context, person: Own) -> Response:
    """Begin with an authenticator app: its QR code is shown until a first code was right."""
    return _do(request, web, person, "", lambda session, staff: begin_totp(session, web.key, staff, web.clock()))


@router.post("/security/app/confirm")
def confirm_app(
    request: Request, web: Context, person: Own, code: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """The app's first code; recovery codes come with it."""

    def act(session: Session, staff: Staff) -> list[str] | None:
        confirm_totp(session, web.key, staff, "".join(code.split()), web.clock())
        return None if codes_left(session, key(staff.id)) else new_recovery_codes(session, staff, web.clock())

    return _do(request, web, person, "factor-added", act)


@router.post("/security/app/remove")
def remove_app(request: Request, web: Context, person: Own) -> Response:
    """The app is no factor any more."""
    return _do(request, web, person, "factor-removed", lambda session, staff: remove_totp(session, staff, web.clock()))


@router.post("/security/recovery-codes")
def recovery_codes(request: Request, web: Context, person: Own) -> Response:
    """Ten new recovery codes, shown this once."""
    return _do(request, web, person, "", lambda session, staff: new_recovery_codes(session, staff, web.clock()))


@router.post("/security/passkeys/challenge")
def add_challenge(request: Request, web: Context, person: Own) -> dict[str, Any]:
    """What the browser is asked to make a passkey of."""
    now = web.clock()
    _require_confirmed(person, web)
    with web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        secret, options = passkeys.begin_adding(session, place_of(request, web), staff, now)
    return {"challenge": secret, "options": options}


@router.post("/security/passkeys")
def add_passkey(
    request: Request,
    web: Context,
    person: Own,
    challenge: Annotated[str, Body(max_length=100)],
    answer: Annotated[dict[str, Any], Body()],
    name: Annotated[str, Body(max_length=80)] = "",
) -> dict[str, Any]:
    """Keep the passkey that the browser made."""
    _require_confirmed(person, web)
    with web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        passkeys.add_passkey(session, place_of(request, web), staff, challenge, answer, name, web.clock())
        end_sessions(session, person.staff_id, but=person.session_digest)
    return {"done": True}


@router.post("/security/passkeys/{passkey_id}/remove")
def drop_passkey(request: Request, web: Context, person: Own, passkey_id: int) -> Response:
    """The passkey is no factor any more."""
    return _do(
        request,
        web,
        person,
        "factor-removed",
        lambda session, staff: remove_passkey(session, staff, passkey_id, web.clock()),
    )


@router.post("/confirm/passkey/challenge")
@router.post("/confirm/passkey/emergency/challenge")
def confirm_challenge(request: Request, web: Context, person: Own) -> dict[str, Any]:
    """What the browser asks the passkey before a signature."""
    with web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        secret, options = passkeys.begin_check(session, place_of(request, web), staff, web.clock())
    return {"challenge": secret, "options": options}


@router.post("/confirm/passkey")
def confirm_by_passkey(
    request: Request,
    web: Context,
    person: Own,
    challenge: Annotated[str, Body(max_length=100)],
    answer: Annotated[dict[str, Any], Body()],
) -> dict[str, Any]:
    """Show again who one is, by a passkey: signatures take it for the next five minutes."""
    return _by_passkey(request, web, person, challenge, answer)


@router.post("/confirm/passkey/emergency")
def confirm_emergency_by_passkey(
    request: Request,
    web: Context,
    person: Own,
    challenge: Annotated[str, Body(max_length=100)],
    answer: Annotated[dict[str, Any], Body()],
) -> dict[str, Any]:
    """The same for one emergency access, and for nothing else."""
    return _by_passkey(request, web, person, challenge, answer, for_emergency=True)


def _by_passkey(
    request: Request, web: Web, person: Person, challenge: str, answer: dict[str, Any], *, for_emergency: bool = False
) -> dict[str, Any]:
    now = web.clock()
    refused: passkeys.PasskeyRefused | None = None
    with web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        try:
            passkeys.check_passkey(session, place_of(request, web), staff, challenge, answer, now)
            mark_confirmed(session, person, now, for_emergency=for_emergency)
        except passkeys.PasskeyRefused as fault:
            refused = fault
            enter_unconfirmed(session, person, "passkey", now)
    if refused is not None:
        raise refused
    return {"done": True}


def _require_confirmed(person: Person, web: Web) -> None:
    if not is_confirmed(person, web.clock()):
        raise NotConfirmed


def _do(request: Request, web: Web, person: Person, said: str, act: Act) -> Response:
    try:
        _require_confirmed(person, web)
        with web.database.writing() as session:
            made = act(session, session.get_one(Staff, person.staff_id))
            if said:
                end_sessions(session, person.staff_id, but=person.session_digest)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    if isinstance(made, list):
        return _show(request, web, person, codes=made)
    return back_to("/security", said) if said else _show(request, web, person)


def _show(
    request: Request, web: Web, person: Person, *, fault: TrackerError | None = None, codes: list[str] | None = None
) -> HTMLResponse:
    with web.database.reading() as session:
        staff = session.get_one(Staff, person.staff_id)
        app = totp_of(session, person.staff_id)
        begun = begun_totp(session, web.key, staff)
        mine = passkeys_of(session, person.staff_id)
        left = codes_left(session, person.staff_id)
    return page(
        request,
        person,
        "security.html",
        status_code=fault.status if fault else 200,
        confirmed=is_confirmed(person, web.clock()),
        app=app,
        secret=begun[0] if begun else None,
        qr=segno.make(begun[1], error="m").svg_data_uri(scale=5, border=3) if begun else None,
        passkeys=mine,
        left=left,
        codes=codes,
        fault=fault,
    )
