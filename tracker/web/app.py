"""The web application, made from settings and a database: no state here is global."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tracker.public_address import sub_path_of
from tracker.records.database import Database
from tracker.settings import Settings
from tracker.web.api import API
from tracker.web.app_state import Web, utc_now
from tracker.web.auditing.read_log import ReadTrail
from tracker.web.auth.oidc_client import Provider
from tracker.web.auth.rate_limits import Limits
from tracker.web.auth.user import Person
from tracker.web.http import error_handlers, openapi, security_headers
from tracker.web.http.metrics import Metrics
from tracker.web.http.middleware import Gate
from tracker.web.http.readiness import Readiness
from tracker.web.http.sub_path import SubPath, refuse_a_page_of_ours
from tracker.web.lists.count_cache import Kept
from tracker.web.live_listeners import Followers
from tracker.web.live_updates import Feed
from tracker.web.pages import PAGES
from tracker.web.views import templating


def _every_route() -> APIRouter:
    every = APIRouter()
    for router in API:
        every.include_router(router)
    for router in PAGES:
        every.include_router(router, include_in_schema=False)
    return every


#: made once: FastAPI works out each route at its first use, which takes a second for all, and keeps it on these objects
_ROUTES = _every_route().routes


class Static(StaticFiles):
    """The stylesheet and scripts; an address that names a version may be kept by browsers for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As ever, with a word on how long to keep it."""
        response = await super().get_response(path, scope)
        versioned = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def create_app(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime] = utc_now,
    seconds: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application. Its threads (trail of reads, live feed) run between start-up and shutdown.

    ``clock`` tells the time; ``seconds`` only how much of it has passed, which rates are held against.
    """
    root = sub_path_of(settings.public_url)
    web = Web(
        settings=settings,
        database=database,
        clock=clock,
        key=settings.signing_key().encode(),
        limits=Limits(seconds),
        trail=ReadTrail(database, settings.data_dir / "audit"),
        feed=Feed(
            database,
            clock,
            Followers(settings.web_connections // 2, settings.live_pages_per_person),
            timedelta(minutes=settings.idle_minutes),
        ),
        readiness=Readiness(settings, database, clock, seconds),
        kept=Kept(database, clock),
        templates=templating.environment(root),
        provider=Provider(settings) if settings.oidc_issuer else None,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        web.trail.start()
        web.feed.start()
        try:
            yield
        finally:
            web.feed.stop()
            web.trail.stop()

    def refused(person: Person, subject: str, call: str, status: int, because: str) -> None:
        web.trail.refused(person, subject, clock(), call=call, status=status, because=because[:300])

    app = FastAPI(
        title="Pump tracker",
        version=version("pump-tracker"),
        summary="Lifecycle tracking for implanted intrathecal pumps.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        telemetry={
            "tracing": bool(settings.otlp_endpoint),  # what of it goes out: tracker.cli.tracing
            "operation_spans": False,
            "metrics": False,
            "logs": False,
            "auto_configure": False,
        },
        routes=[*_ROUTES],
    )
    app.state.web = web
    app.state.metrics = Metrics()
    error_handlers.install(app)
    openapi.install(app, settings.public_url)
    app.mount("/static", Static(directory=templating.HERE / "static"), name="static")
    app.add_middleware(
        Gate,
        hsts=security_headers.hsts(https=settings.web_https, root=root),
        hosts=settings.hosts(),
        metrics=app.state.metrics,
        refused=refused,
    )
    if root:
        refuse_a_page_of_ours(app, root)
        app.add_middleware(SubPath, root=root)
    return app
