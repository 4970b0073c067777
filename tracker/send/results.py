"""What becomes of a message after an attempt: sent, tried again later, or given up and made a task."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlmodel import Session
from tenacity import RetryCallState, wait_exponential_jitter

from devices.alarms import Priority
from tracker.actions.worklist.refresh_worklist import open_lines
from tracker.records.contact_point import ContactPoint
from tracker.records.message import Destination, Message, MessageAttempt, State, Type, queued_messages
from tracker.send import metrics
from tracker.send.outcome import Failed, Gone, Outcome, Sent
from tracker.worklist.item import WantedItem

_LOG = structlog.get_logger("tracker.send")
URGENT_WAITS: Final = timedelta(seconds=30)
"""A message of high priority is tried again at the latest after so long."""
_WAIT: Final = wait_exponential_jitter(initial=1, max=60)
_MOST_FAILURES: Final = 30
"""Beyond these the pause does not grow, and an exponent of all of them would be no number."""


def write_result(session: Session, message_id: str, outcome: Outcome, now: datetime) -> None:
    """Append the attempt and move the message, its destination and its contact point on. Commits nothing."""
    message = session.get_one(Message, message_id, with_for_update=True)
    destination = session.get_one(Destination, message.destination, with_for_update=True)
    point = session.get_one(ContactPoint, message.contact_point_id)
    message.attempts += 1
    session.add(message)
    session.add(destination)
    if isinstance(outcome, Sent):
        name, detail = "sent", outcome.detail
        _sent(message, destination, outcome, now)
        if message.type == Type.TEST.value and outcome.delivered and point.confirmed_at is None:
            point.confirmed_at = now  # the recipient's own end took it: it works
            session.add(point)
    else:
        name = "gone" if isinstance(outcome, Gone) else "failed"
        detail = outcome.reason
        if message.state == State.QUEUED.value:  # another, after this one's lease, may have sent it
            message.fault = detail[:500]
            _failed(session, message, destination, outcome, now)
    session.add(MessageAttempt(message_id=message.id, at=now, outcome=name, detail=detail[:500]))
    metrics.attempted(point.kind, name)
    if isinstance(outcome, Sent):
        metrics.sent(point.kind, message.priority, message.data.get("since"), message.created_at, now)
    _LOG.info(
        "message.attempt",
        message=message.id,
        outcome=name,
        number=message.number,
        type=message.type,
        channel=point.kind,
    )


def _sent(message: Message, destination: Destination, outcome: Sent, now: datetime) -> None:
    message.state = State.ACKNOWLEDGED.value if message.acknowledged_at else State.SENT.value
    message.sent_at, message.delivered = now, outcome.delivered
    message.fault, message.next_try_at = None, None
    destination.failures, destination.fault = 0, None
    destination.next_try_at, destination.sent_at = None, now


def _failed(
    session: Session, message: Message, destination: Destination, outcome: Failed | Gone, now: datetime
) -> None:
    """Try again later, the message alone or all of the destination's; after 24 hours it becomes a task."""
    waiting = queued_messages(session, message.destination)
    if isinstance(outcome, Gone):
        point = session.get_one(ContactPoint, message.contact_point_id)
        if point.ended_at is None:
            point.ended_at, point.ended_because = now, outcome.reason[:300]
            session.add(point)
        _give_up(session, waiting, outcome.reason, now)
        return
    if outcome.alone:
        if now >= message.give_up_at:
            _give_up(session, [message], outcome.reason, now)
        else:
            message.next_try_at = now + _pause(message.attempts)
        return
    destination.failures += 1
    destination.fault = outcome.reason[:500]
    pause = _pause(destination.failures)
    is_urgent = any(one.priority >= Priority.HIGH for one in waiting)
    destination.next_try_at = now + (min(pause, URGENT_WAITS) if is_urgent else pause)
    _give_up(session, [one for one in waiting if now >= one.give_up_at], outcome.reason, now)


def _give_up(session: Session, messages: list[Message], reason: str, now: datetime) -> None:
    if not messages:
        return
    for message in messages:
        message.state, message.failed_at, message.fault = State.FAILED.value, now, reason[:500]
        session.add(message)
    first = messages[0]
    metrics.gave_up(len(messages))
    told = "; ".join(dict.fromkeys(str(one.data.get("what", "a message")) for one in messages[:5]))
    line = WantedItem(
        key=f"messages:{first.destination}",
        kind="notify",
        priority=Priority.MEDIUM,
        harm_at=now + timedelta(days=1),
        what="Message could not be delivered",
        why=f"{len(messages)} to this contact point: {told}. {reason}"[:2000],
        next_step="Check the contact point on the person's notifications page, and tell them in another way.",
        since=min(one.created_at for one in messages),
        link="/messages?state=failed",
    )
    open_lines(session, [(first.clinic_id, None, line)], now)


def _pause(failures: int) -> timedelta:
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # only its number of attempts is read
    state.attempt_number = min(failures, _MOST_FAILURES)
    return timedelta(seconds=float(_WAIT(state)))
