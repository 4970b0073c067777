"""The product as an operator runs it: its own commands as processes, a real broker, a real database."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.servers import binary, end, free_port, listens, wait_until

Process = subprocess.Popen[bytes]


def report(number: int, **changes: Any) -> dict[str, Any]:
    """A valid status report of now; override what a test is about."""
    message: dict[str, Any] = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": number,
        "measured_at": datetime.now(UTC).isoformat(),
        "battery": {"voltage_v": 2.81, "remaining_percent": 61.5, "indicator": "ok"},
        "reservoir_ml": 12.44,
        "flow_ml_per_day": 0.312,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": [],
    }
    return {name: value for name, value in (message | changes).items() if value is not ...}


class Product:
    """One installation in a folder of its own. ``start`` and ``kill`` take the names of the commands."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.broker_port, self.web_port = free_port(), free_port()
        self.folder = folder
        self.environment = os.environ | {
            "TRACKER_DATA_DIR": str(folder / "data"),
            "TRACKER_BROKER_PORT": str(self.broker_port),
            "TRACKER_WEB_PORT": str(self.web_port),
            **settings,
        }
        self.processes: dict[str, Process] = {}
        self._token = ""

    def tracker(self, *words: str, given: str = "") -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "tracker.cli.main", *words],
            input=given,
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, *words: str) -> Process:
        """Start a long-running command; its log is ``NAME.log`` in the folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tracker.cli.main", name, *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes[name] = process
        return process

    def start_all(self, *names: str) -> None:
        """Bring the schema forward, start the commands and wait until broker and pages answer."""
        self.tracker("db", "upgrade")
        for name in names:
            self.start(name)
        if "broker" in names:
            wait_until(lambda: listens(self.broker_port), 90, "the broker")
        if "web" in names:
            wait_until(lambda: listens(self.web_port), 90, "the pages")

    def kill(self, name: str) -> None:
        """End a command as a crash would."""
        end(self.processes.pop(name), signal.SIGKILL)

    def stop(self) -> None:
        """End what still runs, the last started first."""
        for process in reversed(self.processes.values()):
            end(process)
        self.processes.clear()

    def enrol(self, serial: str, model: str = "synchromed-ii-20") -> str:
        """Enrol a pump from the command line and return its communicator's password."""
        shown = json.loads(self.tracker("pumps", "enrol", serial, "--model", model, "--json"))
        assert shown["serial"] == shown["username"] == serial
        password: str = shown["password"]
        return password

    def enrol_all(self, pumps: Mapping[str, str]) -> dict[str, str]:
        """Enrol many (serial: model) with one import and return each communicator's password."""
        file = self.folder / "pumps.csv"
        file.write_text("serial,model\n" + "".join(f"{serial},{model}\n" for serial, model in pumps.items()))
        shown = csv.DictReader(io.StringIO(self.tracker("pumps", "import", str(file))))
        return {row["username"]: row["password"] for row in shown}

    def client(self) -> httpx.Client:
        """An API client with a token of its own."""
        if not self._token:
            self.tracker(
                "staff",
                "add",
                "nurse@clinic.example",
                "--role",
                "nurse",
                "--password-stdin",
                given="a long password of a test\n",
            )
            self._token = self.tracker("staff", "token", "nurse@clinic.example", "--name", "test").strip()
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.web_port}", headers={"Authorization": f"Bearer {self._token}"}, timeout=30
        )

    def publish(self, topic: str, payload: bytes, username: str, password: str) -> int:
        """Publish one message as any device could, with mosquitto_pub; its exit status."""
        where = ["-h", "127.0.0.1", "-p", str(self.broker_port), "-u", username, "-P", password]
        done = subprocess.run(
            [binary("mosquitto_pub"), *where, "-q", "1", "-t", topic, "-s"],
            input=payload,
            capture_output=True,
            timeout=20,
            check=False,
        )
        return done.returncode


@contextmanager
def installed(folder: Path, *names: str, **settings: str) -> Iterator[Product]:
    """A running installation with those commands, ended with the block."""
    product = Product(folder, **settings)
    try:
        product.start_all(*names)
        yield product
    finally:
        product.stop()
