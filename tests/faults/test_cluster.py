"""Four workers on a cluster of three brokers: a node and a worker die under load, and the others go on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from benchmarks import load
from benchmarks.faults.cluster import nats_cluster, partition_of
from benchmarks.faults.site import Sender, Site, site
from tests.servers import wait_until
from tracker.settings import Settings
from tracker.web.http.readiness import Check, Readiness

PARTITIONS = 4
PUMPS = 20
EACH = 100
NODE_OF = {"0": 0, "1": 0, "2": 1, "3": 2}  # which node each worker is connected to
PARTITION_OF = {load.serial(number): partition_of(load.serial(number), PARTITIONS) for number in range(PUMPS)}


def arrivals(running: Site) -> dict[str, list[tuple[int, datetime]]]:
    """(seq, received) of every reading by pump, in order of seq."""
    said = "SELECT p.serial, r.seq, r.received_at FROM reading AS r JOIN pump AS p ON p.id = r.pump_id ORDER BY r.seq"
    found: dict[str, list[tuple[int, datetime]]] = {serial: [] for serial in PARTITION_OF}
    with running.database.engine.connect() as connection:
        for serial, seq, received_at in connection.execute(text(said)):
            found[serial].append((seq, received_at))
    return found


def last_of(running: Site, serials: set[str]) -> set[int]:
    """The newest numbers that are stored of these pumps; 0 for one of which there is nothing."""
    found = arrivals(running)
    return {max((seq for seq, _ in found[serial]), default=0) for serial in serials}


def ingest_check(running: Site) -> Check:
    """What readiness says of ingest 26 seconds from now."""
    settings = Settings(database_url=running.url, ingest_partitions=PARTITIONS)
    clock = datetime.now(UTC) + timedelta(seconds=26)
    return Readiness(settings, running.database, lambda: clock).look()["ingest"]


def test_a_node_and_a_worker_die_under_load_and_nothing_is_lost_doubled_or_delayed_for_the_others(
    tmp_path: Path, postgres_url: str
) -> None:
    with (
        nats_cluster(PARTITIONS) as cluster,
        site(tmp_path, cluster, postgres_url, PUMPS, TRACKER_INGEST_PARTITIONS=str(PARTITIONS)) as running,
    ):

        def start(worker: str) -> None:
            running.start_ingest(
                worker, TRACKER_INGEST_PARTITION=worker, TRACKER_MQTT_URL=cluster.url_of(NODE_OF[worker])
            )

        for worker in NODE_OF:
            start(worker)
        for worker in NODE_OF:
            running.wait_subscribed(worker)
        sender = Sender(cluster.line, list(load.messages(PUMPS, EACH)), patience=5.0, a_second=500)
        sender.start()
        running.wait_for(600)
        for rows in arrivals(running).values():
            received = [received_at for _, received_at in rows]
            assert received == sorted(received)

        cluster.kill(2)
        running.kill_ingest("3")  # its node is gone: started again, it is led to another one
        running.start_ingest("3", TRACKER_INGEST_PARTITION="3", TRACKER_MQTT_URL=cluster.url)
        wait_until(lambda: sender.uncovered == 0, 90, "receipts in spite of the lost node")

        running.kill_ingest("0")
        killed_at = time.monotonic()
        more = Sender(cluster.line, list(load.messages(PUMPS, EACH, start=EACH + 1)), patience=5.0)
        more.start()
        others = {serial for serial, partition in PARTITION_OF.items() if partition}
        orphans = set(PARTITION_OF) - others
        wait_until(lambda: last_of(running, others) == {2 * EACH}, 60, "the other workers' pumps")
        assert last_of(running, orphans) == {EACH}
        wait_until(lambda: time.monotonic() - killed_at > 5, what="the dead worker's sign of life to grow old")
        assert ingest_check(running) == Check(ok=False, detail="partition 0 has no worker")

        start("0")
        wait_until(lambda: more.uncovered == 0, 60, "receipts")
        stored = running.stored()
        assert len(stored) == len(set(stored))
        assert set(stored) == sender.sent | more.sent
        for serial in others:
            received = [received_at for seq, received_at in arrivals(running)[serial] if seq > EACH]
            assert received == sorted(received)
        assert running.state("received") == 2 * PUMPS * EACH
        wait_until(lambda: ingest_check(running).ok, what="readiness")
