"""Give a communicator a new sign-in; the old password stops working when the broker takes it up."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.records.column_types import key
from tracker.records.credential import CommunicatorCredential, next_credential_version
from tracker.records.pump import Pump


def rotate_credential(
    session: Session, pump: Pump, *, bcrypt_hash: str, mosquitto_hash: str, now: datetime
) -> CommunicatorCredential:
    """Replace the hashes of the pump's credential, or issue one where it has none; also brings back a revoked one."""
    version = next_credential_version(session)
    credential = session.get(CommunicatorCredential, key(pump.id))
    if credential is None:
        credential = CommunicatorCredential(
            pump_id=key(pump.id),
            username=pump.serial,
            bcrypt_hash=bcrypt_hash,
            mosquitto_hash=mosquitto_hash,
            version=version,
            issued_at=now,
        )
    credential.bcrypt_hash = bcrypt_hash
    credential.mosquitto_hash = mosquitto_hash
    credential.version = version
    credential.issued_at = now
    credential.revoked_at = None
    session.add(credential)
    session.flush()
    return credential
