"""Keep notifications true to their tasks: opened, more urgent, taken, given back, acted on, closed.

Each of these is called in the transaction of what happened to the task, so that a message exists exactly if its cause
does. What is due at once is written here; what comes later is written by the job (``tend``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions import audit
from tracker.actions.audit_events import THE_TRACKER, Event
from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.messages.compose import Telling, send_all
from tracker.actions.messages.lapse_acknowledgment import TRACKER, lapse_acknowledgment
from tracker.actions.messages.settle import FLAPS_WITHIN, end, goes_on, resume
from tracker.oncall.plan import due
from tracker.oncall.policy import policy_for
from tracker.oncall.values import Escalation, Notified
from tracker.records.column_types import key
from tracker.records.message import Type
from tracker.records.notification import (
    Notification,
    last_of_causes,
    notifications_of_items,
    notified_in_turn,
    notified_persons,
    open_notifications,
)
from tracker.records.pump import pumps_by_id
from tracker.records.worklist import WorklistItem, items_by_id

SNOOZED_AGAIN: Final = timedelta(hours=1)
"""A task that rests is looked at so often: its snooze may have ended early. Assumed."""
ACTED_FOR: Final = timedelta(hours=24)
"""So long an acknowledgment holds after a clinical act. Assumed."""


def items_changed(session: Session, items: Sequence[WorklistItem], now: datetime) -> None:
    """Those tasks were opened, became more urgent or were closed: their messages follow."""
    known = notifications_of_items(session, [key(item.id) for item in items])
    begun: list[tuple[Notification, WorklistItem]] = []
    ended: list[tuple[Notification, WorklistItem]] = []
    units = pumps_by_id(session, [item.pump_id for item in items if item.pump_id is not None])
    fresh = [(item.clinic_id, item.key) for item in items if key(item.id) not in known and item.closed_at is None]
    before = last_of_causes(session, fresh, now - FLAPS_WITHIN, by=TRACKER)
    for item in items:
        notification = known.get(key(item.id))
        if item.closed_at is not None or item.priority < Priority.MEDIUM:
            if notification is not None and notification.ended_at is None:
                ended.append((notification, item))
        elif notification is None:
            pump = units.get(item.pump_id or 0)
            last = before.get((item.clinic_id, item.key))
            begun.append((_begin(session, item, None if pump is None else pump.unit, last, now), item))
        elif _follows(notification, item, now):
            begun.append((notification, item))
    session.flush()
    for clinic_id in sorted({item.clinic_id for _, item in (*begun, *ended)}):
        staff = clinic_staff(session, clinic_id)
        end(session, staff, [pair for pair in ended if pair[1].clinic_id == clinic_id], now)
        advance(session, staff, [pair for pair in begun if pair[1].clinic_id == clinic_id], now)


def _follows(notification: Notification, item: WorklistItem, now: datetime) -> bool:
    """Let it follow the open task, which became more or less urgent. Whether its steps are to be looked at now.

    It keeps the highest priority of which somebody was told, so that they hear of the end; its steps are those of the
    task's priority now. One that had ended because its task was of low priority goes on, from its first step where
    those who were told have heard that it is over.
    """
    over, heard = notification.ended_at is not None, notification.resolve_at is None
    if over:
        resume(notification)
    if item.priority > notification.priority or (over and heard) or (over and notification.acknowledged_at is not None):
        notification.turn += int(over)
        notification.priority = max(notification.priority, item.priority)
        _restart(notification, now)
    return notification.acknowledged_at is None


def advance(
    session: Session, staff: ClinicStaff, pairs: Sequence[tuple[Notification, WorklistItem]], now: datetime
) -> None:
    """Tell whoever is due now, and set when each is to be looked at again."""
    tellings: list[Telling] = []
    lapsed: list[audit.Fact] = []
    told = _told_so_far(session, staff, [notification for notification, _ in pairs])
    for notification, item in pairs:
        if item.snoozed_until is not None and item.snoozed_until > now and item.priority < Priority.HIGH:
            notification.next_at = min(item.snoozed_until, now + SNOOZED_AGAIN)
            continue
        before = told.get(key(notification.id), ())
        plan = due(escalation_of(notification, before, item.priority), staff.oncall, staff.people, now)
        if plan.lapse:
            lapsed.append(_fact_of_lapse(notification, item, now))
            tellings += _lapse(session, staff, notification, item, now)
            plan = due(escalation_of(notification, before, item.priority), staff.oncall, staff.people, now)
        is_first = notification.turn == 1 and notification.next_step == 0
        for tell in plan.tell:
            opened = tell.turn == 1 and (tell.step == 0 or (is_first and tell.step == plan.tell[0].step))
            kind = Type.OPENED if opened else Type.ESCALATED
            tellings.append(Telling(tell.email, kind, notification, item, tell.turn, tell.step))
        notification.started_at, notification.turn = plan.started_at, plan.turn
        notification.next_step, notification.next_at = plan.next_step, plan.next_at
        session.add(notification)
    by_person = {(one.email, key(one.item.id)): one for one in reversed(tellings)}  # a lapse says it, and is said once
    send_all(session, staff, list(reversed(by_person.values())), now)
    if lapsed:  # last, since whoever appends to the trail keeps all others from it until the commit
        audit.record_all(session, lapsed)


def item_taken(session: Session, item: WorklistItem, *, by: str, now: datetime) -> None:
    """Somebody has the task: nobody else is told any more until that lapses."""
    notification = notifications_of_items(session, [key(item.id)]).get(key(item.id))
    if notification is not None and notification.ended_at is None:
        hold(session, [(notification, item)], by=by, now=now)


def alarms_acknowledged(session: Session, pump_id: int, kind: str, *, by: str, now: datetime) -> None:
    """Somebody acknowledged a pump's alarm: they have the task of its kind."""
    pairs = [
        pair for pair in _with_items(session, open_notifications(session, pump_id=pump_id)) if pair[1].kind == kind
    ]
    hold(session, pairs, by=by, now=now)


