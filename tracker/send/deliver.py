"""Deliver one destination's messages in the order of their numbers, each result written at once.

Whoever sends holds the destination's lease, so that no message is sent by two at a time. A process that dies in the
middle leaves the message queued: it is sent again, with the same id.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlmodel import Session

from tracker.actions.messages.links import token_of
from tracker.records.contact_point import ContactPoint, settings_of
from tracker.records.database import Database
from tracker.records.message import Message, Type, next_message, release_leases, take_destination
from tracker.records.pump import Clinic
from tracker.send.channels import Channel
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Gone, Outcome, Sent
from tracker.send.results import write_result

_LOG = structlog.get_logger("tracker.send")
AT_ONCE: Final = 50
"""Messages to one destination in one turn; then others have theirs."""
FRESH_S: Final = 15.0
"""A lease that was taken longer ago is taken again before anything is sent: the process may have stood still."""
_ASKS: Final = frozenset({Type.OPENED, Type.ESCALATED, Type.LAPSED, Type.ASSIGNED})


class Deliverer:
    """Sends for one process. ``base`` is what links begin with; ``signing_key`` signs them."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        base: str,
        signing_key: str,
        stop: threading.Event,
    ) -> None:
        self._database = database
        self._channels = channels
        self._base = base.rstrip("/")
        self._signing_key = signing_key
        self._stop = stop

    def deliver(self, destination: str, holder: str) -> int:
        """Send what waits there until one fails. Returns how many left.

        ``holder`` names the lease, and is of this call alone: two never send to one destination.
        """
        sent = 0
        for _ in range(AT_ONCE):
            taken_at = time.monotonic()
            now = datetime.now(UTC)
            with self._database.writing() as session:
                if not take_destination(session, destination, holder, now):
                    return sent
                message = None if self._stop.is_set() else next_message(session, destination, now)
                if message is None:
                    release_leases(session, holder)
                    return sent
                letter, point = self._letter(session, message), session.get_one(ContactPoint, message.contact_point_id)
            if time.monotonic() - taken_at > FRESH_S:
                continue
            outcome = self._attempt(letter, point)
            with self._database.writing() as session:
                write_result(session, message.id, outcome, datetime.now(UTC))
                if not isinstance(outcome, Sent):
                    release_leases(session, holder)
            if isinstance(outcome, Sent):
                sent += 1
            elif not (isinstance(outcome, Failed) and outcome.alone):
                return sent
        with self._database.writing() as session:
            release_leases(session, holder)
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
