"""The process's edge of ingest: settings in, a worker out."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, unquote

from tracker.broker.partitions import client_id, subscriptions
from tracker.errors import StartupFault
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.budget_limits import budget_of
from tracker.ingest.gc_tuning import calm_the_collector
from tracker.ingest.subscriber import Subscriber
from tracker.ingest.worker import Broker, Worker
from tracker.ingest.worker_lease import Claim
from tracker.records.database import Database
from tracker.settings import MQTT_URL_FAULT, Settings

_ANSWERS_WITHIN_S: Final = 20.0
"""A batch whose statement takes longer meets a database that hangs: the connection is given up, and the batch waits."""
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


def run(settings: Settings, stop: threading.Event) -> None:
    """Take telemetry into the database until ``stop`` is set. A broker or a database that is down is waited for.

    Raises ``StartupFault`` for settings that can't be right.
    """
    calm_the_collector()
    database = Database(settings.database_url, pool_size=2, answers_within_s=_ANSWERS_WITHIN_S)
    broker, subscriber = subscriber_for(settings)
    ledger = Ledger(database, settings.rejected_per_pump, budget_of(settings))
    Worker(broker, subscriber, ledger, Claim(worker_name(settings), _identity()), settings.ingest_batch, stop).run()
    database.close()


def worker_name(settings: Settings) -> str:
    """The name under which the worker shows its life: ``ingest-`` and the partition that it takes."""
    return f"ingest-{settings.ingest_partition or 0}"


def subscriber_for(settings: Settings) -> tuple[Broker, Subscriber]:
    """The broker that the settings name, and a subscriber that is not connected yet."""
    url = settings.mqtt_address()
    if url.scheme not in _PORTS or not url.hostname or not _port_of(url):
        raise StartupFault(MQTT_URL_FAULT)
    password = unquote(url.password or "")
    worker = settings.mqtt_client_id.removeprefix("tracker-")
    if settings.ingest_partition is not None:
        worker = f"{worker}-{settings.ingest_partition}"
    try:
        partition = None if settings.ingest_group else settings.ingest_partition
        filters = subscriptions(partition, settings.ingest_partitions, settings.ingest_group)
    except ValueError as fault:
        raise StartupFault(f"TRACKER_INGEST_PARTITION, _PARTITIONS or _GROUP: {fault}") from fault
    subscriber = Subscriber(client_id(password, worker), filters)
    if url.username:
        subscriber.username_pw_set(unquote(url.username), password)
    if url.scheme == "mqtts":
        _use_tls(subscriber, settings)
    return Broker(url.hostname, _port_of(url)), subscriber


def _port_of(url: SplitResult) -> int:
    """The port that the address names, or its scheme's; 0 where it names none that can be."""
    try:
        return url.port or _PORTS[url.scheme]
    except ValueError:
        return 0


def _use_tls(subscriber: Subscriber, settings: Settings) -> None:
    authority, certificate, key = (
        None if each is None else str(each)
        for each in (settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
    )
    try:
        subscriber.tls_set(authority, certificate, key)
    except (OSError, ValueError) as fault:
        raise StartupFault(f"TRACKER_MQTT_CA_FILE, _CERT_FILE or _KEY_FILE can't be read: {fault}") from fault


def _identity() -> str:
    """Names this process among all that could share a worker's name."""
    return f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
