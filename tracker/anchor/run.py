"""The process that makes checkpoints: look at the trail at intervals, sign what is new, keep it elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tracker.actions.audit_verify import verify
from tracker.anchor import files, syslog
from tracker.anchor.checkpoint import Checkpoint
from tracker.anchor.make import Contradicted, new_checkpoints
from tracker.anchor.notes import noted_by
from tracker.errors import TrackerError
from tracker.records.database import Database
from tracker.settings import Settings

WHOLE_EVERY_S = 24 * 3600.0
_log = structlog.get_logger(__name__)


class Anchorage:
    """One folder of checkpoints of one database."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._folder = settings.anchors_dir
        self._syslog = settings.audit_syslog
        if self._syslog:
            syslog.place(self._syslog)

    def look(self) -> Sequence[Checkpoint]:
        """Make checkpoints of what is new. Raises ``Contradicted`` where the trail was rewritten, and says so aloud."""
        with files.held(self._folder):
            key = files.signing_key(self._folder)
            file = self._folder / files.CHECKPOINTS
            last = files.last_checkpoint(file, key)
            try:
                with self._database.reading() as session:
                    made = new_checkpoints(session, last, key, lambda: datetime.now(UTC))
            except Contradicted as fault:
                self._warn(fault.detail)
                raise
            if made:
                files.append(file, made)
                self._to_syslog(lambda: syslog.send(self._syslog, made))
            (self._folder / files.SEEN).touch()
        return made

    def look_at_all(self) -> None:
        """Verify the whole trail against every checkpoint. Raises ``Contradicted``."""
        file = self._folder / files.CHECKPOINTS
        kept = files.read_file(file, [files.signing_key(self._folder)]) if file.exists() else []
        with self._database.reading() as session:
            verdict = verify(session, noted_by([kept]))
        if verdict.broken_seq is not None:
            sentence = f"entry {verdict.broken_seq} of the audit trail is broken: {verdict.because}"
            self._warn(sentence)
            raise Contradicted(sentence)

    def _warn(self, sentence: str) -> None:
        self._to_syslog(lambda: syslog.warn(self._syslog, f"audit trail rewritten: {sentence}"))

    def _to_syslog(self, say: Callable[[], None]) -> None:
        if not self._syslog:
            return
        try:
            say()
        except OSError as fault:
            _log.warning("syslog takes no checkpoint; the file has it", syslog=self._syslog, fault=str(fault))


def keep_anchoring(anchorage: Anchorage, every_s: float, wait: Callable[[float], bool]) -> None:
    """Look until told to stop. A trail that was rewritten is an error in the log at every look; a fault is waited out.

    ``wait`` waits so many seconds and answers whether to stop.
    """
    whole_at = time.monotonic()
    while True:
        with _told():
            if time.monotonic() >= whole_at:
                anchorage.look_at_all()
                whole_at = time.monotonic() + WHOLE_EVERY_S
            for one in anchorage.look():
                _log.info("audit checkpoint", seq=one.seq, digest=one.digest)
        if wait(every_s):
            return


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except TrackerError as fault:
        _log.error("the audit trail has no new checkpoint", because=fault.detail)
    except (SQLAlchemyError, OSError) as fault:
        _log.warning("the audit trail can't be looked at now", fault=type(fault).__name__)
