"""The embedded broker: a ``nats-server`` of ours, started, watched and stopped by this process."""

from __future__ import annotations

import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import structlog

from tracker.broker.configuration import BrokerConfiguration, render
from tracker.broker.credentials import TRACKER_USERNAME, bcrypt_hash
from tracker.broker.disk import DiskWatch
from tracker.broker.folder_lock import PID_FILE, FolderLock, end_leftover, need_free_port
from tracker.broker.jetstream_limits import Stored, limit_streams, stored
from tracker.broker.log_throttle import Voice
from tracker.broker.server_api import Loopback
from tracker.broker.server_process import LogLine, find_server, log_lines, server_version, spawn
from tracker.broker.session_reaper import SessionReaper
from tracker.broker.session_watch import SessionWatch
from tracker.broker.users import (
    CONTROL_USERNAME,
    NEEDED_CONNECTIONS,
    BrokerUser,
    replace_private,
    write_users,
)
from tracker.errors import StartupFault, TrackerError, Unavailable

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_STEADY_SECONDS = 30.0  # a server that ran for so long is started again at once
_STOP_SECONDS = 15.0
_RELOAD_SECONDS = 30.0
_DISK_LOOK_SECONDS = 0.5

_log = structlog.get_logger("tracker.broker")


class EmbeddedBroker:
    """Runs one ``nats-server`` from ``start`` to ``stop`` and starts it again whenever it ends in between.

    ``users`` are the communicators that may sign in at the start; ``set_users`` changes them while it runs. Use it
    as a context manager to have it ready inside. Raises ``StartupFault`` where it can't start, with the setting to
    change. Everything that it keeps is in the configuration's folder and is there again at the next start.
    """

    def __init__(self, configuration: BrokerConfiguration, users: Iterable[BrokerUser] = ()) -> None:
        self.configuration = configuration
        self.restarts = 0
        self._users = users
        self._allowed: dict[str, int] = {}
        self._kept_out: frozenset[str] = frozenset()
        self._tracker_hash = bcrypt_hash(configuration.tracker_password)
        self._control_password = secrets.token_urlsafe(24)
        self._control_hash = bcrypt_hash(self._control_password)
        self._changed = threading.Condition()
        self._reloading = threading.Lock()
        self._lock: FolderLock | None = None
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        self._ready = False
        self._client_port = 0
        self._read = 0  # how often the server has read its users, at a start or a reload
        self._misread = 0
        self._last_words = ""
        self._voice = Voice(_log.warning)
        self._fault: str | None = None
        self._disk = DiskWatch(configuration.folder)

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ready(self) -> bool:
        """Whether the server takes connections and messages now."""
        return self._ready and not self._disk.failed

    @property
    def pid(self) -> int | None:
        """The server's process id while there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Write the configuration and start the server; ends one that an earlier, killed tracker left behind."""
        settings = self.configuration
        server = find_server(settings.binary)
        version = server_version(server)
        self._lock = FolderLock(settings.folder)
        try:
            if end_leftover(settings.folder, settings.server_file):
                _log.info("ended the broker of an earlier start")
            need_free_port(settings.host, settings.port)
            replace_private(settings.server_file, render(settings, version, system_hash=self._control_hash))
            self._write(self._users)
        except BaseException:
            self._lock.release()
            self._lock = None
            raise
        self._stopping.clear()
        self._thread = threading.Thread(target=self._keep_running, args=(server,), name="broker", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch_disk, name="broker-disk", daemon=True).start()
        watch = SessionWatch(
            lambda: self._client_port if self._ready else 0,
            self._reaper,
            self._keep_out,
            self._stopping,
        )
        threading.Thread(target=watch.run, name="broker-sessions", daemon=True).start()

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Return once the server takes connections; ``StartupFault`` if it gave up or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._fault, seconds)
            if self._ready:
                return
        raise StartupFault(self._fault or f"The broker did not start within {seconds:g} s: {self._last_words}")

    def stop(self) -> None:
        """End the server, letting it write what it holds."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                self._signal(signal.SIGKILL)
                self._thread.join()
            self._thread = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def set_users(self, users: Iterable[BrokerUser]) -> None:
        """Let exactly these communicators sign in; returns when the server works by it.

        Connections of users that stay as they are stay open; those of users who are gone, or whose password has
        changed, are closed. Raises ``Unavailable`` where the server did not take it up.
        """
        with self._reloading:
            self._take_up(users)

    def stored(self) -> Stored:
        """What waits in the broker for ingest."""
        if not self._ready:
            raise Unavailable("The broker is starting")
        with self._control() as server:
            return stored(server)

    def _control(self) -> Loopback:
        return Loopback(self._client_port, CONTROL_USERNAME, self._control_password)

    def _reaper(self, port: int) -> SessionReaper:
        return SessionReaper(port, self._control_password, trusted=[TRACKER_USERNAME], allowed=lambda: self._allowed)

    def _keep_out(self, usernames: frozenset[str]) -> None:
        """Let exactly these users not sign in, whatever their credentials."""
        with self._reloading:
            self._kept_out = usernames
            self._take_up(self._users)

    def _take_up(self, users: Iterable[BrokerUser]) -> None:
        """Write the users and make the server work by them."""
        self._write(users)
        with self._changed:
            self._changed.wait_for(lambda: self._ready, _RELOAD_SECONDS)
            read, misread = self._read, self._misread
            if self._ready:  # a server that is not ready yet would die of this signal
                self._signal(signal.SIGHUP)
            self._changed.wait_for(lambda: self._read > read or self._misread > misread, _RELOAD_SECONDS)
            if self._read == read:
                raise Unavailable(f"The broker did not take up the changed users: {self._last_words}")

    def _write(self, users: Iterable[BrokerUser]) -> None:
        standing = list(users)
        self._users = standing
        self._allowed = {one.username: one.connections for one in standing if one.connections != NEEDED_CONNECTIONS}
        write_users(
            self.configuration.users_file,
            [one for one in standing if one.username not in self._kept_out],
            tracker_hash=self._tracker_hash,
            control_hash=self._control_hash,
            partitions=self.configuration.partitions,
        )

    def _signal(self, number: int) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(number)

    def _keep_running(self, server: Path) -> None:
        """Start the server again and again until told to stop. The only thread that starts it: see ``spawn``."""
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            was_ready = self._run_once(server)
            if self._stopping.is_set():
                return
            if not was_ready and self._read == 0:
                with self._changed:
                    self._fault = f"The broker can't start: {self._last_words}"
                    self._changed.notify_all()
                return
            steady = time.monotonic() - began > _STEADY_SECONDS
            pause = _FIRST_PAUSE_SECONDS if steady else min(pause * 2, _LONGEST_PAUSE_SECONDS)
            _log.error("the broker ended and is started again", last_words=self._last_words, pause_s=pause)
            self._stopping.wait(pause)
            self.restarts += 1

    def _watch_disk(self) -> None:
        """End a server whose store failed to write, once there is room: it would refuse every message for ever."""
        while not self._stopping.wait(_DISK_LOOK_SECONDS):
            if self._disk.has_room_again():
                _log.info("there is room again: the broker is started again")
                self._signal(signal.SIGKILL)

    def _run_once(self, server: Path) -> bool:
        """Run the server until it ends; whether it had become ready."""
        self._disk.failed = False
        was_ready = False
        process = None
        try:
            self._process = process = spawn(server, self.configuration.server_file)
            replace_private(self.configuration.folder / PID_FILE, str(process.pid))
            if self._stopping.is_set():
                process.terminate()
            for line in log_lines(process):
                self._hear(line)
                was_ready = was_ready or line.ready
        except OSError as fault:  # a full disk, as a rule: it takes the file again one day, and the next turn finds out
            self._last_words = str(fault)
            if process is not None:
                process.kill()
        if process is not None:
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
        with self._changed:
            self._ready = False
            self._changed.notify_all()
        return was_ready

    def _hear(self, line: LogLine) -> None:
        if line.level != "INF":
            self._last_words = line.text
            self._voice.say(line.level, line.text, time.monotonic())
        if line.write_failed and self._disk.fail():
            _log.error("the broker's disk takes no more: messages are refused until there is room", says=line.text)
        if line.client_port:
            self._client_port = line.client_port
        if line.ready:
            self._limit_store()
        with self._changed:
            if line.ready:
                self._ready = True
            if line.ready or line.reloaded:
                self._read += 1
            if line.reload_failed:
                self._misread += 1
            self._changed.notify_all()

    def _limit_store(self) -> None:
        try:
            with self._control() as server:
                settings = self.configuration
                limit_streams(server, settings.store_bytes, max_sessions=settings.max_sessions)
        except TrackerError as fault:
            _log.error("a stream of the broker has no limit of its own", because=str(fault))
