"""Deliver one destination's messages in the order of their numbers, each result written at once.

Whoever sends holds the destination's lease, so that no message is sent by two at a time. A process that dies in the
middle leaves the message queued: it is sent again, with the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session
from tenacity import RetryCallState, wait_exponential_jitter

from devices.alarms import Priority
from tracker.actions.messages.links import token_of
from tracker.actions.refresh_worklist import open_lines
from tracker.findings.line import Line
from tracker.records.contact_point import ContactPoint, settings_of
from tracker.records.database import Database
from tracker.records.message import (
    Destination,
    Message,
    MessageAttempt,
    State,
    Type,
    next_message,
    take_destination,
)
from tracker.records.pump import Clinic
from tracker.send.channels import Channel
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Gone, Outcome, Sent

_LOG = structlog.get_logger("tracker.send")
LEASE: Final = timedelta(seconds=60)
AT_ONCE: Final = 50
URGENT_WAITS: Final = timedelta(seconds=30)
"""A message of high priority is tried again at the latest after so long."""
_ASKS: Final = frozenset({Type.OPENED, Type.ESCALATED, Type.LAPSED, Type.ASSIGNED})
_WAIT: Final = wait_exponential_jitter(initial=1, max=60)


class Deliverer:
    """Sends for one process. ``base`` is what links begin with; ``signing_key`` signs them."""

    def __init__(
        self, database: Database, channels: Mapping[str, Channel], holder: str, base: str, signing_key: str
    ) -> None:
        self._database = database
        self._channels = channels
        self._holder = holder
        self._base = base.rstrip("/")
        self._signing_key = signing_key

    def deliver(self, destination: str) -> int:
        """Send what waits there until one fails. Returns how many left."""
        sent = 0
        for _ in range(AT_ONCE):
            now = datetime.now(UTC)
            with self._database.writing() as session:
                if not take_destination(session, destination, self._holder, now, now + LEASE):
                    return sent
                message = next_message(session, destination, now)
                if message is None:
                    _let_go(session, destination)
                    return sent
                letter, point = self._letter(session, message), session.get_one(ContactPoint, message.contact_point_id)
            outcome = self._attempt(letter, point)
            with self._database.writing() as session:
                self._write(session, message.id, outcome, datetime.now(UTC))
            if isinstance(outcome, Sent):
                sent += 1
            elif not (isinstance(outcome, Failed) and outcome.alone):
                return sent
        with self._database.writing() as session:
            _let_go(session, destination)
        return sent

    def _attempt(self, letter: Letter, point: ContactPoint) -> Outcome:
        if point.ended_at is not None:
            return Gone(point.ended_because or "the contact point has ended")
        channel = self._channels.get(point.kind)
        if channel is None:
            return Failed(f"nothing sends to a contact point of kind {point.kind}", alone=True)
        try:
            return channel(letter, point)
        except Exception as fault:  # noqa: BLE001 - a library's own fault must not stop the messages of others
            _LOG.exception("message.fault", message=letter.id, channel=point.kind)
            return Failed(f"{type(fault).__name__}: {fault}"[:400])

    def _letter(self, session: Session, message: Message) -> Letter:
        own = settings_of(session, [message.staff_id]).get(message.staff_id)
        zone = own.time_zone if own else session.get_one(Clinic, message.clinic_id).timezone
        kind = Type(message.type)
        page = f"/worklist/{message.data['item']}" if "item" in message.data else "/worklist"
        data: dict[str, Any] = {**message.data, "number": message.number, "link": self._base + page}
        data["acknowledge_link"] = None
        if kind in _ASKS:
            token = token_of(self._signing_key, message.id, message.staff_id)
            data["acknowledge_link"] = f"{self._base}/a/{token}"
        return Letter(message.id, kind, message.created_at, zone, data)

    def _write(self, session: Session, message_id: str, outcome: Outcome, now: datetime) -> None:
        message = session.get_one(Message, message_id, with_for_update=True)
        destination = session.get_one(Destination, message.destination, with_for_update=True)
        message.attempts += 1
        if isinstance(outcome, Sent):
            message.state = State.ACKNOWLEDGED.value if message.acknowledged_at else State.SENT.value
            message.sent_at, message.delivered, message.fault = now, outcome.delivered, None
            destination.failures, destination.fault = 0, None
            destination.next_try_at, destination.sent_at = None, now
            name, detail = "sent", outcome.detail
            if message.type == Type.TEST.value and outcome.delivered:
                _confirm(session, message.contact_point_id, now)  # the recipient's own end took it: it works
        else:
            name = "gone" if isinstance(outcome, Gone) else "failed"
            detail = message.fault = outcome.reason[:500]
            _failed(session, message, destination, outcome, now)
        session.add(MessageAttempt(message_id=message.id, at=now, outcome=name, detail=detail[:500]))
        session.add(message)
        session.add(destination)
        _LOG.info("message.attempt", message=message.id, outcome=name, number=message.number, type=message.type)


def _failed(
    session: Session, message: Message, destination: Destination, outcome: Failed | Gone, now: datetime
) -> None:
    """Try again later, the message alone or all of the destination's; after 24 hours it becomes a task."""
    point = session.get_one(ContactPoint, message.contact_point_id)
    if isinstance(outcome, Gone):
        if point.ended_at is None:
            point.ended_at, point.ended_because = now, outcome.reason[:300]
            session.add(point)
        _give_up(session, message, outcome.reason, now)
    elif now >= message.give_up_at:
        _give_up(session, message, outcome.reason, now)
    elif outcome.alone:
        message.next_try_at = now + _pause(message.attempts)
    else:
        destination.failures += 1
        destination.fault = outcome.reason[:500]
        pause = _pause(destination.failures)
        destination.next_try_at = now + (min(pause, URGENT_WAITS) if message.priority >= Priority.HIGH else pause)
        destination.leased_by = destination.lease_until = None


def _confirm(session: Session, contact_point_id: int, now: datetime) -> None:
    point = session.get_one(ContactPoint, contact_point_id)
    point.confirmed_at = point.confirmed_at or now
    session.add(point)


def _give_up(session: Session, message: Message, reason: str, now: datetime) -> None:
    message.state, message.failed_at = State.FAILED.value, now
    line = Line(
        key=f"messages:{message.destination}",
        kind="notify",
        priority=Priority.MEDIUM,
        harm_at=now + timedelta(days=1),
        what="A message could not be delivered",
        why=f"{message.data.get('what', 'A message')}: {reason}",
        next_step="Check the contact point on the person's notifications page, and tell them in another way.",
        since=message.created_at,
        link="/messages?state=failed",
    )
    open_lines(session, [(message.clinic_id, None, line)], now)


def _pause(failures: int) -> timedelta:
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # only its number of attempts is read
    state.attempt_number = failures
    return timedelta(seconds=float(_WAIT(state)))


def _let_go(session: Session, destination: str) -> None:
    row = session.get(Destination, destination)
    if row is not None:
        row.leased_by = row.lease_until = None
        session.add(row)