def hold(session: Session, pairs: Sequence[tuple[Notification, WorklistItem]], *, by: str, now: datetime) -> None:
    """The person has those tasks; the others who were told of them hear that. All are of one clinic."""
    fresh = [pair for pair in pairs if pair[0].acknowledged_by != by]
    if not fresh:
        return
    staff = clinic_staff(session, fresh[0][1].clinic_id)
    told = notified_persons(session, [key(one.id) for one, _ in fresh])
    emails = {key(person.id): email for email, person in staff.by_email.items()}
    tellings = []
    for notification, item in fresh:
        minutes = policy_for(staff.oncall, notification.unit, Priority(notification.priority)).lapse_minutes
        notification.acknowledged_at, notification.acknowledged_by = now, by
        notification.lapses_at = notification.next_at = now + timedelta(minutes=minutes)
        session.add(notification)
        others = dict.fromkeys(
            emails[row.staff_id] for row in told.get(key(notification.id), []) if row.staff_id in emails
        )
        tellings += [Telling(email, Type.ACKNOWLEDGED, notification, item) for email in others if email != by]
    send_all(session, staff, tellings, now)


def item_assigned(session: Session, item: WorklistItem, *, to: str, by: str, now: datetime) -> None:
    """The task was given to a colleague, who hears of it."""
    item_taken(session, item, by=to, now=now)
    notification = notifications_of_items(session, [key(item.id)]).get(key(item.id))
    if notification is not None and to != by:
        staff = clinic_staff(session, item.clinic_id)
        if to in staff.by_email:
            send_all(session, staff, [Telling(to, Type.ASSIGNED, notification, item)], now)


def item_released(session: Session, item: WorklistItem, now: datetime) -> None:
    """Nobody has the task any longer: its steps begin again."""
    notification = notifications_of_items(session, [key(item.id)]).get(key(item.id))
    if notification is None or notification.ended_at is not None:
        return
    _restart(notification, now)
    notification.turn += 1
    advance(session, clinic_staff(session, item.clinic_id), [(notification, item)], now)


def acted_on(session: Session, notifications: Sequence[Notification], now: datetime) -> None:
    """Somebody did something about it: the acknowledgment holds for a day from now."""
    for notification in notifications:
        if notification.acknowledged_at is not None and notification.ended_at is None:
            notification.lapses_at = notification.next_at = now + ACTED_FOR
            session.add(notification)


