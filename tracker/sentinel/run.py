"""The sentinel at work: it listens to the tracker, and says what is due until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from tracker.errors import StartupFault
from tracker.reachable_networks import allowed_networks
from tracker.sentinel import moment
from tracker.sentinel.held import Held, Saying
from tracker.sentinel.server import Server
from tracker.sentinel.voices import Unsaid, Voices
from tracker.settings import SHORTEST_KEY, Settings

_LOG = structlog.get_logger("tracker.sentinel")
LOOK_EVERY_S: Final = 0.5
THREADS: Final = 8
LONGEST_PAUSE_S: Final = 60.0
WAITS_AT_START_S: Final = 30.0
"""After a long stop of its own, the tracker has so long to renew before it is called silent."""
LONG_STOP_S: Final = 60.0


def run(settings: Settings, stop: threading.Event) -> None:
    """Work until ``stop`` is set. Raises ``StartupFault`` for a setting that is missing or can't be read."""
    secret = settings.sentinel_secret.get_secret_value()
    if len(secret) < SHORTEST_KEY:
        raise StartupFault(f"TRACKER_SENTINEL_SECRET must have at least {SHORTEST_KEY} characters, as on the tracker")
    voices = Voices(settings.smtp_url.get_secret_value(), settings.smtp_from, allowed_networks(settings.webhook_allow))
    try:
        held = Held(settings.sentinel_dir.expanduser().absolute())
    except OSError as fault:
        raise StartupFault(f"TRACKER_SENTINEL_DIR can't be used: {fault.strerror}") from None
    with Server(settings.sentinel_host, settings.sentinel_port, secret, held) as server:
        listening = threading.Thread(target=server.serve_forever, name="sentinel-listen", daemon=True)
        listening.start()
        _LOG.info("sentinel.listens", host=settings.sentinel_host, port=settings.sentinel_port)
        try:
            _wait_for_the_tracker(held, stop)
            Speaker(held, voices.say).run(stop)
        finally:
            server.shutdown()


def _wait_for_the_tracker(held: Held, stop: threading.Event) -> None:
    """Where the sentinel itself was down, it can't know who was silent: the tracker renews every 20 seconds."""
    first = held.summary()
    age = first["renewed_s_ago"]
    if age is None or age < LONG_STOP_S:
        return
    began = moment.now()
    while moment.seconds_between(began, moment.now()) < WAITS_AT_START_S and not stop.wait(LOOK_EVERY_S):
        if held.sequence != first["sequence"]:
            return


class Speaker:
    """Says what is due, each by itself, and tries again what could not be said."""

    def __init__(self, held: Held, say: Callable[[Saying], None]) -> None:
        self._held = held
        self._say = say
        self._failed: dict[str, tuple[int, moment.Moment]] = {}
        self._under_way: dict[str, Future[None]] = {}

    def run(self, stop: threading.Event) -> None:
        """Until it is stopped."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="sentinel") as pool:
            while not stop.wait(LOOK_EVERY_S):
                self._under_way = {id_: one for id_, one in self._under_way.items() if not one.done()}
                due = self._held.due()
                for id_ in self._failed.keys() - {one.id for one in due}:
                    del self._failed[id_]
                for one in due:
                    if len(self._under_way) < THREADS and one.id not in self._under_way and self._may(one.id):
                        self._under_way[one.id] = pool.submit(self._attempt, one)

    def _may(self, id_: str) -> bool:
        count, last = self._failed.get(id_, (0, self._held.began))
        pause = min(LONGEST_PAUSE_S, 2.0 ** min(count, 10))
        return count == 0 or moment.seconds_between(last, moment.now()) >= pause

    def _attempt(self, one: Saying) -> None:
        try:
            self._say(one)
        except Unsaid as fault:
            reason = str(fault)
        except Exception as fault:  # noqa: BLE001 - a library's own fault must not stop what else is to be said
            reason = type(fault).__name__
        else:
            self._held.note_said(one.id)
            _LOG.info("sentinel.said", id=one.id, type=one.type, channel=one.target.kind, late_s=round(one.late_s, 1))
            return
        count = self._failed.get(one.id, (0, None))[0] + 1
        self._failed[one.id] = (count, moment.now())
        _LOG.warning("sentinel.unsaid", id=one.id, channel=one.target.kind, reason=reason, attempts=count)
