"""One system drains a backlog: how fast, at how much processor time a message, in how much memory. Linux only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks import bridge, load
from benchmarks.brokers import LOAD, PASSWORD, Mosquitto, Nats
from benchmarks.line import Line
from tests.servers import end
from tracker.broker.partitions import client_id
from tracker.records import schema
from tracker.records.database import Database

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """Messages a second, microseconds of the process and of the database server for one message, and peak memory."""

    rate: float
    cpu_us: float
    server_us: float
    peak_mib: float


@dataclass
class System:
    """What is measured: a name, how to start it, how to count what it has stored (None: it reports by itself)."""

    name: str
    client_id: str
    start: Callable[[int], subprocess.Popen[bytes]]
    count: Callable[[], int] | None
    server: int | None = None
    """The process id of the database server, whose children work for it."""
    others: bool = False
    """Somebody else's program, which may end by itself: that costs it the round, not us the run."""


class Ended(RuntimeError):
    """A system's process ended before it had taken everything."""


def cpu_of(pid: int) -> float:
    """Processor seconds of one process; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_of_server(pid: int | None) -> float:
    """Processor seconds of a server and all its children that live."""
    if pid is None:
        return 0.0
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_of(pid) + sum(cpu_of(int(child)) for child in children)


def peak_mib(pid: int) -> float:
    """The most memory that the process has held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def drain(system: System, messages: int) -> Result:
    """Start the system on its backlog of so many messages and measure from the first that is stored to the last."""
    if system.count is None:
        out, _ = system.start(messages).communicate(timeout=_PATIENCE)
        said = json.loads(out)
        taken = said["messages"]
        return Result(taken / said["seconds"], said["cpu"] / taken * 1e6, 0.0, said["peak_mib"])
    before = system.count()
    process = system.start(messages)
    try:
        deadline = time.monotonic() + _PATIENCE
        while (first := system.count()) == before:
            time.sleep(0.005)
            _check(deadline, process, system)
        began, used, served = time.perf_counter(), cpu_of(process.pid), cpu_of_server(system.server)
        while (last := system.count()) < before + messages:
            time.sleep(0.01)
            _check(deadline, process, system)
        seconds = time.perf_counter() - began
        taken = last - first
        return Result(
            taken / seconds,
            (cpu_of(process.pid) - used) / taken * 1e6,
            (cpu_of_server(system.server) - served) / taken * 1e6,
            peak_mib(process.pid),
        )
    finally:
        end(process)


def drain_again(system: System, upto: int) -> None:
    """Start a system that had ended by itself as often as it takes until it has stored ``upto`` messages in all."""
    assert system.count is not None
    deadline = time.monotonic() + _PATIENCE
    process = system.start(0)
    try:
        while system.count() < upto:
            time.sleep(0.05)
            if process.poll() is not None:
                process = system.start(0)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{system.name} is stuck at {system.count()} messages")
    finally:
        end(process)


def _check(deadline: float, process: subprocess.Popen[bytes], system: System) -> None:
    if process.poll() is not None:
        raise Ended(f"{system.name} has ended with {process.returncode}")
    if time.monotonic() > deadline:
        raise RuntimeError(f"{system.name} is stuck at {system.count() if system.count else '?'} messages")


def bare(broker: Mosquitto | Nats) -> System:
    """Paho alone."""
    account = ("tracker", PASSWORD) if isinstance(broker, Nats) else ()

    def start(messages: int) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "benchmarks.bare", str(broker.port), "bare", str(messages), *account]
        return subprocess.Popen(words, stdout=subprocess.PIPE)

    return System("bare subscriber", "bare", start, None)


def ingest(
    broker: Mosquitto | Nats, url: str, folder: Path, pumps: int, server: int | None = None, **settings: str
) -> System:
    """The tracker's own ingest process, into a database that is made for it."""
    database = Database(url)
    schema.upgrade(database)
    load.enrol(database, pumps)
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    environment = os.environ | {
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_DATABASE_URL": url,
        "TRACKER_MQTT_URL": broker.url,
        "TRACKER_MQTT_CLIENT_ID": f"tracker-{kind.lower()}",
        **settings,
    }

    def start(_messages: int) -> subprocess.Popen[bytes]:
        with (folder / f"ingest-{kind}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tracker.cli.main", "ingest"], env=environment, stdout=log, stderr=log
            )

    password = PASSWORD if isinstance(broker, Nats) else ""
    count = _counter(url, "SELECT sum(received + duplicates) FROM pump_state")
    return System(f"ingest into {kind}", client_id(password, kind.lower()), start, count, server)


def mq_bridge(broker: Mosquitto | Nats, url: str, server: int | None = None) -> System:
    """mq-bridge, into a table of its own."""
    engine = create_engine(url)
    postgres = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        if not postgres:
            connection.execute(text("PRAGMA journal_mode=WAL"))
        connection.execute(text(bridge.TABLE.format(time="TIMESTAMPTZ" if postgres else "TEXT")))
    engine.dispose()
    target = url.replace("postgresql+psycopg", "postgresql").replace("sqlite:///", "sqlite://")
    kind = "PostgreSQL" if postgres else "SQLite"

    def start(_messages: int) -> subprocess.Popen[bytes]:
        address = f"tcp://127.0.0.1:{broker.port}"
        words = [sys.executable, "-m", "benchmarks.bridge", address, f"bridge-{kind}", target]
        return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    sql = "SELECT count(*) FROM bridged" if postgres else "SELECT coalesce(max(rowid), 0) FROM bridged"
    return System(f"mq-bridge into {kind}", f"bridge-{kind}", start, _counter(url, sql), server, others=True)


def make_session(broker: Mosquitto | Nats, system: System) -> None:
    """Let the broker know the system's persistent session, so that a backlog gathers for it."""
    account = ("tracker", PASSWORD) if isinstance(broker, Nats) else ()
    line = Line(broker.port, *account, client_id=system.client_id, clean=False)
    line.subscribe("pumps/+/telemetry")
    line.close()


def load_line(broker: Mosquitto | Nats) -> Line:
    """A connection that may speak for every pump."""
    return Line(broker.port, *((LOAD, PASSWORD) if isinstance(broker, Nats) else ()))


def _counter(url: str, sql: str) -> Callable[[], int]:
    engine = create_engine(url)

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(sql)).scalar() or 0)

    return count
