"""The stage of a rehearsal: a database of its own, two clinics with their people, the application, a clock that is set.

The schema is made once in a process and copied for each case.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, Self

import httpx
from anyio.from_thread import start_blocking_portal
from sqlalchemy import event
from sqlmodel import Session

from tracker.actions.staff.add_staff import add_clinic, add_staff
from tracker.actions.staff.issue_token import issue_token
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.budget_limits import budget_of
from tracker.records import schema
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.staff import ROLES, tokens_of
from tracker.rehearse.scenario import MAIN, OTHER, Clinic, Scenario
from tracker.rehearse.settings import RehearsalSettings
from tracker.web.app import create_app

BY: Final = "rehearsal"
_ANY_CASE: Final = timedelta(days=36_500)
CLINICS: Final[Mapping[str, str]] = {MAIN: "Clinic", OTHER: "Other clinic"}
DOMAINS: Final[Mapping[str, str]] = {MAIN: "clinic.example", OTHER: "other.example"}


class VirtualClock:
    """The only clock of a rehearsal: the moment that the case has come to."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """The moment now."""
        return self.now

    def seconds(self) -> float:
        """The moment as seconds that pass with it: for rates."""
        return self.now.timestamp()


class Stage:
    """Everything that a case plays on. Use it as a context: at its end nothing is left."""

    def __init__(self, scenario: Scenario) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
        data = Path(self._folder.name)
        shutil.copyfile(_template(), data / "tracker.db")
        self.clock = VirtualClock(scenario.start)
        self.settings = RehearsalSettings(
            **{"secret_key": "rehearsal " * 4, "mqtt_url": "mqtt://tracker:none@127.0.0.1:1", **scenario.settings},
            data_dir=data,
        )
        self.database = Database(self.settings.database_url, pool_size=4)
        event.listen(self.database.engine, "connect", _no_waiting_for_the_disk)
        self.ledger = Ledger(self.database, self.settings.rejected_per_pump, budget_of(self.settings))
        self.clinic_ids: dict[str, int] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        with self.database.writing() as session:
            for clinic in (MAIN, OTHER) if scenario.has_other_clinic else (MAIN,):
                self._add_clinic(session, clinic, str(scenario.zone), scenario.start)
        self._app = create_app(self.settings, self.database, self.clock, self.clock.seconds)
        # Its loop runs in a thread of its own, so that a caller with a running loop may rehearse too.
        self._portals = start_blocking_portal()
        self._portal = self._portals.__enter__()
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._portal.call(self._client.aclose)
        self._portals.__exit__(None, None, None)
        self._app.state.web.trail.stop()
        self.ledger.close()
        self.database.close()
        self._folder.cleanup()

    def call(self, role: str, clinic: Clinic, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the API as that person; returns the status and the JSON, or ``{"text": …}`` where it is none."""
        headers = {"Authorization": f"Bearer {self._tokens[role, clinic]}"}
        sent = {} if body is None else {"json": body}
        answer = self._portal.call(partial(self._client.request, method, path, headers=headers, **sent))
        try:
            return answer.status_code, answer.json() if answer.content else None
        except ValueError:
            return answer.status_code, {"text": answer.text}

    def enter_reads(self) -> None:
        """Move what was read into the audit trail, as a thread of the served application does."""
        self._app.state.web.trail.flush()

    def _add_clinic(self, session: Session, which: Clinic, zone: str, start: datetime) -> None:
        clinic = add_clinic(session, name=CLINICS[which], timezone=zone, by=BY, now=start)
        self.clinic_ids[which] = key(clinic.id)
        for role in ROLES:
            person = add_staff(
                session,
                clinic=clinic,
                email=f"{role}@{DOMAINS[which]}",
                role=role,
                password=None,
                name=role.capitalize(),
                by=BY,
                now=start,
            )
            session.flush()
            self._tokens[role, which] = issue_token(session, person, name=BY, by=person.email, now=start)
            for token in tokens_of(session, key(person.id)):
                token.expires_at = start + _ANY_CASE  # a case may last for years of its own time


@cache
def _template() -> Path:
    folder = _template_folder()
    database = Database(f"sqlite:///{folder.name}/template.db")
    event.listen(database.engine, "connect", _no_waiting_for_the_disk)
    schema.upgrade(database)
    database.close()
    return Path(folder.name) / "template.db"


@cache
def _template_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="rehearsal-schema-", ignore_cleanup_errors=True)


def _no_waiting_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    """Nothing of a rehearsal is to outlive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")
