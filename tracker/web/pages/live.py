"""``/live``: the stream by which an open page hears what changed at its clinic.

Events: ``pump`` with a serial, ``pumps`` (some pump), ``worklist``, ``urgent`` (the band of urgent alarms),
``reload`` (too much was missed, or the person's role is another), ``beat`` with the server's time every few seconds, so
that a page can show that what it holds is no longer fresh. Last events: ``signed-out``, and ``replaced`` where the
person has opened too many pages since.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.http.request_timeout import ABORT
from tracker.web.live_listeners import UNCONFIRMED_S, Access, Event

router = APIRouter(include_in_schema=False)


@router.get("/live")
async def live(
    web: Context,
    request: Request,
    person: Annotated[Person, requires("live.follow")],
    pump: Annotated[str | None, Query(max_length=64)] = None,
) -> StreamingResponse:
    """The stream of events for one open page; ``pump`` leaves out every other pump."""
    cut = request.scope.get("extensions", {}).get(ABORT, {}).get(ABORT)
    return StreamingResponse(
        _events(web, person, pump, cut), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _events(web: Web, person: Person, pump: str | None, cut: Callable[[], None] | None) -> AsyncIterator[str]:
    access = Access(person.staff_id, person.role, person.clinic_id, person.session_digest, person.token_id)
    listener = web.feed.join(access, pump, cut)
    beat_at = time.monotonic() + web.feed.beat_s
    try:
        yield "retry: 2000\n\n" + _text(("beat", web.clock().isoformat()))
        while not web.feed.ending:
            until = min(beat_at, listener.confirmed_at + UNCONFIRMED_S)
            try:
                event = await asyncio.wait_for(listener.queue.get(), max(0.0, until - time.monotonic()))
            except TimeoutError:
                event = None
            now = time.monotonic()
            if now >= listener.confirmed_at + UNCONFIRMED_S and not listener.over:
                return  # the database is away: nothing says that the page may go on, nor what has changed
            if event is not None:
                yield _text(event)
                if listener.over and listener.queue.empty():
                    return
            if now >= beat_at:
                beat_at = now + web.feed.beat_s
                yield _text(("beat", web.clock().isoformat()))
    finally:
        web.feed.leave(listener)


def _text(event: Event) -> str:
    name, data = event
    return f"event: {name}\ndata: {data}\n\n"
