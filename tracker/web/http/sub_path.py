"""The path below which a proxy shows the pages (``TRACKER_PUBLIC_URL=https://clinic.example/pump-tracker``).

The application knows its own addresses alone, ``/pumps``. This middleware takes the path off each request, and puts it
on each address in an answer's headers: redirects and cookies. Templates and scripts put it on with ``root``.
"""

from __future__ import annotations

import re
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.errors import StartupFault

_ADDRESSES: Final = frozenset({b"location", b"content-location", b"hx-redirect", b"hx-location", b"hx-push-url"})
_COOKIE_PATH: Final = re.compile(rb"(;\s*path=)/", re.IGNORECASE)


class SubPath:
    """ASGI middleware around everything else.

    A request without the path is answered all the same: a proxy may have taken it off, and probes and Prometheus ask
    the process itself.
    """

    def __init__(self, app: ASGIApp, *, root: str) -> None:
        self._app = app
        self._root = root
        self._raw = root.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the path off what is asked and put it on what is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def below(message: Message) -> None:
            if message["type"] == "http.response.start":
                host = Headers(scope=scope).get("host", "").encode()
                headers = [(name, self._put_on(name.lower(), value, host)) for name, value in message["headers"]]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(self._taken_off(scope), receive, below)

    def _taken_off(self, scope: Scope) -> Scope:
        path = scope["path"]
        if path != self._root and not path.startswith(f"{self._root}/"):
            return scope
        raw = scope.get("raw_path")
        if raw is not None and raw.startswith(self._raw):
            raw = raw[len(self._raw) :] or b"/"
        return {**scope, "path": path[len(self._root) :] or "/", "raw_path": raw}

    def _put_on(self, name: bytes, value: bytes, host: bytes) -> bytes:
        if name == b"set-cookie":
            return _COOKIE_PATH.sub(lambda found: found[1] + (self._raw + b"/"), value, count=1)
        if name not in _ADDRESSES:
            return value
        own = re.match(rb"https?://" + re.escape(host) + rb"(?=/)", value) if host else None
        path = value[own.end() :] if own else value  # written out by the framework, with the host that was asked
        return self._raw + path if path.startswith(b"/") and not path.startswith(b"//") else value


def refuse_a_page_of_ours(app: FastAPI, root: str) -> None:
    """Raises ``StartupFault`` where the path begins as one of our own addresses does: the two can't be told apart."""
    first = root.split("/")[1]
    own = {(getattr(route, "path", "") or "").split("/")[1:2] == [first] for route in iter_route_contexts(app.routes)}
    if True in own or first == "static":
        raise StartupFault(
            f"TRACKER_PUBLIC_URL has the path /{first}, and so has a page of the tracker: choose another, such as "
            f"{root}-tracker"
        )


def cookie_name(plain: str, *, https: bool, root: str) -> str:
    """A cookie's name, by which browsers hold it to TLS, and to this host unless it belongs to a path of it."""
    if not https:
        return plain
    return f"__Secure-{plain}" if root else f"__Host-{plain}"
