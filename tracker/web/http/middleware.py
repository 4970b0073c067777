"""Reject malformed requests by host, size and content type; add security headers to every response."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.actions.origin import Origin, coming_from
from tracker.web.auth.current_user import person_or_none
from tracker.web.auth.rate_limits import BODY_BYTES, TooMany, body_limit
from tracker.web.auth.user import Person
from tracker.web.http import access_log
from tracker.web.http.error_handlers import not_signed_in, problem, unexpected
from tracker.web.http.head_requests import as_get
from tracker.web.http.metrics import Metrics
from tracker.web.http.security_headers import HEADERS

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_LARGE_AT_ONCE = 4
_REFUSALS = frozenset({401, 403})
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


RefusedEntry = Callable[[Person, str, str, int, str], None]
"""Enters a refusal: who, of what subject, which call, with which status, why."""


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, hsts: str, hosts: frozenset[str], metrics: Metrics, refused: RefusedEntry
    ) -> None:
        self._app = app
        self._refused = refused
        self._hosts = hosts
        self._hsts = hsts
        self._metrics = metrics
        self._large_bodies = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is not fit to be looked at; dress every answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = as_get(scope, send)
        with coming_from(_origin(scope)), access_log.under_an_id() as identity:
            await self._answer(scope, receive, send, identity)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, identity: str) -> None:
        scope.setdefault("state", {})
        started = time.perf_counter()
        status: int | None = None

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._enter_refusal(scope, status)
                headers = MutableHeaders(raw=message["headers"])
                self._dress(scope, headers)
                headers[access_log.HEADER] = identity
            await send(message)

        try:
            with ExitStack() as held:
                refusal, body = await self._read(scope, receive, held)
                await (
                    refusal(scope, receive, dressed) if refusal else self._app(scope, _replay(body, receive), dressed)
                )
        except _CutOff:
            return  # half of what was meant is never carried out; nobody is left to hear of it
        except Exception as fault:
            answer = unexpected(Request(scope), fault)
            if status is not None:  # the answer has begun: only cutting it off tells that it is not whole
                raise
            await answer(scope, receive, dressed)
        finally:
            route = scope.get("route")
            self._metrics.request(
                scope["method"], getattr(route, "path", "none"), status or 500, time.perf_counter() - started
            )
            access_log.answered(scope, status or 500, started)

    @contextmanager
    def _large_body(self) -> Iterator[None]:
        self._large_bodies += 1
        try:
            yield
        finally:
            self._large_bodies -= 1

    async def _read(self, scope: Scope, receive: Receive, held: ExitStack) -> tuple[Any, bytes]:
        """Why the request is refused (or None), and its body. Raises ``_CutOff``.

        Only who has signed in sends a large body, and few are held in memory at a time: until ``held`` is left.
        """
        headers = Headers(scope=scope)
        refusal = _refusal(scope, headers, self._hosts)
        if refusal is not None or scope["method"] not in _WRITING:
            return refusal, b""
        limit = body_limit(scope["path"])
        if limit > BODY_BYTES:
            if (refusal := await self._large_refusal(scope)) is not None:
                return refusal, b""
            held.enter_context(self._large_body())
        body = await _body(receive, limit)
        if body is None:
            return _too_large(scope), b""
        return _wrong_kind(scope, headers, body), body

    async def _large_refusal(self, scope: Scope) -> Any:
        request = Request(scope)
        try:
            person = await anyio.to_thread.run_sync(person_or_none, request)
        except TooMany as fault:
            return problem(429, fault.title, fault.detail, {"Retry-After": str(fault.retry_after_s)})
        if person is None:
            return not_signed_in(request)
        if self._large_bodies >= _LARGE_AT_ONCE:
            detail = "other large files are being read: try again in a while"
            return problem(503, "Too many large files", detail, {"Retry-After": "5", "Connection": "close"})
        return None

    def _enter_refusal(self, scope: Scope, status: int) -> None:
        """A person whom we know and who was refused is in the audit trail: whoever refused, and whatever was shown."""
        state = scope.get("state", {})
        person, (meant, because) = state.get("asked_by"), state.get("refusal", (status, ""))
        if person is not None and meant in _REFUSALS:
            route, given = getattr(scope.get("route"), "path", "none"), scope.get("path_params", {})
            subject = f"pump:{given['serial'][:64]}" if "serial" in given else f"staff:{person.email}"
            self._refused(person, subject, f"{scope['method']} {route}", meant, because)

    def _dress(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self._hsts:
            headers.setdefault("Strict-Transport-Security", self._hsts)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")


def _origin(scope: Scope) -> Origin:
    """Where the request comes from, before anybody knows who asks."""
    client = scope.get("client")
    browser = Headers(scope=scope).get("user-agent", "")
    return Origin(address=client[0][:64] if client else "", browser=browser[:200])


def _refusal(scope: Scope, headers: Headers, hosts: frozenset[str]) -> Any:
    host = headers.get("host", "")
    if len(headers.getlist("host")) != 1 or not _HOST.fullmatch(host):
        return problem(400, "Bad request", "the Host header names no host")
    if not _is_allowed(host, hosts):
        return problem(400, "Bad request", "this is no name of the tracker: see TRACKER_ALLOWED_HOSTS")
    length = headers.get("content-length")
    if length is not None and (not length.isdecimal() or int(length) > body_limit(scope["path"])):
        return _too_large(scope)
    if b"%00" in scope.get("query_string", b""):
        return problem(400, "Bad request", "the address holds a character that no text has (NUL)")
    if len(scope.get("query_string", b"")) > 8192:
        return problem(414, "Address too long", "the query is longer than 8192 characters")
    return None


def _is_allowed(host: str, hosts: frozenset[str]) -> bool:
    """Whether the pages may be reached by that name; ``*.example.org`` stands for every name below it."""
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    return name in hosts or any(one.startswith("*.") and name.endswith(one[1:]) for one in hosts)


def _too_large(scope: Scope) -> Any:
    limit = body_limit(scope["path"])
    return problem(413, "Too large", f"at most {limit:,} bytes may be sent to this address", {"Connection": "close"})


def _wrong_kind(scope: Scope, headers: Headers, body: bytes) -> Any:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if b"%00" in body and kind == "application/x-www-form-urlencoded":
        return problem(400, "Bad request", "the form holds a character that no text has (NUL)")
    if not body or not scope["path"].startswith("/api/") or kind == "application/json":
        return None
    return problem(415, "Unsupported kind of content", "send JSON, and say so with Content-Type: application/json")


class _CutOff(Exception):
    """Who asked was gone before the whole of it had come."""


async def _body(receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None where it is larger than the limit. Raises ``_CutOff``."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _CutOff
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again
