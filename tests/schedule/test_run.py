"""One leader among schedulers, and the account of the jobs."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

from tests.servers import wait_until
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.job import job_runs, workers
from tracker.schedule.job import Job
from tracker.schedule.leader import Leadership
from tracker.schedule.run import run
from tracker.settings import Settings


def test_of_two_only_one_leads_until_it_lets_go(database: Database) -> None:
    first, second = Leadership(database), Leadership(Database(database.url.render_as_string(hide_password=False)))
    assert first.hold()
    assert first.hold()
    assert not second.hold()
    first.let_go()
    wait_until(second.hold, 5, "the second to lead")
    second.let_go()


def test_jobs_run_in_one_of_two_schedulers_and_each_run_is_accounted_for(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    schema.upgrade(database)
    ran: list[str] = []

    def works(_database: Database, _settings: Settings, _now: datetime) -> int:
        ran.append(threading.current_thread().name)
        return 3

    def fails(_database: Database, _settings: Settings, _now: datetime) -> int:
        raise RuntimeError("no such thing")

    jobs = (Job("works", "to work", 0.1, works), Job("fails", "to fail", 0.1, fails))
    settings = Settings(data_dir=tmp_path, database_url=database_url)
    stop = threading.Event()
    threads = [threading.Thread(target=run, args=(settings, stop, jobs)) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:

        def accounted() -> bool:
            with database.reading() as session:
                said = sorted(worker.detail for worker in workers(session, "schedule"))
                return len(job_runs(session)) == 2 and said == ["leader", "standing by"]

        wait_until(accounted, 20, "both jobs and both workers to be accounted for")
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    with database.reading() as session:
        failed, worked = job_runs(session)
        assert (worked.touched, worked.error) == (3, None)
        assert failed.error == "RuntimeError: no such thing"
        assert worked.leader == failed.leader
        assert [worker.stopped for worker in workers(session, "schedule")] == [True, True]
    database.close()
