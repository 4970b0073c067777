"""What a stranger may cost before signing in, against the server as an operator runs it: heads, bodies, connections."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from tests.end_to_end.product import Product
from tests.servers import wait_until
from tracker.web.auth.rate_limits import IMPORT_BYTES
from tracker.web.http.connection_limits import Connections, network_of
from tracker.web.http.request_timeout import HEAD_BYTES, HEAD_LINES

CONNECTIONS, PER_ADDRESS = 60, 40


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """``tracker web`` as a process of its own, with few connections."""
    folder: Path = tmp_path_factory.mktemp("web")
    product = Product(
        folder,
        TRACKER_WEB_CONNECTIONS=str(CONNECTIONS),
        TRACKER_WEB_CONNECTIONS_PER_ADDRESS=str(PER_ADDRESS),
    )
    product.tracker("db", "upgrade")
    product.start("web")
    try:
        wait_until(lambda: answers(product), 30, "the pages")
        yield product
    finally:
        product.stop()


def answers(product: Product) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{product.web_port}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def memory(product: Product) -> int:
    return int(psutil.Process(product.processes["web"].pid).memory_info().rss)


def connected(product: Product, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", product.web_port), 10, source_address=(source, 0))


def answer_to(product: Product, *parts: bytes) -> bytes:
    """All that the server says to these bytes, though it may close before it has them all."""
    with connected(product) as client:

        def send() -> None:
            try:
                for part in parts:
                    client.sendall(part)
            except OSError:
                pass

        sender = threading.Thread(target=send)
        sender.start()
        said = b""
        try:
            while some := client.recv(65536):
                said += some
        except ConnectionError:
            pass
        client.close()
        sender.join()
    return said


START = b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    "endless",
    [
        (START + b"X-Long: ", *[b"a" * 1_000_000] * 30),
        (START, *[b"X-Many: a\r\n" * 100_000] * 30),
        (b"GET /" + b"a" * 1_000_000, *[b"a" * 1_000_000] * 29),
        (START + b"a" * 1_000_000, *[b"a" * 1_000_000] * 29),
        (START + b"a:\r\n" * (HEAD_LINES + 1) + b"\r\n",),
        (START.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: ", b"a" * 1_000_000),
        (START.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n2;x=", b"a" * 1_000_000),
    ],
    ids=["one long line", "many lines", "a long address", "a long name", "short lines", "after the body", "a chunk"],
)
def test_a_head_without_end_is_answered_431_and_takes_no_memory(product: Product, endless: tuple[bytes, ...]) -> None:
    before = memory(product)
    answered: list[bytes] = []
    threads = [threading.Thread(target=lambda: answered.append(answer_to(product, *endless))) for _ in range(15)]
    for thread in threads:
        thread.start()
    most = before
    while any(thread.is_alive() for thread in threads):
        most = max(most, memory(product))
        time.sleep(0.02)
    assert [said.split(b"\r\n")[0] for said in answered] == [b"HTTP/1.1 431 Request Header Fields Too Large"] * 15
    assert b"x-content-type-options: nosniff" in answered[0].lower()
    assert b'"status": 431' in answered[0]
    assert most - before < 30_000_000
    assert answers(product)


def test_a_head_within_the_bound_is_served(product: Product) -> None:
    for length in (10_000, HEAD_BYTES - 200):
        headers = {"X-Long": "a" * length}
        assert httpx.get(f"http://127.0.0.1:{product.web_port}/sign-in", headers=headers).status_code == 200
    headers = {"X-Long": "a" * HEAD_BYTES}
    assert httpx.get(f"http://127.0.0.1:{product.web_port}/sign-in", headers=headers).status_code == 431


def test_a_stranger_sends_no_large_body(product: Product) -> None:
    before = memory(product)
    head = b"POST /pumps/import HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % IMPORT_BYTES
    with ExitStack() as open_ones:
        clients = [open_ones.enter_context(connected(product)) for _ in range(30)]
        for client in clients:
            client.sendall(head + b"a" * 100_000)
        for client in clients:
            assert client.recv(4096).split(b" ", 2)[1] in {b"303", b"401"}
        assert memory(product) - before < 30_000_000


@pytest.mark.parametrize("begun", [b"", START], ids=["silent ones", "slow heads"])
def test_connections_that_wait_give_way_to_new_ones(product: Product, begun: bytes) -> None:
    with ExitStack() as open_ones:
        for number in range(150):
            client = open_ones.enter_context(connected(product, f"127.0.0.{number % 10 + 2}"))
            client.sendall(begun)
        assert answers(product)
        process = psutil.Process(product.processes["web"].pid)
        wait_until(lambda: len(established(process)) <= CONNECTIONS, 10, "the oldest to be closed")
        for _ in range(150):
            client = open_ones.enter_context(connected(product))
            client.sendall(begun)
        assert answers(product)
        wait_until(lambda: len(from_address(process, "127.0.0.1")) <= PER_ADDRESS, 10, "the oldest to be closed")


def established(process: psutil.Process) -> list[str]:
    return [one.raddr.ip for one in process.net_connections("tcp") if one.status == "ESTABLISHED"]


def from_address(process: psutil.Process, address: str) -> list[str]:
    return [ip for ip in established(process) if ip == address]


def test_an_empty_line_now_and_then_keeps_no_connection(product: Product) -> None:
    with connected(product) as client:
        client.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        client.settimeout(1)
        while time.monotonic() - begun < 25:
            try:
                client.sendall(b"\r\n")
                if client.recv(4096) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("the connection was kept")


class Held:
    def __init__(self) -> None:
        self.gave_way = False

    def give_way(self) -> None:
        self.gave_way = True


def test_one_that_is_answered_never_gives_way_and_the_longest_waiting_does_first() -> None:
    places = Connections(most=3, per_address=2)
    busy, first, second, third = Held(), Held(), Held(), Held()
    assert places.enter(busy, "10.0.0.1")
    places.answer(busy)
    assert places.enter(first, "10.0.0.1")
    assert places.enter(second, "10.0.0.2")
    assert places.enter(third, "10.0.0.3")
    assert (busy.gave_way, first.gave_way, second.gave_way) == (False, True, False)
    for one in (second, third):
        places.answer(one)
    assert not places.enter(Held(), "10.0.0.4")
    places.leave(second)
    places.wait(busy)
    assert places.enter(Held(), "10.0.0.4")
    assert places.count == 3


def test_an_address_of_ipv6_counts_with_its_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == "10.0.0.1"
    assert network_of("fe80::1%eth0") == network_of("fe80::2%eth1")
    assert network_of("") == ""
