"""The colours that a browser shows the pages in: kept in a cookie, so that no script is needed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.views.layout import THEME_COOKIE, THEMES, back_to

router = APIRouter(include_in_schema=False)
_YEAR_S = 365 * 86_400


@router.post("/theme")
def choose_theme(
    web: Context,
    _person: Annotated[Person, requires("self.manage")],
    theme: Annotated[str, Form(max_length=8)] = "system",
    back: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Light or dark from now on; anything else follows the system again."""
    response = back_to(back)
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, max_age=_YEAR_S, samesite="lax", httponly=True, secure=web.settings.web_https
        )
    else:
        response.delete_cookie(THEME_COOKIE)
    return response
