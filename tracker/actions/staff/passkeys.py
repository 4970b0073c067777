"""Passkeys (WebAuthn, by Yubico's library fido2): a challenge, and the check of what the browser answers to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    UserVerificationRequirement,
)
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.staff.second_factor import begin_step, begun_step, record
from tracker.errors import Invalid
from tracker.records.column_types import key
from tracker.records.second_factor import Passkey, passkeys_of
from tracker.records.staff import Staff

MOST_PASSKEYS = 10


class PasskeyRefused(Invalid):
    """What the browser answered does not show that the person holds the passkey."""

    title = "The passkey was not taken"

    def __init__(self) -> None:
        super().__init__("the passkey was not taken: try it again, or use another way", field="passkey")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the browser is: passkeys belong to the host, and an answer made for another address is refused."""

    scheme: str
    host: str

    @property
    def server(self) -> Fido2Server:
        """The checks of the library for this place. A person must be verified: a found token is none."""
        name = urlsplit(f"//{self.host}").hostname or ""
        return Fido2Server(
            PublicKeyCredentialRpEntity(name="Pump tracker", id=name),
            verify_origin=lambda origin: origin == f"{self.scheme}://{self.host}",
        )


def begin_adding(session: Session, place: Place, staff: Staff, now: datetime) -> tuple[str, dict[str, Any]]:
    """A challenge to make a passkey: the secret of the step, and what the browser is asked."""
    mine = passkeys_of(session, key(staff.id))
    if len(mine) >= MOST_PASSKEYS:
        raise Invalid(f"there are {MOST_PASSKEYS} passkeys already: remove one first", field="passkey")
    user = PublicKeyCredentialUserEntity(
        id=hashlib.sha256(f"staff {staff.id}".encode()).digest()[:16], name=staff.email, display_name=staff.name
    )
    options, state = place.server.register_begin(
        user, [_credential(one) for one in mine], user_verification=UserVerificationRequirement.REQUIRED
    )
    return begin_step(session, key(staff.id), "passkey-add", state, now), dict(options)


def add_passkey(
    session: Session, place: Place, staff: Staff, secret: str, answer: Mapping[str, Any], name: str, now: datetime
) -> Passkey:
    """Keep the passkey that the browser made. Raises ``PasskeyRefused``."""
    step = begun_step(session, secret, "passkey-add", now)
    if step is None or step.staff_id != staff.id:
        raise PasskeyRefused
    session.delete(step)
    try:
        made = place.server.register_complete(step.state, answer)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise PasskeyRefused from fault
    if made.credential_data is None:
        raise PasskeyRefused
    row = Passkey(
        staff_id=key(staff.id),
        credential_id=websafe_encode(made.credential_data.credential_id),
        credential=websafe_encode(bytes(made.credential_data)),
        name=name.strip()[:80] or "Passkey",
        counter=made.counter,
        added_at=now,
    )
    session.add(row)
    record(session, staff, Event.STAFF_FACTOR_ADDED, {"factor": "passkey", "name": row.name}, now)
    return row


def begin_check(session: Session, place: Place, staff: Staff, now: datetime) -> tuple[str, dict[str, Any]]:
    """A challenge to the person's passkeys: the secret of the step, and what the browser is asked."""
    mine = passkeys_of(session, key(staff.id))
    if not mine:
        raise PasskeyRefused
    options, state = place.server.authenticate_begin(
        [_credential(one) for one in mine], user_verification=UserVerificationRequirement.REQUIRED
    )
    return begin_step(session, key(staff.id), "passkey-check", state, now), dict(options)


def check_passkey(
    session: Session, place: Place, staff: Staff, secret: str, answer: Mapping[str, Any], now: datetime
) -> Passkey:
    """Check the answer to a challenge, which is good once. Raises ``PasskeyRefused``, also for a copied passkey."""
    step = begun_step(session, secret, "passkey-check", now)
    if step is None or step.staff_id != staff.id:
        raise PasskeyRefused
    session.delete(step)
    mine = passkeys_of(session, key(staff.id))
    try:
        used = place.server.authenticate_complete(step.state, [_credential(one) for one in mine], answer)
        counter = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise PasskeyRefused from fault
    row = next(one for one in mine if one.credential_id == websafe_encode(used.credential_id))
    if (counter or row.counter) and counter <= row.counter:
        raise PasskeyRefused
    row.counter, row.used_at = counter, now
    session.add(row)
    return row


def _credential(row: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(row.credential))
