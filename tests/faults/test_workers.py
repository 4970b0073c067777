"""Several ingest workers share the pumps: by the embedded broker's partitions, or by a shared subscription."""

from __future__ import annotations

from pathlib import Path

from benchmarks import load
from benchmarks.brokers import mosquitto, nats
from benchmarks.faults.site import Sender, Site, site
from tests.servers import wait_until


def everything_once(running: Site, sender: Sender) -> None:
    wait_until(lambda: sender.uncovered == 0, 60, "receipts")
    stored = running.stored()
    assert len(stored) == len(set(stored))
    assert set(stored) == sender.sent


def test_two_partitions_split_the_pumps_and_one_worker_goes_on_while_the_other_is_dead(
    tmp_path: Path, postgres_url: str
) -> None:
    with nats(partitions=2) as broker, site(tmp_path, broker, postgres_url, TRACKER_INGEST_PARTITIONS="2") as running:
        for worker in ("0", "1"):
            running.start_ingest(worker, TRACKER_INGEST_PARTITION=worker)
            running.wait_subscribed(worker)
        sender = Sender(running.line, list(load.messages(20, 100)))
        sender.start()
        everything_once(running, sender)
        assert all(f'"ingest-{worker}"' in running.log(worker) for worker in ("0", "1"))
        running.kill_ingest("1")
        more = Sender(running.line, list(load.messages(20, 100, start=101)))
        more.start()
        wait_until(lambda: more.uncovered < 2000, 60, "the living worker's receipts")
        running.start_ingest("1", TRACKER_INGEST_PARTITION="1")
        more.sent |= sender.sent
        everything_once(running, more)


def test_a_shared_subscription_spreads_messages_and_marks_restore_the_order(tmp_path: Path, postgres_url: str) -> None:
    with mosquitto() as broker, site(tmp_path, broker, postgres_url, TRACKER_INGEST_GROUP="tracker") as running:
        for worker in ("0", "1"):
            running.start_ingest(worker, TRACKER_INGEST_PARTITION=worker)
            running.wait_subscribed(worker)
        sender = Sender(running.line, list(load.messages(20, 200)))
        sender.start()
        running.wait_for(1000)
        running.kill_ingest("0")
        running.start_ingest("0", TRACKER_INGEST_PARTITION="0")  # Mosquitto keeps a dead member's share for it
        everything_once(running, sender)
        assert running.state("received") == len(sender.sent)
