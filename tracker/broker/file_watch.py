"""Keep the files of a broker of one's own in step with the records, and the broker in step with its files."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from tracker.broker.reload import Reload

POLL_SECONDS = 0.25
IN_STEP = "the broker has what is recorded"
"""What the watch says of itself while all is well."""

_log = structlog.get_logger("tracker.broker")


class FileWatch:
    """Asks ``version()`` a few times a second; when it has changed, writes the files and reloads the broker.

    ``write`` writes the files from the records and returns how many pumps they name. It runs once for a change, also
    where the broker can't be reloaded: that is tried again until it works. The version is read before the files are
    written: what comes in between is in them already and is written once more. A fault (the database or the broker is
    away) is written to the log once. ``lives`` is told at each look what state this is in.
    """

    def __init__(
        self,
        version: Callable[[], int],
        write: Callable[[], int],
        reload: Reload,
        lives: Callable[[str], None],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._version = version
        self._write = write
        self._reload = reload
        self._lives = lives
        self._poll_seconds = poll_seconds
        self._written: int | None = None
        self._reloaded: int | None = None
        self._faulty = False

    def run(self, stop: threading.Event) -> None:
        """Follow the records until told to stop."""
        while not stop.is_set():
            said = IN_STEP
            try:
                self.look()
                self._faulty = False
            except Exception as fault:  # noqa: BLE001 - whatever fails here must not end the watch
                said = f"the broker does not know the newest sign-ins: {fault}"
                if not self._faulty:
                    _log.warning("credentials were not carried to the broker; trying again", because=str(fault))
                self._faulty = True
            self._lives(said)
            stop.wait(self._poll_seconds)

    def look(self) -> None:
        """Look once. Raises whatever keeps the broker from the newest credentials."""
        newest = self._version()
        if newest != self._written:
            pumps = self._write()
            self._written = newest
            _log.info("the broker's files are written", pumps=pumps, version=newest)
        if newest != self._reloaded:
            self._reload()
            self._reloaded = newest
            _log.info("the broker was told to read its files", version=newest)
