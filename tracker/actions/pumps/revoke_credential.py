"""Take a communicator's sign-in away."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.errors import Conflict
from tracker.records.column_types import key
from tracker.records.credential import CommunicatorCredential, next_credential_version
from tracker.records.pump import Pump


def revoke_credential(session: Session, pump: Pump, *, now: datetime) -> CommunicatorCredential:
    """Revoke it from now on. Raises `Conflict` where there is none that works."""
    credential = session.get(CommunicatorCredential, key(pump.id))
    if credential is None or credential.revoked_at is not None:
        raise Conflict(f"the communicator of {pump.serial} has no working credential")
    credential.revoked_at = now
    credential.version = next_credential_version(session)
    session.add(credential)
    session.flush()
    return credential
