"""Ingest in company: another process with its name, a pump that floods, communicators that misbehave."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import load
from benchmarks.brokers import mosquitto
from benchmarks.faults.site import Sender, site
from devices import topics
from tests.servers import wait_until


def test_of_two_processes_with_one_name_the_newer_works_and_the_older_says_so(tmp_path: Path, sqlite_url: str) -> None:
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url) as running:
        running.start_ingest("first")
        running.wait_subscribed("first")
        running.start_ingest("second")
        running.wait_subscribed("second")
        wait_until(lambda: "taken over" in running.log("first"), 60, "the first to give way")
        line = running.line()
        line.flood(load.messages(20, 50))
        running.wait_for(1000)
        assert running.log("second").count('"subscribed"') == 1
        running.kill_ingest("second", how=15)
        running.wait_subscribed("first", times=2)
        line.flood(load.messages(20, 50, start=51))
        running.wait_for(2000)
        assert len(set(running.stored())) == len(running.stored()) == 2000


def test_everything_three_times_in_random_order_new_epochs_and_clocks_a_day_off(
    tmp_path: Path, sqlite_url: str
) -> None:
    chance = random.Random(5)
    behind = datetime.now(UTC) - timedelta(days=120)
    topic = topics.telemetry(load.serial(0))
    messages = [
        *load.messages(5, 200),
        *((topic, load.payload(seq, epoch=2, first=behind)) for seq in range(1, 201)),
        *((topic, load.payload(seq, epoch=9, first=behind)) for seq in range(1, 51)),
    ]
    thrice = messages * 3
    chance.shuffle(thrice)
    ahead = load.payload(201, first=datetime.now(UTC) + timedelta(days=1))
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url, pumps=5) as running:
        running.start_ingest()
        running.wait_subscribed()
        running.line().flood([*thrice, (topic, ahead)])
        running.wait_for(len(messages) + 1)
        wait_until(
            lambda: running.state("duplicates") == 2 * len(messages), seconds=60, what="the duplicates to be counted"
        )
        assert len(running.stored()) == len(messages)
        assert running.state("rejected") == 1


def test_a_flood_from_one_pump_leaves_the_others_their_receipts(tmp_path: Path, sqlite_url: str) -> None:
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url) as running:
        running.start_ingest()
        running.wait_subscribed()
        over = threading.Event()
        line = running.line()

        def flood() -> None:
            loud = topics.telemetry(load.serial(0))
            began = time.monotonic()
            for seq in range(1, 40_001):
                line.publish(loud, load.payload(seq))
                if seq % 500 == 0:
                    line.turn(0.0)
                    while line.unacknowledged > 4000:
                        line.turn(0.1)
                    time.sleep(max(0.0, seq / 10_000 - (time.monotonic() - began)))
                if over.is_set():
                    return

        thread = threading.Thread(target=flood)
        thread.start()
        quiet = [each for each in load.messages(20, 5) if not each[0].startswith(f"pumps/{load.serial(0)}/")]
        sender = Sender(running.line, quiet)
        sender.start()
        wait_until(lambda: sender.uncovered == 0, 30, "the quiet pumps' receipts during the flood")
        over.set()
        thread.join()
