"""What communicators sign in with on the broker, and how far the embedded broker has taken that up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint, text
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import BigKey, UtcDateTime

_CREDENTIALS_LOCK = 7_210_214  # an arbitrary number that takers of credential versions share


class CommunicatorCredential(SQLModel, table=True):
    """A communicator's sign-in on the broker: hashes only, since the password is shown once. Username is the serial."""

    __tablename__ = "communicator_credential"
    __table_args__ = (UniqueConstraint("version", name="uq_communicator_credential_version"),)

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    username: str = Field(unique=True, max_length=64)
    bcrypt_hash: str = Field(max_length=100, description="for NATS")
    mosquitto_hash: str = Field(max_length=200, description="for Mosquitto's password file")
    version: int = Field(sa_type=BigKey, description="rises with every change of any credential; the broker follows it")
    issued_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BrokerStatus(SQLModel, table=True):
    """One row: the embedded broker's sign of life and the credentials it has taken up."""

    __tablename__ = "broker_status"

    id: int = Field(default=1, primary_key=True)
    applied_version: int = Field(default=0, sa_type=BigKey)
    beat_at: datetime = Field(sa_type=UtcDateTime)


def next_credential_version(session: Session) -> int:
    """The first version that is free; other transactions that take versions wait for this one to end."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREDENTIALS_LOCK})
    return credentials_version(session) + 1


def credentials_version(session: Session) -> int:
    """The highest version of any credential; 0 where none was issued."""
    newest = session.exec(
        select(CommunicatorCredential.version).order_by(col(CommunicatorCredential.version).desc()).limit(1)
    ).first()
    return newest or 0


def active_credentials(session: Session) -> list[CommunicatorCredential]:
    """Every credential that may sign in."""
    return list(session.exec(select(CommunicatorCredential).where(col(CommunicatorCredential.revoked_at).is_(None))))
