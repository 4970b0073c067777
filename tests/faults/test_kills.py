"""What is killed loses nothing: ingest, the broker with its memory, the database, each under load."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.brokers import mosquitto, nats
from benchmarks.faults.site import Sender, Site, site
from tests.servers import Postgres, postgres_cluster, wait_until


def everything_is_there(running: Site, sender: Sender) -> None:
    """The stored set is the sent set, and nothing is there twice."""
    stored = running.stored()
    assert len(stored) == len(set(stored))
    assert set(stored) == sender.sent


def test_ingest_killed_again_and_again_under_load_loses_nothing(tmp_path: Path, sqlite_url: str) -> None:
    chance = random.Random(1)
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url) as running:
        running.start_ingest()
        running.wait_subscribed()
        sender = Sender(
            running.line, list(load.messages(20, 600)), a_second=1500
        )  # so that some still come at the last
        sender.start()
        for _ in range(3):
            before = running.count()
            wait_until(lambda before=before: running.count() > before + 300, 60, what="messages to come in")  # type: ignore[misc]
            time.sleep(chance.random() * 0.1)
            running.kill_ingest()
            running.start_ingest()
        running.wait_for(len(sender.sent))
        wait_until(lambda: sender.uncovered == 0, seconds=60, what="receipts")
        everything_is_there(running, sender)


def test_an_ingest_that_was_killed_needs_no_receipts_where_the_broker_remembers(
    tmp_path: Path, postgres_url: str
) -> None:
    with nats() as broker, site(tmp_path, broker, postgres_url) as running:
        running.start_ingest()
        running.wait_subscribed()
        line = running.line()
        line.flood(load.messages(20, 100))
        running.wait_for(500)
        running.kill_ingest()
        line.flood(load.messages(20, 100, start=101))
        running.start_ingest()
        running.wait_for(20 * 200)
        assert len(set(running.stored())) == len(running.stored()) == 20 * 200


def test_a_broker_that_forgets_everything_is_made_up_for_by_receipts(tmp_path: Path, sqlite_url: str) -> None:
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url) as running:
        running.start_ingest()
        running.wait_subscribed()
        sender = Sender(running.line, list(load.messages(20, 1000)), patience=1.0)
        sender.start()
        running.wait_for(1000)
        running.kill_ingest()  # so that much waits in the broker alone
        time.sleep(0.2)
        broker.stop(signal.SIGKILL)
        broker.start()
        running.start_ingest()
        wait_until(lambda: sender.uncovered == 0, 60, "receipts for all")
        everything_is_there(running, sender)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_database_that_goes_away_is_waited_for(tmp_path: Path, how: int) -> None:
    with (
        postgres_cluster() as cluster,
        mosquitto() as broker,
        site(tmp_path, broker, cluster.new_database()) as running,
    ):
        running.start_ingest()
        running.wait_subscribed()
        sender = Sender(running.line, list(load.messages(20, 600)), patience=30)
        sender.start()
        running.wait_for(1000)
        restart(cluster, how)
        running.wait_for(len(sender.sent))
        wait_until(lambda: sender.uncovered == 0, 60, "receipts")
        everything_is_there(running, sender)
        assert "waiting for it" in running.log()


def restart(cluster: Postgres, how: int) -> None:
    """Take the database away for a moment."""
    cluster.stop(how)
    time.sleep(1.5)
    cluster.start()
