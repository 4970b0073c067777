"""``/urgent``: the band of urgent alarms alone, fetched by an open page when the live feed says that it changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/urgent", response_class=HTMLResponse)
def urgent(request: Request, person: Annotated[Person, requires("worklist.read")]) -> HTMLResponse:
    """The band, from the template that every page includes."""
    return page(request, person, "parts/urgent.html")
