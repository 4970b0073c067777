"""Health for whatever runs the tracker: alive, ready, and figures for Prometheus. None names a patient or a pump."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from tracker.web.app_state import Context
from tracker.web.auth.current_user import address_of, person_or_none
from tracker.web.auth.permissions import Role, open_to_all

router = APIRouter(tags=["health"])
_PASSED_ON: Final = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})


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
def ready(request: Request, web: Context, response: Response) -> dict[str, Any]:
    """Whether database, schema, broker, ingest and schedule work; 503 names what is down.

    Why, with hosts and ports, is told to administrators and on the machine itself.
    """
    checks = web.readiness.look()
    down = [name for name, check in checks.items() if not check.ok]
    response.status_code = 503 if down else 200
    known = _may_see_details(request)
    shown = {
        name: CheckShown(ok=check.ok, detail=check.detail if known else "works" if check.ok else "does not work")
        for name, check in checks.items()
    }
    return {"status": "not ready" if down else "ready", "down": down, "checks": shown}


def _may_see_details(request: Request) -> bool:
    """Whether who asks sits at this machine, or is an administrator.

    A request that a proxy passes on comes from elsewhere, whatever its address looks like.
    """
    if _is_loopback(address_of(request)) and not _PASSED_ON & set(request.headers):
        return True
    try:
        person = person_or_none(request)
    except SQLAlchemyError:  # the database is what is down: nobody can be told apart
        return False
    return person is not None and person.role == Role.ADMINISTRATOR and not person.is_service


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


@router.get(
    "/metrics",
    dependencies=[open_to_all()],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus text"}},
)
def metrics(request: Request, web: Context) -> Response:
    """Figures for Prometheus: requests, heartbeats, jobs. They count, and name no clinic, patient, pump or person."""
    return Response(request.app.state.metrics.exposed(web), media_type=CONTENT_TYPE_LATEST)
