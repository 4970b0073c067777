"""``/find/{page}``: where search forms are sent. It leads on to the page, with what was typed sealed in its address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from tracker.errors import Invalid, NotFound
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.lists.search_terms import TYPED, sealed_address

router = APIRouter(include_in_schema=False)
_LONGEST_CHOICE = 100


@router.post("/find/{place}")
async def find(
    request: Request, web: Context, person: Annotated[Person, requires("self.manage")], place: str
) -> Response:
    """On to the page of that name; whether the person may see it, the page itself says."""
    path = f"/{place}"
    if path not in TYPED:
        raise NotFound("no page of that name is searched")
    given: dict[str, str] = {}
    for name, value in (await request.form()).items():
        if name == "csrf" or not isinstance(value, str):
            continue
        longest = TYPED[path].get(name, _LONGEST_CHOICE)
        if len(value) > longest:
            raise Invalid(f"at most {longest} characters can be searched for", field=name)
        given[name] = value.strip()
    return RedirectResponse(sealed_address(web.key, person, path, given), 303)
