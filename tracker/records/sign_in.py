"""Tries to sign in, counted by account and where they come from; and the browsers that each person signs in with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, delete, func, select

from tracker.records.column_types import UtcDateTime


class SignInTry(SQLModel, table=True):
    """Failed tries at one account from one place. ``account`` is a digest of the email, known or not."""

    __tablename__ = "sign_in_try"

    account: str = Field(primary_key=True, max_length=64)
    place: str = Field(primary_key=True, max_length=80, description="address:…, device:…, everywhere, signature, code")
    tries: int = 0
    last_at: datetime = Field(sa_type=UtcDateTime, index=True)
    wait_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KnownDevice(SQLModel, table=True):
    """A browser in which a person has signed in; its cookie holds a secret of which only the SHA-256 is kept."""

    __tablename__ = "known_device"

    staff_id: int = Field(foreign_key="staff.id", primary_key=True)
    digest: str = Field(primary_key=True, max_length=64)
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)


def locked_try(session: Session, account: str, place: str, now: datetime) -> SignInTry:
    """The row of that account and place, made where it is missing; nobody else counts in it until the commit."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(SignInTry).values(account=account, place=place, tries=0, last_at=now)
    # One statement makes or locks the row: between two, whoever forgets the tries could delete it.
    taken = row.on_conflict_do_update(index_elements=["account", "place"], set_={"account": row.excluded.account})
    found: SignInTry = session.scalars(taken.returning(SignInTry), execution_options={"populate_existing": True}).one()
    return found


def forget_tries(session: Session, account: str, places: Collection[str] | None = None) -> None:
    """Forget the tries at an account, all of them or those from some places."""
    statement = delete(SignInTry).where(col(SignInTry.account) == account)
    if places is not None:
        statement = statement.where(col(SignInTry.place).in_(places))
    session.exec(statement)


def forget_tries_before(session: Session, before: datetime) -> None:
    """Forget the tries at any account that lie longer back."""
    session.exec(delete(SignInTry).where(col(SignInTry.last_at) < before))


def waits_of(session: Session, accounts: Collection[str], now: datetime) -> dict[str, datetime]:
    """For each account that somebody must wait for now: until when, at the longest."""
    found = session.exec(
        select(SignInTry.account, func.max(SignInTry.wait_until))
        .where(col(SignInTry.account).in_(accounts), col(SignInTry.wait_until) > now)
        .group_by(SignInTry.account)
    )
    return {account: until for account, until in found if until is not None}


def device_of(session: Session, staff_id: int, digest: str) -> KnownDevice | None:
    """The browser of that digest, if the person has signed in with it."""
    return session.get(KnownDevice, (staff_id, digest))


def forget_devices_before(session: Session, before: datetime) -> None:
    """Forget the browsers that nobody has signed in with since."""
    session.exec(delete(KnownDevice).where(col(KnownDevice.last_at) < before))
