"""Staff, their sessions in the browser and their API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Index, bindparam, text
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import UtcDateTime
from tracker.records.pump import Clinic

SERVICE = "service "  #: what the name of a service account begins with, where a person has an email
OPERATOR = "command line"  #: how the audit trail and a token's maker name who works at the machine itself
ROLES = ("nurse", "physician", "biller", "administrator", "auditor")


class Staff(SQLModel, table=True):
    """A person who may sign in, or a service account of a program. Emails are kept in lower case."""

    __tablename__ = "staff"

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=120)
    role: str = Field(max_length=24, description="nurse, physician, biller, administrator, auditor")
    unit: str | None = Field(default=None, max_length=80)
    password_hash: str | None = Field(
        default=None, max_length=300, description="argon2; empty where only OpenID Connect signs in"
    )
    oidc_subject: str | None = Field(default=None, unique=True, max_length=255)
    active: bool = True
    password_set_by: str | None = Field(
        default=None, max_length=254, description="somebody else who set it: nothing is signed until it is changed"
    )
    password_changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    worklist_seen_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="what changed since is marked"
    )
    worklist_looked_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the last look at the worklist by the person's own click"
    )
    responsible_id: int | None = Field(
        default=None, description="of a service account: the person who answers for it; None: the account is a person"
    )
    created_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def is_service(self) -> bool:
        """Whether a program works with it: it never signs in, and its ``email`` is ``service NAME``, which is none."""
        return self.responsible_id is not None


class BrowserSession(SQLModel, table=True):
    """A signed-in browser; the cookie holds a secret of which only the SHA-256 is kept."""

    __tablename__ = "browser_session"

    digest: str = Field(primary_key=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    csrf: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    opened_by: str = Field(default="password", max_length=40, description="how the person showed who they are")
    confirmed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="when the person last showed it again, to sign something"
    )
    emergency_confirmed_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the same for one emergency access, which uses it up"
    )
    browser: str | None = Field(default=None, max_length=200, description="what the browser calls itself")
    address: str | None = Field(default=None, max_length=64, description="where the person signed in from")

    @property
    def reference(self) -> str:
        """How lists and the audit trail name the session; nobody signs in with it."""
        return session_reference(self.digest)


class ApiToken(SQLModel, table=True):
    """A token for programs; shown once, kept as its SHA-256 (it is random, so no slow hash is needed)."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    name: str = Field(max_length=120)
    digest: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    scopes: str = Field(max_length=300, description="what it may do at the most, by spaces; all: everything")
    expires_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: str | None = Field(
        default=None, max_length=254, description="who made it; None: made before this was kept"
    )


class SavedView(SQLModel, table=True):
    """A named filter of the pump list."""

    __tablename__ = "saved_view"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    name: str = Field(max_length=80)
    query: str = Field(max_length=500)


_WAITS = text("clinic_id IS NOT NULL AND reviewed_at IS NULL")


