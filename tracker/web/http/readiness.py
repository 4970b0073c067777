"""Readiness: what the tracker needs to do its work, part by part, and what of it is down."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from tracker.broker.file_watch import IN_STEP
from tracker.errors import TrackerError
from tracker.records import schema
from tracker.records.contact_point import any_confirmed
from tracker.records.database import Database
from tracker.records.job import BROKER_FILES, LEADS, JobRun, WorkerStatus, job_runs, overdue, workers
from tracker.settings import Settings

_KEPT_S = 1.0
_CONNECT_S = 1.0
_ROOM_BYTES = 1024**2  # one batch of messages takes more


@dataclass(frozen=True, slots=True)
class Check:
    """One part: whether it works, and a sentence that says how it was told."""

    ok: bool
    detail: str


class Readiness:
    """Looks at every part at most once a second, however often it is asked."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Callable[[], datetime],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._checks: dict[str, Check] = {}

    def look(self) -> dict[str, Check]:
        """Every part by its name."""
        with self._lock:
            if self._seconds() - self._looked_at > _KEPT_S:
                self._checks = self._look()
                self._looked_at = self._seconds()
            return self._checks

    def _look(self) -> dict[str, Check]:
        unknown = Check(ok=False, detail="can't be told while the database is down or its schema is another one")
        checks = {
            "database": unknown,
            "schema": unknown,
            "broker": self._broker(),
            "ingest": unknown,
            "schedule": unknown,
        }
        if not self._database.answers():
            return checks | {"database": Check(ok=False, detail="does not answer")}
        checks["database"] = self._room()
        try:
            found = schema.standing(self._database)
            checks["schema"] = Check(ok=found.may_work, detail=found.detail)
            if not found.may_work:
                return checks
            with self._database.reading() as session:
                beats, runs = workers(session), job_runs(session)
                has_points = any_confirmed(session)
        except SQLAlchemyError as fault:
            return checks | {"database": Check(ok=False, detail=f"failed: {type(fault).__name__}")}
        checks |= {"ingest": self._ingest(beats), "schedule": self._schedule(beats, runs)}
        if has_points:  # without a contact point there is nobody to send to
            checks["send"] = self._alive("send", beats)
        return checks | self._broker_files(beats)

    def _room(self) -> Check:
        """The database answers; without room on its disk it would read and not write."""
        room = self._database.room_bytes()
        if room is not None and room < _ROOM_BYTES:
            return Check(ok=False, detail=f"answers, but can't write: its disk is full ({room // 1024} KiB are left)")
        return Check(ok=True, detail="answers")

    def _broker(self) -> Check:
        try:
            parts = self._settings.mqtt_address()
            host, port = parts.hostname or "", parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        except TrackerError as fault:
            return Check(ok=False, detail=fault.detail)
        except ValueError:
            return Check(ok=False, detail="TRACKER_MQTT_URL names a port that can't be")
        try:
            socket.create_connection((host, port), _CONNECT_S).close()
        except OSError as fault:
            return Check(ok=False, detail=f"{host}:{port} can't be reached: {fault.strerror or type(fault).__name__}")
        return Check(ok=True, detail=f"{host}:{port} takes connections")

    def _ingest(self, beats: list[WorkerStatus]) -> Check:
        alive = self._alive("ingest", beats)
        fresh = {one.name for one in beats if one.kind == "ingest" and one.lives(self._clock())}
        idle = [str(number) for number in range(self._settings.ingest_partitions) if f"ingest-{number}" not in fresh]
        if alive.ok and self._settings.ingest_partitions > 1 and idle:
            names = f"partition {idle[0]} has" if len(idle) == 1 else f"partitions {', '.join(idle)} have"
            return Check(ok=False, detail=f"{names} no worker")
        return alive

    def _alive(self, kind: str, beats: list[WorkerStatus]) -> Check:
        all_of_kind = [one for one in beats if one.kind == kind]
        newest = max(all_of_kind, key=lambda one: (not one.stopped, one.beat_at), default=None)
        if newest is None:
            return Check(ok=False, detail="never gave a sign of life")
        now = self._clock()
        did = "was stopped" if newest.stopped else "last gave a sign of life"
        return Check(ok=newest.lives(now), detail=f"{did} {_ago(now, newest.beat_at)}")

    def _broker_files(self, beats: list[WorkerStatus]) -> dict[str, Check]:
        """Of a broker of one's own: whether the watch of its files lives and has it in step, on each machine.

        A sign-in that was revoked is good for that broker until the watch has said so. Where none was ever started, or
        each was stopped in good order, nobody counts on one.
        """
        newest: dict[str, WorkerStatus] = {}
        for one in beats:  # freshest first
            if one.kind == BROKER_FILES:
                newest.setdefault(one.name.rpartition(":")[0], one)
        watches = [one for one in newest.values() if not one.stopped]
        if not watches:
            return {}
        now = self._clock()
        for one in watches:
            if not one.lives(now):
                said = f"the watch of its files last gave a sign of life {_ago(now, one.beat_at)}"
                return {"broker_files": Check(ok=False, detail=said)}
            if one.detail != IN_STEP:
                return {"broker_files": Check(ok=False, detail=one.detail)}
        return {"broker_files": Check(ok=True, detail=IN_STEP)}

    def _schedule(self, beats: list[WorkerStatus], runs: list[JobRun]) -> Check:
        """Work done is what counts: somebody leads, lives, and each job has had a good run lately."""
        alive, now = self._alive("schedule", beats), self._clock()
        if not alive.ok:
            return alive
        leaders = [one for one in beats if one.kind == "schedule" and one.detail == LEADS]
        if not any(one.lives(now) for one in leaders):
            newest = max((one.beat_at for one in leaders), default=None)
            since = "" if newest is None else f"; the last leader gave a sign of life {_ago(now, newest)}"
            return Check(ok=False, detail=f"no scheduler leads{since}")
        late = [said for run in runs if (said := overdue(run, now)) is not None]
        if not runs or late:
            return Check(ok=False, detail="; ".join(late) or "no job has run yet")
        return Check(ok=True, detail=f"{alive.detail}; every job has succeeded lately")


def _ago(now: datetime, then: datetime) -> str:
    """How long ago that was; said plainly where a clock that was set puts it ahead."""
    age_s = (now - then).total_seconds()
    return f"{max(0.0, age_s):.0f} s ago" if age_s > -1 else f"{-age_s:.0f} s ahead of the clock, which was set"
