"""``tracker serve`` as a process: told to stop it leaves everything in good order, and a part's fault is its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.product import Product
from tests.servers import listens, wait_until
from tracker.records.database import Database
from tracker.records.job import STOPPED, workers


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    running = Product(tmp_path)
    running.tracker("db", "upgrade")
    yield running
    running.stop()


def signs_of_life(product: Product) -> dict[str, str]:
    """The last word of each kind of process."""
    database = Database(f"sqlite:///{product.folder / 'data' / 'tracker.db'}")
    with database.reading() as session:
        found = {one.kind: one.detail for one in workers(session)}
    database.close()
    return found


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_every_part_in_good_order_and_the_broker_last(product: Product, told: int) -> None:
    process = product.start("serve", "--embedded-broker")
    wait_until(lambda: listens(product.web_port), 60, "the pages")
    wait_until(lambda: "subscribed" in signs_of_life(product).get("ingest", ""), 60, "ingest")
    family = psutil.Process(process.pid).children(recursive=True)
    assert [each for each in family if "nats-server" in each.name()]
    began = time.monotonic()
    process.send_signal(told)
    assert process.wait(60) == 0
    assert time.monotonic() - began < 15
    assert psutil.wait_procs(family, 1)[1] == []
    last = signs_of_life(product)
    assert last["ingest"].endswith(f"; {STOPPED}")
    assert last["schedule"] == STOPPED


@pytest.mark.parametrize("url", ["http://x", "mqtt://:0"])
def test_a_part_that_can_not_start_ends_it_with_one_sentence_and_status_1(product: Product, url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", "serve"],
        env=product.environment | {"TRACKER_MQTT_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("tracker: TRACKER_MQTT_URL must look like")
    assert "Traceback" not in done.stderr
    assert signs_of_life(product)["schedule"] == STOPPED
