"""The thread that keeps the sessions at a running broker within bounds, and keeps out who makes far too many."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from tracker.broker.blocked_clients import ShutOut
from tracker.broker.session_reaper import LOOK_SECONDS, SessionReaper
from tracker.errors import TrackerError

_log = structlog.get_logger("tracker.broker")


class SessionWatch:
    """Looks once a second. ``port`` is the running server's own (0: it is not ready); ``keep_out`` makes the server
    refuse exactly these users; ``reaper`` connects to the server at that port.
    """

    def __init__(
        self,
        port: Callable[[], int],
        reaper: Callable[[int], SessionReaper],
        keep_out: Callable[[frozenset[str]], None],
        stopping: threading.Event,
    ) -> None:
        self._port = port
        self._reaper = reaper
        self._keep_out = keep_out
        self._stopping = stopping
        self._shut_out = ShutOut()
        self._out: frozenset[str] = frozenset()
        self._faulty = False

    def run(self) -> None:
        """Watch until told to stop; a server that is away or starts again is waited for."""
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                port = self._port()
                if port:
                    self._watch(port)
            except Exception as fault:  # noqa: BLE001 - an answer that nobody foresaw must not end the watch
                if not self._faulty and not self._stopping.is_set():
                    because = fault.detail if isinstance(fault, TrackerError) else f"{type(fault).__name__}: {fault}"
                    _log.warning("the broker's sessions can't be watched; trying again", because=because)
                self._faulty = True

    def _watch(self, port: int) -> None:
        """Watch one server until it is another's turn, or it is away."""
        with self._reaper(port) as reaper:
            reaper.look()  # what an earlier start left behind is no reason to keep anybody out
            while self._port() == port:
                self._faulty = False
                if self._stopping.wait(LOOK_SECONDS):
                    return
                self._judge(reaper.look().by_user)

    def _judge(self, by_user: Mapping[str, int]) -> None:
        now = time.monotonic()
        for user in self._shut_out.note(by_user, now):
            _log.error("a communicator opened far more sessions than a pump needs: kept out for a while", user=user)
        out = self._shut_out.out(now)
        if out != self._out:
            self._keep_out(out)
            self._out = out
