"""Each service's own command, with the environment that the composition gives it and no other, as a local process.

A real broker and a real PostgreSQL stand behind them; each process has a data folder of its own, as each container has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.broker.clients import Device
from tests.deploy.composition import composition
from tests.end_to_end.product import report
from tests.servers import end, free_port, listens, wait_until

SECRETS = {
    "POSTGRES_PASSWORD": "a-database-password",
    "POSTGRES_APP_PASSWORD": "another-database-password",
    "TRACKER_MQTT_PASSWORD": "a-broker-password",
    "TRACKER_SECRET_KEY": "a-key-for-cookies-and-cursors-of-this-test",
}
CLINIC = {"SIMULATED_PUMPS": "3", "SIMULATED_YEARS": "0.1", "SIMULATED_EVERY_SECONDS": "1"}
SERIAL = "COMPOSED.1"


class Stack:
    """The services of the composition on this machine: their addresses put here, everything else as it stands."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._services: dict[str, dict[str, Any]] = composition(SECRETS | CLINIC)["services"]
        self.broker_port, self.web_port = free_port(), free_port()
        url = make_url(database_url)
        self._here = {
            "@postgres:5432/tracker": f"@{url.host}:{url.port}/{url.database}",
            "nats:1883": f"127.0.0.1:{self.broker_port}",
            "http://127.0.0.1:8000/": f"http://127.0.0.1:{self.web_port}/",
        }
        self._ports = {"TRACKER_BROKER_PORT": self.broker_port, "TRACKER_WEB_PORT": self.web_port}
        self._metrics_ports: dict[str, int] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._done: set[str] = set()

    def environment(self, name: str) -> dict[str, str]:
        """What the composition sets for the service, with loopback in place of the other containers' names."""
        given = {key: self._placed(str(value)) for key, value in self._services[name]["environment"].items()}
        given |= {key: str(port) for key, port in self._ports.items() if key in given}
        if "TRACKER_METRICS_PORT" in given:  # each container has that port for itself
            given["TRACKER_METRICS_PORT"] = str(self._metrics_ports.setdefault(name, free_port()))
        given |= {key: "127.0.0.1" for key, value in given.items() if value == "0.0.0.0"}
        data = self._folder / name
        data.mkdir(exist_ok=True)
        tools = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
        return given | {"TRACKER_DATA_DIR": str(data), "PATH": tools}

    def _home(self, name: str) -> Path:
        """Where the service works; services that name the same folder share it, as they share its volume."""
        named = Path(self._services[name].get("working_dir", f"/{name}"))
        home = self._folder / "homes" / named.name
        home.mkdir(parents=True, exist_ok=True)
        return home

    def run(self, name: str, *words: str, given: str = "") -> str:
        """Run a service's command, or another in its place, to its end; what it printed."""
        done = subprocess.run(
            list(words) or self._command(name),
            input=given,
            capture_output=True,
            text=True,
            env=self.environment(name),
            cwd=self._home(name),
            check=False,
        )
        assert done.returncode == 0, done.stderr
        if not words:
            self._done.add(name)
        return done.stdout

    def start(self, name: str) -> None:
        """Start a service and wait until its own health check is content."""
        assert set(self._services[name]["depends_on"]) - {"mosquitto"} <= {*self._running, *self._done, "postgres"}
        with (self._folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                self._command(name),
                env=self.environment(name),
                cwd=self._home(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: self.well(name) or self._running[name].poll() is not None, 60, f"{name} to be well")
        assert self._running[name].poll() is None, (self._folder / f"{name}.log").read_text()

    def well(self, name: str) -> bool:
        """Whether the service's own health check is content."""
        kind, *check = (self._placed(word) for word in self._services[name]["healthcheck"]["test"])
        check = check if kind == "CMD" else ["/bin/sh", "-c", *check]
        done = subprocess.run(check, env=self.environment(name), cwd=self._home(name), capture_output=True, check=False)
        return done.returncode == 0

    def _command(self, name: str) -> list[str]:
        return [self._placed(word) for word in self._services[name]["command"]]

    def stop(self) -> dict[str, int]:
        """Stop every service as Compose does; each one's exit status."""
        ended = {name: end(process) for name, process in reversed(self._running.items())}
        self._running.clear()
        return ended

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def _placed(self, text: str) -> str:
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text


@contextmanager
def _stopping(stack: Stack) -> Iterator[Stack]:
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def stack(tmp_path: Path, postgres_url: str) -> Iterator[Stack]:
    with _stopping(Stack(tmp_path, postgres_url)) as stack:
        yield stack


def test_the_composition_carries_a_report_from_a_pump_to_the_api(stack: Stack) -> None:
    assert not stack.well("ingest")
    stack.run("migrate")
    for name in ("nats", "ingest", "schedule", "web"):
        stack.start(name)

    nurse = "nurse@clinic.example"
    stack.run("web", "tracker", "staff", "add", nurse, "--role", "nurse", "--password-stdin", given="a long password\n")
    token = stack.run("web", "tracker", "staff", "token", nurse, "--name", "test").strip()
    enrolled = json.loads(
        stack.run("web", "tracker", "pumps", "enrol", SERIAL, "--model", "synchromed-ii-20", "--json")
    )
    assert listens(stack.broker_port)
    device = Device(stack.broker_port, enrolled["username"], enrolled["password"])
    with device:
        assert device.welcome
        device.subscribe(f"pumps/{SERIAL}/receipt")
        device.deliver(f"pumps/{SERIAL}/telemetry", json.dumps(report(1, reservoir_ml=7.25)).encode())
        wait_until(lambda: device.messages, what="a receipt")
    assert json.loads(device.messages[-1][1])["contiguous"] == 1

    address = f"http://127.0.0.1:{stack.web_port}/api/v1/pumps/{SERIAL}"
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as api:
        shown = api.get(address).json()
        assert shown["state"]["reservoir_ml"] == 7.25
        wait_until(lambda: api.get(address).json()["determination"], 60, "the scheduler's determination")

        stack.run("simulators-enrol")
        stack.run("simulators-enrol")  # at a second start it is content with what is there
        stack.run("simulators-history")
        stack.start("simulators")
        every = f"http://127.0.0.1:{stack.web_port}/api/v1/pumps"
        simulated = [pump["serial"] for pump in api.get(every).json()["items"] if pump["serial"] != SERIAL]
        assert len(simulated) == int(CLINIC["SIMULATED_PUMPS"])

        def received() -> int:
            return sum(api.get(f"{every}/{serial}/delivery").json()["received"] for serial in simulated)

        history = received()
        wait_until(lambda: received() > history, 60, "a live report of a simulated pump")

    ended = stack.stop()
    assert ended == dict.fromkeys(["simulators", "web", "schedule", "ingest", "nats"], 0)
    for name in ended:
        assert "Traceback" not in stack.log(name)
        for secret in (*SECRETS.values(), enrolled["password"], token):
            assert secret not in stack.log(name)
