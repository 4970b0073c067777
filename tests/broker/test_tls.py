"""Encrypted connections to both brokers, with a local authority and with client certificates."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.broker.certificates import Authority
from tests.broker.clients import Device
from tests.broker.conftest import PUMP, TRACKER_PASSWORD, configuration, mosquitto, nats_users
from tracker.broker.configuration import Tls
from tracker.broker.credentials import Credential
from tracker.broker.embedded_broker import EmbeddedBroker

BROKERS = ["nats", "mosquitto"]


@contextmanager
def _nats(folder: Path, credential: Credential, authority: Authority, *, client_certificates: bool) -> Iterator[int]:
    cert_file, key_file = authority.issue("broker", server=True)
    tls = Tls(cert_file, key_file, authority.ca_file if client_certificates else None)
    setup = configuration(folder, tls=tls)
    with EmbeddedBroker(setup, nats_users([credential])):
        yield setup.port


@contextmanager
def _mosquitto(
    folder: Path, credential: Credential, authority: Authority, *, client_certificates: bool
) -> Iterator[int]:
    cert_file, key_file = authority.issue("broker", server=True)
    lines = [
        f"cafile {authority.ca_file}",
        f"certfile {cert_file}",
        f"keyfile {key_file}",
        "tls_version tlsv1.2",
        f"require_certificate {str(client_certificates).lower()}",
    ]
    with mosquitto(folder, [credential], *lines) as (port, _):
        yield port


@contextmanager
def _broker(
    kind: str, folder: Path, credential: Credential, authority: Authority, *, client_certificates: bool = False
) -> Iterator[int]:
    run = _nats if kind == "nats" else _mosquitto
    with run(folder / "broker", credential, authority, client_certificates=client_certificates) as port:
        yield port


def _refused(device: Device) -> bool:
    """Whether the broker turned this client away, in the handshake or after it."""
    try:
        with device:
            return not device.welcome
    except (ssl.SSLError, ConnectionError):
        return True


@pytest.mark.parametrize("kind", BROKERS)
def test_a_pump_reports_over_an_encrypted_connection(kind: str, tmp_path: Path, pumps: dict[str, Credential]) -> None:
    own = pumps[PUMP]
    authority = Authority(tmp_path, "authority")
    with (
        _broker(kind, tmp_path, own, authority) as port,
        Device(port, "tracker", TRACKER_PASSWORD, tls=authority.client_context()) as tracker,
        Device(port, PUMP, own.password, tls=authority.client_context()) as pump,
    ):
        assert tracker.subscribe("pumps/+/telemetry") == [True]
        pump.deliver(f"pumps/{PUMP}/telemetry", b"in private")
        tracker.wait_for(f"pumps/{PUMP}/telemetry", b"in private")


@pytest.mark.parametrize("kind", BROKERS)
def test_an_encrypted_listener_takes_no_plain_connection_and_no_wrong_password(
    kind: str, tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    own = pumps[PUMP]
    authority = Authority(tmp_path, "authority")
    with _broker(kind, tmp_path, own, authority) as port:
        assert _refused(Device(port, PUMP, own.password))
        assert _refused(Device(port, PUMP, "wrong", tls=authority.client_context()))
        assert not _refused(Device(port, PUMP, own.password, tls=authority.client_context()))


@pytest.mark.parametrize("kind", BROKERS)
def test_a_pump_turns_away_from_a_broker_of_another_authority(
    kind: str, tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    own = pumps[PUMP]
    with _broker(kind, tmp_path, own, Authority(tmp_path, "authority")) as port:
        misled = Device(port, PUMP, own.password, tls=Authority(tmp_path, "another").client_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            misled.connect()


@pytest.mark.parametrize("kind", BROKERS)
def test_where_client_certificates_are_asked_for_a_password_alone_does_not_do(
    kind: str, tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    own = pumps[PUMP]
    authority, another = Authority(tmp_path, "authority"), Authority(tmp_path / "another", "another")
    certificate = authority.issue(PUMP)
    foreign = authority.client_context(another.issue(PUMP))
    with _broker(kind, tmp_path, own, authority, client_certificates=True) as port:
        assert not _refused(Device(port, PUMP, own.password, tls=authority.client_context(certificate)))
        assert _refused(Device(port, PUMP, own.password, tls=authority.client_context()))
        assert _refused(Device(port, PUMP, own.password, tls=foreign))
        assert _refused(Device(port, PUMP, "wrong", tls=authority.client_context(certificate)))
        assert _refused(Device(port, None, tls=authority.client_context(certificate)))
