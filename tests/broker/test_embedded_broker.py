"""The embedded broker's life: it starts once, survives being killed, keeps what it was given, and ends with us."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.broker.clients import Device
from tests.broker.conftest import OTHER, PUMP, TRACKER_PASSWORD, configuration, nats_users
from tests.servers import end, listens, wait_until
from tracker.broker.configuration import BrokerConfiguration, render
from tracker.broker.credentials import Credential
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.folder_lock import PID_FILE
from tracker.broker.partitions import client_id, subscriptions
from tracker.broker.server_process import find_server
from tracker.errors import StartupFault

TELEMETRY = f"pumps/{PUMP}/telemetry"


def _gone(pid: int) -> bool:
    if Path("/proc/self/stat").exists():
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        return status.rsplit(")", 1)[1].split()[0] == "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _tracker(setup: BrokerConfiguration) -> Device:
    return Device(setup.port, "tracker", TRACKER_PASSWORD, client_id=client_id(TRACKER_PASSWORD), clean=False)


def _pump(setup: BrokerConfiguration, pumps: dict[str, Credential], serial: str = PUMP) -> Device:
    return Device(setup.port, serial, pumps[serial].password)


def test_it_listens_on_loopback_alone_and_hides_its_own_protocol_behind_a_password(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup, nats_users(pumps.values())) as broker:
        listening = _listening_addresses(broker.pid or 0)
        assert {address for address, _ in listening} == {"127.0.0.1"}
        assert len(listening) == 2
        (other_port,) = {port for _, port in listening} - {setup.port}
        for words in (b"CONNECT {}", f'CONNECT {{"user":"{PUMP}","pass":"{pumps[PUMP].password}"}}'.encode()):
            with socket.create_connection(("127.0.0.1", other_port), 5) as stranger:
                stranger.sendall(words + b"\r\nPING\r\n")
                said = b""
                while piece := stranger.recv(4096):
                    said += piece
            assert b"Authorization Violation" in said


def _listening_addresses(pid: int) -> set[tuple[str, int]]:
    """The TCP addresses on which a process listens, as the kernel tells."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("the kernel's table of sockets is read under /proc, which this system does not have")
    mine = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    found = set()
    for line in [*table.read_text().splitlines()[1:], *Path("/proc/net/tcp6").read_text().splitlines()[1:]]:
        words = line.split()
        if words[3] == "0A" and f"socket:[{words[9]}]" in mine:
            address, port = words[1].split(":")
            dotted = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else address
            found.add((dotted, int(port, 16)))
    return found


def test_its_files_are_for_its_owner_alone_and_hold_no_password(tmp_path: Path, pumps: dict[str, Credential]) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup, nats_users(pumps.values())):
        for path in (setup.server_file, setup.users_file):
            assert path.stat().st_mode & 0o077 == 0
            text = path.read_text()
            assert TRACKER_PASSWORD not in text
            assert pumps[PUMP].password not in text


def test_a_killed_broker_is_started_again_and_still_has_what_it_acknowledged(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup, nats_users(pumps.values())) as broker:
        with _tracker(setup) as tracker:
            tracker.subscribe(*subscriptions())
        with _pump(setup, pumps) as pump:
            numbers = {pump.publish(TELEMETRY, b"%d" % number) for number in range(200)}
            wait_until(lambda: pump.acknowledged >= numbers, what="all acknowledgments")
        first = broker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: broker.ready and broker.pid not in {None, first}, what="the broker to be back")
        assert broker.restarts == 1
        with _tracker(setup) as tracker:
            assert tracker.session_present
            tracker.wait_for(TELEMETRY, b"199")
            assert [payload for _, payload in tracker.messages] == [b"%d" % number for number in range(200)]


def test_a_stop_and_a_start_keep_messages_and_retained_receipts(tmp_path: Path, pumps: dict[str, Credential]) -> None:
    setup = configuration(tmp_path / "broker")
    broker = EmbeddedBroker(setup, nats_users(pumps.values()))
    with broker:
        with _tracker(setup) as tracker:
            tracker.subscribe(*subscriptions())
            tracker.deliver(f"pumps/{PUMP}/receipt", b"stored", retain=True)
        with _pump(setup, pumps) as pump:
            pump.deliver(TELEMETRY, b"waiting")
        assert broker.stored().messages == 1
    with EmbeddedBroker(setup, nats_users(pumps.values())):
        with _tracker(setup) as tracker:
            tracker.wait_for(TELEMETRY, b"waiting")
        with _pump(setup, pumps) as pump:
            pump.subscribe(f"pumps/{PUMP}/receipt")
            pump.wait_for(f"pumps/{PUMP}/receipt", b"stored")


