"""The guideline as a page: the whole of a version, each criterion under an address of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from tracker.coding.codes import ONE_A_DAY_SOURCE
from tracker.guideline import RELEASES, answers_on, tree
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.views.guideline_outline import sections_shown
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/guideline", response_class=HTMLResponse)
def guideline(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("guideline.read")],
    version: Annotated[str | None, Query(max_length=40)] = None,
) -> HTMLResponse:
    """A version of the guideline; the one in force today where none is named."""
    version = version or answers_on(web.clock().date())
    return page(
        request,
        person,
        "guideline.html",
        guideline=tree(version),
        sections=sections_shown(version),
        releases=RELEASES,
        one_a_day_source=ONE_A_DAY_SOURCE,
    )
