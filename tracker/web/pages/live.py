"""``/live``: the stream by which an open page hears what changed at its clinic.

Events: ``pump`` with a serial, ``pumps`` (some pump), ``worklist``, ``reload`` (too much was missed), ``beat`` with the
server's time every few seconds, so that a page can show that what it holds is no longer fresh, and ``signed-out``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from tracker.web.context import Context, Web
from tracker.web.people import Person, person_of_session
from tracker.web.permissions import requires

CHECK_EVERY_BEATS = 2

router = APIRouter(include_in_schema=False)


@router.get("/live")
async def live(
    web: Context,
    person: Annotated[Person, requires("live.follow")],
    pump: Annotated[str | None, Query(max_length=64)] = None,
) -> StreamingResponse:
    """The stream of events for one open page; ``pump`` leaves out every other pump."""
    return StreamingResponse(
        _events(web, person, pump), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _events(web: Web, person: Person, pump: str | None) -> AsyncIterator[str]:
    listener = web.feed.join(person.clinic_id, pump)
    beats = 0
    try:
        yield "retry: 2000\n\n" + _event("beat", web.clock().isoformat())
        while not web.feed.ending:
            try:
                name, data = await asyncio.wait_for(listener.queue.get(), web.feed.beat_s)
            except TimeoutError:
                beats += 1
                if beats % CHECK_EVERY_BEATS == 0 and not await anyio.to_thread.run_sync(_still_here, web, person):
                    yield _event("signed-out", "")
                    return
                name, data = "beat", web.clock().isoformat()
            yield _event(name, data)
    finally:
        web.feed.leave(listener)


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"


def _still_here(web: Web, person: Person) -> bool:
    """Whether the page's session lasts; a stream is no sign of a person and does not keep it."""
    if person.via == "token":
        return True
    with web.database.reading() as session:
        return person_of_session(session, person.session_digest, web.clock(), web, seen=False) is not None
