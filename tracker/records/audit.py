"""The audit trail: every write and every read of a patient's record, each entry bound to the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy
from sqlalchemy import ColumnElement, Index, func
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import EPOCH, JsonColumn, UtcDateTime

_AT_ONCE = 1000
_FEW: Final = 1000
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)

UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError)
"""What a value raises that no program of ours wrote: a time that is a text, a detail that is no JSON."""


class AuditEntry(SQLModel, table=True):
    """One entry; the database refuses to change or delete it. ``digest`` covers the entry and ``previous``."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_subject", "subject", "seq"),
        Index("ix_audit_actor", "actor", "seq"),
        Index("ix_audit_at", "at"),
        Index("ix_audit_action", "action", "seq"),
        Index("ix_audit_clinic", "clinic_id", "seq"),
        Index("ix_audit_via", "via", "seq"),
        Index("ix_audit_session", "session", "seq"),
        Index("ix_audit_address", "address", "seq"),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=254)
    clinic_id: int | None = None
    action: str = Field(max_length=64)
    subject: str = Field(max_length=200, description="what it was done to: pump:SERIAL, staff:EMAIL, …")
    detail: dict[str, Any] = Field(sa_type=JsonColumn)
    via: str | None = Field(
        default=None, max_length=16, description="browser, token, command; None: the tracker itself, or an older entry"
    )
    token: str | None = Field(default=None, max_length=120, description="the name of the token")
    session: str | None = Field(default=None, max_length=16, description="a reference to the browser's session")
    address: str | None = Field(default=None, max_length=64, description="where the request came from")
    previous: str = Field(max_length=64)
    digest: str = Field(max_length=64)


def last_entry(session: Session) -> tuple[int, str] | None:
    """Number and digest of the newest entry; None while there is none."""
    return session.exec(select(AuditEntry.seq, AuditEntry.digest).order_by(col(AuditEntry.seq).desc()).limit(1)).first()


def entries_in_order(session: Session, after: int | None = None) -> Iterator[AuditEntry]:
    """Every entry from the first on, or from the one after that number on, without holding them all."""
    after = after or None
    while True:
        chosen = select(AuditEntry).order_by(col(AuditEntry.seq)).limit(_AT_ONCE)
        if after is not None:
            chosen = chosen.where(col(AuditEntry.seq) > after)
        some = session.exec(chosen).all()
        yield from some
        if len(some) < _AT_ONCE:
            return
        after = some[-1].seq
        session.expunge_all()


def entry_after(session: Session, seq: int) -> AuditEntry | int | None:
    """The entry next after that number; its number alone where its values can't be read, None where there is none."""
    following = session.exec(
        select(AuditEntry.seq).where(col(AuditEntry.seq) > seq).order_by(col(AuditEntry.seq)).limit(1)
    ).first()
    if following is None:
        return None
    try:
        return session.exec(select(AuditEntry).where(AuditEntry.seq == following)).one()
    except UNREADABLE:
        return following


def already_entered(session: Session, at: datetime, actor: str, action: str, subject: str) -> bool:
    """Whether an entry says just this."""
    return (
        session.exec(
            select(AuditEntry.seq).where(
                AuditEntry.at == at,
                AuditEntry.actor == actor,
                AuditEntry.action == action,
                AuditEntry.subject == subject,
            )
        ).first()
        is not None
    )


def search_entries(
    session: Session,
    clinic_id: int,
    *,
    actor: str | None = None,
    subject: str | None = None,
    action: str | None = None,
    via: str | None = None,
    browser_session: str | None = None,
    address: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_seq: int | None = None,
    limit: int = 50,
) -> list[AuditEntry]:
    """One clinic's entries, newest first; ``subject`` and ``action`` match from their beginning."""
    query = select(AuditEntry).where(AuditEntry.clinic_id == clinic_id)
    if actor:
        query = query.where(AuditEntry.actor == actor.strip().lower())
    narrowed: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (col(AuditEntry.via), via),
            (col(AuditEntry.session), browser_session),
            (col(AuditEntry.address), address),
        )
        if value
    ]
    if subject:
        narrowed.append(_begins(session, col(AuditEntry.subject), subject))
    if action:
        narrowed.append(_begins(session, col(AuditEntry.action), action))
    if since or until:
        narrowed.append((col(AuditEntry.at) >= (since or EPOCH)) & (col(AuditEntry.at) < (until or _END)))
    for one in narrowed:
        query = query.where(_by_its_index(one) if _are_few(session, one) else one)
    if before_seq is not None:
        query = query.where(col(AuditEntry.seq) < before_seq)
    return list(session.exec(query.order_by(col(AuditEntry.seq).desc()).limit(limit)))


def _begins(session: Session, column: Any, text: str) -> ColumnElement[bool]:
    """Values that begin with the text, as the database's index of the column can find them."""
    begins: ColumnElement[bool] = column.startswith(text, autoescape=True)
    if session.get_bind().dialect.name == "sqlite":  # whose indexes serve no LIKE
        begins = (column >= text) & (column < text + chr(0x10FFFF))
    return begins


def _are_few(session: Session, narrowed: ColumnElement[bool]) -> bool:
    """Whether SQLite, which keeps no statistics, should find these by their own index; else by the newest entries."""
    if session.get_bind().dialect.name != "sqlite":
        return False
    some = sqlalchemy.select(col(AuditEntry.seq)).where(narrowed).limit(_FEW + 1).subquery()
    return int(session.execute(sqlalchemy.select(func.count()).select_from(some)).scalar_one()) <= _FEW


def _by_its_index(narrowed: ColumnElement[bool]) -> ColumnElement[bool]:
    return col(AuditEntry.seq).in_(sqlalchemy.select(col(AuditEntry.seq)).where(narrowed))
