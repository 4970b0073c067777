"""Send: find the destinations that messages wait for, and deliver to several of them at once, until told to stop."""

from __future__ import annotations

import os
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

import structlog

from tracker.listening_address import reachable
from tracker.records.database import Database
from tracker.records.job import STOPPED, beat
from tracker.records.message import waiting_destinations
from tracker.send.channels import channels
from tracker.send.deliver import Deliverer
from tracker.send.outside import outside
from tracker.settings import Settings

_LOG = structlog.get_logger("tracker.send")
THREADS: Final = 4
LOOK_EVERY_S: Final = 0.25
BEAT_EVERY_S: Final = 10.0


def base_of(settings: Settings) -> str:
    """What links in messages begin with."""
    return settings.public_url or f"http://{reachable(settings.web_host)}:{settings.web_port}"


def run(settings: Settings, stop: threading.Event) -> None:
    """Deliver until ``stop`` is set. Several may run at once, on one machine or many."""
    database = Database(settings.database_url, pool_size=THREADS + 1, answers_within_s=5.0)
    name = f"send@{socket.gethostname()[:60]}:{os.getpid()}:{threading.get_ident() % 100_000}"
    deliverer = Deliverer(database, channels(settings), name, base_of(settings), settings.signing_key())
    under_way: dict[str, Future[int]] = {}
    beaten: datetime | None = None
    try:
        with (
            outside(settings, base_of(settings), stop),
            ThreadPoolExecutor(THREADS, thread_name_prefix="send") as pool,
        ):
            while not stop.wait(LOOK_EVERY_S):
                now = datetime.now(UTC)
                under_way = {one: future for one, future in under_way.items() if not future.done()}
                try:
                    with database.reading() as session:
                        waiting = waiting_destinations(session, now, 10 * THREADS)
                    if beaten is None or abs((now - beaten).total_seconds()) > BEAT_EVERY_S:
                        with database.writing() as session:
                            beat(session, name, "send", "delivers", now)
                        beaten = now
                except Exception as fault:  # noqa: BLE001 - a database that is down is waited for
                    _LOG.warning("send.database_down", reason=str(fault).split("\n")[0][:200])
                    stop.wait(1.0)
                    continue
                for destination in waiting:
                    if destination not in under_way and len(under_way) < THREADS:
                        under_way[destination] = pool.submit(_delivered, deliverer, destination)
        with database.writing() as session:
            beat(session, name, "send", STOPPED, datetime.now(UTC))
    finally:
        database.close()


def _delivered(deliverer: Deliverer, destination: str) -> int:
    try:
        return deliverer.deliver(destination)
    except Exception:  # noqa: BLE001 - the lease runs out, and the messages are still queued
        _LOG.exception("send.interrupted", destination=destination)
        return 0
