"""The authenticator app (TOTP, RFC 6238) and recovery codes: set up, take a code, count what is left.

The secret of an app is sealed with a key derived from ``TRACKER_SECRET_KEY``: a copy of the database makes no codes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.second_factor import (
    PendingStep,
    RecoveryCode,
    Totp,
    drop_factors,
    has_factor,
    passkeys_of,
    pending_step,
    totp_of,
    use_code,
)
from tracker.records.staff import Staff

ISSUER = "Pump tracker"
STEP_S = 30
CODES = 10
STEP_LASTS = timedelta(minutes=5)
RECOVERY_CODE_LENGTH = 16  #: without what stands between its parts


def begin_totp(session: Session, seal_key: bytes, staff: Staff, now: datetime) -> tuple[str, str]:
    """A new secret for an app, good once a first code was right: the secret, and the address for its QR code."""
    row = totp_of(session, key(staff.id))
    if row is not None and row.confirmed_at is not None:
        raise Conflict("an authenticator app is set up already: remove it first")
    secret = pyotp.random_base32()
    row = row or Totp(staff_id=key(staff.id), sealed="", added_at=now)
    row.sealed, row.added_at = _fernet(seal_key).encrypt(secret.encode()).decode(), now
    session.add(row)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=staff.email, issuer_name=ISSUER)


def begun_totp(session: Session, seal_key: bytes, staff: Staff) -> tuple[str, str] | None:
    """The secret and address of an app that waits for its first code."""
    row = totp_of(session, key(staff.id))
    secret = _secret(row, seal_key) if row is not None and row.confirmed_at is None else None
    return (
        None if secret is None else (secret, pyotp.TOTP(secret).provisioning_uri(name=staff.email, issuer_name=ISSUER))
    )


def confirm_totp(session: Session, seal_key: bytes, staff: Staff, code: str, now: datetime) -> None:
    """The app's first code: from now on the app is a factor. Raises ``Invalid`` for a wrong one."""
    row = totp_of(session, key(staff.id))
    if row is None or row.confirmed_at is not None or not _take(row, seal_key, code, now):
        raise Invalid("that is not the code that the app shows now; check the clock of the phone", field="code")
    row.confirmed_at = now
    session.add(row)
    record(session, staff, Event.STAFF_FACTOR_ADDED, {"factor": "authenticator app"}, now)


def remove_totp(session: Session, staff: Staff, now: datetime) -> None:
    """The app is no factor any more."""
    row = totp_of(session, key(staff.id))
    if row is not None:
        session.delete(row)
        session.flush()
        record(session, staff, Event.STAFF_FACTOR_REMOVED, {"factor": "authenticator app"}, now)
        _drop_useless_codes(session, staff)


def remove_passkey(session: Session, staff: Staff, passkey_id: int, now: datetime) -> None:
    """The passkey is no factor any more."""
    for row in passkeys_of(session, key(staff.id)):
        if row.id == passkey_id:
            session.delete(row)
            session.flush()
            record(session, staff, Event.STAFF_FACTOR_REMOVED, {"factor": "passkey", "name": row.name}, now)
            _drop_useless_codes(session, staff)


def new_recovery_codes(session: Session, staff: Staff, now: datetime) -> list[str]:
    """Ten new codes instead of the old ones; shown once, kept as their SHA-256. Each has 80 random bits."""
    if not has_factor(session, key(staff.id)):
        raise Conflict("set up an authenticator app or a passkey first: recovery codes stand in for one")
    drop_factors(session, key(staff.id), codes_only=True)
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES)]
    session.add_all(RecoveryCode(staff_id=key(staff.id), digest=_digest(code), made_at=now) for code in codes)
    record(session, staff, Event.STAFF_RECOVERY_CODES_MADE, {"codes": CODES}, now)
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def take_code(session: Session, seal_key: bytes, staff: Staff, code: str, now: datetime) -> str | None:
    """Take a code of the app or a recovery code: how the person showed themselves, None for a wrong one.

    Each is good once. The caller has counted the try before.
    """
    plain = "".join(one for one in code.lower() if one.isalnum())
    row = totp_of(session, key(staff.id))
    if row is not None and row.confirmed_at is not None and _take(row, seal_key, plain, now):
        session.add(row)
        return "authenticator app"
    if len(plain) == RECOVERY_CODE_LENGTH and use_code(session, key(staff.id), _digest(plain), now):
        return "recovery code"
    return None


def begin_step(session: Session, staff_id: int, purpose: str, state: dict[str, object], now: datetime) -> str:
    """Begin something that waits five minutes for its second half: the secret by which it is found again."""
    secret = secrets.token_urlsafe(32)
    row = PendingStep(
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        staff_id=staff_id,
        purpose=purpose,
        state=state,
        expires_at=now + STEP_LASTS,
    )
    session.add(row)
    return secret


def begun_step(session: Session, secret: str, purpose: str, now: datetime) -> PendingStep | None:
    """The step that was begun with that secret, while it waits."""
    return pending_step(session, hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest(), purpose, now)


def record(session: Session, staff: Staff, event: Event, detail: dict[str, object], now: datetime) -> None:
    """The audit entry of what a person did with their own factors."""
    audit.record(
        session,
        actor=staff.email,
        clinic_id=staff.clinic_id,
        action=event,
        subject=f"staff:{staff.email}",
        detail=detail,
        now=now,
    )


def _take(row: Totp, seal_key: bytes, code: str, now: datetime) -> bool:
    """Whether it is the code of this step, the one before or after, and of none that was taken before."""
    secret = _secret(row, seal_key)
    if secret is None or len(code) != 6:
        return False
    app = pyotp.TOTP(secret)
    step = int(now.timestamp()) // STEP_S
    for one in (step, step - 1, step + 1):
        if secrets.compare_digest(app.generate_otp(one).encode(), code.encode("utf-8", "replace")):
            if one <= row.last_step:
                return False
            row.last_step = one
            return True
    return False


def _secret(row: Totp, seal_key: bytes) -> str | None:
    try:
        return _fernet(seal_key).decrypt(row.sealed.encode()).decode()
    except InvalidToken:  # TRACKER_SECRET_KEY was changed: recovery codes and the administrator are left
        return None


def _fernet(seal_key: bytes) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"pump tracker totp").derive(seal_key)
    return Fernet(base64.urlsafe_b64encode(derived))


def _drop_useless_codes(session: Session, staff: Staff) -> None:
    if not has_factor(session, key(staff.id)):
        drop_factors(session, key(staff.id), codes_only=True)


def _digest(code: str) -> str:
    return hashlib.sha256(b"recovery\0" + code.encode()).hexdigest()
