"""Requests that change something must come from our own pages: the Origin and a token of the session are checked.

A form carries the token in the field ``csrf``, a script in the header ``X-CSRF-Token``. Programs with an API token
carry no cookie and need neither. The sign-in form, which comes before any session, has a token bound to a cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from fastapi import Request

from tracker.errors import NotAllowed

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
VISITOR_COOKIE = "tracker_visitor"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class ForeignForm(NotAllowed):
    """A form that our pages did not give out, or gave out to a session that has ended."""

    title = "This form is no longer valid"


def new_token() -> str:
    """A token for a session."""
    return secrets.token_urlsafe(24)


def visitor_token(key: bytes, visitor: str) -> str:
    """The token that the sign-in form carries for the browser with that visitor cookie."""
    return hmac.new(key, b"visitor\0" + visitor.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


async def check(request: Request, expected: str) -> None:
    """Refuse a writing request that did not come from a page of the session with that token."""
    if request.method in SAFE_METHODS:
        return
    check_origin(request)
    given = request.headers.get("x-csrf-token", "")
    if not given and request.headers.get("content-type", "").startswith(_FORMS):
        given = str((await request.form()).get("csrf", ""))
    check_token(given, expected)


def check_token(given: str, expected: str) -> None:
    """Refuse a token that is not the expected one."""
    if not expected or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise ForeignForm("this form was not given out by your present session: load the page again and repeat it")


def check_origin(request: Request) -> None:
    """Refuse a request whose browser says that another site sent it."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = {request.headers.get("host", "").lower()}
    if public := request.app.state.web.settings.public_url:  # a proxy may name itself as the host
        own.add(urlsplit(public).netloc)
    foreign_site = site is not None and site not in {"same-origin", "none"}
    foreign_origin = origin is not None and urlsplit(origin).netloc.lower() not in own
    if foreign_site or foreign_origin:
        raise ForeignForm("this request came from another site")
