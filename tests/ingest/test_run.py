"""From settings to a subscriber: where it connects, who it is, what it asks for; and over TLS."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from benchmarks import load
from benchmarks.brokers import mosquitto
from benchmarks.line import Line
from tests.broker.certificates import Authority
from tests.servers import free_port, wait_until
from tracker.errors import StartupFault
from tracker.ingest.run import run, subscriber_for, worker_name
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.pump import PumpState
from tracker.settings import Settings


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(**{"data_dir": folder, "mqtt_url": "mqtt://tracker:secret@127.0.0.1:1999", **given})


def test_the_client_id_is_fixed_and_can_not_be_guessed_without_the_password(tmp_path: Path) -> None:
    _, one = subscriber_for(settings(tmp_path))
    _, same = subscriber_for(settings(tmp_path))
    _, other = subscriber_for(settings(tmp_path, mqtt_url="mqtt://tracker:other@127.0.0.1:1999"))
    assert one._client_id == same._client_id
    assert one._client_id != other._client_id
    assert b"secret" not in one._client_id
    assert b"." not in one._client_id


def test_each_partition_is_a_worker_of_its_own(tmp_path: Path) -> None:
    second = settings(tmp_path, ingest_partition=1, ingest_partitions=4)
    _, subscriber = subscriber_for(second)
    assert subscriber._filters == ["ingest/1/+/telemetry", "ingest/1/+/session", "ingest/1/+/presence"]
    assert worker_name(second) == "ingest-1"
    assert subscriber._client_id != subscriber_for(settings(tmp_path))[1]._client_id


def test_a_group_shares_the_plain_topics(tmp_path: Path) -> None:
    _, subscriber = subscriber_for(settings(tmp_path, ingest_group="tracker", ingest_partition=3))
    assert subscriber._filters[0] == "$share/tracker/pumps/+/telemetry"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"mqtt_url": "http://127.0.0.1"}, "TRACKER_MQTT_URL"),
        ({"mqtt_url": "mqtt://tracker:p@127.0.0.1:99999"}, "TRACKER_MQTT_URL"),
        ({"mqtt_url": "mqtt://tracker:p@127.0.0.1:port"}, "TRACKER_MQTT_URL"),
        ({"mqtt_url": "mqtt://tracker:pa[ss@127.0.0.1"}, "TRACKER_MQTT_URL"),
        ({"ingest_partition": 4, "ingest_partitions": 4}, "TRACKER_INGEST_PARTITION"),
        ({"mqtt_url": "mqtts://127.0.0.1", "mqtt_ca_file": Path("/nowhere.pem")}, "TRACKER_MQTT_CA_FILE"),
    ],
)
def test_settings_that_can_not_be_right_are_named(tmp_path: Path, given: dict[str, Any], named: str) -> None:
    with pytest.raises(StartupFault, match=named):
        subscriber_for(settings(tmp_path, **given))


def test_telemetry_is_taken_over_tls_with_a_client_certificate(tmp_path: Path, sqlite_url: str) -> None:
    authority = Authority(tmp_path / "ca", "authority")
    cert_file, key_file = authority.issue("broker", server=True)
    client_cert, client_key = authority.issue("tracker")
    port = free_port()
    secured = (
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        f"cafile {authority.ca_file}",
        f"certfile {cert_file}",
        f"keyfile {key_file}",
        "require_certificate true",
    )
    database = Database(sqlite_url)
    schema.upgrade(database)
    load.enrol(database, 10)
    stop = threading.Event()
    with mosquitto(*secured) as broker:
        chosen = settings(
            tmp_path,
            database_url=sqlite_url,
            mqtt_url=f"mqtts://127.0.0.1:{port}",
            mqtt_ca_file=authority.ca_file,
            mqtt_cert_file=client_cert,
            mqtt_key_file=client_key,
        )
        worker = threading.Thread(target=run, args=(chosen, stop))
        worker.start()
        try:
            line = Line(broker.port)
            wait_until(lambda: _sent_and_counted(line, database), 20, "a report over TLS")
            line.flood(load.messages(10, 200, start=2))
            wait_until(lambda: _received(database) == 2010, 20, "all reports over TLS")
        finally:
            stop.set()
            worker.join()
    database.close()


def _sent_and_counted(line: Line, database: Database) -> bool:
    line.flood(load.messages(10, 1))
    return _received(database) == 10


def _received(database: Database) -> int:
    with database.reading() as session:
        states = (session.get(PumpState, number) for number in range(1, 11))
        return sum(state.received for state in states if state is not None)
