"""Links by which people choose their own passwords: each good once, for a day."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, delete, select

from tracker.records.column_types import UtcDateTime
from tracker.records.staff import Staff


class SetupLink(SQLModel, table=True):
    """A link that waits to be used; it holds a secret of which only the SHA-256 is kept."""

    __tablename__ = "setup_link"

    digest: str = Field(primary_key=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    made_by: str = Field(max_length=254)
    made_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


def link_with_staff(session: Session, digest: str, now: datetime) -> tuple[SetupLink, Staff] | None:
    """The link of that digest that still waits, with its active person; nobody else uses it until the commit."""
    return session.exec(
        select(SetupLink, Staff)
        .where(
            SetupLink.digest == digest,
            col(SetupLink.expires_at) > now,
            SetupLink.staff_id == Staff.id,
            col(Staff.active).is_(True),
        )
        .with_for_update()
    ).first()


def drop_links(session: Session, staff_id: int, now: datetime) -> None:
    """Forget the person's links, and everybody's that have run out."""
    session.exec(delete(SetupLink).where((col(SetupLink.staff_id) == staff_id) | (col(SetupLink.expires_at) <= now)))
