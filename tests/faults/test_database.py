"""What a database can do to a batch: cut in mid-commit, a full disk, a deadlock. Nothing is lost, nothing doubled."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from benchmarks import load
from benchmarks.brokers import mosquitto
from benchmarks.faults.cutter import Cutter
from benchmarks.faults.site import Sender, site
from tests.ingest.conftest import NOW, Desk, sent, status
from tests.servers import wait_until
from tracker.ingest.batch_writer import Ledger
from tracker.records import schema
from tracker.records.database import Database


def test_a_connection_cut_in_mid_commit_neither_loses_nor_doubles(tmp_path: Path, postgres_url: str) -> None:
    cutter = Cutter(make_url(postgres_url).port or 0)
    with mosquitto() as broker, site(tmp_path, broker, postgres_url) as running:
        running.url = make_url(postgres_url).set(port=cutter.port).render_as_string(hide_password=False)
        running.start_ingest()
        running.wait_subscribed()
        sender = Sender(running.line, list(load.messages(20, 300)))
        sender.start()
        for _ in range(2):
            before, cuts = running.count(), cutter.cuts
            cutter.cut_next_commits = 1
            wait_until(lambda cuts=cuts: cutter.cuts > cuts or sender.uncovered == 0, seconds=60, what="a cut")  # type: ignore[misc]
            wait_until(lambda before=before: running.count() > before or sender.uncovered == 0, 60)  # type: ignore[misc]
        running.wait_for(len(sender.sent))
        wait_until(lambda: sender.uncovered == 0, seconds=60, what="receipts")
        stored = running.stored()
        assert cutter.cuts > 0
        assert len(stored) == len(set(stored))
        assert set(stored) == sender.sent
    cutter.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets another process's limits")
def test_a_full_disk_acknowledges_nothing_and_is_waited_for(tmp_path: Path, sqlite_url: str) -> None:
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url) as running:
        process = running.start_ingest()
        running.wait_subscribed()
        line = running.line()
        line.flood(load.messages(20, 50))
        running.wait_for(1000)
        full = (tmp_path / "tracker.db-wal").stat().st_size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        line.flood(load.messages(20, 400, start=51))
        wait_until(lambda: "waiting for it" in running.log(), seconds=60, what="the full disk to be noticed")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        running.wait_for(9000)
        assert len(set(running.stored())) == len(running.stored()) == 9000


def test_a_deadlock_is_tried_again(postgres_url: str) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    desk = Desk(database)
    desk.write(sent(status(1)), sent(status(1), serial="PUMP-2"))
    first, second = sorted(desk.ids.values(), key=lambda each: each or 0)
    touch = text("UPDATE pump_state SET link = 'late' WHERE pump_id = :pump")
    with database.engine.connect() as other:
        other.execute(touch, {"pump": second})
        batch = [sent(status(2)), sent(status(2), serial="PUMP-2")]
        ingest = threading.Thread(target=desk.ledger.write, args=(batch, NOW))
        ingest.start()
        with database.engine.connect() as watcher:
            waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            wait_until(lambda: watcher.execute(waiting).scalar_one() > 0, what="ingest to wait for the lock")
        try:
            other.execute(touch, {"pump": first})
            other.commit()
        except Exception:  # noqa: BLE001 - PostgreSQL chose this side to give way
            other.rollback()
        ingest.join()
    assert [len(desk.readings(serial)) for serial in desk.ids] == [2, 2]
    desk.ledger.close()


def test_two_workers_on_the_same_pumps_store_everything_once(database_url: str) -> None:
    database = Database(database_url)
    schema.upgrade(database)
    desk = Desk(database)
    other = Ledger(Database(database_url), 1000)
    batches = [
        [sent(status(seq), serial=serial) for seq in range(start, start + 40) for serial in ("PUMP-1", "PUMP-2")]
        for start in range(1, 400, 20)
    ]

    def work(ledger: Ledger, order: int) -> None:
        for batch in batches[::order]:
            ledger.write(batch[::order], NOW)

    threads = [threading.Thread(target=work, args=pair) for pair in ((desk.ledger, 1), (other, -1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for serial in desk.ids:
        assert [reading.seq for reading in desk.readings(serial)] == [*range(1, 421)]
        state = desk.state(serial)
        assert (state.received, state.duplicates) == (420, 2 * 20 * 40 - 420)
    desk.ledger.close()
    other.close()


def test_a_process_that_is_stopped_inside_a_write_to_sqlite_keeps_the_file_until_it_is_ended(sqlite_url: str) -> None:
    """As the handbook says: SQLite has one writer, whose end undoes what it had not committed."""
    database = Database(sqlite_url)
    schema.upgrade(database)
    desk = Desk(database)
    desk.write(sent(status(1)))
    writes = (
        "import sys, time; from sqlalchemy import text; from tracker.records.database import Database\n"
        "with Database(sys.argv[1]).writing() as session:\n"
        "    session.execute(text(\"UPDATE pump_state SET link = 'late'\")); print('inside', flush=True)\n"
        "    time.sleep(600)"
    )
    words = [sys.executable, "-c", writes, sqlite_url]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "inside\n"
            other.send_signal(signal.SIGSTOP)
            file = sqlite3.connect(make_url(sqlite_url).database or "", timeout=0.5)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                file.execute("BEGIN IMMEDIATE")
            assert file.execute("SELECT count(*) FROM reading").fetchone() == (1,)
            file.close()
        finally:
            other.kill()
    desk.write(sent(status(2)))
    assert [reading.seq for reading in desk.readings("PUMP-1")] == [1, 2]
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM pump_state WHERE link = 'late'")).scalar() == 0
    desk.ledger.close()
    database.close()
