"""What a person shows beside the password: authenticator app, passkeys, recovery codes; and steps begun with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, SQLModel, col, delete, func, select, update

from tracker.records.column_types import JsonColumn, UtcDateTime


class Totp(SQLModel, table=True):
    """A person's authenticator app. The secret is sealed with a key that the database does not hold."""

    __tablename__ = "totp"

    staff_id: int = Field(foreign_key="staff.id", primary_key=True)
    sealed: str = Field(max_length=300)
    added_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="when a first code was right")
    last_step: int = Field(default=0, description="the 30 s step of the last code taken; none is taken twice")


class Passkey(SQLModel, table=True):
    """A passkey (WebAuthn credential): its public half."""

    __tablename__ = "passkey"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    credential_id: str = Field(unique=True, max_length=1400, description="base64url")
    credential: str = Field(max_length=8000, description="attested credential data, base64url")
    name: str = Field(max_length=80)
    counter: int = 0
    added_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCode(SQLModel, table=True):
    """A code for the day when every other factor is lost; random, kept as its SHA-256, good once."""

    __tablename__ = "recovery_code"

    staff_id: int = Field(foreign_key="staff.id", primary_key=True)
    digest: str = Field(primary_key=True, max_length=64)
    made_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PendingStep(SQLModel, table=True):
    """Something begun that waits for its second half: a sign-in after its password, a passkey's answer."""

    __tablename__ = "pending_step"

    digest: str = Field(primary_key=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    purpose: str = Field(max_length=24)
    state: dict[str, Any] = Field(sa_type=JsonColumn)
    expires_at: datetime = Field(sa_type=UtcDateTime)


def totp_of(session: Session, staff_id: int) -> Totp | None:
    """The person's authenticator app, confirmed or not; nobody else takes a code of it until the commit."""
    return session.exec(select(Totp).where(Totp.staff_id == staff_id).with_for_update()).first()


def passkeys_of(session: Session, staff_id: int) -> list[Passkey]:
    """The person's passkeys, the oldest first."""
    return list(session.exec(select(Passkey).where(Passkey.staff_id == staff_id).order_by(col(Passkey.id))))


def has_app(session: Session, staff_id: int) -> bool:
    """Whether the person has an authenticator app that works."""
    app = select(Totp.staff_id).where(Totp.staff_id == staff_id, col(Totp.confirmed_at).is_not(None))
    return session.exec(app).first() is not None


def has_factor(session: Session, staff_id: int) -> bool:
    """Whether the person has a second factor that works."""
    return (
        has_app(session, staff_id)
        or session.exec(select(Passkey.id).where(Passkey.staff_id == staff_id).limit(1)).first() is not None
    )


def codes_left(session: Session, staff_id: int) -> int:
    """How many recovery codes are still good."""
    unused = select(func.count()).select_from(RecoveryCode)
    return session.exec(unused.where(RecoveryCode.staff_id == staff_id, col(RecoveryCode.used_at).is_(None))).one()


def use_code(session: Session, staff_id: int, digest: str, now: datetime) -> bool:
    """Use up the recovery code of that digest; whether there was one that was still good."""
    done = session.exec(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.staff_id) == staff_id,
            col(RecoveryCode.digest) == digest,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
    )
    return done.rowcount == 1


def drop_factors(session: Session, staff_id: int, *, codes_only: bool = False) -> None:
    """Forget the person's recovery codes and, unless told otherwise, the app and the passkeys."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff_id))
    if not codes_only:
        session.exec(delete(Totp).where(col(Totp.staff_id) == staff_id))
        session.exec(delete(Passkey).where(col(Passkey.staff_id) == staff_id))


def pending_step(session: Session, digest: str, purpose: str, now: datetime) -> PendingStep | None:
    """The step of that digest, if it was begun for this purpose and has not run out. Those that ran out are dropped."""
    session.exec(delete(PendingStep).where(col(PendingStep.expires_at) < now))
    return session.exec(
        select(PendingStep).where(PendingStep.digest == digest, PendingStep.purpose == purpose).with_for_update()
    ).first()
