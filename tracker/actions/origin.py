"""Where an act comes from: a page, a token or a command, with session and address. Every audit entry bears it.

It is set once at the edge (the first thing that a request meets, a command's start) and read by ``audit.record``, so
that no act can forget it. An act without one is the tracker's own: a job, ingest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

BROWSER: Final = "browser"
TOKEN: Final = "token"  # noqa: S105 - a kind, no secret
COMMAND: Final = "command"
LINK: Final = "link"
"""The signed link in a message, which names its person."""


@dataclass(frozen=True, slots=True)
class Origin:
    """``via``: browser, token, command, link. ``token``: its name. ``session``: a reference. Empty: unknown."""

    via: str = ""
    token: str = ""
    session: str = ""
    address: str = ""
    browser: str = ""


_here: ContextVar[Origin] = ContextVar("origin", default=Origin())  # noqa: B039 - frozen


def origin() -> Origin:
    """Where what is being done now comes from."""
    return _here.get()


def comes_from(given: Origin) -> None:
    """From here on, in this request, it comes from there: who asks has become known."""
    _here.set(given)


@contextmanager
def coming_from(given: Origin) -> Iterator[None]:
    """Within the block it comes from there."""
    before = _here.set(given)
    try:
        yield
    finally:
        _here.reset(before)
