"""Enrolling and revoking while communicators are connected."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.broker.clients import Device
from tests.broker.conftest import OTHER, PUMP, configuration, nats_users
from tests.servers import wait_until
from tracker.broker.credential_sync import CredentialWatcher
from tracker.broker.credentials import Credential, issue, issue_many
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.users import BrokerUser, write_users
from tracker.errors import Unavailable


class Records:
    """What the database would say: the credentials, the version of the newest, and the one the broker works by."""

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self.credentials = {one.serial: one for one in credentials}
        self.newest = 1
        self.applied: list[int] = []
        self.away = False
        self.refused = 0

    def version(self) -> int:
        if self.away:
            self.refused += 1
            raise Unavailable("the database is away")
        return self.newest

    def users(self) -> list[BrokerUser]:
        return nats_users(self.credentials.values())

    def put(self, credential: Credential) -> int:
        self.credentials[credential.serial] = credential
        self.newest += 1
        return self.newest

    def drop(self, serial: str) -> int:
        del self.credentials[serial]
        self.newest += 1
        return self.newest

    def wait_for(self, version: int) -> None:
        wait_until(lambda: version in self.applied, what=f"version {version} to be applied")


def _watching(broker: EmbeddedBroker, records: Records) -> CredentialWatcher:
    return CredentialWatcher(records.version, records.users, broker.set_users, records.applied.append, 0.02)


def test_enrolling_and_revoking_take_effect_without_touching_the_others(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    records = Records(pumps.values())
    newcomer = issue("SN0003")
    with EmbeddedBroker(setup, records.users()) as broker, _watching(broker, records):
        records.wait_for(1)
        staying = Device(setup.port, PUMP, pumps[PUMP].password)
        leaving = Device(setup.port, OTHER, pumps[OTHER].password)
        with staying, leaving:
            with Device(setup.port, "SN0003", newcomer.password) as early:
                assert not early.welcome
            records.wait_for(records.put(newcomer))
            with Device(setup.port, "SN0003", newcomer.password) as enrolled:
                assert enrolled.welcome
                enrolled.deliver("pumps/SN0003/telemetry", b"report")
            assert staying.connected
            assert leaving.connected

            records.wait_for(records.drop(OTHER))
            wait_until(lambda: leaving.partings, what="the revoked pump to be cut off")
            with Device(setup.port, OTHER, pumps[OTHER].password) as revoked:
                assert not revoked.welcome
            staying.deliver(f"pumps/{PUMP}/telemetry", b"all the while")
            assert staying.connected


def test_a_new_password_ends_the_connection_that_the_old_one_opened(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    records = Records(pumps.values())
    with EmbeddedBroker(setup, records.users()) as broker, _watching(broker, records):
        with Device(setup.port, PUMP, pumps[PUMP].password) as old:
            renewed = issue(PUMP)
            records.wait_for(records.put(renewed))
            wait_until(lambda: old.partings, what="the old password's connection to end")
        with Device(setup.port, PUMP, renewed.password) as new:
            assert new.welcome


def test_changes_while_the_broker_is_down_are_there_when_it_is_back(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    records = Records([pumps[PUMP]])
    with EmbeddedBroker(setup, records.users()) as broker, _watching(broker, records):
        records.wait_for(1)
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        records.wait_for(records.put(pumps[OTHER]))
        wait_until(lambda: broker.ready, what="the broker to be back")
        with Device(setup.port, OTHER, pumps[OTHER].password) as enrolled:
            assert enrolled.welcome


def test_a_database_that_is_away_stops_nothing_and_is_caught_up_with() -> None:
    records = Records([])
    carried: list[list[BrokerUser]] = []
    with CredentialWatcher(
        records.version, records.users, lambda users: carried.append(list(users)), records.applied.append, 0.01
    ):
        records.wait_for(1)
        records.away = True
        newest = records.put(issue(PUMP))
        wait_until(lambda: records.refused > 1, what="the watcher to look in vain")
        records.away = False
        records.wait_for(newest)
    assert [user.serial for user in carried[-1]] == [PUMP]


def test_nothing_is_carried_over_twice() -> None:
    records = Records([])
    carried: list[object] = []
    watcher = CredentialWatcher(records.version, records.users, carried.append, records.applied.append)
    assert watcher.look()
    assert not watcher.look()
    records.put(issue(PUMP))
    assert watcher.look()
    assert len(carried) == 2


def test_twenty_thousand_users_are_taken_up_while_a_pump_stays_connected(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    own = issue(PUMP)
    many = [BrokerUser(f"SN{number}", own.bcrypt_hash, f"SN{number}") for number in range(20_000)]
    with EmbeddedBroker(setup, nats_users([own])) as broker, Device(setup.port, PUMP, own.password) as pump:
        broker.set_users([*nats_users([own]), *many])
        with Device(setup.port, "SN19999", own.password) as last:
            assert last.welcome
        assert pump.connected
        broker.set_users(nats_users([own]))
        with Device(setup.port, "SN19999", own.password) as last:
            assert not last.welcome
        assert pump.connected


def test_users_that_the_server_cannot_read_are_a_fault_and_the_old_ones_stay(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(tmp_path / "broker")
    users = nats_users(pumps.values())
    with EmbeddedBroker(setup, users) as broker:
        with pytest.raises(Unavailable, match="did not take up"):
            broker.set_users([*users, users[0]])  # the same name twice
        with Device(setup.port, PUMP, pumps[PUMP].password) as pump:
            assert pump.welcome
        broker.set_users(users[:1])


def test_two_changes_at_once_end_in_one_of_them_whole(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    sets = [nats_users(issue_many([f"{letter}{number}" for number in range(20)])) for letter in "AB"]
    with EmbeddedBroker(setup) as broker:
        threads = [threading.Thread(target=broker.set_users, args=(users,)) for users in sets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        text = setup.users_file.read_text()
    assert (text.count('user:"A') == 20) != (text.count('user:"B') == 20)


def test_a_half_written_file_never_stands_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "users.conf"
    write_users(path, [], tracker_hash="a", control_hash="b")
    before = path.read_text()

    def breaking() -> Iterable[BrokerUser]:
        yield BrokerUser(PUMP, "hash", PUMP)
        raise Unavailable("the database is away")

    with pytest.raises(Unavailable):
        write_users(path, breaking(), tracker_hash="a", control_hash="b")
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["users.conf"]
