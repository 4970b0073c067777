"""The read log: each look at a patient's record reaches the audit trail, and no page waits for a commit.

A read is first written to a file of this process in the data folder, before the page is sent, and then moved into the
chain by one thread, many at a time. What a killed process leaves in its file is taken up by the next one that starts
(or by any that runs): a file belongs to the living process that holds its lock. Writes go another way: they are
entered in the same transaction as what they did.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import threading
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy import update
from sqlmodel import col

from tracker.actions.audit import Fact, record_all
from tracker.actions.audit_events import Event
from tracker.actions.origin import Origin
from tracker.private_files import private_folder
from tracker.records.audit import already_entered
from tracker.records.database import Database
from tracker.records.staff import ApiToken, BrowserSession
from tracker.web.auditing.refresh_dedup import OpenPages
from tracker.web.auth.user import Person, origin_of

_EVERY_S = 0.2
_AT_ONCE = 2000
_LOOK_EVERY_S = 60.0
_ENDED = 401
_ENDED_STANDS_FOR = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


class ReadTrail:
    """Takes reads from every thread of the application, and keeps sessions' and tokens' last use up to date."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._path = folder / f"reads-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self._lock = threading.Lock()
        self._moving = threading.Lock()
        self._pending: list[Fact] = []
        self._sessions: dict[str, datetime] = {}
        self._tokens: dict[int, datetime] = {}
        self._open_pages = OpenPages()
        self._ended: dict[tuple[int, str, str], datetime] = {}
        self._file: FileIO | None = None
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to move entries: first those that killed processes left."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="read-trail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Move what is left into the chain and end. What can't be moved stays in the file for the next start."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._enter_refreshed(None)
        self.flush()
        with self._lock:
            if self._file is not None:
                if not self._pending:
                    self._path.unlink(missing_ok=True)
                self._file.close()
                self._file = None

    @property
    def waiting(self) -> int:
        """How many reads are in the file and not in the chain yet."""
        return len(self._pending)

    def read(
        self, person: Person, subject: str, what: str, now: datetime, *, clinic_id: int | None = None, **detail: Any
    ) -> None:
        """Enter that the person read ``what`` of the subject. On return it is in the file: the page may go out.

        An open page that fetches itself again is covered by the entry of the hour (see ``refresh_dedup``).
        """
        whose = person.clinic_id if clinic_id is None else clinic_id
        with self._lock:
            more = self._open_pages.entry(person, subject, what, detail, now, whose=whose, seconds=time.monotonic())
            if more is None:
                return
            told = {"what": what, **detail, **more}
            self._write(Fact(now, person.email, whose, Event.READ, subject, told, origin_of(person)))
        self._wake.set()

    def refused(self, person: Person, subject: str, now: datetime, **detail: Any) -> None:
        """Enter that a person whom we know was refused. A session or token that has ended is told once a minute."""
        source = origin_of(person)
        with self._lock:
            if detail.get("status") == _ENDED:
                one = (person.staff_id, source.session, source.token)
                before = self._ended.get(one)
                if before is not None and timedelta(0) <= now - before < _ENDED_STANDS_FOR:
                    return
                if len(self._ended) >= _AT_ONCE:
                    self._ended.clear()
                self._ended[one] = now
            self._write(Fact(now, person.email, person.clinic_id, Event.REFUSED, subject, detail, source))
        self._wake.set()

    def session_seen(self, digest: str, now: datetime) -> None:
        """Note that a session's person clicked."""
        with self._lock:
            self._sessions[digest] = now
        self._wake.set()

    def token_used(self, token_id: int | None, now: datetime) -> None:
        """Note that a token was used."""
        if token_id is not None:
            with self._lock:
                self._tokens[token_id] = now
            self._wake.set()

    def flush(self) -> bool:
        """Move everything pending into the chain now. False where the database did not take it: it stays pending."""
        with self._moving:
            with self._lock:
                facts = self._pending[:_AT_ONCE]
                sessions, self._sessions = self._sessions, {}
                tokens, self._tokens = self._tokens, {}
            if not (facts or sessions or tokens):
                return True
            try:
                self._enter(facts, sessions, tokens)
            except Exception as fault:  # noqa: BLE001 - whatever it was, they stay pending and are tried again
                _log.warning("reads wait for the database", pending=len(self._pending), fault=type(fault).__name__)
                with self._lock:
                    self._sessions, self._tokens = sessions | self._sessions, tokens | self._tokens
                return False
            with self._lock:
                del self._pending[: len(facts)]
                if not self._pending:
                    self._empty_the_file()
                left = len(self._pending)
        return self.flush() if left else True

    def _enter(self, facts: list[Fact], sessions: dict[str, datetime], tokens: dict[int, datetime]) -> None:
        with self._database.writing() as session:
            for digest, at in sessions.items():
                session.execute(
                    update(BrowserSession)
                    .where(col(BrowserSession.digest) == digest, col(BrowserSession.seen_at) < at)
                    .values(seen_at=at)
                )
            for token_id, at in tokens.items():
                session.execute(update(ApiToken).where(col(ApiToken.id) == token_id).values(used_at=at))
            if facts:
                record_all(session, facts)

    def _run(self) -> None:
        look_at = float("-inf")
        while True:
            if time.monotonic() >= look_at:
                self._take_up()
                self._enter_refreshed(time.monotonic())
                look_at = time.monotonic() + _LOOK_EVERY_S
            if self._ending.wait(_EVERY_S):
                return
            if self._wake.wait(_LOOK_EVERY_S):
                self._wake.clear()
                if not self.flush():
                    self._wake.set()

    def _enter_refreshed(self, seconds: float | None) -> None:
        """Tell how often pages fetched themselves that are closed by now; all that are open, with None."""
        with self._lock:
            closed = self._open_pages.closed(seconds)
            for one in closed:
                told = {"what": one.what, **one.detail, "refreshed": one.times, "refreshed_last": one.last}
                person = one.person
                fact = Fact(one.last, person.email, one.whose, Event.READ, one.subject, told, origin_of(person))
                try:
                    self._write(fact)
                except OSError as fault:  # its pages went out long ago: it reaches the chain without the file
                    _log.warning("a count of refreshes can't be written to the file", fault=fault.strerror)
                    self._pending.append(fact)
        if closed:
            self._wake.set()

    def _write(self, fact: Fact) -> None:
        """Put it into the file; the caller holds the lock. Raises ``OSError`` where the disk takes no whole line."""
        line = json.dumps({**asdict(fact), "at": fact.at.isoformat()}, default=str).encode() + b"\n"
        file = self._file or self._open()
        before = os.fstat(file.fileno()).st_size
        if file.write(line) != len(line):
            file.truncate(before)  # the next line would go on behind half a line, and neither could be read
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._pending.append(fact)

    def _empty_the_file(self) -> None:
        """All of it is in the chain; the caller holds the lock. What stays in it all the same is entered once only."""
        try:
            if self._file is not None:
                self._file.truncate(0)
        except OSError as fault:
            _log.warning("the file of reads can't be emptied", fault=fault.strerror)

    def _open(self) -> FileIO:
        private_folder(self._folder)
        while True:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._path.exists() and self._path.stat().st_ino == os.fstat(descriptor).st_ino:
                self._file = FileIO(descriptor, "ab")
                return self._file
            os.close(descriptor)  # another process took the empty file for a dead one's, in the moment before the lock

    def _take_up(self) -> None:
        """Enter what files hold whose process no longer lives."""
        for path in sorted(self._folder.glob("reads-*.jsonl")):
            try:
                with path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._enter_left(file)
                    path.unlink(missing_ok=True)
            except (BlockingIOError, FileNotFoundError):
                continue  # its process lives, or another has just taken it up
            except Exception as fault:  # noqa: BLE001 - whatever it was, the file stays and is tried again
                _log.warning("reads that a process left wait", fault=type(fault).__name__)

    def _enter_left(self, file: IO[bytes]) -> None:
        facts = [fact for line in file if (fact := _fact(line)) is not None]
        with self._database.writing() as session:
            new = [
                fact for fact in facts if not already_entered(session, fact.at, fact.actor, fact.action, fact.subject)
            ]
            record_all(session, new)


def _fact(line: bytes) -> Fact | None:
    """One line of the file; None for a last line that was cut short, whose page never went out."""
    try:
        raw = json.loads(line)
        source = Origin(**raw["origin"]) if raw.get("origin") else None
        return Fact(**{**raw, "at": datetime.fromisoformat(raw["at"]), "origin": source})
    except (ValueError, TypeError, KeyError):
        return None
