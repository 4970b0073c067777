"""HEAD: what GET would answer, without the content, at every address."""

from __future__ import annotations

from starlette.types import Message, Scope, Send


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """A HEAD request as the GET that it stands for, and a ``send`` that drops the content.

    The answer ends with its head, so that a stream without end ends too.
    """

    async def head_alone(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return {**scope, "method": "GET"}, head_alone
