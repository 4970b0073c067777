"""The heartbeat: the operator's address is asked once a minute, with ``/fail`` behind it where all is not well.

The convention is that of healthchecks.io (https://healthchecks.io/docs/signaling_failures/): silence is a failure too.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
import structlog

from tracker.records.database import Database
from tracker.records.high_notifications import untold_since
from tracker.records.job import LEADS, beat, job_runs, overdue, workers

_LOG = structlog.get_logger("tracker.send")
EVERY_S: Final = 60.0
LOOK_EVERY_S: Final = 20.0
TIMEOUT_S: Final = 10.0
UNTOLD_FOR: Final = timedelta(minutes=2)


def reason_against(database: Database, now: datetime) -> str:
    """Why all is not well, naming no pump and no person; empty where it is."""
    try:
        with database.writing() as session:
            beat(session, "heartbeat", "heartbeat", "asks whether all is well", now)
        with database.reading() as session:
            living = [one for one in workers(session) if one.lives(now)]
            late = [said for run in job_runs(session) if (said := overdue(run, now)) is not None]
            untold = untold_since(session, now - UNTOLD_FOR)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the database does not do its work
        return f"the database does not write: {type(fault).__name__}"
    kinds = {one.kind for one in living}
    found = [f"no {kind} process is alive" for kind in ("ingest", "send") if kind not in kinds]
    if not any(one.kind == "schedule" and one.detail == LEADS for one in living):
        found.append("no scheduler leads")
    found += late
    if untold:
        found.append(f"alarms of high priority that nobody was told of for two minutes: {untold}")
    return "; ".join(found)


def address(url: str, reason: str) -> str:
    """What is asked: the URL itself, or where there is a reason its failing form."""
    if not reason:
        return url
    parts = urlsplit(url)
    query = "&".join(one for one in (parts.query, "reason=" + quote(reason[:500], safe="")) if one)
    return parts._replace(path=parts.path.rstrip("/") + "/fail", query=query).geturl()


class Heartbeat:
    """Asks once a minute."""

    def __init__(self, url: str, database: Database) -> None:
        self._url = url
        self._database = database

    def run(self, stop: threading.Event) -> None:
        """Until told to stop. A reason that is new is told at once."""
        if stop.wait(15.0):  # the others start too
            return
        waited, before = EVERY_S, ""
        while True:
            reason = reason_against(self._database, datetime.now(UTC))
            if waited >= EVERY_S or bool(reason) != bool(before):
                self._ask(reason)
                waited = 0.0
            before = reason
            if stop.wait(LOOK_EVERY_S):
                return
            waited += LOOK_EVERY_S

    def _ask(self, reason: str) -> None:
        try:
            answer = httpx.get(address(self._url, reason), timeout=TIMEOUT_S, follow_redirects=True)
            said = "" if answer.is_success else f"it answered {answer.status_code}"
        except (httpx.HTTPError, OSError, ValueError) as fault:
            said = type(fault).__name__  # its text may hold the address, which is a secret
        if said or reason:
            _LOG.warning("heartbeat", not_well=reason, unsent=said)
