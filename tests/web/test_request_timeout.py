"""A request that never becomes whole: its connection is closed in time, and nothing of it is carried out."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from tests.servers import free_port, wait_until
from tests.web.conftest import Site
from tracker.web.http.request_timeout import PatientProtocol


class Hurried(PatientProtocol):
    patience_s = 0.5
    head_s = 0.5


@contextmanager
def hurried_server() -> Iterator[int]:
    """A server of little patience, whose answers take longer than it has."""

    async def slow(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(1.0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    port = free_port()
    config = uvicorn.Config(slow, port=port, http=Hurried, log_config=None, lifespan="off", timeout_keep_alive=30)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, 10, "the server")
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


def until_closed(client: socket.socket) -> bytes:
    client.settimeout(10)
    said = b""
    while some := client.recv(4096):
        said += some
    return said


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of it",
    ],
)
def test_a_connection_whose_request_never_becomes_whole_is_closed(begun: bytes) -> None:
    with hurried_server() as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(begun)
        assert until_closed(client) == b""


def test_a_slow_answer_and_a_quiet_connection_between_requests_are_not_cut_off() -> None:
    with hurried_server() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert client.get("/").text == "ok"
        threading.Event().wait(0.8)
        assert client.post("/", content=b"x" * 1000).text == "ok"


def test_a_request_that_breaks_off_is_not_carried_out_by_half(one_site: Site) -> None:
    api = one_site.api()
    body = b'{"serial": "HALF-1", "model": "synchromed-ii-20"}'
    host, _, port = one_site.address.removeprefix("http://").partition(":")
    for length, found in ((len(body) + 1, 404), (len(body), 200)):
        head = [
            "POST /api/v1/pumps HTTP/1.1",
            f"Host: {host}:{port}",
            "Content-Type: application/json",
            f"Authorization: {api.headers['authorization']}",
            f"Content-Length: {length}",
            "Connection: close",
        ]
        with socket.create_connection((host, int(port))) as client:
            client.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            if found == 404:
                threading.Event().wait(0.3)  # so that what came has been read
                client.shutdown(socket.SHUT_WR)
            until_closed(client)
        other = {"serial": f"AFTER-{length}", "model": "synchromed-ii-20"}
        assert api.post("/api/v1/pumps", json=other).status_code == 201  # had it begun, it would be done by now
        assert api.get("/api/v1/pumps/HALF-1").status_code == found
