"""The composition's Mosquitto and the watch beside it, as two containers that share process ids and nothing else.

No engine runs here: each has a process id namespace, an account without rights and folders as the composition has them.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.broker.clients import Device
from tests.deploy.composition import composition
from tests.deploy.test_compose_runs import SECRETS, Stack
from tests.servers import binary, end, listens, wait_until

MOSQUITTO: dict[str, Any] = composition(SECRETS | {"TRACKER_MQTT_HOST": "mosquitto"})["services"]


class Containers(Stack):
    """The services of the profile, their paths and addresses put below one folder."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder, database_url)
        self._services = MOSQUITTO
        for one in ("config", "data"):
            (folder / one).mkdir()
            os.chown(folder / one, 10001, 10001)
        self._here |= {
            "mosquitto:1883": f"127.0.0.1:{self.broker_port}",
            "/mosquitto/config": str(folder / "config"),
            "/mosquitto/data": str(folder / "data"),
            "/mosquitto/mosquitto.conf": str(folder / "mosquitto.conf"),
        }
        shipped = self._placed(Path("deploy/mosquitto/mosquitto.conf").read_text())
        assert "listener 1883\n" in shipped
        (folder / "mosquitto.conf").write_text(
            shipped.replace("listener 1883\n", f"listener {self.broker_port} 127.0.0.1\n")
        )

    def contained(self, name: str, beside: int | None = None) -> subprocess.Popen[bytes]:
        """Start a service as its user, without rights, with process ids of its own or those of ``beside``."""
        user = self._services[name]["user"].partition(":")[0]
        own = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        words = own if beside is None else ["nsenter", f"--target={beside}", "--pid", "--mount"]
        # It may read this checkout and its interpreter, wherever they are; no right beyond that.
        read = [f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")]
        words += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", *read]
        program, *rest = self._command(name)
        command = [binary(program), *rest]
        environment = self.environment(name) if "environment" in self._services[name] else {}
        if environment:
            os.chown(environment["TRACKER_DATA_DIR"], 10001, 10001)
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [binary(words[0]), *words[1:], *command], env=environment, cwd="/", stdout=log, stderr=log
            )


@pytest.fixture
def containers(postgres_url: str) -> Iterator[Containers]:
    if os.geteuid() != 0:
        pytest.skip("this test starts processes under another account, which takes the rights of root")
    with tempfile.TemporaryDirectory(prefix="pump-mosquitto-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Containers(Path(folder), postgres_url)


@pytest.mark.needs("mosquitto")
@pytest.mark.needs("unshare")
def test_the_watch_reaches_mosquitto_through_the_process_ids_that_they_share(containers: Containers) -> None:
    assert MOSQUITTO["mosquitto-watch"]["pid"] == "service:mosquitto"
    containers.run("migrate")
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(containers.contained("mosquitto-files"))
        assert running[0].wait(60) == 0, containers.log("mosquitto-files")
        running.append(containers.contained("mosquitto"))
        wait_until(lambda: listens(containers.broker_port), 30, "Mosquitto")
        first = psutil.Process(running[-1].pid).children()[0].pid
        assert (containers._folder / "data" / "mosquitto.pid").read_text().strip() == "1"
        running.append(containers.contained("mosquitto-watch", beside=first))
        log = containers.log
        wait_until(lambda: "told to read" in log("mosquitto-watch") or running[-1].poll() is not None, 90, "the watch")
        assert running[-1].poll() is None, log("mosquitto-watch")
        assert containers.well("mosquitto-watch"), log("mosquitto-watch")
        made = json.loads(
            containers.run("web", "tracker", "pumps", "enrol", "SN-1", "--model", "synchromed-ii-20", "--json")
        )

        def signs_in() -> bool:
            with Device(containers.broker_port, "SN-1", made["password"]) as device:
                return device.welcome

        wait_until(signs_in, 10, "the new pump to sign in")
        assert all(one.poll() is None for one in running[1:])
    finally:
        for one in reversed(running):
            alive = one.poll() is None
            for inner in (
                psutil.Process(one.pid).children() if alive else []
            ):  # another account's: it outlives its parent
                inner.terminate()
            end(one)
