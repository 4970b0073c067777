"""The live feed: one thread looks for changed rows and every open page of that clinic hears of them by SSE.

Each process looks twice a second, whatever the number of pages: three indexed queries. Every other second it also asks
whether the sessions and tokens by which the pages are open still last: one query for 500 of them. A page that reads too
slowly to keep its small queue short is told to load itself again instead.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from tracker.records.database import Database
from tracker.records.pump import Pump, PumpState
from tracker.records.queries.urgent import UrgentMark, urgent_marks
from tracker.records.worklist import WorklistItem
from tracker.web.live_access import Lasting, lasting
from tracker.web.live_listeners import RELOAD, SIGNED_OUT, Access, Event, Followers, Listener, call

LOOK_EVERY_S = 0.5
CONFIRM_EVERY_S = 1.5
BEAT_S = 5.0
_OVERLAP = timedelta(seconds=10)  # a transaction that began earlier may commit later
_MOST_CHANGES = 5000
_log = structlog.get_logger(__name__)


class Feed:
    """Looks for changes while anybody listens; ``looks`` counts. A page hears a beat every ``beat_s`` seconds.

    ``idle`` is how long a session lasts without a click.
    """

    def __init__(
        self, database: Database, clock: Callable[[], datetime], followers: Followers, idle: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self._followers = followers
        self._confirmed_at = 0.0
        self._somebody = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: dict[tuple[str, int | None], datetime] = {}
        self._urgent: dict[int, UrgentMark | None] = {}
        self.beat_s = BEAT_S
        self.looks = 0

    def start(self) -> None:
        """Begin to look."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Have every open stream end; safe in a signal's handler."""
        self._ending.set()
        self._somebody.set()

    def stop(self) -> None:
        """End, and wait until nothing looks any more."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def ending(self) -> bool:
        """Whether streams should end."""
        return self._ending.is_set()

    @property
    def listeners(self) -> int:
        """How many pages are open."""
        return len(self._followers)

    def join(self, access: Access, serial: str | None = None, cut: Callable[[], None] | None = None) -> Listener:
        """A new page, for one pump or for all of the clinic; called in its event loop. ``cut`` drops its connection."""
        listener = Listener(access, serial, asyncio.get_running_loop(), cut)
        self._followers.enter(listener)
        self._somebody.set()
        return listener

    def leave(self, listener: Listener) -> None:
        """The page is closed."""
        listener.ended()
        self._followers.leave(listener)
        if not len(self._followers) and not self._ending.is_set():
            self._somebody.clear()
            if len(self._followers):  # one came meanwhile
                self._somebody.set()

    def _run(self) -> None:
        since: datetime | None = None
        while not self._ending.is_set():
            if not self._somebody.is_set():
                since = None
                self._somebody.wait()
                continue
            try:
                with self._database.reading() as session:
                    self._confirm(session)
                    if since is None:
                        since = self._newest(session)
                    changes, since = self._changes(session, since)
                    self._note_urgent(session, changes)
            except Exception as fault:  # noqa: BLE001 - whatever it is, pages must not stand still for ever
                known = isinstance(fault, SQLAlchemyError)
                _log.warning("the live feed waits for the database", fault=type(fault).__name__, exc_info=not known)
                self._ending.wait(2)
                continue
            if changes:
                self._tell(changes)
            self.looks += 1
            self._ending.wait(LOOK_EVERY_S)
        self._tell({})

    def _newest(self, session: Session) -> datetime:
        newest: list[datetime | None] = [
            session.exec(select(func.max(PumpState.changed_at))).one(),
            session.exec(select(func.max(WorklistItem.changed_at))).one(),
        ]
        since = max((moment for moment in newest if moment is not None), default=self._clock())
        self._told.clear()
        self._changes(session, since)
        return since

    def _changes(self, session: Session, since: datetime) -> tuple[dict[int, list[Event]], datetime]:
        after = since - _OVERLAP
        pumps = session.exec(
            select(Pump.clinic_id, Pump.serial, PumpState.pump_id, PumpState.changed_at)
            .join(Pump, col(Pump.id) == col(PumpState.pump_id))
            .where(col(PumpState.changed_at) >= after)
            .order_by(col(PumpState.changed_at).desc())
            .limit(_MOST_CHANGES)
        ).all()
        items = session.exec(
            select(WorklistItem.clinic_id, WorklistItem.id, WorklistItem.changed_at)
            .where(col(WorklistItem.changed_at) >= after)
            .order_by(col(WorklistItem.changed_at).desc())
            .limit(_MOST_CHANGES)
        ).all()
        found: dict[int, list[Event]] = {}
        worklists: set[int] = set()
        newest = since
        for clinic_id, serial, pump_id, changed_at in pumps:
            newest = max(newest, changed_at)
            if self._told.get(("pump", pump_id)) != changed_at:
                self._told["pump", pump_id] = changed_at
                found.setdefault(clinic_id, []).append(("pump", serial))
        for clinic_id, item_id, changed_at in items:
            newest = max(newest, changed_at)
            if self._told.get(("item", item_id)) != changed_at:
                self._told["item", item_id] = changed_at
                worklists.add(clinic_id)
        for events in found.values():
            events.append(("pumps", ""))
        for clinic_id in worklists:
            found.setdefault(clinic_id, []).append(("worklist", ""))
        newest = min(newest, self._clock())  # a clock that was set back left changes behind that lie ahead
        self._told = {what: at for what, at in self._told.items() if at >= newest - _OVERLAP}
        return found, newest

    def _note_urgent(self, session: Session, changes: dict[int, list[Event]]) -> None:
        """Add an event for each clinic whose urgent alarms are others than at the last look."""
        clinics = {one.access.clinic_id for one in self._followers.all()}
        marks = urgent_marks(session, clinics)
        now = {clinic_id: marks.get(clinic_id) for clinic_id in clinics}
        for clinic_id, mark in now.items():
            if self._urgent.get(clinic_id, mark) != mark:
                changes.setdefault(clinic_id, []).append(("urgent", ""))
        self._urgent = now

    def _confirm(self, session: Session) -> None:
        """Let the pages go on whose session or token lasts, and end the others."""
        began = time.monotonic()
        if began - self._confirmed_at < CONFIRM_EVERY_S:
            return
        listeners = self._followers.all()
        found = lasting(session, {one.access for one in listeners}, self._clock(), self._idle)
        for one in listeners:
            match found[one.access]:
                case Lasting.YES:
                    call(one, one.confirm, began)
                case Lasting.CHANGED:  # loaded again, the page shows what the new role may see
                    call(one, one.end, RELOAD)
                case Lasting.NO:
                    call(one, one.end, SIGNED_OUT)
        self._confirmed_at = began

    def _tell(self, changes: dict[int, list[Event]]) -> None:
        for listener in self._followers.all():
            events = changes.get(listener.access.clinic_id, [])
            told = not (events or self._ending.is_set()) or call(listener, listener.hear, events or [RELOAD])
            if not told:  # its loop has ended
                self._followers.leave(listener)
