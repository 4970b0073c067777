"""Readiness judges the watch that keeps the files of a broker of one's own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.web.conftest import Clock
from tests.web.test_health import alive, broker_at, down, settings_of
from tracker.broker.file_watch import IN_STEP
from tracker.records.database import Database
from tracker.records.job import BROKER_FILES, STOPPED, beat


def test_a_watch_of_a_brokers_files_that_died_or_lags_is_down_on_each_machine_until_it_is_stopped_in_good_order(
    sqlite_database: Database, tmp_path: Path
) -> None:
    settings, clock = settings_of(tmp_path), Clock()

    def say(name: str, state: str) -> None:
        with sqlite_database.writing() as session:
            beat(session, name, BROKER_FILES, state, clock())

    def found() -> dict[str, str]:
        alive(sqlite_database, clock, "ingest-0", "schedule")
        return down(settings, sqlite_database, clock)

    with broker_at(settings.broker_port):
        assert found() == {}  # none was ever started
        say("broker-files@one:7", IN_STEP)
        say("broker-files@two:7", IN_STEP)
        assert found() == {}
        clock.now += timedelta(seconds=40)
        say("broker-files@one:7", IN_STEP)
        assert found() == {"broker_files": "the watch of its files last gave a sign of life 40 s ago"}
        say("broker-files@two:9", "the broker does not know the newest sign-ins: no such process")
        assert found() == {"broker_files": "the broker does not know the newest sign-ins: no such process"}
        say("broker-files@two:9", IN_STEP)
        assert found() == {}
        clock.now += timedelta(seconds=40)
        say("broker-files@one:7", STOPPED)
        say("broker-files@two:9", STOPPED)
        assert found() == {}
