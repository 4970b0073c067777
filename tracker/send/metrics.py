"""What the sending of this process did, for Prometheus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from prometheus_client import Counter, Histogram

from devices.alarms import Priority

_ATTEMPTS: Final = Counter(
    "tracker_messages_attempts", "Attempts to send a message", ["channel", "outcome"]
)  # its name ends in _total when it is shown
_FAILED: Final = Counter("tracker_messages_failed", "Messages given up after 24 hours or at an ended contact point")
_SENT: Final = Counter("tracker_messages_sent", "Messages that the other end took", ["channel", "priority"])
_WAITED: Final = Histogram(
    "tracker_messages_queue_seconds",
    "Seconds from a message's writing until the other end took it",
    ["priority"],
    buckets=(0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86_400),
)
_SINCE: Final = Histogram(
    "tracker_messages_since_cause_seconds",
    "Seconds from the beginning of the cause, as the pump reported it, until the other end took the message",
    ["priority"],
    buckets=(1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 86_400),
)


def attempted(channel: str, outcome: str) -> None:
    """Count an attempt: sent, failed or gone."""
    _ATTEMPTS.labels(channel, outcome).inc()


def gave_up(number: int) -> None:
    """Count messages that are not tried again."""
    _FAILED.inc(number)


def sent(channel: str, priority: int, since: object, created_at: datetime, now: datetime) -> None:
    """Count a message that left, and how long that took since it was written and since its cause began."""
    name = Priority(priority).name.lower()
    _SENT.labels(channel, name).inc()
    _WAITED.labels(name).observe(max(0.0, (now - created_at).total_seconds()))
    try:
        began = datetime.fromisoformat(str(since))
    except ValueError:
        return
    began = began if began.tzinfo else began.replace(tzinfo=UTC)
    _SINCE.labels(name).observe(max(0.0, (now - began).total_seconds()))