class BreakGlass(SQLModel, table=True):
    """Emergency access to another clinic's pump: time-limited, with a reason, loudly audited."""

    __tablename__ = "break_glass"
    __table_args__ = (
        Index("ix_break_glass_clinic", "clinic_id", "id"),
        Index("ix_break_glass_waits", "pump_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    pump_id: int = Field(foreign_key="pump.id")
    reason: str = Field(max_length=1000)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    clinic_id: int | None = Field(
        default=None, description="the clinic whose pump it was, which reviews it; None: opened before that was asked"
    )
    opened_by: str = Field(default="", max_length=254, sa_column_kwargs={"server_default": ""})
    from_clinic: str = Field(default="", max_length=120, sa_column_kwargs={"server_default": ""})
    via: str = Field(default="", max_length=16, sa_column_kwargs={"server_default": ""}, description="browser or token")
    address: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reviewed_by: str | None = Field(default=None, max_length=254)
    review: str | None = Field(default=None, max_length=1000, description="what the owning clinic found")


def staff_by_email(session: Session, email: str) -> Staff | None:
    """The person with that email, in whatever case it is given; never a service account."""
    chosen = select(Staff).where(Staff.email == email.strip().lower(), col(Staff.responsible_id).is_(None))
    return session.exec(chosen).first()


def emails_of(session: Session, staff_ids: Sequence[int]) -> dict[int, str]:
    """The emails of those accounts by their ids."""
    chosen = select(Staff.id, Staff.email).where(col(Staff.id).in_(staff_ids))
    return {number: email for number, email in session.exec(chosen) if number is not None} if staff_ids else {}


def people_of_clinic(session: Session, clinic_id: int) -> list[Staff]:
    """The clinic's people, service accounts left out, in the order in which they were added."""
    return list(session.exec(_OF_CLINIC, params={"clinic": clinic_id}))


_OF_CLINIC: Final = (
    select(Staff)
    .where(col(Staff.clinic_id) == bindparam("clinic"), col(Staff.responsible_id).is_(None))
    .order_by(col(Staff.id))
)


def service_by_name(session: Session, name: str) -> Staff | None:
    """The service account of that name, with or without ``service`` before it."""
    plain = SERVICE + name.strip().lower().removeprefix(SERVICE).strip()
    return session.exec(select(Staff).where(Staff.email == plain, col(Staff.responsible_id).is_not(None))).first()


def staff_by_subject(session: Session, subject: str) -> Staff | None:
    """The person whom the sign-in provider knows by that subject."""
    return session.exec(select(Staff).where(Staff.oidc_subject == subject)).first()


def session_reference(digest: str) -> str:
    """How the audit trail names the session of that digest."""
    return digest[:16]


def session_with_staff(session: Session, digest: str) -> tuple[BrowserSession, Staff, Clinic] | None:
    """The browser session of that digest with its person and clinic, whether or not it or the account has ended."""
    return session.exec(
        select(BrowserSession, Staff, Clinic).where(
            BrowserSession.digest == digest,
            BrowserSession.staff_id == Staff.id,
            Staff.clinic_id == Clinic.id,
        )
    ).first()


def token_with_staff(session: Session, digest: str) -> tuple[ApiToken, Staff, Clinic] | None:
    """The API token of that digest with its person and clinic, whether or not it or the account has ended."""
    return session.exec(
        select(ApiToken, Staff, Clinic).where(
            ApiToken.digest == digest,
            ApiToken.staff_id == Staff.id,
            Staff.clinic_id == Clinic.id,
        )
    ).first()


def sessions_with_staff(session: Session, digests: Sequence[str]) -> list[tuple[BrowserSession, Staff]]:
    """The browser sessions of those digests with their active persons, whether or not they have run out."""
    chosen = select(BrowserSession, Staff).where(BrowserSession.staff_id == Staff.id, col(Staff.active).is_(True))
    return list(session.exec(chosen.where(col(BrowserSession.digest).in_(digests))))


def tokens_with_staff(session: Session, numbers: Sequence[int]) -> list[tuple[ApiToken, Staff]]:
    """The unrevoked API tokens of those ids with their active persons."""
    chosen = select(ApiToken, Staff).where(ApiToken.staff_id == Staff.id, col(Staff.active).is_(True))
    return list(session.exec(chosen.where(col(ApiToken.id).in_(numbers), col(ApiToken.revoked_at).is_(None))))


def sessions_of(
    session: Session, staff_id: int, now: datetime, *, idle_minutes: int | None = None
) -> list[BrowserSession]:
    """A person's browser sessions that have not reached their end, the last seen first; without idle ones if told."""
    chosen = select(BrowserSession).where(BrowserSession.staff_id == staff_id, col(BrowserSession.expires_at) > now)
    if idle_minutes is not None:
        chosen = chosen.where(col(BrowserSession.seen_at) > now - timedelta(minutes=idle_minutes))
    return list(session.exec(chosen.order_by(col(BrowserSession.seen_at).desc())))


def open_break_glass(session: Session, staff_id: int, pump_id: int, now: datetime) -> BreakGlass | None:
    """The emergency access to that pump that the person has now."""
    return session.exec(
        select(BreakGlass)
        .where(BreakGlass.staff_id == staff_id, BreakGlass.pump_id == pump_id, col(BreakGlass.expires_at) > now)
        .order_by(col(BreakGlass.expires_at).desc())
        .limit(1)
    ).first()


def end_break_glass(session: Session, staff_id: int, now: datetime) -> None:
    """End every emergency access that the person has."""
    open_ones = select(BreakGlass).where(BreakGlass.staff_id == staff_id, col(BreakGlass.expires_at) > now)
    for access in session.exec(open_ones):
        access.expires_at = now
        session.add(access)


def staff_of_clinic(session: Session, clinic_id: int) -> list[Staff]:
    """Everybody of a clinic, by name; programs are no staff."""
    people = select(Staff).where(Staff.clinic_id == clinic_id, col(Staff.responsible_id).is_(None))
    return list(session.exec(people.order_by(Staff.name, Staff.email)))


def services_of_clinic(session: Session, clinic_id: int) -> list[tuple[Staff, Staff]]:
    """A clinic's service accounts by name, each with the person who answers for it."""
    person = aliased(Staff)
    chosen = select(Staff, person).where(Staff.clinic_id == clinic_id, Staff.responsible_id == person.id)
    return list(session.exec(chosen.order_by(Staff.email)))


def services_left_alone(session: Session, clinic_id: int) -> list[Staff]:
    """The clinic's service accounts that still work, and whose responsible person's account has ended."""
    return [
        service for service, person in services_of_clinic(session, clinic_id) if service.active and not person.active
    ]


def tokens_of(session: Session, staff_id: int) -> list[ApiToken]:
    """A person's tokens, newest first, revoked ones among them."""
    return list(
        session.exec(select(ApiToken).where(ApiToken.staff_id == staff_id).order_by(col(ApiToken.created_at).desc()))
    )


def unrevoked_tokens(session: Session, staff_ids: Sequence[int]) -> list[ApiToken]:
    """The tokens of those accounts that nobody has revoked, newest first."""
    chosen = select(ApiToken).where(col(ApiToken.staff_id).in_(staff_ids), col(ApiToken.revoked_at).is_(None))
    return list(session.exec(chosen.order_by(col(ApiToken.created_at).desc())))


def all_staff(session: Session) -> list[tuple[Staff, Clinic]]:
    """Everybody of every clinic, by clinic and email."""
    return list(
        session.exec(select(Staff, Clinic).where(Staff.clinic_id == Clinic.id).order_by(Clinic.name, Staff.email))
    )