def escalation_of(notification: Notification, told: Sequence[Notified] = (), priority: int | None = None) -> Escalation:
    """The row as the value that the plan is made from. ``told``: who was told so far; ``priority``: the task's now."""
    return Escalation(
        Priority(priority or notification.priority),
        notification.unit,
        notification.started_at,
        notification.turn,
        notification.next_step,
        notification.acknowledged_at is not None,
        notification.lapses_at,
        notification.acknowledged_by,
        notification.acknowledged_at,
        tuple(told),
    )


def _told_so_far(
    session: Session, staff: ClinicStaff, notifications: Sequence[Notification]
) -> dict[int, tuple[Notified, ...]]:
    """Who was told of each, so that whoever slept, or comes on call, is told later and nobody twice."""
    begun = [key(one.id) for one in notifications if one.next_step > 0]
    emails = {key(person.id): email for email, person in staff.by_email.items()}
    steps = {Type.OPENED.value, Type.ESCALATED.value, Type.LAPSED.value}
    return {
        notification_id: tuple(
            Notified(emails[row.staff_id], row.turn, row.step)
            for row in rows
            if row.staff_id in emails and row.type in steps
        )
        for notification_id, rows in notified_in_turn(session, begun).items()
    }


def _begin(
    session: Session, item: WorklistItem, unit: str | None, last: Notification | None, now: datetime
) -> Notification:
    """A new one, or the ``last`` one of the same cause, which goes on; its steps begin again where somebody had it."""
    if last is not None and goes_on(last, item):
        if last.acknowledged_at is not None or item.priority > last.priority:
            last.turn += int(last.acknowledged_at is not None)
            _restart(last, now)
        last.priority = item.priority
        session.add(last)
        return last
    notification = Notification(
        item_id=key(item.id),
        clinic_id=item.clinic_id,
        pump_id=item.pump_id,
        unit=unit,
        priority=item.priority,
        opened_at=now,
        started_at=now,
        next_at=now,
        came_back=0 if last is None else last.came_back + 1,
    )
    session.add(notification)
    return notification


def _restart(notification: Notification, now: datetime) -> None:
    notification.acknowledged_at = notification.acknowledged_by = notification.lapses_at = None
    notification.started_at = notification.next_at = now
    notification.next_step = 0


def _lapse(
    session: Session, staff: ClinicStaff, notification: Notification, item: WorklistItem, now: datetime
) -> list[Telling]:
    """Tell the holder and those of the first step that nobody acted, and begin the steps again.

    The acknowledgment in the record is taken back where nothing was done after it and somebody hears of that. What a
    person did stays said, also when the alarm outlasts it by a day.
    """
    holder = notification.acknowledged_by or ""
    was_acted_on = _was_acted_on(staff, notification)
    _restart(notification, now)
    notification.turn += 1
    plan = due(escalation_of(notification), staff.oncall, staff.people, now)
    if plan.tell and not was_acted_on and notification.priority >= Priority.HIGH:
        lapse_acknowledgment(session, item, holder, now)
    person = staff.by_email.get(holder)
    had_it = [holder] if person is not None and person.active else []  # nothing goes to a closed account
    emails = dict.fromkeys([*had_it, *(one.email for one in plan.tell)])
    return [Telling(email, Type.LAPSED, notification, item, notification.turn, 0) for email in emails]


def _fact_of_lapse(notification: Notification, item: WorklistItem, now: datetime) -> audit.Fact:
    detail = {"held_by": notification.acknowledged_by, "what": item.what}
    return audit.Fact(now, THE_TRACKER, item.clinic_id, Event.ACKNOWLEDGMENT_LAPSED, f"task:{item.id}", detail)


def _was_acted_on(staff: ClinicStaff, notification: Notification) -> bool:
    """Whether somebody did something after acknowledging: that is what moves the end of an acknowledgment."""
    acknowledged, lapses = notification.acknowledged_at, notification.lapses_at
    if acknowledged is None or lapses is None:
        return False
    minutes = policy_for(staff.oncall, notification.unit, Priority(notification.priority)).lapse_minutes
    return lapses > acknowledged + timedelta(minutes=minutes)


def _with_items(session: Session, notifications: Sequence[Notification]) -> list[tuple[Notification, WorklistItem]]:
    items = items_by_id(session, [one.item_id for one in notifications])
    return [(one, items[one.item_id]) for one in notifications if one.item_id in items]
