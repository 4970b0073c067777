"""What is known of a pump's communicator as a device on the network, as values."""

from __future__ import annotations

from datetime import datetime

from tracker.findings.budget_seen import OverBudget
from tracker.findings.sign_in_seen import SharedSignIn
from tracker.records.budget import PumpBudget
from tracker.records.shared_sign_in import SharedSignInRecord


def seen_budget(row: PumpBudget | None, now: datetime | None = None) -> OverBudget | None:
    """How far the pump is over its budget, or was of late; with ``now`` None once it is no longer."""
    if row is None or row.over_since is None or row.held_at is None:
        return None
    over = OverBudget(row.over_since, row.held_at, row.held, row.over_of)
    return over if now is None or over.lasts(now) else None


def seen_sign_in(row: SharedSignInRecord | None) -> SharedSignIn | None:
    """Signs that two devices use the communicator's login."""
    if row is None or row.since is None or row.newest is None:
        return None
    return SharedSignIn(row.since, row.newest, tuple(row.signs.split(",")))
