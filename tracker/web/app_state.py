"""What every request shares: settings, database, clock, key, limits, the live feed and the read log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment

from tracker.public_address import sub_path_of
from tracker.push_key import browser_key, push_key
from tracker.records.database import Database
from tracker.settings import Settings
from tracker.web.auditing.read_log import ReadTrail
from tracker.web.auth.oidc_client import Provider
from tracker.web.auth.rate_limits import Limits
from tracker.web.http.readiness import Readiness
from tracker.web.lists.count_cache import Kept
from tracker.web.live_updates import Feed


def utc_now() -> datetime:
    """The clock of this process."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Web:
    """The application's parts, made once by ``create_app``.

    Requests open their transactions inside the endpoint (``with web.database.writing() as session``), so that a commit
    that fails is answered as a fault: a dependency's end comes after the response, and one that holds SQLite's write
    lock while its endpoint waits for a thread would stand in its own way.
    """

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    key: bytes
    limits: Limits
    trail: ReadTrail
    feed: Feed
    readiness: Readiness
    kept: Kept
    templates: Environment
    provider: Provider | None

    @property
    def root(self) -> str:
        """The path below which browsers reach the pages; empty at a host name of their own."""
        return sub_path_of(self.settings.public_url)

    def push_key(self) -> str:
        """The public key of the tracker's pushes, as browsers take it; made at the first need."""
        return browser_key(push_key(self.settings.push_key.get_secret_value(), self.settings.data_dir))


async def web_of(request: Request) -> Web:
    """The application's parts, from a request. Async, so that it waits for no thread."""
    web: Web = request.app.state.web
    return web


Context = Annotated[Web, Depends(web_of)]
