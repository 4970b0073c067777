"""Error responses: RFC 9457 problem documents for programs, a page for browsers.

Neither ever carries a stack trace or anything of the request's content but the names of the fields at fault.
"""

from __future__ import annotations

import traceback
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from tracker.errors import NotSignedIn, TrackerError
from tracker.web.auth.permissions import FactorMissing
from tracker.web.auth.rate_limits import TooMany
from tracker.web.lists.search_terms import without_typed
from tracker.web.views import templating

MEDIA_TYPE = "application/problem+json"
_PROGRAMS = ("/api/", "/health/", "/metrics", "/openapi.json")
_log = structlog.get_logger(__name__)


class FieldFault(BaseModel):
    """One value that is wrong, and why."""

    field: str
    detail: str


_UNIQUE = "23505"  #: PostgreSQL's word for a row that is there already; SQLite says it in its message


class Problem(BaseModel):
    """An RFC 9457 problem document."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[FieldFault] | None = None


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document as a response."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def for_program(path: str, accept: str = "") -> bool:
    """Whether who asks is a program: by the path, or because it asked for JSON."""
    return path.startswith(_PROGRAMS) or ("json" in accept and "html" not in accept)


def install(app: FastAPI) -> None:
    """Have the application answer every fault in this manner."""
    app.add_exception_handler(TrackerError, _tracker_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, _database_down)
    app.add_exception_handler(IntegrityError, _met)
    app.add_exception_handler(DataError, _not_to_be_kept)
    app.add_exception_handler(OverflowError, _not_to_be_kept)


def _answer(request: Request, status: int, title: str, detail: str, headers: dict[str, str], **more: Any) -> Response:
    if for_program(request.url.path, request.headers.get("accept", "")):
        return problem(status, title, detail, headers, **more)
    return templating.error_page(request, status, title, detail, headers)


async def _tracker_error(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, TrackerError)  # noqa: S101 - what it is installed for
    headers = {}
    request.state.refusal = (fault.status, fault.detail)
    more: dict[str, Any] = dict(getattr(fault, "more", {}))
    if isinstance(fault, TooMany):
        headers["Retry-After"] = str(fault.retry_after_s)
    if isinstance(fault, NotSignedIn):
        return not_signed_in(request, fault.detail)
    if isinstance(fault, FactorMissing) and not for_program(request.url.path, request.headers.get("accept", "")):
        return RedirectResponse("/security", HTTPStatus.SEE_OTHER)
    if fault.field is not None:
        more |= {"field": fault.field, "errors": [{"field": fault.field, "detail": fault.detail}]}
    return _answer(request, fault.status, fault.title, fault.detail, headers, **more)


def not_signed_in(request: Request, detail: str = "sign in first") -> Response:
    """The answer to whoever must sign in first."""
    headers = {"WWW-Authenticate": 'Bearer realm="pump tracker"'}
    if not for_program(request.url.path, request.headers.get("accept", "")):
        return _to_sign_in(request)
    return _answer(request, NotSignedIn.status, NotSignedIn.title, detail, headers)


def _to_sign_in(request: Request) -> Response:
    came_from = without_typed(request.url.path, request.url.query) if request.method == "GET" else "/"
    target = f"/sign-in?next={quote(came_from, safe='')}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": target.replace("/sign-in?next=", "/sign-in?again=")})
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


async def _not_valid(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)  # noqa: S101 - what it is installed for
    errors = [
        {
            "field": "body" if error["type"] == "json_invalid" else _field(error["loc"]),
            "detail": str(error["msg"]).removeprefix("Value error, "),
        }
        for error in fault.errors()[:20]
    ]
    detail = "; ".join(f"{error['field']}: {error['detail']}" for error in errors)
    return _answer(request, 422, "A value is not valid", detail, {}, field=errors[0]["field"], errors=errors)


def _field(place: tuple[Any, ...]) -> str:
    parts = [str(part) for part in place[1:]] or [str(place[0])]
    return ".".join(parts)


async def _http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)  # noqa: S101 - what it is installed for
    status = HTTPStatus(fault.status_code)
    headers = dict(fault.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    details = {404: "there is nothing at this address", 405: f"{request.method} is not allowed at this address"}
    detail = details.get(fault.status_code, str(fault.detail))
    return _answer(request, status, status.phrase, detail, headers)


def _methods_at(request: Request) -> set[str]:
    """Every method that some route at this address takes."""
    routes = iter_route_contexts(request.app.routes)
    path = request.url.path
    return {
        method
        for route in routes
        if (pattern := getattr(route, "path_regex", None)) is not None and pattern.match(path)
        for method in route.methods or ()
    }


async def _database_down(request: Request, fault: Exception) -> Response:
    """The database is gone, can't be reached or can't write: no fault of who asks, nor of what was asked."""
    cause = getattr(fault, "orig", None) or fault
    _log.error("the database could not serve a request", method=request.method, fault=type(cause).__name__)
    detail = "the database can't be used now; what you sent was not carried out: try again in a while"
    return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, "The database is down", detail, {"Retry-After": "5"})


async def _met(request: Request, fault: Exception) -> Response:
    """Two people did the same at the same time, and the database let one of them through."""
    cause = getattr(fault, "orig", None)
    if getattr(cause, "sqlstate", None) != _UNIQUE and "UNIQUE" not in str(cause):
        return unexpected(request, fault)
    _log.warning("two requests met", method=request.method, fault=type(fault).__name__)
    detail = "somebody else did this at the same moment; what you sent was not carried out: look again"
    return _answer(request, HTTPStatus.CONFLICT, "Somebody was faster", detail, {})


async def _not_to_be_kept(request: Request, fault: Exception) -> Response:
    """A number or a text that no column holds, where nothing had looked at it before."""
    _log.warning("a value that can't be kept", method=request.method, fault=type(fault).__name__)
    detail = "a number is too large, or a text too long or not to be kept; what you sent was not carried out"
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, "A value is not valid", detail, {})


def unexpected(request: Request, fault: Exception) -> Response:
    """The answer to a fault of ours. The log names places in the code, never values, which may be a patient's."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)]
    _log.error("a request failed", method=request.method, fault=type(fault).__name__, places=places[-12:])
    return _answer(
        request, 500, "Something went wrong here", "the fault is logged; what you sent was not carried out", {}
    )
