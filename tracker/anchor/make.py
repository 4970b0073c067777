"""Make checkpoints of what was entered since the last one: each new entry is verified before it is vouched for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from joserfc.jwk import OKPKey
from sqlmodel import Session

from tracker.actions.audit import FIRST
from tracker.actions.audit_verify import Broken, walk
from tracker.anchor.checkpoint import MARK, Checkpoint, sign
from tracker.errors import TrackerError
from tracker.records.audit import AuditEntry, entry_after

ENTRIES_AT_MOST = 1000


class Contradicted(TrackerError):
    """The trail is no longer the one that the last checkpoint vouched for: no new checkpoint is made."""

    title = "The audit trail was rewritten"


def new_checkpoints(
    session: Session, last: Checkpoint | None, key: OKPKey, clock: Callable[[], datetime]
) -> list[Checkpoint]:
    """Checkpoints for the entries after ``last``, one for each thousand; none where nothing was entered.

    Raises ``Contradicted`` where ``last`` does not hold any more, or a new entry does not follow.
    """
    _require_still_there(session, last)
    made: list[Checkpoint] = []
    marks: list[str] = []
    seq, digest = (last.seq, last.digest) if last else (0, FIRST)

    def close() -> None:
        before = made[-1].name if made else (last.name if last else FIRST)
        made.append(sign(Checkpoint(seq, digest, clock(), before, tuple(marks)), key))
        marks.clear()

    for entry in walk(session, seq, digest):
        if isinstance(entry, Broken):
            raise Contradicted(f"entry {entry.seq} of the audit trail is broken: {entry.because}")
        seq, digest = entry.seq, entry.digest
        marks.append(digest[:MARK])
        if len(marks) >= ENTRIES_AT_MOST:
            close()
    if marks:
        close()
    return made


def _require_still_there(session: Session, last: Checkpoint | None) -> None:
    if last is None:
        return
    entry = entry_after(session, last.seq - 1)
    if not isinstance(entry, AuditEntry) or entry.seq != last.seq or entry.digest != last.digest:
        raise Contradicted(
            f"entry {last.seq} of the audit trail is not the one that the checkpoint of "
            f"{last.at.isoformat(timespec='seconds')} vouches for: run `tracker audit verify --anchors FILE`"
        )
