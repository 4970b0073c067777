"""The example communicators of docs/examples deliver every report to a real broker and a real ingest."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.end_to_end.product import Product, installed
from tests.servers import binary

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "examples"
MODEL: Final = "synchromed-ii-20"
LANGUAGES: Final = ("python", "c")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with installed(tmp_path_factory.mktemp("product"), "broker", "ingest") as running:
        yield running


@pytest.fixture(scope="module")
def passwords(product: Product) -> dict[str, str]:
    return product.enrol_all({f"{language}-{number}": MODEL for language in LANGUAGES for number in (1, 2)})


@pytest.fixture(scope="module", params=LANGUAGES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of each client in turn."""
    if request.param == "python":
        return [sys.executable, str(EXAMPLES / "communicator.py")]
    made = tmp_path_factory.mktemp("c") / "communicator"
    probe = subprocess.run(
        [binary("cc"), "-E", "-"], input=b"#include <mosquitto.h>\n", capture_output=True, check=False
    )
    if probe.returncode:
        message = "this test needs the header of libmosquitto: apt-get install libmosquitto-dev"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    warnings = ["-std=gnu11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        [binary("cc"), *warnings, "-o", str(made), str(EXAMPLES / "communicator.c"), "-lmosquitto"], check=True
    )
    return [str(made)]


def language_of(client: list[str]) -> str:
    return "python" if client[0] == sys.executable else "c"


def run(product: Product, client: list[str], serial: str, password: str, disk: Path, volumes: list[float]) -> None:
    """Run the client to its end with one report for each volume; it ends when receipts cover them all."""
    reports = [
        {"measured_at": datetime.now(UTC).isoformat(), "reservoir_ml": volume, "infusion": "simple_continuous"}
        | {"motor": "running", "alarms": []}
        for volume in volumes
    ]
    done = subprocess.run(
        [*client, "127.0.0.1", str(product.broker_port), serial, MODEL, str(disk)],
        input="".join(f"{json.dumps(report)}\n" for report in reports),
        env=os.environ | {"COMMUNICATOR_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def stored(product: Product, serial: str) -> list[tuple[int, int, float]]:
    """Epoch, seq and volume of every stored report of the pump."""
    with sqlite3.connect(product.folder / "data" / "tracker.db") as database:
        return database.execute(
            "SELECT epoch, seq, reservoir_ml FROM reading JOIN pump ON pump.id = reading.pump_id"
            " WHERE serial = ? ORDER BY epoch, seq",
            (serial,),
        ).fetchall()


def test_the_example_ends_when_receipts_cover_all_that_it_sent(
    product: Product, passwords: dict[str, str], client: list[str], tmp_path: Path
) -> None:
    serial = f"{language_of(client)}-1"
    run(product, client, serial, passwords[serial], tmp_path / "disk", [18.0, 17.9])
    assert stored(product, serial) == [(1, 1, 18.0), (1, 2, 17.9)]
    run(product, client, serial, passwords[serial], tmp_path / "disk", [17.8])
    assert stored(product, serial)[2:] == [(1, 3, 17.8)]


def test_the_example_begins_a_new_epoch_after_its_disk_was_lost(
    product: Product, passwords: dict[str, str], client: list[str], tmp_path: Path
) -> None:
    serial = f"{language_of(client)}-2"
    run(product, client, serial, passwords[serial], tmp_path / "first", [18.0, 17.9])
    run(product, client, serial, passwords[serial], tmp_path / "second", [17.8, 17.7])
    assert stored(product, serial) == [(1, 1, 18.0), (1, 2, 17.9), (2, 1, 17.8), (2, 2, 17.7)]


def test_the_example_in_javascript_is_javascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("this test needs node")
    subprocess.run([node, "--check", str(EXAMPLES / "communicator.mjs")], check=True)
