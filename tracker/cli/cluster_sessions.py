"""The thread of ``nats-files --watch`` that keeps the sessions at a NATS cluster within bounds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tracker.broker.cluster_reaper import ClusterReaper
from tracker.broker.credentials import TRACKER_USERNAME
from tracker.broker.session_watch import SessionWatch


class KeptOut:
    """The users that a node refuses for a while. ``changes`` only ever grows, with each change of who they are."""

    def __init__(self) -> None:
        self.changes = 0
        self._usernames: frozenset[str] = frozenset()

    def __contains__(self, username: str) -> bool:
        return username in self._usernames

    def put(self, usernames: frozenset[str]) -> None:
        """Refuse exactly these; the users' file follows at the watch's next look."""
        self._usernames = usernames
        self.changes += 1


@contextmanager
def watched_sessions(nats_port: int, password: str, out: KeptOut) -> Iterator[None]:
    """End what is too many at all nodes, asked through this machine's, for as long as the block lasts."""
    stopping = threading.Event()

    def reaper(port: int) -> ClusterReaper:
        return ClusterReaper(port, password, trusted=[TRACKER_USERNAME])

    watch = SessionWatch(lambda: nats_port, reaper, out.put, stopping)
    thread = threading.Thread(target=watch.run, name="cluster-sessions", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
