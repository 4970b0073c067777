"""``tracker broker``: the embedded MQTT broker alone, or the files that let a Mosquitto do its work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import structlog
import typer

from tracker.broker.configuration import BrokerConfiguration, Tls
from tracker.broker.credential_sync import CredentialWatcher
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.jetstream_limits import CLUSTER_SESSIONS, STREAMS, limit_streams
from tracker.broker.server_api import Loopback
from tracker.broker.users import CONTROL_USERNAME, BrokerUser
from tracker.cli import broker_files
from tracker.cli.figures_address import figures_served, of_the_broker
from tracker.cli.process_setup import begin, require_schema, stop_on_signal
from tracker.errors import StartupFault
from tracker.records import credential as records
from tracker.records.database import Database
from tracker.settings import Settings

app = typer.Typer(add_completion=False, invoke_without_command=True)

_BEAT_S = 1.0

app.command("files")(broker_files.files)
app.command("nats-files")(broker_files.nats_files)


@app.callback(invoke_without_command=True)
def broker(context: typer.Context) -> None:
    """Run the embedded broker until stopped; pumps enrolled meanwhile may sign in at once."""
    if context.invoked_subcommand is not None:
        return
    settings = begin("broker")
    stop = stop_on_signal()
    database = Database(settings.database_url, pool_size=2)
    require_schema(database)
    with embedded(settings, database) as running, figures_served(settings, of_the_broker(running.stored)):
        structlog.get_logger().info("broker ready", host=settings.broker_host, port=settings.broker_port)
        stop.wait()


@app.command("nats-limits")
def nats_limits(
    port: Annotated[int, typer.Argument(help="port of NATS's own protocol at one node")],
    password_file: broker_files.PasswordFile = None,
    host: Annotated[str, typer.Option(help="address of that node")] = "127.0.0.1",
    max_gib: Annotated[int, typer.Option(help="the most that may wait for ingest", min=1)] = 100,
    replicas: Annotated[int, typer.Option(help="copies of a stream that does not exist yet", min=1, max=5)] = 3,
) -> None:
    """Bound the streams of a NATS server of one's own, so that no communicator fills it for the others.

    Once, after the nodes have met, and after each update of the tracker. The users must come from nats-files.
    """
    with Loopback(port, CONTROL_USERNAME, broker_files.own_password(Settings(), password_file), host) as server:
        limit_streams(server, max_gib * 1024**3, replicas=replicas, max_sessions=CLUSTER_SESSIONS)
    typer.echo(f"{len(STREAMS)} streams are bounded")


@contextmanager
def embedded(settings: Settings, database: Database) -> Iterator[EmbeddedBroker]:
    """The broker, its credentials kept as recorded, and its sign of life, for as long as the block lasts."""
    configuration = BrokerConfiguration(
        folder=settings.broker_dir,
        tracker_password=settings.broker_password(),
        host=settings.broker_host,
        port=settings.broker_port,
        store_bytes=settings.broker_store_bytes,
        partitions=settings.ingest_partitions,
        tls=_tls(settings),
        binary=settings.broker_binary,
    )

    def version() -> int:
        with database.reading() as session:
            return records.credentials_version(session)

    def users() -> list[BrokerUser]:
        with database.reading() as session:
            found = records.active_credentials(session)
        return [BrokerUser(one.username, one.bcrypt_hash, one.username) for one in found]

    def applied(newest: int) -> None:
        _beat(database, newest)

    running = EmbeddedBroker(configuration, users())
    with running, CredentialWatcher(version, users, running.set_users, applied), _beating(database, running):
        yield running


def _tls(settings: Settings) -> Tls | None:
    """The broker's certificate, where the settings name one."""
    if settings.broker_cert_file is None:
        return None
    if settings.broker_key_file is None:
        raise StartupFault("TRACKER_BROKER_CERT_FILE is set without TRACKER_BROKER_KEY_FILE: set both.")
    return Tls(settings.broker_cert_file, settings.broker_key_file, settings.broker_client_ca_file)


@contextmanager
def _beating(database: Database, running: EmbeddedBroker) -> Iterator[None]:
    """Record once a second that the broker is up, for readiness and for those who wait for a credential."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(_BEAT_S):
            if running.ready:
                _beat(database, None)

    thread = threading.Thread(target=beat, name="broker-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(database: Database, applied: int | None) -> None:
    try:
        with database.writing() as session:
            status = session.get(records.BrokerStatus, 1)
            now = datetime.now(UTC)
            if status is None:
                session.add(records.BrokerStatus(applied_version=applied or 0, beat_at=now))
                return
            status.beat_at = now
            if applied is not None:
                status.applied_version = applied
    except Exception as fault:
        structlog.get_logger().warning("the broker's sign of life was not recorded", because=str(fault))
        if applied is not None:
            raise
