"""``tracker broker files`` and ``nats-files``: what a broker of one's own reads, written from the records."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import structlog
import typer

from tracker.broker.configuration import SYSTEM_FILE, USERS_FILE
from tracker.broker.credentials import bcrypt_hash, mosquitto_hash
from tracker.broker.file_watch import FileWatch
from tracker.broker.mosquitto import write_mosquitto_files
from tracker.broker.reload import reload_from
from tracker.broker.server_files import Readers, readable_by, replace_for
from tracker.broker.users import BrokerUser, write_system_account, write_users
from tracker.cli.cluster_sessions import KeptOut, watched_sessions
from tracker.cli.process_setup import require_schema, say_start, stop_on_signal
from tracker.errors import StartupFault
from tracker.records import credential as records
from tracker.records.database import Database
from tracker.records.job import BROKER_FILES, STOPPED, beat, forget_workers
from tracker.settings import Settings

_BEAT_EVERY_S = 5.0
_FORGET_AFTER = timedelta(hours=1)

Folder = Annotated[Path, typer.Argument(help="where to write what the server reads")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="file with the tracker's own password for the broker, in its first line; without it, the password in "
        "TRACKER_MQTT_URL"
    ),
]
Owner = Annotated[str | None, typer.Option(help="account whose the files become; unless named, it stays as it is")]
Group = Annotated[str | None, typer.Option(help="group that may read the files, such as mosquitto")]
Mode = Annotated[str | None, typer.Option(help="mode of the files, such as 0640")]
Watch = Annotated[bool, typer.Option("--watch", help="go on: each change of a sign-in is there within a second")]
PidFile = Annotated[Path | None, typer.Option(help="file with the server's process id: it is sent SIGHUP")]
ReloadCommand = Annotated[
    str | None, typer.Option("--reload", help="command that makes the server read its files, instead of --pid-file")
]

NatsPort = Annotated[
    int | None,
    typer.Option(
        help="with --watch: port of NATS's own protocol at this node; sessions and connections that no pump needs end, "
        "and a communicator that makes far too many is kept out for a while"
    ),
]

Write = Callable[[list[records.CommunicatorCredential]], tuple[int, Path]]
"""Writes the files for these credentials; how many pumps, and the file that holds their secrets."""


def files(
    folder: Folder,
    password_file: PasswordFile = None,
    owner: Owner = None,
    group: Group = None,
    mode: Mode = None,
    watch: Watch = False,
    pid_file: PidFile = None,
    reload: ReloadCommand = None,
) -> None:
    """Write Mosquitto's password file and ACL file from the records, and make Mosquitto read them.

    Files that are there keep their owner, group and mode.
    """
    settings = Settings()
    readers = _readers(owner, group, mode)
    tracker_hash = mosquitto_hash(own_password(settings, password_file))

    def write(credentials: list[records.CommunicatorCredential]) -> tuple[int, Path]:
        users = [BrokerUser(one.username, one.mosquitto_hash, one.username) for one in credentials]
        written = write_mosquitto_files(folder, users, tracker_hash, readers)
        return written.pumps, written.password_file

    _carry(settings, write, KeptOut(), watch=watch, pid_file=pid_file, command=reload)


def nats_files(
    folder: Folder,
    password_file: PasswordFile = None,
    owner: Owner = None,
    group: Group = None,
    mode: Mode = None,
    watch: Watch = False,
    pid_file: PidFile = None,
    reload: ReloadCommand = None,
    nats_port: NatsPort = None,
) -> None:
    """Write the users of a NATS server of one's own from the records, and make the server read them.

    The users are allowed the topics that TRACKER_INGEST_PARTITIONS maps theirs to, so set it as the server maps them.
    A file that is there keeps its owner, group and mode.
    """
    if nats_port is not None and not watch:
        raise StartupFault("--nats-port is where --watch looks at the sessions: name both or neither")
    settings = Settings()
    readers = _readers(owner, group, mode)
    password = own_password(settings, password_file)
    own_hash = bcrypt_hash(password)
    path = folder / USERS_FILE
    out = KeptOut()

    def put(at: Path, text: str) -> None:
        replace_for(at, text, readers, like=path)

    def write(credentials: list[records.CommunicatorCredential]) -> tuple[int, Path]:
        pumps = write_users(
            path,
            [BrokerUser(one.username, one.bcrypt_hash, one.username) for one in credentials if one.username not in out],
            tracker_hash=own_hash,
            control_hash=own_hash,
            partitions=settings.ingest_partitions,
            put=put,
        )
        return pumps, path

    write_system_account(folder / SYSTEM_FILE, own_hash, put)
    sessions = nullcontext() if nats_port is None else watched_sessions(nats_port, password, out)
    with sessions:
        _carry(settings, write, out, watch=watch, pid_file=pid_file, command=reload)


def own_password(settings: Settings, password_file: Path | None) -> str:
    """The tracker's own password for the broker: the file's first line, or the one in TRACKER_MQTT_URL."""
    if password_file is None:
        given = settings.mqtt_address().password if settings.mqtt_url.get_secret_value() else None
        if not given:
            raise StartupFault(
                "the tracker's own password for the broker is not known: put it into TRACKER_MQTT_URL, as "
                "mqtt://tracker:PASSWORD@HOST:1883, or name a file with --password-file"
            )
        return unquote(given)
    try:
        return password_file.read_text().splitlines()[0].strip()
    except (OSError, IndexError) as fault:
        raise StartupFault(f"{password_file} holds no password in its first line: {fault}") from fault


def _readers(owner: str | None, group: str | None, mode: str | None) -> Readers:
    if mode is None:
        return Readers(owner, group)
    try:
        number = int(mode, 8)
    except ValueError:
        number = -1
    if not 0o400 <= number <= 0o777:
        raise StartupFault(f"--mode is {mode[:20]!r}: write it as chmod does, such as 0640")
    return Readers(owner, group, number)


def _carry(
    settings: Settings, write: Write, out: KeptOut, *, watch: bool, pid_file: Path | None, command: str | None
) -> None:
    """Write once and reload where the way is named, or follow the records until told to stop."""
    tell = reload_from(pid_file, command)
    if watch and tell is None:
        raise StartupFault(
            "--watch needs to know how the server is told to read its files: name --pid-file FILE or --reload COMMAND"
        )
    database = Database(settings.database_url, pool_size=2)
    require_schema(database)

    def fresh() -> tuple[int, Path]:
        with database.reading() as session:
            found = records.active_credentials(session)
        return write(found)

    def version() -> int:
        with database.reading() as session:
            return records.credentials_version(session) + out.changes

    try:
        if watch and tell is not None:
            say_start(BROKER_FILES, settings)
            stop = stop_on_signal()
            life = _SignOfLife(database)
            FileWatch(version, lambda: fresh()[0], tell, life.say).run(stop)
            life.say(STOPPED)
            return
        pumps, path = fresh()
        typer.echo(f"{path}: {pumps} pumps; readable by {readable_by(path)}")
        if tell is not None:
            tell()
            typer.echo("the server was told to read it")
    finally:
        database.close()


class _SignOfLife:
    """The watch's sign of life, every few seconds and at each change of its state: the connectivity page shows it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = f"{BROKER_FILES}@{socket.gethostname()[:60]}:{os.getpid()}"
        self._said = ""
        self._at_s = 0.0

    def say(self, state: str) -> None:
        """Record that the watch lives, and its state."""
        seconds, now = time.monotonic(), datetime.now(UTC)
        if state == self._said and seconds - self._at_s < _BEAT_EVERY_S:
            return
        self._said, self._at_s = state, seconds
        try:
            with self._database.writing() as session:
                beat(session, self._name, BROKER_FILES, state[:500], now)
                forget_workers(session, BROKER_FILES, now - _FORGET_AFTER)
        except Exception as fault:  # noqa: BLE001 - a database that is away must not end the watch
            structlog.get_logger().warning("the sign of life was not recorded", because=str(fault))
