"""Users who click: each with a session and a token of their own, one connection, and the live feed of the open page.

As light as can be, since they share the processors with what they measure: bare HTTP/1.1 over asyncio's streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from benchmarks.addresses import Address
from tests.build import PASSWORD

THINK_S = (1.0, 2.0)
_CSRF = re.compile(rb'name="csrf" value="([^"]+)"')
_NEXT = re.compile(rb'href="([^"]*cursor=[^"]*)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the time from the first byte sent to the last received."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Line:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, path: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None) -> Answer:
        """One request and its whole answer; a connection that was closed meanwhile is opened again."""
        began = time.perf_counter()
        for attempt in (1, 2):
            try:
                status, told, body = await self._exchange(path, headers, form)
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if attempt == 2:
                    raise
            else:
                return Answer(status, told, body, time.perf_counter() - began)
        raise AssertionError

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(
        self, path: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._streams
        body = b"" if form is None else urlencode(form).encode()
        lines = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if form is not None:
            lines += [f"Content-Length: {len(body)}", "Content-Type: application/x-www-form-urlencoded"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        if told.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(await reader.readuntil(b"\r\n"), 16):
                parts.append((await reader.readexactly(size + 2))[:-2])
            await reader.readexactly(2)
            return int(head[0].split()[1]), told, b"".join(parts)
        return int(head[0].split()[1]), told, await reader.readexactly(int(told.get("content-length", 0)))


@dataclass(slots=True)
class User:
    """One person at a browser, with a program that uses their token."""

    port: int
    email: str
    role: str
    token: str
    line: Line = field(init=False)
    cookie: str = ""
    follows: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.line = Line(self.port)

    async def sign_in(self) -> float:
        """Open a session; how long the password took."""
        form = await self.line.send("/sign-in", {})
        found = _CSRF.search(form.body)
        assert found, form.body
        visitor = form.headers["set-cookie"].partition(";")[0]
        sent = {"email": self.email, "password": PASSWORD, "csrf": found[1].decode()}
        answer = await self.line.send("/sign-in", {"Cookie": visitor}, sent)
        assert answer.status == 303, answer.body
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer.seconds

    async def click(self, path: str) -> Answer:
        """Open an address; the page's live feed is followed until the next click."""
        answer = await self.line.send(path, self._headers(path))
        if answer.headers.get("content-type", "").startswith("text/html"):
            await self._leave()
            self.follows = asyncio.create_task(self._follow())
        return answer

    async def end(self) -> None:
        """Close the page."""
        await self._leave()
        self.line.close()

    async def further(self, path: str, pages: int) -> str:
        """The address so many pages further on than that one, by the links to the next page, or the last one's."""
        for _ in range(pages):
            answer = await self.line.send(path, self._headers(path))
            assert answer.status == 200, (path, answer.status)
            if answer.headers["content-type"].startswith("application/json"):
                path = f"{path.partition('?')[0]}?cursor={json.loads(answer.body)['next']}"
            else:
                found = _NEXT.findall(answer.body)
                if not found:
                    return path
                path = html.unescape(found[-1].decode())
        return path

    def _headers(self, path: str) -> dict[str, str]:
        if path.startswith("/api/"):
            return {"Authorization": f"Bearer {self.token}"}
        if path == "/sign-in":
            return {}
        return {"Cookie": self.cookie, "Accept": "text/html"}

    async def _follow(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n\r\n".encode())
            while await reader.read(65536):
                pass
        finally:
            writer.close()

    async def _leave(self) -> None:
        if self.follows is not None:
            self.follows.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await self.follows
            self.follows = None


@dataclass(slots=True)
class Deck:
    """The addresses in an order that is drawn again each time all were clicked; a user takes the next that is open."""

    addresses: list[Address]
    closed: set[tuple[str, str]]  #: (role, route) that the role may not open
    dice: random.Random
    left: list[Address] = field(default_factory=list)

    def next_for(self, role: str) -> Address:
        """The next address for a user of that role."""
        while True:
            for place, address in enumerate(self.left):
                if (role, address.route) not in self.closed:
                    return self.left.pop(place)
            self.left += self.dice.sample(self.addresses, len(self.addresses))
