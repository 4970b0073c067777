"""Real servers for tests, each on a free port of this machine's loopback and ended with the test that started it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

_INSTALL = {
    "postgres": "apt-get install postgresql",
    "mosquitto": "apt-get install mosquitto",
    "mosquitto_pub": "apt-get install mosquitto-clients",
    "chromium": "apt-get install chromium",
    "faketime": "apt-get install faketime",
    "docker-compose": "run `make setup`",
    "hadolint": "run `make setup`",
    "nginx": "apt-get install nginx-light",
    "caddy": "apt-get install caddy",
    "promtool": "apt-get install prometheus",
    "pgbouncer": "apt-get install pgbouncer",
    "pgbackrest": "apt-get install pgbackrest",
    "cc": "apt-get install gcc libc6-dev",
}


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def binary(name: str) -> str:
    """The path of a program of the machine. Missing: the test skips and says how to install it; under CI it fails."""
    places = [
        str(Path(sys.executable).parent),
        "/usr/sbin",
        "/usr/local/sbin",
        "/opt/homebrew/sbin",
        os.environ.get("PATH", ""),
    ]
    places += [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found:
        return found
    message = f"this test needs {name}: {_INSTALL.get(name, 'install it')}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def wait_until(true: Callable[[], object], seconds: float = 20, what: str = "it") -> None:
    """Return as soon as the condition holds; fail with ``what`` after that many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return
        time.sleep(0.02)
    pytest.fail(f"waited {seconds} s in vain for {what}")


def listens(port: int) -> bool:
    """Whether something takes connections on that port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(
    process: subprocess.Popen[bytes] | subprocess.Popen[str], how: int = signal.SIGTERM, seconds: float = 15
) -> int:
    """End a process that this test started and return its exit status."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


class Postgres:
    """A PostgreSQL cluster of this test run: fast to make databases in, and safe to stop, kill and start again.

    ``programs`` is the folder of the server's programs where they are not the machine's own.
    """

    def __init__(self, folder: Path, programs: Path | None = None) -> None:
        self.folder = folder
        self._programs = programs
        self.port = free_port()
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._made = 0
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, self._user)
        self._run(
            [
                self._program("initdb"),
                "-D",
                str(folder / "data"),
                "-U",
                "tracker",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale",
                "C",
            ]
        )

    def _program(self, name: str) -> str:
        return str(self._programs / name) if self._programs else binary(name)

    def _as_user(self) -> str | None:
        return self._user if os.geteuid() == 0 else None

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, user=self._as_user(), cwd=self.folder, capture_output=True)

    def start(self, *settings: str) -> None:
        """Start the server and wait until it answers. ``settings`` are further ``name=value`` pairs."""
        options = [
            "fsync=on",
            "shared_buffers=64MB",
            "max_connections=60",
            f"unix_socket_directories={self.folder}",
            *settings,
        ]
        words = [word for option in options for word in ("-c", option)]
        self.process = subprocess.Popen(
            [
                self._program("postgres"),
                "-D",
                str(self.folder / "data"),
                "-p",
                str(self.port),
                "-h",
                "127.0.0.1",
                *words,
            ],
            user=self._as_user(),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
        )
        wait_until(self.answers, 30, "PostgreSQL to answer")

    def answers(self) -> bool:
        """Whether it takes connections now."""
        try:
            psycopg.connect(self._dsn("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT is PostgreSQL's fast shutdown, SIGKILL a crash."""
        if self.process is not None:
            end(self.process, how)
            self.process = None

    def _dsn(self, name: str) -> str:
        return f"postgresql://tracker@127.0.0.1:{self.port}/{name}"

    def new_database(self, like: str = "template1") -> str:
        """The SQLAlchemy URL of a new database: empty, or a copy of another one that nobody uses now."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        return f"postgresql+psycopg://tracker@127.0.0.1:{self.port}/{name}"

    def drop(self, url: str) -> None:
        """Drop the database of that URL, whoever still uses it; nothing where the server is gone."""
        if self.process is None:
            return
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)".encode())


@contextmanager
def postgres_cluster(*settings: str, programs: Path | None = None) -> Iterator[Postgres]:
    """A running cluster in a folder of its own, removed afterwards."""
    if programs is None:
        binary("postgres")
    with tempfile.TemporaryDirectory(prefix="pump-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        cluster = Postgres(Path(folder) / "cluster", programs)
        cluster.start(*settings)
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def pgbouncer(cluster: Postgres, sessions: int = 4) -> Iterator[int]:
    """PgBouncer in front of a cluster, lending its few sessions for a transaction each; the port it listens on."""
    program, port = binary("pgbouncer"), free_port()
    with tempfile.TemporaryDirectory(prefix="pump-bouncer-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "users").write_text('"tracker" ""\n"tracker_app" ""\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={cluster.port}\n[pgbouncer]\npool_mode = transaction\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
            f"auth_file = {folder}/users\ndefault_pool_size = {sessions}\nmax_client_conn = 200\n"
        )
        process = subprocess.Popen(
            [program, str(folder / "pgbouncer.ini")],
            user="postgres" if os.geteuid() == 0 else None,  # it refuses to run as root
            stderr=(folder / "log").open("ab"),
        )
        try:
            wait_until(lambda: listens(port) or process.poll() is not None, 20, "PgBouncer to listen")
            assert process.poll() is None, (folder / "log").read_text()
            yield port
        finally:
            end(process)
