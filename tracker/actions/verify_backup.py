"""A restore drill: put a copy back where it harms nobody, and see whether it is whole and of these records."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from alembic.util import CommandError
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from tracker.actions.audit_verify import verify
from tracker.errors import TrackerError
from tracker.records import backup, schema, scratch_database
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.job import JobRun
from tracker.records.tables import METADATA

DRILL: Final = "restore_drill"
"""The name under which the last drill stands beside the jobs, on the page Schedule and in the figures."""
_ONLY_APPENDED: Final = ("audit_entry", "determination", "attestation", "alarm_event")


class Tried(NamedTuple):
    """What a drill found. ``rows``: of each table in the copy, and in the records now (None where not compared)."""

    rows: dict[str, tuple[int, int | None]]
    entries: int
    compared: bool
    faults: tuple[str, ...]

    @property
    def in_all(self) -> int:
        """The rows of the copy."""
        return sum(copy for copy, _ in self.rows.values())


def verify_backup(live: Database, file: Path, by: str) -> Tried:
    """Put the copy back in a scratch place, look at it, and write down how that went.

    The copy is brought to this program's schema, as after a real restore. Its audit trail must be unbroken and the
    beginning of the records' own; tables that only grow can't hold more than they do now. Raises ``StartupFault``
    where it can't be put back at all.
    """
    begun, started = time.perf_counter(), datetime.now(UTC)
    try:
        with scratch_database.restored(live, file) as copy:
            tried = _look(copy, live)
    except TrackerError as fault:
        _note(live, started, begun, by, 0, fault.detail)
        raise
    _note(live, started, begun, by, tried.in_all, "; ".join(tried.faults))
    return tried


def _look(copy: Database, live: Database) -> Tried:
    faults = [f"the copy is damaged: {one}" for one in backup.faults(copy)[:5]]
    try:
        schema.upgrade(copy)
    except (CommandError, DBAPIError, TrackerError) as fault:
        because = str(fault).splitlines()[0][:200]
        return Tried({}, 0, False, (*faults, f"this program can't bring its schema forward: {because}"))
    compared = _is_current(live)
    rows = _rows(copy, live if compared else None)
    with copy.reading() as session:
        verdict = verify(session)
    if verdict.broken_seq is not None:
        faults.append(f"the audit trail is broken at entry {verdict.broken_seq}: {verdict.because}")
    if compared:
        faults += [
            f"{name} has {here} rows in the copy and {now} in the records, where none is ever removed"
            for name, (here, now) in rows.items()
            if name in _ONLY_APPENDED and now is not None and here > now
        ]
        if verdict.entries and _digest(live, verdict.entries) != verdict.last_digest:
            faults.append(f"its audit trail is not the beginning of that of the records: see entry {verdict.entries}")
    return Tried(rows, verdict.entries, compared, tuple(faults))


def _rows(copy: Database, live: Database | None) -> dict[str, tuple[int, int | None]]:
    found = {}
    for table in sorted(METADATA.tables.values(), key=lambda one: one.name):
        counted = select(func.count()).select_from(table)
        with copy.reading() as session:
            here = session.execute(counted).scalar_one()
        now = None
        if live is not None:
            with live.reading() as session:
                now = session.execute(counted).scalar_one()
        found[table.name] = (here, now)
    return found


def _digest(live: Database, seq: int) -> str | None:
    with live.reading() as session:
        return session.execute(select(col(AuditEntry.digest)).where(col(AuditEntry.seq) == seq)).scalar()


def _is_current(live: Database) -> bool:
    """Whether there are records to compare with: on a machine that is there for trials there are none."""
    try:
        schema.require_current(live)
    except (TrackerError, DBAPIError):
        return False
    return True


def _note(live: Database, started: datetime, begun: float, by: str, rows: int, fault: str) -> None:
    if not _is_current(live):
        return
    with live.writing() as session:
        run = session.get(JobRun, DRILL) or JobRun(name=DRILL, started_at=started)
        run.started_at, run.finished_at, run.leader = started, datetime.now(UTC), by[:120]
        run.seconds, run.touched, run.error = round(time.perf_counter() - begun, 3), rows, fault[:2000] or None
        if not fault:
            run.succeeded_at = started
        session.add(run)
