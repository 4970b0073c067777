"""Pages of lists, each by an index: the place after which a page begins is the last row's own values."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from tracker.records.alarm import Alarm
from tracker.records.delivery import DeliveryMark
from tracker.records.pump import Clinic, Pump, PumpState
from tracker.records.reading import Reading
from tracker.records.rejected import RejectedMessage


def pump_page(
    session: Session, clinic_id: int, limit: int, after: tuple[datetime, int] | None = None
) -> list[tuple[Pump, PumpState | None]]:
    """A clinic's pumps with their states, newest first; ``after`` is the last one's creation and id."""
    chosen = (
        select(Pump, PumpState)
        .join(PumpState, col(PumpState.pump_id) == col(Pump.id), isouter=True)
        .where(Pump.clinic_id == clinic_id)
    )
    if after is not None:
        chosen = chosen.where(tuple_(col(Pump.created_at), col(Pump.id)) < after)
    return list(session.exec(chosen.order_by(col(Pump.created_at).desc(), col(Pump.id).desc()).limit(limit)))


def reading_page(
    session: Session,
    pump_id: int,
    limit: int,
    after: tuple[int, int] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Reading]:
    """A pump's readings by epoch and seq, newest first; measured from ``since`` to before ``until``."""
    chosen = select(Reading).where(Reading.pump_id == pump_id)
    if after is not None:
        chosen = chosen.where(tuple_(col(Reading.epoch), col(Reading.seq)) < after)
    if since is not None:
        chosen = chosen.where(col(Reading.measured_at) >= since)
    if until is not None:
        chosen = chosen.where(col(Reading.measured_at) < until)
    return list(session.exec(chosen.order_by(col(Reading.epoch).desc(), col(Reading.seq).desc()).limit(limit)))


def rejected_page(
    session: Session, clinic_id: int, limit: int, after: int | None = None, *, nobodys: bool, status: str | None = None
) -> list[RejectedMessage]:
    """A clinic's rejected messages, newest first; with ``nobodys`` those too that name no enrolled pump."""
    mine = col(RejectedMessage.clinic_id) == clinic_id
    chosen = select(RejectedMessage).where(mine | col(RejectedMessage.clinic_id).is_(None) if nobodys else mine)
    if status is not None:
        chosen = chosen.where(RejectedMessage.status == status)
    if after is not None:
        chosen = chosen.where(col(RejectedMessage.id) < after)
    return list(session.exec(chosen.order_by(col(RejectedMessage.id).desc()).limit(limit)))


def alarm_page(session: Session, pump_id: int, limit: int, after: int | None = None) -> list[Alarm]:
    """A pump's alarms, the one opened last first."""
    chosen = select(Alarm).where(Alarm.pump_id == pump_id)
    if after is not None:
        chosen = chosen.where(col(Alarm.id) < after)
    return list(session.exec(chosen.order_by(col(Alarm.id).desc()).limit(limit)))


def newest_mark(session: Session, pump_id: int) -> DeliveryMark | None:
    """The delivery mark of the pump's newest epoch; None where nothing has come."""
    return session.exec(
        select(DeliveryMark).where(DeliveryMark.pump_id == pump_id).order_by(col(DeliveryMark.epoch).desc()).limit(1)
    ).first()


def clinic_count(session: Session) -> int:
    """How many clinics this installation has."""
    return session.exec(select(func.count()).select_from(Clinic)).one()
