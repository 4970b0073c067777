"""A whole installation to be disturbed: broker, database, both schedulers, pages and proxy, with pumps that report."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import make_url

from benchmarks import load
from benchmarks.brokers import Mosquitto, mosquitto
from benchmarks.faults.gate import Gate
from benchmarks.faults.site import Sender, Site
from benchmarks.faults.watched import Disturbed, Watch, wrong
from devices import topics
from devices.alarm_code import AlarmCode
from devices.report import Battery, Indicator, Infusion, Motor, StatusReport
from devices.wire import encode_status
from tests.broker.certificates import Authority
from tests.deploy.proxies import nginx
from tests.servers import Postgres, binary, end, free_port, postgres_cluster, wait_until
from tracker.records.job import LEADS, workers
from tracker.records.lease import Lease
from tracker.schedule.leader import LEASE

PUMPS = 20
"""Pumps that report all the while; those above each report one alarm."""
MOST_ALARMS = 600
HIGH_WITHIN_S = 10.0
_TRACKER = [sys.executable, "-m", "tracker.cli.main"]


@dataclass
class Drill:
    """One installation: ``site`` has its records, ``processes`` its processes by name."""

    site: Site
    folder: Path
    environment: dict[str, str]
    web_port: int
    database_gate: Gate | None
    broker_gate: Gate
    cluster: Postgres | None
    proxy: httpx.Client
    small_disk: Path | None
    watch: Watch
    patience: float = 1.0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    disturbances: list[Disturbed] = field(default_factory=list)
    senders: list[Sender] = field(default_factory=list)

    def start(self, name: str, command: str) -> None:
        """Start one process; its log is NAME.log in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            words = [*_TRACKER, command]
            self.processes[name] = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def send(self, messages: list[tuple[str, bytes]], a_second: float = 1e9) -> Sender:
        """Have communicators send those, again and again until a receipt covers them."""
        sender = Sender(self.site.line, messages, 3.0, a_second)
        sender.start()
        self.senders.append(sender)
        return sender

    @contextmanager
    def disturbed(self, one: Disturbed) -> Iterator[None]:
        """A disturbance, with an alarm of high priority sent in it; afterwards that alarm must be shown in time."""
        serial = load.serial(PUMPS + len(self.disturbances))
        self.disturbances.append(one)
        one.began, one.ended = time.monotonic(), float("inf")
        try:
            self.send([(topics.telemetry(serial), _stalled())])
            yield
        finally:
            one.ended = time.monotonic()
        wait_until(lambda: self._shows_alarm(serial), 60 * self.patience, f"the alarm sent during: {one.name}")
        one.high_s = time.monotonic() - one.ended
        wait_until(self.ready, 60 * self.patience, f"readiness after: {one.name}")

    def ready(self) -> bool:
        """Whether the pages call the installation ready now."""
        return not (self.watch.looks and self.watch.looks[-1].down)

    def _shows_alarm(self, serial: str) -> bool:
        try:
            answer = self.proxy.get(f"/api/v1/pumps/{serial}")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and bool(answer.json()["open_alarms"])

    def leader(self) -> subprocess.Popen[bytes] | None:
        """The scheduler that leads now."""
        with self.site.database.reading() as session:
            held = session.get(Lease, LEASE)
            said = [one.name for one in workers(session, "schedule") if one.detail == LEADS]
        number = held.holder.rpartition(" ")[2] if held is not None and held.holder else ""
        if not any(f":{number}:" in name for name in said):
            return None
        return next((one for one in self.processes.values() if str(one.pid) == number), None)

    def faults(self) -> list[str]:
        """What did not hold, a sentence each; call it when all has ended."""
        late = [one for one in self.disturbances if one.high_s > HIGH_WITHIN_S * self.patience]
        said = [f"{one.name}: the alarm was shown {one.high_s:.1f} s after its end" for one in late]
        stored = self.site.stored()
        sent: set[tuple[str, int, int]] = set().union(*(sender.sent for sender in self.senders))
        if lost := len(sent - set(stored)):
            said.append(f"{lost} of {len(sent)} messages are lost")
        if doubled := len(stored) - len(set(stored)):
            said.append(f"{doubled} messages are stored twice")
        return said + wrong(self.watch.looks, self.disturbances, self.patience)


