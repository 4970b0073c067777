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


def failing(product: Product, *words: str, url: str) -> str:
    """What a command says that ends by itself with status 1."""
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", *words],
        env=product.environment | {"TRACKER_MQTT_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_part_that_can_not_start_ends_it_with_one_sentence_and_status_1(product: Product) -> None:
    said = failing(product, "serve", url="http://x")
    assert said.splitlines()[-1].startswith("tracker: TRACKER_MQTT_URL must look like")
    assert signs_of_life(product)["schedule"] == STOPPED


@pytest.mark.parametrize("words", ["ingest", "serve --embedded-broker"])
def test_a_broker_address_with_a_bracket_in_its_password_is_said_without_the_password(
    product: Product, words: str
) -> None:
    said = failing(product, *words.split(), url="mqtt://tracker:pa[ss@h")
    assert said.startswith("tracker: TRACKER_MQTT_URL must look like")
    assert said.count("\n") == 1
    assert "pa[ss" not in said
