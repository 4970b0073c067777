"""The embedded broker on IPv6, alone and with IPv4."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest

from tests.broker.clients import sign_in_packet
from tests.broker.conftest import PUMP, configuration, nats_users
from tracker.broker.credentials import issue
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.settings import Settings


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def answer(host: str, port: int, packet: bytes) -> bytes:
    with socket.create_connection((host, port), 10) as connection:
        connection.sendall(packet)
        return connection.recv(4)


@needs_ipv6
@pytest.mark.parametrize(("host", "reached"), [("::", ["::1", "127.0.0.1"]), ("::1", ["::1"])])
def test_a_pump_signs_in_over_each_family_that_the_broker_listens_on(
    tmp_path: Path, host: str, reached: list[str]
) -> None:
    credential = issue(PUMP)
    setup = dataclasses.replace(configuration(tmp_path), host=host)
    packet = sign_in_packet(PUMP, credential.password, client_id="ipv6", flags=0xC2)
    with EmbeddedBroker(setup, nats_users([credential])):
        for address in reached:
            assert answer(address, setup.port, packet) == b"\x20\x02\x00\x00", address


def test_the_trackers_own_way_to_a_broker_on_ipv6_is_an_address(tmp_path: Path) -> None:
    for host, name in {"::1": "::1", "::": "127.0.0.1", "0.0.0.0": "127.0.0.1", "10.0.0.7": "10.0.0.7"}.items():
        parts = Settings(data_dir=tmp_path, broker_host=host, broker_port=1884).mqtt_address()
        assert (parts.hostname, parts.port) == (name, 1884)