def _stalled() -> bytes:
    """A first report with an alarm of high priority."""
    return encode_status(
        StatusReport(
            model=load.MODEL,
            epoch=1,
            seq=1,
            measured_at=load.FIRST,
            battery=Battery(2.81, 61.5, Indicator.OK),
            reservoir_ml=19.0,
            flow_ml_per_day=0.312,
            infusion=Infusion.SIMPLE_CONTINUOUS,
            motor=Motor.STALLED,
            alarms=(AlarmCode.MOTOR_STALL,),
            firmware="1.04",
        )
    )


@contextmanager
def drill(folder: Path, kind: str, patience: float = 1.0) -> Iterator[Drill]:
    """A whole installation on SQLite or PostgreSQL, behind nginx, with two schedulers; ready when the block begins."""
    with ExitStack() as open_now:
        broker = open_now.enter_context(mosquitto(persist=True))
        cluster = open_now.enter_context(postgres_cluster()) if kind == "postgresql" else None
        small = _small_disk(folder, open_now) if kind == "sqlite" else None
        url = cluster.new_database() if cluster else f"sqlite:///{(small or folder) / 'tracker.db'}"
        running = _opened(folder, broker, cluster, url, small, open_now)
        running.patience = patience
        open_now.callback(lambda: [end(one) for one in running.processes.values()])
        for name, command in (("ingest", "ingest"), ("one", "schedule"), ("two", "schedule"), ("web", "web")):
            running.start(name, command)
        with httpx.Client() as asking:

            def ready() -> bool:
                try:
                    return asking.get(running.watch.url).status_code == 200
                except httpx.HTTPError:
                    return False

            wait_until(ready, 120, "the installation")
        running.watch.start()
        open_now.callback(running.watch.stop)
        yield running


def _opened(
    folder: Path, broker: Mosquitto, cluster: Postgres | None, url: str, small: Path | None, open_now: ExitStack
) -> Drill:
    site = Site(folder, broker, url, PUMPS + MOST_ALARMS)
    open_now.callback(site.close)
    (folder / "clock").write_text("+0")
    (folder / "proxy").mkdir()
    database_gate = Gate(cluster.port) if cluster else None
    seen = make_url(url).set(port=database_gate.port).render_as_string(hide_password=False) if database_gate else url
    broker_gate, web_port = Gate(broker.port), free_port()
    for gate in filter(None, (database_gate, broker_gate)):
        open_now.callback(gate.shut)
    authority = Authority(folder / "certificates", "authority")
    port = open_now.enter_context(nginx(folder / "proxy", web_port, authority.issue("proxy", server=True)))
    address = f"https://localhost:{port}"
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None) or binary("faketime")
    environment = os.environ | {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "TRACKER_DATA_DIR": str(folder / "data"),
        "TRACKER_DATABASE_URL": seen,
        "TRACKER_MQTT_URL": f"mqtt://127.0.0.1:{broker_gate.port}",
        "TRACKER_WEB_PORT": str(web_port),
        "TRACKER_PUBLIC_URL": address,
        "TRACKER_PROXIES": "127.0.0.1",
    }
    token = _token(environment)
    client = open_now.enter_context(
        httpx.Client(
            base_url=address, verify=authority.client_context(), headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
    )
    watch = Watch(f"http://127.0.0.1:{web_port}/health/ready")
    return Drill(site, folder, environment, web_port, database_gate, broker_gate, cluster, client, small, watch)


def _token(environment: dict[str, str]) -> str:
    """An API token of a nurse."""

    def tracker(*words: str, given: str = "") -> str:
        done = subprocess.run(
            [*_TRACKER, *words], input=given, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    nurse = "nurse@clinic.example"
    tracker("staff", "add", nurse, "--role", "nurse", "--password-stdin", given="a long password of a test\n")
    return tracker("staff", "token", nurse, "--name", "drill").strip()


def _small_disk(folder: Path, open_now: ExitStack) -> Path | None:
    """A disk of 256 MiB, where one can be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        return None
    open_now.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
    return disk
