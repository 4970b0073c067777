"""What a person does by an acknowledge link: take the alarm, or pass it on."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from devices.alarms import AlarmCode
from tracker.actions import audit
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.audit_events import Event
from tracker.actions.messages.clinic_staff import clinic_staff
from tracker.actions.messages.follow_items import advance, hold
from tracker.actions.messages.links import LinkOver, Opened
from tracker.actions.worklist.claim_item import claim_item
from tracker.records.alarm import open_alarms
from tracker.records.column_types import key
from tracker.records.message import State, hold_message, messages_of_person_about
from tracker.records.notification import Notification, NotificationRecipient
from tracker.records.queries.passed_on import PASSED_ON, passed_on_at
from tracker.records.worklist import WorklistItem, items_by_id
from tracker.worklist.alarms import CAUSES
from tracker.worklist.areas import Area, may_handle, refusal


def take_by_link(session: Session, opened: Opened, now: datetime) -> None:
    """Acknowledge the alarms and claim the tasks in one act. Raises ``LinkOver`` where somebody has them all."""
    staff = opened.staff
    if not may_handle(staff.role, Area.CLINICAL):
        raise LinkOver(refusal(staff.role, Area.CLINICAL))
    free = [one for one in opened.notifications if one.acknowledged_by is None]
    if not free:
        raise LinkOver(f"{opened.notifications[0].acknowledged_by} has it already")
    pairs = [(one, item) for one, item in _with_items(session, free) if item.claimed_by in {None, staff.email}]
    if not pairs:
        raise LinkOver("somebody else has the task already: open the tracker to see who")
    hold(session, pairs, by=staff.email, now=now)
    for _, item in pairs:
        if item.pump_id is not None:
            for alarm in open_alarms(session, [item.pump_id]).get(item.pump_id, []):
                if CAUSES[AlarmCode(alarm.code)] == item.kind and alarm.acknowledged_at is None:
                    acknowledge_alarm(session, key(alarm.id), reason="", by=staff.email, now=now)
        claim_item(session, key(item.id), by=staff.email, now=now)
    for message in messages_of_person_about(session, key(staff.id), [key(one.id) for one, _ in pairs]):
        message.acknowledged_at = now
        if message.state == State.SENT.value:
            message.state = State.ACKNOWLEDGED.value
        session.add(message)
    _enter(session, opened, Event.ALARM_TAKEN_BY_LINK, pairs, now)


def pass_on(session: Session, opened: Opened, now: datetime) -> None:
    """The person can't: the next step is told at once. Raises ``LinkOver`` where somebody has it already.

    A link passes on once. Pressed again it would tell the step after the next, before the next could answer.
    """
    hold_message(session, opened.message.id)
    if passed_on_at(session, opened.message) is not None:
        raise LinkOver("you passed this on already: the next people are told")
    free = [one for one in opened.notifications if one.acknowledged_by is None]
    if not free:
        raise LinkOver(f"{opened.notifications[0].acknowledged_by} has it already: there is nothing to pass on")
    pairs = _with_items(session, free)
    for notification, _ in pairs:
        session.add(
            NotificationRecipient(
                notification_id=key(notification.id),
                staff_id=key(opened.staff.id),
                at=now,
                type=PASSED_ON,
                turn=notification.turn,
                step=notification.next_step,
                message_id=opened.message.id,
            )
        )
        if notification.next_at > now:
            notification.started_at -= notification.next_at - now
    advance(session, clinic_staff(session, opened.message.clinic_id), pairs, now)
    _enter(session, opened, Event.ALARM_PASSED_ON, pairs, now)


def _with_items(session: Session, notifications: list[Notification]) -> list[tuple[Notification, WorklistItem]]:
    items = items_by_id(session, [one.item_id for one in notifications])
    return [(one, items[one.item_id]) for one in notifications]


def _enter(
    session: Session, opened: Opened, event: Event, pairs: list[tuple[Notification, WorklistItem]], now: datetime
) -> None:
    audit.record(
        session,
        actor=opened.staff.email,
        clinic_id=opened.message.clinic_id,
        action=event,
        subject=f"message:{opened.message.id}",
        detail={"tasks": [item.id for _, item in pairs], "what": [item.what for _, item in pairs]},
        now=now,
    )
