"""What tells the world outside that the tracker works: the sentinel's ladder and the heartbeat, each in a thread."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import httpx
import structlog
from prometheus_client import Counter, Gauge
from standardwebhooks import Webhook

from tracker.actions.messages.note_sentinel import note_renewed, note_unreachable
from tracker.errors import StartupFault
from tracker.records.database import Database
from tracker.records.high_notifications import change_mark
from tracker.send.heartbeat import Heartbeat
from tracker.send.ladder import ladder, sequence_after
from tracker.settings import SHORTEST_KEY, Settings

_LOG = structlog.get_logger("tracker.send")
RENEW_EVERY_S: Final = 20.0
LOOK_EVERY_S: Final = 1.0
AGAIN_AFTER_S: Final = 5.0
TIMEOUT_S: Final = 10.0
_RENEWALS: Final = Counter("tracker_sentinel_renewals", "Renewals of the sentinel's ladder", ["outcome"])
_STEPS: Final = Gauge("tracker_sentinel_steps", "Steps that the sentinel holds")


@contextmanager
def outside(settings: Settings, base: str, stop: threading.Event) -> Iterator[None]:
    """Renew the ladder and send the heartbeat while the block runs, where they are set.

    Raises ``StartupFault`` for a secret that is too short.
    """
    parts: list[threading.Thread] = []
    database = Database(settings.database_url, pool_size=2, answers_within_s=5.0)
    if settings.sentinel_url:
        renewer = Renewer(settings, database, base)
        parts.append(threading.Thread(target=renewer.run, args=(stop,), name="send-ladder", daemon=True))
    if settings.heartbeat_url:
        heartbeat = Heartbeat(settings.heartbeat_url, database)
        parts.append(threading.Thread(target=heartbeat.run, args=(stop,), name="send-heartbeat", daemon=True))
    for part in parts:
        part.start()
    try:
        yield
    finally:
        stop.set()
        for part in parts:
            part.join(TIMEOUT_S + 2)
        database.close()


class Renewer:
    """Hands the ladder over, and says where that fails."""

    def __init__(self, settings: Settings, database: Database, base: str) -> None:
        self._secret = settings.sentinel_secret.get_secret_value()
        if len(self._secret) < SHORTEST_KEY:
            raise StartupFault(f"TRACKER_SENTINEL_SECRET must have at least {SHORTEST_KEY} characters, as over there")
        self._url = settings.sentinel_url.rstrip("/") + "/ladder"
        self._database = database
        self._base = base
        self._held = 0
        self._failing_since: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Every 20 seconds, and within two after an alarm of high priority was opened or taken."""
        mark: tuple[object, ...] | None = None
        waited = RENEW_EVERY_S
        while not stop.is_set():
            try:
                with self._database.reading() as session:
                    seen = change_mark(session)
                if seen != mark or waited >= RENEW_EVERY_S:
                    mark = seen
                    waited = 0.0 if self.renew() else RENEW_EVERY_S - AGAIN_AFTER_S
            except Exception as fault:  # noqa: BLE001 - without a database nothing is renewed: the sentinel tells of it
                _LOG.warning("ladder.not_renewed", reason=str(fault).split("\n")[0][:200])
                mark = None
            stop.wait(LOOK_EVERY_S)
            waited += LOOK_EVERY_S

    def renew(self) -> bool:
        """Hand over what stands now; whether the sentinel holds it."""
        began = datetime.now(UTC)
        sequence = sequence_after(self._held, began)
        with self._database.reading() as session:
            document = ladder(session, self._base, sequence)
        reason = self._put(document)
        now = datetime.now(UTC)
        _RENEWALS.labels("refused" if reason else "held").inc()
        with self._database.writing() as session:
            if not reason:
                self._failing_since = None
                note_renewed(session, f"holds {len(document['steps'])} steps", now)
            else:
                self._failing_since = self._failing_since or began
                note_unreachable(session, reason, self._failing_since, now)
        if reason:
            _LOG.warning("ladder.not_renewed", reason=reason)
        else:
            _STEPS.set(len(document["steps"]))
        return not reason

    def _put(self, document: dict[str, object]) -> str:
        """Why it was not taken; empty where it was."""
        body = json.dumps(document, ensure_ascii=False)
        now, id_ = datetime.now(UTC), "renewal_" + secrets.token_hex(16)
        headers = {
            "content-type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._secret.encode()).sign(id_, now, body),
        }
        try:
            answer = httpx.put(self._url, content=body.encode(), headers=headers, timeout=TIMEOUT_S, trust_env=False)
            said = answer.json()
        except (httpx.HTTPError, OSError) as fault:
            return f"It did not answer: {str(fault) or type(fault).__name__}"[:300]
        except ValueError:
            return f"Something else answers at TRACKER_SENTINEL_URL: {answer.status_code}"
        if answer.status_code == 200 and isinstance(said, dict) and said.get("sequence") == document["sequence"]:
            self._held = int(str(document["sequence"]))
            return ""
        if answer.status_code == 409 and isinstance(said, dict) and isinstance(said.get("held"), int):
            self._held = min(said["held"], 2**53 - 2)
        detail = said.get("detail", "") if isinstance(said, dict) else ""
        return f"It refused with {answer.status_code}: {detail}"[:300]
