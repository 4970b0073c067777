"""Health for whatever runs the tracker: alive, ready, and figures for Prometheus. None names a patient or a pump."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from tracker.web.context import Context
from tracker.web.permissions import open_to_all

router = APIRouter(tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class CheckShown(BaseModel):
    """One part of the system."""

    ok: bool
    detail: str


class Ready(BaseModel):
    """Whether everything works, and what is down."""

    status: str = Field(description="`ready`, or `not ready`")
    down: list[str]
    checks: dict[str, CheckShown]


@router.get("/health/live", dependencies=[open_to_all()])
async def live() -> Live:
    """Whether this process answers."""
    return Live()


@router.get("/health/ready", dependencies=[open_to_all()], response_model=Ready, responses={503: {"model": Ready}})
def ready(web: Context, response: Response) -> dict[str, Any]:
    """Whether database, schema, broker, ingest and schedule work; 503 names what is down."""
    checks = web.readiness.look()
    down = [name for name, check in checks.items() if not check.ok]
    response.status_code = 503 if down else 200
    shown = {name: CheckShown(ok=check.ok, detail=check.detail) for name, check in checks.items()}
    return {"status": "not ready" if down else "ready", "down": down, "checks": shown}


@router.get(
    "/metrics",
    dependencies=[open_to_all()],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text"}},
)
def metrics(request: Request, web: Context) -> Response:
    """Figures for Prometheus: requests, heartbeats, jobs. They count, and name no clinic, patient, pump or person."""
    return Response(request.app.state.metrics.exposed(web), media_type=CONTENT_TYPE_LATEST)
