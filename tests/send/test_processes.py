"""``tracker send`` as processes: killed in the middle, or two at once, each message arrives, in order, under its id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import col, select

from benchmarks.faults.send_soak import tell
from tests.send.receivers import Receiver, webhook_receiver
from tests.send.test_delivery import a_hook, states
from tests.servers import end, wait_until
from tracker.records.database import Database
from tracker.records.message import Message, State


@contextmanager
def sender(folder: Path, database: Database) -> Iterator[subprocess.Popen[bytes]]:
    given = {
        "TRACKER_DATA_DIR": str(folder / "data"),
        "TRACKER_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "TRACKER_SECRET_KEY": "a key for tests, of 32 characters",
        "TRACKER_WEBHOOK_ALLOW": "127.0.0.0/8",
    }
    with (folder / "send.log").open("ab") as log:
        command = [sys.executable, "-m", "tracker.cli.main", "send"]
        process = subprocess.Popen(command, env=os.environ | given, stdout=log, stderr=log)
    try:
        yield process
    finally:
        end(process)


def ids(database: Database) -> list[str]:
    with database.reading() as session:
        return [one.id for one in session.exec(select(Message).order_by(col(Message.number)))]


def all_sent(database: Database) -> bool:
    return set(states(database)) == {State.SENT.value}


def _has(hook: Receiver, least: int) -> bool:
    return len(hook.took()) >= least


def in_order_of_first_arrival(hook: Receiver) -> list[str]:
    return list(dict.fromkeys(hook.took()))


def test_a_sender_that_is_killed_again_and_again_loses_nothing_and_keeps_the_order(
    tmp_path: Path, database: Database
) -> None:
    with webhook_receiver() as hook:
        hook.seconds = 0.1
        a_hook(database, hook, 60)
        for kill in range(1, 4):
            with sender(tmp_path, database) as process:
                wait_until(partial(_has, hook, 10 * kill), 90, "messages to arrive")
                process.send_signal(signal.SIGKILL)
                process.wait()
        with sender(tmp_path, database):
            wait_until(lambda: all_sent(database), 120, "the rest to be sent")
    assert in_order_of_first_arrival(hook) == ids(database)
    assert hook.forged == 0


def test_two_senders_at_once_send_no_message_twice(tmp_path: Path, database: Database) -> None:
    with webhook_receiver() as hook, webhook_receiver() as other:
        hook.seconds = other.seconds = 0.02
        a_hook(database, hook, 40)
        a_hook(database, other, 40)
        with sender(tmp_path, database), sender(tmp_path, database):
            wait_until(lambda: all_sent(database), 120, "all to be sent")
    for each in (hook, other):
        assert len(each.took()) == len(set(each.took())) == 40


@pytest.mark.parametrize("part", ["database", "receiver"])
def test_a_database_or_receiver_that_is_killed_loses_no_message_and_holds_none_up_for_a_leases_time(
    tmp_path: Path, part: str
) -> None:
    tmp_path.chmod(0o755)
    outcome = tell(tmp_path, part, 2, people=3, a_second=6, patience=30)
    assert outcome.is_good, outcome
    assert outcome.written >= 2 * 3