def test_a_full_store_refuses_publishers_and_lets_the_tracker_empty_it(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker", store_bytes=1024**2)
    with EmbeddedBroker(setup, nats_users(pumps.values())) as broker:
        with _tracker(setup) as tracker:
            tracker.subscribe(*subscriptions())
        acknowledged = 0
        with _pump(setup, pumps) as pump:
            while pump.connected:
                before = len(pump.acknowledged)
                pump.attempt(TELEMETRY, b"%06d" % acknowledged + b"x" * 15_000)
                acknowledged += len(pump.acknowledged) - before
        assert 0 < acknowledged < 80
        assert 0.9 < broker.stored().size_bytes / broker.stored().limit_bytes <= 1
        with _tracker(setup) as tracker:
            wait_until(lambda: len(tracker.messages) == acknowledged, what="every acknowledged message")
            wait_until(lambda: broker.stored().messages == 0, what="the store to be empty")
            with _pump(setup, pumps) as pump:
                pump.deliver(TELEMETRY, b"room again")
            tracker.wait_for(TELEMETRY, b"room again")


def test_a_taken_port_is_one_sentence_that_names_the_setting(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", setup.port))
        taken.listen(1)
        with pytest.raises(StartupFault, match=rf"Port {setup.port} .* taken .* TRACKER_BROKER_PORT") as told:
            EmbeddedBroker(setup).start()
    assert "\n" not in str(told.value)
    with EmbeddedBroker(setup):
        assert listens(setup.port)


def test_an_address_of_another_machine_names_the_settings(tmp_path: Path) -> None:
    setup = BrokerConfiguration(tmp_path, TRACKER_PASSWORD, host="192.0.2.1", port=configuration(tmp_path).port)
    with pytest.raises(StartupFault, match="TRACKER_BROKER_HOST"):
        EmbeddedBroker(setup).start()


def test_a_second_tracker_on_the_same_folder_is_told_so_and_harms_nothing(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup) as first:
        with pytest.raises(StartupFault, match="Another tracker already runs the broker"):
            EmbeddedBroker(setup).start()
        assert first.pid is not None
        assert first.restarts == 0


def test_a_new_server_is_told_to_take_more_than_a_thousand_subscribers_and_an_old_one_is_not(tmp_path: Path) -> None:
    setup = configuration(tmp_path)
    assert "default_max_consumers" in render(setup, (2, 15, 0))
    assert "default_max_consumers" not in render(setup, (2, 14, 9))


def test_a_server_that_cannot_run_is_named(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    broken = tmp_path / "nats-server"
    missing = BrokerConfiguration(tmp_path / "broker", TRACKER_PASSWORD, port=setup.port, binary=broken)
    with pytest.raises(StartupFault, match="TRACKER_BROKER_BINARY"):
        EmbeddedBroker(missing).start()
    broken.write_text("#!/bin/sh\necho this machine is too old >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(StartupFault, match=r"does not name its version .* this machine is too old"):
        EmbeddedBroker(missing).start()
    broken.write_text(f'#!/bin/sh\nexec {find_server(None)} --no-such-option "$@"\n')
    with pytest.raises(StartupFault, match="no-such-option"):
        EmbeddedBroker(missing).start()
    broken.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "nats-server: v2.15.1" && exit\necho out of luck >&2\nexit 1\n'
    )
    with pytest.raises(StartupFault, match="can't start: out of luck"), EmbeddedBroker(missing):
        pass


OWNER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from tracker.broker.configuration import BrokerConfiguration
    from tracker.broker.embedded_broker import EmbeddedBroker

    folder, port, password = sys.argv[1:]
    with EmbeddedBroker(BrokerConfiguration(Path(folder), password, port=int(port))) as broker:
        Path(folder, "owned").write_text(str(broker.pid))
        time.sleep(600)
    """
)


@contextmanager
def _owner(setup: BrokerConfiguration) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Another process that runs the broker, and that broker's process id."""
    words = [sys.executable, "-c", OWNER, str(setup.folder), str(setup.port), TRACKER_PASSWORD]
    owner = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        told = setup.folder / "owned"
        wait_until(lambda: told.exists() and told.read_text(), what="the other process to have its broker")
        yield owner, int(told.read_text())
    finally:
        end(owner, signal.SIGKILL)


def test_a_start_follows_at_once_on_a_tracker_that_was_killed(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    with _owner(setup) as (owner, broker_pid):
        end(owner, signal.SIGKILL)
        with EmbeddedBroker(setup) as broker:
            assert broker.pid != broker_pid
            assert _gone(broker_pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's notice of a parent's end is Linux's own")
def test_the_broker_ends_with_a_tracker_that_was_killed(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    with _owner(setup) as (owner, broker_pid):
        end(owner, signal.SIGKILL)
        wait_until(lambda: _gone(broker_pid), what="the broker to end by itself")


def test_a_server_left_behind_is_ended_and_a_stranger_with_its_number_is_not(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup):
        pass
    left = subprocess.Popen([find_server(None), "-c", str(setup.server_file)], stderr=subprocess.DEVNULL)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        wait_until(lambda: listens(setup.port), what="the server left behind to listen")
        (setup.folder / PID_FILE).write_text(str(left.pid))
        with EmbeddedBroker(setup):
            assert left.poll() is not None
        (setup.folder / PID_FILE).write_text(str(stranger.pid))
        with EmbeddedBroker(setup):
            time.sleep(0)
        assert stranger.poll() is None
    finally:
        end(left, signal.SIGKILL)
        end(stranger, signal.SIGKILL)


def test_a_pump_that_takes_the_trackers_client_id_gets_none_of_its_messages(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup, nats_users(pumps.values())):
        with _tracker(setup) as tracker:
            tracker.subscribe(*subscriptions())
        with _pump(setup, pumps) as pump:
            pump.deliver(TELEMETRY, b"one")
            thief = Device(setup.port, OTHER, pumps[OTHER].password, client_id=client_id(TRACKER_PASSWORD), clean=False)
            with thief:
                pump.deliver(TELEMETRY, b"two")
                pump.deliver(TELEMETRY, b"three")
            assert thief.messages == []
        with _tracker(setup) as tracker:
            tracker.wait_for(TELEMETRY, b"three")
            assert [payload for _, payload in tracker.messages] == [b"one", b"two", b"three"]
