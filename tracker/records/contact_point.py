"""Contact points: where a person receives messages, and when they want which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import UtcDateTime

KINDS = ("email", "webhook", "apprise", "push")


class ContactPoint(SQLModel, table=True):
    """One address of one person. Nothing relies on it before it is confirmed."""

    __tablename__ = "contact_point"

    id: int | None = Field(default=None, primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True)
    kind: str = Field(max_length=16, description="email, webhook, apprise, push")
    target: str = Field(max_length=1000, description="address, URL, Apprise address, or the push endpoint")
    secret: str | None = Field(
        default=None, max_length=500, description="whsec_… of a webhook; keys of a push subscription as JSON"
    )
    label: str = Field(default="", max_length=80, description="how the person calls it")
    high: bool = Field(default=True, description="receives messages of high priority")
    medium: bool = Field(default=True)
    low: bool = Field(default=True, description="receives the daily digest")
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str = Field(max_length=254)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_because: str | None = Field(default=None, max_length=300)


class NotificationSettings(SQLModel, table=True):
    """When a person wants to be left alone. Without a row: the clinic's zone, and a night of 21:00 to 07:00."""

    __tablename__ = "notification_settings"

    staff_id: int = Field(foreign_key="staff.id", primary_key=True)
    time_zone: str = Field(max_length=64, description="IANA name")
    night_from: str = Field(max_length=5, description="HH:MM in that zone; from and to alike: no night")
    night_to: str = Field(max_length=5)


def contact_points_of(session: Session, staff_ids: Sequence[int]) -> dict[int, list[ContactPoint]]:
    """The contact points in use of each of those persons, confirmed or not, oldest first."""
    found: dict[int, list[ContactPoint]] = {}
    if not staff_ids:
        return found
    for point in session.exec(_POINTS, params={"persons": staff_ids}):
        found.setdefault(point.staff_id, []).append(point)
    return found


def settings_of(session: Session, staff_ids: Sequence[int]) -> dict[int, NotificationSettings]:
    """The settings of those persons who have set any."""
    return {row.staff_id: row for row in session.exec(_SETTINGS, params={"persons": staff_ids})} if staff_ids else {}


_PERSONS: Final[Any] = bindparam("persons", expanding=True)
_POINTS: Final = (
    select(ContactPoint)
    .where(col(ContactPoint.staff_id).in_(_PERSONS), col(ContactPoint.ended_at).is_(None))
    .order_by(col(ContactPoint.id))
)
_SETTINGS: Final = select(NotificationSettings).where(col(NotificationSettings.staff_id).in_(_PERSONS))


def any_confirmed(session: Session) -> bool:
    """Whether anybody relies on messages."""
    confirmed = col(ContactPoint.confirmed_at).is_not(None) & col(ContactPoint.ended_at).is_(None)
    return session.exec(select(ContactPoint.id).where(confirmed).limit(1)).first() is not None
