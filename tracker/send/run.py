"""Send: find the destinations that messages wait for, and deliver to several of them at once, until told to stop."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from tracker.listening_address import reachable
from tracker.records.database import Database
from tracker.records.job import STOPPED, beat, forget_workers
from tracker.records.message import holders, release_leases, waiting_destinations
from tracker.send.channels import channels
from tracker.send.deliver import Deliverer
from tracker.send.outside import outside
from tracker.settings import Settings

_LOG = structlog.get_logger("tracker.send")
THREADS: Final = 8
DOUBTFUL_THREADS: Final = 3
"""So many may wait at a time for destinations whose last attempt failed: those that hang leave room for the others."""
LOOK_EVERY_S: Final = 0.25
BEAT_EVERY_S: Final = 10.0
KIND: Final = "send"
WORKS: Final = "delivers"


def base_of(settings: Settings) -> str:
    """What links in messages begin with."""
    return settings.public_url or f"http://{reachable(settings.web_host)}:{settings.web_port}"


def run(settings: Settings, stop: threading.Event) -> None:
    """Deliver until ``stop`` is set. Several may run at once, on one machine or many."""
    database = Database(settings.database_url, pool_size=THREADS + 2, answers_within_s=5.0)
    try:
        with outside(settings, base_of(settings), stop):
            Sender(database, settings, stop).work()
    finally:
        database.close()


class Sender:
    """One sending process. Its name says on which machine it runs, so that its leases end with it."""

    def __init__(self, database: Database, settings: Settings, stop: threading.Event) -> None:
        self._database = database
        self._stop = stop
        self.name = f"{_machine()}:{os.getpid()}:{threading.get_ident() % 100_000}"
        self._deliverer = Deliverer(database, channels(settings), base_of(settings), settings.signing_key(), stop)
        self._under_way: dict[str, tuple[Future[int], bool]] = {}
        self._interrupted: list[str] = []
        """Leases of deliveries that ended in a fault: they are given back as soon as the database answers."""
        self._beaten: float | None = None

    def work(self) -> None:
        """Look for what waits; a database that is down is waited for. Attempts under way are let to end."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="send") as pool:
            while not self._stop.wait(LOOK_EVERY_S):
                try:
                    self._look(pool)
                except Exception as fault:  # noqa: BLE001 - a database that is down is waited for
                    _LOG.warning("send.database_down", reason=str(fault).split("\n")[0][:200])
                    self._stop.wait(1.0)
        with contextlib.suppress(Exception), self._database.writing() as session:
            beat(session, self.name, KIND, STOPPED, datetime.now(UTC))

    def _look(self, pool: ThreadPoolExecutor) -> None:
        now = datetime.now(UTC)
        self._under_way = {one: work for one, work in self._under_way.items() if not work[0].done()}
        if self._beaten is None or time.monotonic() - self._beaten > BEAT_EVERY_S:
            self._tidy(now)
            self._beaten = time.monotonic()
        if self._interrupted:
            self._give_back_leases()
        if len(self._under_way) >= THREADS:
            return
        with self._database.reading() as session:
            waiting = waiting_destinations(session, now, 10 * THREADS)
        for destination, is_doubtful in waiting:
            doubtful = sum(one for _, one in self._under_way.values())
            if (
                destination not in self._under_way
                and len(self._under_way) < THREADS
                and not (is_doubtful and doubtful >= DOUBTFUL_THREADS)
            ):
                self._under_way[destination] = (pool.submit(self._delivered, destination), is_doubtful)

    def _tidy(self, now: datetime) -> None:
        """Give a sign of life, and take their leases from processes of this machine that were killed."""
        with self._database.writing() as session:
            beat(session, self.name, KIND, WORKS, now)
            forget_workers(session, KIND, now - timedelta(hours=1))
            for holder in holders(session):
                if _is_dead(holder):
                    release_leases(session, holder)

    def _give_back_leases(self) -> None:
        """Let what waits at their destinations be sent now, and not when the leases have run out."""
        interrupted = list(self._interrupted)
        with self._database.writing() as session:
            for holder in interrupted:
                release_leases(session, holder)
        for holder in interrupted:
            self._interrupted.remove(holder)

    def _delivered(self, destination: str) -> int:
        holder = f"{self.name}/{secrets.token_hex(4)}"
        try:
            return self._deliverer.deliver(destination, holder)
        except Exception as fault:  # noqa: BLE001 - the messages are still queued
            self._interrupted.append(holder)
            _LOG.warning("send.interrupted", destination=destination, reason=str(fault).split("\n")[0][:200])
            return 0


def _machine() -> str:
    """This machine, and within it the space of process numbers, which containers do not share."""
    try:
        space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        space = "0"
    return f"{KIND}@{socket.gethostname()[:60]}:{space}"


def _is_dead(holder: str) -> bool:
    """Whether that was a process of this machine that is no more. Of one elsewhere the lease runs out."""
    machine, _, rest = holder.partition("/")[0].rpartition(":")[0].rpartition(":")
    if machine != _machine() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
