"""``/push-worker.js``: the service worker. It stands at the root, since a worker serves the addresses beside it alone.

It needs no sign-in: browsers fetch it again by themselves, also when nobody is signed in.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from tracker.web.auth.permissions import open_to_all
from tracker.web.views.templating import HERE

router = APIRouter(include_in_schema=False, dependencies=[open_to_all()])
_SCRIPT: Final = (HERE / "static" / "push_worker.js").read_bytes()


@router.get("/push-worker.js")
async def push_worker() -> Response:
    """The script. Browsers ask each time whether it has changed."""
    return Response(_SCRIPT, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
