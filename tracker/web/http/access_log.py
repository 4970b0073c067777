"""The line that each request leaves in the log, and the id that joins it with what else was logged meanwhile.

The line names the pattern of the address, never the address: that names pumps, and what was searched for.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from starlette.types import Scope

HEADER: Final = "X-Request-ID"
#: Asked every few seconds by programs: only with the log level `debug`.
_OFTEN: Final = ("/health/", "/metrics", "/static")

_log = structlog.get_logger("tracker.access")


@contextmanager
def under_an_id() -> Iterator[str]:
    """An id of this request: every line that is logged for it carries it, in threads that work for it too."""
    made = secrets.token_hex(8)
    with structlog.contextvars.bound_contextvars(request_id=made):
        yield made


def answered(scope: Scope, status: int, started: float) -> None:
    """Log one request; ``started`` is of ``time.perf_counter``."""
    route = getattr(scope.get("route"), "path", None) or "none"
    say = _log.debug if scope["path"].startswith(_OFTEN) else _log.info
    say("request", method=scope["method"][:16], route=route, status=status, seconds=round(_since(started), 4))


def _since(started: float) -> float:
    return time.perf_counter() - started
