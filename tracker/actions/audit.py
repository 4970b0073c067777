"""Append to the audit trail: an entry is stored in the transaction of what it speaks of.

Every entry's digest covers its own content and the digest before it, so that a change, a removal or an insertion
anywhere breaks the chain at that entry (``audit_verify``). The database itself refuses to update or delete entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from tracker.actions.origin import Origin, origin
from tracker.records.audit import AuditEntry, last_entry

FIRST = "0" * 64  #: what the first entry names as the digest before it
ORIGIN = ("via", "token", "session", "address")
_LOCK = 7_210_212


@dataclass(frozen=True, slots=True)
class Fact:
    """What is to be entered: who did what to whom, when. ``clinic_id`` is None where no clinic is concerned.

    ``origin``: where it came from; None takes it from what is being done now.
    """

    at: datetime
    actor: str
    clinic_id: int | None
    action: str
    subject: str
    detail: Mapping[str, Any]
    origin: Origin | None = None


def record(
    session: Session,
    *,
    actor: str,
    clinic_id: int | None,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> AuditEntry:
    """Append one entry in the caller's transaction: it is kept exactly if what it speaks of is.

    Appending is one at a time across all processes until the transaction ends, so call it as the last step.
    ``detail`` may hold dates, decimals and floats; they are kept as text. It must not hold secrets.
    """
    return record_all(session, [Fact(now, actor, clinic_id, action, subject, detail)])[0]


def record_all(session: Session, facts: Iterable[Fact]) -> list[AuditEntry]:
    """Append entries in the order given, as ``record`` does."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    newest = last_entry(session)
    seq, previous = newest or (0, FIRST)
    entries = []
    for fact in facts:
        seq += 1
        source = fact.origin or origin()
        entry = AuditEntry(
            seq=seq,
            at=fact.at.astimezone(UTC),
            actor=_plain(fact.actor)[:254],
            clinic_id=fact.clinic_id,
            action=str(fact.action),
            subject=_plain(fact.subject)[:200],
            detail=_storable(fact.detail),
            via=source.via[:16] or None,
            token=_plain(source.token)[:120] or None,
            session=source.session[:16] or None,
            address=_plain(source.address)[:64] or None,
            previous=previous,
            digest="",
        )
        previous = entry.digest = digest_of(entry)
        entries.append(entry)
    session.add_all(entries)
    session.flush()
    return entries


def digest_of(entry: AuditEntry) -> str:
    """The SHA-256 that the entry must carry, over its canonical JSON with the digest before it."""
    content = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "clinic_id": entry.clinic_id,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "previous": entry.previous,
    }
    source = {name: value for name in ORIGIN if (value := getattr(entry, name)) is not None}
    if source:  # entries from before these were kept have none, and keep the digest that they had
        content["origin"] = source
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _storable(value: Any) -> Any:
    """The same value in forms that both databases give back exactly: floats and times become text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    if isinstance(value, Mapping):
        return {_plain(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [_storable(item) for item in items]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return _plain(str(value))


def _plain(value: str) -> str:
    """Text that every database stores: without NUL and without halves of surrogate pairs."""
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
